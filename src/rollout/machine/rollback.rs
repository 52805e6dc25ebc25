//! Back to the recorded baseline, from anywhere.

use std::time::Duration;

use super::{
    core::{Phase, RESTORE_LIMIT, Rollout},
    looking::Seen,
    retire::DRAIN_LIMIT,
    types::{Effect, Role, Steer},
};
use crate::{
    rollout::{
        journal::Happening,
        observation::{LiveAction, Observation},
        outcome::{OutcomeKind, Reason},
        record::State,
        split::Split,
    },
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rollback {
    pub(super) reason: Reason,
    pub(super) stage: Stage,
    /// A write that will be refused again, in words: one last reading decides.
    denied: Option<String>,
    /// It takes a running rollout over.
    pub(super) takeover: bool,
    /// The record says whose it is: its generation is raised.
    raised: bool,
    /// Until when restored weights are not trusted yet: a write that was given up may still land.
    guard: Option<Timestamp>,
    /// What was being written when it began: a late write, ours or of the job before, may still bring it.
    intent: Option<Split>,
    /// Somebody has moved the weights since they were back: they are left alone.
    pub(super) left: bool,
    /// A traffic target is gone: trying again does not bring it back.
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Whether the weights are still as another job has put them back.
    Revisiting,
    /// Whether somebody has moved the weights of what nobody looked after, and nobody has asked for.
    Comparing,
    /// Whether the side that is to get the traffic can take it: before an abort's first write, and before one is repeated.
    Looking,
    Writing,
    /// The record with its generation raised, after an abort's first write: traffic comes first, and what the old owner
    /// writes in between is found by the readings that follow.
    Raising,
    Recording,
    ScalingStable,
    /// The test rule is taken away.
    Untesting,
    /// Stable scales by itself again.
    GivingBack,
    Settling {
        until: Timestamp,
    },
    /// The candidate's own scaling is told to rest.
    Resting,
    Scaling,
    Draining {
        until: Timestamp,
    },
    Exact,
    /// Whatever is owed still.
    Releasing,
    Closing,
}

/// One write timeout: how late a write that was given up may still land (DESIGN §5).
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

impl Rollback {
    /// Takes a rollout over whose record announces `intent`: its job may still be at that write.
    pub(super) const fn taking_over(reason: Reason, intent: Split) -> Self {
        let intent = Some(intent);
        Self {
            reason,
            stage: Stage::Looking,
            denied: None,
            takeover: true,
            raised: false,
            guard: None,
            intent,
            left: false,
            gone: false,
        }
    }

    /// It reads before it writes.
    pub(super) const fn is_looking(&self) -> bool {
        matches!(self.stage, Stage::Looking)
    }

    /// Weights are being put back: nothing else is read until they are.
    pub(super) const fn is_restoring(&self) -> bool {
        matches!(self.stage, Stage::Writing | Stage::Raising | Stage::Exact)
    }

    /// Weights are not back yet, or nobody has read it.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Looking | Stage::Writing | Stage::Raising)
    }
}

impl Rollout {
    /// The decision to roll back: in the same tick, weights first. Before any action was written only the record is closed.
    pub(super) fn roll_back(&mut self, reason: Reason) -> Effect {
        // Rule 1: never from a side that serves to one that cannot.
        if let Some(Seen { stable: 0, candidate: candidate_healthy @ 1.., serves }) = self.seen
            && (serves || self.has_weight())
            && !self.force
        {
            self.say(Happening::Concern { what: format!("this would roll back: {reason}") });
            return self.stick_and_scale(Reason::StableDown { candidate_healthy });
        }
        self.say(Happening::RollingBack { reason: reason.clone() });
        self.give_up = self.now + RESTORE_LIMIT;
        self.refusals = 0;
        self.paused = false;
        let stage = if self.touched { Stage::Writing } else { Stage::Closing };
        let intent = Some(self.record().intent);
        // A held rollout that was only looked at has to be taken over.
        let takeover = self.phase == Phase::Watching;
        self.take_over_watched();
        self.phase = Phase::RollingBack(Rollback {
            reason,
            stage,
            denied: None,
            takeover,
            raised: !takeover,
            guard: None,
            intent,
            left: false,
            gone: false,
        });
        if self.touched {
            return Effect::Write(self.restoring());
        }
        // A record was sent and nobody has read it yet: as it stands, it would be carried out by the next sweep.
        if !self.owned && self.has_sent_its_record() {
            self.give_up = self.now;
            return Effect::ReadBack;
        }
        self.close_untouched()
    }

