//! What seeds have found: each a case of its own, named after what must not happen again.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::{Alarm, Analysis, OnNoData},
        hooks::Point,
        machine::Ending,
        outcome::{OutcomeKind, Reason},
        plan::Step,
        scaling::Suspended,
        split::Share,
    },
    sandbox::{
        direct::{Behaviour, Effect},
        scenario::{Edit, Person},
    },
};

use super::hazards::{fault, last, longest, played, quiet, sets};
use crate::simulation::{
    case::{Blow, CANDIDATE_IMAGE, Case, Errand, Falls, Other, Runs, STABLE_IMAGE, Shape, Verb},
    facts::Facts,
    furnish::{ALARM, errors},
};

const CANDIDATE: usize = 1;

#[test]
fn an_abort_that_cannot_look_at_the_candidate_does_not_send_everything_to_a_stable_that_is_down() {
    let sick = || Other::Behave(STABLE_IMAGE, Box::new(Behaviour { healthy: false, ..Behaviour::default() }));
    // Everything is on the candidate when stable goes down and the runner stands still. A person aborts, and of the candidate
    // nothing can be read.
    let others = vec![(225, sick()), (250, Other::Stall(3000))];
    let mut case = Case { others, beside: vec![(260, Verb::Abort)], ..quiet() };
    for (until, effect) in [(500, Effect::Throttle), (9000, Effect::Throttle), (9000, Effect::Denied)] {
        case.faults = vec![fault(&["ecs:*"], 255, until, effect)];
        let played = played(&case);
        let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        assert_eq!(outcome.kind, OutcomeKind::Stuck, "{}", outcome.reason);
        let seen = until == 500;
        assert_eq!(matches!(outcome.reason, Reason::StableDown { .. }), seen, "{}", outcome.reason);
        let down = |facts: &&Facts| facts.slots[0].healthy == 0 && facts.least_share(CANDIDATE) > 0;
        assert!(played.history.iter().filter(down).all(|facts| facts.least_share(CANDIDATE) == 100_000), "the weights stay");
        assert_eq!(last(&played).least_share(CANDIDATE), 100_000);
        assert!(played.took < Duration::from_secs(4000));
    }
}

/// Seed 4349: the abort had only counted how many targets of stable were healthy, and gave it as many tasks as the record says.
#[test]
fn an_abort_does_not_shrink_a_stable_that_somebody_made_larger() {
    let stable = Behaviour { healthy_for: Some(117), ..Behaviour::default() };
    let blows = vec![Blow { job: 0, at: 39, falls: Falls::KillAfter }];
    let others = vec![(42, Other::Resize(6))];
    for after in [60, 120, 223, 300] {
        let case = Case { stable: stable.clone(), others: others.clone(), blows: blows.clone(), ..quiet() };
        let played = played(&Case { afterwards: vec![(after, Verb::Abort)], ..case });
        let shrunk = played.history.windows(2).find(|pair| pair[1].slots[0].desired < pair[0].slots[0].desired);
        assert!(shrunk.is_none(), "{after}: {shrunk:?}");
    }
}

/// Killed at any effect, that effect under way; whoever asks for a rollback in the same moment reads a world in which it has not
/// happened yet. The worst is the old slot's retirement: its tasks stopped after everything went back to it.
#[test]
fn a_rollback_is_not_undone_by_what_a_killed_job_had_under_way() {
    for at in 0..120 {
        for (late, after) in [(1, 0), (2, 0), (2, 1)] {
            let blows = vec![Blow { job: 0, at, falls: Falls::KillLate(late) }];
            let case = Case { blows, afterwards: vec![(after, Verb::Rollback)], ..quiet() };
            let played = played(&case);
            if played.endings.len() < 2 {
                continue;
            }
            let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("{at}:\n{}", played.story.join("\n")) };
            assert_eq!(outcome.kind, OutcomeKind::RolledBack, "{at}: {}\n{}", outcome.reason, played.story.join("\n"));
            let facts = last(&played);
            assert_eq!(facts.share(CANDIDATE), 0, "{at}:\n{}", played.story.join("\n"));
            assert_eq!((facts.slots[0].desired, facts.slots[0].healthy), (3, 3), "{at}:\n{}", played.story.join("\n"));
        }
    }
}

