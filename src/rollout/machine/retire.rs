//! After the promotion: the old slot's tasks are stopped. Promotion is final; nothing here changes the outcome.

use std::time::Duration;

use super::{
    core::{Phase, RENEWAL, Rollout, WRITE_LIMIT},
    types::{Effect, Role},
};
use crate::{
    rollout::{
        hooks::Point,
        journal::Happening,
        observation::{Observation, Side},
        outcome::Reason,
        record::State,
        split::Split,
    },
    time::Timestamp,
};

/// How long targets may take to drain. Lattice drains for one to five minutes (VPC Lattice User Guide, "Deregister targets").
pub(super) const DRAIN_LIMIT: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retire {
    /// The test rule is taken away.
    Untesting,
    /// The hook after the promotion.
    Announcing,
    Waiting {
        until: Timestamp,
    },
    Scaling,
    Draining {
        until: Timestamp,
    },
    Closing,
}

impl Rollout {
    /// The promotion is recorded: final.
    pub(super) fn promoted(&mut self) -> Effect {
        self.say(Happening::Promoted);
        if self.is_test_open() {
            self.phase = Phase::Retiring(Retire::Untesting);
            self.give_up = self.now + WRITE_LIMIT;
            return Effect::CloseTest;
        }
        self.after_promotion()
    }

    fn after_promotion(&mut self) -> Effect {
        if self.hurried {
            return self.finish_promoted();
        }
        if self.has_hook(Point::AfterPromote) {
            self.phase = Phase::Retiring(Retire::Announcing);
            self.give_up = self.now + DRAIN_LIMIT;
            return Effect::Observe;
        }
        self.begin_retiring()
    }

    fn begin_retiring(&mut self) -> Effect {
        let old = self.record().stable.as_ref().and_then(|stable| stable.ecs_service.as_ref());
        match (old, self.record().plan.retire_after) {
            (Some(_), Some(after)) => {
                let until = self.now + after.max(self.record().plan.settle);
                self.phase = Phase::Retiring(Retire::Waiting { until });
                self.give_up = until + DRAIN_LIMIT;
                self.patient(until)
            }
            (None, _) | (_, None) => self.close_retired(),
        }
    }

    /// Waits without reading more often than the lease asks for: nothing is decided until then.
    fn patient(&self, until: Timestamp) -> Effect {
        Effect::WaitUntil(until.min(self.now + RENEWAL))
    }

    pub(super) fn retire_watched(&mut self, retire: Retire, observation: &Observation) -> Effect {
        match retire {
            Retire::Untesting => Effect::CloseTest,
            Retire::Announcing => {
                self.give_up = self.now + DRAIN_LIMIT;
                let hook = self.hook(Point::AfterPromote, 0, observation.hook.as_ref());
                hook.unwrap_or_else(|| self.begin_retiring())
            }
            Retire::Waiting { until } if self.now < until => {
                let effect = self.idle(Some(until));
                if matches!(effect, Effect::WaitUntil(_)) { self.patient(until) } else { effect }
            }
            Retire::Waiting { .. } | Retire::Scaling => {
                let idle = observation.actions.iter().flatten().all(|action| action.split == Some(Split::CANDIDATE));
                if !idle || observation.candidate.healthy == 0 {
                    let what = "the traffic targets changed since the promotion: the old slot keeps its tasks".to_owned();
                    self.say(Happening::Concern { what });
                    return self.close_retired();
                }
                if retire != Retire::Scaling {
                    self.give_up = self.now + WRITE_LIMIT;
                    let ecs_service = self.old_service();
                    self.say(Happening::Retiring { ecs_service });
                }
                self.phase = Phase::Retiring(Retire::Scaling);
                Effect::Scale(Role::Stable, 0)
            }
            Retire::Draining { until } => {
                if observation.stable.as_ref().is_none_or(Side::is_empty) {
                    let ecs_service = self.old_service();
                    self.say(Happening::Retired { ecs_service });
                    return self.close_retired();
                }
                if self.now >= until {
                    let what = "the old slot's targets are still draining: they are left to it".to_owned();
                    self.say(Happening::Concern { what });
                    return self.close_retired();
                }
                self.idle(Some(until))
            }
            Retire::Closing => self.write_record(),
        }
    }

    pub(super) fn retire_acted(&mut self, retire: Retire) -> Effect {
        if retire == Retire::Closing {
            return self.finish_promoted();
        }
        if retire == Retire::Untesting {
            self.test_closed();
            return self.after_promotion();
        }
        self.give_up = self.now + DRAIN_LIMIT;
        self.phase = Phase::Retiring(Retire::Draining { until: self.give_up });
        self.idle(None)
    }

    pub(super) fn retire_refused(&mut self, reason: &Reason) -> Effect {
        if self.phase == Phase::Retiring(Retire::Untesting) {
            self.test_left(reason);
            return self.after_promotion();
        }
        self.say(Happening::Concern { what: reason.to_string() });
        if self.phase == Phase::Retiring(Retire::Closing) { self.finish_promoted() } else { self.close_retired() }
    }

    fn close_retired(&mut self) -> Effect {
        self.phase = Phase::Retiring(Retire::Closing);
        self.give_up = self.now + WRITE_LIMIT;
        self.record.state = State::Closed;
        self.write_record()
    }

    fn old_service(&self) -> String {
        self.record().stable.as_ref().and_then(|stable| stable.ecs_service.clone()).unwrap_or_default()
    }
}
