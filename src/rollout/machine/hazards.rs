//! How Flagger, Argo Rollouts and others let their users down, one test for each way that could be ours: the names say whose it
//! was and which number it has in `progressive-delivery.md` (`b`: found in the source, `c`: reported by users).

use std::time::Duration;

use super::{
    Desired, Effect, Ending, Event, Role, Rollout,
    adversary::{plan, rollout, run},
    adversary_world::{Misfortune, World},
};
use crate::{
    rollout::{
        journal::{Happening, Release},
        observation::{Lease, Refusal, RefusalKind},
        outcome::{OutcomeKind, Reason},
        plan::{OnCancel, OnDrift},
        record::{GO_ON, State},
        split::Split,
    },
    time::Timestamp,
};

fn begun(world: &World) -> (Rollout, Effect) {
    let mut machine = rollout(world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let effect = machine.handle(world.now, Event::Begun).expect("begins");
    (machine, effect)
}

/// Drives on until `stop` says so of the effect to come; none where the rollout ends before.
fn until(world: &mut World, machine: &mut Rollout, mut effect: Effect, stop: impl Fn(&World, &Effect) -> bool) -> Option<Effect> {
    while !matches!(effect, Effect::Finish(_)) {
        if stop(world, &effect) {
            return Some(effect);
        }
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    None
}

fn kind(ending: &Ending) -> Option<OutcomeKind> {
    if let Ending::Outcome(outcome) = ending { Some(outcome.kind) } else { None }
}

/// Flagger returned early while the canary was not ready, and asked for a rollback only afterwards (#1268, #1816, #639).
#[test]
fn flagger_b1_a_candidate_that_is_not_ready_never_keeps_a_rollback_waiting() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let effect = until(&mut world, &mut machine, effect, |world, effect| {
        world.candidate_weight() == 50 && matches!(effect, Effect::Observe(_))
    });
    world.candidate_healthy = 0;
    let event = world.carry_out(&effect.expect("half of the traffic"));
    let effect = machine.handle(world.now, event).expect("in place");
    assert_eq!(effect, Effect::Write(Desired::BaselineBesideCandidate), "in the tick that sees it, not at a deadline");
}

/// Flagger read the live weight, found no such step, and sent everything to an unproven canary.
#[test]
fn flagger_b3_drift_is_never_stepped_from() {
    for (on_drift, kind_then) in [(OnDrift::Stop, OutcomeKind::Stuck), (OnDrift::Restore, OutcomeKind::RolledBack)] {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(on_drift, OnCancel::Rollback), true);
        let effect = machine.handle(world.now, Event::Begun).expect("begins");
        let at_half = |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::WaitUntil(_));
        let effect = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
        world.befall(Misfortune::Edited, &effect);
        let climbs = |_: &World, effect: &Effect| matches!(effect, Effect::Write(Desired::Split(_)));
        assert_eq!(until(&mut world, &mut machine, effect, climbs), None);
        assert_eq!(machine.journal().outcome().map(|outcome| outcome.kind), Some(kind_then));
        let left = (on_drift == OnDrift::Stop).then_some(Split { stable: 77, candidate: 23 });
        assert_eq!(world.actions[0], left, "as somebody set it, or the baseline");
    }
}

/// Flagger wrote the routes, then its status; a crash in between was healed by reading the weights: hazard 3.
#[test]
fn flagger_b4_the_record_announces_every_weight_before_it_is_written() {
    let mut world = World::new(false);
    let (mut machine, mut effect) = begun(&world);
    let mut shifts = 0;
    while !matches!(effect, Effect::Finish(_)) {
        if let Effect::Write(Desired::Split(split)) = effect {
            assert_eq!(world.written.as_ref().map(|(record, _)| record.intent), Some(split));
            shifts += 1;
        }
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    assert_eq!(shifts, 3);
}

/// Flagger scaled the canary to zero in the moment in which it took its weight away.
#[test]
fn flagger_b6_a_rejected_candidate_keeps_its_tasks_until_the_data_plane_has_followed() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let at_half = |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::Observe(_));
    let effect = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
    world.candidate_healthy = 0;
    let back = |_: &World, effect: &Effect| *effect == Effect::Write(Desired::BaselineBesideCandidate);
    let effect = until(&mut world, &mut machine, effect, back).expect("a rollback");
    let restored = world.now;
    let stops = |_: &World, effect: &Effect| *effect == Effect::Scale(Role::Candidate, 0);
    let _reached = until(&mut world, &mut machine, effect, stops).expect("its tasks are stopped in the end");
    assert!(world.now.since(restored) >= machine.record().plan.settle);
}

