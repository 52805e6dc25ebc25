//! How it is over: an outcome, nothing done, or stuck.

use super::{
    core::{CLAIM_WAIT, Phase, Rollout},
    types::{Effect, Ending, Role},
};
use crate::rollout::{
    journal::Happening,
    outcome::{Outcome, OutcomeKind, Reason},
    record::State,
};

impl Rollout {
    pub(super) fn finish(&mut self, kind: OutcomeKind, reason: Reason) -> Effect {
        let outcome = Outcome { kind, reason };
        self.phase = Phase::Ended;
        self.say(Happening::Finished { outcome: outcome.clone() });
        Effect::Finish(Ending::Outcome(outcome))
    }

    /// A malfunction before any action was written.
    pub(super) fn untouched(&mut self, reason: Reason) -> Effect {
        self.leave(Ending::Untouched(reason))
    }

    /// A refusal before any action was written.
    pub(super) fn declined(&mut self, reason: Reason) -> Effect {
        self.leave(Ending::Declined(reason))
    }

    fn leave(&mut self, ending: Ending) -> Effect {
        self.phase = Phase::Leaving(ending);
        self.record.state = State::Closed;
        self.give_up = self.now;
        self.write_record()
    }

    pub(super) fn left(&mut self, ending: Ending) -> Effect {
        self.phase = Phase::Ended;
        Effect::Finish(ending)
    }

    /// Somebody else owns the record: not another write.
    pub(super) fn superseded(&mut self, by: String) -> Effect {
        let reason = Reason::TakenOver { by };
        if self.touched { self.finish(OutcomeKind::Superseded, reason) } else { self.left(Ending::Declined(reason)) }
    }

    /// Traffic is not known to be good and nothing more can be done about it here.
    pub(super) fn stick(&mut self, reason: Reason) -> Effect {
        self.phase = Phase::Sticking(reason);
        self.record.state = State::Stuck;
        self.give_up = self.now + CLAIM_WAIT;
        self.write_record()
    }

    /// Stable has no healthy target while the candidate serves: the weights stay, stable is scaled up first.
    pub(super) fn stick_and_scale(&mut self, reason: Reason) -> Effect {
        let effect = self.stick(reason);
        match &self.record.stable {
            Some(stable) if stable.ecs_service.is_some() => {
                self.scaling = true;
                Effect::Scale(Role::Stable, stable.count.max(1))
            }
            Some(_) | None => effect,
        }
    }
}
