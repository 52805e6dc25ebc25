//! How ill a candidate may be, and for how long.

use super::{
    Desired, Effect, Event, Rollout,
    adversary::{plan, rollout},
    adversary_world::World,
};
use crate::{
    rollout::{
        journal::Happening,
        outcome::Reason,
        plan::{HealthLimits, OnCancel, OnDrift, Plan},
        split::Share,
    },
    time::Timestamp,
};

const BACK: Effect = Effect::Write(Desired::BaselineBesideCandidate);

/// At half of the traffic, about to look.
fn at_half(health: HealthLimits) -> (World, Rollout, Effect) {
    let mut world = World::new(false);
    let plan = Plan { health, ..plan(OnDrift::Stop, OnCancel::Rollback) };
    let mut rollout = rollout(&world, plan, true);
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    while world.candidate_weight() < 50 || effect != Effect::Observe(None) {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    (world, rollout, effect)
}

fn why(rollout: &Rollout) -> Reason {
    let why = |happening: &Happening| if let Happening::RollingBack { reason } = happening { Some(reason.clone()) } else { None };
    rollout.journal().entries.iter().find_map(|entry| why(&entry.event)).expect("it is rolled back")
}

/// How many looks it takes to roll back a candidate of which so many percent of three targets are healthy; none of eight.
fn looks(limits: HealthLimits, healthy: u32) -> Option<u32> {
    let (mut world, mut rollout, mut effect) = at_half(limits);
    world.candidate_healthy = healthy;
    let mut looks = 0;
    while looks < 8 {
        looks += u32::from(matches!(effect, Effect::Observe(_)));
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
        if effect == BACK {
            return Some(looks);
        }
    }
    None
}

#[test]
fn a_candidate_is_given_as_many_observations_and_as_many_ill_targets_as_the_plan_says() {
    let limits = |min_healthy, unhealthy_for| HealthLimits {
        min_healthy: Share::percent(min_healthy),
        unhealthy_for,
        ..HealthLimits::default()
    };
    for (min_healthy, unhealthy_for, healthy, expected) in [
        // Two of three.
        (80, 1, 67, Some(1)),
        (80, 2, 67, Some(2)),
        (80, 3, 67, Some(3)),
        (50, 1, 67, None),
        (100, 1, 100, None),
        // One of three is short of what half of stable's three needs, whatever the limit; the first look proves that it has half.
        (10, 3, 34, Some(4)),
        // None waits for nothing.
        (10, 5, 0, Some(1)),
    ] {
        let limits = limits(min_healthy, unhealthy_for);
        assert_eq!(looks(limits, healthy), expected, "{min_healthy}% for {unhealthy_for}, {healthy}% are healthy");
    }
}

#[test]
fn a_deployment_that_ecs_gives_up_is_rolled_back_in_the_tick_that_sees_it() {
    let (mut world, mut rollout, mut effect) = at_half(HealthLimits::default());
    // In its bake.
    for _ in 0..4 {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    world.failed = true;
    while !matches!(effect, Effect::Observe(_)) {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    let event = world.carry_out(&effect);
    assert_eq!(rollout.handle(world.now, event), Ok(BACK));
    let message = "circuit breaker".to_owned();
    assert_eq!(why(&rollout), Reason::DeploymentFailed { message, stopped: Vec::new() });
}

/// By the second look ECS has started others in their place.
#[test]
fn why_tasks_stopped_is_told_though_others_run_in_their_place() {
    let (mut world, mut rollout, mut effect) = at_half(HealthLimits::default());
    world.candidate_healthy = 67;
    let mut looks = 0;
    while effect != BACK {
        let mut event = world.carry_out(&effect);
        if let Event::Observed(observation) = &mut event {
            looks += 1;
            if let Some(tasks) = observation.candidate.tasks.as_mut().filter(|_| looks == 1) {
                tasks.stopped = vec![("it exited (exit code 137)".to_owned(), 1)];
            }
        }
        effect = rollout.handle(world.now, event).expect("in place");
    }
    let Reason::Unhealthy { stopped, observations: 2, .. } = why(&rollout) else { panic!("{:?}", why(&rollout)) };
    assert_eq!(stopped, [("it exited (exit code 137)".to_owned(), 1)]);
}

/// What a candidate's task that has exited and is replaced by the next look comes to, of three: which have run at the look before?
#[test]
fn tasks_that_exited_between_two_looks_count_as_missing_though_others_run_in_their_place() {
    let limits = HealthLimits { min_healthy: Share::percent(80), unhealthy_for: 2, ..HealthLimits::default() };
    // At each look from the second on: how many of those that ran have exited since, of those that began to while the last was taken, and of
    // those that never ran at a look.
    for (what, exits, expected) in [
        ("all at once", vec![(3, 0, 0)], Some("no healthy target")),
        ("one", vec![(1, 0, 0)], None),
        ("one at each look", vec![(1, 0, 0), (1, 0, 0)], Some("2 of the candidate's 3 targets were healthy")),
        ("one at every other look", vec![(1, 0, 0), (0, 0, 0), (1, 0, 0)], None),
        ("what may not have been there at the last look", vec![(0, 0, 0), (0, 3, 0)], None),
        ("only what was started meanwhile", vec![(0, 0, 3), (0, 0, 3)], None),
    ] {
        let (mut world, mut rollout, mut effect) = at_half(limits);
        let (mut looks, mut last, mut exited) = (0_usize, world.now, Vec::new());
        while looks < 6 && effect != BACK {
            let mut event = world.carry_out(&effect);
            if let Event::Observed(observation) = &mut event
                && let Some(tasks) = &mut observation.candidate.tasks
                && observation.stable.is_some()
            {
                let (old, late, new) = looks.checked_sub(1).and_then(|at| exits.get(at)).copied().unwrap_or_default();
                let just = Timestamp::from_millis(observation.at.as_millis() - 100);
                let begun = [(old, Timestamp::default()), (late, last), (new, just)];
                exited.extend(begun.iter().flat_map(|(count, from)| (0..*count).map(|_| (*from, just))));
                // ECS remembers them: what is known already does not count again.
                tasks.exited = exited.as_slice().into();
                (looks, last) = (looks + 1, observation.at);
            }
            effect = rollout.handle(world.now, event).expect("in place");
        }
        let told = (effect == BACK).then(|| why(&rollout).to_string());
        assert_eq!(told.is_some(), expected.is_some(), "{what}: {told:?}");
        assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{what}");
    }
}

/// Whoever goes on with a rollout has not seen what ran before.
#[test]
fn tasks_that_exited_before_the_first_look_do_not_count() {
    let (world, mut rollout, effect) = at_half(HealthLimits::default());
    assert_eq!(effect, Effect::Observe(None));
    rollout.health = super::health::Health::of(3);
    let mut observation = world.observe();
    observation.candidate.tasks.as_mut().expect("a service").exited = [(Timestamp::default(), world.now); 3].into();
    let next = rollout.handle(world.now, Event::Observed(Box::new(observation))).expect("in place");
    assert_ne!(next, BACK);
}