/// Flagger promoted by deploying the canary's spec to the primary: a second rollout, which could fail (#381, #1898, #1931).
#[test]
fn flagger_b7_a_promotion_redeploys_nothing() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let full = |world: &World, _: &Effect| world.candidate_weight() == 100;
    let effect = until(&mut world, &mut machine, effect, full).expect("all of the traffic");
    let again = |_: &World, effect: &Effect| matches!(effect, Effect::Launch(_) | Effect::Write(_));
    assert_eq!(until(&mut world, &mut machine, effect, again), None);
    assert_eq!(world.stable_tasks, 0, "the old slot was retired");
}

/// Argo let an abort wait silently while stable was short of replicas.
#[test]
fn argo_b1_an_abort_onto_a_stable_that_is_down_is_told_and_stable_is_started() {
    let mut world = World::new(false);
    world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
    world.candidate_tasks = 3;
    world.stable_healthy = 0;
    world.stable_tasks = 1;
    let record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false);
    let (after, ending, _) = run(world, abort, &[(usize::MAX, Misfortune::StableDown)]);
    assert_eq!(kind(&ending), Some(OutcomeKind::Stuck));
    assert_eq!((after.candidate_weight(), after.stable_tasks), (50, 3), "it is started again at the size it had");
}

/// Argo's promotions were lost or applied twice, by caches that were behind (#720, #3316, #4073, #4694).
#[test]
fn argo_9_what_another_job_has_taken_over_is_not_written_again() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let baking = |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::WaitUntil(_));
    let effect = until(&mut world, &mut machine, effect, baking).expect("half of the traffic");
    world.lease = Lease::Theirs("generation 2 of this rollout".to_owned());
    let before = world.written.clone();
    assert_eq!(
        until(&mut world, &mut machine, effect, |_, effect| !matches!(effect, Effect::WaitUntil(_) | Effect::Observe(_))),
        None
    );
    assert_eq!(world.written, before);
    assert_eq!(machine.journal().outcome().map(|outcome| outcome.kind), Some(OutcomeKind::Superseded));
}

/// Users of Argo met rollbacks onto a scaled-down stable (#4612, #3372), users of Flagger too (#869).
#[test]
fn c4_stable_keeps_its_size_until_the_promotion_is_recorded() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let shrinks = |_: &World, effect: &Effect| matches!(effect, Effect::Scale(Role::Stable, _));
    let _reached = until(&mut world, &mut machine, effect, shrinks).expect("the old slot is retired");
    assert_eq!(world.written.map(|(record, _)| record.state), Some(State::Promoted));
}

/// Flagger got stuck for ever (#523, #1247, #1578), Argo too (#4619, #3015): every wait of ours has an end, a hold's as well.
#[test]
fn c6_every_wait_ends_with_the_timeout_and_what_was_held_does_not_count() {
    for waited in [0, 10_000] {
        let mut world = World::new(false);
        let (mut machine, effect) = begun(&world);
        let at_half = |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::WaitUntil(_));
        let _reached = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
        let (mut record, _) = world.written.clone().expect("recorded");
        world.now = world.now + Duration::from_secs(waited);
        record.waited = Duration::from_secs(waited);
        record.take_over("another", GO_ON, world.now);
        let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
        let (_, ending, _) = run(world, Rollout::resume(record, release, super::GoOn::Here), &[]);
        assert_eq!(kind(&ending), Some(OutcomeKind::Promoted), "held for {waited} s");
    }
}

/// Argo's undo walks all steps again while users wait for their rollback.
#[test]
fn c18_a_rollback_to_a_slot_that_still_runs_takes_one_write() {
    let mut world = World::new(false);
    world.candidate_tasks = 3;
    let record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let mut machine = Rollout::restore(record, release, 3, false);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    assert!(matches!(&effect, Effect::Record(record, Some(_)) if record.intent != record.verified), "{effect:?}");
    let event = world.carry_out(&effect);
    effect = machine.handle(world.now, event).expect("in place");
    assert!(matches!(effect, Effect::Write(Desired::Split(_))), "{effect:?}");
}

