//! The adversary: a small world that answers the machine's effects, and every single and double misfortune at every point.

use std::time::Duration;

use super::{
    Desired, Effect, Ending, Event, Role, Rollout,
    adversary_world::{ALL, Misfortune, World},
};
use crate::rollout::{
    journal::Release,
    observation::{Lease, Refusal, RefusalKind},
    outcome::{OutcomeKind, Reason},
    plan::{HealthLimits, OnCancel, OnDrift, Plan, Step},
    record::{Record, SlotRecord},
    scaling::Scaling,
    split::{Share, Split},
};

pub(super) fn plan(on_drift: OnDrift, on_cancel: OnCancel) -> Plan {
    let step = |percent, minutes: u64| Step {
        share: Share::percent(percent),
        bake: Duration::from_secs(60 * minutes),
        lag: Duration::ZERO,
        hold: None,
    };
    Plan {
        steps: vec![step(5, 1), step(50, 1), step(100, 1)],
        settle: Duration::from_secs(30),
        timeout: Duration::from_secs(2700),
        interval: Duration::from_secs(30),
        health: HealthLimits::default(),
        on_cancel,
        on_drift,
        retire_after: Some(Duration::from_secs(120)),
    }
}

pub(super) fn rollout(world: &World, plan: Plan, ecs: bool) -> Rollout {
    let slot = |name: &str, count| SlotRecord {
        name: name.to_owned(),
        group: format!("tg-{name}"),
        ecs_service: ecs.then(|| name.to_owned()),
        task_definition: None,
        count,
    };
    let stable = (!world.bootstrap).then(|| slot("a", 3));
    let mut record = Record::new("id".to_owned(), "deploy", world.now, plan, stable, slot("b", 3));
    record.cluster = ecs.then(|| "my-cluster".to_owned());
    record.scaling = (ecs && !world.bootstrap).then(|| Scaling { min: 1, max: 9, held: true, ..Scaling::default() });
    Rollout::release(record, Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() })
}

/// Runs to the end; `misfortunes` are (index of the effect, what befalls it).
pub(super) fn run(mut world: World, mut rollout: Rollout, misfortunes: &[(usize, Misfortune)]) -> (World, Ending, usize) {
    let mut effect = rollout.handle(world.now, Event::Begun).expect("a rollout begins");
    let mut superseded = false;
    for index in 0..2000 {
        if let Effect::Finish(ending) = effect {
            judge(&world, &rollout, &ending, misfortunes);
            return (world, ending, index);
        }
        assert!(
            !superseded || matches!(effect, Effect::Observe(_) | Effect::ReadBack | Effect::WaitUntil(_) | Effect::EndHook),
            "a write after the record was seen to be another's"
        );
        let here = misfortunes.iter().filter(|(at, _)| *at == index).map(|(_, what)| *what);
        let mut answer = None;
        for misfortune in here {
            world.befall(misfortune, &effect);
            let refusal = |kind| Event::Refused(Refusal { kind, message: format!("{misfortune:?}") });
            let acts = !matches!(effect, Effect::WaitUntil(_));
            answer = match misfortune {
                Misfortune::Late if matches!(effect, Effect::Write(_)) => Some(refusal(RefusalKind::Transient)),
                Misfortune::Throttled if acts => Some(refusal(RefusalKind::Transient)),
                Misfortune::Ambiguous if acts => {
                    world.carry_out(&effect);
                    Some(refusal(RefusalKind::Transient))
                }
                Misfortune::Denied if acts => Some(refusal(RefusalKind::Permanent)),
                Misfortune::Signal => {
                    if acts {
                        world.carry_out(&effect);
                    }
                    Some(Event::Signalled)
                }
                Misfortune::Throttled
                | Misfortune::Ambiguous
                | Misfortune::Late
                | Misfortune::Denied
                | Misfortune::DeniedForever
                | Misfortune::CandidateDown
                | Misfortune::CandidateLame
                | Misfortune::StableDown
                | Misfortune::Edited
                | Misfortune::PutBack
                | Misfortune::Usurped
                | Misfortune::TagsLost
                | Misfortune::ScalesIn
                | Misfortune::DeploymentFails
                | Misfortune::HookFails
                | Misfortune::HookHangs => answer,
            };
        }
        if world.denied.contains(&std::mem::discriminant(&effect)) && !matches!(effect, Effect::WaitUntil(_)) {
            answer = Some(Event::Refused(Refusal { kind: RefusalKind::Permanent, message: "denied".to_owned() }));
        }
        if effect == Effect::EndHook && answer.is_some() {
            // Nobody can end what AWS does not let be ended.
            world.unended = true;
        }
        let event = answer.unwrap_or_else(|| world.carry_out(&effect));
        superseded |= matches!(&event, Event::Observed(seen) if matches!(seen.lease, Lease::Theirs(_)));
        world.effects += 1;
        effect = rollout.handle(world.now, event).expect("the driver answers what was asked");
    }
    panic!(
        "no end after 2000 effects with {misfortunes:?}: {:#?}",
        rollout.journal().entries.iter().rev().take(5).collect::<Vec<_>>()
    );
}

