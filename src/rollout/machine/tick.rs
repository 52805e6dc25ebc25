//! What every tick needs: readings that fail, waits and leases, and the small questions that all phases ask.

use std::time::Duration;

use super::{
    claim::Claim,
    core::{LEASE, Pending, Phase, RENEWAL, Rollout},
    looking::Seen,
    release::StepStage,
    retire::Retire,
    rollback::Stage,
    types::{Desired, Effect, Ending},
};
use crate::{
    rollout::{
        journal::{Entry, Happening},
        observation::{LiveAction, Observation, Refusal, RefusalKind, Side},
        outcome::Reason,
        record::State,
        split::{Share, Split},
    },
    time::Timestamp,
};

/// What a reading and a record may take where AWS is slow.
const SLOW: Duration = Duration::from_secs(5);

impl Rollout {
    /// A reading failed: nothing is decided from it, but time goes on.
    pub(super) fn blind(&mut self, refusal: Refusal) -> Effect {
        let reason = Reason::Refused { doing: "reading the state of the rollout".to_owned(), message: refusal.message.clone() };
        let permanent = refusal.kind == RefusalKind::Permanent;
        self.say(Happening::Retrying { doing: "reading the state of the rollout".to_owned(), message: refusal.message });
        self.forget_observed_time();
        match self.phase.clone() {
            // It is ours, and weights are out: as between two looks at a step.
            Phase::Claiming(Claim::Holding | Claim::Equipping | Claim::Asking) if self.resumed.is_some() && self.has_weight() => {
                if permanent {
                    self.roll_back(reason)
                } else if self.aws_now() >= self.record.deadline() {
                    self.roll_back(self.late())
                } else {
                    Effect::WaitUntil(self.next_tick())
                }
            }
            Phase::Claiming(_) if self.resumed.is_some() && (permanent || self.now >= self.give_up) => self.unclaimed(reason),
            // What cannot be looked at is left as it is; the next sweep looks again.
            Phase::Watching if permanent || self.now >= self.give_up => self.held(),
            Phase::Claiming(_) | Phase::Attaching if permanent || self.now >= self.give_up => {
                if self.touched {
                    self.roll_back(reason)
                } else {
                    self.untouched(reason)
                }
            }
            // What nobody has asked for is not in such a hurry: it is read again before it is done unread.
            Phase::RollingBack(rollback) if rollback.stage == Stage::Comparing && (permanent || self.now >= self.give_up) => {
                self.compared_enough(rollback)
            }
            // They were put back and read back once: what cannot be looked at is left to the next sweep.
            Phase::RollingBack(rollback) if rollback.stage == Stage::Revisiting && (permanent || self.now >= self.give_up) => {
                self.left(Ending::Untouched(reason))
            }
            // Asked to restore, and nothing says that it would harm: a reading that fails does not stand in the way.
            Phase::RollingBack(rollback) if rollback.is_looking() && !self.is_stable_down() => self.restore_now(rollback),
            // It would, unless the candidate has no healthy target either, which nobody can tell.
            Phase::RollingBack(rollback) if rollback.is_looking() && (permanent || self.now >= self.give_up) => {
                self.stick_and_scale(reason)
            }
            Phase::Launching(_) | Phase::Stepping(..) if permanent => self.roll_back(reason),
            Phase::Launching(_) | Phase::Stepping(..) if self.aws_now() >= self.record.deadline() => self.roll_back(self.late()),
            // After a signal nothing is written that is not known to be ours: the lease runs out, and the next sweep does what is left.
            Phase::Retiring(_) if self.hurried && (permanent || self.now >= self.give_up) => {
                self.say(Happening::Concern { what: format!("{reason}; what is left to do is the next sweep's") });
                self.finish_promoted()
            }
            Phase::Retiring(_) if permanent || self.now >= self.give_up => self.retire_refused(&reason),
            Phase::RollingBack(rollback) if permanent || self.now >= self.give_up => self.rollback_refused(rollback, reason),
            Phase::Claiming(_) | Phase::Attaching | Phase::RollingBack(_) | Phase::Watching => {
                let pause = self.pause();
                Effect::WaitUntil(self.now + pause)
            }
            Phase::Retiring(_) if self.hurried => {
                let pause = self.pause();
                Effect::WaitUntil(self.now + pause)
            }
            Phase::Launching(_) | Phase::Stepping(..) | Phase::Retiring(_) => Effect::WaitUntil(self.next_tick()),
            // Nothing is read any more; what is left is to write the record, which has its own limit.
            Phase::Sticking(_) => self.sticking_again(),
            Phase::Promoting | Phase::Holding | Phase::Ended => self.write_record(),
            Phase::Leaving(ending) => self.left(ending),
        }
    }

