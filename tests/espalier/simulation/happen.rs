//! What befalls the world in the course of a run.

use std::{rc::Rc, time::Duration};

use espalier::{
    aws::{lattice::traffic::TrafficTarget, ledger::Ledger, slots::Launch},
    rollout::{machine::Effect, scaling::Scaling},
    sandbox::{
        direct,
        scenario::{Edit, Person},
    },
    time::Timestamp,
};

use super::{
    case::{Case, Other, Verb},
    readings::{recorded, restores},
    rules,
    run::{Ahead, Run},
    stage::{STRANGERS, Stage},
    steer, verbs,
    words::short,
};

/// What was signed so many seconds ago AWS refuses (Signature Version 4: a request's time is within five minutes of the service's).
/// Seed 94123214.
const LONG: u64 = 300;

/// What a person takes from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Tags,
    /// What a traffic target says, by its place; one of nobody's that we know is no business of ours.
    Action(usize),
}

/// What people are going to do to what is ours, and when.
pub(super) fn touches(case: &Case, stage: &Stage) -> Vec<(Timestamp, Touch)> {
    let place = |person: &Person| {
        let rule = stage.world.rules(&stage.listener).find(|rule| rule.name == person.rule).map(|rule| rule.arn);
        let arn = if person.rule.is_empty() { Some(stage.listener.as_str()) } else { rule };
        stage.targets.iter().position(|(target, _)| Some(target.arn()) == arn)
    };
    let touch = |person: &Person| match person.r#do {
        Edit::RemoveTags | Edit::RemoveServiceTags => Some(Touch::Tags),
        Edit::SetAction(_) | Edit::DeleteRule => place(person).map(Touch::Action),
        Edit::Nothing | Edit::CancelJob | Edit::SetAlarm(_) | Edit::SetPullRequest(_) => None,
    };
    let when = |person: &Person| stage.world.now() + Duration::from_secs(person.at);
    case.people.iter().filter_map(|person| touch(person).map(|touch| (when(person), touch))).collect()
}

