//! What one tick saw, in the machine's words. The driver fills it; nothing here reads anything.

use serde::{Deserialize, Serialize};

use super::{analysis::Measured, hooks::HookReading, split::Split};
use crate::time::Timestamp;

/// How one side (a slot) is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Targets that pass their health check (or count as passing: `unchecked`).
    pub healthy: u32,
    /// Targets that fail it.
    pub unhealthy: u32,
    /// Targets whose first check is pending.
    pub initial: u32,
    /// Targets that are being deregistered.
    pub draining: u32,
    /// Targets that nothing checks: health checks are off, or the group is not used.
    pub unchecked: u32,
    /// Why targets are unhealthy: reason codes with how many targets gave them.
    pub reasons: Vec<(String, u32)>,
    /// The ECS service behind it; none for target groups that ECS does not fill, and for a slot without a service.
    pub tasks: Option<Tasks>,
}

/// The ECS service of a side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// Tasks that the service wants.
    pub desired: u32,
    /// Tasks that run, of any revision.
    pub running: u32,
    /// Tasks that run the recorded task definition.
    pub current: u32,
    /// The service's newest deployment runs the recorded task definition.
    pub deploying_current: bool,
    /// ECS calls that deployment complete.
    pub complete: bool,
    /// ECS gave the deployment up, in its own words.
    pub failed: Option<String>,
    /// Targets, not draining, that belong to no task of the recorded task definition (DESIGN §5 rule 14).
    pub foreign_targets: u32,
    /// Why tasks of the recorded revision stopped, newest first, each with how many times.
    pub stopped: Vec<(String, u32)>,
    /// Why ECS could start no more of them, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unplaced: Option<Box<str>>,
    /// Tasks of the recorded revision that ran and then exited, told by nobody to stop: from when until when each ran. Empty where none is
    /// missing and no target draining.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub exited: Box<[(Timestamp, Timestamp)]>,
}

impl Tasks {
    /// Why some are missing: why ECS could start no more, and why others stopped, each with how many times.
    #[must_use]
    pub fn why_missing(&self) -> Vec<(String, u32)> {
        self.unplaced.iter().map(|why| (why.to_string(), 1)).chain(self.stopped.iter().cloned()).collect()
    }
}

impl Side {
    /// Targets that should serve: all but draining ones and those whose first check is pending.
    #[must_use]
    pub const fn settled(&self) -> u32 {
        self.healthy + self.unhealthy + self.unchecked
    }

    /// The number health is measured against: `max(desired, settled targets)` (DESIGN §5 "Health").
    #[must_use]
    pub fn expected(&self) -> u32 {
        self.tasks.as_ref().map_or(0, |tasks| tasks.desired).max(self.settled())
    }

    /// Tasks that run, or the targets there are where no ECS service is known.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.tasks.as_ref().map_or_else(|| self.settled(), |tasks| tasks.running)
    }

    /// No target is left, not even a draining one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.settled() + self.initial + self.draining == 0
    }
}

/// What a traffic target's action says, seen from this rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveAction {
    /// The weights of stable and candidate, when the action forwards to these two and nobody else with weight.
    /// A group that is not listed counts as weight 0.
    pub split: Option<Split>,
    /// It is, member for member, the recorded baseline.
    pub is_baseline: bool,
    /// The candidate's group is listed, whatever its weight.
    pub lists_candidate: bool,
    /// The action in words, for people: `myservice-a 95, myservice-b 5`.
    pub shown: String,
}

/// Whose rollout the record says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lease {
    /// It names this rollout and this generation.
    Ours,
    /// There is none of ours: not written yet, removed by somebody, or overwritten by an older generation of this rollout.
    /// Written again by its owner.
    Lost,
    /// Another rollout's that has ended: anybody may claim.
    Free,
    /// Another rollout, or a later generation of this one: who, in words.
    Theirs(String),
}

/// One tick's readings: all of them were asked for concurrently, after the effect before them had ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// AWS's own time, from the newest answer's `Date` header.
    pub at: Timestamp,
    /// Whose record it is.
    pub lease: Lease,
    /// Each traffic target's action, in the plan's order; `None` where it is gone.
    pub actions: Vec<Option<LiveAction>>,
    /// The stable side; none while nothing serves (bootstrap).
    pub stable: Option<Side>,
    /// The candidate side.
    pub candidate: Side,
    /// The metrics, where they were asked for.
    pub metrics: Option<Measured>,
    /// The test rules that this job knows to be there, once all are, as the room that makes them names them; opaque here.
    pub test: Vec<String>,
    /// The hook that was started last, until it was seen to have ended; none in a reading that does not look for it.
    pub hook: Option<HookReading>,
}

/// An effect that did not happen, or may not have: what the machine decides its repetition by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Whether trying again can help.
    pub kind: RefusalKind,
    /// What was refused, by whom and why, for people.
    pub message: String,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// Throttled, in conflict with something in progress, 5xx, no answer in time: it may also have taken effect.
    Transient,
    /// The same call will be refused again: denied, invalid, not found, over a quota, expired credentials.
    Permanent,
}
