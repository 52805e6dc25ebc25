//! The adversary across jobs: killed at every effect, held at every hold; then every verb, with every misfortune.

use std::time::Duration;

use super::{
    Effect, Ending, Event, GoOn, Rollout,
    adversary::{plan, rollout, run},
    adversary_world::{ALL, Misfortune, World},
};
use crate::rollout::{
    journal::Release,
    observation::Lease,
    outcome::{OutcomeKind, Reason},
    plan::{Hold, OnCancel, OnDrift, OnTimeout, Plan},
    record::{ABORT, GO_ON, State},
    split::Split,
    takeover::Takeover,
};

fn release() -> Release {
    Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() }
}

fn with_holds(mut plan: Plan) -> Plan {
    for step in [0, 2] {
        plan.steps[step].hold = Some(Hold { timeout: Duration::from_secs(3600), on_timeout: OnTimeout::Rollback });
    }
    plan
}

/// What another job drives that does what `decision` says with the record in `world`.
fn taken_over(world: &World, decision: &Takeover) -> Option<Rollout> {
    let (mut record, _) = world.written.clone()?;
    match decision {
        Takeover::GoOn(from) => {
            if let (GoOn::Next, Some(held)) = (from, record.hold) {
                record.released = held.next + 1;
            }
            record.take_over("another", GO_ON, world.now);
            Some(Rollout::resume(record, release(), *from))
        }
        Takeover::RollBack(reason) => {
            record.take_over("another", ABORT, world.now);
            record.state = State::Running;
            Some(Rollout::abort(record, release(), reason.clone(), false))
        }
        Takeover::Watch => Some(Rollout::watch(record, release(), "another")),
        Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => None,
    }
}

fn kind(ending: &Ending) -> OutcomeKind {
    match ending {
        Ending::Outcome(outcome) => outcome.kind,
        Ending::Untouched(reason) | Ending::Declined(reason) => panic!("{reason}"),
    }
}