    pub(super) fn at(&mut self, mut rollback: Rollback, stage: Stage) {
        rollback.stage = stage;
        self.phase = Phase::RollingBack(rollback);
    }

    pub(super) fn rollback_acted(&mut self, rollback: Rollback) -> Effect {
        match rollback.stage {
            Stage::Writing if !rollback.raised => self.raise(rollback),
            Stage::Raising => {
                self.at(Rollback { raised: true, ..rollback }, Stage::Writing);
                Effect::ReadBack
            }
            Stage::Writing | Stage::Exact => Effect::ReadBack,
            Stage::Recording => {
                if self.stable_is_short(&rollback.reason) && self.stable_is_ours() && !self.hurried {
                    self.at(rollback, Stage::ScalingStable);
                    return Effect::Scale(Role::Stable, self.stable_count());
                }
                self.recorded(rollback)
            }
            Stage::ScalingStable => self.recorded(rollback),
            Stage::Untesting => {
                self.test_closed();
                self.recorded(rollback)
            }
            Stage::GivingBack => self.stable_given_back(rollback),
            Stage::Releasing => self.close(rollback),
            Stage::Resting => {
                self.at(rollback, Stage::Scaling);
                Effect::Scale(Role::Candidate, 0)
            }
            Stage::Scaling => {
                self.at(rollback, Stage::Draining { until: self.now + DRAIN_LIMIT });
                self.idle(None)
            }
            Stage::Closing => self.finish(OutcomeKind::RolledBack, rollback.reason),
            Stage::Revisiting | Stage::Comparing | Stage::Looking | Stage::Settling { .. } | Stage::Draining { .. } => {
                Effect::Observe(None)
            }
        }
    }

    fn raise(&mut self, rollback: Rollback) -> Effect {
        // Nothing was moved, or all of it is back already: whoever finds this record does not walk it on. At bootstrap the record does not
        // tell: what is at rest there is what is taken back (seed 160094504).
        let is_at_rest = [self.record().intent, self.record().verified] == [Split::STABLE; 2];
        if self.record().stable.is_some() && is_at_rest {
            self.record.state = State::RolledBack;
        }
        self.at(rollback, Stage::Raising);
        self.write_record()
    }

    pub(super) fn rollback_watched(&mut self, rollback: Rollback, observation: &Observation) -> Effect {
        if !rollback.is_restoring() {
            self.say_observed(observation);
        }
        let is_restored = match rollback.stage {
            Stage::Revisiting | Stage::Comparing | Stage::Looking | Stage::Raising | Stage::Closing => false,
            Stage::Writing => rollback.guard.is_some(),
            Stage::Recording
            | Stage::ScalingStable
            | Stage::Untesting
            | Stage::GivingBack
            | Stage::Settling { .. }
            | Stage::Resting
            | Stage::Scaling
            | Stage::Draining { .. }
            | Stage::Exact
            | Stage::Releasing => true,
        };
        if is_restored
            && !rollback.left
            && let Some(effect) = self.slipped(&rollback, observation)
        {
            return effect;
        }
        match rollback.stage {
            Stage::Revisiting => self.revisited(rollback, observation),
            Stage::Comparing => self.compared(rollback, observation),
            Stage::Looking => self.restore_unless_down(rollback, observation),
            Stage::Raising => self.raise(rollback),
            Stage::Writing => self.restored(rollback, observation),
            Stage::Recording => self.write_record(),
            Stage::ScalingStable => Effect::Scale(Role::Stable, self.stable_count()),
            Stage::Untesting => Effect::CloseTest,
            Stage::GivingBack => self.stable_given_back(rollback),
            Stage::Settling { until } => self.waiting_back(rollback, until, observation),
            Stage::Resting => Effect::Steer(Steer::Rest(Role::Candidate)),
            Stage::Scaling => Effect::Scale(Role::Candidate, 0),
            Stage::Draining { until } => self.drained(rollback, until, observation),
            Stage::Exact => self.exact(rollback, observation),
            Stage::Releasing => self.close(rollback),
            Stage::Closing => self.close_untouched(),
        }
    }