/// Argo Rollouts left the weights where they were, with a word in the log, while stable was short.
#[test]
fn argo_1_a_stable_that_is_short_gets_everything_back_at_once_and_is_scaled_up() {
    let mut world = World::new(false);
    let (mut machine, effect) = begun(&world);
    let half = Split { stable: 50, candidate: 50 };
    let watched = |world: &World, effect: &Effect| world.actions[0] == Some(half) && matches!(effect, Effect::Observe(_));
    let mut effect = until(&mut world, &mut machine, effect, watched).expect("half of the requests");
    // One of three: enough for a third of the requests, and it has half of them.
    world.stable_healthy = 34;
    let mut written = Vec::new();
    while written.len() < 3 {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
        if !matches!(effect, Effect::Observe(_) | Effect::ReadBack | Effect::WaitUntil(_) | Effect::Renew(_)) {
            written.push(effect.clone());
        }
    }
    assert_eq!(written[0], Effect::Write(Desired::BaselineBesideCandidate), "in the same tick, and not only as far as it bears");
    assert!(written[1..].contains(&Effect::Scale(Role::Stable, 3)), "{written:?}");
    assert_eq!(world.candidate_weight(), 0);
}

/// Argo Rollouts and Flagger went on writing weights to a side that had died since they had decided to.
#[test]
fn argo_b1_a_stable_that_dies_while_its_weights_are_refused_does_not_get_them() {
    // Of a hundred: stable's and the candidate's while the write is refused, then what is left to the candidate and how it ends.
    for (stable, candidate, weight, kind_then) in
        [(0, 50, 50, OutcomeKind::Stuck), (34, 50, 0, OutcomeKind::RolledBack), (0, 0, 0, OutcomeKind::RolledBack)]
    {
        for hurried in [false, true] {
            let mut world = World::new(false);
            let (mut machine, effect) = begun(&world);
            let at_half =
                |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::WaitUntil(_));
            let effect = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
            world.candidate_healthy = 50;
            let back = |_: &World, effect: &Effect| *effect == Effect::Write(Desired::BaselineBesideCandidate);
            let _write = until(&mut world, &mut machine, effect, back).expect("half of it is too little");
            (world.stable_healthy, world.candidate_healthy) = (stable, candidate);
            let throttled = Event::Refused(Refusal { kind: RefusalKind::Transient, message: "throttled".to_owned() });
            let mut effect = machine.handle(world.now, throttled).expect("in place");
            if matches!(effect, Effect::Renew(_)) {
                effect = machine.handle(world.now, Event::Done).expect("in place");
            }
            assert!(matches!(effect, Effect::WaitUntil(_)), "before the write is repeated: {effect:?}");
            let event = if hurried { Event::Signalled } else { Event::Woke };
            effect = machine.handle(world.now, event).expect("in place");
            assert_eq!(hurried, back(&world, &effect), "a job that is being killed has no time to look: {effect:?}");
            assert_eq!(until(&mut world, &mut machine, effect, |_, _| false), None);
            let (weight, kind_then) = if hurried { (0, OutcomeKind::RolledBack) } else { (weight, kind_then) };
            let outcome = machine.journal().outcome();
            assert_eq!((world.candidate_weight(), outcome.map(|outcome| outcome.kind)), (weight, Some(kind_then)), "{outcome:?}");
            assert_eq!(world.stable_tasks, 3);
        }
    }
}

