//! How a rollout ends: an outcome, a typed reason, and the numbers behind it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    analysis::{Assessment, Window, assessment},
    hooks::{HookFailure, Point},
    plan::OnTimeout,
    split::Share,
};
use crate::time::Timestamp;

/// How a rollout ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which of the six.
    pub kind: OutcomeKind,
    /// Why.
    pub reason: Reason,
}

/// The six ways to end (DESIGN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// The candidate serves everything and is stable now.
    Promoted,
    /// Traffic is on exactly what it was on before.
    RolledBack,
    /// The weights stay; another job goes on from the record.
    Held,
    /// There was nothing to release.
    Unchanged,
    /// Another job took the rollout over.
    Superseded,
    /// Traffic is not known to be good: a person must act.
    Stuck,
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Stuck => "stuck",
        })
    }
}

/// Why something was decided. `Display` is one sentence without a full stop, meaningful without its surroundings;
/// [`Reason::code`] is the `reason` output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum Reason {
    /// Every step passed.
    StepsPassed,
    /// The first revision became healthy.
    FirstRevisionHealthy,
    /// What is asked for serves already.
    NothingChanged,
    /// The candidate has weight and not one healthy target.
    NoHealthyTargets {
        /// The share it had.
        share: Share,
        /// Unhealthy targets' reason codes with counts.
        reasons: Vec<(String, u32)>,
        /// Why its tasks could not be started, and stopped, newest first, each with how many times.
        #[serde(default)]
        stopped: Vec<(String, u32)>,
    },
    /// The candidate stayed below `min_healthy` for `unhealthy_for` observations.
    Unhealthy {
        /// Healthy targets.
        healthy: u32,
        /// Targets expected to be healthy.
        expected: u32,
        /// The limit.
        min_healthy: Share,
        /// Observations in a row.
        observations: u32,
        /// Unhealthy targets' reason codes with counts.
        reasons: Vec<(String, u32)>,
        /// Why its tasks could not be started, and stopped, newest first, each with how many times.
        #[serde(default)]
        stopped: Vec<(String, u32)>,
    },
    /// Stable is short of healthy targets for the weight it keeps.
    StableShort {
        /// Healthy targets of stable.
        healthy: u32,
        /// What its share needs.
        needed: u32,
    },
    /// Stable has no healthy target while the candidate has: weights stay where traffic is served.
    StableDown {
        /// Healthy targets of the candidate.
        candidate_healthy: u32,
    },
    /// The candidate did not become ready in time.
    NotReady {
        /// Healthy targets.
        healthy: u32,
        /// Tasks wanted.
        wanted: u32,
        /// How long it was given.
        waited: Duration,
        /// Why its tasks could not be started, and stopped, newest first, each with how many times.
        stopped: Vec<(String, u32)>,
    },
    /// ECS gave the candidate's deployment up.
    DeploymentFailed {
        /// ECS's own words.
        message: String,
        /// Why its tasks could not be started, and stopped, newest first, each with how many times.
        stopped: Vec<(String, u32)>,
    },
    /// Targets of another revision serve in the candidate's group.
    ForeignTargets {
        /// How many.
        count: u32,
    },
    /// The whole rollout took longer than `timeout`.
    TimedOut {
        /// What was allowed.
        timeout: Duration,
    },
    /// Metrics or alarms condemned the candidate.
    AnalysisFailed {
        /// The share that it had.
        share: Share,
        /// The minutes that were judged; none where alarms alone were.
        window: Option<Window>,
        /// What failed, each with its numbers.
        failed: Vec<Assessment>,
    },
    /// The bake of a step went on until the rollout's deadline, because metrics or alarms did not tell.
    Inconclusive {
        /// What was allowed for the whole rollout.
        timeout: Duration,
        /// What did not tell, in words.
        missing: Vec<String>,
    },
    /// A hook did not pass.
    HookFailed {
        /// Which.
        hook: Point,
        /// How it failed.
        failure: HookFailure,
    },
    /// A signal: the job was cancelled.
    Cancelled,
    /// `abort`, from another job or a person.
    Aborted {
        /// Who or what, in words.
        by: String,
    },
    /// It waits for a person before a step.
    Hold {
        /// The step, counted from 1.
        step: usize,
        /// How many steps there are.
        steps: usize,
        /// The share that the step gives the candidate.
        share: Share,
        /// Until when it may be promoted.
        until: Timestamp,
        /// What happens then.
        on_timeout: OnTimeout,
        /// Metrics or alarms judge it, which its config alone knows.
        #[serde(default)]
        judged: bool,
    },
    /// A cancelled job left the weights for another job (`on_cancel: hold`).
    CancelledHold {
        /// Until when another job may go on.
        until: Timestamp,
    },
    /// Nobody promoted a held rollout in time.
    HoldExpired {
        /// When its time was over.
        at: Timestamp,
    },
    /// The job that held the rollout is gone: nobody renewed its lease.
    JobLost {
        /// Until when it was held; none where it had ended by itself.
        leased_until: Option<Timestamp>,
    },
    /// `rollback`, asked for by a person.
    RolledBackByRequest {
        /// The revision that serves again.
        to: String,
    },
    /// Somebody else changed the weights.
    Drifted {
        /// The traffic target.
        target: String,
        /// What we had written.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A traffic target is gone.
    TargetGone {
        /// The traffic target.
        target: String,
    },
    /// A call was refused for good, or until its deadline.
    Refused {
        /// What we were doing.
        doing: String,
        /// What the answer was.
        message: String,
    },
    /// Another rollout owns the record.
    TakenOver {
        /// Who, in words.
        by: String,
    },
    /// The rollback could not be verified.
    NotRestored {
        /// Why, in words.
        message: String,
        /// What had made it roll back.
        cause: Box<Self>,
    },
}

