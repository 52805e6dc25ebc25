//! What is asked of CloudWatch for an analysis: every metric of both sides once, in one call. Pure.
//!
//! Namespace, dimension and names are those of "Amazon CloudWatch metrics for Amazon VPC Lattice" (VPC Lattice User Guide). There
//! is no dimension for rules and listeners, so a candidate is judged by its target group. The dimension's value is the group's id,
//! as public dashboards have it; AWS does not say.

use crate::rollout::analysis::{Analysis, Source};

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
    Metric { group: String, name: String, stat: String },
    Expression(String),
}

/// The queries of one side, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SideQueries {
    pub(super) requests: String,
    /// For each metric of the analysis the queries whose values add up to it.
    pub(super) metrics: Vec<Vec<String>>,
}

/// The queries of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Queries {
    pub(super) all: Vec<Query>,
}

impl Queries {
    /// Adds one side's queries; `side` makes ids of their own, a lower-case letter.
    pub(super) fn add(&mut self, side: char, group: &str, analysis: &Analysis) -> SideQueries {
        let requests = self.metric(side, group, REQUESTS, SUM, true);
        let metrics = analysis.metrics.iter().enumerate().map(|(place, metric)| match &metric.source {
            Source::ErrorRate => FAILURES.iter().map(|name| self.metric(side, group, name, SUM, true)).collect(),
            Source::ConnectionErrors => FAILURES[1..].iter().map(|name| self.metric(side, group, name, SUM, true)).collect(),
            Source::RequestTime(stat) => vec![self.metric(side, group, TIME, stat, true)],
            Source::RequestCount => vec![requests.clone()],
            Source::Named(name, stat) => vec![self.metric(side, group, name, stat, true)],
            Source::Expression(text) => {
                let written = self.expression(side, group, text);
                let id = format!("{side}x{place}");
                self.all.push(Query { id: id.clone(), what: What::Expression(written), shown: true });
                vec![id]
            }
        });
        let metrics = metrics.collect();
        SideQueries { requests, metrics }
    }

    /// The id of a metric's query, which is asked once however many want it.
    fn metric(&mut self, side: char, group: &str, name: &str, stat: &str, shown: bool) -> String {
        let what = What::Metric { group: group.to_owned(), name: name.to_owned(), stat: stat.to_owned() };
        if let Some(query) = self.all.iter_mut().find(|query| query.what == what) {
            query.shown |= shown;
            return query.id.clone();
        }
        let id = format!("{side}{}", self.all.len());
        self.all.push(Query { id: id.clone(), what, shown });
        id
    }

    /// An expression with ids in place of `${TotalRequestCount}` and `${RequestTime:p99}`, and the group's id in place of
    /// `${target_group}`.
    fn expression(&mut self, side: char, group: &str, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            written.push_str(before);
            let (name, left) = after.split_once('}').unwrap_or((after, ""));
            match name.split_once(':') {
                None if name == "target_group" => written.push_str(group),
                None => written.push_str(&self.metric(side, group, name, SUM, false)),
                Some((name, stat)) => written.push_str(&self.metric(side, group, name, stat, false)),
            }
            rest = left;
        }
        written.push_str(rest);
        written
    }
}

/// The names of the metrics that this is made of, each once.
#[must_use]
pub fn names(source: &Source) -> Vec<String> {
    let mut queries = Queries::default();
    match source {
        Source::ErrorRate => return FAILURES.into_iter().chain([REQUESTS]).map(str::to_owned).collect(),
        Source::ConnectionErrors => return FAILURES[1..].iter().map(ToString::to_string).collect(),
        Source::RequestTime(_) => return vec![TIME.to_owned()],
        Source::RequestCount => return vec![REQUESTS.to_owned()],
        Source::Named(name, _) => return vec![name.clone()],
        Source::Expression(text) => _ = queries.expression('c', "", text),
    }
    let mut names: Vec<String> = queries
        .all
        .into_iter()
        .filter_map(|query| match query.what {
            What::Metric { name, .. } => Some(name),
            What::Expression(_) => None,
        })
        .collect();
    names.dedup();
    names
}

/// Whether only requests of HTTP have what is measured: TCP groups, which TLS listeners forward to, publish connections alone
/// (VPC Lattice User Guide).
#[must_use]
pub fn needs_http(source: &Source) -> bool {
    let of_http =
        |name: &str| name.starts_with("HTTPCode_") || matches!(name, "TotalRequestCount" | "ActiveRequestCount" | "RequestTime");
    match source {
        Source::ErrorRate | Source::RequestTime(_) | Source::RequestCount => true,
        Source::ConnectionErrors => false,
        Source::Named(name, _) => of_http(name),
        Source::Expression(text) => {
            text.split("${").skip(1).any(|part| of_http(part.split([':', '}']).next().unwrap_or_default()))
        }
    }
}
