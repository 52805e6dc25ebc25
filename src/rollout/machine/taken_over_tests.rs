//! How a job that takes a rollout over rolls it back: what it leaves alone, what it puts back, and what it does not wait for.

use std::time::Duration;

use super::{
    Desired, Effect, Rollout,
    adversary::{plan, rollout},
    adversary_world::World,
    endings_tests::{drive, kind, release, usual},
};
use crate::rollout::{
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    split::Split,
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
    (record.intent, world.candidate_tasks) = (Split::CANDIDATE, 3);
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
