//! How other tools let their users down, each as one case here: what befalls the release, and that it does not end that way.
//!
//! The hazards and their sources are in `docs/hazards.md`, under the names of these tests. All is asserted of the world.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::Analysis,
        journal::{Entry, Happening},
        machine::Ending,
        outcome::{OutcomeKind, Reason},
        plan::{Hold, OnCancel, OnDrift, OnTimeout, Step},
        split::Share,
    },
    sandbox::{
        direct::{Behaviour, Effect},
        scenario::{ActionSeed, Edit, Fault, Person},
    },
};

use crate::simulation::{
    case::{Blow, CANDIDATE_IMAGE, Case, Falls, Other, Shape, Verb},
    facts::Facts,
    play::{Played, play},
};

const STABLE: usize = 0;
pub(super) const CANDIDATE: usize = 1;

pub(super) fn played(case: &Case) -> Played {
    let played = play(case, true);
    assert_eq!(played.violation, None, "{case}{}", played.story.join("\n"));
    played
}

/// How the first job ended.
pub(super) fn outcome(played: &Played) -> (OutcomeKind, Reason) {
    let Some(Ending::Outcome(outcome)) = &played.endings[0].1 else { panic!("no outcome:\n{}", played.story.join("\n")) };
    (outcome.kind, outcome.reason.clone())
}

pub(super) fn last(played: &Played) -> &Facts {
    played.history.last().expect("the world was looked at")
}

/// For how long a state stood without a break, at most.
pub(super) fn longest(played: &Played, is: impl Fn(&Facts) -> bool) -> Duration {
    let mut since = None;
    let mut longest = Duration::ZERO;
    for facts in &played.history {
        if is(facts) {
            longest = longest.max(facts.at.since(*since.get_or_insert(facts.at)));
        } else {
            // It stood until now.
            longest = longest.max(since.take().map_or(Duration::ZERO, |since| facts.at.since(since)));
        }
    }
    longest
}

pub(super) fn fault(operations: &[&str], after: u64, before: u64, effect: Effect) -> Fault {
    let operations = operations.iter().map(|operation| (*operation).to_owned()).collect();
    Fault { operations, after: Some(after), before: Some(before), effect, ..Fault::default() }
}

