//! How a rollout ends where the world has changed under it since the last decision: who keeps tasks, and who gets traffic.

use std::time::Duration;

use super::{
    Desired, Effect, Ending, Event, Role, Rollout,
    adversary::{plan, rollout},
    adversary_world::{Misfortune, World},
};
use crate::rollout::{
    journal::Release,
    observation::{Observation, Refusal, RefusalKind},
    outcome::{OutcomeKind, Reason},
    plan::{OnCancel, OnDrift},
    record::{Record, State},
    split::Split,
};

pub(super) fn release() -> Release {
    Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() }
}

pub(super) fn usual(world: &World) -> Rollout {
    rollout(world, plan(OnDrift::Stop, OnCancel::Rollback), true)
}

pub(super) fn throttled() -> Event {
    Event::Refused(Refusal { kind: RefusalKind::Transient, message: "throttled".to_owned() })
}

/// Runs to the end; `answer` changes the world before an effect is carried out, and may answer in its place.
pub(super) fn drive(
    mut world: World,
    mut machine: Rollout,
    mut answer: impl FnMut(&mut World, &Effect) -> Option<Event>,
    mut seen: impl FnMut(&World, &mut Observation),
) -> (World, Rollout, Ending, Vec<Effect>) {
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    let mut all = Vec::new();
    while !matches!(effect, Effect::Finish(_)) {
        assert!(all.len() < 2000, "no end: {:?}", &all[1990..]);
        let mut event = answer(&mut world, &effect).unwrap_or_else(|| world.carry_out(&effect));
        if let Event::Observed(observation) = &mut event {
            seen(&world, observation);
        }
        all.push(effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    let Effect::Finish(ending) = effect else { unreachable!("it has ended") };
    (world, machine, ending, all)
}

pub(super) fn kind(ending: &Ending) -> Option<OutcomeKind> {
    if let Ending::Outcome(outcome) = ending { Some(outcome.kind) } else { None }
}

fn is_promoted(world: &World) -> bool {
    world.record.as_ref().is_some_and(|record| record.state == State::Promoted)
}

/// Whoever makes a rule anew writes what was configured into it: everything to the old slot, as often as not.
#[test]
fn an_old_slot_keeps_its_tasks_where_a_traffic_target_is_gone() {
    let world = World::new(false);
    let machine = usual(&world);
    let gone = |world: &World, seen: &mut Observation| {
        if is_promoted(world) {
            seen.actions[0] = None;
        }
    };
    let (world, _, ending, all) = drive(world, machine, |_, _| None, gone);
    assert_eq!((kind(&ending), world.stable_tasks, world.held), (Some(OutcomeKind::Promoted), 3, [false; 2]));
    assert!(!all.contains(&Effect::Scale(Role::Stable, 0)));
}

/// The way back stays open where what was promoted is nearly dead.
#[test]
fn an_old_slot_keeps_its_tasks_where_what_was_promoted_has_too_few_healthy_targets() {
    let world = World::new(false);
    let machine = usual(&world);
    let falls = |world: &mut World, _: &Effect| {
        if is_promoted(world) {
            world.candidate_healthy = 34;
        }
        None
    };
    let (world, _, ending, _) = drive(world, machine, falls, |_, _| ());
    assert_eq!((kind(&ending), world.stable_tasks), (Some(OutcomeKind::Promoted), 3));
}

/// Rule 14: a group that others fill, and an ECS service that is not there.
#[test]
fn healthy_targets_without_the_candidates_own_service_are_not_the_candidate() {
    let mut world = World::new(false);
    (world.actions, world.listed) = ([Some(Split::STABLE); 2], true);
    let machine = usual(&world);
    let others = |world: &World, seen: &mut Observation| {
        if world.candidate_tasks == 0 {
            (seen.candidate.healthy, seen.candidate.unhealthy, seen.candidate.tasks) = (3, 0, None);
        }
    };
    let (_, _, ending, all) = drive(world, machine, |_, _| None, others);
    assert_eq!(kind(&ending), Some(OutcomeKind::Promoted));
    let first = |is: &dyn Fn(&Effect) -> bool| all.iter().position(is).expect("it happens");
    let launched = first(&|effect| matches!(effect, Effect::Launch(_)));
    assert!(
        launched < first(&|effect| matches!(effect, Effect::Write(Desired::Split(_)))),
        "nothing moves before it is launched"
    );
}

/// The same where its service is deleted in the middle: what is left in the group is not what was released.
#[test]
fn a_candidate_whose_service_is_gone_is_rolled_back() {
    let world = World::new(false);
    let machine = usual(&world);
    let deleted = |world: &World, seen: &mut Observation| {
        if world.candidate_weight() == 50 {
            seen.candidate.tasks = None;
        }
    };
    let (world, _, ending, _) = drive(world, machine, |_, _| None, deleted);
    assert!(
        matches!(&ending, Ending::Outcome(outcome) if matches!(outcome.reason, Reason::ForeignTargets { count: 3 })),
        "{ending:?}"
    );
    assert_eq!(world.candidate_weight(), 0);
}

/// Asked to go back from what is dead, a rollback does not wait for the last task, and does not stop those that it has.
#[test]
fn a_rollback_from_what_is_dead_goes_to_the_first_tasks_that_are_healthy() {
    let mut world = World::new(false);
    world.candidate_healthy = 67;
    let before = usual(&world).record().clone();
    let previous = before.stable.clone().expect("a way back");
    let record = Record { state: State::Promoted, verified: Split::CANDIDATE, intent: Split::CANDIDATE, ..before };
    let record = record.restoring(previous, "id-2".to_owned(), "job-2".to_owned(), world.now);
    world.stable_healthy = 0;
    let machine = Rollout::restore(record, release(), 0, false);
    let (world, _, ending, all) = drive(world, machine, |_, _| None, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_weight()), (Some(OutcomeKind::RolledBack), Split::CANDIDATE.candidate));
    assert!(!all.contains(&Effect::Scale(Role::Candidate, 0)), "its tasks are all there is");
}

/// However long the data plane is given, a reading that fails meanwhile does not leave the rejected candidate running.
#[test]
fn a_rejected_candidate_is_stopped_though_a_reading_fails_while_the_weights_settle() {
    let world = World::new(false);
    let mut settled = plan(OnDrift::Stop, OnCancel::Rollback);
    settled.settle = Duration::from_secs(300);
    let machine = rollout(&world, settled, true);
    let (mut restored, mut failed) = (None, false);
    let fails = |world: &mut World, effect: &Effect| {
        if world.candidate_weight() == 50 {
            world.candidate_healthy = 0;
        }
        if world.record.as_ref().is_some_and(|record| record.state == State::RolledBack) {
            let since = world.now.since(*restored.get_or_insert(world.now));
            if !failed && since >= Duration::from_secs(200) && matches!(effect, Effect::Observe(_)) {
                failed = true;
                return Some(throttled());
            }
        }
        None
    };
    let (world, _, ending, _) = drive(world, machine, fails, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_tasks, failed), (Some(OutcomeKind::RolledBack), 0, true));
}