impl Reason {
    /// The reason's name as the `reason` output gives it, such as `no-healthy-targets`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StepsPassed => "steps-passed",
            Self::FirstRevisionHealthy => "first-revision-healthy",
            Self::NothingChanged => "nothing-changed",
            Self::NoHealthyTargets { .. } => "no-healthy-targets",
            Self::Unhealthy { .. } => "unhealthy",
            Self::StableShort { .. } => "stable-short",
            Self::StableDown { .. } => "stable-down",
            Self::NotReady { .. } => "not-ready",
            Self::DeploymentFailed { .. } => "deployment-failed",
            Self::ForeignTargets { .. } => "foreign-targets",
            Self::TimedOut { .. } => "timed-out",
            Self::AnalysisFailed { .. } => "analysis-failed",
            Self::Inconclusive { .. } => "inconclusive",
            Self::HookFailed { failure: HookFailure::TimedOut { .. }, .. } => "hook-timed-out",
            Self::HookFailed { .. } => "hook-failed",
            Self::Cancelled => "cancelled",
            Self::Aborted { .. } => "aborted",
            Self::Hold { .. } => "hold",
            // The reason is the signal; that it is held says the outcome.
            Self::CancelledHold { .. } => "cancelled",
            Self::HoldExpired { .. } => "hold-expired",
            Self::JobLost { .. } => "job-lost",
            Self::RolledBackByRequest { .. } => "rolled-back-by-request",
            Self::Drifted { .. } => "drifted",
            Self::TargetGone { .. } => "target-gone",
            Self::Refused { .. } => "refused",
            Self::TakenOver { .. } => "taken-over",
            Self::NotRestored { .. } => "not-restored",
        }
    }
}

