//! How a job that takes a rollout over rolls it back: what it leaves alone, what it puts back, and what it does not wait for.

use std::time::Duration;

use super::{
    Desired, Effect, Event, Rollout, Steer,
    adversary::{plan, rollout},
    adversary_world::World,
    endings_tests::{drive, kind, release, throttled, usual},
};
use crate::rollout::{
    observation::Observation,
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    record::State,
    split::Split,
    takeover::Takeover,
};

/// Where every reading takes longer than a lease lasts, no fresher one is waited for: what puts things right is written all the same.
#[test]
fn a_rollback_is_not_kept_waiting_by_readings_that_take_minutes() {
    let world = World::new(false);
    let machine = usual(&world);
    let slow = |world: &mut World, effect: &Effect| {
        if world.candidate_weight() == 50 {
            world.candidate_healthy = 0;
        }
        if world.candidate_healthy == 0 && effect.reads() {
            world.now = world.now + Duration::from_secs(200);
        }
        None
    };
    let (world, _, ending, all) = drive(world, machine, slow, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_weight()), (Some(OutcomeKind::RolledBack), 0));
    let back = all.iter().rposition(|effect| *effect == Effect::Write(Desired::BaselineBesideCandidate)).expect("written");
    let half = all.iter().position(|effect| matches!(effect, Effect::Write(Desired::Split(split)) if split.candidate == 50));
    let between = &all[half.expect("written")..back];
    assert!(between.iter().filter(|effect| matches!(effect, Effect::Observe(_))).count() <= 3, "{between:?}");
}

/// The job before may still be at the write that its record announces, however long it takes: that is no person's.
#[test]
fn an_abort_puts_back_what_a_late_write_of_the_job_before_brings() {
    let mut world = World::new(false);
    let mut record = usual(&world).record().clone();
    (record.step, record.intent, world.candidate_tasks) = (2, Split::CANDIDATE, 3);
    world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
    record.take_over_to_roll_back("another", world.now);
    let machine = Rollout::abort(record, release(), Reason::Cancelled, false);
    let mut landed = false;
    let lands = |world: &mut World, effect: &Effect| {
        let is_drained = world.candidate_tasks == 0 && !landed;
        if is_drained && matches!(effect, Effect::Observe(_)) {
            (landed, world.actions) = (true, [Some(Split::CANDIDATE); 2]);
        }
        None
    };
    let (world, _, ending, _) = drive(world, machine, lands, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_weight(), landed), (Some(OutcomeKind::RolledBack), 0, true));
}

/// What nobody looked after was changed by somebody: it is left alone, by everybody but who asks for it as things are (rule 3).
#[test]
fn what_somebody_set_after_its_job_was_gone_is_not_rolled_back_unasked() {
    let found = Split { stable: 70, candidate: 30 };
    let by = "a person".to_owned();
    for (reason, on_drift, kind_then, weight) in [
        (Reason::JobLost { leased_until: None }, OnDrift::Stop, OutcomeKind::Stuck, 30),
        (Reason::Cancelled, OnDrift::Stop, OutcomeKind::Stuck, 30),
        (Reason::JobLost { leased_until: None }, OnDrift::Restore, OutcomeKind::RolledBack, 0),
        (Reason::Aborted { by }, OnDrift::Stop, OutcomeKind::RolledBack, 0),
    ] {
        let mut world = World::new(false);
        world.actions = [Some(found), Some(Split::STABLE)];
        let record = rollout(&world, plan(on_drift, OnCancel::Rollback), true).record().clone();
        let machine = Rollout::abort(record, release(), reason, false);
        let (world, machine, ending, _) = drive(world, machine, |_, _| None, |_, _| ());
        assert_eq!((kind(&ending), world.candidate_weight()), (Some(kind_then), weight), "{:?}", machine.journal().outcome());
    }
}

/// A reading that fails is no leave to write over what somebody has set, nor to send everything to what is dead: nothing is urgent where
/// nobody has been at it for minutes.
#[test]
fn what_nobody_asked_for_is_not_done_unread() {
    for hurried in [false, true] {
        for (found, stable, kind_then, weight) in [
            (Split { stable: 50, candidate: 50 }, 0, OutcomeKind::Stuck, 50),
            (Split { stable: 70, candidate: 30 }, 3, OutcomeKind::Stuck, 30),
            (Split { stable: 50, candidate: 50 }, 3, OutcomeKind::RolledBack, 0),
        ] {
            let mut world = World::new(false);
            (world.actions, world.stable_healthy, world.candidate_tasks) = ([Some(found); 2], stable * 33, 3);
            let mut record = usual(&world).record().clone();
            (record.step, record.intent, record.verified) =
                (1, Split { stable: 50, candidate: 50 }, Split { stable: 50, candidate: 50 });
            record.take_over_to_roll_back("another", world.now);
            let machine = Rollout::abort(record, release(), Reason::JobLost { leased_until: None }, false);
            let (mut fails, mut signals) = (3, hurried);
            let fails = |_: &mut World, effect: &Effect| {
                if effect.reads() && fails > 0 {
                    fails -= 1;
                    return Some(throttled());
                }
                if *effect == Effect::ReadBack && std::mem::take(&mut signals) {
                    return Some(Event::Signalled);
                }
                None
            };
            let (world, machine, ending, all) = drive(world, machine, fails, |_, _| ());
            let outcome = machine.journal().outcome();
            assert_eq!(
                (kind(&ending), world.candidate_weight()),
                (Some(kind_then), weight),
                "{found} {hurried}: {outcome:?} {all:?}"
            );
        }
    }
}