/// Weights that were back and are not any more are put back in the same tick.
#[test]
fn weights_that_slip_away_again_are_put_back_without_a_pause() {
    let world = World::new(false);
    let machine = usual(&world);
    let mut slipped = false;
    let slips = |world: &mut World, effect: &Effect| {
        let half = Split { stable: 50, candidate: 50 };
        if world.candidate_weight() == half.candidate && !slipped {
            world.candidate_healthy = 0;
        }
        let is_back = world.record.as_ref().is_some_and(|record| record.state == State::RolledBack);
        if is_back && !slipped && *effect == Effect::Observe(None) {
            (slipped, world.candidate_healthy) = (true, 100);
            world.actions = [Some(half); 2];
        }
        None
    };
    let (world, _, ending, all) = drive(world, machine, slips, |_, _| ());
    assert_eq!((kind(&ending), world.candidate_weight(), slipped), (Some(OutcomeKind::RolledBack), 0, true));
    let again = [Effect::Observe(None), Effect::CountHealthy(Role::Stable), Effect::Write(Desired::BaselineBesideCandidate)];
    assert!(all.windows(3).any(|three| *three == again), "{all:?}");
}

/// What a release did not hold, the next one does not give back over what people suspended in between.
#[test]
fn a_release_that_is_declined_leaves_no_word_that_it_held_anything() {
    for (unfinished, held) in [(false, Some(false)), (true, Some(true))] {
        let mut world = World::new(false);
        (world.actions[0], world.edited) = (Some(Split { stable: 77, candidate: 23 }), true);
        let mut machine = usual(&world);
        let scaling = machine.record().scaling;
        machine.expect_scaling(scaling, unfinished);
        let (world, _, ending, _) = drive(world, machine, |_, _| None, |_, _| ());
        assert!(matches!(ending, Ending::Declined(Reason::Drifted { .. })), "{ending:?}");
        let closed = world.record.expect("written");
        assert_eq!((closed.state, closed.scaling.map(|scaling| scaling.held)), (State::Closed, held));
    }
}