impl Reason {
    /// Whether going back for this reason is what `verb` was asked to do.
    #[must_use]
    pub fn is_asked_for(&self, verb: &str) -> bool {
        match self {
            Self::RolledBackByRequest { .. } => true,
            Self::Aborted { .. } => matches!(verb, "abort" | "rollback"),
            Self::Cancelled | Self::JobLost { .. } => verb == "recover",
            Self::StepsPassed
            | Self::FirstRevisionHealthy
            | Self::NothingChanged
            | Self::NoHealthyTargets { .. }
            | Self::Unhealthy { .. }
            | Self::StableShort { .. }
            | Self::StableDown { .. }
            | Self::NotReady { .. }
            | Self::DeploymentFailed { .. }
            | Self::ForeignTargets { .. }
            | Self::TimedOut { .. }
            | Self::AnalysisFailed { .. }
            | Self::Inconclusive { .. }
            | Self::HookFailed { .. }
            | Self::Hold { .. }
            | Self::CancelledHold { .. }
            | Self::HoldExpired { .. }
            | Self::Drifted { .. }
            | Self::TargetGone { .. }
            | Self::Refused { .. }
            | Self::TakenOver { .. }
            | Self::NotRestored { .. } => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepsPassed => write!(f, "every step passed"),
            Self::FirstRevisionHealthy => write!(f, "the first revision is healthy"),
            Self::NothingChanged => write!(f, "what is asked for serves already"),
            Self::NoHealthyTargets { share, reasons, stopped } => {
                let why = counted(reasons.iter().chain(stopped));
                write!(f, "the candidate had {share} of the traffic and no healthy target{why}")
            }
            Self::Unhealthy { healthy, expected, min_healthy, observations, reasons, stopped } => write!(
                f,
                "{healthy} of the candidate's {expected} targets were healthy, below {min_healthy}, {observations} observations in a row{}",
                counted(reasons.iter().chain(stopped))
            ),
            Self::StableShort { healthy, needed } => {
                write!(f, "stable had {healthy} healthy targets where its share needs {needed}")
            }
            Self::StableDown { candidate_healthy } => write!(
                f,
                "stable has no healthy target while the candidate has {candidate_healthy}: the weights were left where they are"
            ),
            // Of a group whose targets are not an ECS service's nobody knows how many there are to be.
            Self::NotReady { healthy: 0, wanted: 0, waited, .. } => {
                write!(f, "no target of the candidate's group was healthy after {}", humantime::format_duration(*waited))
            }
            Self::NotReady { healthy, wanted, waited, stopped } => write!(
                f,
                "{healthy} of {wanted} tasks of the candidate were running and healthy after {}{}",
                humantime::format_duration(*waited),
                counted(stopped)
            ),
            Self::DeploymentFailed { message, stopped } => {
                write!(f, "ECS gave up the candidate's deployment: {}{}", message.trim_end_matches('.'), counted(stopped))
            }
            Self::ForeignTargets { count } => {
                write!(f, "{count} targets in the candidate's group do not belong to a task of the released revision")
            }
            Self::TimedOut { timeout } => {
                write!(f, "the rollout took longer than its timeout of {}", humantime::format_duration(*timeout))
            }
            Self::AnalysisFailed { share, window, failed } => {
                let when = window.map(|window| format!(", {window}")).unwrap_or_default();
                write!(f, "{}, with {share} of the traffic{when}", assessment::failed(failed))
            }
            Self::Inconclusive { timeout, missing } => write!(
                f,
                "no verdict on the candidate within the timeout of {}: {}",
                humantime::format_duration(*timeout),
                missing.join("; ")
            ),
            Self::HookFailed { hook, failure } => write!(f, "the {hook} hook failed: {failure}"),
            Self::Cancelled => write!(f, "the job was cancelled"),
            Self::Aborted { by } => write!(f, "aborted by {by}"),
            Self::Hold { step, steps, share, until, on_timeout, judged } => {
                let then = match (on_timeout, judged) {
                    (OnTimeout::Rollback, _) => "it is rolled back",
                    (OnTimeout::Continue, false) => "it goes on by itself",
                    (OnTimeout::Continue, true) => {
                        "`espalier resume` with its config goes on, and a sweep without it rolls it back"
                    }
                };
                let with = if *judged { ", with the config that it began with," } else { "" };
                write!(f, "it waits to be promoted to step {step} of {steps} ({share}){with} until {until}, then {then}")
            }
            Self::CancelledHold { until } => {
                write!(
                    f,
                    "the job was cancelled and left the weights where they were; another job may go on until {until}, then it is rolled back"
                )
            }
            Self::HoldExpired { at } => write!(f, "nobody promoted it by {at}"),
            Self::JobLost { leased_until: Some(until) } => {
                write!(f, "the job that held it is gone: its lease ran out at {until}")
            }
            Self::JobLost { leased_until: None } => write!(f, "the job that held it ended before it was done"),
            Self::RolledBackByRequest { to } => write!(f, "rolled back to {to} by request"),
            Self::Drifted { target, expected, found } => {
                write!(f, "somebody else changed {target}: expected {expected}, found {found}")
            }
            Self::TargetGone { target } => write!(f, "{target} is gone"),
            Self::Refused { doing, message } => write!(f, "{doing} failed: {}", message.trim_end_matches('.')),
            Self::TakenOver { by } => write!(f, "{by} holds these traffic targets now"),
            Self::NotRestored { message, cause } => {
                write!(f, "the rollback could not be verified ({}); it began because {cause}", message.trim_end_matches('.'))
            }
        }
    }
}

fn counted<'a>(reasons: impl IntoIterator<Item = &'a (String, u32)>) -> String {
    let listed = reasons.into_iter().map(|(reason, count)| format!("{count} × {}", reason.trim_end_matches('.')));
    let listed: Vec<_> = listed.collect();
    if listed.is_empty() { String::new() } else { format!(" ({})", listed.join(", ")) }
}
