//! Hooks as `hooks::Runner` runs them: programs of the runner's, which end by its clock, and tasks of the world's.

use std::collections::BTreeSet;

use espalier::{
    aws::slots::Slots,
    rollout::{
        hooks::{Hook, HookEnd, HookOrder, HookReading, Hooks, Point},
        observation::RefusalKind,
        record::{Record, Unended},
    },
    sandbox::direct::Direct,
    time::Timestamp,
};
use serde_json::{Value, json};

use super::{
    calls::{act, call},
    case::{Case, Errand, Runs},
    furnish::command,
};

/// What runs, or may.
#[derive(Clone, Debug)]
enum Running {
    Program { ends: Timestamp, exit: i32 },
    Task { arn: Option<String>, end: Option<HookEnd> },
}

/// The hooks of one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errands {
    known: Vec<Errand>,
    running: Option<(Point, usize, Running)>,
    /// Rollouts of other jobs: what their hooks left at work is ended with the first that is.
    inherited: Vec<Unended>,
    /// Which of them ended well, at which step, by the world.
    pub(crate) proven: BTreeSet<(Point, usize)>,
}

impl Errands {
    /// Those of a case.
    pub(crate) fn of(case: &Case) -> Self {
        Self { known: case.errands.clone(), ..Self::default() }
    }

    /// The same, of a job that comes after others.
    pub(crate) fn inheriting(self, unended: Vec<Unended>) -> Self {
        Self { inherited: unended, ..self }
    }

    /// Whose tasks it ends first.
    pub(crate) fn inherited(&self) -> Vec<Unended> {
        self.inherited.clone()
    }

    /// What the machine knows of them.
    pub(crate) fn hooks(&self) -> Hooks {
        let hook = |errand: &Errand| {
            let what = match errand.runs {
                Runs::Program | Runs::Nothing => "./probe".to_owned(),
                Runs::Task => format!("task {}", command(errand.at)),
            };
            (errand.at, Hook { what, limit: errand.limit })
        };
        self.known.iter().map(hook).collect()
    }

    /// When the program that runs ends: whoever waits hears of it.
    pub(crate) fn ends(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.running {
            Some((_, _, Running::Program { ends, .. })) => Some(*ends).filter(|ends| *ends > after),
            Some((_, _, Running::Task { .. })) | None => None,
        }
    }

    pub(super) fn start(
        &mut self,
        world: &mut Direct,
        slots: &Slots,
        order: &HookOrder,
        record: &Record,
    ) -> Result<(), RefusalKind> {
        let errand = self.known.iter().find(|errand| errand.at == order.point).copied().expect("a hook of this release");
        let step = order.step.unwrap_or_default();
        self.running = None;
        match errand.runs {
            Runs::Nothing => return Err(RefusalKind::Permanent),
            Runs::Program => {
                let ends = world.now() + std::time::Duration::from_secs(errand.takes);
                self.running = Some((order.point, step, Running::Program { ends, exit: errand.exit }));
            }
            Runs::Task => {
                self.running = Some((order.point, step, Running::Task { arn: None, end: None }));
                let arn = run_task(world, slots, order, record)?;
                self.running = Some((order.point, step, Running::Task { arn: Some(arn), end: None }));
            }
        }
        Ok(())
    }

    pub(super) fn read(&mut self, world: &mut Direct) -> Result<Option<HookReading>, RefusalKind> {
        let Some((point, step, running)) = &mut self.running else { return Ok(None) };
        let reading = match running {
            Running::Program { ends, exit } => {
                let end = (world.now() >= *ends).then_some(HookEnd { exit: Some(*exit), why: None });
                HookReading { end, tail: Vec::new() }
            }
            Running::Task { arn: None, .. } => return Ok(None),
            Running::Task { arn: Some(arn), end } => {
                if end.is_none() {
                    call(world, "ecs", "DescribeTasks")?;
                    *end = task_end(world, arn);
                }
                HookReading { end: end.clone(), tail: Vec::new() }
            }
        };
        if reading.end.as_ref().is_some_and(|end| end.exit == Some(0)) {
            self.proven.insert((*point, *step));
        }
        Ok(Some(reading))
    }

