//! What is asked of CloudWatch for an analysis: every metric of both sides once, in one call. Pure.
//!
//! Namespace, dimension and names are those of "Amazon CloudWatch metrics for Amazon VPC Lattice" (VPC Lattice User Guide). There
//! is no dimension for rules and listeners, so a candidate is judged by its target group. The dimension's value is the group's id,
//! as public dashboards have it; AWS does not say. Metrics of other namespaces are asked for as the config has them.

use std::collections::BTreeMap;

use crate::{
    aws::lattice::ids::TargetGroupId,
    rollout::analysis::{
        Analysis, Source,
        metric::{CLUSTER, ECS_SERVICE, TARGET_GROUP},
    },
};

/// Lattice's namespace.
pub(in crate::aws) const NAMESPACE: &str = "AWS/VpcLattice";
/// The dimension that tells target groups apart.
pub(in crate::aws) const DIMENSION: &str = "TargetGroup";
/// "A single GetMetricData call can include up to 500 MetricDataQuery structures."
pub(super) const MOST: usize = 500;

const REQUESTS: &str = "TotalRequestCount";
const TIME: &str = "RequestTime";
const SUM: &str = "Sum";
/// What an error rate counts: a failed connection need not show as a 5xx of the group's.
const FAILURES: [&str; 3] = ["HTTPCode_5XX_Count", "ConnectionErrorCount", "ConnectionTimeoutCount"];

/// One query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) what: What,
    /// Its values are wanted; otherwise only expressions use it.
    pub(super) shown: bool,
}

/// What a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Metric { namespace: String, name: String, dimensions: BTreeMap<String, String>, stat: String },
    Expression(String),
}

/// What a side is called in metrics.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// Its target group.
    pub group: &'a TargetGroupId,
    /// Its ECS service, where there is one.
    pub ecs_service: Option<&'a str>,
    /// The cluster, by name or ARN.
    pub cluster: Option<&'a str>,
}

impl Called<'_> {
    /// What `${…}` stands for, where that is what the side is called.
    fn word(&self, name: &str) -> Option<&str> {
        match name {
            TARGET_GROUP => Some(self.group.as_str()),
            ECS_SERVICE => Some(self.ecs_service.unwrap_or_default()),
            CLUSTER => Some(self.cluster.and_then(|cluster| cluster.rsplit('/').next()).unwrap_or_default()),
            _ => None,
        }
    }
}

/// The queries of one side, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SideQueries {
    pub(super) requests: String,
    /// For each metric of the analysis the queries whose values add up to it.
    pub(super) metrics: Vec<Vec<String>>,
}

/// The id of the expression at this place of the analysis.
pub(super) fn expression_id(side: char, place: usize) -> String {
    format!("{side}x{place}")
}

/// The queries of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Queries {
    pub(super) all: Vec<Query>,
}

impl Queries {
    /// Adds one side's queries; `side` makes ids of their own, a lower-case letter.
    pub(super) fn add(&mut self, side: char, called: Called<'_>, analysis: &Analysis) -> SideQueries {
        let requests = self.published(side, called, REQUESTS, SUM, true);
        let metrics = analysis.metrics.iter().enumerate().map(|(place, metric)| match &metric.source {
            Source::ErrorRate => FAILURES.iter().map(|name| self.published(side, called, name, SUM, true)).collect(),
            Source::ConnectionErrors => FAILURES[1..].iter().map(|name| self.published(side, called, name, SUM, true)).collect(),
            Source::RequestTime(stat) => vec![self.published(side, called, TIME, stat, true)],
            Source::RequestCount => vec![requests.clone()],
            Source::Named(name, stat) => vec![self.published(side, called, name, stat, true)],
            Source::Elsewhere { namespace, name, dimensions, stat } => {
                let mut own = |name: &str| called.word(name).unwrap_or_default().to_owned();
                let dimensions = dimensions.iter().map(|(name, value)| (name.clone(), written(value, &mut own))).collect();
                vec![self.metric(side, namespace, name, dimensions, stat, true)]
            }
            Source::Expression(text) => {
                let written = self.expression(side, called, text);
                let id = expression_id(side, place);
                self.all.push(Query { id: id.clone(), what: What::Expression(written), shown: true });
                vec![id]
            }
        });
        let metrics = metrics.collect();
        SideQueries { requests, metrics }
    }