/// Seed 591345: one traffic target said what it had said before the release, which means an abort, and that went over the other one,
/// which said what somebody had set.
#[test]
fn what_somebody_sets_on_one_traffic_target_is_left_alone_where_another_one_was_put_back() {
    let theirs = Person { rule: String::new(), ..sets(70, 77, 23) };
    let case = Case { people: vec![sets(70, 100, 0), theirs], ..quiet() };
    let played = played(&case);
    let Some(Ending::Outcome(outcome)) = &played.endings[0].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
    assert!(matches!(outcome.reason, Reason::Drifted { .. }), "{}", outcome.reason);
    let left: Vec<_> = last(&played).written.iter().map(|weights| weights.map(|weights| weights.slots)).collect();
    assert_eq!(left, [Some([100, 0]), Some([77, 23])]);
}

/// Seed 593506: an abort that had written looked again only when no late write could come any more.
#[test]
fn an_abort_looks_at_every_interval_while_late_writes_may_come() {
    let mut case = Case { beside: vec![(100, Verb::Abort)], people: vec![sets(101, 50, 50)], ..quiet() };
    case.plan.interval = Duration::from_secs(30);
    let played = played(&case);
    let begins = played.history[0].at + Duration::from_secs(100);
    let stood = longest(&played, |facts| facts.at > begins && facts.share(CANDIDATE) > 0);
    assert!(stood > Duration::ZERO && stood <= case.plan.interval, "{stood:?}");
}

/// Seed 1071415: a step was gated, its record was refused for a while, and stable had grown by the time that it was written.
#[test]
fn a_step_whose_record_was_refused_is_gated_again() {
    let refused = fault(&["vpc-lattice:TagResource"], 110, 205, Effect::Error500);
    let case = Case { faults: vec![refused], others: vec![(150, Other::Resize(9))], ..quiet() };
    let played = played(&case);
    let grown = played.history.iter().filter(|facts| facts.slots[0].running == 9 && facts.share(CANDIDATE) >= 50_000);
    let enough = grown.filter(|facts| facts.slots[CANDIDATE].healthy >= 5).count();
    assert!(enough > 0, "{}", played.story.join("\n"));
}

/// Seeds 1009559 and 1041321: an abort had found no healthy target of stable, and the signal came before it knew of the candidate's.
#[test]
fn a_cancelled_abort_gives_nothing_to_a_stable_that_is_down() {
    let sick = Other::Behave(STABLE_IMAGE, Box::new(Behaviour { healthy: false, ..Behaviour::default() }));
    let blows = vec![Blow { job: 1, at: 1, falls: Falls::Signal }];
    let others = vec![(225, sick), (250, Other::Stall(3000))];
    let case = Case { others, blows, beside: vec![(300, Verb::Abort)], ..quiet() };
    let played = played(&case);
    let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
    assert!(matches!(outcome.reason, Reason::StableDown { .. }), "{}", outcome.reason);
    assert_eq!(last(&played).least_share(CANDIDATE), 100_000);
}

/// Seed 2076064: a release could not give the scaling of what it promoted back; the rollback that took that over was cancelled before it
/// had written anything.
#[test]
fn a_rollback_that_is_cancelled_early_gives_back_what_the_release_before_still_owed() {
    let faults = vec![fault(&["application-autoscaling:*"], 295, 320, Effect::Denied)];
    // Before it has read its record back it does not know that it owns anything.
    for at in 2..6 {
        let blows = vec![Blow { job: 1, at, falls: Falls::Signal }];
        let case = Case { scaled: Some(Suspended::default()), faults: faults.clone(), blows, ..quiet() };
        let played = played(&Case { afterwards: vec![(2, Verb::Rollback)], ..case });
        let held = |facts: &Facts| facts.scaled[CANDIDATE].is_some_and(|seen| seen.scale_in_suspended);
        let released = played.history.iter().rposition(|facts| facts.at == last(&played).at).map(|place| &played.history[place]);
        assert!(released.is_some_and(|facts| !held(facts)), "{at}:\n{}", played.story.join("\n"));
    }
}

