//! What a rollout is going to do: steps, times and limits, decided before anything is written. How steps are written in one
//! line is in `steps_text`, what they can be short for in `strategy`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    analysis::Analysis,
    record_text::encode_plan,
    split::{Share, Split, UnrepresentableShare},
};
pub use super::{
    steps_text::{StepsError, TRAILING_HOLD, parse_steps},
    strategy::Strategy,
};

/// One step: where it has a hold, wait for a person first; give the candidate `share` of the requests, settle, then watch it
/// for `bake`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The candidate's share of the requests.
    pub share: Share,
    /// How long the settled split is watched; observed time, counted from the end of settle.
    pub bake: Duration,
    /// How long after a minute its metrics are taken to be complete; zero where no metric judges the step.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub lag: Duration,
    /// The job ends before this step, at the weights of the one before, until somebody promotes the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

impl Step {
    /// The least time from the end of settle to a verdict: metrics come in whole minutes, and late.
    #[must_use]
    pub fn least_watch(&self) -> Duration {
        if self.lag.is_zero() {
            return self.bake;
        }
        let minutes = self.bake.as_secs().div_ceil(60).max(1).saturating_mul(60);
        Duration::from_secs(minutes).max(self.bake).saturating_add(self.lag)
    }
}

/// How long a rollout waits for a person, and what happens when nobody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// How long; it does not count for the rollout's `timeout`.
    pub timeout: Duration,
    /// What happens then. It needs a job that looks: the scheduled sweep.
    pub on_timeout: OnTimeout,
}

/// What happens to a held rollout that nobody promoted in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnTimeout {
    /// The baseline is restored.
    #[default]
    Rollback,
    /// It goes on as if it had been promoted.
    Continue,
}

/// The shortest: another job has to begin within it.
const SHORTEST_HOLD: Duration = Duration::from_secs(60);
/// The longest that a hold may last: beyond it nobody is coming.
const LONGEST_HOLD: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The longest interval: how often a lease is renewed, which lasts three times as long (DESIGN §5 "Leases").
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// What `on_cancel` says: what the first signal does to a rollout whose weights are not yet final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnCancel {
    /// Restore the baseline.
    #[default]
    Rollback,
    /// Leave the weights where they are and end the job; another job goes on.
    Hold,
}

/// What `on_drift` says: what happens when somebody else changes the weights after our first write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDrift {
    /// Leave them, say so, and end `stuck`.
    #[default]
    Stop,
    /// Restore the baseline.
    Restore,
}

/// The limits of target health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthLimits {
    /// The lowest acceptable `healthy ÷ expected` of the candidate.
    pub min_healthy: Share,
    /// How many observations in a row below it end the release.
    pub unhealthy_for: u32,
    /// Targets that nothing checks count as healthy: something else judges.
    #[serde(default)]
    pub unchecked: bool,
}

impl Default for HealthLimits {
    fn default() -> Self {
        Self { min_healthy: Share::percent(80), unhealthy_for: 2, unchecked: false }
    }
}

/// Everything the machine needs to know beforehand. Built by [`Plan::check`], which refuses the impossible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The steps, in order; the last one is 100 %.
    pub steps: Vec<Step>,
    /// The time Lattice's data plane needs to follow a weight change. ECS itself waits about 90 s after each
    /// (Amazon ECS Developer Guide, "VPC Lattice resources for blue/green deployments").
    pub settle: Duration,
    /// Of the whole rollout, from its first write; passing it rolls back.
    pub timeout: Duration,
    /// Time between two observations.
    pub interval: Duration,
    /// Limits of target health.
    pub health: HealthLimits,
    /// What the first signal does.
    pub on_cancel: OnCancel,
    /// What somebody else's change of weights does.
    pub on_drift: OnDrift,
    /// How long after promotion the old slot keeps its tasks; `None` is never retire.
    pub retire_after: Option<Duration>,
}

