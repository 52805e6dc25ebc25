//! One case from its start to the end of its last job: whose turn it is, and when.

use std::{collections::VecDeque, rc::Rc, time::Duration};

use espalier::{
    rollout::{
        machine::{Desired, Effect, Ending, Event, Rollout},
        record::{Record, State},
    },
    sandbox::direct::Direct,
    time::Timestamp,
};

use super::{
    calls::LateWrite,
    case::{Case, Falls, Other, Verb},
    claims,
    court::Court,
    errands,
    facts::Facts,
    hands::Hands,
    happen::Touch,
    judged, kept,
    play::Bend,
    recorded::{Tags, found},
    rules,
    stage::{OURS, Stage, told},
    words::{heard, short},
};

/// More effects than any job needs: a job that asks for more does not end.
const MOST_EFFECTS: usize = 3000;

/// A job under way.
pub(super) struct Job {
    pub(super) rollout: Rollout,
    pub(super) hands: Hands,
    pub(super) effect: Rc<Effect>,
    /// When the effect is carried out, or the wait is over, by the world's time.
    pub(super) ready: Timestamp,
    pub(super) effects: usize,
    pub(super) ending: Option<Ending>,
    pub(super) dead: bool,
    pub(super) began: Timestamp,
    /// Since when it has not waited.
    pub(super) slept: Timestamp,
    /// Its clock against the world's, in milliseconds.
    pub(super) offset: i64,
}

/// What is still to happen to the world.
pub(super) enum Ahead {
    Lands(LateWrite),
    /// What a job was at when it was killed takes effect.
    Strays(usize),
    Other(Other),
    Begins(Verb),
}

pub(super) struct Run<'c> {
    pub(super) case: &'c Case,
    pub(super) stage: Rc<Stage>,
    pub(super) world: Direct,
    pub(super) jobs: Vec<Job>,
    pub(super) ahead: Vec<(Timestamp, Ahead)>,
    pub(super) afterwards: VecDeque<(u64, Verb)>,
    pub(super) together: Option<(u64, Verb)>,
    /// What people are still going to do.
    pub(super) edits: Vec<(Timestamp, Touch)>,
    pub(super) court: Court<'c>,
    /// The clock of a runner on which a job begins, against the world's, in milliseconds.
    pub(super) offset: i64,
    pub(super) tells: bool,
    pub(super) bend: Option<&'c dyn Bend>,
    pub(super) history: Vec<Facts>,
    pub(super) revisions: [String; 2],
    pub(super) record: Option<(Tags, Option<Rc<Record>>)>,
    /// The newest facts, and what the world said of changes then.
    pub(super) seen: Option<(u64, Facts)>,
}

