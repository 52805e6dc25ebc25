//! What is asked, and which of it a target group can answer. The wire is the sandbox's to test, in stories.

use super::queries::{Called, DIMENSION, NAMESPACE, Queries, Query, What, names, needs_http};
use crate::{
    aws::lattice::ids::TargetGroupId,
    rollout::{
        analysis::{Analysis, Metric, Number, OnNoData, Source},
        split::Share,
    },
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
fn c15_every_metric_is_asked_once_a_side_however_many_want_it() {
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
    assert!(stable.requests.starts_with('s'));
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