/// A job that is killed at its effect number `at`, before or after that took place; none when it had ended before.
fn killed(bootstrap: bool, plan: Plan, at: usize, carried_out: bool) -> Option<World> {
    let mut world = World::new(bootstrap);
    let mut machine = rollout(&world, plan, true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    for _ in 0..at {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    if matches!(effect, Effect::Finish(_)) {
        return None;
    }
    if carried_out && !matches!(effect, Effect::WaitUntil(_)) {
        let _nobody_hears_it = world.carry_out(&effect);
    }
    // Its lease runs out.
    world.now = world.now + Duration::from_secs(200);
    Some(world)
}

/// Everything that a job leaves behind when it is killed, each once for bootstrap and once for a release.
fn wrecks() -> Vec<World> {
    let mut wrecks = Vec::new();
    for bootstrap in [false, true] {
        for carried_out in [false, true] {
            let at = |at| killed(bootstrap, plan(OnDrift::Stop, OnCancel::Rollback), at, carried_out);
            wrecks.extend((0..).map_while(at).filter(|world| world.written.is_some()));
        }
    }
    assert!(wrecks.len() > 100, "{}", wrecks.len());
    wrecks
}

#[test]
fn a_rollout_whose_job_was_killed_anywhere_is_gone_on_with_to_its_end() {
    for world in wrecks() {
        let (record, leased_until) = world.written.clone().expect("recorded");
        let decision = Takeover::resume(&record, leased_until, world.now);
        let Some(resumed) = taken_over(&world, &decision) else {
            assert_eq!(record.state, State::Closed, "only what is over is left alone");
            continue;
        };
        let (after, ending, _) = run(world, resumed, &[]);
        assert_eq!(kind(&ending), OutcomeKind::Promoted);
        assert_eq!(after.actions, [Some(Split::CANDIDATE); 2]);
        assert_eq!((after.stable_tasks, after.candidate_tasks), (0, 3));
        let (record, leased_until) = after.written.expect("recorded");
        assert_eq!((record.state, leased_until), (State::Closed, None));
    }
}

#[test]
fn the_sweep_and_recover_leave_nothing_half_way() {
    for world in wrecks() {
        let (record, leased_until) = world.written.clone().expect("recorded");
        let now = world.now + Duration::from_secs(600);
        for decision in [
            Takeover::sweep(&record, record.is_whole(), leased_until, now),
            Takeover::recover(&record, false, leased_until, now),
            Takeover::recover(&record, true, leased_until, world.now),
        ] {
            let mut world = world.clone();
            let Some(job) = taken_over(&world, &decision) else {
                assert!(matches!(record.state, State::Closed | State::Promoted), "{decision:?}: {record:?}");
                continue;
            };
            world.now = now;
            let (after, ending, _) = run(world, job, &[]);
            if kind(&ending) == OutcomeKind::Promoted {
                assert_eq!(after.actions, [Some(Split::CANDIDATE); 2]);
            } else {
                assert_eq!((kind(&ending), after.actions), (OutcomeKind::RolledBack, [None; 2]), "{decision:?}");
                assert_eq!(after.candidate_tasks, 0, "{decision:?}");
            }
            assert_eq!(after.written.map(|(record, lease)| (record.state, lease)), Some((State::Closed, None)));
        }
    }
}

#[test]
fn whatever_befalls_a_resume_ends_in_a_typed_outcome() {
    let mut runs = 0;
    for (number, world) in wrecks().into_iter().enumerate() {
        let (record, leased_until) = world.written.clone().expect("recorded");
        let decision = Takeover::resume(&record, leased_until, world.now);
        // Every second effect of every second wreck: the whole product is the long run's.
        for at in (number % 2..45).step_by(2) {
            for misfortune in ALL {
                let Some(resumed) = taken_over(&world, &decision) else { continue };
                // A resume that was cancelled before it wrote anything leaves things as they were.
                run(world.clone(), resumed, &[(at, misfortune), (usize::MAX, Misfortune::Signal)]);
                runs += 1;
            }
        }
    }
    assert!(runs > 10_000, "{runs}");
}

/// The world at the first hold, and at the second.
fn held(on_cancel: OnCancel) -> [World; 2] {
    let world = World::new(false);
    let first = rollout(&world, with_holds(plan(OnDrift::Stop, on_cancel)), true);
    let (first, ending, _) = run(world, first, &[]);
    assert_eq!(kind(&ending), OutcomeKind::Held);
    assert_eq!(first.candidate_weight(), 0, "the first hold is before any weight");
    let second = promoted(&first).expect("it is held");
    let (second, ending, _) = run(first.clone(), second, &[]);
    assert_eq!(kind(&ending), OutcomeKind::Held);
    assert_eq!(second.candidate_weight(), 50);
    [first, second]
}

fn promoted(world: &World) -> Option<Rollout> {
    let (record, _) = world.written.as_ref()?;
    taken_over(world, &Takeover::promote(record, None, world.now))
}

#[test]
fn a_held_rollout_is_promoted_step_by_step_and_its_wait_does_not_count() {
    let [_, mut second] = held(OnCancel::Rollback);
    second.now = second.now + Duration::from_secs(3000);
    let last = promoted(&second).expect("it is held");
    assert_eq!(last.record().waited, Duration::from_secs(3000));
    let (after, ending, _) = run(second, last, &[]);
    assert_eq!(kind(&ending), OutcomeKind::Promoted);
    assert_eq!(after.actions, [Some(Split::CANDIDATE); 2]);
}

#[test]
fn nobody_promotes_after_the_hold_has_ended_and_the_sweep_acts_on_it() {
    for mut world in held(OnCancel::Rollback) {
        world.now = world.now + Duration::from_secs(3601);
        let (record, leased_until) = world.written.clone().expect("held");
        assert!(matches!(Takeover::promote(&record, None, world.now), Takeover::Refuse(_)));
        let decision = Takeover::sweep(&record, record.is_whole(), leased_until, world.now);
        assert!(matches!(decision, Takeover::RollBack(Reason::HoldExpired { .. })), "{decision:?}");
        let job = taken_over(&world, &decision).expect("a rollback");
        let (after, ending, _) = run(world, job, &[]);
        assert_eq!((kind(&ending), after.actions), (OutcomeKind::RolledBack, [None; 2]));
    }
}

#[test]
fn whatever_befalls_a_promotion_or_a_look_at_a_held_rollout_ends_in_a_typed_outcome() {
    for on_cancel in [OnCancel::Rollback, OnCancel::Hold] {
        for world in held(on_cancel) {
            for first in 0..60 {
                for misfortune in ALL {
                    let promoted = promoted(&world).expect("it is held");
                    run(world.clone(), promoted, &[(first, misfortune), (usize::MAX, Misfortune::Signal)]);
                    let watched = taken_over(&world, &Takeover::Watch).expect("a look");
                    run(world.clone(), watched, &[(first, misfortune)]);
                }
            }
        }
    }
}

#[test]
fn a_look_at_a_held_rollout_writes_nothing_while_it_is_well_and_rolls_back_what_is_not() {
    let [_, world] = held(OnCancel::Rollback);
    let (after, ending, effects) = run(world.clone(), taken_over(&world, &Takeover::Watch).expect("a look"), &[]);
    assert_eq!((kind(&ending), effects, &after.written), (OutcomeKind::Held, 1, &world.written));
    for (healthy, kind_then) in [(0, OutcomeKind::RolledBack), (50, OutcomeKind::RolledBack)] {
        let mut world = world.clone();
        world.candidate_healthy = healthy;
        let job = taken_over(&world, &Takeover::Watch).expect("a look");
        let (after, ending, _) = run(world, job, &[]);
        assert_eq!((kind(&ending), after.actions), (kind_then, [None; 2]), "{healthy} % healthy");
    }
}

#[test]
fn a_cancelled_job_that_holds_is_gone_on_with_by_another_one() {
    let world = World::new(false);
    let mut held = 0;
    for at in 0.. {
        let job = rollout(&world, plan(OnDrift::Stop, OnCancel::Hold), true);
        let (world, ending, effects) = run(world.clone(), job, &[(at, Misfortune::Signal)]);
        if effects < at {
            break;
        }
        if !matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::Held) {
            continue;
        }
        held += 1;
        let (record, leased_until) = world.written.clone().expect("held");
        let decision = Takeover::resume(&record, leased_until, world.now);
        assert_eq!(decision, Takeover::GoOn(GoOn::Here));
        let job = taken_over(&world, &decision).expect("it goes on");
        let (after, ending, _) = run(world, job, &[]);
        assert_eq!((kind(&ending), after.actions), (OutcomeKind::Promoted, [Some(Split::CANDIDATE); 2]));
    }
    assert!(held > 5, "{held}");
}

#[test]
fn another_job_that_took_over_is_left_alone() {
    let [_, mut world] = held(OnCancel::Rollback);
    world.lease = Lease::Theirs("generation 3 of this rollout".to_owned());
    for job in [promoted(&world).expect("held"), taken_over(&world, &Takeover::Watch).expect("a look")] {
        let (after, ending, _) = run(world.clone(), job, &[(usize::MAX, Misfortune::Usurped)]);
        assert_eq!((kind(&ending), after.written), (OutcomeKind::Superseded, world.written.clone()));
    }
}

/// Seed 5759 of the simulator: an abort took over while the promotion was being recorded, and its record was written over.
#[test]
fn an_abort_that_takes_over_at_the_promotion_is_not_written_over() {
    let mut world = World::new(false);
    let plan = Plan { retire_after: None, ..plan(OnDrift::Stop, OnCancel::Rollback) };
    let mut machine = rollout(&world, plan, true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut taken = None;
    while !matches!(effect, Effect::Finish(_)) {
        let event = world.carry_out(&effect);
        let is_promoted = world.record.as_ref().is_some_and(|record| record.state == State::Promoted);
        if is_promoted && taken.is_none() {
            world.lease = Lease::Theirs("generation 2 of this rollout".to_owned());
            taken.clone_from(&world.written);
        }
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert_eq!(machine.journal().outcome().map(|outcome| outcome.kind), Some(OutcomeKind::Superseded));
    assert_eq!(world.written, taken);
}