    /// What a tick reads: while weights are being put back, only whether they are.
    pub(super) fn look(&mut self) -> Effect {
        let restoring = matches!(&self.phase, Phase::RollingBack(rollback) if rollback.is_restoring());
        if restoring { Effect::ReadBack } else { Effect::Observe(self.question()) }
    }

    fn restored(&mut self, mut rollback: Rollback, observation: &Observation) -> Effect {
        let bootstrap = self.record().stable.is_none();
        if observation.actions.iter().all(|action| action.as_ref().is_some_and(|action| self.is_restored(action))) {
            self.paused = false;
            if !rollback.raised {
                return self.raise(rollback);
            }
            if rollback.guard.is_none() {
                if !bootstrap {
                    self.say(Happening::Shifted { split: Split::STABLE });
                }
                self.say(Happening::Restored);
            }
            // A write that was given up may still land: ours within its timeout, another owner's until its next tick.
            let ticks = if rollback.takeover && !self.hurried { self.longest_tick() } else { Duration::ZERO };
            let until = *rollback.guard.get_or_insert(self.now + WRITE_TIMEOUT + ticks);
            if self.now < until {
                self.phase = Phase::RollingBack(rollback);
                return Effect::WaitUntil(until.min(self.next_tick()));
            }
            self.record.intent = self.at_rest();
            self.record.verified = self.at_rest();
            self.record.state = State::RolledBack;
            self.at(rollback, Stage::Recording);
            return self.write_record();
        }
        // One that is gone never comes back, but it does not end the tries for the others.
        let others = observation.actions.iter().flatten().all(|action| self.is_restored(action)) || self.now >= self.give_up;
        let gone = observation.actions.iter().position(Option::is_none).filter(|_| others);
        let gone = gone.and_then(|gone| self.journal().release.traffic_targets.get(gone));
        let message = match (&rollback.denied, gone) {
            // Whatever is left was refused for good: one refusal that repeating helps makes the whole write one.
            (Some(message), _) => Some(message.clone()),
            (None, Some(target)) => Some(format!("{target} is gone")),
            (None, None) if self.now >= self.give_up => Some(self.not_shown("the traffic targets do not show the baseline")),
            (None, None) => None,
        };
        match message {
            Some(message) => self.not_restored(Rollback { gone: gone.is_some(), ..rollback }, message),
            None => {
                // It was back already: that it is not any more is news, and no reason to wait.
                self.paused |= rollback.guard.take().is_some();
                self.restore_again(rollback)
            }
        }
    }

    pub(super) fn is_restored(&self, action: &LiveAction) -> bool {
        action.is_baseline || (self.record().stable.is_some() && action.split == Some(Split::STABLE))
    }