fn judge(world: &World, rollout: &Rollout, ending: &Ending, misfortunes: &[(usize, Misfortune)]) {
    let told = || format!("{ending:?} after {misfortunes:?}: {world:?}");
    assert!(!world.is_hooked() || world.unended, "a hook outlives the rollout: {}", told());
    let befell = |what| misfortunes.iter().any(|(_, misfortune)| *misfortune == what);
    match ending {
        Ending::Outcome(outcome) => {
            assert_eq!(rollout.journal().outcome(), Some(outcome), "the journal ends with the outcome");
            judge_scaling(world, rollout, outcome.kind, misfortunes);
            match outcome.kind {
                OutcomeKind::Promoted => {
                    assert!(
                        world.edited || befell(Misfortune::PutBack) || world.actions == [Some(Split::CANDIDATE); 2],
                        "{}",
                        told()
                    );
                }
                OutcomeKind::RolledBack => {
                    let restored = if world.bootstrap { world.actions == [None; 2] } else { world.candidate_weight() == 0 };
                    assert!(world.edited || restored, "{}", told());
                }
                OutcomeKind::Superseded => assert!(befell(Misfortune::Usurped) || befell(Misfortune::TagsLost), "{}", told()),
                OutcomeKind::Held => {
                    let (record, until) = world.written.as_ref().expect("a hold is recorded");
                    let until = until.expect("a hold has an end");
                    assert!(record.hold.is_some_and(|held| held.until == until && until > world.now), "{}", told());
                    assert!(record.intent == record.verified, "{}", told());
                }
                OutcomeKind::Stuck => {
                    let broken = [Misfortune::StableDown, Misfortune::Edited, Misfortune::Denied, Misfortune::DeniedForever];
                    assert!(broken.into_iter().any(befell), "{}", told());
                }
                OutcomeKind::Unchanged => panic!("the machine never decides this: {}", told()),
            }
        }
        Ending::Untouched(_) | Ending::Declined(_) => {
            // A resume that ends before it has claimed leaves what the job before it left.
            let claimed = rollout.resumed.is_none();
            assert!(!claimed || world.edited || world.actions == [None; 2], "{}", told());
        }
    }
}

/// Rule 6: what is held is given back on every path, unless that was refused; then it is said.
fn judge_scaling(world: &World, rollout: &Rollout, kind: OutcomeKind, misfortunes: &[(usize, Misfortune)]) {
    let befell = |what| misfortunes.iter().any(|(_, misfortune)| *misfortune == what);
    let goes_on = matches!(kind, OutcomeKind::Superseded | OutcomeKind::Held);
    if goes_on || befell(Misfortune::Denied) || befell(Misfortune::DeniedForever) {
        return;
    }
    let told = || format!("{kind:?} after {misfortunes:?}: {world:?}");
    assert!(!world.held[0], "{}", told());
    // The tasks of a candidate that a killed job leaves behind are the next one's, and so is what scales them.
    let left = kind == OutcomeKind::RolledBack && befell(Misfortune::Signal);
    assert!(!world.held[1] || left, "{}", told());
    assert_eq!(rollout.left_to_do(), [], "{}", told());
}