/// Seed 2068501: the runner stood still until long after the step had settled. What it then asked of an alarm kept it from asking for
/// the metrics of the window for another minute.
#[test]
fn what_an_alarm_is_asked_does_not_keep_the_metrics_of_a_step_waiting() {
    let alarm = Alarm { name: ALARM.to_owned(), on_no_data: OnNoData::Extend, ignored: false };
    let mut case = Case { load: 10.0, others: vec![(71, Other::Stall(300))], ..quiet() };
    case.candidate.error_rate = 10.0;
    case.plan.steps.drain(..2);
    (case.plan.settle, case.plan.interval) = (Duration::from_secs(90), Duration::from_secs(30));
    let lag = Duration::from_secs(60);
    case.plan.steps.iter_mut().for_each(|step| step.lag = lag);
    case.analysis = Analysis { metrics: vec![errors()], alarms: vec![alarm], lag, steps: vec![None] };
    let played = played(&case);
    let woke = played.history[0].at + Duration::from_secs(371);
    let exposed = longest(&played, |facts| facts.at >= woke && facts.share(CANDIDATE) > 0);
    assert!(exposed <= case.plan.interval + Duration::from_secs(1), "{exposed:?}");
}

/// Seed 3073949: the record of the promotion was refused for a while, and an abort put the weights back meanwhile.
#[test]
fn what_an_abort_has_taken_back_is_not_promoted() {
    let faults = vec![fault(&["vpc-lattice:TagResource"], 290, 335, Effect::Throttle)];
    for at in 300..330 {
        let played = played(&Case { faults: faults.clone(), beside: vec![(at, Verb::Abort)], ..quiet() });
        let Some(Ending::Outcome(outcome)) = &played.endings[0].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        let back = last(&played).share(CANDIDATE) == 0;
        assert!(outcome.kind != OutcomeKind::Promoted || !back, "{at}: {}\n{}", outcome.reason, played.story.join("\n"));
    }
}

/// Seed 4111915: an abort put the weights back between the record of the promotion and its closing, which looked and did not judge.
#[test]
fn what_an_abort_has_just_taken_back_is_not_closed_as_promoted() {
    let step = Step { share: Share::percent(100), bake: Duration::from_secs(45), lag: Duration::ZERO, hold: None };
    let mut case = Case { shape: Shape::Bootstrap, tasks: 1, latency: Duration::from_millis(900), ..quiet() };
    case.plan.steps = vec![step];
    (case.plan.interval, case.plan.retire_after) = (Duration::from_secs(20), None);
    let mut taken_back = 0;
    for at in 20..45 {
        let played = played(&Case { beside: vec![(at, Verb::Abort)], ..case.clone() });
        let Some(Ending::Outcome(outcome)) = &played.endings[0].1 else { continue };
        let back = last(&played).share(CANDIDATE) == 0;
        taken_back += u32::from(back);
        assert!(outcome.kind != OutcomeKind::Promoted || !back, "{at}: {}\n{}", outcome.reason, played.story.join("\n"));
    }
    assert!(taken_back > 0, "no abort came in time");
}

/// A rollback that was cancelled before it had read its record left it as if it were at work: the next sweep carried it out.
#[test]
fn a_rollback_that_was_cancelled_before_it_did_anything_is_not_carried_out_later() {
    let cancelled = |at| vec![Blow { job: 1, at, falls: Falls::Signal }];
    for retire_after in [None, Some(Duration::from_secs(60))] {
        for at in 0..2 {
            let mut case = Case { blows: cancelled(at), afterwards: vec![(2, Verb::Rollback), (900, Verb::Sweep)], ..quiet() };
            case.plan.retire_after = retire_after;
            let played = played(&case);
            assert!(played.endings[1].1.is_some(), "{at}:\n{}", played.story.join("\n"));
            assert_eq!(last(&played).share(CANDIDATE), 100_000, "{at}:\n{}", played.story.join("\n"));
        }
    }
}

