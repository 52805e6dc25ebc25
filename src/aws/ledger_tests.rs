//! Whose a record is, by what stands in the tags: every case that jobs tell each other apart by.

use std::{collections::BTreeMap, time::Duration};

use super::{
    lattice::{action::Action, packing::pack, traffic::TrafficTarget},
    ledger::{Found, Ledger, found, newest},
};
use crate::{
    rollout::{
        observation::Lease,
        plan::{HealthLimits, OnCancel, OnDrift, Plan, parse_steps},
        record::{ABORT, GO_ON, Record, SlotRecord, State},
    },
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);
const SERVICE: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-12345678901234567";

fn ours() -> Record {
    let plan = Plan {
        steps: parse_steps("5%:1m,100%:1m").expect("steps"),
        settle: Duration::from_secs(90),
        timeout: Duration::from_secs(2700),
        interval: Duration::from_secs(15),
        health: HealthLimits::default(),
        on_cancel: OnCancel::Rollback,
        on_drift: OnDrift::Stop,
        retire_after: None,
    };
    let slot = |name: &str| SlotRecord { name: name.to_owned(), ..SlotRecord::default() };
    let mut record = Record::new("ours".to_owned(), "deploy", NOW, plan, Some(slot("a")), slot("b"));
    record.owner = "us".to_owned();
    record
}

fn seconds_ago(seconds: u64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() - seconds)
}

fn theirs(change: impl Fn(&mut Record)) -> Record {
    let mut record = Record { id: "theirs".to_owned(), owner: "them".to_owned(), ..ours() };
    change(&mut record);
    record
}

fn taken_over(raise: u64, owner: &str) -> Record {
    let mut record = ours();
    record.take_over(owner, raise, NOW);
    record
}

/// Whose it is, whose job goes by `ours`, where this record was found, leased for so many seconds from now.
fn whose(ours: &Record, found: Option<Record>, leased_for: Option<i64>) -> Lease {
    let ledger = Ledger::new(SERVICE, &[], true).expect("nothing to record");
    let leased_until = leased_for.map(|seconds| Timestamp::from_secs(NOW.as_secs().saturating_add_signed(seconds)));
    let found = found.map(|record| Found { record, leased_until, holder: String::new(), tags: BTreeMap::new() });
    ledger.whose(found.as_ref(), ours, NOW)
}

#[test]
fn a_record_is_ours_by_id_generation_and_owner() {
    assert_eq!(whose(&ours(), Some(ours()), Some(60)), Lease::Ours);
    assert_eq!(whose(&ours(), Some(ours()), Some(-60)), Lease::Ours, "a lease that ran out is still nobody else's");
    assert_eq!(whose(&ours(), None, None), Lease::Lost, "somebody removed the tags");
}

#[test]
fn whoever_raised_the_generation_last_has_the_rollout() {
    let takes_over = taken_over(ABORT, "abort");
    assert!(matches!(whose(&ours(), Some(takes_over.clone()), Some(60)), Lease::Theirs(by) if by.contains("generation 3")));
    // What the job that was taken over from writes late is written over.
    assert_eq!(whose(&takes_over, Some(ours()), Some(60)), Lease::Lost);
    // An abort beats a promotion of the same moment, whichever is written last.
    let promotes = taken_over(GO_ON, "promote");
    assert!(matches!(whose(&promotes, Some(takes_over.clone()), Some(60)), Lease::Theirs(_)));
    assert_eq!(whose(&takes_over, Some(promotes.clone()), Some(60)), Lease::Lost);
    // Two of the same kind: whoever wrote last.
    let other = taken_over(GO_ON, "another");
    assert!(matches!(whose(&promotes, Some(other), Some(60)), Lease::Theirs(by) if by.contains("the same moment")));
}

#[test]
fn another_rollouts_record_is_theirs_while_it_is_open_or_held_and_free_when_it_is_over() {
    for state in [State::Running, State::Held, State::Stuck] {
        let found = theirs(|record| record.state = state);
        assert!(matches!(whose(&ours(), Some(found), Some(-60)), Lease::Theirs(by) if by == "rollout theirs"), "{state}");
    }
    for state in [State::RolledBack, State::Promoted] {
        let found = || theirs(|record| (record.state, record.started) = (state, seconds_ago(900)));
        assert!(matches!(whose(&ours(), Some(found()), Some(60)), Lease::Theirs(_)), "{state}: its job is at it still");
        assert_eq!(whose(&ours(), Some(found()), Some(-1)), Lease::Free, "{state}");
        assert_eq!(whose(&ours(), Some(found()), None), Lease::Free, "{state}");
    }
    let closed = |started| theirs(|record| (record.state, record.started) = (State::Closed, started));
    assert_eq!(whose(&ours(), Some(closed(seconds_ago(900))), Some(60)), Lease::Free, "it ended before ours began");
    let since = whose(&ours(), Some(closed(NOW + Duration::from_secs(60))), None);
    assert!(matches!(since, Lease::Theirs(by) if by.contains("has ended since")), "it took over, and is over");
}

