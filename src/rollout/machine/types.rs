//! What goes into the machine and what comes out.

use crate::{
    rollout::{
        analysis::Question,
        hooks::HookOrder,
        observation::{Observation, Refusal},
        outcome::{Outcome, Reason},
        record::Record,
        split::Split,
    },
    time::Timestamp,
};

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What serves when the rollout begins.
    Stable,
    /// What is released.
    Candidate,
}

/// What is done about whatever else sets the size of a side. Each can be repeated without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steer {
    /// Stable may grow by itself and not shrink.
    Hold,
    /// The candidate gets the same bounds and rules as stable has, and may not shrink by itself either.
    Equip,
    /// The side is scaled as it was before the release.
    GiveBack(Role),
    /// The same for a side that may have been told to rest: its minimum as well.
    Wake(Role),
    /// Nothing keeps the side above zero tasks, or starts any: it is about to be stopped.
    Rest(Role),
}

/// What every traffic target's action shall say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desired {
    /// Both weights, as given; other groups of the baseline stay at weight 0.
    Split(Split),
    /// The recorded baseline with the candidate's group listed at weight 0, where the baseline can list groups.
    BaselineBesideCandidate,
    /// The recorded baseline, member for member.
    Baseline,
}

/// The one thing to do next. Every effect is short: it is one call, or several at once, each with a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an effect that is not carried out leaves the rollout standing still"]
pub enum Effect {
    /// Write the record, and the lease until then unless it is `None` (the lease ends).
    Record(Box<Record>, Option<Timestamp>),
    /// Write only the lease.
    Renew(Timestamp),
    /// Read everything, concurrently; metrics too where they are asked for, at most once a minute.
    Observe(Option<Question>),
    /// Read only the record and every traffic target's action: what proves that weights are back must not depend on
    /// anything else. Answered like [`Effect::Observe`], with empty sides.
    ReadBack,
    /// Count the healthy targets of one side, and read nothing else: what a rollback looks at before it writes.
    CountHealthy(Role),
    /// Write every traffic target's action.
    Write(Desired),
    /// Create or update the ECS service of the candidate, at this many tasks.
    Launch(u32),
    /// Set how many tasks a side's ECS service wants; of stable at least so many, or none.
    Scale(Role, u32),
    /// Make the test rules: a way to the candidate beside the weights. Answered by [`Observation::test`].
    OpenTest,
    /// Take them away, also those that are not recorded.
    CloseTest,
    /// Hold, or give back, whatever else sets the size of a side.
    Steer(Steer),
    /// Start a hook. It is watched by later readings ([`Observation::hook`]).
    StartHook(Box<HookOrder>),
    /// End the hook that runs, or may run; nothing of it is left.
    EndHook,
    /// Wait by the rollout's clock, or until the hook that runs has ended.
    WaitUntil(Timestamp),
    /// It is over.
    Finish(Ending),
}

impl Effect {
    /// Whether it asks how things are.
    pub(super) const fn reads(&self) -> bool {
        matches!(self, Self::Observe(_) | Self::ReadBack | Self::CountHealthy(_))
    }

    /// Whether it changes something of the rollout's in AWS: everything else that is done, but for hooks, which are the team's.
    pub(super) const fn writes(&self) -> bool {
        !self.reads() && !matches!(self, Self::StartHook(_) | Self::EndHook | Self::WaitUntil(_) | Self::Finish(_))
    }
}

/// What happened to the effect before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first event of all.
    Begun,
    /// A record, weights, tasks: done.
    Done,
    /// It was not done, or may have been.
    Refused(Refusal),
    /// The readings.
    Observed(Box<Observation>),
    /// So many targets are healthy.
    Counted(u32),
    /// The wait is over.
    Woke,
    /// The first signal. Answers any effect: a wait or a reading is given up, a write was awaited for a second.
    Signalled,
}

impl Event {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Refused(_) => "refused",
            Self::Observed(_) => "observed",
            Self::Counted(_) => "counted",
            Self::Woke => "woke",
            Self::Signalled => "signalled",
        }
    }
}

/// From where a recorded rollout goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoOn {
    /// From where the record says that it stood: a step that was not proven is watched again.
    Here,
    /// With the step after the one that it was held at.
    Next,
}

/// How it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// One of the six outcomes.
    Outcome(Outcome),
    /// A malfunction before any action was written: traffic is untouched (exit 1).
    Untouched(Reason),
    /// Refused before any action was written: locked, drifted (exit 5).
    Declined(Reason),
}

/// An event that does not answer the outstanding effect: a fault of the driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the rollout was told `{event}` while it waited for the answer to `{pending}`: this is a defect of espalier, please report it"
)]
pub struct OutOfPlace {
    pub(super) event: String,
    pub(super) pending: String,
}