/// A throttle is not the end of it where a rollout is stuck.
#[test]
fn a_rollout_that_is_stuck_gives_scaling_back_in_spite_of_a_throttle() {
    stuck(3, [false; 2], 0);
}

/// And neither does it try for ever.
#[test]
fn a_rollout_that_is_stuck_ends_though_scaling_cannot_be_given_back() {
    stuck(usize::MAX, [true; 2], 2);
}

fn stuck(throttles: usize, held: [bool; 2], left: usize) {
    let world = World::new(false);
    let machine = usual(&world);
    let mut refused = 0;
    let denied = |world: &mut World, effect: &Effect| {
        if world.candidate_weight() == 50 {
            world.candidate_healthy = 0;
        }
        let is_stuck = world.record.as_ref().is_some_and(|record| record.state == State::Stuck);
        if *effect == Effect::Write(Desired::BaselineBesideCandidate) && world.candidate_weight() > 0 {
            return Some(Event::Refused(Refusal { kind: RefusalKind::Permanent, message: "denied".to_owned() }));
        }
        if matches!(effect, Effect::Steer(_)) && is_stuck && refused < throttles {
            refused += 1;
            return Some(throttled());
        }
        None
    };
    let (world, machine, ending, _) = drive(world, machine, denied, |_, _| ());
    assert_eq!((kind(&ending), world.held, machine.left_to_do().len()), (Some(OutcomeKind::Stuck), held, left));
    assert!(refused >= throttles.min(3));
}

/// A runner that stood still for longer than its lease: what another job made of the rollout meanwhile is read before anything is written,
/// whatever comes first, also a signal.
#[test]
fn a_job_that_stood_still_writes_nothing_before_it_has_read_whose_the_rollout_is() {
    for rolls_back in [false, true] {
        for signalled in [false, true] {
            for at in 0.. {
                let mut world = World::new(false);
                let mut machine = usual(&world);
                let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
                for _ in 0..at {
                    if rolls_back && world.candidate_weight() == 50 {
                        world.candidate_healthy = 0;
                    }
                    let event = world.carry_out(&effect);
                    effect = machine.handle(world.now, event).expect("in place");
                }
                if matches!(effect, Effect::Finish(_)) {
                    assert!(at > 20, "{at}");
                    break;
                }
                let event = world.carry_out(&effect);
                world.now = world.now + Duration::from_secs(7200);
                world.befall(Misfortune::Usurped, &effect);
                let event = if signalled { Event::Signalled } else { event };
                let asked = effect;
                effect = machine.handle(world.now, event).expect("in place");
                while !matches!(effect, Effect::Finish(_)) {
                    let reads = matches!(effect, Effect::Observe(_) | Effect::ReadBack | Effect::WaitUntil(_));
                    assert!(reads, "{effect:?} after {asked:?}, effect {at}, signalled {signalled}, rolls back {rolls_back}");
                    let event = world.carry_out(&effect);
                    effect = machine.handle(world.now, event).expect("in place");
                }
            }
        }
    }
}

/// While the old slot waits to be retired, a minute goes by between two readings: long enough for somebody to begin a rollback.
#[test]
fn a_signal_after_the_promotion_writes_nothing_over_a_rollback_that_has_begun() {
    for usurped in [true, false] {
        let world = World::new(false);
        let machine = usual(&world);
        let mut written = 0;
        let mut signalled = false;
        let cancelled = |world: &mut World, effect: &Effect| {
            let waits = matches!(effect, Effect::WaitUntil(_)) && is_promoted(world);
            if waits && !signalled {
                signalled = true;
                if usurped {
                    world.befall(Misfortune::Usurped, effect);
                }
                return Some(Event::Signalled);
            }
            if signalled && matches!(effect, Effect::Record(..) | Effect::Steer(_)) {
                written += 1;
            }
            None
        };
        let (world, _, ending, _) = drive(world, machine, cancelled, |_, _| ());
        let (kind_then, lease) = if usurped { (OutcomeKind::Superseded, true) } else { (OutcomeKind::Promoted, false) };
        assert_eq!((kind(&ending), written > 0), (Some(kind_then), !usurped));
        let (record, leased_until) = world.written.expect("recorded");
        assert_eq!((record.state, leased_until.is_some()), (State::Promoted, lease));
    }
}