/// A runner that was stopped for an hour in the middle of a bake has watched nothing meanwhile, and one whose clock goes back waits no
/// longer for that.
#[test]
fn time_that_jumps_is_not_observed_and_keeps_nobody_waiting() {
    let far = Duration::from_secs(3600);
    for back in [false, true] {
        let mut world = World::new(false);
        let mut long = plan(OnDrift::Stop, OnCancel::Rollback);
        long.timeout = far * 24;
        let mut machine = rollout(&world, long, true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        let count = |machine: &Rollout, is: fn(&Happening) -> bool| {
            machine.journal().entries.iter().filter(|entry| is(&entry.event)).count()
        };
        while count(&machine, |event| matches!(event, Happening::Settled { .. })) < 2 {
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        assert!(matches!(effect, Effect::WaitUntil(_) | Effect::Renew(_)), "half of the traffic is watched: {effect:?}");
        let began = world.now;
        let event = world.carry_out(&effect);
        world.now = if back { world.now } else { began + far };
        let told = if back { Timestamp::from_secs(began.as_secs() - 3600) } else { world.now };
        effect = machine.handle(told, event).expect("in place");
        let mut looks = 0;
        while count(&machine, |event| matches!(event, Happening::StepPassed { .. })) < 2 {
            looks += u32::from(matches!(effect, Effect::Observe(_)));
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        // A bake of a minute, looked at every half of one.
        let took = world.now.since(if back { began } else { began + far });
        assert!(looks >= 2 && took >= Duration::from_secs(30) && took <= Duration::from_secs(120), "{looks} looks in {took:?}");
    }
}

/// Seed 2274 of the simulator: a pause before the second write let them stand for longer than an interval and a write.
#[test]
fn weights_that_are_moved_while_an_abort_watches_are_put_back_in_the_same_tick() {
    let mut world = World::new(false);
    let half = [Some(Split { stable: 50, candidate: 50 }); 2];
    (world.actions, world.candidate_tasks) = (half, 3);
    let mut record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    record.step = 1;
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let mut machine = Rollout::abort(record, release, Reason::Cancelled, false);
    let effect = machine.handle(world.now, Event::Begun).expect("begins");
    let watches = |world: &World, effect: &Effect| world.candidate_weight() == 0 && matches!(effect, Effect::WaitUntil(_));
    let effect = until(&mut world, &mut machine, effect, watches).expect("it watches for late writes");
    world.actions = half;
    let event = world.carry_out(&effect);
    let mut effect = machine.handle(world.now, event).expect("in place");
    while !matches!(effect, Effect::Write(_)) {
        assert!(matches!(effect, Effect::ReadBack | Effect::CountHealthy(_)), "{effect:?}");
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
}

/// Flagger and an autoscaler fought over sizes (#944). Stable is scaled out at half of the traffic: the candidate is scaled with it, and
/// is not ill because its new tasks take a minute; it is where they never come.
#[test]
fn flagger_944_a_candidate_that_grows_with_stable_is_given_the_time_to() {
    for (takes, promoted) in [(Some(Duration::from_secs(100)), true), (None, false)] {
        let mut world = World::new(false);
        let (mut machine, effect) = begun(&world);
        let at_half = |world: &World, effect: &Effect| world.candidate_weight() == 50 && *effect == Effect::Observe(None);
        let mut effect = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
        let (mut scaled, mut asked) = (world.now, false);
        while !matches!(effect, Effect::Finish(_)) {
            let event = if effect == Effect::Observe(None) && world.candidate_weight() > 0 {
                let mut observation = world.observe();
                let has_grown = takes.is_some_and(|takes| world.now >= scaled + takes);
                for (side, grown) in
                    [(observation.stable.as_mut().expect("stable serves"), true), (&mut observation.candidate, has_grown)]
                {
                    side.healthy = if grown { 6 } else { 3 };
                    side.initial = if grown { 0 } else { 3 };
                    let tasks = side.tasks.as_mut().expect("a service");
                    (tasks.desired, tasks.running, tasks.current) = (6, 6, 6);
                }
                Event::Observed(Box::new(observation))
            } else {
                if !asked {
                    (scaled, asked) = (world.now, true);
                }
                world.carry_out(&effect)
            };
            effect = machine.handle(world.now, event).expect("in place");
        }
        let outcome = machine.journal().outcome().expect("an end");
        if promoted {
            assert_eq!(outcome.kind, OutcomeKind::Promoted, "{outcome:?}");
        } else {
            assert!(matches!(outcome.reason, Reason::Unhealthy { healthy: 3, expected: 6, .. }), "{outcome:?}");
            assert!(world.now.since(scaled) >= Duration::from_secs(300), "as long as a gate waits");
        }
    }
}

/// A sweep takes over whose lease runs out: a job that reads nothing for minutes, or whose writes are refused, is still at work.
#[test]
fn a_lease_does_not_run_out_while_readings_fail_or_writes_are_refused() {
    let refusals: [fn(&Effect) -> bool; 2] = [
        |effect| matches!(effect, Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_)),
        |effect| matches!(effect, Effect::Write(_)),
    ];
    for is_refused in refusals {
        let mut world = World::new(false);
        let (mut machine, effect) = begun(&world);
        let at_half = |world: &World, effect: &Effect| world.candidate_weight() == 50 && matches!(effect, Effect::Observe(_));
        let mut effect = until(&mut world, &mut machine, effect, at_half).expect("half of the traffic");
        world.candidate_healthy = 0;
        let (began, mut leased) = (world.now, world.now + Duration::from_secs(180));
        while !matches!(effect, Effect::Finish(_)) {
            if let Effect::Renew(lease) | Effect::Record(_, Some(lease)) = effect {
                leased = lease;
            }
            if let Effect::WaitUntil(until) = effect {
                assert!(until < leased, "waits until {until} with a lease until {leased}");
            }
            let refusal = Refusal { kind: RefusalKind::Transient, message: "throttled".to_owned() };
            let event = if is_refused(&effect) { Event::Refused(refusal) } else { world.carry_out(&effect) };
            effect = machine.handle(world.now, event).expect("in place");
        }
        assert!(world.now.since(began) > Duration::from_secs(300), "it was at work for longer than a lease");
    }
}
