//! What a rollback looks at before it writes, where no reading of this tick says that stable can take what it gets (DESIGN §5 rule 1):
//! before an abort's first write, and before a write is repeated, since stable may have died meanwhile. It costs one call, and a
//! reading that fails does not stand in the way, unless one before it saw stable down.
//!
//! What nobody has asked for (a sweep, `recover`, a resumed rollback) is compared with its record before that (rule 3): there a reading that
//! fails is repeated for as long as a write would be.

use super::{
    core::{Phase, RESTORE_LIMIT, Rollout, WRITE_LIMIT},
    rollback::{Rollback, Stage},
    types::{Effect, Role},
};
use crate::rollout::{
    journal::Happening,
    observation::{LiveAction, Observation},
    outcome::Reason,
    plan::OnDrift,
    record::State,
    split::Split,
};

/// How both sides were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// How many targets of stable and of the candidate were healthy.
    pub(super) stable: u32,
    pub(super) candidate: u32,
    /// The candidate had weight, whoever gave it.
    pub(super) serves: bool,
}

impl Rollout {
    pub(super) fn begin_takeover(&mut self) -> Effect {
        self.give_up = self.now + RESTORE_LIMIT;
        let Phase::RollingBack(rollback) = self.phase.clone() else { return self.look() };
        self.say(Happening::RollingBack { reason: rollback.reason.clone() });
        // They were put back, and read back: what is not so any more is somebody's.
        if self.record().state == State::RolledBack && !self.force {
            self.at(rollback, Stage::Revisiting);
            self.give_up = self.now + WRITE_LIMIT;
            return Effect::ReadBack;
        }
        // Whoever asks for it asks for it as things are, and a job that is being killed has looked a moment ago.
        if !matches!(rollback.reason, Reason::Aborted { .. }) && !self.hurried {
            self.at(rollback, Stage::Comparing);
            self.give_up = self.now + WRITE_LIMIT;
            return Effect::ReadBack;
        }
        self.look_at_stable()
    }

    /// Nobody has looked since the job before it was gone: a split that neither a step which its record has come to nor the baseline accounts
    /// for is drift (rule 3).
    pub(super) fn compared(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        let is_ours = |action: &LiveAction| self.is_restored(action) || action.split.is_some_and(|split| self.is_of_plan(split));
        let place = observation.actions.iter().position(|action| action.as_ref().is_some_and(|action| !is_ours(action)));
        if let Some(place) = place.filter(|_| self.record().plan.on_drift == OnDrift::Stop) {
            return self.stick(self.drift(place, observation, self.record().intent));
        }
        self.compared_enough(rollback)
    }

    /// It was looked at, or cannot be: that it was not does not keep traffic from where it belongs for ever.
    pub(super) fn compared_enough(&mut self, rollback: Rollback) -> Effect {
        self.give_up = self.now + RESTORE_LIMIT;
        self.at(rollback, Stage::Looking);
        self.look_at_stable()
    }

    /// What another job has put back was looked at again. Somebody may have moved it since (rule 3): then it stays, and the candidate
    /// keeps its tasks.
    pub(super) fn revisited(&mut self, mut rollback: Rollback, observation: &Observation) -> Effect {
        if observation.actions.iter().flatten().all(|action| self.is_restored(action)) {
            return self.compared_enough(rollback);
        }
        let what =
            "the traffic targets changed since it was rolled back: they stay as they are, and the candidate keeps its tasks";
        self.say(Happening::Concern { what: what.to_owned() });
        rollback.left = true;
        self.close(rollback)
    }

    /// A split that a job on this rollout may have written: its record goes before its weights.
    pub(super) fn is_of_plan(&self, split: Split) -> bool {
        let record = self.record();
        let steps = || record.plan.steps.iter().take(record.step + 1).filter_map(|step| Split::for_share(step.share).ok());
        split == record.intent || split == record.verified || steps().any(|step| step == split)
    }

    /// Rule 1: never to a side that cannot take it. At bootstrap there is none; `force` does not ask.
    fn look_at_stable(&mut self) -> Effect {
        if self.record().stable.is_some() && !self.force {
            return Effect::CountHealthy(Role::Stable);
        }
        self.restore_at_once()
    }

    /// How many of stable's targets are healthy.
    pub(super) fn counted(&mut self, healthy: u32) -> Effect {
        self.seen = Some(Seen { stable: healthy, candidate: 0, serves: false });
        // With none, what the candidate has decides.
        if healthy == 0 { Effect::Observe(None) } else { self.restore_at_once() }
    }

    /// Stable was seen without any healthy target.
    pub(super) fn is_stable_down(&self) -> bool {
        self.seen.is_some_and(|seen| seen.stable == 0)
    }

    fn restore_at_once(&mut self) -> Effect {
        let Phase::RollingBack(rollback) = self.phase.clone() else { return self.look() };
        self.restore_now(rollback)
    }

    /// Stable had no healthy target: weight must not go to it while the candidate serves (rule 1).
    pub(super) fn restore_unless_down(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        let stable_down = observation.stable.as_ref().is_some_and(|stable| stable.healthy == 0);
        let serving = observation.actions.iter().flatten().any(|action| action.split.is_some_and(|split| split.candidate > 0));
        if stable_down && serving && observation.candidate.healthy > 0 && !self.force {
            return self.stick_and_scale(Reason::StableDown { candidate_healthy: observation.candidate.healthy });
        }
        self.restore_now(rollback)
    }

    pub(super) fn restore_now(&mut self, rollback: Rollback) -> Effect {
        self.at(rollback, Stage::Writing);
        Effect::Write(self.restoring())
    }

    /// A write of the weights is repeated, after a pause and after another look. A job that is being killed has no time for a second
    /// one: its last reading is seconds old.
    pub(super) fn restore_again(&mut self, rollback: Rollback) -> Effect {
        self.at(rollback.clone(), Stage::Writing);
        if !self.paused {
            let desired = self.restoring();
            return self.again(desired);
        }
        self.paused = false;
        if self.record().stable.is_none() || self.force || self.hurried {
            return self.restore_now(rollback);
        }
        self.at(rollback, Stage::Looking);
        Effect::CountHealthy(Role::Stable)
    }
}
