//! After the promotion: the old slot's tasks are stopped. Promotion is final; nothing here changes the outcome.

use std::time::Duration;

use super::{
    core::{Phase, RENEWAL, Rollout, WRITE_LIMIT},
    rollback::WRITE_TIMEOUT,
    types::{Effect, Role, Steer},
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
    /// The new stable side scales by itself again.
    Freeing,
    /// The hook after the promotion.
    Announcing,
    Waiting {
        until: Timestamp,
    },
    /// The old slot's own scaling is told to rest.
    Resting,
    Scaling,
    /// That was given up, and may take effect yet: whoever goes on finds the tasks as they will be.
    Lingering {
        until: Timestamp,
    },
    Draining {
        until: Timestamp,
    },
    /// The old slot keeps its tasks, and scales by itself again.
    GivingBack,
    Closing,
    /// The weights were moved since the promotion: who did it writes its record next, and that is not written over.
    Doubting {
        until: Timestamp,
    },
}

/// Every traffic target sends everything to the candidate. One that is gone may have been made anew, with whatever was configured.
fn is_all_on_candidate(observation: &Observation) -> bool {
    observation.actions.iter().all(|action| action.as_ref().is_some_and(|action| action.split == Some(Split::CANDIDATE)))
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
        self.phase = Phase::Retiring(Retire::Freeing);
        self.give_up = self.now + WRITE_LIMIT;
        self.give_back(Role::Candidate).unwrap_or_else(|| self.freed())
    }

    fn freed(&mut self) -> Effect {
        if self.hurried {
            return self.give_old_slot_back();
        }
        if self.has_hook(Point::AfterPromote) {
            self.phase = Phase::Retiring(Retire::Announcing);
            self.give_up = self.now + DRAIN_LIMIT;
            return Effect::Observe(None);
        }
        self.begin_retiring()
    }

    fn begin_retiring(&mut self) -> Effect {
        // By the record: another job may have gone on since.
        let Some(due) = self.record().retires_at() else { return self.give_old_slot_back() };
        let until = self.now + due.since(self.aws_now());
        self.phase = Phase::Retiring(Retire::Waiting { until });
        self.give_up = until + DRAIN_LIMIT;
        if until > self.now { self.patient(until) } else { Effect::Observe(None) }
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
            Retire::Waiting { until } | Retire::Lingering { until } if self.now < until => self.idle(Some(until)),
            Retire::Waiting { .. } | Retire::Resting | Retire::Scaling => {
                let moved = !is_all_on_candidate(observation);
                let candidate = &observation.candidate;
                let needed = self.record().plan.health.min_healthy.of(candidate.running().min(candidate.settled())).max(1);
                if moved || candidate.healthy < needed {
                    let what = if moved {
                        "the traffic targets changed since the promotion: the old slot keeps its tasks".to_owned()
                    } else {
                        let which = if candidate.healthy == 0 { "no healthy target" } else { "too few healthy targets" };
                        format!(
                            "what was promoted has {which}: the old slot keeps its tasks, and `espalier rollback` goes back to it"
                        )
                    };
                    self.say(Happening::Concern { what });
                    return self.give_old_slot_back();
                }
                if retire == Retire::Scaling {
                    return Effect::Scale(Role::Stable, 0);
                }
                if retire != Retire::Resting {
                    self.give_up = self.now + WRITE_LIMIT;
                    let ecs_service = self.old_service();
                    self.say(Happening::Retiring { ecs_service });
                }
                if self.steers(Role::Stable) {
                    self.phase = Phase::Retiring(Retire::Resting);
                    return Effect::Steer(Steer::Rest(Role::Stable));
                }
                self.rested()
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
            Retire::Freeing => self.give_back(Role::Candidate).unwrap_or_else(|| self.freed()),
            Retire::Lingering { .. } | Retire::GivingBack => self.give_old_slot_back(),
            Retire::Closing if !self.hurried && !is_all_on_candidate(observation) => {
                let what = "the traffic targets changed since the promotion: somebody else moved them".to_owned();
                self.say(Happening::Concern { what });
                let until = self.next_tick();
                self.give_up = until + WRITE_LIMIT;
                self.phase = Phase::Retiring(Retire::Doubting { until });
                self.idle(Some(until))
            }
            Retire::Doubting { until } if self.now < until && !self.hurried => self.idle(Some(until)),
            Retire::Closing | Retire::Doubting { .. } => {
                self.phase = Phase::Retiring(Retire::Closing);
                self.write_record()
            }
        }
    }

    fn rested(&mut self) -> Effect {
        self.give_up = self.now + WRITE_LIMIT;
        self.phase = Phase::Retiring(Retire::Scaling);
        Effect::Scale(Role::Stable, 0)
    }

    /// The old slot keeps its tasks: nothing is left to do but to give its scaling back.
    pub(super) fn give_old_slot_back(&mut self) -> Effect {
        if self.phase != Phase::Retiring(Retire::GivingBack) {
            self.phase = Phase::Retiring(Retire::GivingBack);
            self.give_up = self.now + WRITE_LIMIT;
        }
        self.give_all_back().unwrap_or_else(|| self.close_retired())
    }

    pub(super) fn retire_acted(&mut self, retire: Retire) -> Effect {
        match retire {
            Retire::Closing => return self.finish_promoted(),
            Retire::Untesting => {
                self.test_closed();
                return self.after_promotion();
            }
            Retire::Freeing => return self.freed(),
            // Whose it is by now is read before the tasks are stopped.
            Retire::Resting => {
                self.give_up = self.now + WRITE_LIMIT;
                self.phase = Phase::Retiring(Retire::Scaling);
                return Effect::Observe(None);
            }
            Retire::GivingBack => return self.give_old_slot_back(),
            Retire::Lingering { until } | Retire::Doubting { until } => return self.idle(Some(until)),
            Retire::Scaling => self.settle(Role::Stable),
            Retire::Announcing | Retire::Waiting { .. } | Retire::Draining { .. } => {}
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
        if matches!(self.phase, Phase::Retiring(Retire::Closing | Retire::Doubting { .. })) {
            return self.finish_promoted();
        }
        if self.phase == Phase::Retiring(Retire::Scaling) && !self.hurried {
            let until = self.now + WRITE_TIMEOUT;
            self.give_up = until + WRITE_LIMIT;
            self.phase = Phase::Retiring(Retire::Lingering { until });
            return Effect::WaitUntil(until);
        }
        self.give_old_slot_back()
    }

    fn close_retired(&mut self) -> Effect {
        self.phase = Phase::Retiring(Retire::Closing);
        // The lease ends with a job that is being killed; what is left to retire is the next one's.
        if self.hurried {
            self.give_up = self.now;
            return self.write_record();
        }
        // An abort may have taken over since the last reading: its record is not written over.
        self.give_up = self.now + WRITE_LIMIT;
        if !self.steering.later {
            self.record.state = State::Closed;
        }
        Effect::ReadBack
    }

    fn old_service(&self) -> String {
        self.record().stable.as_ref().and_then(|stable| stable.ecs_service.clone()).unwrap_or_default()
    }
}
