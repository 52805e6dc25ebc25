//! What adversarial reading has found where no seed had: each a case of its own, named after what must not happen again.

use std::time::Duration;

use espalier::{
    rollout::{
        journal::Happening,
        machine::Ending,
        outcome::{Outcome, OutcomeKind},
        plan::{Hold, OnCancel, OnTimeout},
        scaling::Suspended,
    },
    sandbox::{
        direct::{Behaviour, Effect},
        scenario::{ActionSeed, Edit, Person},
    },
};

use super::hazards::{dying, fault, last, played, quiet, sets};
use crate::simulation::{
    case::{Blow, CANDIDATE_IMAGE, Case, Falls, Other, Verb},
    play::Played,
};

const CANDIDATE: usize = 1;

/// How a job ended, in the order in which they began.
fn outcome(played: &Played, job: usize) -> &Outcome {
    let Some(Ending::Outcome(outcome)) = &played.endings[job].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
    outcome
}

fn killed(job: usize, at: usize) -> Blow {
    Blow { job, at, falls: Falls::KillAfter }
}

/// An abort said `running` of a release whose weights were back already, or had never moved; who resumed it walked it on.
#[test]
fn what_was_taken_back_is_not_walked_on_where_the_abort_died_too() {
    let mut resumed = 0;
    for (case, strikes) in [(dying(), 40..60), (quiet(), 4..12)] {
        for (first, second) in strikes.step_by(2).flat_map(|first| (2..6).map(move |second| (first, second))) {
            let blows = vec![killed(0, first), killed(1, second)];
            let played = played(&Case { blows, afterwards: vec![(5, Verb::Abort), (300, Verb::Resume)], ..case.clone() });
            let [_, (_, None), (_, Some(Ending::Outcome(outcome)))] = &played.endings[..] else { continue };
            resumed += 1;
            assert_eq!(
                outcome.kind,
                OutcomeKind::RolledBack,
                "{first} {second}: {}\n{}",
                outcome.reason,
                played.story.join("\n")
            );
            assert_eq!(last(&played).share(CANDIDATE), 0, "{first} {second}:\n{}", played.story.join("\n"));
        }
    }
    assert!(resumed > 20, "{resumed}");
}

/// The record of the promotion is refused for a while, and nobody looked at the candidate meanwhile.
#[test]
fn what_dies_while_its_promotion_is_being_recorded_is_not_promoted() {
    let faults = vec![fault(&["vpc-lattice:TagResource"], 290, 380, Effect::Throttle)];
    for lives in [265, 275, 285] {
        let candidate = Behaviour { healthy_for: Some(lives), ..Behaviour::default() };
        let played = played(&Case { faults: faults.clone(), candidate, ..quiet() });
        assert_eq!(outcome(&played, 0).kind, OutcomeKind::RolledBack, "{lives}: {}", outcome(&played, 0).reason);
        assert_eq!(last(&played).share(CANDIDATE), 0, "{lives}:\n{}", played.story.join("\n"));
    }
}

/// What could not be recorded was still written as what was stable before: a later rollback would have gone to what serves.
#[test]
fn a_promotion_that_was_never_recorded_leaves_nothing_to_go_back_to() {
    let faults = vec![fault(&["vpc-lattice:TagResource"], 260, 400, Effect::Denied)];
    let case = Case { faults, afterwards: vec![(200, Verb::Abort), (60, Verb::Rollback)], ..quiet() };
    let played = played(&case);
    assert_eq!(outcome(&played, 0).kind, OutcomeKind::Stuck, "{}", outcome(&played, 0).reason);
    assert_eq!(outcome(&played, 1).kind, OutcomeKind::RolledBack, "{}", outcome(&played, 1).reason);
    assert_eq!(played.endings.len(), 2, "there is nothing to go back to: {:?}", played.endings);
    assert_eq!((last(&played).share(CANDIDATE), last(&played).slots[0].healthy), (0, 3));
}