    /// Weights that were restored and are not any more: a late write of the rollout's is undone again, anybody else's is left alone
    /// and keeps the candidate's tasks.
    fn slipped(&mut self, rollback: &Rollback, observation: &Observation) -> Option<Effect> {
        let moved =
            observation.actions.iter().position(|action| action.as_ref().is_some_and(|action| !self.is_restored(action)))?;
        let action = observation.actions.get(moved)?.as_ref()?;
        // The job before may have been at any step that its record has come to.
        if rollback.takeover && rollback.stage == Stage::Writing && action.split.is_some_and(|split| self.is_of_plan(split)) {
            return None;
        }
        if action.split.is_some() && action.split == rollback.intent {
            if rollback.stage != Stage::Writing {
                self.give_up = self.now + RESTORE_LIMIT;
            } else if self.now >= self.give_up {
                return Some(self.not_restored(rollback.clone(), "a split that was taken back keeps coming".to_owned()));
            }
            // They were back: that they are not any more is news, and no reason to wait.
            self.paused |= rollback.stage != Stage::Writing;
            return Some(self.restore_again(rollback.clone()));
        }
        let target = self.journal().release.traffic_targets.get(moved).cloned().unwrap_or_default();
        let expected = "what it was before the release".to_owned();
        Some(self.stick(Reason::Drifted { target, expected, found: action.shown.clone() }))
    }

    fn not_restored(&mut self, rollback: Rollback, message: String) -> Effect {
        self.record.unrestored = !rollback.gone;
        self.stick(Reason::NotRestored { message, cause: Box::new(rollback.reason) })
    }

    /// A refusal that repeating does not help. Before the weights are back one last reading decides; afterwards traffic
    /// is good, and what is left over is said.
    pub(super) fn rollback_refused(&mut self, mut rollback: Rollback, reason: Reason) -> Effect {
        let message = if let Reason::Refused { message, .. } = &reason { message.clone() } else { reason.to_string() };
        match rollback.stage {
            Stage::Comparing => self.compared_enough(rollback),
            Stage::Revisiting | Stage::Looking => self.restore_now(rollback),
            // The record is only a courtesy to later jobs: the weights come first.
            Stage::Raising => {
                self.at(Rollback { raised: true, ..rollback }, Stage::Writing);
                Effect::ReadBack
            }
            Stage::Writing if rollback.denied.is_some() => self.not_restored(rollback, message),
            Stage::Writing => {
                rollback.denied = Some(message);
                self.phase = Phase::RollingBack(rollback);
                Effect::ReadBack
            }
            Stage::Closing => self.finish(OutcomeKind::RolledBack, rollback.reason),
            Stage::Recording | Stage::ScalingStable => {
                self.say(Happening::Concern { what: reason.to_string() });
                self.recorded(rollback)
            }
            Stage::Untesting => {
                self.test_left(&reason);
                self.recorded(rollback)
            }
            Stage::GivingBack | Stage::Releasing => {
                self.say(Happening::Concern { what: reason.to_string() });
                self.rollback_acted(rollback)
            }
            Stage::Settling { .. } | Stage::Resting | Stage::Scaling | Stage::Draining { .. } | Stage::Exact => {
                self.say(Happening::Concern { what: reason.to_string() });
                self.close(rollback)
            }
        }
    }

    /// A signal while it rolls back: the weights first, then the record, and nothing more.
    pub(super) fn hurry_back(&mut self, rollback: Rollback) -> Effect {
        if rollback.stage == Stage::Comparing {
            self.give_up = self.now + WRITE_TIMEOUT;
            return Effect::ReadBack;
        }
        // Stable has nothing left, and what the candidate has is being read: that decides (rule 1), or else that it cannot be read.
        if rollback.is_looking() && self.is_stable_down() && !self.force {
            self.give_up = self.give_up.min(self.now + WRITE_TIMEOUT);
            return Effect::Observe(None);
        }
        if rollback.is_open() {
            return self.restore_now(rollback);
        }
        if matches!(rollback.stage, Stage::Releasing | Stage::Closing) {
            return self.close(rollback);
        }
        self.at(rollback, Stage::Recording);
        self.write_record()
    }
}