#[test]
fn what_a_rollback_took_over_from_does_not_get_it_back_by_a_late_write() {
    let restores = Record { verb: "rollback".to_owned(), generation: 2, ..ours() };
    let older = || theirs(|record| record.started = seconds_ago(900));
    assert_eq!(whose(&restores, Some(older()), Some(60)), Lease::Lost, "what the release before it writes late");
    assert!(matches!(whose(&ours(), Some(older()), Some(60)), Lease::Theirs(_)), "a release takes nothing over");
    let raised = || theirs(|record| (record.started, record.generation) = (seconds_ago(900), 2));
    assert!(matches!(whose(&restores, Some(raised()), Some(60)), Lease::Theirs(_)), "it was raised as far");
    let newer = || theirs(|record| record.started = NOW + Duration::from_secs(1));
    assert!(matches!(whose(&restores, Some(newer()), Some(60)), Lease::Theirs(_)), "it began later");
}

#[test]
fn a_record_that_was_not_ours_is_written_whole_the_next_time() {
    let ledger = Ledger::new(SERVICE, &[], true).expect("nothing to record");
    let pages = |ledger: &Ledger| ledger.pages(&ours(), Some(NOW)).expect("it fits").len();
    assert_eq!(pages(&ledger), 1, "the record alone");
    ledger.whose(None, &ours(), NOW);
    assert_eq!(pages(&ledger), 2, "the mark on the Lattice service too");
    ledger.written();
    assert_eq!(pages(&ledger), 1);
}

/// Fully grown: long names, every place used, as many traffic targets and steps as given.
fn grown(targets: usize, steps: usize) -> (Record, Vec<(TrafficTarget, Action)>) {
    let id = |kind: &str, place: usize| format!("{kind}-{place:017}");
    let arn = |place: usize| format!("{SERVICE}/{}/{}", id("listener/listener", 0), id("rule/rule", place));
    let group = "tg-12345678901234567".parse().expect("an id");
    let targets: Vec<_> =
        (0..targets).map(|place| (TrafficTarget::from_arn(&arn(place)).expect("a rule"), Action::alone(&group))).collect();
    let slot = |name: &str| SlotRecord {
        name: name.to_owned(),
        group: format!("arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/{}", id("tg", 1)),
        ecs_service: Some("s".repeat(255)),
        task_definition: Some(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/{}:12345", "f".repeat(120))),
        count: 5000,
    };
    let mut record = ours();
    let step = |place: usize| format!("{}.5%:{}s", place, 3600 + place);
    let all: Vec<String> = (0..steps - 1).map(step).chain(["100%:90m".to_owned()]).collect();
    record.plan.steps = parse_steps(&all.join(",")).expect("steps");
    (record.stable, record.candidate) = (Some(slot("blue")), slot("green"));
    record.previous.clone_from(&record.stable);
    record.targets = targets.iter().map(|(target, _)| target.arn().to_owned()).collect();
    record.cluster = Some(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{}", "c".repeat(60)));
    // As many jobs of releases with hooks, each killed.
    for place in 0..10 {
        let before = Record { id: format!("20261122T{place:06}Z-1a2b3c4d"), hooked: true, ..record.clone() };
        record.unended = before.unended_in(record.cluster.as_deref());
    }
    (record, targets)
}

#[test]
fn whoever_counts_free_tags_asks_for_no_fewer_than_are_written() {
    for (targets, steps) in [(1, 3), (3, 10), (8, 10), (20, 10), (3, 60), (20, 99)] {
        let (record, baselines) = grown(targets, steps);
        let ledger = Ledger::new(SERVICE, &baselines, false).expect("recordable");
        let needed: BTreeMap<&str, usize> = ledger.needed(steps).into_iter().collect();
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        for (arn, tags) in ledger.pages(&record, Some(NOW)).expect("it fits") {
            *written.entry(arn).or_default() += tags.len();
        }
        for (arn, tags) in written {
            let asked = needed[arn.as_str()];
            assert!(asked >= tags, "{targets} targets, {steps} steps: {tags} tags on {arn}, and room for {asked}");
        }
    }
}

/// A config that has got another rule since keeps its record elsewhere: the one before stays where it was, and is nobody's business.
#[test]
fn a_record_is_passed_over_whose_traffic_targets_a_later_rollout_moved() {
    let found = |id: &str, ago: u64, targets: &[&str]| {
        let targets = targets.iter().map(|arn| (*arn).to_owned()).collect();
        let record = Record { id: id.to_owned(), started: seconds_ago(ago), targets, ..ours() };
        Ok(Found { record, leased_until: None, holder: id.to_owned(), tags: BTreeMap::new() })
    };
    let all =
        vec![found("before", 100, &["one", "two"]), found("since", 50, &["two", "three"]), found("neighbour", 200, &["four"])];
    let left: Vec<_> = newest(all).into_iter().flatten().map(|found| found.record.id).collect();
    assert_eq!(left, ["since", "neighbour"]);
}

/// The rule that held the records of later releases was deleted: what stands on the others is of a release before those, and nobody's any
/// more.
#[test]
fn what_a_later_rollout_keeps_elsewhere_is_no_record_here() {
    let page = |holder: &str| {
        let mut tags = pack("record", &ours().encode()).expect("it fits");
        tags.insert("espalier:rollout".to_owned(), holder.to_owned());
        found("rule-2", tags).expect("readable").map(|found| found.record.id)
    };
    assert_eq!((page("rule-2"), page("rule-1")), (Some("ours".to_owned()), None));
}
