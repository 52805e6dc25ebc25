//! What else sets sizes, against the adversary's world: the hazards that autoscalers are for a release.

use std::time::Duration;

use super::{
    Desired, Effect, Ending, Event, GoOn, Role, Rollout, Steer,
    adversary::{plan, rollout, run, undisturbed},
    adversary_world::{Misfortune, World},
};
use crate::rollout::{
    journal::{Entry, Happening, Release},
    observation::{Refusal, RefusalKind},
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    record::{Record, State},
    scaling::Scaling,
    split::Split,
};

/// Flagger 944, 634, 574: an autoscaler that shrinks the side which a rollback needs.
#[test]
fn c7_stable_does_not_shrink_by_itself_from_the_launch_until_the_old_slot_is_retired() {
    let mut strikes = 0;
    for at in 0..undisturbed(false, true) {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        for index in 0.. {
            if matches!(effect, Effect::Finish(_)) {
                break;
            }
            let warm = world.candidate_tasks > 0 && world.stable_tasks == 3 && !world.resting[0];
            if index == at && warm {
                world.befall(Misfortune::ScalesIn, &effect);
                assert_eq!(world.stable_tasks, 3, "at effect {at}: {effect:?}");
                strikes += 1;
            }
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
    }
    assert!(strikes > 20, "{strikes}");
}

/// Rule 9: killed at any effect, an abort by another job gives back what was held.
#[test]
fn killed_at_any_effect_an_abort_gives_the_scaling_back() {
    for at in 0..undisturbed(false, true) {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        for _ in 0..at {
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        let Some(mut record) = world.record.clone() else { continue };
        if matches!(record.state, State::Promoted | State::Closed) {
            assert!(record.state == State::Closed || record.scaling.is_some_and(|scaling| scaling.held), "kept for the next one");
            continue;
        }
        record.generation += 1;
        let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
        world.highest = 0;
        let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false);
        let (world, ending, _) = run(world, abort, &[]);
        assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::RolledBack), "{ending:?}");
        assert_eq!((world.held, world.candidate_tasks), ([false; 2], 0), "killed at effect {at}");
    }
}

/// Flagger B6: a rollback that scales to zero at once, before the data plane has followed.
#[test]
fn flagger_b6_a_rejected_candidate_keeps_its_tasks_until_the_weights_have_settled() {
    let mut world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut restored = None;
    while !matches!(effect, Effect::Finish(_)) {
        if world.candidate_weight() == 50 {
            world.candidate_healthy = 0;
        }
        let now = world.now;
        match &effect {
            Effect::Write(Desired::BaselineBesideCandidate) if world.candidate_weight() > 0 => restored = Some(now),
            Effect::Steer(Steer::Rest(Role::Candidate)) | Effect::Scale(Role::Candidate, 0) => {
                let since = now.since(restored.expect("weights first"));
                assert!(since >= machine.record().plan.settle, "{since:?}");
            }
            Effect::Record(..)
            | Effect::Renew(_)
            | Effect::Observe(_)
            | Effect::ReadBack
            | Effect::CountHealthy(_)
            | Effect::Write(_)
            | Effect::Launch(_)
            | Effect::Scale(..)
            | Effect::Steer(_)
            | Effect::OpenTest
            | Effect::CloseTest
            | Effect::StartHook(_)
            | Effect::EndHook
            | Effect::WaitUntil(_)
            | Effect::Finish(_) => {}
        }
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert_eq!((world.candidate_tasks, world.resting), (0, [false, true]));
}

/// A group that is listed already needs no write before the launch: what was launched is undone all the same.
#[test]
fn a_candidate_that_does_not_start_is_stopped_where_its_group_was_listed_already() {
    let mut world = World::new(false);
    world.actions = [Some(Split::STABLE); 2];
    world.listed = true;
    world.starts_after = Duration::from_secs(60 * 60);
    let rollout = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let (world, ending, _) = run(world, rollout, &[]);
    assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::RolledBack), "{ending:?}");
    assert_eq!((world.candidate_tasks, world.held), (0, [false; 2]));
}

