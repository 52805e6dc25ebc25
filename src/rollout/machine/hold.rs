//! Holding: the job ends, the weights stay, another job goes on. And the look that a sweep takes at a held rollout.

use std::time::Duration;

use super::{
    core::{Phase, Rollout, WRITE_LIMIT},
    types::Effect,
};
use crate::rollout::{
    observation::{Lease, Observation},
    outcome::{OutcomeKind, Reason},
    record::{ABORT, Held, State},
    split::Split,
};

impl Rollout {
    /// Writes the record that lets go of the rollout: its lease is the hold's own deadline from then on.
    pub(super) fn hold(&mut self, next: usize, timeout: Duration, by_cancel: bool) -> Effect {
        let since = self.aws_now();
        self.record.hold = Some(Held { next, since, until: since + timeout, by_cancel });
        self.record.state = State::Held;
        self.phase = Phase::Holding;
        self.give_up = if self.hurried { self.now } else { self.now + WRITE_LIMIT };
        self.write_record()
    }

    /// The record that lets go was refused: before it is written again, what it would leave has to be well.
    pub(super) fn holding_watched(&mut self, observation: &Observation) -> Effect {
        let (expected, hold) = ([self.record().intent, self.record().verified], self.record().hold);
        self.keep_hold();
        if let Some(effect) = self.ill(observation, &expected).or_else(|| self.unhealthy(observation)) {
            return effect;
        }
        self.record.hold = hold;
        self.record.state = State::Held;
        self.write_record()
    }

    /// It is not let go of: this job goes on with it.
    pub(super) fn keep_hold(&mut self) {
        self.record.hold = None;
        self.record.state = State::Running;
    }

    /// The record says so: the job is over.
    pub(super) fn held(&mut self) -> Effect {
        let reason = self.record().hold_reason().unwrap_or(Reason::Cancelled);
        self.finish(OutcomeKind::Held, reason)
    }

    /// `on_cancel: hold`: another job may go on for as long as the whole rollout may take.
    pub(super) fn hold_on_cancel(&mut self, next: usize) -> Effect {
        let timeout = self.record().plan.timeout;
        self.hold(next, timeout, true)
    }

    /// A reading of a held rollout: the same checks as while a step is watched. Below the limits they are asked again an
    /// interval later; where all is well nothing was written.
    pub(super) fn watched(&mut self, observation: &Observation) -> Effect {
        if observation.lease != Lease::Ours {
            return self.superseded("somebody who removed its record".to_owned());
        }
        let expected: [Split; 2] = [self.record().verified, self.record().intent];
        if let Some(effect) = self.checked(observation, &expected) {
            return effect;
        }
        if self.health.is_doubtful() || self.foreign > 0 { Effect::WaitUntil(self.next_tick()) } else { self.held() }
    }

    /// What was only looked at so far is taken over before anything is written.
    pub(super) fn take_over_watched(&mut self) {
        if self.phase == Phase::Watching {
            let (owner, now) = (std::mem::take(&mut self.owner), self.aws_now());
            self.record.take_over(&owner, ABORT, now);
            self.owned = true;
        }
    }
}