    /// The id of the query of a metric that Lattice publishes for the side's target group.
    fn published(&mut self, side: char, called: Called<'_>, name: &str, stat: &str, shown: bool) -> String {
        let dimensions = [(DIMENSION.to_owned(), called.group.as_str().to_owned())].into();
        self.metric(side, NAMESPACE, name, dimensions, stat, shown)
    }

    /// The id of a metric's query, which is asked once however many want it.
    fn metric(
        &mut self,
        side: char,
        namespace: &str,
        name: &str,
        dimensions: BTreeMap<String, String>,
        stat: &str,
        shown: bool,
    ) -> String {
        let what = What::Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions, stat: stat.to_owned() };
        if let Some(query) = self.all.iter_mut().find(|query| query.what == what) {
            query.shown |= shown;
            return query.id.clone();
        }
        let id = format!("{side}{}", self.all.len());
        self.all.push(Query { id: id.clone(), what, shown });
        id
    }

    /// An expression with ids in place of `${TotalRequestCount}` and `${RequestTime:p99}`, and what the side is called in place of
    /// `${target_group}`.
    fn expression(&mut self, side: char, called: Called<'_>, text: &str) -> String {
        written(text, &mut |name| match (called.word(name), name.split_once(':')) {
            (Some(word), _) => word.to_owned(),
            (None, None) => self.published(side, called, name, SUM, false),
            (None, Some((name, stat))) => self.published(side, called, name, stat, false),
        })
    }
}

/// A text with something else in place of each `${…}`.
fn written(text: &str, of: &mut dyn FnMut(&str) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, left) = after.split_once('}').unwrap_or((after, ""));
        written.push_str(before);
        written.push_str(&of(name));
        rest = left;
    }
    written.push_str(rest);
    written
}

/// The names of Lattice's metrics that this is made of, each once.
#[must_use]
pub fn names(source: &Source) -> Vec<String> {
    match source {
        Source::ErrorRate => FAILURES.into_iter().chain([REQUESTS]).map(str::to_owned).collect(),
        Source::ConnectionErrors => FAILURES[1..].iter().map(ToString::to_string).collect(),
        Source::RequestTime(_) => vec![TIME.to_owned()],
        Source::RequestCount => vec![REQUESTS.to_owned()],
        Source::Named(name, _) => vec![name.clone()],
        Source::Elsewhere { .. } => Vec::new(),
        Source::Expression(text) => {
            let mut names: Vec<String> = placeholders(text)
                .filter(|name| ![TARGET_GROUP, ECS_SERVICE, CLUSTER].contains(name))
                .map(|name| name.split(':').next().unwrap_or_default().to_owned())
                .collect();
            names.dedup();
            names
        }
    }
}

/// What stands in each `${…}` of a text.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).map(|part| part.split('}').next().unwrap_or_default())
}

/// Whether only requests of HTTP have what is measured: TCP groups, which TLS listeners forward to, publish connections alone
/// (VPC Lattice User Guide).
#[must_use]
pub fn needs_http(source: &Source) -> bool {
    let of_http =
        |name: &str| name.starts_with("HTTPCode_") || matches!(name, "TotalRequestCount" | "ActiveRequestCount" | "RequestTime");
    match source {
        Source::ErrorRate | Source::RequestTime(_) | Source::RequestCount => true,
        Source::ConnectionErrors | Source::Elsewhere { .. } => false,
        Source::Named(name, _) => of_http(name),
        Source::Expression(_) => names(source).iter().any(|name| of_http(name)),
    }
}