/// Somebody moves everything back by hand; the next release is rejected. What the record has as "before" is what serves.
#[test]
fn a_rollback_to_what_serves_already_stops_nobody() {
    let mut case = Case { afterwards: vec![(700, Verb::Deploy), (60, Verb::Rollback)], ..quiet() };
    case.plan.retire_after = None;
    let back =
        || Edit::SetAction(ActionSeed { forward: [("myservice-a".to_owned(), 100)].into_iter().collect(), fixed_response: None });
    case.people = ["api", ""].map(|rule| Person { rule: rule.to_owned(), r#do: back(), ..sets(400, 0, 0) }).into();
    let sick = Other::Behave(CANDIDATE_IMAGE, Box::new(Behaviour { healthy: false, ..Behaviour::default() }));
    let ended = played(&Case { afterwards: Vec::new(), ..case.clone() }).took.as_secs();
    let played = played(&Case { others: vec![(ended + 735, sick)], ..case });
    assert_eq!(outcome(&played, 1).kind, OutcomeKind::RolledBack, "{}", outcome(&played, 1).reason);
    assert_eq!(played.endings.len(), 2, "there is nothing to go back to: {:?}", played.endings);
    let facts = last(&played);
    assert_eq!((facts.share(CANDIDATE), facts.slots[0].healthy), (0, 3), "{}", played.story.join("\n"));
}

/// Readings that failed while the sizes were being held again left it stuck, with a record that said `running`.
#[test]
fn whoever_goes_on_waits_out_readings_that_fail() {
    let mut case = Case { scaled: Some(Suspended::default()), blows: vec![killed(0, 30)], ..quiet() };
    case.latency = Duration::from_millis(400);
    case.plan.timeout = Duration::from_secs(3000);
    let died = played(&case).took.as_secs();
    let mut blind = [0; 2];
    for (place, effect, kind) in [(0, Effect::Throttle, OutcomeKind::Promoted), (1, Effect::Denied, OutcomeKind::RolledBack)] {
        for from in died + 250..died + 260 {
            let faults = vec![fault(&["ecs:*"], from, from + 150, effect)];
            let played = played(&Case { faults, afterwards: vec![(250, Verb::Resume)], ..case.clone() });
            let Some(journal) = played.journals.get(1) else { continue };
            let at = |is: fn(&Happening) -> bool| journal.entries.iter().position(|entry| is(&entry.event));
            let held = at(|event| matches!(event, Happening::Prepared { .. }));
            if held.is_some() && at(|event| matches!(event, Happening::Retrying { .. })) > held {
                blind[place] += 1;
                assert_eq!(outcome(&played, 1).kind, kind, "{from}: {}\n{}", outcome(&played, 1).reason, played.story.join("\n"));
            }
        }
    }
    assert!(blind.iter().all(|times| *times > 0), "{blind:?}");
}

/// A signal while the sizes are being held again: the weights stand at a step that was proven.
#[test]
fn a_cancel_that_holds_does_so_while_the_sizes_are_being_held_again() {
    let mut case = Case { scaled: Some(Suspended::default()), afterwards: vec![(250, Verb::Promote)], ..quiet() };
    case.plan.on_cancel = OnCancel::Hold;
    case.plan.steps[1].hold = Some(Hold { timeout: Duration::from_secs(3600), on_timeout: OnTimeout::Rollback });
    let mut held = 0;
    for at in 0..10 {
        let played = played(&Case { blows: vec![Blow { job: 1, at, falls: Falls::Signal }], ..case.clone() });
        assert_eq!(outcome(&played, 0).kind, OutcomeKind::Held);
        if let Some(Ending::Outcome(outcome)) = &played.endings[1].1 {
            held += u32::from(outcome.kind == OutcomeKind::Held);
        }
    }
    assert!(held >= 3, "{held}");
}

/// What lies between a reading and the weights that it allowed took longer than an abort waits for them.
#[test]
fn an_abort_is_not_overtaken_by_a_job_whose_calls_take_long() {
    for at in 40..75 {
        let mut case = Case { latency: Duration::from_secs(9), beside: vec![(at, Verb::Abort)], ..quiet() };
        (case.plan.interval, case.plan.settle) = (Duration::from_secs(1), Duration::from_secs(20));
        let played = played(&case);
        assert_eq!(
            outcome(&played, 1).kind,
            OutcomeKind::RolledBack,
            "{at}: {}\n{}",
            outcome(&played, 1).reason,
            played.story.join("\n")
        );
        assert_eq!(last(&played).share(CANDIDATE), 0, "{at}:\n{}", played.story.join("\n"));
    }
}

/// A rollback that a person asked for, whose job died: hours later its own time was over, and everything went back to what was rejected.
#[test]
fn a_rollback_that_nobody_was_at_for_long_is_finished_all_the_same() {
    let mut finished = 0;
    for at in 2..14 {
        let afterwards = vec![(60, Verb::Rollback), (9000, Verb::Sweep)];
        let mut case = Case { afterwards, blows: vec![killed(1, at)], ..quiet() };
        case.plan.retire_after = Some(Duration::from_secs(60));
        let played = played(&case);
        let Some((_, Some(Ending::Outcome(outcome)))) = played.endings.get(2) else { continue };
        finished += 1;
        assert_eq!(last(&played).share(CANDIDATE), 0, "{at}: {}\n{}", outcome.reason, played.story.join("\n"));
    }
    assert!(finished > 5, "{finished}");
}

/// One throttle, and stable was never given its tasks back.
#[test]
fn stable_is_scaled_up_though_the_first_try_is_throttled() {
    for (fewer, effect) in [(1, Effect::Throttle), (2, Effect::Throttle)] {
        let faults = vec![fault(&["ecs:UpdateService"], 60, 130, effect)];
        let others = vec![(70, Other::Resize(fewer))];
        let played = played(&Case { faults, others, candidate: dying().candidate, ..quiet() });
        assert_eq!(outcome(&played, 0).kind, OutcomeKind::RolledBack, "{}", outcome(&played, 0).reason);
        assert_eq!(last(&played).slots[0].desired, 3, "{fewer}:\n{}", played.story.join("\n"));
    }
}

/// Somebody's own split, and tags that cannot be written for a while: without the record the next job would write over it.
#[test]
fn what_somebody_set_is_recorded_as_theirs_though_tags_are_throttled_at_first() {
    let case = Case { people: vec![sets(70, 77, 23)], ..quiet() };
    let faults = vec![fault(&["vpc-lattice:TagResource"], 70, 110, Effect::Throttle)];
    let played = played(&Case { faults, afterwards: vec![(400, Verb::Sweep)], ..case });
    assert_eq!(outcome(&played, 0).kind, OutcomeKind::Stuck);
    assert_eq!(last(&played).share(CANDIDATE), 23_000, "{}", played.story.join("\n"));
}

/// A person puts everything back after the job has died at its first step: the record did not say that the step had been seen written, so
/// that whoever resumed took it for one that never was, and walked it to the end.
#[test]
fn what_a_person_has_put_back_since_the_job_died_is_not_walked_on() {
    let mut resumed = 0;
    for at in 22..44 {
        let back = |rule: &str| Person { rule: rule.to_owned(), ..sets(220, 100, 0) };
        let mut case = Case { blows: vec![killed(0, at)], people: vec![back("api"), back("")], ..quiet() };
        case.plan.steps[0].bake = Duration::from_secs(120);
        let played = played(&Case { afterwards: vec![(400, Verb::Resume)], ..case });
        let was_shown = played.journals[0].shifts().next().is_some();
        if let (true, Some((_, Some(Ending::Outcome(outcome))))) = (was_shown, played.endings.get(1)) {
            resumed += 1;
            assert_eq!(outcome.kind, OutcomeKind::RolledBack, "{at}: {}\n{}", outcome.reason, played.story.join("\n"));
        }
    }
    assert!(resumed > 5, "{resumed}");
}
