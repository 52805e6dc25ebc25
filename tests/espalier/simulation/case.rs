//! What a seed means: a world, a plan, and what befalls both. All of it is data, so that it can be told, replayed and shortened.

use std::time::Duration;

use espalier::{
    rollout::{analysis::Analysis, hooks::Point, plan::Plan, scaling::Suspended},
    sandbox::{
        direct::Behaviour,
        scenario::{Fault, Knobs, Person},
    },
};

use super::definitions::Definition;

/// Which traffic targets the release moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// A listener's default action.
    Default,
    /// A rule and the default action: one call for each.
    RuleAndDefault,
    /// Two rules, which go in one batch, and the default action.
    BatchAndDefault,
    /// The same as `RuleAndDefault`, and nothing serves: fixed responses.
    Bootstrap,
}

/// What only the simulator can do to a world, beside the faults and people of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Other {
    /// An image's tasks behave otherwise from now on.
    Behave(&'static str, Box<Behaviour>),
    /// A person sets how many tasks stable wants.
    Resize(u32),
    /// Another pipeline has the candidate's ECS service run another task definition.
    Redeploy,
    /// Another rollout writes its record over ours.
    Usurp,
    /// The runner stands still for so many seconds, as a machine does that is moved to another host.
    Stall(u64),
    /// The runner's clock is set, by so many seconds. A job that runs goes by its monotonic clock and does not see it; whoever begins
    /// later on that runner does.
    SetClock(i64),
}

/// What a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// A program of the runner's.
    Program,
    /// An ECS task.
    Task,
    /// A program that there is not.
    Nothing,
}

/// A hook of the release, and how it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) at: Point,
    pub(crate) runs: Runs,
    /// How many seconds it takes, and its exit code then.
    pub(crate) takes: u64,
    pub(crate) exit: i32,
    pub(crate) limit: Duration,
}

/// What befalls a job at one of its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blow {
    /// Which job, in the order in which they begin, and at which of its effects.
    pub(crate) job: usize,
    pub(crate) at: usize,
    pub(crate) falls: Falls,
}

/// How it falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Falls {
    /// The first signal in place of the answer.
    Signal,
    /// Killed before the effect did anything.
    KillBefore,
    /// Killed after it did what it does, before it heard so.
    KillAfter,
    /// Killed while the effect is under way: what it writes lands so many seconds later.
    KillLate(u64),
}

/// What another job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Another release, which claims like the first one.
    Deploy,
    Abort,
    ForcedAbort,
    Rollback,
    Promote,
    Resume,
    /// `resume --all`.
    Sweep,
    Recover,
    /// `recover` as the last step of the first job's own run, which knows that nobody is at its rollout any more.
    LastStep,
}

/// A whole scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) tasks: u32,
    /// How often Lattice checks a target, in seconds.
    pub(crate) checks: u64,
    pub(crate) plan: Plan,
    pub(crate) knobs: Knobs,
    /// By how many seconds the runner's clock is ahead of AWS's.
    pub(crate) ahead: i64,
    /// How long each call takes.
    pub(crate) latency: Duration,
    pub(crate) stable: Behaviour,
    pub(crate) candidate: Behaviour,
    /// What the release is judged by besides target health.
    pub(crate) analysis: Analysis,
    /// How many requests somebody makes in each second.
    pub(crate) load: f64,
    pub(crate) errands: Vec<Errand>,
    /// Something scales stable by itself; what of that people had suspended.
    pub(crate) scaled: Option<Suspended>,
    /// How many tasks its policies find to be right, from so many seconds after the start on.
    pub(crate) demand: Vec<(u64, u32)>,
    /// The release opens a test rule.
    pub(crate) tests: bool,
    /// It launches the candidate by a definition.
    pub(crate) definition: Option<Definition>,
    /// Their times are seconds since the start of the world.
    pub(crate) faults: Vec<Fault>,
    pub(crate) people: Vec<Person>,
    pub(crate) others: Vec<(u64, Other)>,
    pub(crate) blows: Vec<Blow>,
    /// Jobs that begin beside the first one, so many seconds after the start.
    pub(crate) beside: Vec<(u64, Verb)>,
    /// Jobs that begin one after the other, each so many seconds after the one before it is over.
    pub(crate) afterwards: Vec<(u64, Verb)>,
    /// Beside the first of these, so many seconds after it.
    pub(crate) together: Option<(u64, Verb)>,
}