pub(super) fn undisturbed(bootstrap: bool, ecs: bool) -> usize {
    let world = World::new(bootstrap);
    let mut world = world;
    if !ecs {
        world.candidate_tasks = 3;
    }
    let rollout = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), ecs);
    let (world, ending, effects) = run(world, rollout, &[]);
    assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::Promoted), "{ending:?}");
    assert_eq!(world.actions, [Some(Split::CANDIDATE); 2]);
    assert_eq!(world.stable_tasks, if bootstrap || ecs { 0 } else { 3 });
    effects
}

#[test]
fn an_undisturbed_release_is_promoted_and_the_old_slot_retired() {
    undisturbed(false, true);
    undisturbed(true, true);
    undisturbed(false, false);
}

#[test]
fn a_first_release_may_take_its_time_to_become_healthy_but_not_for_ever() {
    for (minutes, kind) in [(1, OutcomeKind::Promoted), (14, OutcomeKind::Promoted), (16, OutcomeKind::RolledBack)] {
        for bootstrap in [true, false] {
            let mut world = World::new(bootstrap);
            world.starts_after = Duration::from_secs(60 * minutes);
            let rollout = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
            let (world, ending, _) = run(world, rollout, &[]);
            assert!(
                matches!(&ending, Ending::Outcome(outcome) if outcome.kind == kind),
                "{minutes} min, bootstrap {bootstrap}: {ending:?}"
            );
            assert_eq!(world.candidate_weight(), if kind == OutcomeKind::Promoted { 100 } else { 0 });
        }
    }
}

#[test]
fn every_single_and_double_misfortune_ends_in_a_typed_outcome_with_traffic_accounted_for() {
    let mut runs = 0;
    // Doubles are whole for bootstrap; for the long plans every third second misfortune, which keeps this in seconds.
    for (bootstrap, on_drift, on_cancel, stride) in [
        (false, OnDrift::Stop, OnCancel::Rollback, 3),
        (false, OnDrift::Restore, OnCancel::Hold, 3),
        (true, OnDrift::Stop, OnCancel::Rollback, 1),
    ] {
        let length = undisturbed(bootstrap, true) + 2;
        let world = World::new(bootstrap);
        let start = |misfortunes: &[(usize, Misfortune)]| {
            run(world.clone(), rollout(&world, plan(on_drift, on_cancel), true), misfortunes);
        };
        for first in 0..length {
            for one in ALL {
                start(&[(first, one)]);
                runs += 1;
                for second in (first..length + 10).step_by(stride) {
                    for other in ALL {
                        start(&[(first, one), (second, other)]);
                        runs += 1;
                    }
                }
            }
        }
    }
    assert!(runs > 50_000, "{runs} runs are not the whole product");
}

#[test]
fn a_failure_is_answered_in_the_tick_that_sees_it() {
    let world = World::new(false);
    let length = undisturbed(false, true);
    for at in 0..length {
        let mut world = world.clone();
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        for index in 0.. {
            if matches!(effect, Effect::Finish(_)) {
                break;
            }
            if index == at {
                world.candidate_healthy = 0;
            }
            let exposed = world.candidate_weight() > 0 && world.stable_tasks > 0 && world.candidate_weight() < 100;
            let event = world.carry_out(&effect);
            let failing = matches!(&event, Event::Observed(seen) if seen.candidate.healthy == 0);
            let before = world.highest > 0 && !world.fell;
            effect = machine.handle(world.now, event).expect("in place");
            if failing && exposed && before {
                assert_eq!(effect, Effect::Write(Desired::BaselineBesideCandidate), "at effect {at}");
                break;
            }
        }
    }
}

#[test]
fn an_abort_restores_even_where_nothing_about_targets_can_be_read() {
    let mut world = World::new(false);
    world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
    world.candidate_tasks = 3;
    world.denied.push(std::mem::discriminant(&Effect::Observe(None)));
    let record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
    let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
    let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, false);
    let (world, ending, _) = run(world, abort, &[]);
    assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::RolledBack), "{ending:?}");
    assert_eq!(world.candidate_weight(), 0);
}

