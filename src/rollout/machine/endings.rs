//! How it is over: an outcome, nothing done, or stuck.

use super::{
    core::{CLAIM_WAIT, Phase, Rollout, Scaling, WRITE_LIMIT},
    types::{Effect, Ending, Role},
};
use crate::rollout::{
    journal::Happening,
    observation::Observation,
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

    /// The record could not be made ours. A rollout that somebody else began stands where it stood.
    pub(super) fn unclaimed(&mut self, reason: Reason) -> Effect {
        if self.resumed.is_some() { self.finish(OutcomeKind::Stuck, reason) } else { self.untouched(reason) }
    }

    /// A refusal before any action was written.
    pub(super) fn declined(&mut self, reason: Reason) -> Effect {
        self.leave(Ending::Declined(reason))
    }

    fn leave(&mut self, ending: Ending) -> Effect {
        if !self.owned && !self.has_sent_its_record() {
            return self.left(ending);
        }
        self.phase = Phase::Leaving(ending.clone());
        self.give_up = self.now;
        if self.owned { self.close_left(ending) } else { Effect::ReadBack }
    }

    /// Only what a reading says to be ours is closed: anything else may be another job's record by now.
    pub(super) fn close_left(&mut self, ending: Ending) -> Effect {
        if !self.owned {
            return self.left(ending);
        }
        if !self.touched {
            self.nothing_was_held();
        }
        // The release before may have held both sides' scaling, and have had its old slot to stop: by the closed record nobody does.
        if self.restores() {
            if let Some(effect) = self.give_all_back() {
                return effect;
            }
            if let Some(ecs_service) = self.record.candidate.ecs_service.clone() {
                let what = format!("the tasks of {ecs_service} are left as they are: no rollout stops them any more");
                self.say(Happening::Note { what });
            }
        }
        self.record.state = State::Closed;
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
        self.take_over_watched();
        // What somebody else set is left alone by others only where the record says so.
        let is_theirs = matches!(reason, Reason::Drifted { .. }) && !self.hurried;
        self.phase = Phase::Sticking(reason);
        self.record.state = State::Stuck;
        self.give_up = self.now + if is_theirs { WRITE_LIMIT } else { CLAIM_WAIT };
        self.write_record()
    }

    /// Stable has no healthy target while the candidate serves: the weights stay, stable is scaled up.
    pub(super) fn stick_and_scale(&mut self, reason: Reason) -> Effect {
        if self.stable_is_ours() {
            self.scaling = Scaling::Wanted;
        }
        let what = "the weights stay with the side that serves; `espalier abort --force` restores the other one all the same";
        self.say(Happening::Note { what: what.to_owned() });
        self.stick(reason)
    }

    /// The record says so, or cannot be made to.
    pub(super) fn stuck(&mut self, reason: Reason) -> Effect {
        if self.scaling == Scaling::Wanted {
            self.scaling = Scaling::Asked;
            self.phase = Phase::Sticking(reason);
            self.give_up = self.now + WRITE_LIMIT;
            return Effect::Scale(Role::Stable, self.stable_count());
        }
        if let Some(effect) = self.give_all_back() {
            self.phase = Phase::Sticking(reason);
            if !self.hurried && !std::mem::replace(&mut self.steering.last, true) {
                self.give_up = self.now + WRITE_LIMIT;
            }
            return effect;
        }
        self.finish(OutcomeKind::Stuck, reason)
    }

    /// What was refused a moment ago, once more.
    pub(super) fn sticking_again(&mut self) -> Effect {
        if self.scaling == Scaling::Asked {
            return Effect::Scale(Role::Stable, self.stable_count());
        }
        let given_back = if self.steering.last { self.give_all_back() } else { None };
        given_back.unwrap_or_else(|| self.write_record())
    }

    /// It was scaled up, or cannot be.
    pub(super) fn scaling_is_over(&mut self) {
        if self.scaling == Scaling::Asked {
            self.scaling = Scaling::No;
        }
    }

    /// The record cannot be written: traffic is on the candidate and stays, but only the record makes that final.
    pub(super) fn promotion_unrecorded(&mut self, reason: Reason) -> Effect {
        let what = "every request goes to the candidate, but its promotion is not recorded: `espalier abort` would undo it, and a new `espalier deploy` waits until one of both is settled";
        self.say(Happening::Note { what: what.to_owned() });
        self.unpromote();
        self.stick(reason)
    }

    /// The record of the promotion was refused, so that it is not final: an abort may have put the weights back meanwhile, or the
    /// candidate may have gone down.
    pub(super) fn promotion_watched(&mut self, observation: &Observation) -> Effect {
        let (intent, previous) = (self.record.intent, self.record.previous.clone());
        self.unpromote();
        if let Some(effect) = self.ill(observation, &[intent]).or_else(|| self.unhealthy(observation)) {
            return effect;
        }
        self.record.state = State::Promoted;
        // From when it is recorded the old slot keeps its tasks for as long as it was said.
        self.record.promoted = Some(self.aws_now());
        self.before = std::mem::replace(&mut self.record.previous, previous);
        self.write_record()
    }

    /// What is not recorded is not so: whoever comes next finds what was stable before as it was.
    fn unpromote(&mut self) {
        self.record.state = State::Running;
        self.record.promoted = None;
        self.record.previous = self.before.take();
    }
}