    /// Nothing to decide at this tick: wait for `until` or the next tick. A record that was lost is written first.
    pub(super) fn idle(&mut self, until: Option<Timestamp>) -> Effect {
        let tick = self.next_tick();
        let until = until.map_or(tick, |until| until.min(tick));
        if std::mem::take(&mut self.record_lost) {
            self.pending = Pending::Aside(until);
            return self.write_record();
        }
        Effect::WaitUntil(until)
    }

    pub(super) fn woke(&mut self) -> Effect {
        self.end_hook_again().unwrap_or_else(|| self.look())
    }

    /// What was done on the way may have taken longer than the wait.
    pub(super) fn waits(&mut self, until: Timestamp) -> Effect {
        if self.now < until { Effect::WaitUntil(until) } else { self.woke() }
    }

    /// The lease is renewed on the way to a wait, whatever is waited for: also while readings fail or writes are refused, since a
    /// sweep would take a rollout over whose lease runs out. Whoever has not written the record has no lease, and whoever only has a hook
    /// to end needs none: the record may be somebody else's by then.
    pub(super) fn with_a_lease(&mut self, effect: Effect) -> Effect {
        let Effect::WaitUntil(until) = effect else { return effect };
        let has_one = self.has_sent_its_record() && !self.let_go && !self.is_over_but_for_a_hook();
        if !has_one || self.now < self.renewed + RENEWAL {
            return effect;
        }
        self.renewed = self.now;
        self.pending = Pending::Aside(until);
        Effect::Renew(self.lease_end())
    }

    /// Weights are moved on by what was read a moment ago: an abort waits for as long as that for what the job before it may still send
    /// ([`Rollout::longest_tick`]). Where a reading or the record took longer, it is looked again. A rollback does not wait. But nothing
    /// is written by a job that stood still for as long as a lease lasts: whose the rollout is by now has to be read first.
    pub(super) fn on_what_was_just_read(&mut self, effect: Effect, renewed: Timestamp) -> Effect {
        let moves_on = matches!(effect, Effect::Write(Desired::Split(_))) && !self.restores();
        let lasts = if moves_on { self.longest_tick() } else { LEASE };
        let is_old = effect.writes() && self.looked.is_some_and(|looked| self.now > looked + lasts);
        // Where readings themselves take that long, what puts things right is not kept waiting by the next one.
        let waits = is_old && (moves_on || !self.reread);
        if effect.writes() && !moves_on {
            self.reread = waits;
        }
        let effect = if waits {
            // As after an act that was refused: the reading leads to it again, where it is still right.
            (self.paused, self.renewed, self.pending) = (true, renewed, Pending::Nothing);
            let message = "what allows it was read too long ago: it is read again".to_owned();
            self.refusal = Some(message.clone());
            self.say(Happening::Retrying { doing: self.doing(), message });
            Effect::Observe(None)
        } else {
            effect
        };
        if effect.reads() {
            self.asked = Some(self.now);
        }
        effect
    }

    /// How old a reading may be that weights are moved on by: an interval, and not less than slow calls need.
    pub(super) fn longest_tick(&self) -> Duration {
        self.record.plan.interval.max(SLOW)
    }

    /// Its record may stand, though nothing read has said so.
    pub(super) fn has_sent_its_record(&self) -> bool {
        self.renewed != Timestamp::default()
    }