    pub(super) fn end(&mut self, world: &mut Direct, record: &Record) -> Result<(), RefusalKind> {
        let stop = |world: &mut Direct, arn: &str| {
            act(world, "ecs", "StopTask", &[], json!({ "cluster": CLUSTER, "task": arn })).map(drop)
        };
        let stop_all = |world: &mut Direct, rollout: &str| {
            call(world, "ecs", "ListTasks")?;
            running(world, rollout).iter().try_for_each(|arn| stop(world, arn))
        };
        let mut refused = Vec::new();
        for unended in std::mem::take(&mut self.inherited) {
            if let Err(kind) = stop_all(world, &unended.rollout) {
                refused.push(kind);
                self.inherited.push(unended);
            }
        }
        let ended = match &self.running {
            Some((_, _, Running::Task { arn: Some(arn), end: None })) => stop(world, arn),
            Some((_, _, Running::Task { arn: None, .. })) => stop_all(world, &record.id),
            Some((_, _, Running::Program { .. } | Running::Task { .. })) | None => Ok(()),
        };
        // What could not be ended is tried again.
        match ended {
            Ok(()) => self.running = None,
            Err(kind) => refused.push(kind),
        }
        let transient = refused.iter().find(|kind| **kind == RefusalKind::Transient);
        transient.or(refused.first()).map_or(Ok(()), |kind| Err(*kind))
    }
}

const CLUSTER: &str = "my-cluster";

/// The ARNs of a rollout's tasks that ECS still wants to run.
pub(crate) fn running(world: &mut Direct, rollout: &str) -> Vec<String> {
    let body = json!({ "cluster": CLUSTER, "startedBy": started_by(rollout) });
    let listed = world.call("ecs", "ListTasks", &[], body).expect("a cluster that is there");
    listed["taskArns"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn started_by(rollout: &str) -> String {
    format!("espalier/{rollout}")
}

fn run_task(world: &mut Direct, slots: &Slots, order: &HookOrder, record: &Record) -> Result<String, RefusalKind> {
    call(world, "ecs", "DescribeTaskDefinition")?;
    if !matches!(slots.launch, espalier::aws::slots::Launch::Definition { .. }) {
        call(world, "ecs", "DescribeServices")?;
    }
    let step = order.step.map(|step| format!("-{}", step + 1)).unwrap_or_default();
    let words: Vec<String> = command(order.point).split(' ').map(str::to_owned).collect();
    let body = json!({
        "cluster": CLUSTER,
        "taskDefinition": slots.candidate.task_definition,
        "count": 1,
        "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"], "securityGroups": ["sg-12345678"] } },
        "startedBy": started_by(&record.id),
        "clientToken": format!("{}-{}-{}{step}", record.id, record.generation, order.point),
        "overrides": { "containerOverrides": [{ "name": "web", "command": words }] },
    });
    let answer = act(world, "ecs", "RunTask", &[], body)?;
    // Could not be placed: that may be otherwise later.
    answer["tasks"][0]["taskArn"].as_str().map(str::to_owned).ok_or(RefusalKind::Transient)
}

fn task_end(world: &mut Direct, arn: &str) -> Option<HookEnd> {
    let seen = world.call("ecs", "DescribeTasks", &[], json!({ "cluster": CLUSTER, "tasks": [arn] })).expect("a cluster");
    let task = &seen["tasks"][0];
    if task.is_null() {
        return Some(HookEnd { exit: None, why: Some("ECS does not know it any more".to_owned()) });
    }
    let exit = task["containers"][0]["exitCode"].as_i64().and_then(|exit| i32::try_from(exit).ok());
    (task["lastStatus"] == "STOPPED").then(|| HookEnd { exit, why: task["stoppedReason"].as_str().map(str::to_owned) })
}
