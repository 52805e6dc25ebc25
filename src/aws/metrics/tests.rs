//! What is asked, and which of it a target group can answer; and answers that the sandbox never gives. The rest of the wire is the
//! sandbox's to test, in stories.

use serde_json::json;

use super::{
    queries::{Called, DIMENSION, NAMESPACE, Queries, Query, What, names, needs_http},
    read::{series, side},
};
use crate::{
    aws::lattice::ids::TargetGroupId,
    rollout::{
        analysis::{
            Analysis, Metric, Number, OnNoData, Source, Verdict, Why, Window,
            judge::{Seen, assess},
        },
        split::Share,
    },
    time::Timestamp,
};

fn metric(source: Source) -> Metric {
    Metric {
        name: "it".to_owned(),
        source,
        max: Number::new(1.0),
        min: None,
        versus: None,
        confidence: Share::percent(95),
        min_requests: 0,
        failures: None,
        consecutive: None,
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

fn analysis(sources: &[Source]) -> Analysis {
    Analysis { metrics: sources.iter().cloned().map(metric).collect(), ..Analysis::default() }
}

/// A side by its group and its service.
fn called<'a>(group: &'a TargetGroupId, service: &'a str) -> Called<'a> {
    Called { group, ecs_service: Some(service), cluster: Some("arn:aws:ecs:eu-central-1:123456789012:cluster/main") }
}

fn group(id: &str) -> TargetGroupId {
    TargetGroupId::of(id)
}

#[test]
fn c15_every_metric_is_asked_of_its_side_and_once() {
    let percentile = || Source::RequestTime("p99".to_owned());
    let analysis = analysis(&[Source::ErrorRate, Source::ErrorRate, percentile(), percentile(), Source::RequestCount]);
    let mut queries = Queries::default();
    let candidate = queries.add('c', called(&group("tg-b"), "green"), &analysis);
    let stable = queries.add('s', called(&group("tg-a"), "blue"), &analysis);
    assert_eq!(queries.all.len(), 2 * 5, "requests, three failures and one percentile a side");
    let ids: std::collections::BTreeSet<_> = queries.all.iter().map(|query| query.id.as_str()).collect();
    assert_eq!(ids.len(), queries.all.len(), "ids of their own");
    assert_eq!(candidate.metrics[0], candidate.metrics[1]);
    assert_eq!(candidate.metrics[0].len(), 3);
    assert_eq!(candidate.metrics[4], std::slice::from_ref(&candidate.requests));
    assert!(queries.all.iter().all(|query| query.shown));
    assert_eq!(stable.metrics.len(), 5);
    // Argo #1700: the stable pods' numbers were taken for the canary's.
    for Query { id, what, .. } in &queries.all {
        let What::Metric { dimensions, .. } = what else { panic!("{id} is no metric") };
        let group = if id.starts_with('c') { "tg-b" } else { "tg-a" };
        assert_eq!(*dimensions, [(DIMENSION.to_owned(), group.to_owned())].into(), "{id}");
    }
    let of_stable = stable.metrics.iter().flatten().chain([&stable.requests]);
    assert!(of_stable.clone().all(|id| id.starts_with('s') && ids.contains(id.as_str())), "{stable:?}");
    let of_candidate = candidate.metrics.iter().flatten().chain([&candidate.requests]);
    assert!(of_candidate.clone().all(|id| id.starts_with('c') && ids.contains(id.as_str())), "{candidate:?}");
}

/// In JSON what is no number is a text (AWS JSON protocol). Argo Rollouts compares it with limits: above none, below none.
#[test]
fn kayenta_1_a_nan_in_an_answer_neither_passes_nor_fails() {
    let expression = || Source::Expression("${HTTPCode_4XX_Count} / ${TotalRequestCount}".to_owned());
    let at_least = Metric { max: None, min: Number::new(0.5), ..metric(expression()) };
    let table = [
        ("request time", metric(Source::RequestTime("p99".to_owned()))),
        ("at most", metric(expression())),
        ("at least", at_least),
        ("of how many requests", metric(Source::ErrorRate)),
    ];
    let minute = 1_800_000_000;
    let window = Window { from: Timestamp::from_secs(minute), until: Timestamp::from_secs(minute + 60) };
    for (what, metric) in table {
        let analysis = Analysis { metrics: vec![metric], ..Analysis::default() };
        let mut queries = Queries::default();
        let asked = queries.add('c', called(&group("tg-b"), "green"), &analysis);
        let verdict = |odd: &serde_json::Value| {
            // The metric itself is odd; of an error rate it is what its failures are a share of.
            let odd_one = if analysis.metrics[0].source == Source::ErrorRate { &asked.requests } else { &asked.metrics[0][0] };
            let result = |query: &Query| {
                let value = if query.id == *odd_one { odd.clone() } else { json!(300.0) };
                json!({ "Id": query.id, "StatusCode": "Complete", "Timestamps": [minute], "Values": [value] })
            };
            let answer = json!({ "MetricDataResults": queries.all.iter().map(result).collect::<Vec<_>>() });
            let candidate = side(&asked, &series(&answer).expect("an answer"));
            let seen = Seen { window, candidate: &candidate, stable: None, steps: &[], again: None };
            let told = assess(&analysis, 0, seen).remove(0);
            (told.verdict, told.why)
        };
        for odd in ["NaN", "Infinity", "-Infinity"] {
            assert_eq!(verdict(&json!(odd)), (Verdict::Inconclusive, Why::NoData), "{what}: {odd}");
        }
        assert!(verdict(&json!(300.0)).0 != Verdict::Inconclusive, "{what}: a number tells");
    }
}

#[test]
fn an_expression_names_its_sides_metrics_and_group() {
    let text = "100 * ${HTTPCode_4XX_Count} / ${TotalRequestCount} + SEARCH('${target_group} ${ecs_service} ${cluster}') + ${RequestTime:p99}";
    let mut queries = Queries::default();
    let side = queries.add('c', called(&group("tg-b"), "green"), &analysis(&[Source::Expression(text.to_owned())]));
    assert_eq!(side.metrics, [["cx0"]]);
    let asked = |id: &str| queries.all.iter().find(|query| query.id == id).cloned();
    let metric = |name: &str, stat: &str| What::Metric {
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
        dimensions: [(DIMENSION.to_owned(), "tg-b".to_owned())].into(),
        stat: stat.to_owned(),
    };
    assert_eq!(asked("c0"), Some(Query { id: "c0".to_owned(), what: metric("TotalRequestCount", "Sum"), shown: true }));
    assert_eq!(asked("c1"), Some(Query { id: "c1".to_owned(), what: metric("HTTPCode_4XX_Count", "Sum"), shown: false }));
    assert_eq!(asked("c2").map(|query| query.what), Some(metric("RequestTime", "p99")));
    let written = "100 * c1 / c0 + SEARCH('tg-b green main') + c2".to_owned();
    assert_eq!(asked("cx0").map(|query| query.what), Some(What::Expression(written)));
}

#[test]
fn a_metric_of_another_namespace_goes_by_what_its_side_is_called() {
    let dimensions = |cluster: &str, service: &str| {
        [("ClusterName", cluster), ("ServiceName", service)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let of = |dimensions| Source::Elsewhere {
        namespace: "AWS/ECS".to_owned(),
        name: "CPUUtilization".to_owned(),
        dimensions,
        stat: "Average".to_owned(),
    };
    let analysis =
        analysis(&[of(dimensions("${cluster}", "x-${ecs_service}")), of(dimensions("${cluster}", "x-${ecs_service}"))]);
    let mut queries = Queries::default();
    let candidate = queries.add('c', called(&group("tg-b"), "green"), &analysis);
    let stable = queries.add('s', called(&group("tg-a"), "blue"), &analysis);
    assert_eq!((&candidate.metrics[0], &stable.metrics[0]), (&candidate.metrics[1], &vec!["s3".to_owned()]));
    let asked = |id: &str| queries.all.iter().find(|query| query.id == id).map(|query| query.what.clone());
    for (id, service) in [("c1", "x-green"), ("s3", "x-blue")] {
        let Some(What::Metric { namespace, name, dimensions: asked, stat }) = asked(id) else { panic!("{id}") };
        assert_eq!((namespace.as_str(), name.as_str(), stat.as_str()), ("AWS/ECS", "CPUUtilization", "Average"));
        assert_eq!(asked, dimensions("main", service));
    }
    assert_eq!(queries.all.len(), 4, "once a side, and the requests");
    let source = &analysis.metrics[0].source;
    assert!(!needs_http(source) && names(source).is_empty());
    assert_eq!(names(&Source::Expression("${cluster} ${ecs_service} ${RequestTime:p99}".to_owned())), ["RequestTime"]);
}

#[test]
fn groups_of_tcp_have_no_metrics_of_http() {
    let named = |name: &str| Source::Named(name.to_owned(), "Sum".to_owned());
    let expression = |text: &str| Source::Expression(text.to_owned());
    for source in [
        Source::ErrorRate,
        Source::RequestCount,
        Source::RequestTime("p99".to_owned()),
        named("HTTPCode_4XX_Count"),
        expression("${RequestTime:p99} * 2"),
    ] {
        assert!(needs_http(&source), "{source:?}");
    }
    for source in [Source::ConnectionErrors, named("TotalConnectionCount"), expression("${TotalConnectionCount} * 2")] {
        assert!(!needs_http(&source), "{source:?}");
    }
}