/// The image that serves at the start, and the one that is released.
pub(crate) const STABLE_IMAGE: &str = "myservice:1";
pub(crate) const CANDIDATE_IMAGE: &str = "myservice:2";

impl std::fmt::Display for Case {
    /// For people: what is as always is left out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<_> = self.plan.steps.iter().map(ToString::to_string).collect();
        let plan = &self.plan;
        writeln!(
            f,
            "seed {}: {:?}, {} tasks of stable, checked every {} s, calls take {:?}",
            self.seed, self.shape, self.tasks, self.checks, self.latency
        )?;
        writeln!(
            f,
            "plan: {}, settle {:?}, interval {:?}, timeout {:?}, on_cancel {:?}, on_drift {:?}, retire after {:?}",
            steps.join(", "),
            plan.settle,
            plan.interval,
            plan.timeout,
            plan.on_cancel,
            plan.on_drift,
            plan.retire_after
        )?;
        writeln!(f, "the data plane follows after {} s; the runner's clock is {} s ahead", self.knobs.propagation, self.ahead)?;
        for metric in &self.analysis.metrics {
            let (versus, least, nothing) = (metric.versus, metric.min_requests, metric.on_no_data);
            writeln!(
                f,
                "judged by {}: {}, {versus:?}, of {least} requests, no data {nothing:?}{}",
                metric.source,
                metric.limits(),
                if metric.report_only { ", reported only" } else { "" }
            )?;
        }
        for alarm in &self.analysis.alarms {
            writeln!(f, "judged by the alarm {}, no data {:?}", alarm.name, alarm.on_no_data)?;
        }
        if !self.analysis.metrics.is_empty() {
            let Knobs { metrics_delay, metrics_partial, metrics_zeros, .. } = &self.knobs;
            writeln!(
                f,
                "{} requests a second; metrics {metrics_delay} s late, half of them for {metrics_partial} s, zeros {metrics_zeros}, lag {:?}",
                self.load, self.analysis.lag
            )?;
        }
        for Errand { at, runs, takes, exit, limit } in &self.errands {
            writeln!(f, "at {at} a {runs:?} takes {takes} s of {limit:?} and ends with {exit}")?;
        }
        if let Some(suspended) = self.scaled {
            writeln!(f, "stable is scaled by itself, {suspended:?}; needed are {:?}", self.demand)?;
        }
        if self.tests {
            writeln!(f, "it opens a test rule")?;
        }
        if plan.health.unchecked {
            writeln!(f, "nothing checks the targets")?;
        }
        if let Some(definition) = self.definition {
            writeln!(f, "its definition: {definition:?}")?;
        }
        for (who, behaviour) in [("stable", &self.stable), ("the candidate", &self.candidate)] {
            if *behaviour != Behaviour::default() {
                writeln!(f, "{who}: {}", odd(behaviour))?;
            }
        }
        for fault in &self.faults {
            let times = (fault.after.unwrap_or_default(), fault.before.unwrap_or_default());
            writeln!(f, "from {} to {} s: {:?} of {}", times.0, times.1, fault.effect, fault.operations.join(", "))?;
        }
        for person in &self.people {
            writeln!(f, "at {} s a person: {:?} on `{}`", person.at, person.r#do, person.rule)?;
        }
        for (at, other) in &self.others {
            if let Other::Behave(image, behaviour) = other {
                writeln!(f, "at {at} s {image}: healthy {}", behaviour.healthy)?;
            } else {
                writeln!(f, "at {at} s: {other:?}")?;
            }
        }
        for Blow { job, at, falls } in &self.blows {
            writeln!(f, "at effect {at} of job {job}: {falls:?}")?;
        }
        for (at, verb) in &self.beside {
            writeln!(f, "at {at} s another job: {verb:?}")?;
        }
        for (after, verb) in &self.afterwards {
            writeln!(f, "{after} s after that another job: {verb:?}")?;
        }
        if let Some((after, verb)) = self.together {
            writeln!(f, "{after} s after the first of these begins another one: {verb:?}")?;
        }
        Ok(())
    }
}

/// How a behaviour differs from a good one.
fn odd(behaviour: &Behaviour) -> String {
    let well = format!("{:#?}", Behaviour::default());
    let lines: Vec<_> = well.lines().collect();
    let odd = format!("{behaviour:#?}");
    odd.lines().filter(|line| !lines.contains(line)).map(str::trim).collect::<Vec<_>>().join(" ")
}
