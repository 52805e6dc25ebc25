//! From the attaching to the promotion.

use std::time::Duration;

use super::{
    core::{Phase, Rollout, WRITE_LIMIT},
    types::{Desired, Effect, Role, Steer},
};
use crate::{
    rollout::{
        hooks::Point,
        journal::Happening,
        observation::{LiveAction, Observation, Refusal, Side, Tasks},
        outcome::{OutcomeKind, Reason},
        plan::Plan,
        record::State,
        split::{Share, Split},
    },
    time::Timestamp,
};

/// How long the candidate's tasks may take to run and be healthy. ECS's own wait ends after 10 minutes
/// (`ServicesStable`: 40 × 15 s), which large images pass now and then.
pub(super) const LAUNCH_LIMIT: Duration = Duration::from_secs(900);
/// How long a look may take beside the wait for it: readings and the lease, each of which is given up in the end.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// How long a gate may find too few healthy targets before the rollout is given up.
pub(super) const GATE_LIMIT: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Launch {
    /// Stable is kept from shrinking; `ready`: the candidate runs already.
    Holding {
        ready: bool,
    },
    Issuing,
    Equipping,
    Watching {
        since: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepStage {
    Gating { since: Timestamp },
    Recording,
    Writing,
    Reading,
    Settling { until: Timestamp },
    Baking { observed: Duration, last: Option<Timestamp> },
}

impl Rollout {
    /// An action that was somebody else's between our reading and our write would be overwritten: Lattice has no
    /// compare-and-set. The reading before is of the same tick, the one after shows it.
    pub(super) fn attach_read(&mut self, observation: &Observation) -> Effect {
        self.set_beforehand(observation).unwrap_or_else(|| self.attach(observation))
    }

    /// What somebody has set, or taken away, before the candidate is attached.
    pub(super) fn set_beforehand(&mut self, observation: &Observation) -> Option<Effect> {
        let at_rest = self.at_rest();
        let is_known = |action: &LiveAction| action.is_baseline || action.split == Some(at_rest);
        if observation.actions.iter().all(|action| action.as_ref().is_some_and(is_known)) {
            return None;
        }
        self.drifted(observation, &[at_rest])
    }

    pub(super) fn attach(&mut self, observation: &Observation) -> Effect {
        let at_rest = self.at_rest();
        let attached = observation.actions.iter().flatten().all(|action| action.lists_candidate && action.split == Some(at_rest));
        if !attached {
            self.test.opening = false;
            if self.now >= self.give_up {
                let message = self.not_shown("the traffic targets do not show it");
                return self.roll_back(Reason::Refused { doing: self.doing(), message });
            }
            let desired = if self.record().stable.is_some() { Desired::BaselineBesideCandidate } else { Desired::Split(at_rest) };
            return if self.touched { self.again(desired) } else { Effect::Write(desired) };
        }
        if let Some(effect) = self.opened(observation) {
            return effect;
        }
        self.follow_size(observation);
        let ready = self.record().candidate.ecs_service.is_none() || self.ready(&observation.candidate);
        if let Some(effect) = self.hold_steady(ready) {
            return effect;
        }
        if ready { self.launched(observation) } else { self.issue() }
    }

    fn issue(&mut self) -> Effect {
        self.phase = Phase::Launching(Launch::Issuing);
        self.give_up = self.now + WRITE_LIMIT;
        self.say(Happening::Launching { wanted: self.wanted });
        Effect::Launch(self.wanted)
    }

    pub(super) fn launch_acted(&mut self, launch: Launch) -> Effect {
        match launch {
            Launch::Holding { ready: false } => self.issue(),
            Launch::Holding { ready: true } | Launch::Issuing if self.is_steered() => {
                self.phase = Phase::Launching(Launch::Equipping);
                self.give_up = self.now + WRITE_LIMIT;
                Effect::Steer(Steer::Equip)
            }
            Launch::Holding { .. } | Launch::Issuing | Launch::Equipping | Launch::Watching { .. } => {
                self.phase = Phase::Launching(Launch::Watching { since: self.now });
                Effect::Observe(None)
            }
        }
    }

    pub(super) fn launch_watched(&mut self, launch: Launch, observation: &Observation) -> Effect {
        if let Some(effect) = self.checked(observation, &[self.at_rest()]) {
            return effect;
        }
        let since = match launch {
            Launch::Watching { since } => since,
            Launch::Holding { .. } => return Effect::Steer(Steer::Hold),
            Launch::Issuing => return Effect::Launch(self.wanted),
            Launch::Equipping => return Effect::Steer(Steer::Equip),
        };
        let candidate = &observation.candidate;
        if self.ready(candidate) || self.ends_an_outage(observation) {
            return self.launched(observation);
        }
        if self.now >= since + LAUNCH_LIMIT {
            return self.not_ready(candidate, since);
        }
        self.grow(observation).unwrap_or_else(|| self.idle(None))
    }

    fn launched(&mut self, observation: &Observation) -> Effect {
        // Without an ECS service of ours nothing was launched: the gate finds out who is healthy.
        if self.record().candidate.ecs_service.is_some() {
            self.say(Happening::Ready { healthy: observation.candidate.healthy });
        }
        if self.record().stable.is_none() { self.promotable(observation) } else { self.gate(0, observation) }
    }

    /// The recorded revision runs at the wanted size and every one of its targets is healthy; a complete deployment
    /// alone does not tell (a rolled back one is complete too). Healthy targets without that ECS service are somebody else's.
    fn ready(&self, candidate: &Side) -> bool {
        candidate.healthy >= self.wanted.max(1)
            && candidate.tasks.as_ref().is_some_and(|tasks| {
                let is_sized = tasks.current >= self.wanted && tasks.desired >= self.wanted;
                tasks.deploying_current && is_sized && tasks.foreign_targets == 0
            })
    }

    /// Asked to go back from what has no healthy target: whatever serves is more than that, and the rest of its tasks follow.
    fn ends_an_outage(&self, observation: &Observation) -> bool {
        let is_dead = observation.stable.as_ref().is_some_and(|stable| stable.healthy == 0);
        self.restores() && is_dead && observation.candidate.healthy > 0
    }

    fn not_ready(&mut self, candidate: &Side, since: Timestamp) -> Effect {
        let stopped = candidate.tasks.as_ref().map(Tasks::why_missing).unwrap_or_default();
        let stopped = if stopped.is_empty() { candidate.reasons.clone() } else { stopped };
        let waited = self.now.since(since);
        self.roll_back(Reason::NotReady { healthy: candidate.healthy, wanted: self.wanted, waited, stopped })
    }

    /// The candidate follows stable's size up, never down (DESIGN §5 "Health").
    fn follow_size(&mut self, observation: &Observation) {
        let stable = observation.stable.as_ref().and_then(|stable| stable.tasks.as_ref());
        self.wanted = self.wanted.max(stable.map_or(0, |tasks| tasks.desired.max(tasks.running)));
    }

    /// Scales the candidate where its service wants fewer tasks than it should: again at each tick until it does.
    pub(super) fn grow(&mut self, observation: &Observation) -> Option<Effect> {
        self.follow_size(observation);
        let tasks = observation.candidate.tasks.as_ref()?;
        if tasks.desired >= self.wanted {
            return None;
        }
        self.growing = true;
        let effect = Effect::Scale(Role::Candidate, self.wanted);
        Some(self.aside(effect))
    }

    /// Asked again at the next tick: until then it is smaller than it should be, and what waits for it says why.
    pub(super) fn not_grown(&mut self, refusal: Refusal) {
        let doing = format!("giving the candidate {} tasks", self.wanted);
        self.say(Happening::Retrying { doing, message: refusal.message });
    }

    pub(super) fn gate(&mut self, index: usize, observation: &Observation) -> Effect {
        let Some(step) = self.record().plan.steps.get(index).copied() else { return self.promotable(observation) };
        if let Some(hold) = step.hold.filter(|_| index >= self.record().released) {
            return self.hold(index, hold.timeout, false);
        }
        let since = if let Phase::Stepping(gated, StepStage::Gating { since }) = self.phase
            && gated == index
        {
            since
        } else {
            self.now
        };
        let candidate = &observation.candidate;
        if self.enough(step.share, candidate.healthy, observation.stable.as_ref()) || self.ends_an_outage(observation) {
            self.phase = Phase::Stepping(index, StepStage::Gating { since: self.now });
            if let Some(effect) = self.hook_watched(Point::BeforeShift, index, observation) {
                return effect;
            }
            return self.begin_step(index);
        }
        if self.now >= since + GATE_LIMIT {
            return self.not_ready(candidate, since);
        }
        self.phase = Phase::Stepping(index, StepStage::Gating { since });
        self.grow(observation).unwrap_or_else(|| self.idle(None))
    }

    /// The record announces the step's weights before they are written.
    pub(super) fn begin_step(&mut self, index: usize) -> Effect {
        let share = self.record().plan.steps.get(index).map_or(Share::ZERO, |step| step.share);
        self.say(Happening::StepBegun { index, share });
        self.phase = Phase::Stepping(index, StepStage::Recording);
        self.give_up = self.now + WRITE_LIMIT;
        self.record.step = index;
        self.record.intent = Split::for_share(share).unwrap_or(Split::STABLE);
        self.write_record()
    }

    /// The record could not be written at once: what the step needs is asked again before it is.
    fn announced(&mut self, index: usize, observation: &Observation) -> Effect {
        let share = self.record().plan.steps.get(index).map_or(Share::ZERO, |step| step.share);
        if self.enough(share, observation.candidate.healthy, observation.stable.as_ref()) {
            return self.write_record();
        }
        // Whoever goes on with a step finds it written, though its record does not say so yet.
        let verified = self.record().verified;
        if observation.actions.iter().flatten().all(|action| action.split == Some(verified)) {
            self.record.intent = verified;
            self.record.step = index.saturating_sub(1);
        }
        self.gate(index, observation)
    }

    pub(super) fn step_acted(&mut self, index: usize, stage: StepStage) -> Effect {
        if stage == StepStage::Recording {
            self.phase = Phase::Stepping(index, StepStage::Writing);
            Effect::Write(Desired::Split(self.record().intent))
        } else {
            self.phase = Phase::Stepping(index, StepStage::Reading);
            Effect::Observe(None)
        }
    }

    pub(super) fn step_watched(&mut self, index: usize, stage: StepStage, observation: &Observation) -> Effect {
        // Both are the same but between the record that announces a step and the reading that proves it.
        let expected = [self.record().intent, self.record().verified];
        if let Some(effect) = self.checked(observation, &expected) {
            return effect;
        }
        match stage {
            StepStage::Gating { .. } => self.gate(index, observation),
            StepStage::Recording => self.announced(index, observation),
            StepStage::Writing | StepStage::Reading => self.shifted(index, observation),
            StepStage::Settling { until } => self.settling(index, until, observation),
            StepStage::Baking { observed, last } => self.baking(index, observed, last, observation),
        }
    }

    fn shifted(&mut self, index: usize, observation: &Observation) -> Effect {
        let intent = self.record().intent;
        let shown = || observation.actions.iter().flatten().map(|action| action.split == Some(intent));
        let (is_out, is_out_everywhere) = (shown().any(|shows| shows), shown().all(|shows| shows));
        self.torn = is_out && !is_out_everywhere;
        if !is_out_everywhere {
            if self.now >= self.give_up {
                let message = self.not_shown("the traffic targets do not show it");
                return self.roll_back(Reason::Refused { doing: self.doing(), message });
            }
            self.phase = Phase::Stepping(index, StepStage::Writing);
            // Nothing of it stands: what the gate asked for is asked again.
            let is_enough = self.enough(intent.share(), observation.candidate.healthy, observation.stable.as_ref());
            if !is_out && !is_enough && !self.restores() {
                return self.grow(observation).unwrap_or_else(|| self.idle(None));
            }
            return self.again(Desired::Split(intent));
        }
        // Whatever refused it, or left it unanswered, is over.
        (self.paused, self.refusal) = (false, None);
        self.record.verified = intent;
        // Written before anything is waited for: whoever goes on would take what somebody has put back since for what was never written.
        self.record_lost = true;
        self.say(Happening::Shifted { split: intent });
        let until = self.now + self.settle_time();
        self.settling(index, until, observation)
    }

    /// A rollback by request is asked to be quick, and goes to what served before. It is final at once, unless that may be
    /// stopped still: then it looks once more, an interval later.
    pub(super) fn settle_time(&self) -> Duration {
        let Plan { settle, interval, .. } = self.record().plan;
        match (self.restores(), self.contested) {
            (false, _) => settle,
            (true, false) => Duration::ZERO,
            (true, true) => interval,
        }
    }

    pub(super) fn settling(&mut self, index: usize, until: Timestamp, observation: &Observation) -> Effect {
        if self.now < until {
            self.phase = Phase::Stepping(index, StepStage::Settling { until });
            return self.grow(observation).unwrap_or_else(|| self.idle(Some(until)));
        }
        self.say(Happening::Settled { index });
        self.open_window(until);
        self.baking(index, Duration::ZERO, Some(self.now), observation)
    }

    /// `observed` is the time this bake was really watched: a stretch without readings does not count.
    fn baking(&mut self, index: usize, observed: Duration, last: Option<Timestamp>, observation: &Observation) -> Effect {
        let interval = self.record().plan.interval;
        let since = last.map_or(Duration::ZERO, |last| self.now.since(last));
        // A machine that was stopped in between has seen no more of it than it sees between two looks.
        let observed = observed + if since > interval + LONGEST_LOOK { interval } else { since };
        let bake = self.record().plan.steps.get(index).map_or(Duration::ZERO, |step| step.bake);
        self.phase = Phase::Stepping(index, StepStage::Baking { observed, last: Some(self.now) });
        if observed < bake {
            return self.grow(observation).unwrap_or_else(|| self.idle(Some(self.now + (bake - observed))));
        }
        if let Some(effect) = self.awaits_verdict(index, bake, observation) {
            return effect;
        }
        if let Some(effect) = self.hook_watched(Point::AfterStep, index, observation) {
            return effect;
        }
        let is_last = index + 1 >= self.record().plan.steps.len();
        if !self.is_hooked(Point::BeforePromote) {
            self.say(Happening::StepPassed { index });
        }
        if is_last { self.promotable(observation) } else { self.gate(index + 1, observation) }
    }

    fn promotable(&mut self, observation: &Observation) -> Effect {
        // Nothing is final that does not want the tasks it serves with.
        let before = self.grow(observation).or_else(|| self.hook_watched(Point::BeforePromote, 0, observation));
        before.unwrap_or_else(|| self.promote())
    }

    /// A reading failed: the time since the last one was not observed.
    pub(super) fn forget_observed_time(&mut self) {
        if let Phase::Stepping(_, StepStage::Baking { last, .. }) = &mut self.phase {
            *last = None;
        }
    }

    pub(super) fn promote(&mut self) -> Effect {
        self.phase = Phase::Promoting;
        self.give_up = self.now + WRITE_LIMIT;
        self.record.state = State::Promoted;
        self.record.promoted = Some(self.aws_now());
        let asked_for = self.restores();
        let previous = if asked_for { None } else { self.record.stable.clone() };
        self.before = std::mem::replace(&mut self.record.previous, previous);
        self.write_record()
    }

    pub(super) fn finish_promoted(&mut self) -> Effect {
        if self.restores() {
            let to = self.journal().release.candidate_revision.clone();
            return self.finish(OutcomeKind::RolledBack, Reason::RolledBackByRequest { to });
        }
        let reason = if self.record().stable.is_some() { Reason::StepsPassed } else { Reason::FirstRevisionHealthy };
        self.finish(OutcomeKind::Promoted, reason)
    }

    pub(super) fn restores(&self) -> bool {
        self.record().verb == "rollback"
    }
}
