//! Going on with a rollout that another job began: from the record, never from the live weights (DESIGN §5 rules 2 and 9).

use super::{
    claim::Claim,
    core::{Phase, Rollout, WRITE_LIMIT},
    release::StepStage,
    types::{Effect, GoOn, Steer},
};
use crate::rollout::{hooks::Point, journal::Happening, observation::Observation, origin::Origin, record::State};

impl Rollout {
    /// A lock beside the lease keeps other rollouts away.
    pub const fn expect_lock(&mut self, locked: bool) {
        self.record.locked = locked;
    }

    /// Whether it moves traffic on, and has to have the lock where there is one: a new rollout, or one that is gone on with. What takes
    /// traffic back waits for nobody.
    #[must_use]
    pub const fn takes_the_lock(&self) -> bool {
        self.record.locked && matches!(self.phase, Phase::Claiming(Claim::Looking))
    }

    /// What this rollout is begun for. One that another job began keeps its own.
    pub fn begun_for(&mut self, origin: Option<Origin>) {
        if self.record.origin.is_none() {
            self.record.origin = origin;
        }
    }

    /// The record is ours: to where it says that the rollout stood.
    pub(super) fn go_on(&mut self, from: GoOn, observation: &Observation) -> Effect {
        // While the hook before the release runs, it comes here at each reading; also while the sizes are being held again.
        let asking = Phase::Claiming(Claim::Asking);
        if self.phase == Phase::Claiming(Claim::Reading) {
            self.say(Happening::TakenOver);
            self.inherit_hook();
        }
        self.paused = false;
        if !matches!(self.phase, Phase::Claiming(Claim::Holding | Claim::Equipping)) {
            self.give_up = self.now + WRITE_LIMIT;
        }
        let (intent, verified) = (self.record().intent, self.record().verified);
        let at_rest = self.at_rest();
        if self.record().state == State::Promoted {
            return self.promoted();
        }
        if intent == at_rest && verified == at_rest {
            // A hook that fails restores the baseline: what somebody has set meanwhile is found before it is asked.
            if let Some(effect) = self.set_beforehand(observation) {
                return effect;
            }
            // Whether it had passed is not known.
            self.phase = asking;
            if let Some(effect) = self.hook(Point::BeforeRelease, 0, observation.hook.as_ref()) {
                return effect;
            }
            self.phase = Phase::Attaching;
            self.give_up = self.now + WRITE_LIMIT;
            return self.attach(observation);
        }
        let index = self.record().step;
        // Announced is all that the record may say of a step that was being judged already.
        self.judging.again = (from == GoOn::Here).then_some(index);
        // The data plane has had its time where somebody thought it over.
        let claiming = std::mem::replace(&mut self.phase, Phase::Stepping(index, StepStage::Reading));
        // What counts readings counts one an interval: these come one after the other.
        let hard = self.drifted(observation, &[intent, verified]).or_else(|| self.sides_down(observation));
        if let Some(effect) = hard.or_else(|| self.timed_out()) {
            return effect;
        }
        // A release that ended stuck has given all of it back, though its record may not say so.
        if claiming != asking && self.is_steered() && !self.restores() {
            return self.hold_again(&claiming);
        }
        if let Some(effect) = self.end_judged_hook() {
            self.phase = asking;
            return effect;
        }
        if let Some(effect) = self.checked(observation, &[intent, verified]) {
            return effect;
        }
        if intent != verified {
            return self.gate(index, observation);
        }
        self.say(Happening::StepBegun { index, share: intent.share() });
        self.say(Happening::Shifted { split: intent });
        match from {
            GoOn::Next => {
                self.say(Happening::StepPassed { index });
                self.looks_before(index + 1).unwrap_or_else(|| self.gate(index + 1, observation))
            }
            // Whether its bake had passed is not known: it is watched once more, from its settling on.
            GoOn::Here => {
                let until = self.now + self.settle_time();
                self.settling(index, until, observation)
            }
        }
    }

    /// The record was read to be ours, weights are out, and nothing is being moved: a rollout that is gone on with, as it is between two
    /// steps.
    pub(super) fn stands_still(&self, claim: Claim) -> bool {
        let (intent, verified) = (self.record().intent, self.record().verified);
        let is_ours = matches!(claim, Claim::Holding | Claim::Equipping | Claim::Asking) && self.resumed.is_some();
        is_ours && intent == verified && intent != self.at_rest() && self.record().state == State::Running
    }

    /// Before weights are moved on: stable's scaling is held again, and then the candidate's.
    fn hold_again(&mut self, claiming: &Phase) -> Effect {
        let (claim, steer) = if *claiming == Phase::Claiming(Claim::Equipping) {
            (Claim::Equipping, Steer::Equip)
        } else {
            (Claim::Holding, Steer::Hold)
        };
        self.phase = Phase::Claiming(claim);
        Effect::Steer(steer)
    }

    /// One of both is: on to the other, or to where the rollout stood.
    pub(super) fn held_again(&mut self, claim: Claim) -> Effect {
        self.give_up = self.now + WRITE_LIMIT;
        if claim == Claim::Holding {
            self.phase = Phase::Claiming(Claim::Equipping);
            return Effect::Steer(Steer::Equip);
        }
        self.phase = Phase::Claiming(Claim::Asking);
        Effect::Observe(None)
    }
}
