//! After a rollback's weights are back and recorded: scaling is given back, and the candidate's tasks are stopped.

use super::{
    core::{Phase, RESTORE_LIMIT, Rollout, WRITE_LIMIT},
    rollback::{Rollback, Stage},
    types::{Desired, Effect, Role, Steer},
};
use crate::{
    rollout::{
        hooks::Point,
        journal::Happening,
        observation::Observation,
        outcome::{OutcomeKind, Reason},
        record::State,
    },
    time::Timestamp,
};

impl Rollout {
    /// Weights are back and recorded: stable's scaling is given back.
    pub(super) fn recorded(&mut self, rollback: Rollback) -> Effect {
        self.give_up = self.now + WRITE_LIMIT;
        if self.is_test_open() {
            self.at(rollback, Stage::Untesting);
            return Effect::CloseTest;
        }
        if self.has_undone_nothing() { self.close(rollback) } else { self.stable_given_back(rollback) }
    }

    /// It was asked to go back from a release that had ended, and has not begun to.
    fn has_undone_nothing(&self) -> bool {
        self.owned && self.restores() && !self.touched
    }

    pub(super) fn stable_given_back(&mut self, rollback: Rollback) -> Effect {
        self.at(rollback.clone(), Stage::GivingBack);
        self.give_back(Role::Stable).unwrap_or_else(|| self.given_back(rollback))
    }

    /// Stop the candidate's tasks, unless the job is being killed.
    fn given_back(&mut self, rollback: Rollback) -> Effect {
        if self.hurried {
            if self.record().candidate.ecs_service.is_some() {
                let what =
                    "the job is ending: the candidate's tasks still run, at weight 0; `espalier abort` stops them".to_owned();
                self.say(Happening::Note { what });
            }
            return self.finish(OutcomeKind::RolledBack, rollback.reason);
        }
        let until = self.now + self.record().plan.settle;
        self.give_up = until + RESTORE_LIMIT;
        if rollback.takeover {
            self.inherit_hook();
        }
        self.at(rollback, Stage::Settling { until });
        self.hook(Point::OnRollback, 0, None).unwrap_or_else(|| self.idle(Some(until)))
    }

    /// The hook, and the data plane's time to follow, whichever takes longer.
    pub(super) fn waiting_back(&mut self, rollback: Rollback, until: Timestamp, observation: &Observation) -> Effect {
        match self.hook(Point::OnRollback, 0, observation.hook.as_ref()) {
            Some(effect) => {
                self.give_up = self.now + RESTORE_LIMIT;
                effect
            }
            None if self.now < until => self.idle(Some(until)),
            None => self.scale_down(rollback, observation),
        }
    }

    /// The candidate's tasks are stopped only after the data plane has had the time to follow.
    pub(super) fn scale_down(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        let Some(ecs_service) = self.record().candidate.ecs_service.clone() else {
            return self.exact(rollback, observation);
        };
        // One that never came to be has no tasks to stop, as far as was read; it is asked to have none all the same.
        if observation.candidate.tasks.is_some() {
            self.say(Happening::Retiring { ecs_service });
        }
        self.give_up = self.now + RESTORE_LIMIT;
        if self.steers(Role::Candidate) {
            self.at(rollback, Stage::Resting);
            return Effect::Steer(Steer::Rest(Role::Candidate));
        }
        self.at(rollback, Stage::Scaling);
        Effect::Scale(Role::Candidate, 0)
    }

    pub(super) fn drained(&mut self, rollback: Rollback, until: Timestamp, observation: &Observation) -> Effect {
        if observation.candidate.is_empty() {
            let ecs_service = self.record().candidate.ecs_service.clone().unwrap_or_default();
            if observation.candidate.tasks.is_some() {
                self.say(Happening::Retired { ecs_service });
            }
            return self.exact(rollback, observation);
        }
        if self.now >= until {
            let what = "the candidate's targets are still draining: its group stays listed at weight 0".to_owned();
            self.say(Happening::Concern { what });
            return self.close(rollback);
        }
        self.idle(Some(until))
    }

    /// Nothing is left to do but to give back what is still owed, and to close the record.
    pub(super) fn close(&mut self, rollback: Rollback) -> Effect {
        if rollback.stage != Stage::Releasing {
            self.give_up = self.now + WRITE_LIMIT;
        }
        self.at(rollback.clone(), Stage::Releasing);
        self.give_all_back().unwrap_or_else(|| {
            self.at(rollback, Stage::Closing);
            self.close_rolled_back()
        })
    }

    pub(super) fn exact(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        if rollback.stage != Stage::Exact {
            self.give_up = self.now + RESTORE_LIMIT;
        }
        let exact = observation.actions.iter().flatten().all(|action| action.is_baseline);
        if exact || self.now >= self.give_up {
            if !exact {
                let what = "the candidate's group stays listed at weight 0: the exact baseline could not be written".to_owned();
                self.say(Happening::Concern { what });
            }
            return self.close(rollback);
        }
        let first = rollback.stage != Stage::Exact;
        self.at(rollback, Stage::Exact);
        if first { Effect::Write(Desired::Baseline) } else { self.again(Desired::Baseline) }
    }

    /// What the release before still owed, its test rule (seed 730074720) and scaling, goes with the record of a rollback that did nothing.
    pub(super) fn close_untouched(&mut self) -> Effect {
        if let Phase::RollingBack(rollback) = &self.phase
            && self.has_undone_nothing()
        {
            return self.recorded(rollback.clone());
        }
        self.close_rolled_back()
    }

    pub(super) fn close_rolled_back(&mut self) -> Effect {
        if !self.owned
            && let Phase::RollingBack(rollback) = &self.phase
        {
            let reason = rollback.reason.clone();
            return self.finish(OutcomeKind::RolledBack, reason);
        }
        if !self.touched {
            self.nothing_was_held();
        }
        self.record.state = if self.steering.later { State::RolledBack } else { State::Closed };
        self.record.intent = self.at_rest();
        self.record.verified = self.at_rest();
        self.write_record()
    }

    /// Argo 1: a rollback is not held back because stable lacks tasks: weights first, then stable is brought to its size, also where
    /// nobody looked whether it has them.
    pub(super) fn stable_is_short(&self, reason: &Reason) -> bool {
        matches!(reason, Reason::StableShort { .. }) || self.seen.is_none_or(|seen| seen.stable < self.stable_count())
    }
}