impl Run<'_> {
    fn tell(&mut self, job: usize, what: impl FnOnce() -> String) {
        if self.tells {
            let line = format!("{} {}", self.court.jobs[job].name, what());
            self.world.note("job", line);
        }
    }

    pub(super) fn facts(&mut self) -> Facts {
        let stirs = self.world.stirs();
        if self.seen.as_ref().is_none_or(|(then, _)| *then != stirs) {
            self.seen = Some((stirs, Facts::of(&self.world, &self.stage, &self.revisions)));
        }
        let now = self.world.now();
        let (_, mut facts) = self.seen.clone().expect("seen a line above");
        facts.at = now;
        facts
    }

    /// A clock that is so far ahead.
    pub(super) fn clock(&self, offset: i64) -> Timestamp {
        Timestamp::from_millis(self.world.now().as_millis().saturating_add_signed(offset))
    }

    /// When the world's time is what a job's clock then says.
    fn by_the_world(&self, place: usize, runner: Timestamp) -> Timestamp {
        let offset = self.jobs[place].offset;
        Timestamp::from_millis(runner.as_millis().saturating_add_signed(-offset)).max(self.world.now())
    }

    /// Whatever is still under way when the last job is over takes effect.
    pub(super) fn land(&mut self) {
        while self.court.violation.is_none() {
            let under_way = |(_, (_, what)): &(usize, &(Timestamp, Ahead))| matches!(what, Ahead::Lands(_) | Ahead::Strays(_));
            let next = self.ahead.iter().enumerate().filter(under_way).min_by_key(|(_, (at, _))| *at);
            let Some((place, at)) = next.map(|(place, (at, _))| (place, *at)) else { return };
            self.pass(at);
            let (_, what) = self.ahead.swap_remove(place);
            self.happen(what);
        }
    }

    /// The next thing that happens; false when everything is over.
    pub(super) fn turn(&mut self) -> bool {
        let job = self.jobs.iter().enumerate().filter(|(_, job)| !job.dead).min_by_key(|(_, job)| job.ready);
        let job = job.map(|(place, job)| (job.ready, place));
        // Until the last job is over, the world goes on; afterwards the next one begins.
        let Some((ready, place)) = job else { return self.next_job() };
        let ahead = self.ahead.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(place, (at, _))| (*at, place));
        if let Some((at, place)) = ahead.filter(|(at, _)| *at <= ready) {
            self.pass(at);
            let (_, what) = self.ahead.swap_remove(place);
            self.happen(what);
            return true;
        }
        self.pass(ready);
        self.act(place);
        true
    }

    fn next_job(&mut self) -> bool {
        let Some((delay, verb)) = self.afterwards.pop_front() else { return false };
        let begins = self.world.now() + Duration::from_secs(delay);
        self.ahead.push((begins, Ahead::Begins(verb)));
        if let Some((after, verb)) = self.together.take() {
            self.ahead.push((begins + Duration::from_secs(after), Ahead::Begins(verb)));
        }
        while self.jobs.iter().all(|job| job.dead) {
            let next = self.ahead.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(place, (at, _))| (*at, place));
            let Some((at, place)) = next else { return !self.afterwards.is_empty() };
            self.pass(at);
            let (_, what) = self.ahead.swap_remove(place);
            self.happen(what);
        }
        true
    }

    /// Time goes on, one thing after the other, each of them looked at.
    fn pass(&mut self, to: Timestamp) {
        while self.world.step(to) {
            self.notice();
        }
        self.world.advance(to);
        self.notice();
    }

    pub(super) fn notice(&mut self) {
        self.note_edits();
        let facts = self.facts();
        self.tally();
        self.court.changed(&facts);
        if self.tells {
            self.history.push(facts);
        }
    }

    /// What every group got in the minutes that are over.
    fn tally(&mut self) {
        if self.case.analysis.is_empty() || !self.court.counts_until(self.world.now()) {
            return;
        }
        // A minute whose end is a moment at which something happens is counted at the next one otherwise.
        let now = self.world.now();
        self.world.advance(now);
        for (slot, minutes) in self.court.traffic.iter_mut().enumerate() {
            let from = minutes.last().map_or(self.court.at_start.at, |(at, _)| *at + judged::MINUTE);
            let id = self.stage.slots[slot].group.id.as_str();
            minutes.extend(self.world.traffic(id, from, self.world.now()));
        }
        self.court.condemn(self.world.now());
    }

    /// The record as it is in AWS now.
    fn recorded(&mut self, place: usize) -> Option<Rc<Record>> {
        let holder = self.jobs[place].hands.ledger.holder();
        let tags = self.world.tags(holder)?;
        if let Some(own) = self.jobs[place].hands.own(tags) {
            return Some(Rc::clone(own));
        }
        if self.record.as_ref().is_none_or(|(known, _)| known != tags) {
            let found = found(holder, tags).map(|found| Rc::new(found.record.clone()));
            self.record = Some((tags.clone(), found));
        }
        self.record.as_ref().and_then(|(_, record)| record.clone())
    }

    /// A job has asked for its next effect.
    pub(super) fn issued(&mut self, place: usize) {
        if let Some(bend) = self.bend.filter(|_| place == 0) {
            self.jobs[place].effect = Rc::new(bend.asks((*self.jobs[place].effect).clone(), &self.facts()));
        }
        let effect = Rc::clone(&self.jobs[place].effect);
        self.tell(place, || format!("asks for {}", short(&effect)));
        let facts = self.facts();
        let asks_record = matches!(*effect, Effect::Write(Desired::Split(_)) | Effect::Scale(_, 0) | Effect::Finish(_));
        let holder = self.jobs[place].hands.ledger.holder().to_owned();
        let recorded = if asks_record { self.recorded(place) } else { None };
        let recorded = recorded.as_deref();
        self.court.asked(place, &effect, &facts, recorded, &self.jobs[place].hands.errands.proven);
        let blow = self.blow(place);
        if let Effect::Finish(ending) = &*effect {
            let exactly = self.jobs[place]
                .hands
                .slots
                .targets
                .iter()
                .all(|(target, baseline)| self.world.action(target.arn()).is_some_and(|action| *action == told(baseline)));
            let checks_tasks = place == 0 && !self.case.errands.is_empty();
            let left = if checks_tasks { errands::running(&mut self.world, OURS) } else { Vec::new() };
            self.court.ended(place, ending, &facts, exactly, recorded);
            self.court.left_running(place, facts.at, &left);
            self.jobs[place].ending = Some(ending.clone());
            self.jobs[place].dead = true;
        } else if let Effect::WaitUntil(until) = *effect {
            // What is done on the way to a wait may take longer than the wait.
            if until <= self.clock(self.jobs[place].offset)
                && self.world.now().since(self.jobs[place].slept) < self.case.plan.interval
            {
                self.court.endless(place, facts.at, "it waits for what is past".to_owned());
            }
            let lease = self.world.tags(&holder).and_then(|tags| tags.get("espalier:lease"));
            let leased = claims::leased(&self.court.jobs[place], lease.map(String::as_str), facts.at);
            self.court.hold(claims::LEASED, facts.at, leased);
            let ready = if blow == Some(Falls::Signal) { self.world.now() } else { self.by_the_world(place, until) };
            let ends = self.jobs[place].hands.errands.ends(self.world.now());
            self.jobs[place].ready = ends.map_or(ready, |ends| ends.min(ready));
        } else {
            self.jobs[place].ready = self.world.now() + self.case.latency;
        }
        if blow == Some(Falls::KillBefore) {
            self.kill(place);
        }
    }

    /// What befalls a job at the effect in hand.
    fn blow(&self, place: usize) -> Option<Falls> {
        let at = self.jobs[place].effects;
        self.case.blows.iter().find(|blow| (blow.job, blow.at) == (place, at)).map(|blow| blow.falls)
    }

    fn kill(&mut self, place: usize) {
        if !self.jobs[place].dead {
            self.tell(place, || "is killed".to_owned());
            self.jobs[place].dead = true;
            let watched = &mut self.court.jobs[place];
            (watched.over, watched.killed) = (true, true);
            // Seed 170011528: its record is closed, so that no sweep comes; its hook is ended by the next release.
            watched.unended |= watched.record.state == State::Closed;
        }
    }

    /// The effect of a job is carried out, and the machine is told.
    fn act(&mut self, place: usize) {
        let effect = Rc::clone(&self.jobs[place].effect);
        let blow = self.blow(place);
        if let Some(Falls::KillLate(after)) = blow {
            if !matches!(*effect, Effect::WaitUntil(_) | Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_)) {
                self.ahead.push((self.world.now() + Duration::from_secs(after), Ahead::Strays(place)));
            }
            return self.kill(place);
        }
        let mut event = if matches!(*effect, Effect::WaitUntil(_)) {
            self.jobs[place].slept = self.world.now();
            (self.court.jobs[place].read, self.court.jobs[place].blind) = (false, false);
            Event::Woke
        } else {
            let before = self.facts();
            let job = &mut self.jobs[place];
            let event = job.hands.carry_out(&mut self.world, &effect, &job.rollout);
            if let Some(bend) = self.bend.filter(|_| place == 0) {
                bend.does(&mut self.world, &effect);
            }
            let late = std::mem::take(&mut job.hands.late);
            self.ahead.extend(late.into_iter().map(|late| (late.lands, Ahead::Lands(late))));
            let facts = self.facts();
            // A reading that a signal interrupts is not heard.
            let unheard =
                blow == Some(Falls::Signal) && matches!(*effect, Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_));
            if !unheard {
                self.court.done(place, &effect, &event, &facts);
                self.court.read(place, &event);
            }
            if let Effect::Scale(role, count) = *effect {
                let kept = rules::scaled(&self.court.jobs[place], role, count, &before, &facts);
                self.court.hold(rules::SIZE, facts.at, kept);
            }
            if matches!(*effect, Effect::Launch(_)) {
                let service = self.stage.slots[self.court.jobs[place].candidate].ecs_service.clone().unwrap_or_default();
                let only_weights = kept::only_weights(&self.world, &service);
                self.court.hold(kept::ONLY_WEIGHTS, self.world.now(), only_weights);
            }
            self.court.changed(&facts);
            if self.tells {
                self.history.push(facts);
            }
            event
        };
        if blow == Some(Falls::KillAfter) {
            return self.kill(place);
        }
        if let Some(bend) = self.bend.filter(|_| place == 0) {
            event = bend.hears(event);
        }
        if blow == Some(Falls::Signal) {
            event = Event::Signalled;
            let watched = &mut self.court.jobs[place];
            (watched.signalled, watched.acted_since) = (Some(self.world.now()), false);
        }
        self.tell(place, || format!("hears {}", heard(&event)));
        let now = self.clock(self.jobs[place].offset);
        let job = &mut self.jobs[place];
        job.effects += 1;
        match job.rollout.handle(now, event) {
            Ok(effect) => job.effect = Rc::new(effect),
            Err(defect) => return self.court.endless(place, now, defect.to_string()),
        }
        let (effects, took) = (job.effects, self.world.now().since(job.began));
        if effects > MOST_EFFECTS || took > rules::longest(self.case) {
            return self.court.endless(place, now, format!("{effects} effects, {took:?}"));
        }
        self.issued(place);
    }
}