    /// The same with one effect on the way that nothing depends on.
    pub(super) fn aside(&mut self, effect: Effect) -> Effect {
        self.pending = Pending::Aside(self.next_tick());
        effect
    }

    pub(super) fn next_tick(&self) -> Timestamp {
        // Nothing is decided while the old slot waits to be retired: only the lease asks for more.
        let waits = matches!(self.phase, Phase::Retiring(Retire::Waiting { .. }));
        self.now + if waits { RENEWAL } else { self.record.plan.interval }
    }

    pub(super) fn lease_end(&self) -> Timestamp {
        self.aws_now() + LEASE
    }

    /// The time by AWS's clock, which the record's times go by: a runner's own may be wrong.
    pub(super) fn aws_now(&self) -> Timestamp {
        self.aws_time.map_or(self.now, |(aws, ours)| aws + self.now.since(ours))
    }

    /// Keeps of a full reading what later decisions need when they cannot read first.
    pub(super) fn remember(&mut self, observation: &Observation) {
        let Some(stable) = &observation.stable else { return };
        let has_weight = |action: &LiveAction| action.split.is_some_and(|split| split.candidate > 0);
        let serves = observation.actions.iter().flatten().any(has_weight);
        self.seen = Some(Seen { stable: stable.healthy, candidate: observation.candidate.healthy, serves });
        let size = stable.tasks.as_ref().map_or(0, |tasks| tasks.desired.max(tasks.running));
        self.stable_size = self.stable_size.max(size);
        self.health.look(&observation.candidate, observation.at);
    }

    /// How many tasks stable is given where it has to be scaled up: never fewer than it had (DESIGN §5 rule 6).
    pub(super) fn stable_count(&self) -> u32 {
        self.record.stable.as_ref().map_or(0, |stable| stable.count).max(self.stable_size).max(1)
    }

    /// A write that the reading after it does not show: once more, after a pause.
    pub(super) fn again(&mut self, desired: Desired) -> Effect {
        if std::mem::take(&mut self.paused) {
            return Effect::Write(desired);
        }
        self.paused = true;
        let pause = self.pause();
        Effect::WaitUntil(self.now + pause)
    }

    /// Why there was no time left for another write: the newest refusal, or else what the readings say.
    pub(super) fn not_shown(&self, otherwise: &str) -> String {
        self.refusal.clone().unwrap_or_else(|| otherwise.to_owned())
    }

    /// An action may have been written.
    #[must_use]
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    pub(super) fn write_record(&mut self) -> Effect {
        self.renewed = self.now;
        if let (State::Held, Some(held)) = (self.record.state, self.record.hold) {
            // Nobody renews it: whoever promotes it in time takes it over.
            return Effect::Record(Box::new(self.record.clone()), Some(held.until));
        }
        let ended = match self.record.state {
            State::Closed | State::Held | State::Stuck => true,
            // The job is ending: what is left to do is nobody's until somebody takes it.
            State::RolledBack | State::Promoted => self.hurried || self.steering.later,
            State::Running => self.let_go,
        };
        Effect::Record(Box::new(self.record.clone()), (!ended).then(|| self.lease_end()))
    }

    /// One, two, four … fifteen seconds, or down to half of that: rollouts that were throttled together do not come again together. How
    /// much less goes by the rollout and its generation, so that the same rollout replays.
    pub(super) fn pause(&mut self) -> Duration {
        self.refusals += 1;
        let whole = Duration::from_secs(15.min(1 << self.refusals.min(5).saturating_sub(1)));
        let salt = [self.record.generation, self.refusals.into()].map(u64::to_le_bytes);
        let bytes = self.record.id.bytes().chain(salt.into_iter().flatten());
        // FNV-1a: any even spread will do.
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let less = whole / 2 * (hash >> 8 & 0xff) / 0xff;
        whole.saturating_sub(less)
    }

