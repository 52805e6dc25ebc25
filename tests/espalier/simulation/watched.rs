//! What the court knows of a job.

use std::time::Duration;

use espalier::{
    rollout::{
        machine::Role,
        record::{Record, State},
    },
    time::Timestamp,
};

use super::facts::Facts;

/// A job, as it was watched. Roles are places in the stage's slots.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) record: Record,
    pub(crate) stable: Option<usize>,
    /// The size that stable has to keep: what it had when its scaling was held, which may be less than when the release began.
    pub(crate) kept: u32,
    pub(crate) candidate: usize,
    /// It was asked to restore whatever stable is like.
    pub(crate) forced: bool,
    /// It began by rolling back.
    pub(crate) aborts: bool,
    /// A person asked for it, as things are.
    pub(crate) asked: bool,
    pub(crate) over: bool,
    pub(crate) killed: bool,
    /// It is a release of its own, and took nothing over.
    pub(crate) fresh: bool,
    pub(crate) began: Timestamp,
    /// The world when it was read whole last, and when it was read at all, as far as answers arrived.
    pub(crate) saw: Option<Facts>,
    pub(crate) looked: Option<Facts>,
    /// Whether it has observed anything: from then on it knows AWS's time.
    pub(crate) observed: bool,
    /// Until then something stood in its way: it began, or a call of its was refused.
    pub(crate) hindered: Timestamp,
    /// A call of its was refused at some time; one was refused for good.
    pub(crate) refused: bool,
    pub(crate) denied: bool,
    /// It could not end a hook when it first tried to, and may have given it up. It was over while something stood in its way: what was left to do then is left.
    pub(crate) unended: bool,
    pub(crate) cut_short: bool,
    /// When it could not write its record or its lease last.
    pub(crate) unwritten: Option<Timestamp>,
    /// The highest step that was written, and when last, or when it was read where its reader stood still; that a rollback was begun.
    pub(crate) step: Option<usize>,
    pub(crate) stepped: Timestamp,
    /// It has not heard yet that the step is there.
    pub(crate) unseen: bool,
    pub(crate) fell: bool,
    /// When it first wrote what was before, since the newest step.
    pub(crate) restoring: Option<Timestamp>,
    /// It wrote weights at all.
    pub(crate) touched: bool,
    /// It wrote a step itself.
    pub(crate) walked: bool,
    /// It was told whose the record is since it waited last. Whoever begins has just read that.
    pub(crate) read: bool,
    /// A reading was refused since then.
    pub(crate) blind: bool,
    pub(crate) signalled: Option<Timestamp>,
    /// It wrote something since the signal.
    pub(crate) acted_since: bool,
    /// An answered reading showed somebody else's record, or somebody else's split.
    pub(crate) superseded: bool,
    pub(crate) drift_seen: bool,
    /// The latter while it was on its way up.
    pub(crate) drifts: bool,
    /// An answered reading showed the weights of a step everywhere; a later one that a person has put some of them back.
    pub(crate) shown: bool,
    pub(crate) put_back: bool,
    pub(crate) promoted: bool,
    /// The record that says so was written, and the job heard it.
    pub(crate) is_final: bool,
    /// What the world measured of the step in hand is beyond a limit.
    pub(crate) condemned: bool,
    /// The newest metrics could not be read, or not all of them.
    pub(crate) unread: bool,
    /// It runs hooks.
    pub(crate) hooked: bool,
}

/// Four of the slowest calls.
const SLOW: Duration = Duration::from_secs(8);

impl Watched {
    /// Something was refused for good, or so short a time ago that it can only have been looked at, and recorded, since.
    pub(crate) fn is_hindered(&self, now: Timestamp) -> bool {
        self.denied || (self.refused && now <= self.hindered + SLOW)
    }

    /// It gave up giving scaling back after two minutes of refusals, and its record says so, and stays open: the next sweep does it.
    pub(crate) fn left_scaling(&self) -> bool {
        let gave_up = self.refused && self.record.state != State::Closed;
        (gave_up && self.record.scaling.is_some_and(|scaling| scaling.held)) || self.passed_scaling_on()
    }

    /// It is a release that ended before it wrote anything, and keeps in its record for the next one what another job could not give back
    /// (seeds 400156297, 410226108).
    pub(crate) fn passed_scaling_on(&self) -> bool {
        self.fresh && self.over && !self.touched && self.record.scaling.is_some_and(|scaling| scaling.held)
    }

    /// It gave up taking a test rule away, and its record says so: the next release does it.
    pub(crate) fn left_test(&self) -> bool {
        self.refused && self.record.test.is_some()
    }
}

/// Whose ECS service a role's is, as a place in the stage's slots.
pub(crate) fn slot_of(watched: &Watched, role: Role) -> Option<usize> {
    match role {
        Role::Stable => watched.stable,
        Role::Candidate => Some(watched.candidate),
    }
}