#[test]
fn a_cancel_leaves_everything_with_the_candidate_where_stable_has_nothing_left() {
    let undisturbed = undisturbed(false, true);
    let mut tried = 0;
    for at in 0..undisturbed {
        let mut world = World::new(false);
        let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
        let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
        for _ in 0..at {
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        if world.candidate_weight() < 100 || effect != Effect::Observe(None) || world.stable_tasks == 0 {
            continue;
        }
        world.stable_healthy = 0;
        let seen = world.carry_out(&effect);
        effect = machine.handle(world.now, seen).expect("in place");
        if !matches!(effect, Effect::WaitUntil(_) | Effect::Renew(_)) {
            continue;
        }
        let mut effect = machine.handle(world.now, Event::Signalled).expect("in place");
        while !matches!(effect, Effect::Finish(_)) {
            assert!(!matches!(effect, Effect::Write(_)), "no weights at effect {at}: {effect:?}");
            let event = world.carry_out(&effect);
            effect = machine.handle(world.now, event).expect("in place");
        }
        tried += 1;
    }
    assert!(tried > 1, "the last bake is watched");
}

#[test]
fn a_scale_out_of_stable_is_not_a_shortage_and_the_candidate_follows_it() {
    let mut world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !(world.candidate_weight() == 50 && effect == Effect::Observe(None) && machine.record().verified.candidate == 50) {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    let mut observation = world.observe();
    let stable = observation.stable.as_mut().expect("stable serves");
    stable.initial = 3;
    let tasks = stable.tasks.as_mut().expect("a service");
    (tasks.desired, tasks.running) = (6, 6);
    let effect = machine.handle(world.now, Event::Observed(Box::new(observation))).expect("in place");
    assert_eq!(effect, Effect::Scale(Role::Candidate, 6));
}

#[test]
fn an_event_out_of_place_is_refused_by_name() {
    let world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let _record = machine.handle(world.now, Event::Begun).expect("begins");
    let refused = machine.handle(world.now, Event::Woke).expect_err("nothing waits");
    assert!(refused.to_string().contains("was told `woke` while it waited for the answer to `Observe`"), "{refused}");
}

#[test]
fn an_abort_takes_over_and_restores_unless_stable_is_down() {
    for (stable_healthy, force, kind) in
        [(100, false, OutcomeKind::RolledBack), (0, false, OutcomeKind::Stuck), (0, true, OutcomeKind::RolledBack)]
    {
        let mut world = World::new(false);
        world.actions = [Some(Split { stable: 50, candidate: 50 }); 2];
        world.candidate_tasks = 3;
        world.stable_healthy = stable_healthy;
        let record = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true).record().clone();
        let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
        let abort = Rollout::abort(record, release, Reason::Aborted { by: "octocat".to_owned() }, force);
        let (world, ending, _) = run(world, abort, &[(usize::MAX, Misfortune::StableDown)]);
        assert!(matches!(&ending, Ending::Outcome(outcome) if outcome.kind == kind), "{ending:?}");
        assert_eq!(world.candidate_weight(), if kind == OutcomeKind::Stuck { 50 } else { 0 });
        assert_eq!(world.candidate_tasks, if kind == OutcomeKind::Stuck { 3 } else { 0 });
    }
}

/// Seeds 35569 and 60389 of the simulator: before it had written any step, everything was taken from the side that somebody had given it
/// to, and which alone could serve.
#[test]
fn drift_is_not_restored_onto_a_stable_that_is_down() {
    let mut world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Restore, OnCancel::Rollback), true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !matches!(effect, Effect::Finish(_)) {
        let launches = matches!(effect, Effect::Launch(_));
        let event = world.carry_out(&effect);
        if launches {
            (world.stable_healthy, world.actions) = (0, [Some(Split::CANDIDATE); 2]);
        }
        effect = machine.handle(world.now, event).expect("in place");
    }
    let outcome = machine.journal().outcome().expect("an outcome");
    assert!(matches!(outcome.reason, Reason::StableDown { .. }), "{outcome:?}");
    assert_eq!(world.actions, [Some(Split::CANDIDATE); 2]);
}