/// Argo 1, "held abort": an abort whose stable side is under-scaled moves nothing, and says so in a log line only.
#[test]
fn argo_1_an_abort_restores_at_once_where_stable_is_short_and_brings_it_to_its_size() {
    let mut world = World::new(false);
    world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
    (world.candidate_tasks, world.stable_tasks) = (3, 1);
    let record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false);
    let (world, ending, _) = run(world, abort, &[]);
    assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::RolledBack), "{ending:?}");
    assert_eq!((world.candidate_weight(), world.stable_tasks, world.candidate_tasks), (0, 3, 0));
}

/// DESIGN §5 "Health": the candidate's own minimum counts as well.
#[test]
fn the_candidate_begins_with_no_fewer_tasks_than_its_own_minimum() {
    for (min, launched) in [(2, 3), (5, 5)] {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let scaling = machine.record().scaling.expect("it is scaled");
        machine.expect_scaling(Some(Scaling { min, ..scaling }), false);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        while !matches!(effect, Effect::Launch(_)) {
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        assert_eq!(effect, Effect::Launch(launched), "{min}");
    }
}

/// Rule 6: whoever puts the weights back between the rest and the stop finds the old slot as it was.
#[test]
fn an_old_slot_that_was_told_to_rest_is_woken_where_it_serves_again_before_its_tasks_are_stopped() {
    for comes in ["the weights", "a refusal", "a signal"] {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        let mut rested = false;
        while !matches!(effect, Effect::Finish(_)) {
            let stops = effect == Effect::Scale(Role::Stable, 0);
            assert!(!stops || comes == "a refusal", "{comes}: its tasks are stopped");
            let event = match comes {
                "a refusal" if stops => {
                    Event::Refused(Refusal { kind: RefusalKind::Permanent, message: "a deployment is under way".to_owned() })
                }
                "a signal" if rested => {
                    world.carry_out(&effect);
                    Event::Signalled
                }
                _ => world.carry_out(&effect),
            };
            rested = effect == Effect::Steer(Steer::Rest(Role::Stable));
            if rested && comes == "the weights" {
                world.actions = [Some(Split::STABLE); 2];
            }
            effect = machine.handle(world.now, event).expect("in place");
        }
        assert_eq!((world.held, world.resting, world.stable_tasks), ([false; 2], [false; 2], 3), "{comes}");
        assert!(machine.record().scaling.is_some_and(|scaling| !scaling.held), "{comes}");
    }
}

/// The record of the release before is written over by that of a rollback: what it held is given back by this one, also where it ends
/// before it moves anything.
#[test]
fn a_rollback_that_does_not_begin_gives_back_what_the_release_before_held() {
    let mut world = World::new(false);
    let release = || Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let before = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    let previous = before.stable.clone().expect("a way back");
    let record = Record { state: State::Promoted, verified: Split::CANDIDATE, intent: Split::CANDIDATE, ..before };
    let record = record.restoring(previous, "id-2".to_owned(), "job-2".to_owned(), world.now);
    world.held = [true; 2];
    (world.actions, world.edited) = ([Some(Split { stable: 77, candidate: 23 }); 2], true);
    let mut machine = Rollout::restore(record, release(), 0, false);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !matches!(effect, Effect::Finish(_)) {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert!(matches!(effect, Effect::Finish(Ending::Declined(Reason::Drifted { .. }))), "{effect:?}");
    assert_eq!(world.held, [false; 2]);
    let closed = world.record.expect("written");
    assert_eq!((closed.state, closed.scaling.map(|scaling| scaling.held)), (State::Closed, Some(false)));
}

/// What a candidate that is too small waits for is told.
#[test]
fn a_candidate_that_may_not_grow_says_so() {
    let mut world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut refused = 0;
    while !matches!(effect, Effect::Finish(_)) {
        if world.candidate_weight() == 50 {
            world.stable_tasks = 5;
        }
        let event = if matches!(effect, Effect::Scale(Role::Candidate, 5)) {
            refused += 1;
            Event::Refused(Refusal { kind: RefusalKind::Permanent, message: "not allowed".to_owned() })
        } else {
            world.carry_out(&effect)
        };
        effect = machine.handle(world.now, event).expect("in place");
    }
    let told = |entry: &Entry| matches!(&entry.event, Happening::Retrying { doing, message } if doing == "giving the candidate 5 tasks" && message == "not allowed");
    let told = machine.journal().entries.iter().filter(|entry| told(entry)).count();
    assert_eq!((told, refused > 0), (refused, true));
}

/// To the end, or until it is killed at that effect; `signalled` at that one in its place.
fn go(world: &mut World, mut machine: Rollout, killed: Option<usize>, signalled: Option<usize>) -> (Rollout, Vec<Effect>) {
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut all = Vec::new();
    while !matches!(effect, Effect::Finish(_)) && killed != Some(all.len()) {
        let event = world.carry_out(&effect);
        let event = if signalled == Some(all.len()) { Event::Signalled } else { event };
        all.push(effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    (machine, all)
}

/// The next job on what a killed one has recorded: what is promoted is finished, the rest is undone.
fn another(world: &mut World, mut record: Record) -> (Rollout, Vec<Effect>) {
    record.generation += 1;
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    world.highest = 0;
    let machine = if record.state == State::Promoted {
        Rollout::resume(record, release, GoOn::Here)
    } else {
        Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false)
    };
    go(world, machine, None, None)
}

/// Weights alone are moved: what the release before has recorded is as it was for the one after, however the shift ends, and whoever
/// ends it or goes back on it.
#[test]
fn a_shift_neither_steers_nor_forgets_what_the_release_before_has_recorded() {
    for (held, at) in [false, true].into_iter().flat_map(|held| (0..undisturbed(false, false)).map(move |at| (held, at))) {
        let kept = Some(Scaling { min: 2, max: 9, held, ..Scaling::default() });
        for (killed, signalled) in [(None, None), (None, Some(at)), (Some(at), None)] {
            let mut world = World::new(false);
            world.candidate_tasks = 3;
            let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), false);
            machine.keep_scaling(kept);
            let (machine, mut all) = go(&mut world, machine, killed, signalled);
            let mut told = machine.journal().entries.clone();
            if let Some(record) = world.record.clone().filter(|record| killed.is_some() && record.state != State::Closed) {
                let (machine, more) = another(&mut world, record);
                all.extend(more);
                told.extend(machine.journal().entries.clone());
            }
            let all_told = format!("held {held}, killed {killed:?}, signalled {signalled:?}: {all:?}");
            assert!(!all.iter().any(|effect| matches!(effect, Effect::Steer(_))), "{all_told}");
            let claims = |entry: &Entry| matches!(&entry.event, Happening::Note { what } if what.contains("as before"));
            assert!(!told.iter().any(claims), "{all_told}");
            let Some(record) = world.record else { continue };
            assert_eq!(record.scaling, kept, "{all_told}");
            if let Some(back) = record.way_back() {
                let back = record.restoring(back, "id-2".to_owned(), "job-2".to_owned(), world.now);
                assert_eq!(back.scaling, kept, "{all_told}");
            }
        }
    }
}

/// There is no stable to hold and to copy: the candidate, at rest since an earlier release, is woken when it serves for good, and rests
/// where it does not; killed at any effect, by the next job.
#[test]
fn a_bootstrap_into_a_slot_at_rest_wakes_it_once_it_is_promoted() {
    let (mut woken, mut left) = (0, 0);
    for at in 0..=undisturbed(true, true) + 1 {
        let mut world = World::new(true);
        world.resting[1] = true;
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        machine.expect_scaling(Some(Scaling { min: 5, max: 9, held: true, ..Scaling::default() }), false);
        let (_, all) = go(&mut world, machine, Some(at), None);
        assert!(!all.iter().any(|effect| matches!(effect, Effect::Steer(Steer::Hold | Steer::Equip))), "{all:?}");
        assert!(!all.iter().any(|effect| matches!(effect, Effect::Launch(count) if *count != 5)), "{all:?}");
        let Some(record) = world.record.clone() else { continue };
        if record.state != State::Closed {
            another(&mut world, record);
        }
        let record = world.record.clone().expect("written");
        let serves = world.actions == [Some(Split::CANDIDATE); 2];
        assert_eq!((world.resting[1], world.candidate_tasks > 0), (!serves, serves), "killed at effect {at}");
        let closed = (record.state, record.scaling.map(|scaling| (scaling.min, scaling.held)));
        assert_eq!(closed, (State::Closed, Some((5, false))), "killed at effect {at}");
        *(if serves { &mut woken } else { &mut left }) += 1;
    }
    assert!(woken > 2 && left > 2, "{woken} {left}");
}