pub(super) fn sets(at: u64, initial: u32, added: u32) -> Person {
    let forward = [("initial".to_owned(), initial), ("added".to_owned(), added)].into_iter().collect();
    let edit = Edit::SetAction(ActionSeed { forward, fixed_response: None });
    Person { at, listener: "http-80".to_owned(), rule: "api".to_owned(), r#do: edit, ..Person::default() }
}

/// One release of three steps in a world in which nothing goes wrong.
pub(super) fn quiet() -> Case {
    let mut case = Case { latency: Duration::ZERO, ahead: 0, ..Case::of(0) };
    let step = |percent| Step { share: Share::percent(percent), bake: Duration::from_secs(45), lag: Duration::ZERO, hold: None };
    case.shape = Shape::RuleAndDefault;
    (case.tasks, case.checks) = (3, 10);
    case.plan.steps = vec![step(5), step(50), step(100)];
    (case.plan.settle, case.plan.interval) = (Duration::from_secs(45), Duration::from_secs(15));
    (case.plan.on_cancel, case.plan.on_drift) = (OnCancel::Rollback, OnDrift::Stop);
    (case.plan.timeout, case.plan.retire_after) = (Duration::from_secs(2700), Some(Duration::from_secs(60)));
    case.knobs.propagation = 30;
    (case.stable, case.candidate) = (Behaviour::default(), Behaviour::default());
    (case.analysis, case.load, case.scaled, case.tests, case.definition) = (Analysis::default(), 0.0, None, false, None);
    case.errands.clear();
    case.demand.clear();
    case.faults.clear();
    case.people.clear();
    case.others.clear();
    case.blows.clear();
    case.beside.clear();
    case.afterwards.clear();
    case.together = None;
    case
}

/// Its tasks die while it has 5 %: at 22 s they run, at 32 s the first step is written.
pub(super) fn dying() -> Case {
    Case { candidate: Behaviour { healthy_for: Some(40), ..Behaviour::default() }, ..quiet() }
}

#[test]
fn flagger_b1_c3_an_unready_candidate_does_not_hide_its_rollback() {
    let case = dying();
    let played = played(&case);
    assert!(matches!(outcome(&played), (OutcomeKind::RolledBack, Reason::NoHealthyTargets { .. })));
    let exposed = longest(&played, |facts| facts.share(CANDIDATE) > 0 && facts.slots[CANDIDATE].healthy == 0);
    assert!(exposed <= case.plan.interval, "{exposed:?}");
}

#[test]
fn flagger_1268_an_abort_wins_over_a_candidate_that_never_becomes_ready() {
    let candidate = Behaviour { healthy: false, ..Behaviour::default() };
    let case = Case { candidate, beside: vec![(100, Verb::Abort)], ..quiet() };
    let played = played(&case);
    assert!(matches!(&played.endings[1].1, Some(Ending::Outcome(outcome)) if outcome.kind == OutcomeKind::RolledBack));
    assert!(played.took < Duration::from_secs(400), "nobody waits for the readiness: {:?}", played.took);
}

#[test]
fn flagger_b2_weights_are_back_in_the_tick_that_sees_the_failure() {
    let case = dying();
    let played = played(&case);
    let entries = &played.journals[0].entries;
    let decided = entries.iter().position(|entry| matches!(entry.event, Happening::RollingBack { .. })).expect("it is");
    assert!(matches!(entries[decided - 1].event, Happening::Observed { .. }), "nothing between the reading and the decision");
    let at = entries[decided].at;
    let after = played.history.iter().rev().find(|facts| facts.at == at).expect("the world at that moment");
    assert_eq!(after.share(CANDIDATE), 0, "written at the same moment");
}

#[test]
fn flagger_b3_a_weight_that_somebody_sets_is_never_stepped_from() {
    // Also where it is another step of the plan.
    for [stable, candidate] in [[93, 7], [50, 50], [0, 100]] {
        let case = Case { people: vec![sets(70, stable, candidate)], ..quiet() };
        let played = played(&case);
        assert!(matches!(outcome(&played), (OutcomeKind::Stuck, Reason::Drifted { .. })), "{candidate}: {:?}", outcome(&played));
        let most = candidate * 1_000;
        assert!(played.history.iter().all(|facts| facts.share(CANDIDATE) <= most), "nothing above what somebody set");
        assert_eq!(last(&played).written[0].map(|weights| weights.slots), Some([stable, candidate]), "theirs stays");
    }
}

#[test]
fn flagger_b5_the_journal_says_of_weights_only_what_was_read_back() {
    let case = Case { faults: vec![fault(&["vpc-lattice:UpdateListener"], 30, 60, Effect::Throttle)], ..quiet() };
    let played = played(&case);
    let shifts: Vec<_> = played.journals[0].shifts().collect();
    assert_eq!(shifts.len(), 3, "{shifts:?}");
    for (at, split) in shifts {
        let share = split.share().millipercent();
        let then = played.history.iter().rev().find(|facts| facts.at == at).expect("the world at that moment");
        assert_eq!((then.share(CANDIDATE), then.least_share(CANDIDATE)), (share, share), "everywhere, at {at}");
    }
}

#[test]
fn flagger_b6_a_rejected_candidate_keeps_its_tasks_until_the_data_plane_has_followed() {
    let case = dying();
    let played = played(&case);
    let fell = played.history.iter().rposition(|facts| facts.share(CANDIDATE) > 0).expect("it had weight") + 1;
    let stopped = played.history.iter().find(|facts| facts.at > played.history[fell].at && facts.slots[CANDIDATE].desired == 0);
    let stopped = stopped.expect("its tasks are stopped");
    assert!(stopped.at.since(played.history[fell].at) >= case.plan.settle);
    assert!(!stopped.serves(CANDIDATE), "{:?}", stopped.routed);
}

#[test]
fn flagger_b7_c8_promotion_swaps_roles_and_deploys_nothing() {
    let played = played(&quiet());
    let promoted = played.history.iter().position(|facts| facts.least_share(CANDIDATE) == 100_000).expect("it is promoted");
    for facts in &played.history[promoted..] {
        assert_eq!(
            (facts.least_share(CANDIDATE), facts.slots[CANDIDATE].running, facts.slots[CANDIDATE].healthy),
            (100_000, 3, 3)
        );
    }
}

/// The rule goes first: whoever ends at the first refusal leaves the default action as it is.
#[test]
fn argo_2_a_traffic_target_that_cannot_be_written_does_not_keep_the_others() {
    let faults = vec![fault(&["vpc-lattice:UpdateRule"], 40, 9000, Effect::Denied)];
    let played = played(&Case { faults, ..dying() });
    assert!(matches!(outcome(&played), (OutcomeKind::Stuck, Reason::NotRestored { .. })));
    let shares: Vec<_> = last(&played).written.iter().flatten().map(|weights| weights.share(CANDIDATE)).collect();
    assert_eq!(shares, [5_000, 0], "the default action is back, the rule could not be");
}

/// The candidate dies while every write of weights is throttled, for so long.
fn throttled_while_dying(seconds: u64) -> (Played, espalier::time::Timestamp) {
    let faults = vec![fault(&["vpc-lattice:write"], 60, 60 + seconds, Effect::Throttle)];
    let played = played(&Case { faults, ..dying() });
    let decided = |event: &Happening| matches!(event, Happening::RollingBack { .. });
    let decided = played.journals[0].entries.iter().find(|entry| decided(&entry.event)).expect("it rolls back").at;
    (played, decided)
}

#[test]
fn a_rollback_waits_out_what_can_pass() {
    let (played, decided) = throttled_while_dying(500);
    assert_eq!(outcome(&played).0, OutcomeKind::RolledBack);
    let back = played.history.iter().find(|facts| facts.at > decided && facts.share(CANDIDATE) == 0).expect("it is back").at;
    assert!((450..530).contains(&back.since(decided).as_secs()), "{:?}", back.since(decided));
}

#[test]
fn a_rollback_that_is_throttled_until_its_deadline_is_stuck_then_and_not_before() {
    let (played, decided) = throttled_while_dying(900);
    assert!(matches!(outcome(&played), (OutcomeKind::Stuck, Reason::NotRestored { .. })));
    let took = played.journals[0].entries.last().expect("its end").at.since(decided);
    assert!((600..660).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn of_two_releases_that_claim_at_the_same_moment_one_is_declined_before_it_wrote_anything() {
    let mut contested = 0;
    for (at, latency) in [(0, 0), (0, 300), (0, 900), (1, 900), (2, 900), (3, 300)] {
        let case = Case { latency: Duration::from_millis(latency), beside: vec![(at, Verb::Deploy)], ..quiet() };
        let played = played(&case);
        let promoted =
            |ending: &Option<Ending>| matches!(ending, Some(Ending::Outcome(outcome)) if outcome.kind == OutcomeKind::Promoted);
        let declined = |ending: &Option<Ending>| matches!(ending, Some(Ending::Declined(_)));
        let count = |is: &dyn Fn(&Option<Ending>) -> bool| played.endings.iter().filter(|(_, ending)| is(ending)).count();
        assert_eq!((count(&promoted), count(&declined)), (1, played.endings.len() - 1), "{at}, {latency}: {:?}", played.endings);
        contested += played.endings.len() - 1;
        assert_eq!(last(&played).least_share(CANDIDATE), 100_000);
    }
    assert!(contested >= 3, "the second one is refused before it begins: {contested}");
}

/// Held before the second step and before the last one: what is approved twice at once is the one hold, not the other.
#[test]
fn c12_of_two_promotions_that_claim_at_the_same_moment_one_goes_on() {
    let mut contested = 0;
    for (apart, latency) in [(0, 0), (0, 300), (0, 900), (1, 900), (2, 900), (3, 300)] {
        let mut case = Case { latency: Duration::from_millis(latency), ..quiet() };
        let hold = Some(Hold { timeout: Duration::from_secs(3600), on_timeout: OnTimeout::Rollback });
        (case.plan.steps[1].hold, case.plan.steps[2].hold) = (hold, hold);
        let held = played(&case).took.as_secs() + 1;
        case.afterwards = vec![(1, Verb::Promote)];
        case.beside = vec![(held + apart, Verb::Promote)];
        let played = played(&case);
        let is_held =
            |ending: &Option<Ending>| matches!(ending, Some(Ending::Outcome(outcome)) if outcome.kind == OutcomeKind::Held);
        let held = played.endings.iter().filter(|(_, ending)| is_held(ending)).count();
        assert_eq!(held, 2, "{apart}, {latency}: the release, and one of them: {:?}", played.endings);
        assert_eq!(
            (last(&played).share(CANDIDATE), last(&played).least_share(CANDIDATE)),
            (50_000, 50_000),
            "{apart}, {latency}"
        );
        contested += played.endings.len() - 2;
    }
    assert!(contested >= 3, "the second one is refused before it begins: {contested}");
}

#[test]
fn argo_4_c1_a_registered_target_is_not_a_healthy_one() {
    let candidate = Behaviour { healthy: false, ..Behaviour::default() };
    let played = played(&Case { candidate, ..quiet() });
    assert!(matches!(outcome(&played), (OutcomeKind::RolledBack, Reason::NotReady { healthy: 0, .. })));
    assert!(played.history.iter().any(|facts| facts.slots[CANDIDATE].present > 0), "its targets are registered");
    assert!(played.history.iter().all(|facts| facts.share(CANDIDATE) == 0), "and never get weight");
}

#[test]
fn argo_6_a_reading_that_fails_lets_no_step_pass() {
    let faults = vec![fault(&["vpc-lattice:ListTargets"], 60, 260, Effect::Throttle)];
    let played = played(&Case { faults, ..quiet() });
    assert_eq!(outcome(&played).0, OutcomeKind::Promoted, "when it can be read again");
    let blind = played.history.iter().filter(|facts| (60..260).contains(&facts.at.since(played.history[0].at).as_secs()));
    assert!(blind.clone().count() > 10 && blind.clone().all(|facts| facts.share(CANDIDATE) <= 5_000));
}

#[test]
fn gateway_1_a_batch_that_was_done_in_part_is_not_taken_for_done() {
    let faults = vec![fault(&["vpc-lattice:BatchUpdateRule"], 30, 70, Effect::Partial)];
    let played = played(&Case { shape: Shape::BatchAndDefault, faults, ..quiet() });
    assert_eq!(outcome(&played).0, OutcomeKind::Promoted);
    let torn = longest(&played, |facts| facts.share(CANDIDATE) != facts.least_share(CANDIDATE));
    assert!(torn > Duration::ZERO && torn <= Duration::from_secs(60), "{torn:?}");
    assert_eq!(last(&played).least_share(CANDIDATE), 100_000);
}

#[test]
fn c2_the_old_side_keeps_its_tasks_until_the_data_plane_has_followed() {
    let case = quiet();
    let played = played(&case);
    let full = played.history.iter().find(|facts| facts.least_share(CANDIDATE) == 100_000).expect("it is promoted").at;
    let stopped = played.history.iter().find(|facts| facts.slots[STABLE].desired == 0).expect("it is retired");
    assert!(stopped.at.since(full) >= case.plan.settle + case.plan.retire_after.unwrap_or_default());
    assert!(!stopped.serves(STABLE), "{:?}", stopped.routed);
}

#[test]
fn c4_stable_has_its_size_whenever_a_rollback_may_need_it() {
    for case in [quiet(), dying()] {
        let played = played(&case);
        let shrunk = played.history.iter().position(|facts| facts.slots[STABLE].desired < 3).unwrap_or(played.history.len());
        assert!(played.history[..shrunk].iter().all(|facts| facts.slots[STABLE].healthy == 3));
        assert!(played.history[shrunk..].iter().all(|facts| facts.share(STABLE) == 0), "only once it has no weight any more");
    }
}

#[test]
fn c6_nothing_waits_for_ever() {
    let broken = [
        fault(&["vpc-lattice:GetListener"], 50, 100_000, Effect::Throttle),
        fault(&["ecs:*"], 10, 100_000, Effect::Error500),
        fault(&["vpc-lattice:write"], 50, 100_000, Effect::Hang),
        fault(&["vpc-lattice:TagResource"], 50, 100_000, Effect::Throttle),
    ];
    for fault in broken {
        let case = Case { faults: vec![fault], ..quiet() };
        let played = played(&case);
        assert!(played.endings[0].1.is_some(), "{case}");
    }
}

#[test]
fn c10_tags_that_another_tool_removes_are_written_again() {
    let removes = Person { at: 60, listener: "http-80".to_owned(), r#do: Edit::RemoveTags, ..Person::default() };
    let people = vec![Person { rule: "api".to_owned(), ..removes.clone() }, removes];
    let played = played(&Case { people, afterwards: vec![(0, Verb::Rollback)], ..quiet() });
    assert_eq!(outcome(&played).0, OutcomeKind::Promoted);
    assert!(played.endings.len() == 2 && last(&played).least_share(STABLE) == 100_000, "the record leads back");
}

#[test]
fn c13_where_one_traffic_target_cannot_be_shifted_all_are_put_back() {
    let faults = vec![fault(&["vpc-lattice:UpdateListener"], 20, 40, Effect::Denied)];
    let played = played(&Case { faults, ..quiet() });
    assert_eq!(outcome(&played).0, OutcomeKind::RolledBack);
    assert!(played.history.iter().any(|facts| facts.share(CANDIDATE) != facts.least_share(CANDIDATE)), "one was shifted");
    assert_eq!(last(&played).share(CANDIDATE), 0);
}

#[test]
fn c16_whatever_rolls_back_says_why() {
    let never = Case { candidate: Behaviour { healthy: false, ..Behaviour::default() }, ..quiet() };
    let lame = Case { others: vec![(60, Other::Behave(CANDIDATE_IMAGE, Box::new(never.candidate.clone())))], ..quiet() };
    let cancelled = Case { blows: vec![Blow { job: 0, at: 40, falls: Falls::Signal }], ..quiet() };
    let refused = Case { faults: vec![fault(&["vpc-lattice:UpdateListener"], 20, 40, Effect::Denied)], ..quiet() };
    for (case, code, says) in [
        (dying(), "no-healthy-targets", "the candidate had 5% of the traffic and no healthy target"),
        (lame, "no-healthy-targets", "no healthy target"),
        (never, "not-ready", "0 of 3 tasks of the candidate were running and healthy after"),
        (Case { people: vec![sets(70, 100, 0)], ..quiet() }, "aborted", "aborted by somebody who"),
        (cancelled, "cancelled", "the job was cancelled"),
        (refused, "refused", "step 1 failed: refused"),
    ] {
        let played = played(&case);
        let (kind, reason) = outcome(&played);
        let said = reason.to_string();
        assert_eq!((kind, reason.code(), said.contains(says)), (OutcomeKind::RolledBack, code, true), "{said}");
        let decided = |entry: &Entry| matches!(&entry.event, Happening::RollingBack { reason: told } if *told == reason);
        assert_eq!(
            played.journals[0].entries.iter().filter(|entry| decided(entry)).count(),
            1,
            "told when it is decided: {said}"
        );
        let finished = played.journals[0].outcome().expect("an outcome");
        assert_eq!((finished.kind, &finished.reason), (kind, &reason), "and at the end");
    }
}

#[test]
fn c18_back_to_a_slot_that_still_runs_takes_no_steps() {
    let mut case = Case { afterwards: vec![(30, Verb::Rollback)], ..quiet() };
    case.plan.retire_after = None;
    let played = played(&case);
    let promoted = played.history.iter().position(|facts| facts.least_share(CANDIDATE) == 100_000).expect("it is promoted");
    let back = played.history[promoted..].iter().find(|facts| facts.least_share(STABLE) == 100_000).expect("it goes back");
    let ended = played.journals[0].entries.last().expect("the first job's end").at;
    assert!(back.at.since(ended) <= Duration::from_secs(30 + 5), "{:?}", back.at.since(ended));
}