/// Why steps cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No step at all.
    #[error("there are no steps: write at least one, such as `100%:10m`")]
    NoSteps,
    /// A step of no traffic.
    #[error("step {0} gives the candidate 0%: the candidate already starts at 0%, leave this step out")]
    ZeroStep(usize),
    /// A step that does not give more than the one before it.
    #[error("step {number} ({share}) does not climb above step {} ({previous}): weights climb until the last step", number - 1)]
    NotClimbing {
        /// Which step, counted from 1.
        number: usize,
        /// Its share.
        share: Share,
        /// The share of the step before it.
        previous: Share,
    },
    /// The last step leaves traffic on stable.
    #[error("the last step is {0}, not 100%: add a step such as `100%:10m`, only then can the candidate be promoted")]
    NotFull(Share),
    /// A share that weights cannot represent.
    #[error(
        "step {number} has {}, which no pair of Lattice weights (0 to 999) represents exactly: {}",
        error.share, error.nearest()
    )]
    Unrepresentable {
        /// Which step, counted from 1.
        number: usize,
        /// The nearest shares that can be.
        error: UnrepresentableShare,
    },
    /// More time than there is.
    #[error(
        "the steps need at least {needed} (settle and bake of each, and what metrics are late), which is more than the timeout of {timeout}: raise `timeout` or shorten the bakes"
    )]
    TooLong {
        /// The least time the steps take.
        needed: String,
        /// What `timeout` allows.
        timeout: String,
    },
    /// A hold of no time, or for ever.
    #[error("the hold before step {number} lasts {}, which no person can wait: give it a time from `1m` to `366d`, such as `hold:4h`", humantime::format_duration(*timeout))]
    ImpossibleHold {
        /// Which step it stands before, counted from 1.
        number: usize,
        /// How long it lasts.
        timeout: Duration,
    },
    /// An interval too short to observe anything.
    #[error("`interval` is less than a second: observe at most once a second, such as every `15s`")]
    ZeroInterval,
    /// An interval so long that the lease would run out between two observations, and a sweep would take the rollout over.
    #[error(
        "`interval` is longer than a minute: a rollout shows at least once a minute that it is alive, so that nobody rolls it back in its place; observe every `60s` or more often"
    )]
    LongInterval,
}

impl Plan {
    /// Checks a plan.
    ///
    /// # Errors
    /// Every reason why it cannot be walked.
    pub fn check(self) -> Result<Self, Vec<PlanError>> {
        let mut errors = Vec::new();
        let mut previous = Share::ZERO;
        for (number, step) in (1..).zip(&self.steps) {
            if step.share == Share::ZERO {
                errors.push(PlanError::ZeroStep(number));
            } else if number > 1 && step.share <= previous {
                errors.push(PlanError::NotClimbing { number, share: step.share, previous });
            } else if let Err(error) = Split::for_share(step.share) {
                errors.push(PlanError::Unrepresentable { number, error });
            }
            previous = step.share;
            if let Some(Hold { timeout, .. }) = step.hold
                && !(SHORTEST_HOLD..=LONGEST_HOLD).contains(&timeout)
            {
                errors.push(PlanError::ImpossibleHold { number, timeout });
            }
        }
        match self.steps.last() {
            None => errors.push(PlanError::NoSteps),
            Some(step) if step.share != Share::FULL => errors.push(PlanError::NotFull(step.share)),
            Some(_) => {}
        }
        if self.interval < Duration::from_secs(1) {
            errors.push(PlanError::ZeroInterval);
        }
        if self.interval > LONGEST_INTERVAL {
            errors.push(PlanError::LongInterval);
        }
        let needed = self.least_time();
        if needed > self.timeout {
            errors.push(PlanError::TooLong {
                needed: humantime::format_duration(needed).to_string(),
                timeout: humantime::format_duration(self.timeout).to_string(),
            });
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// The least time that the steps take: settle and bake of each, and how late their metrics are; nothing else, holds do not
    /// count for it.
    #[must_use]
    pub fn least_time(&self) -> Duration {
        let each = self.steps.iter().map(|step| self.settle.saturating_add(step.least_watch()));
        each.fold(Duration::ZERO, Duration::saturating_add)
    }
}

/// Something that two plans do not have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The config's key.
    pub key: &'static str,
    /// As this plan has it.
    pub own: String,
    /// As the other one has it.
    pub other: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}, not {}", self.key, self.own, self.other)
    }
}

impl Plan {
    /// What of this plan is not as in another one, each with both values.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        fn told(plan: &Plan) -> [(&'static str, String); 8] {
            let time = |time: Duration| humantime::format_duration(time).to_string();
            let steps: Vec<_> = plan.steps.iter().map(ToString::to_string).collect();
            let HealthLimits { min_healthy, unhealthy_for, unchecked } = plan.health;
            let health = if unchecked { "unchecked".to_owned() } else { format!("{min_healthy}, {unhealthy_for} times") };
            let on_cancel = if plan.on_cancel == OnCancel::Hold { "hold" } else { "rollback" };
            let on_drift = if plan.on_drift == OnDrift::Restore { "restore" } else { "stop" };
            [
                ("steps", steps.join(",")),
                ("settle", time(plan.settle)),
                ("timeout", time(plan.timeout)),
                ("interval", time(plan.interval)),
                ("health", health),
                ("on_cancel", on_cancel.to_owned()),
                ("on_drift", on_drift.to_owned()),
                ("retire_after", plan.retire_after.map_or_else(|| "never".to_owned(), time)),
            ]
        }
        let both = told(self).into_iter().zip(told(other));
        both.filter(|(one, other)| one != other).map(|((key, own), (_, other))| Difference { key, own, other }).collect()
    }

    /// Sixteen hexadecimal digits that change when plan or limits change.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest_with(&Analysis::default())
    }

    /// The same of a plan and what is judged besides target health.
    #[must_use]
    pub fn digest_with(&self, analysis: &Analysis) -> String {
        let mut parts: Vec<_> = encode_plan(self).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        parts.extend(analysis.text());
        Sha256::digest(parts.join(" ")).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