/// Its record goes before its weights: a step that the record does not know yet was never written by its job.
#[test]
fn a_later_step_of_the_plan_is_somebodys_all_the_same() {
    let mut world = World::new(false);
    (world.actions, world.candidate_tasks) = ([Some(Split::CANDIDATE); 2], 3);
    let mut record = usual(&world).record().clone();
    (record.intent, record.verified) = (Split { stable: 95, candidate: 5 }, Split { stable: 95, candidate: 5 });
    record.take_over_to_roll_back("another", world.now);
    let machine = Rollout::abort(record, release(), Reason::JobLost { leased_until: None }, false);
    let (world, _, ending, _) = drive(world, machine, |_, _| None, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_weight()), (Some(OutcomeKind::Stuck), 100));
    let stuck = world.record.expect("recorded");
    assert!(stuck.state == State::Stuck && !stuck.unrestored, "only a person can say");
}

/// A traffic target that is gone does not come back by trying again; what was only refused may.
#[test]
fn only_what_trying_again_can_help_is_tried_again() {
    for (gone, unrestored) in [(true, false), (false, true)] {
        let mut world = World::new(false);
        (world.actions, world.candidate_tasks) = ([Some(Split { stable: 50, candidate: 50 }); 2], 3);
        let mut record = usual(&world).record().clone();
        (record.intent, record.verified) = (Split { stable: 50, candidate: 50 }, Split { stable: 50, candidate: 50 });
        record.take_over_to_roll_back("another", world.now);
        let machine = Rollout::abort(record, release(), Reason::JobLost { leased_until: None }, false);
        let refused = |_: &mut World, effect: &Effect| (matches!(effect, Effect::Write(_)) && !gone).then(throttled);
        let missing = |_: &World, seen: &mut Observation| {
            if gone {
                seen.actions[0] = None;
            }
        };
        let (world, machine, ending, _) = drive(world, machine, refused, missing);
        assert_eq!(kind(&ending), Some(OutcomeKind::Stuck), "{:?}", machine.journal().outcome());
        assert_eq!(world.record.map(|record| record.unrestored), Some(unrestored));
    }
}

/// What has to be given back is, also where AWS throttles that for longer than it is tried: the next sweep finds the record open.
#[test]
fn scaling_that_could_not_be_given_back_in_time_is_given_back_by_the_next_sweep() {
    for promotes in [true, false] {
        let (mut world, machine) = (World::new(false), usual(&World::new(false)));
        world.candidate_healthy = if promotes { 100 } else { 0 };
        let gives_back = |_: &mut World, effect: &Effect| {
            let gives = matches!(effect, Effect::Steer(Steer::GiveBack(_) | Steer::Wake(_)));
            gives.then(throttled)
        };
        let unhealthy = |world: &mut World, effect: &Effect| {
            if !promotes && world.candidate_weight() == 50 {
                world.candidate_healthy = 0;
            }
            gives_back(world, effect)
        };
        world.candidate_healthy = 100;
        let (world, _, ending, _) = drive(world, machine, unhealthy, |_, _| ());
        let (kind_then, state) =
            if promotes { (OutcomeKind::Promoted, State::Promoted) } else { (OutcomeKind::RolledBack, State::RolledBack) };
        let (mut record, leased_until) = world.written.clone().expect("recorded");
        assert_eq!((kind(&ending), record.state, leased_until), (Some(kind_then), state, None));
        assert!(world.held.contains(&true));
        let now = world.now + Duration::from_secs(600);
        let machine = match Takeover::sweep(&record, true, None, now) {
            Takeover::RollBack(reason) => {
                record.take_over_to_roll_back("sweep", now);
                Rollout::abort(record, release(), reason, false)
            }
            Takeover::GoOn(from) => {
                record.take_over_to_go_on("sweep", from, false, now);
                Rollout::resume(record, release(), from)
            }
            other @ (Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Watch | Takeover::Stuck(_)) => panic!("{other:?}"),
        };
        let (world, machine, ending, _) = drive(World { now, ..world }, machine, |_, _| None, |_, _| ());
        assert_eq!((kind(&ending), world.held), (Some(kind_then), [false; 2]), "{:?}", machine.journal().outcome());
        assert_eq!(world.record.map(|record| record.state), Some(State::Closed));
    }
}

/// Seed 160094504: at bootstrap the record called rolled back what had only been asked for, and a late write of the job before, which had
/// been killed as well, attached the candidate again.
#[test]
fn a_first_release_is_rolled_back_once_that_was_read() {
    let mut world = World::new(true);
    (world.actions, world.candidate_tasks) = ([Some(Split::CANDIDATE); 2], 3);
    let mut record = usual(&world).record().clone();
    assert!(record.stable.is_none());
    record.take_over_to_roll_back("another", world.now);
    let machine = Rollout::abort(record, release(), Reason::JobLost { leased_until: None }, false);
    let (_, _, ending, all) = drive(world, machine, |_, _| None, |_, _| ());
    assert_eq!(kind(&ending), Some(OutcomeKind::RolledBack));
    let states = all.iter().filter_map(|effect| if let Effect::Record(record, _) = effect { Some(record.state) } else { None });
    assert_eq!(states.collect::<Vec<_>>(), [State::Running, State::RolledBack, State::Closed]);
}