    /// An act was done. That weights were taken says little until they show: until then the pauses go on growing.
    pub(super) fn not_refused(&mut self) {
        self.refusal = None;
        let shows_later = match &self.phase {
            Phase::Attaching | Phase::Stepping(_, StepStage::Writing) => true,
            Phase::RollingBack(rollback) => rollback.is_restoring(),
            Phase::Claiming(_)
            | Phase::Launching(_)
            | Phase::Stepping(..)
            | Phase::Promoting
            | Phase::Retiring(_)
            | Phase::Holding
            | Phase::Watching
            | Phase::Sticking(_)
            | Phase::Leaving(_)
            | Phase::Ended => false,
        };
        if !shows_later {
            self.refusals = 0;
        }
    }

    pub(super) fn doing(&self) -> String {
        if let Some(words) = self.steering_words() {
            return words;
        }
        match &self.phase {
            Phase::Claiming(_) => "writing the record".to_owned(),
            Phase::Attaching if self.test.opening => "opening the test rule".to_owned(),
            Phase::Attaching => "attaching the candidate's target group".to_owned(),
            Phase::Launching(_) => "launching the candidate's ECS service".to_owned(),
            Phase::Stepping(index, _) => format!("writing the weights of step {}", index + 1),
            Phase::Promoting => "recording the promotion".to_owned(),
            Phase::Retiring(_) => "retiring the old slot".to_owned(),
            Phase::RollingBack(_) => "restoring the baseline".to_owned(),
            Phase::Holding => "recording the hold".to_owned(),
            Phase::Watching => "looking at the held rollout".to_owned(),
            Phase::Sticking(_) | Phase::Leaving(_) | Phase::Ended => "ending the rollout".to_owned(),
        }
    }

    pub(super) fn say(&mut self, event: Happening) {
        self.journal.entries.push(Entry { at: self.now, event });
    }

    pub(super) fn say_observed(&mut self, observation: &Observation) {
        let share = self.record.verified.share();
        self.say(Happening::Observed { share, stable: observation.stable.clone(), candidate: observation.candidate.clone() });
    }

    pub(super) fn at_rest(&self) -> Split {
        if self.record.stable.is_some() { Split::STABLE } else { Split::CANDIDATE }
    }

    /// The candidate may have requests that stable would serve otherwise. At bootstrap nothing serves otherwise.
    pub(super) fn has_weight(&self) -> bool {
        self.record.stable.is_some() && (self.record.intent.candidate > 0 || self.record.verified.candidate > 0)
    }

    pub(super) fn stable_is_ours(&self) -> bool {
        self.record.stable.as_ref().is_some_and(|stable| stable.ecs_service.is_some())
    }

    pub(super) fn restoring(&self) -> Desired {
        if self.record.stable.is_some() { Desired::BaselineBesideCandidate } else { Desired::Baseline }
    }

    /// Whether the candidate has the healthy targets that `share` needs: `ceil(share × stable's running count)`.
    #[expect(clippy::unused_self, reason = "a question to the rollout, like its neighbours")]
    pub(super) fn enough(&self, share: Share, healthy: u32, stable: Option<&Side>) -> bool {
        healthy >= share.of(stable.map_or(0, Side::running)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::super::{
        adversary::{plan, rollout},
        adversary_world::World,
    };
    use crate::rollout::plan::{OnCancel, OnDrift};

    #[test]
    fn rollouts_that_are_refused_together_do_not_come_again_together() {
        let mut firsts = BTreeSet::new();
        for id in 0..20 {
            let mut machine = rollout(&World::new(false), plan(OnDrift::Stop, OnCancel::Rollback), false);
            machine.record.id = format!("20261122T000000Z-{id:08x}");
            let (mut same, mut waited) = (machine.clone(), Vec::new());
            for whole in [1, 2, 4, 8, 15, 15] {
                let (pause, whole) = (machine.pause(), Duration::from_secs(whole));
                assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
                assert_eq!(same.pause(), pause, "it replays");
                waited.push(pause);
            }
            firsts.insert(waited);
        }
        assert_eq!(firsts.len(), 20);
    }
}
