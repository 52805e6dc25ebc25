//! The one hook that is at work.

use std::{future::pending, io, path::Path};

use super::{
    command,
    job::{Job, Jobs},
};
use crate::{
    aws::{
        Aws, Fault,
        hook_tasks::{HookTask, TaskOrder},
        slots::Slots,
    },
    rollout::{
        hooks::{HookOrder, HookReading, variables},
        journal::Release,
        observation::{Refusal, RefusalKind},
        record::{Record, Unended},
    },
};

/// Starts hooks, looks at them, and ends them. One at a time: the machine never asks for two.
#[derive(Debug, Default)]
pub struct Runner {
    jobs: Jobs,
    program: Option<command::Running>,
    task: Option<HookTask>,
    /// Rollouts of other jobs: what their hooks left at work is ended with the first that is.
    inherited: Vec<Unended>,
}

impl Runner {
    /// A runner for these hooks.
    #[must_use]
    pub const fn new(jobs: Jobs) -> Self {
        Self { jobs, program: None, task: None, inherited: Vec::new() }
    }

    /// The same, which also ends what the hooks of these left at work.
    #[must_use]
    pub fn inheriting(self, unended: Vec<Unended>) -> Self {
        Self { inherited: unended, ..self }
    }

    /// From now on it runs these hooks.
    pub fn set_jobs(&mut self, jobs: Jobs) {
        self.jobs = jobs;
    }

    /// What the hooks run.
    #[must_use]
    pub const fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Starts a hook. Repeated for the same order of the same generation, a task is started once.
    ///
    /// # Errors
    /// When it cannot be started: transient where trying again can help.
    pub async fn start(
        &mut self,
        aws: &Aws,
        slots: &Slots,
        order: &HookOrder,
        record: &Record,
        release: &Release,
    ) -> Result<(), Refusal> {
        let Some(wanted) = self.jobs.wanted.get(&order.point) else { return Ok(()) };
        let mut told = variables(order, record, release);
        told.extend(self.jobs.told.iter().cloned());
        let (directory, secrets) = (&self.jobs.directory, &self.jobs.secrets);
        let start = |words: &[String]| {
            command::Running::start(words, directory, &told, secrets).map_err(|error| refusal(words, directory, &error))
        };
        // What an earlier hook left to be read is none of this one's.
        (self.program, self.task) = (None, None);
        match &wanted.job {
            Job::Shell(text) => self.program = Some(start(&["sh".to_owned(), "-c".to_owned(), text.clone()])?),
            Job::Program(words) => self.program = Some(start(words)?),
            Job::Task(task) => {
                let step = order.step.map(|step| format!("-{}", step + 1)).unwrap_or_default();
                let order = TaskOrder {
                    command: &task.command,
                    container: task.container.as_deref(),
                    task_definition: task.task_definition.as_deref(),
                    variables: &told,
                    token: format!("{}-{}-{}{step}", record.id, record.generation, order.point),
                    started_by: started_by(&record.id),
                };
                let task = self.task.insert(HookTask::named(order.started_by.clone()));
                task.start(aws, slots, &order).await.map_err(|fault| aws.refusal(&fault))?;
            }
        }
        Ok(())
    }

    /// What there is to see of the hook that was started last; none when none was.
    ///
    /// # Errors
    /// When its task cannot be read.
    pub async fn read(&self, aws: &Aws) -> Result<Option<HookReading>, Fault> {
        if let Some(program) = &self.program {
            let (end, tail) = program.output.seen();
            return Ok(Some(HookReading { end, tail }));
        }
        match &self.task {
            Some(task) => task.read(aws).await,
            None => Ok(None),
        }
    }

    /// Ends whatever runs, or may run. What could not be ended is tried again the next time.
    ///
    /// # Errors
    /// When its task cannot be stopped.
    pub async fn end(&mut self, aws: &Aws, slots: &Slots) -> Result<(), Refusal> {
        if let Some(program) = self.program.take() {
            program.end().await;
        }
        let cluster = slots.cluster.as_deref();
        let mut refused = None;
        for unended in std::mem::take(&mut self.inherited) {
            let task = HookTask::named(started_by(&unended.rollout));
            if let Err(fault) = task.end(aws, unended.cluster.as_deref().or(cluster)).await {
                refused = Some(worse(refused, aws.refusal(&fault)));
                self.inherited.push(unended);
            }
        }
        if let Some(task) = &self.task {
            match task.end(aws, cluster).await {
                Ok(()) => self.task = None,
                Err(fault) => refused = Some(worse(refused, aws.refusal(&fault))),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Whether a program runs: real time goes by then, whatever the rollout's clock thinks of it.
    #[must_use]
    pub fn has_program(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.output.seen().0.is_none())
    }

    /// Resolves when a program says something or ends; never for a task.
    pub async fn stirs(&self) {
        match &self.program {
            Some(program) => program.output.stirs().await,
            None => pending().await,
        }
    }

    /// What a program said since this was asked last; of a task, once, which it is.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        let task = self.task.as_ref().and_then(HookTask::news);
        task.into_iter().chain(self.program.iter().flat_map(|program| program.output.fresh())).collect()
    }

    /// Whether a program has ended since this was asked last: once true.
    #[must_use]
    pub fn has_just_ended(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.output.has_just_ended())
    }
}

/// Of several refusals the one that repeating may help: all of them are tried again then.
fn worse(before: Option<Refusal>, refusal: Refusal) -> Refusal {
    before.filter(|before| before.kind == RefusalKind::Transient).unwrap_or(refusal)
}

/// What ECS lists a rollout's tasks by (`startedBy` takes letters, digits, hyphens and slashes).
fn started_by(rollout: &str) -> String {
    format!("espalier/{rollout}")
}

fn refusal(words: &[String], directory: &Path, error: &io::Error) -> Refusal {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let place = if directory.as_os_str().is_empty() { String::new() } else { format!(" in {}", directory.display()) };
    Refusal { kind: RefusalKind::Permanent, message: format!("`{program}` cannot be run{place}: {error}") }
}
