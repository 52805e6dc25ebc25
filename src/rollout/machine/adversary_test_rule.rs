//! The adversary with a test rule: whatever happens, it is recorded while it is there, and gone when the release is decided.

use super::{
    Effect, Ending, Event, Rollout,
    adversary::{plan, rollout, run},
    adversary_world::{ALL, Misfortune, World},
};
use crate::rollout::{
    journal::Release,
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    split::Split,
};

fn tested(world: &World) -> Rollout {
    let mut rollout = rollout(world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    rollout.with_test_rule();
    rollout
}

#[test]
fn the_test_rule_comes_before_any_weight_and_goes_before_the_old_slot_is_retired() {
    let mut world = World::new(false);
    let mut machine = tested(&world);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut order = Vec::new();
    while !matches!(effect, Effect::Finish(_)) {
        let telling = matches!(effect, Effect::OpenTest | Effect::CloseTest | Effect::Scale(..) | Effect::Launch(_));
        if telling || (world.test && matches!(effect, Effect::Write(_))) {
            order.push(effect.clone());
        }
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert!(
        matches!(order.as_slice(), [Effect::OpenTest, Effect::Launch(_), .., Effect::CloseTest, Effect::Scale(..)]),
        "{order:?}"
    );
    assert!(!world.test && machine.record().test.is_none());
}

#[test]
fn at_bootstrap_every_request_is_the_candidates_anyway() {
    let world = World::new(true);
    let (world, ending, _) = run(world.clone(), tested(&world), &[]);
    assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::Promoted), "{ending:?}");
    assert!(!world.test && world.recorded_test.is_none());
}

/// The world asserts at every effect that a test rule that is there is recorded, or announced.
#[test]
fn no_misfortune_leaves_a_test_rule_that_nobody_knows_of() {
    let world = World::new(false);
    let (_, _, length) = run(world.clone(), tested(&world), &[]);
    // These keep a job from closing what it opened: the record still has it.
    let in_the_way = [Misfortune::Signal, Misfortune::Denied, Misfortune::DeniedForever, Misfortune::Usurped];
    let mut runs = 0;
    for first in 0..length {
        for one in ALL {
            for second in (first + 1..length + 10).step_by(11) {
                for other in ALL {
                    let (world, ending, _) = run(world.clone(), tested(&world), &[(first, one), (second, other)]);
                    let decided = matches!(&ending, Ending::Outcome(outcome) if matches!(outcome.kind, OutcomeKind::Promoted | OutcomeKind::RolledBack));
                    let excused = in_the_way.contains(&one) || in_the_way.contains(&other) || !decided;
                    assert!(!world.test || excused, "{ending:?} after {one:?}, {other:?}: {world:?}");
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 10_000, "{runs} runs");
}

#[test]
fn an_abort_from_another_job_closes_what_the_record_announces() {
    for known in [Vec::new(), vec!["rule".to_owned()]] {
        let mut world = World::new(false);
        world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
        (world.candidate_tasks, world.test) = (3, true);
        let mut record = tested(&world).record().clone();
        record.test = Some(known.clone());
        world.recorded_test = Some(known);
        let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
        let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false);
        let (world, ending, _) = run(world, abort, &[]);
        assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::RolledBack), "{ending:?}");
        assert!(!world.test && world.recorded_test.is_none());
    }
}