/// Where it cannot be read whose the rollout is, the lease is left to run out.
#[test]
fn a_signal_after_the_promotion_ends_in_seconds_where_nothing_can_be_read() {
    let world = World::new(false);
    let machine = usual(&world);
    let mut since = None;
    let cancelled = |world: &mut World, effect: &Effect| {
        if since.is_none() && matches!(effect, Effect::WaitUntil(_)) && is_promoted(world) {
            since = Some(world.now);
            return Some(Event::Signalled);
        }
        let reads = matches!(effect, Effect::Observe(_) | Effect::ReadBack);
        (since.is_some() && reads).then(throttled)
    };
    let (world, _, ending, all) = drive(world, machine, cancelled, |_, _| ());
    assert_eq!(kind(&ending), Some(OutcomeKind::Promoted));
    assert!(world.now.since(since.expect("signalled")) < Duration::from_secs(5));
    let last = all.iter().rposition(|effect| matches!(effect, Effect::Record(..))).expect("recorded");
    assert!(all[last..].iter().filter(|effect| **effect == Effect::ReadBack).count() == 1, "nothing is written after the signal");
}

/// DESIGN §8: a throttled account slows a rollout down and never fails it, at whatever it is: its own timeout ends that, and nothing else.
#[test]
fn c19_minutes_of_throttling_only_slow_a_release_down() {
    let writes = |effect: &Effect| matches!(effect, Effect::Write(_) | Effect::Record(..) | Effect::Launch(_));
    let is_final = |effect: &Effect| matches!(effect, Effect::Record(record, _) if record.state == State::Promoted);
    let world = World::new(false);
    let machine = usual(&world);
    let (.., all) = drive(world, machine, |_, _| None, |_, _| ());
    let all: Vec<&Effect> = all.iter().filter(|effect| writes(effect)).collect();
    let last = all.iter().position(|effect| is_final(effect)).expect("it is promoted");
    // The first is the claim's, which is not repeated for so long.
    for (place, disturbed) in all.iter().enumerate().take(last + 1).skip(1) {
        let world = World::new(false);
        let machine = usual(&world);
        let (mut count, mut until) = (0, None);
        let throttle = |world: &mut World, effect: &Effect| {
            count += usize::from(writes(effect));
            let is_at = writes(effect) && count > place;
            let until = if is_at { *until.get_or_insert(world.now + Duration::from_secs(600)) } else { world.now };
            (world.now < until).then(throttled)
        };
        let (world, _, ending, _) = drive(world, machine, throttle, |_, _| ());
        assert_eq!((kind(&ending), world.candidate_weight()), (Some(OutcomeKind::Promoted), 100), "from {disturbed:?}");
    }
}

/// What is throttled for longer than that ends at the timeout, and says what was refused. A candidate that falls ill meanwhile is not waited
/// for, at the promotion neither.
#[test]
fn a_release_that_is_throttled_ends_at_its_timeout_and_at_once_where_it_falls_ill() {
    let is_final = |effect: &Effect| matches!(effect, Effect::Record(record, _) if record.state == State::Promoted);
    let (world, machine) = (World::new(false), usual(&World::new(false)));
    let started = world.now;
    let half = |_: &mut World, effect: &Effect| {
        matches!(effect, Effect::Write(Desired::Split(split)) if split.candidate == 50).then(throttled)
    };
    let (world, machine, ending, _) = drive(world, machine, half, |_, _| ());
    let told = machine.journal().outcome().expect("an outcome").reason.to_string();
    assert_eq!(kind(&ending), Some(OutcomeKind::RolledBack), "{told}");
    assert!(told.contains("writing the weights of step 2 failed: throttled, until the timeout of 45m"), "{told}");
    assert!(world.now.since(started) >= Duration::from_secs(2700));

    let (world, machine) = (World::new(false), usual(&World::new(false)));
    let ill = |world: &mut World, effect: &Effect| {
        if is_final(effect) {
            world.candidate_healthy = 34;
            return Some(throttled());
        }
        None
    };
    let (world, machine, ending, _) = drive(world, machine, ill, |_, _| ());
    let outcome = machine.journal().outcome();
    assert_eq!((kind(&ending), world.candidate_weight()), (Some(OutcomeKind::RolledBack), 0), "{outcome:?}");
    assert!(matches!(outcome.map(|outcome| &outcome.reason), Some(Reason::Unhealthy { .. })), "{outcome:?}");
}
