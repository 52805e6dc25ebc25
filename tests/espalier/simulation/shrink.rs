//! The shortest case that still fails: what can be left out is left out.

use std::time::Duration;

use espalier::sandbox::direct::Behaviour;

use super::{case::Case, play::play};

/// Shortens a failing case as long as the same rule is broken.
pub(crate) fn shrink(case: &Case) -> Case {
    let rule = |case: &Case| play(case, false).violation.map(|violation| violation.rule);
    let wanted = rule(case);
    let mut shortest = case.clone();
    loop {
        let shorter = shorter(&shortest).into_iter().find(|shorter| rule(shorter) == wanted);
        match shorter {
            Some(shorter) => shortest = shorter,
            None => return shortest,
        }
    }
}

/// All cases that are one thing shorter.
fn shorter(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Case)| {
        let mut shorter = case.clone();
        change(&mut shorter);
        if shorter != *case {
            all.push(shorter);
        }
    };
    for place in 0..case.afterwards.len() {
        offer(&|case| without(&mut case.afterwards, place));
    }
    offer(&|case| case.together = None);
    for place in 0..case.blows.len() {
        offer(&|case| without(&mut case.blows, place));
    }
    for place in 0..case.beside.len() {
        offer(&|case| without(&mut case.beside, place));
    }
    for place in 0..case.faults.len() {
        offer(&|case| without(&mut case.faults, place));
    }
    for place in 0..case.people.len() {
        offer(&|case| without(&mut case.people, place));
    }
    for place in 0..case.others.len() {
        offer(&|case| without(&mut case.others, place));
    }
    for place in 0..case.errands.len() {
        offer(&|case| without(&mut case.errands, place));
    }
    for place in 0..case.analysis.metrics.len() {
        // Without any metric nothing is judged.
        offer(&|case| without(&mut case.analysis.metrics, place));
    }
    offer(&|case| case.analysis.alarms.clear());
    for place in 0..case.demand.len() {
        offer(&|case| without(&mut case.demand, place));
    }
    offer(&|case| case.scaled = None);
    offer(&|case| case.tests = false);
    offer(&|case| case.definition = None);
    offer(&|case| case.plan.health.unchecked = false);
    offer(&|case| case.latency = Duration::ZERO);
    offer(&|case| case.ahead = 0);
    offer(&|case| case.tasks = 1);
    offer(&|case| case.candidate = Behaviour::default());
    offer(&|case| case.stable = Behaviour::default());
    if case.plan.steps.len() > 1 {
        offer(&|case| without(&mut case.plan.steps, 0));
    }
    all
}

fn without<T>(list: &mut Vec<T>, place: usize) {
    list.remove(place);
}
