//! More defects, for the rules about standing states, leases, signals, records and endings.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::{Alarm, AlarmState, Analysis, Measured, OnNoData},
        machine::{Desired, Effect, Event},
        observation::{Lease, Observation},
        record::State,
        split::{Share, Split},
    },
    sandbox::{
        direct::{Action, Behaviour, Direct, Health},
        scenario::{AlarmEdit, AlarmState as Set, Edit, Person},
    },
    time::Timestamp,
};
use serde_json::json;

use super::{
    bent::{Bent, Defect, RESTORES, caught, change, judged, measures, nothing},
    hazards::{dying, quiet, sets},
};
use crate::simulation::{
    case::{Blow, Case, Falls, Other, STABLE_IMAGE, Verb},
    facts::Facts,
    furnish::{ALARM, versus},
};

/// What it reads is bent.
pub(super) fn reads(event: Event, bend: fn(&mut Observation)) -> Event {
    let Event::Observed(mut seen) = event else { return event };
    bend(&mut seen);
    Event::Observed(seen)
}

/// Everything that happens from the 70th second on finds the first step written.
fn with(other: Other) -> Case {
    Case { others: vec![(70, other)], ..quiet() }
}

fn rung() -> Case {
    let edit = Edit::SetAlarm(AlarmEdit { name: ALARM.to_owned(), state: Set::Alarm });
    let mut case = Case { people: vec![Person { at: 70, r#do: edit, ..Person::default() }], ..quiet() };
    let alarms = vec![Alarm { name: ALARM.to_owned(), on_no_data: OnNoData::Extend, ignored: false }];
    case.analysis = Analysis { metrics: Vec::new(), alarms, lag: Duration::from_secs(60), steps: vec![None; 3] };
    case
}

/// One of the candidate's tasks is stopped whenever it is looked at and all three are well.
pub(super) fn one_task_short(world: &mut Direct, effect: &Effect) {
    let group = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-0000000000000000b";
    if world.targets(group).filter(|(_, _, health)| *health == Health::Healthy).count() < 3 {
        return;
    }
    let first = world.tasks("myservice-green").find(|task| task.is_wanted).map(|task| task.arn.to_owned());
    if let (Effect::Observe(_), Some(task)) = (effect, first) {
        world.call("ecs", "StopTask", &[], json!({ "cluster": "my-cluster", "task": task })).expect("it runs");
    }
}

const DEFECTS: [Defect; 18] = [
    (
        "it takes every target for a healthy one",
        || Case { candidate: Behaviour { healthy: false, ..Behaviour::default() }, ..quiet() },
        Bent::Hears(|event| reads(event, |seen| seen.candidate.healthy += seen.candidate.unhealthy + seen.candidate.initial)),
        "1: no side gets weight",
    ),
    (
        "it does not see that stable is short",
        || with(Other::Behave(STABLE_IMAGE, Box::new(Behaviour { healthy: false, ..Behaviour::default() }))),
        Bent::Hears(|event| reads(event, |seen| seen.stable.iter_mut().for_each(|stable| stable.healthy = 3))),
        "1: stable is never short",
    ),
    (
        "it does not see how many of the candidate's targets are healthy",
        || {
            // Its first step lasts, and whoever is stopped is missing for longer than two looks.
            let mut case = Case { candidate: Behaviour { starts_after: 70, ..Behaviour::default() }, ..quiet() };
            case.plan.steps[0].bake = Duration::from_secs(600);
            case
        },
        Bent::Blind(one_task_short, |event| {
            reads(event, |seen| seen.candidate.healthy = if seen.candidate.healthy > 0 { 3 } else { 0 })
        }),
        "Health: a candidate below min_healthy",
    ),
    (
        "it does not see whose tasks the candidate's targets are",
        || with(Other::Redeploy),
        Bent::Hears(|event| reads(event, |seen| seen.candidate.tasks.iter_mut().for_each(|tasks| tasks.foreign_targets = 0))),
        "14: every target that is not draining",
    ),
    (
        "it takes an alarm that is on for one that is not",
        rung,
        Bent::Hears(|event| {
            reads(event, |seen| {
                if let Some(Measured::Read(readings)) = &mut seen.metrics {
                    readings.alarms.iter_mut().for_each(|alarm| alarm.state = AlarmState::Ok);
                }
            })
        }),
        "7: an alarm that is on",
    ),
    (
        "it writes over what somebody set",
        || Case { people: vec![sets(70, 77, 23)], ..quiet() },
        Bent::Asks(|effect, _| {
            let sticks = matches!(&effect, Effect::Record(record, _) if record.state == State::Stuck);
            if sticks { Effect::Write(Desired::BaselineBesideCandidate) } else { effect }
        }),
        "3: what somebody else wrote",
    ),
    (
        "it writes over an emergency rollback",
        || Case { people: vec![sets(70, 100, 0)], ..quiet() },
        Bent::Asks(|effect, facts: &Facts| {
            let restores = facts.share(1) > 0 && matches!(&effect, Effect::Write(desired) if RESTORES.contains(desired));
            let five = Split::for_share(Share::percent(5)).expect("a share");
            if restores { Effect::Write(Desired::Split(five)) } else { effect }
        }),
        "3: what somebody has put back",
    ),
    (
        "it gives weight to a group of somebody else's",
        quiet,
        Bent::Does(|world, effect| {
            let default_action = world.traffic_targets().into_iter().find(|arn| !arn.contains("/rule/"));
            if let (Effect::Write(Desired::Split(_)), Some(target)) = (effect, default_action) {
                let groups = [("tg-12345678901234567", 95), ("tg-0000000000000000b", 4), ("tg-0000000000000000c", 1)];
                let forward = Action::Forward(groups.map(|(group, weight)| (group.to_owned(), weight)).into());
                world.write_action(&target, forward).expect("it is there");
            }
        }),
        "4: both weights are always there",
    ),
    (
        "it waits after a signal",
        || Case { blows: vec![Blow { job: 0, at: 30, falls: Falls::Signal }], ..quiet() },
        Bent::Asks(|effect, facts: &Facts| {
            let restores = facts.share(1) > 0 && matches!(&effect, Effect::Write(desired) if RESTORES.contains(desired));
            if restores { Effect::WaitUntil(facts.at + Duration::from_secs(15)) } else { effect }
        }),
        "12: on the first signal",
    ),
    (
        "it does not see that another job has taken over",
        || Case { beside: vec![(100, Verb::Abort)], ..quiet() },
        Bent::Hears(|event| {
            reads(event, |seen| {
                if matches!(seen.lease, Lease::Theirs(_)) {
                    seen.lease = Lease::Ours;
                }
            })
        }),
        "Leases: who lost the record",
    ),
    (
        "it writes without a look",
        quiet,
        Bent::Asks(|effect, facts: &Facts| {
            // The data plane has followed by then: it has waited.
            let waited = facts.routed.iter().flatten().all(|weights| weights.share(1) == 5_000);
            let looks = waited && matches!(effect, Effect::Observe(_));
            let five = Split::for_share(Share::percent(5)).expect("a share");
            if looks { Effect::Write(Desired::Split(five)) } else { effect }
        }),
        "Leases: every write of weights",
    ),
    (
        "it does not renew its lease",
        || {
            let mut case = quiet();
            case.plan.steps[0].bake = Duration::from_secs(400);
            case
        },
        Bent::Asks(|effect, _| if matches!(effect, Effect::Renew(_)) { Effect::EndHook } else { effect }),
        "Leases: whoever waits",
    ),
    (
        "it leaves a record that says nothing of its end",
        dying,
        Bent::Asks(|effect, _| {
            let ends = matches!(&effect, Effect::Record(record, _) if record.state != State::Running);
            nothing(effect, ends)
        }),
        "9: what a job leaves is written",
    ),
    (
        "it stops what it has promoted",
        quiet,
        Bent::Does(|world, effect| {
            if matches!(effect, Effect::Record(record, _) if record.state == State::Closed) {
                world.set_desired("myservice-green", 0);
            }
        }),
        "1: whatever has requests in the end",
    ),
    (
        "it waits for what is past",
        quiet,
        Bent::Asks(
            |effect, _| if matches!(effect, Effect::WaitUntil(_)) { Effect::WaitUntil(Timestamp::default()) } else { effect },
        ),
        "11: every path ends",
    ),
    (
        "it promotes half of it",
        quiet,
        Bent::Asks(|mut effect, _| {
            if let Effect::Record(record, _) = &mut effect
                && record.step == 1
            {
                record.state = State::Promoted;
            }
            effect
        }),
        "6: promoted is what has everything",
    ),
    (
        "it takes a candidate that is worse than stable for one that is not",
        || {
            let mut case = Case { candidate: Behaviour { error_rate: 10.0, ..Behaviour::default() }, ..judged() };
            case.analysis.metrics = vec![versus()];
            case
        },
        Bent::Hears(|event| measures(event, |_| true, 0.0)),
        "7: a step passes",
    ),
    (
        "it lets an alarm of ECS's roll the candidate back",
        quiet,
        Bent::Does(|world, effect| {
            if matches!(effect, Effect::Launch(_)) {
                let alarms = json!({ "alarmNames": ["myservice-5xx"], "enable": true, "rollback": true });
                let configuration = json!({ "alarms": alarms });
                let body =
                    json!({ "cluster": "my-cluster", "service": "myservice-green", "deploymentConfiguration": configuration });
                change(world, body);
            }
        }),
        "13, 14: weights are the only way",
    ),
];

#[test]
fn a_machine_with_a_further_defect_is_caught_by_the_rule_that_it_breaks() {
    caught(&DEFECTS);
}