impl Run<'_> {
    /// Who wrote: what people have done by now.
    pub(super) fn note_edits(&mut self) {
        let (now, court) = (self.world.now(), &mut self.court);
        self.edits.retain(|(at, touch)| {
            if *at <= now {
                match touch {
                    Touch::Tags => court.tags_lost = true,
                    Touch::Action(place) => court.touched(*place),
                }
            }
            *at > now
        });
    }

    pub(super) fn happen(&mut self, what: Ahead) {
        match what {
            Ahead::Lands(late) => {
                late.what.land(&mut self.world);
                self.court.rewritten();
            }
            Ahead::Strays(place) => {
                let job = &mut self.jobs[place];
                let effect = Rc::clone(&job.effect);
                self.world.note("late", format!("{} lands now, whose job is dead", short(&effect)));
                let _answer_to_nobody = job.hands.carry_out(&mut self.world, &effect, &job.rollout);
                self.court.rewritten();
            }
            Ahead::Other(Other::Behave(image, behaviour)) => {
                self.world.note("application", format!("{image} is healthy: {}", behaviour.healthy));
                self.world.behave(image, *behaviour);
            }
            Ahead::Other(Other::Resize(desired)) => {
                let serving = if self.stage.bootstrap { 1 } else { 0 };
                let name = self.stage.slots[serving].ecs_service.clone().unwrap_or_default();
                self.world.note("person", format!("{name} is to have {desired}"));
                self.world.set_desired(&name, desired as usize);
            }
            Ahead::Other(Other::Redeploy) => {
                let name = self.stage.slots[1].ecs_service.clone().unwrap_or_default();
                let desired = self.world.ecs_service(&name).map_or(0, |service| service.desired);
                self.world.note("deployer", format!("{name} is to run {STRANGERS}"));
                self.world.launch(&name, STRANGERS, desired).expect("ECS takes it");
            }
            Ahead::Other(Other::Usurp) => self.usurp(),
            // What is under way arrives, however long the runner then stands still.
            Ahead::Other(Other::Stall(seconds)) if seconds >= LONG && self.sends() => {
                let later = self.world.now() + Duration::from_secs(1);
                self.ahead.push((later, Ahead::Other(Other::Stall(seconds))));
            }
            Ahead::Other(Other::Stall(ref seconds)) => {
                self.world.note("runner", format!("stands still for {seconds} s"));
                let until = self.world.now() + Duration::from_secs(*seconds);
                if let (Some(job), Some(watched)) = (self.jobs.first_mut(), self.court.jobs.first_mut()) {
                    job.ready = job.ready.max(until);
                    watched.hindered = watched.hindered.max(until);
                }
            }
            Ahead::Other(Other::SetClock(seconds)) => {
                self.world.note("runner", format!("its clock is set by {seconds} s"));
                self.offset += seconds * 1000;
            }
            Ahead::Begins(verb) => self.start(verb),
        }
        self.notice();
    }

    /// The first job is at something that changes the world.
    fn sends(&self) -> bool {
        let waits = |effect: &Effect| {
            matches!(effect, Effect::WaitUntil(_) | Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_))
        };
        self.jobs.first().is_some_and(|job| !job.dead && !waits(&job.effect))
    }

    /// Another rollout writes its record over whatever is there.
    fn usurp(&mut self) {
        let slots = self.stage.released(Launch::Nothing);
        let mut record = self.stage.record(self.case, self.world.now());
        record.id = "somebody-elses".to_owned();
        // What ours has suspended is nobody's wish.
        let suspended = self.case.scaled.unwrap_or_default();
        let scaled = slots.stable.as_ref().and_then(|stable| steer::look(&self.world, stable));
        record.scaling = scaled.map(|scaled| Scaling { suspended, ..scaled });
        let ledger = Ledger::new(&self.stage.service_arn, &slots.targets, true).expect("recordable");
        let until = self.world.now() + Duration::from_secs(180);
        self.world.note("deployer", "another rollout claims the traffic targets");
        for (arn, tags) in ledger.pages(&record, Some(until)).expect("it fits") {
            self.world.write_tags(&arn, tags);
        }
        self.court.tags_lost = true;
    }

    /// Whether AWS answers what a verb asks before it begins.
    fn may_read(&mut self, verb: Verb) -> bool {
        let mut asks = vec!["ListTagsForResource"];
        let found = recorded(&self.world, &self.stage);
        if found.is_some_and(|found| restores(verb, &found)) {
            let rules = self.stage.targets.iter().any(|(target, _)| matches!(target, TrafficTarget::Rule { .. }));
            asks.extend(["GetListener", "ListTargets"].into_iter().chain(rules.then_some("GetRule")));
        }
        let refused = |effect: direct::Effect| effect != direct::Effect::Partial;
        asks.into_iter().all(|operation| !self.world.strike("vpc-lattice", operation, false).is_some_and(refused))
    }

    fn start(&mut self, verb: Verb) {
        if !self.may_read(verb) {
            // A person tries again.
            if self.jobs.len() < 100 && self.world.now().since(self.court.at_start.at) < rules::longest(self.case) {
                self.ahead.push((self.world.now() + Duration::from_secs(30), Ahead::Begins(verb)));
            }
            return;
        }
        let name = format!("{verb:?}").to_lowercase();
        self.world.note("job", format!("{name} begins"));
        let bent = self.bend.is_some_and(|bend| !bend.begins(verb));
        let begun = verbs::begin(verb, self.case, &self.world, &self.stage, (self.world.now(), self.jobs.len()));
        match begun.filter(|_| !bent) {
            Some(begun) => self.begin(&name, begun, Some(verb)),
            None => {
                self.world.note("job", format!("{name} has nothing to do"));
                self.has_nothing_to_do(verb);
            }
        }
    }
}
