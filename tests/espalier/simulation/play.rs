//! A case played: the world made ready, run to the end of its last job, and what came of it.

use std::{rc::Rc, time::Duration};

use espalier::{
    rollout::{
        journal::Journal,
        machine::{Effect, Ending, Event},
    },
    sandbox::direct::Direct,
    time::Timestamp,
};

use super::{
    case::{CANDIDATE_IMAGE, Case, STABLE_IMAGE, Verb},
    court::{Court, Violation},
    facts::Facts,
    happen::touches,
    kept, rules,
    run::{Ahead, Run},
    stage::{Stage, demand, load},
    verbs::deploy,
};

/// How a case went.
pub(crate) struct Played {
    /// How each job ended, by its name; none for one that was killed or had nothing to do.
    pub(crate) endings: Vec<(String, Option<Ending>)>,
    /// The same of the sweeps after the last job.
    pub(crate) swept: Vec<Option<Ending>>,
    pub(crate) violation: Option<Violation>,
    /// Each job's journal.
    pub(crate) journals: Vec<Journal>,
    /// What happened in the world, a line each, and the world whenever it was looked at; only where the case is told.
    pub(crate) story: Vec<String>,
    pub(crate) history: Vec<Facts>,
    /// How much time passed in it.
    pub(crate) took: Duration,
}

/// Plays a case; `tells` keeps the story.
pub(crate) fn play(case: &Case, tells: bool) -> Played {
    play_bent(case, tells, None)
}

/// What is defective about the first job's machine, or about the world that it is in.
pub(crate) trait Bend {
    /// What it asks for in place of what it should.
    fn asks(&self, effect: Effect, _facts: &Facts) -> Effect {
        effect
    }

    /// What it understands in place of what it is told.
    fn hears(&self, event: Event) -> Event {
        event
    }

    /// Whether a later job begins at all.
    fn begins(&self, _verb: Verb) -> bool {
        true
    }

    /// What happens besides what it does.
    fn does(&self, _world: &mut Direct, _effect: &Effect) {}
}

/// Plays a case with a machine that is not what it should be.
pub(crate) fn play_bent(case: &Case, tells: bool, bend: Option<&dyn Bend>) -> Played {
    let stage = Stage::of(case);
    let mut world = stage.world.clone();
    *world.knobs() = case.knobs.clone();
    world.behave(STABLE_IMAGE, case.stable.clone());
    world.behave(CANDIDATE_IMAGE, case.candidate.clone());
    case.faults.iter().for_each(|fault| world.add_fault(fault.clone()));
    case.people.iter().for_each(|person| world.add_person(person.clone()));
    load(case).into_iter().for_each(|load| world.load(load));
    demand(case).into_iter().for_each(|demand| world.demand(demand));
    let start = world.now();
    let revision = |slot: usize| stage.slots[slot].task_definition.clone().unwrap_or_default();
    let revisions = [revision(0), revision(1)];
    let edits = touches(case, &stage);
    let court = Court::new(case, Facts::of(&world, &stage, &revisions));
    let mut ahead: Vec<_> =
        case.others.iter().map(|(at, other)| (start + Duration::from_secs(*at), Ahead::Other(other.clone()))).collect();
    ahead.extend(case.beside.iter().map(|(at, verb)| (start + Duration::from_secs(*at), Ahead::Begins(*verb))));
    let afterwards = case.afterwards.iter().copied().collect();
    let mut run = Run {
        case,
        stage,
        world,
        jobs: Vec::new(),
        ahead,
        afterwards,
        together: case.together,
        edits,
        court,
        offset: case.ahead * 1000,
        tells,
        bend,
        history: Vec::new(),
        revisions,
        record: None,
        seen: None,
    };
    let stage = Rc::clone(&run.stage);
    if let Some(begun) = deploy(case, &run.world, &stage, start) {
        run.begin("deploy", begun, None);
    }
    while run.court.violation.is_none() && run.turn() {}
    run.over(start)
}

impl Run<'_> {
    /// Whatever the jobs until now did, and what was still under way: what has requests has tasks, and nothing foreign was changed.
    fn left_well(&mut self) {
        let facts = self.facts();
        let served = rules::served(self.case, &self.court, &facts);
        self.court.hold(rules::SERVED, facts.at, served);
        let untouched = kept::untouched(&self.stage, &self.world.inventory(), &self.court);
        self.court.hold(kept::FOREIGN, self.world.now(), untouched);
    }

    fn over(mut self, start: Timestamp) -> Played {
        self.land();
        self.left_well();
        // What a sweep makes of it is the court's business alone: a case is over with its last job.
        let (jobs, history, took) = (self.jobs.len(), std::mem::take(&mut self.history), self.world.now().since(start));
        self.sweep_up();
        if self.jobs.len() > jobs {
            self.left_well();
        }
        let journals: Vec<_> = self.jobs.iter().take(jobs).map(|job| job.rollout.journal().clone()).collect();
        let story =
            self.world.log(0).map(|(at, what, summary)| format!("{:>6.1} {what}: {summary}", at.since(start).as_secs_f64()));
        Played {
            story: if self.tells { story.collect() } else { Vec::new() },
            history,
            took,
            endings: self
                .court
                .jobs
                .iter()
                .zip(&self.jobs)
                .take(jobs)
                .map(|(job, own)| (job.name.clone(), own.ending.clone()))
                .collect(),
            swept: self.jobs.iter().skip(jobs).map(|job| job.ending.clone()).collect(),
            violation: self.court.violation,
            journals,
        }
    }
}
