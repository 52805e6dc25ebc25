//! After the weights are back: the record, the candidate's tasks, the exact baseline.

use super::{
    core::{Phase, RESTORE_LIMIT, Rollout},
    rollback::{Rollback, Stage},
    types::{Desired, Effect, Role},
};
use crate::{
    rollout::{journal::Happening, observation::Observation, outcome::OutcomeKind, record::State},
    time::Timestamp,
};

impl Rollout {
    /// Weights are back and recorded: stop the candidate's tasks, unless the job is being killed.
    pub(super) fn recorded(&mut self, rollback: Rollback) -> Effect {
        if self.hurried {
            if self.record().candidate.ecs_service.is_some() {
                let what =
                    "the job is ending: the candidate's tasks still run, at weight 0; `espalier abort` stops them".to_owned();
                self.say(Happening::Note { what });
            }
            return self.finish(OutcomeKind::RolledBack, rollback.reason);
        }
        let until = self.now + self.record().plan.settle;
        self.at(rollback, Stage::Settling { until });
        self.idle(Some(until))
    }

    /// The candidate's tasks are stopped only after the data plane has had the time to follow.
    pub(super) fn scale_down(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        let Some(ecs_service) = self.record().candidate.ecs_service.clone() else {
            return self.exact(rollback, observation);
        };
        self.say(Happening::Retiring { ecs_service });
        self.give_up = self.now + RESTORE_LIMIT;
        self.at(rollback, Stage::Scaling);
        Effect::Scale(Role::Candidate, 0)
    }

    pub(super) fn drained(&mut self, rollback: Rollback, until: Timestamp, observation: &Observation) -> Effect {
        if observation.candidate.is_empty() {
            let ecs_service = self.record().candidate.ecs_service.clone().unwrap_or_default();
            self.say(Happening::Retired { ecs_service });
            return self.exact(rollback, observation);
        }
        if self.now >= until {
            let what = "the candidate's targets are still draining: its group stays listed at weight 0".to_owned();
            self.say(Happening::Concern { what });
            self.at(rollback, Stage::Closing);
            return self.close_rolled_back();
        }
        self.idle(Some(until))
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
            self.at(rollback, Stage::Closing);
            return self.close_rolled_back();
        }
        let first = rollback.stage != Stage::Exact;
        self.at(rollback, Stage::Exact);
        if first { Effect::Write(Desired::Baseline) } else { self.again(Desired::Baseline) }
    }

    pub(super) fn close_rolled_back(&mut self) -> Effect {
        if !self.owned
            && let Phase::RollingBack(rollback) = &self.phase
        {
            let reason = rollback.reason.clone();
            return self.finish(OutcomeKind::RolledBack, reason);
        }
        self.record.state = State::Closed;
        self.record.intent = self.at_rest();
        self.record.verified = self.at_rest();
        self.write_record()
    }
}
