//! The adversary with hooks at every point, and the hazards of gates that `reference` systems have.

use std::time::Duration;

use super::{
    Effect, Ending, Event, GoOn, Rollout,
    adversary::{plan, rollout, run},
    adversary_world::{ALL, HOOKS, Misfortune, World},
};
use crate::rollout::{
    hooks::{Hook, HookFailure, Hooks, Point},
    journal::Happening,
    observation::{Refusal, RefusalKind},
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    record::Record,
    split::Split,
};

impl World {
    /// Something that was started as a hook is there still.
    pub(super) fn is_hooked(&self) -> bool {
        self.hook.is_some_and(|until| !self.ended(until))
    }
}

const LIMIT: Duration = Duration::from_secs(120);

fn hooks(points: &[Point]) -> Hooks {
    points.iter().map(|point| (*point, Hook { what: "x".to_owned(), limit: LIMIT })).collect()
}

fn hooked(world: &World, points: &[Point]) -> Rollout {
    let mut rollout = rollout(world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    rollout.with_hooks(hooks(points));
    rollout
}

fn outcome(ending: &Ending) -> (OutcomeKind, Option<&Reason>) {
    if let Ending::Outcome(outcome) = ending { (outcome.kind, Some(&outcome.reason)) } else { panic!("{ending:?}") }
}

#[test]
fn hooks_run_at_their_points_in_order_and_once_at_each() {
    for bootstrap in [false, true] {
        let world = World::new(bootstrap);
        let (world, ending, _) = run(world.clone(), hooked(&world, &Point::ALL), &[]);
        assert_eq!(outcome(&ending).0, OutcomeKind::Promoted);
        let ran: Vec<_> = world.hooks.iter().map(|order| (order.point, order.step)).collect();
        let step = |step| [(Point::BeforeShift, Some(step)), (Point::AfterStep, Some(step))];
        let steps = if bootstrap { Vec::new() } else { (0..3).flat_map(step).collect() };
        let before = [(Point::BeforeRelease, None)];
        let after = [(Point::BeforePromote, None), (Point::AfterPromote, None)];
        assert_eq!(ran, [&before[..], &steps, &after].concat());
    }
}

#[test]
fn a_hook_that_fails_rolls_back_in_the_tick_that_sees_it_and_the_last_two_change_nothing() {
    for point in Point::ALL {
        let mut world = World::new(false);
        world.hook_exit = 3;
        if point == Point::OnRollback {
            world.candidate_healthy = 0;
        }
        let (world, ending, _) = run(world.clone(), hooked(&world, &[point]), &[]);
        let failure = HookFailure::Exited { exit: Some(3), why: None };
        match point {
            Point::AfterPromote => assert_eq!(outcome(&ending).0, OutcomeKind::Promoted),
            Point::OnRollback => {
                assert!(matches!(outcome(&ending), (OutcomeKind::RolledBack, Some(Reason::NotReady { .. }))), "{ending:?}");
                assert!(matches!(world.hooks[0].cause, Some(Reason::NotReady { .. })), "it is told why");
            }
            Point::BeforeRelease | Point::BeforeShift | Point::AfterStep | Point::BeforePromote => {
                let reason = Reason::HookFailed { hook: point, failure };
                assert_eq!(outcome(&ending), (OutcomeKind::RolledBack, Some(&reason)));
                assert_eq!(world.candidate_weight(), 0, "{point}");
            }
        }
    }
}

#[test]
fn nothing_is_written_when_the_hook_before_the_release_fails() {
    let mut world = World::new(false);
    world.hook_exit = 1;
    let (world, _, _) = run(world.clone(), hooked(&world, &Point::ALL), &[]);
    assert_eq!((world.actions, world.candidate_tasks, world.highest), ([None; 2], 0, 0));
    assert_eq!(world.hooks.len(), 1, "nor is there anything that the hook on a rollback could be told of");
}

/// Flagger's `confirm-*` hooks wait for ever, whatever happens to the candidate meanwhile.
#[test]
fn hazard_gate_that_waits_for_ever_a_hook_that_hangs_is_ended_at_its_limit() {
    for point in Point::ALL {
        let mut world = World::new(false);
        world.hook_takes = None;
        if point == Point::OnRollback {
            world.candidate_healthy = 0;
        }
        let (world, ending, _) = run(world.clone(), hooked(&world, &[point]), &[]);
        assert!(!world.is_hooked(), "{point}");
        if point.is_gate() {
            let failure = HookFailure::TimedOut { limit: LIMIT };
            assert_eq!(outcome(&ending), (OutcomeKind::RolledBack, Some(&Reason::HookFailed { hook: point, failure })));
        }
    }
}

/// Flagger 1268: what waits hides the checks behind it.
#[test]
fn hazard_a_gate_hides_the_rollback_health_is_judged_while_a_hook_hangs() {
    let mut world = World::new(false);
    world.hook_takes = None;
    let mut machine = hooked(&world, &[Point::AfterStep]);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !world.is_hooked() {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    let began = world.now;
    world.candidate_healthy = 0;
    while !matches!(effect, Effect::Write(_)) {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert!(world.now.since(began) <= Duration::from_secs(30), "within an interval, not within the hook's limit");
    assert!(world.is_hooked(), "weights first, then the hook is ended");
    let (world, ending, _) = run_on(world, machine, effect);
    assert!(matches!(outcome(&ending).1, Some(Reason::NoHealthyTargets { .. })), "{ending:?}");
    assert!(!world.is_hooked());
}

#[test]
fn a_signal_while_a_hook_hangs_restores_the_weights_before_the_hook_is_ended() {
    let mut world = World::new(false);
    world.hook_takes = None;
    let mut machine = hooked(&world, &[Point::AfterStep, Point::OnRollback]);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !world.is_hooked() {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    effect = machine.handle(world.now, Event::Signalled).expect("in place");
    assert!(matches!(effect, Effect::Write(_)), "{effect:?}");
    let (world, ending, effects) = run_on(world, machine, effect);
    assert_eq!(outcome(&ending), (OutcomeKind::RolledBack, Some(&Reason::Cancelled)));
    assert!(!world.is_hooked());
    assert_eq!(world.hooks.len(), 1, "a job that is being killed begins no hook");
    assert!(effects.iter().position(|effect| *effect == Effect::EndHook) > Some(2), "{effects:?}");
}

/// Flagger keeps what was approved in the load tester's memory: a restart forgets it, and the release waits for ever.
#[test]
fn hazard_state_in_memory_a_job_that_goes_on_runs_the_hook_again() {
    let mut world = World::new(false);
    world.hook_takes = None;
    let mut machine = hooked(&world, &[Point::BeforeShift]);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !world.is_hooked() {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    // Killed here. Its record says that no step was begun; whoever goes on from it is asked again.
    assert_eq!((machine.record().step, machine.record().intent), (0, Split::STABLE));
    world.hook = None;
    world.hook_takes = Some(Duration::from_secs(1));
    for passes in [true, false] {
        let mut world = world.clone();
        world.hook_exit = i32::from(!passes);
        let mut again = Rollout::resume(machine.record().clone(), machine.journal().release.clone(), GoOn::Here);
        again.with_hooks(hooks(&[Point::BeforeShift]));
        let (world, ending, _) = run(world, again, &[]);
        let (kind, runs) = if passes { (OutcomeKind::Promoted, 1 + 3) } else { (OutcomeKind::RolledBack, 1 + 1) };
        assert_eq!((outcome(&ending).0, world.hooks.len()), (kind, runs), "before each of the three steps, or until it fails");
        assert!(passes || world.highest == 0, "what it had not passed in the job before is not taken to be passed");
    }
}

/// What a job left at work when it was killed is ended by whoever takes its rollout over, once that cannot harm: weights first.
#[test]
fn a_hook_that_a_killed_job_left_at_work_is_ended_by_the_next_job() {
    for refusals in [0, 2, 9] {
        for verb in ["resume", "abort", "restore"] {
            let mut world = World::new(false);
            world.hook_takes = None;
            let mut machine = hooked(&world, &[Point::AfterStep]);
            let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
            while !world.is_hooked() {
                let event = world.carry_out(&effect);
                effect = machine.handle(world.now, event).expect("in place");
            }
            let (mut record, release) = (machine.record().clone(), machine.journal().release.clone());
            let mut next = match verb {
                "resume" => Rollout::resume(record, release, GoOn::Here),
                "abort" => Rollout::abort(record, release, Reason::Cancelled, false),
                _ => {
                    record.verb = "rollback".to_owned();
                    record.cluster = Some("main".to_owned());
                    record.unended = record.unended_in(None);
                    record.hooked = false;
                    Rollout::restore(record, release, 3, false)
                }
            };
            let mut effect = next.handle(world.now, Event::Begun).expect("begins");
            let (mut refused, mut asked) = (0, Vec::new());
            while !matches!(effect, Effect::Finish(_)) {
                asked.push(effect.clone());
                let event = if effect == Effect::EndHook && refused < refusals {
                    refused += 1;
                    Event::Refused(Refusal { kind: RefusalKind::Transient, message: "throttled".to_owned() })
                } else {
                    world.carry_out(&effect)
                };
                effect = next.handle(world.now, event).expect("in place");
            }
            let end = asked.iter().position(|effect| *effect == Effect::EndHook).expect("it is ended");
            let write = asked.iter().position(|effect| matches!(effect, Effect::Write(_)));
            assert!(verb == "resume" || write < Some(end), "weights first: {asked:?}");
            assert!(!world.is_hooked() && refused == refusals, "{verb}, refused {refusals} times: {asked:?}");
        }
    }
}

/// A release ends what the jobs of those before it left at work once its record is its own, before it starts anything, and asks for nothing
/// where they left nothing. A record that names them says so until it is done.
#[test]
fn a_hook_that_a_killed_job_left_at_work_is_ended_by_the_next_release() {
    for (refusals, left) in [(0, false), (0, true), (2, true), (usize::MAX, true)] {
        let world = World::new(false);
        let (mut world, mut machine) = (world.clone(), hooked(&world, &[]));
        if left {
            let before =
                Record { id: "before".to_owned(), hooked: true, cluster: Some("main".to_owned()), ..machine.record.clone() };
            machine.record.end_of([&before]);
            assert_eq!(machine.record.unended.len(), 1);
        }
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        let (mut refused, mut asked) = (0, Vec::new());
        while !matches!(effect, Effect::Finish(_)) {
            asked.push(effect.clone());
            let event = if effect == Effect::EndHook && refused < refusals {
                refused += 1;
                Event::Refused(Refusal { kind: RefusalKind::Transient, message: "throttled".to_owned() })
            } else {
                world.carry_out(&effect)
            };
            effect = machine.handle(world.now, event).expect("in place");
        }
        let outcome = machine.journal().outcome().map(|outcome| outcome.kind);
        assert_eq!(outcome, Some(OutcomeKind::Promoted), "left {left}, refused {refusals} times");
        assert_eq!(asked.contains(&Effect::EndHook), left, "{asked:?}");
        let first = |is: &dyn Fn(&Effect) -> bool| asked.iter().position(is);
        if let Some(end) = first(&|effect| *effect == Effect::EndHook) {
            let (claimed, write) = (
                first(&|effect| matches!(effect, Effect::Record(..))),
                first(&|effect| matches!(effect, Effect::Write(_) | Effect::Launch(_))),
            );
            assert!(claimed < Some(end) && Some(end) < write, "{asked:?}");
        }
        let still = machine.record.unended.iter().map(|unended| unended.rollout.as_str()).collect::<Vec<_>>();
        assert_eq!(still, if refusals == usize::MAX { vec!["before"] } else { vec![] }, "refused {refusals} times");
    }
}

#[test]
fn a_long_hook_renews_the_lease_and_is_told_in_the_journal_once() {
    let mut world = World::new(false);
    world.hook_takes = Some(Duration::from_secs(110));
    let mut machine = hooked(&world, &[Point::BeforePromote]);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut renewed = 0;
    while !matches!(effect, Effect::Finish(_)) {
        renewed += u32::from(world.is_hooked() && matches!(effect, Effect::Renew(_)));
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert!(renewed > 0, "the lease is kept");
    let count = |wanted: fn(&Happening) -> bool| machine.journal().entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(count(|event| matches!(event, Happening::HookBegun { .. })), 1);
    assert_eq!(count(|event| matches!(event, Happening::HookEnded { failure: None, .. })), 1);
    assert_eq!(count(|event| matches!(event, Happening::StepPassed { .. })), 3);
}

#[test]
fn every_misfortune_while_hooks_run_ends_in_a_typed_outcome_with_no_hook_left() {
    let world = World::new(false);
    let (_, _, length) = run(world.clone(), hooked(&world, &Point::ALL), &[]);
    let all: Vec<Misfortune> = ALL.into_iter().chain(HOOKS).collect();
    let mut runs = 0;
    for first in 0..length {
        for one in &all {
            run(world.clone(), hooked(&world, &Point::ALL), &[(first, *one)]);
            runs += 1;
            for second in (first + 1..length + 10).step_by(23) {
                for other in &all {
                    run(world.clone(), hooked(&world, &Point::ALL), &[(first, *one), (second, *other)]);
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 5_000, "{runs} runs");
}

/// From an effect in the middle to the end, with the effects on the way.
fn run_on(mut world: World, mut machine: Rollout, mut effect: Effect) -> (World, Ending, Vec<Effect>) {
    let mut effects = Vec::new();
    loop {
        if let Effect::Finish(ending) = effect {
            return (world, ending, effects);
        }
        effects.push(effect.clone());
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
}
