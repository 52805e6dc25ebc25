//! Making the record ours: written, waited for, read back (DESIGN §5 "Leases").

use super::{
    core::{CLAIM_WAIT, Phase, Rollout, WRITE_LIMIT},
    types::Effect,
};
use crate::rollout::{
    hooks::Point,
    journal::Happening,
    observation::{Lease, Observation},
    outcome::Reason,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Looking,
    Recording,
    Reading,
    /// Gone on with: stable is kept from shrinking again, and the candidate gets its scaling again.
    Holding,
    Equipping,
    /// The hook before the release.
    Asking,
}

impl Rollout {
    pub(super) fn claim_acted(&mut self, claim: Claim) -> Effect {
        if matches!(claim, Claim::Holding | Claim::Equipping) {
            return self.held_again(claim);
        }
        self.phase = Phase::Claiming(Claim::Reading);
        // A rollback takes over by its generation and must not lose two seconds, unless what it reads may not hold for so long.
        if self.restores() && self.resumed.is_none() && !self.contested {
            Effect::Observe(None)
        } else {
            Effect::WaitUntil(self.now + CLAIM_WAIT)
        }
    }

    pub(super) fn claim_read(&mut self, observation: &Observation) -> Effect {
        // Not written yet, or gone again before it was read back.
        let asking = Phase::Claiming(Claim::Asking);
        if matches!(self.phase, Phase::Claiming(Claim::Looking | Claim::Recording)) || observation.lease != Lease::Ours {
            // It was ours already: somebody has removed it since.
            if matches!(self.phase, Phase::Claiming(Claim::Holding | Claim::Equipping | Claim::Asking)) {
                self.give_up = self.now + WRITE_LIMIT;
            }
            if self.now >= self.give_up {
                let message = "it does not stay where it was written".to_owned();
                return self.unclaimed(Reason::Refused { doing: self.doing(), message });
            }
            self.phase = Phase::Claiming(Claim::Recording);
            return self.write_record();
        }
        if let Some(from) = self.resumed {
            return self.go_on(from, observation);
        }
        for (index, action) in observation.actions.iter().enumerate() {
            let target = self.journal().release.traffic_targets.get(index).cloned().unwrap_or_default();
            match action {
                None => return self.declined(Reason::TargetGone { target }),
                Some(action) if !action.is_baseline => {
                    let expected = "what it was when the release began".to_owned();
                    return self.declined(Reason::Drifted { target, expected, found: action.shown.clone() });
                }
                Some(_) => {}
            }
        }
        if self.phase != asking {
            self.say(Happening::Claimed);
            // What the jobs before left at work is ended before anything of this one begins.
            if !self.record.unended.is_empty() {
                self.inherit_hook();
            }
        }
        self.give_up = self.now + WRITE_LIMIT;
        self.phase = asking;
        if let Some(effect) = self.hook(Point::BeforeRelease, 0, observation.hook.as_ref()) {
            return effect;
        }
        self.phase = Phase::Attaching;
        self.attach(observation)
    }
}
