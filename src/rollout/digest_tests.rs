//! What a rollout's digest covers: whoever goes on under another plan, or judged by something else, is refused by it.

use std::{collections::BTreeMap, time::Duration};

use super::{
    analysis::{Alarm, Analysis, Margin, Metric, Number, OnNoData, Source},
    plan::{HealthLimits, Hold, OnCancel, OnDrift, OnTimeout, Plan, Step},
    split::Share,
};

const MINUTE: Duration = Duration::from_secs(60);

fn plan() -> Plan {
    let step = |percent| Step { share: Share::percent(percent), bake: MINUTE, lag: MINUTE, hold: None };
    let hold = Some(Hold { timeout: MINUTE * 60, on_timeout: OnTimeout::Rollback });
    Plan {
        steps: vec![step(5), Step { hold, ..step(100) }],
        settle: MINUTE,
        timeout: MINUTE * 30,
        interval: MINUTE,
        health: HealthLimits { min_healthy: Share::percent(80), unhealthy_for: 2, unchecked: false },
        on_cancel: OnCancel::Rollback,
        on_drift: OnDrift::Stop,
        retire_after: Some(MINUTE),
    }
}

fn metric() -> Metric {
    Metric {
        name: "it".to_owned(),
        source: elsewhere("AWS/ECS", "CPUUtilization", ("ServiceName", "shop"), "Average"),
        max: Number::new(1.0),
        min: Number::new(0.5),
        versus: Number::new(0.5).map(Margin::Absolute),
        confidence: Share::percent(95),
        min_requests: 100,
        failures: Some(2),
        consecutive: Some(2),
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

fn elsewhere(namespace: &str, name: &str, (dimension, of): (&str, &str), stat: &str) -> Source {
    let dimensions = BTreeMap::from([(dimension.to_owned(), of.to_owned())]);
    Source::Elsewhere { namespace: namespace.to_owned(), name: name.to_owned(), dimensions, stat: stat.to_owned() }
}

fn analysis() -> Analysis {
    let alarm = Alarm { name: "5xx".to_owned(), on_no_data: OnNoData::Extend, ignored: false };
    Analysis { metrics: vec![metric()], alarms: vec![alarm], lag: MINUTE, steps: vec![None, None] }
}

type Change = (&'static str, fn(&mut Plan, &mut Analysis));

/// Every field of a plan. A field that is new does not compile here before it has a change below.
fn of_plan() -> Vec<Change> {
    let Plan { steps, settle: _, timeout: _, interval: _, health, on_cancel: _, on_drift: _, retire_after: _ } = plan();
    let Step { share: _, bake: _, lag: _, hold } = steps[1];
    let Hold { timeout: _, on_timeout: _ } = hold.expect("a hold");
    let HealthLimits { min_healthy: _, unhealthy_for: _, unchecked: _ } = health;
    vec![
        ("a step less", |plan, _| plan.steps.truncate(1)),
        ("share", |plan, _| plan.steps[0].share = Share::percent(6)),
        ("bake", |plan, _| plan.steps[0].bake *= 2),
        ("bake of the last", |plan, _| plan.steps[1].bake *= 2),
        ("lag of a step", |plan, _| plan.steps[0].lag *= 2),
        ("no hold", |plan, _| plan.steps[1].hold = None),
        ("hold", |plan, _| plan.steps[1].hold.as_mut().expect("a hold").timeout *= 2),
        ("on_timeout", |plan, _| plan.steps[1].hold.as_mut().expect("a hold").on_timeout = OnTimeout::Continue),
        ("settle", |plan, _| plan.settle *= 2),
        ("timeout", |plan, _| plan.timeout *= 2),
        ("interval", |plan, _| plan.interval /= 2),
        ("min_healthy", |plan, _| plan.health.min_healthy = Share::percent(81)),
        ("unhealthy_for", |plan, _| plan.health.unhealthy_for = 3),
        ("unchecked", |plan, _| plan.health.unchecked = true),
        ("on_cancel", |plan, _| plan.on_cancel = OnCancel::Hold),
        ("on_drift", |plan, _| plan.on_drift = OnDrift::Restore),
        ("retire_after", |plan, _| plan.retire_after = Some(MINUTE * 2)),
        ("never retire", |plan, _| plan.retire_after = None),
    ]
}

/// Every field of what it is judged by.
fn of_analysis() -> Vec<Change> {
    let Analysis { metrics: _, alarms, lag: _, steps: _ } = analysis();
    // That it is ignored is how things stood when the release began, and recorded by itself.
    let Alarm { name: _, on_no_data: _, ignored: _ } = &alarms[0];
    let Metric {
        name: _,
        source: _,
        max: _,
        min: _,
        versus: _,
        confidence: _,
        min_requests: _,
        failures: _,
        consecutive: _,
        report_only: _,
        on_no_data: _,
    } = metric();
    vec![
        ("no metric", |_, judged| judged.metrics.clear()),
        ("another metric", |_, judged| judged.metrics.push(metric())),
        ("no alarm", |_, judged| judged.alarms.clear()),
        ("lag", |_, judged| judged.lag *= 2),
        ("judged steps", |_, judged| judged.steps[0] = Some(vec![0])),
        ("a step that nothing judges", |_, judged| judged.steps[0] = Some(vec![])),
        ("an alarm's name", |_, judged| "4xx".clone_into(&mut judged.alarms[0].name)),
        ("an alarm's on_no_data", |_, judged| judged.alarms[0].on_no_data = OnNoData::Pass),
        ("name", |_, judged| "other".clone_into(&mut judged.metrics[0].name)),
        ("max", |_, judged| judged.metrics[0].max = Number::new(1.000_000_1)),
        ("no max", |_, judged| judged.metrics[0].max = None),
        ("min", |_, judged| judged.metrics[0].min = Number::new(0.4)),
        ("no min", |_, judged| judged.metrics[0].min = None),
        ("versus", |_, judged| judged.metrics[0].versus = Number::new(0.6).map(Margin::Absolute)),
        ("relative", |_, judged| judged.metrics[0].versus = Number::new(0.5).map(Margin::Relative)),
        ("no versus", |_, judged| judged.metrics[0].versus = None),
        ("confidence", |_, judged| judged.metrics[0].confidence = Share::percent(96)),
        ("min_requests", |_, judged| judged.metrics[0].min_requests = 101),
        ("failures", |_, judged| judged.metrics[0].failures = Some(3)),
        ("no failures", |_, judged| judged.metrics[0].failures = None),
        ("consecutive", |_, judged| judged.metrics[0].consecutive = Some(3)),
        ("not consecutive", |_, judged| judged.metrics[0].consecutive = None),
        ("report_only", |_, judged| judged.metrics[0].report_only = true),
        ("on_no_data", |_, judged| judged.metrics[0].on_no_data = OnNoData::Pass),
        ("on_no_data, too", |_, judged| judged.metrics[0].on_no_data = OnNoData::Fail),
    ]
}

/// Every kind of source, and what tells two of a kind apart.
fn of_source() -> Vec<Change> {
    const CPU: &str = "CPUUtilization";
    const SHOP: (&str, &str) = ("ServiceName", "shop");
    vec![
        ("namespace", |_, judged| judged.metrics[0].source = elsewhere("Shop", CPU, SHOP, "Average")),
        ("metric", |_, judged| judged.metrics[0].source = elsewhere("AWS/ECS", "MemoryUtilization", SHOP, "Average")),
        ("dimension", |_, judged| judged.metrics[0].source = elsewhere("AWS/ECS", CPU, ("ClusterName", "shop"), "Average")),
        ("of what", |_, judged| judged.metrics[0].source = elsewhere("AWS/ECS", CPU, ("ServiceName", "till"), "Average")),
        ("stat", |_, judged| judged.metrics[0].source = elsewhere("AWS/ECS", CPU, SHOP, "Maximum")),
        ("error-rate", |_, judged| judged.metrics[0].source = Source::ErrorRate),
        ("connection-errors", |_, judged| judged.metrics[0].source = Source::ConnectionErrors),
        ("request-count", |_, judged| judged.metrics[0].source = Source::RequestCount),
        ("p99", |_, judged| judged.metrics[0].source = Source::RequestTime("p99".to_owned())),
        ("p90", |_, judged| judged.metrics[0].source = Source::RequestTime("p90".to_owned())),
        ("one", |_, judged| judged.metrics[0].source = Source::Named("One".to_owned(), "Sum".to_owned())),
        ("two", |_, judged| judged.metrics[0].source = Source::Named("Two".to_owned(), "Sum".to_owned())),
        ("its average", |_, judged| judged.metrics[0].source = Source::Named("One".to_owned(), "Average".to_owned())),
        ("expression", |_, judged| judged.metrics[0].source = Source::Expression("m1".to_owned())),
        ("another", |_, judged| judged.metrics[0].source = Source::Expression("m2".to_owned())),
    ]
}

/// Flagger compares 32 bits of a print; no two of these may have the same digest.
#[test]
fn flagger_b9_the_digest_covers_every_field_of_plan_metric_and_alarm() {
    let digest = |change: fn(&mut Plan, &mut Analysis)| {
        let (mut plan, mut analysis) = (plan(), analysis());
        change(&mut plan, &mut analysis);
        plan.digest_with(&analysis)
    };
    let mut seen = BTreeMap::from([(digest(|_, _| {}), "nothing")]);
    assert_eq!(seen.keys().next().map(String::len), Some(16), "64 bits");
    for (what, change) in [of_plan(), of_analysis(), of_source()].concat() {
        if let Some(other) = seen.insert(digest(change), what) {
            panic!("the digest is the same with another `{what}` as with another `{other}`");
        }
    }
    assert!(seen.contains_key(&digest(|_, judged| judged.alarms[0].ignored = true)), "a job that goes on does not know of it");
}