/// Seed 20001966: what a killed first release had attached was left, since nobody could say what a rule that is gone had said before.
#[test]
fn a_rule_that_is_gone_does_not_keep_what_a_first_release_attached_elsewhere() {
    let deletes = Person { r#do: Edit::DeleteRule, ..sets(226, 0, 0) };
    let blows = vec![Blow { job: 0, at: 4, falls: Falls::KillLate(2) }];
    for verb in [Verb::Abort, Verb::ForcedAbort, Verb::Sweep] {
        let case = Case { shape: Shape::Bootstrap, blows: blows.clone(), people: vec![deletes.clone()], ..quiet() };
        let played = played(&Case { afterwards: vec![(335, verb)], ..case });
        let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        assert_eq!(outcome.kind, OutcomeKind::Stuck, "{}", outcome.reason);
        assert_eq!(last(&played).share(CANDIDATE), 0, "{}", played.story.join("\n"));
    }
}

/// Seed 40028513: a release that could not record its promotion ended stuck and gave scaling back; its record, which said `running` still, was
/// gone on with, and stable could shrink by itself beside a candidate with all the weight.
#[test]
fn what_is_gone_on_with_keeps_stable_from_shrinking_again() {
    let faults = vec![fault(&["vpc-lattice:TagResource"], 260, 400, Effect::Denied)];
    for after in [100, 262, 600] {
        let case = Case { scaled: Some(Suspended::default()), faults: faults.clone(), ..quiet() };
        let played = played(&Case { afterwards: vec![(after, Verb::Resume)], ..case });
        let Some(Ending::Outcome(outcome)) = &played.endings[0].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        assert_eq!(outcome.kind, OutcomeKind::Stuck, "{after}: {}", outcome.reason);
        let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        assert_eq!(outcome.kind, OutcomeKind::Promoted, "{after}: {}", outcome.reason);
    }
}

/// Seed 90034633: a job slept for hours while it waited to stop the old slot, a rollback went back meanwhile, and the job woke with a signal
/// and wrote its own record over the rollback's: the next sweep took the rollout for promoted.
#[test]
fn a_job_that_wakes_to_a_signal_does_not_write_over_the_rollback_of_the_meantime() {
    let step = Step { share: Share::percent(100), bake: Duration::from_secs(45), lag: Duration::ZERO, hold: None };
    let mut asleep = 0;
    for at in 20..40 {
        let others = vec![(150, Other::Stall(7200))];
        let mut case = Case { others, beside: vec![(1015, Verb::Rollback)], afterwards: vec![(2, Verb::Sweep)], ..quiet() };
        case.plan.steps = vec![step];
        (case.plan.settle, case.plan.interval) = (Duration::from_secs(30), Duration::from_secs(30));
        case.blows = vec![Blow { job: 0, at, falls: Falls::Signal }];
        let played = played(&case);
        let kinds = played.endings.iter().filter_map(|(_, ending)| match ending {
            Some(Ending::Outcome(outcome)) => Some(outcome.kind),
            _ => None,
        });
        let kinds = kinds.collect::<Vec<_>>();
        if kinds[0] == OutcomeKind::Superseded {
            asleep += 1;
            assert_eq!(last(&played).share(CANDIDATE), 0, "{at}:\n{}", played.story.join("\n"));
            assert!(!kinds.contains(&OutcomeKind::Promoted), "{at}:\n{}", played.story.join("\n"));
        }
    }
    assert!(asleep > 0, "no signal came after the sleep");
}

/// Seed 97017958: a promotion is recorded in whole seconds, rounded down, so that the old slot was stopped before the weights had settled.
#[test]
fn a_rollback_does_not_stop_tasks_in_the_last_second_in_which_they_may_serve() {
    // It writes the weights at one part of a second, and reads at another until its scaling is given back.
    let faults = vec![fault(&["application-autoscaling:*"], 600, 660, Effect::Throttle)];
    let mut case = Case { scaled: Some(Suspended::default()), faults, afterwards: vec![(18, Verb::Rollback)], ..quiet() };
    (case.plan.settle, case.knobs.propagation) = (Duration::from_secs(90), 90);
    case.plan.interval = Duration::from_secs(20);
    for latency in (0..1000).step_by(55) {
        let case = Case { latency: Duration::from_millis(latency), ..case.clone() };
        let played = played(&case);
        let Some(Ending::Outcome(outcome)) = &played.endings[1].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
        assert_eq!(outcome.kind, OutcomeKind::RolledBack, "{latency}: {}", outcome.reason);
        assert_eq!(last(&played).slots[CANDIDATE].desired, 0, "{latency}:\n{}", played.story.join("\n"));
    }
}

/// Seed 99082080: a person had made a candidate larger between the reading and the call that was to make it as large as was asked for.
#[test]
fn a_candidate_that_somebody_made_larger_a_moment_ago_is_not_shrunk() {
    for at in 30..50 {
        let others = vec![(26, Other::Resize(2)), (at, Other::Resize(6))];
        let latency = Duration::from_millis(1800);
        let case = Case { shape: Shape::Bootstrap, latency, others, ..quiet() };
        let played = played(&case);
        assert_eq!(last(&played).slots[CANDIDATE].desired, 6, "{at}:\n{}", played.story.join("\n"));
    }
}

/// Seed 100088617: a job slept for hours while the candidate of its rollback stopped, and a new release was promoted meanwhile. It woke, and a
/// signal came before it had heard what it asked for: it wrote its own record over the other's, as if it had.
#[test]
fn a_reading_that_a_signal_interrupts_allows_nothing() {
    let behaves = |healthy| Other::Behave(CANDIDATE_IMAGE, Box::new(Behaviour { healthy, ..Behaviour::default() }));
    let others = vec![(77, behaves(false)), (130, behaves(true)), (165, Other::Stall(7200))];
    let step = Step { share: Share::percent(100), bake: Duration::from_secs(45), lag: Duration::ZERO, hold: None };
    let mut case = Case { others, beside: vec![(801, Verb::Deploy)], ..quiet() };
    (case.plan.steps, case.plan.settle, case.plan.retire_after) = (vec![step], Duration::from_secs(30), None);
    let mut asleep = 0;
    for at in 20..60 {
        let played = played(&Case { blows: vec![Blow { job: 0, at, falls: Falls::Signal }], ..case.clone() });
        let kinds = played.endings.iter().filter_map(|(_, ending)| match ending {
            Some(Ending::Outcome(outcome)) => Some(outcome.kind),
            _ => None,
        });
        if kinds.eq([OutcomeKind::Superseded, OutcomeKind::Promoted]) {
            asleep += 1;
            assert_eq!(last(&played).share(CANDIDATE), 100_000, "{at}:\n{}", played.story.join("\n"));
        }
    }
    assert!(asleep > 0, "no signal came after the sleep");
}

/// Seed 102077963: a job died before it had recorded the test rule that it made, the sweep was not allowed to delete it, and the release
/// after knew of none.
#[test]
fn a_test_rule_that_nobody_recorded_goes_with_the_next_release() {
    let faults = vec![fault(&["vpc-lattice:DeleteRule"], 60, 900, Effect::Denied)];
    let afterwards = vec![(200, Verb::Sweep), (800, Verb::Deploy)];
    let case = Case { tests: true, faults, afterwards, ..quiet() };
    let mut left = 0;
    for at in 2..12 {
        let played = played(&Case { blows: vec![Blow { job: 0, at, falls: Falls::KillLate(1) }], ..case.clone() });
        left += usize::from(played.story.iter().any(|line| line.contains("late: OpenTest lands now")));
        assert_eq!(last(&played).doors, 0, "{at}:\n{}", played.story.join("\n"));
    }
    assert!(left > 0, "no job was killed while it made the test rule");
}

/// Seed 730074720: a release was killed once it was promoted, and the rollback from it cancelled before it had written anything.
#[test]
fn a_rollback_that_is_cancelled_early_takes_the_test_rule_of_the_release_before_away() {
    let promoted = |at| {
        let blows = vec![Blow { job: 0, at, falls: Falls::KillAfter }, Blow { job: 1, at: 0, falls: Falls::Signal }];
        let played = played(&Case { tests: true, blows, afterwards: vec![(300, Verb::Rollback)], ..quiet() });
        played.story.iter().any(|line| line.contains("record promoted")).then_some(played)
    };
    let played = (20..).find_map(promoted).expect("it is promoted");
    assert_eq!(last(&played).doors, 0, "{}", played.story.join("\n"));
}

/// Seed 103002298: a job died before it had attached anything, a person wrote weights, another job went on and its hook failed: what was to
/// be restored had never been touched by either.
#[test]
fn what_somebody_set_before_a_release_attached_anything_outlives_a_hook_that_fails() {
    let errand = Errand { at: Point::BeforeRelease, runs: Runs::Task, takes: 60, exit: 0, limit: Duration::from_secs(15) };
    let blows = vec![Blow { job: 0, at: 4, falls: Falls::KillAfter }];
    let case = Case { errands: vec![errand], people: vec![sets(60, 0, 100)], blows, ..quiet() };
    let played = played(&Case { afterwards: vec![(300, Verb::Resume)], ..case });
    let Some((_, Some(Ending::Outcome(outcome)))) = played.endings.last() else { panic!("{}", played.story.join("\n")) };
    assert_eq!(outcome.kind, OutcomeKind::Stuck, "{}:\n{}", outcome.reason, played.story.join("\n"));
    assert!(matches!(outcome.reason, Reason::Drifted { .. }), "{}", outcome.reason);
    assert!(played.story.iter().all(|line| !line.contains("asks for Write")), "{}", played.story.join("\n"));
}

/// Seed 112181034: an abort that asked nothing was kept from writing until the release had promoted and stopped what it then restored.
#[test]
fn a_forced_abort_starts_again_what_was_stopped_while_it_could_not_write() {
    let faults = vec![fault(&["vpc-lattice:UpdateRule", "vpc-lattice:UpdateListener"], 250, 520, Effect::Conflict)];
    let case = Case { faults, beside: vec![(290, Verb::ForcedAbort)], ..quiet() };
    let played = played(&case);
    assert_eq!(last(&played).share(CANDIDATE), 0, "{}", played.story.join("\n"));
    assert!(played.story.iter().any(|line| line.contains("asks for Scale(Stable, 0)")), "the old slot was stopped");
    assert_eq!(last(&played).slots[0].running, 3, "{}", played.story.join("\n"));
}

/// Seed 111212211: stopping the old slot was given up without an answer, and took effect a second later: a rollback had begun by then, and
/// found its tasks at work.
#[test]
fn what_stopping_the_old_slot_may_still_do_is_waited_for() {
    let late = fault(&["ecs:UpdateService"], 300, 9000, Effect::LateWrite(1));
    let faults = vec![late, fault(&["application-autoscaling:*"], 300, 9000, Effect::DropAfterWrite)];
    let scaled = Some(Suspended::default());
    let played = played(&Case { faults, scaled, afterwards: vec![(0, Verb::Rollback)], ..quiet() });
    assert!(played.story.iter().any(|line| line.contains("late: myservice is to have 0 tasks")), "it was stopped in time");
    assert!(last(&played).slots[0].running > 0, "{}", played.story.join("\n"));
}

/// A cancelled release was back, and its tasks left for the sweep. A person gave them everything before it came: that stays, and they do.
#[test]
fn what_somebody_set_after_a_cancelled_release_is_left_by_the_sweep() {
    let blows = vec![Blow { job: 0, at: 40, falls: Falls::Signal }];
    let case = Case { blows, people: vec![sets(600, 0, 100)], afterwards: vec![(900, Verb::Sweep)], ..quiet() };
    let played = played(&case);
    let [(_, Some(Ending::Outcome(first))), .., (_, Some(Ending::Outcome(swept)))] = played.endings.as_slice() else {
        panic!("{}", played.story.join("\n"))
    };
    assert_eq!((first.kind, swept.kind), (OutcomeKind::RolledBack, OutcomeKind::RolledBack), "{}", played.story.join("\n"));
    let api = last(&played).written.iter().flatten().filter(|weights| weights.slots[CANDIDATE] > 0).count();
    assert_eq!(api, 1, "{}", played.story.join("\n"));
    assert!(last(&played).slots[CANDIDATE].running > 0, "{}", played.story.join("\n"));
}
