//! Defects in how far a job goes: past its bake, past a hold, back after its promotion, on from what somebody else set, and to something
//! else before the weights after a signal.

use std::time::Duration;

use espalier::{
    rollout::{
        hooks::Point,
        machine::{Desired, Effect, Event, Role},
        plan::{Hold, OnTimeout, Step},
        record::State,
        split::{Share, Split},
    },
    sandbox::direct::{Action, Behaviour, Direct},
};

use super::{
    bent::{Bent, Defect, RESTORES, caught, hooked},
    bent_further::{one_task_short, reads},
    hazards::{quiet, sets},
};
use crate::simulation::{
    case::{Blow, Case, Falls},
    facts::Facts,
};

/// It holds before its second step.
fn holding() -> Case {
    let mut case = quiet();
    case.plan.steps[1].hold = Some(Hold { timeout: Duration::from_secs(600), on_timeout: OnTimeout::Rollback });
    case
}

/// Once the first step is anywhere, it is everywhere.
fn sees_the_step_everywhere(event: Event) -> Event {
    reads(event, |seen| {
        let five = seen.actions.iter().flatten().find_map(|action| action.split.filter(|split| split.candidate == 5));
        if five.is_some() {
            seen.actions.iter_mut().flatten().for_each(|action| action.split = five);
        }
    })
}

fn one_task_short_once_it_serves(world: &mut Direct, effect: &Effect) {
    let listener = world.traffic_targets().into_iter().find(|arn| !arn.contains("/rule/")).expect("a default action");
    let Some(Action::Forward(groups)) = world.action(&listener) else { return };
    if groups.iter().any(|(group, weight)| group == "tg-0000000000000000b" && *weight > 0) {
        one_task_short(world, effect);
    }
}

const FIVE: Split = Split { stable: 95, candidate: 5 };
const HALF: Split = Split { stable: 50, candidate: 50 };

/// A signal at one of its effects.
fn signalled(at: usize) -> Case {
    Case { blows: vec![Blow { job: 0, at, falls: Falls::Signal }], ..quiet() }
}

/// What is rolled back is closed at once, and left by every sweep.
fn closes_at_once(mut effect: Effect, _: &Facts) -> Effect {
    if let Effect::Record(record, _) = &mut effect
        && record.state == State::RolledBack
    {
        record.state = State::Closed;
    }
    effect
}

const DEFECTS: [Defect; 9] = [
    (
        "it promotes without baking",
        quiet,
        Bent::Asks(|mut effect, facts: &Facts| {
            if let Effect::Record(record, _) = &mut effect
                && record.state == State::Running
                && record.verified == Split::CANDIDATE
                && facts.least_share(1) == 100_000
            {
                record.state = State::Promoted;
            }
            effect
        }),
        "2: the last step is settled and baked",
    ),
    (
        "it writes its step over another one that somebody set",
        || Case { people: vec![sets(70, 50, 50)], ..quiet() },
        Bent::Asks(|effect, _| {
            let sticks = matches!(&effect, Effect::Record(record, _) if record.state == State::Stuck);
            if sticks { Effect::Write(Desired::Split(FIVE)) } else { effect }
        }),
        "3: what somebody else wrote",
    ),
    (
        "it does not see what somebody set",
        || Case { people: vec![sets(70, 0, 100)], ..quiet() },
        Bent::Hears(sees_the_step_everywhere),
        "3: what somebody else wrote",
    ),
    (
        "it ends the hook first",
        || Case { blows: vec![Blow { job: 0, at: 34, falls: Falls::Signal }], ..hooked(Point::AfterStep, 5000, 0) },
        Bent::Asks(|effect, facts: &Facts| {
            let restores = facts.share(1) > 0 && matches!(&effect, Effect::Write(desired) if RESTORES.contains(desired));
            if restores { Effect::EndHook } else { effect }
        }),
        "12: on the first signal",
    ),
    (
        "it goes back after its promotion",
        quiet,
        Bent::Asks(|effect, _| {
            let retires = effect == Effect::Scale(Role::Stable, 0);
            if retires { Effect::Write(Desired::BaselineBesideCandidate) } else { effect }
        }),
        "6: a promotion is final",
    ),
    (
        "it goes past a hold",
        holding,
        Bent::Asks(|effect, _| {
            let lets_go = matches!(&effect, Effect::Record(record, _) if record.state == State::Held);
            if lets_go { Effect::Write(Desired::Split(HALF)) } else { effect }
        }),
        "2: nobody goes past a hold",
    ),
    (
        "it takes half of it for the whole, and holds that",
        holding,
        Bent::Blind(
            |world: &mut Direct, effect| {
                let default_action = world.traffic_targets().into_iter().find(|arn| !arn.contains("/rule/"));
                if let (Effect::Write(Desired::Split(_)), Some(target)) = (effect, default_action) {
                    let groups = [("tg-12345678901234567", 100), ("tg-0000000000000000b", 0)];
                    let forward = Action::Forward(groups.map(|(group, weight)| (group.to_owned(), weight)).into());
                    world.write_action(&target, forward).expect("it is there");
                }
            },
            sees_the_step_everywhere,
        ),
        "2: nobody goes past a hold",
    ),
    (
        "it does not see that the candidate has too few tasks for its share",
        || {
            let mut case = Case { candidate: Behaviour { starts_after: 70, ..Behaviour::default() }, ..quiet() };
            case.plan.steps = vec![Step { bake: Duration::from_secs(600), ..case.plan.steps[2] }];
            case.plan.health.min_healthy = Share::percent(50);
            case
        },
        Bent::Blind(one_task_short_once_it_serves, |event| {
            reads(event, |seen| seen.candidate.healthy = if seen.candidate.healthy > 0 { 3 } else { 0 })
        }),
        "1: enough for its share",
    ),
    (
        "it closes its record before the exact baseline is back",
        || signalled(5),
        Bent::Asks(closes_at_once),
        "9: whoever comes after the last job",
    ),
];

#[test]
fn a_machine_that_goes_too_far_is_caught_by_the_rule_that_it_breaks() {
    caught(&DEFECTS);
}
