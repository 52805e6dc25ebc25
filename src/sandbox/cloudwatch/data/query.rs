//! One query of a request: a metric's statistic or an expression.

use serde_json::Value;

use crate::sandbox::{
    cloudwatch::{
        math::{self, Tree},
        metrics::{Metric, Statistic},
        refusal::invalid,
    },
    protocol::Refusal,
};

/// A query, checked.
#[derive(Clone, Debug)]
pub(in crate::sandbox::cloudwatch) struct Query {
    pub(in crate::sandbox::cloudwatch) id: String,
    pub(super) label: Option<String>,
    pub(in crate::sandbox::cloudwatch) shown: bool,
    pub(in crate::sandbox::cloudwatch) asked: Asked,
}

/// What a query asks for.
#[derive(Clone, Debug)]
pub(in crate::sandbox::cloudwatch) enum Asked {
    Metric { metric: Metric, period: u64, statistic: Statistic, unit: Option<String> },
    Expression { tree: Tree, period: Option<u64> },
}

impl Query {
    /// From the `index`th (from 0) member of the list that is called `list`, in the account.
    pub(super) fn read(given: &Value, list: &str, index: usize, account: &str) -> Result<Self, Refusal> {
        let place = format!("{list}.member.{}", index + 1);
        let id = given["Id"].as_str().unwrap_or_default();
        let mut letters = id.chars();
        if !letters.next().is_some_and(|first| first.is_ascii_lowercase())
            || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            let pattern = "^[a-z][a-zA-Z0-9_]*$";
            return Err(invalid(format!(
                "The value {id} for parameter {place}.Id is not matching the expected pattern {pattern}."
            )));
        }
        if given["AccountId"].as_str().is_some_and(|other| other != account) {
            return Err(invalid(format!("The sandbox has one account: {place}.AccountId is not emulated.")));
        }
        let asked = match (&given["MetricStat"], given["Expression"].as_str()) {
            (Value::Object(_), Some(_)) => {
                let both = format!("The parameters {place}.MetricStat and {place}.Expression are mutually exclusive.");
                return Err(invalid(both));
            }
            (Value::Object(_), None) => metric(&given["MetricStat"], &place)?,
            (_, Some(text)) => expression(text, id, given["Period"].as_u64(), &place)?,
            (_, None) => return Err(invalid(format!("The parameter {place}.MetricStat is required.\n"))),
        };
        let label = given["Label"].as_str().map(str::to_owned);
        Ok(Self { id: id.to_owned(), label, shown: given["ReturnData"].as_bool().unwrap_or(true), asked })
    }

    /// The seconds of a period, where the query says.
    pub(in crate::sandbox::cloudwatch) fn period(&self) -> Option<u64> {
        match &self.asked {
            Asked::Metric { period, .. } => Some(*period),
            Asked::Expression { period, .. } => *period,
        }
    }
}

fn metric(given: &Value, place: &str) -> Result<Asked, Refusal> {
    let required = |member: &str| invalid(format!("The parameter {place}.MetricStat.Metric.{member} is required.\n"));
    let metric = Metric::read(&given["Metric"]);
    if metric.namespace.is_empty() {
        return Err(required("Namespace"));
    }
    if metric.name.is_empty() {
        return Err(required("MetricName"));
    }
    let name = given["Stat"].as_str().unwrap_or_default();
    let statistic = Statistic::parse(name)
        .ok_or_else(|| invalid(format!("The value {name} for parameter {place}.MetricStat.Stat is not a valid statistic.")))?;
    let period = period(given["Period"].as_u64(), &format!("{place}.MetricStat.Period"))?;
    let unit = given["Unit"].as_str().map(str::to_owned);
    Ok(Asked::Metric { metric, period, statistic, unit })
}

/// "1, 5, 10, 20, 30, 60, or any multiple of 60."
fn period(given: Option<u64>, place: &str) -> Result<u64, Refusal> {
    let fits = |period: u64| matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period.is_multiple_of(60));
    let given = given.unwrap_or_default();
    if fits(given) {
        return Ok(given);
    }
    Err(invalid(format!("The value {given} for parameter {place} must be 1, 5, 10, 20, 30 or a multiple of 60.")))
}

fn expression(text: &str, id: &str, given: Option<u64>, place: &str) -> Result<Asked, Refusal> {
    if text.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("select")) {
        return Err(invalid(format!("Error in expression '{id}': Metrics Insights queries are not emulated by the sandbox")));
    }
    let period = given.map(|given| period(Some(given), &format!("{place}.Period"))).transpose()?;
    // The text is the service's own, as its clients have reported it.
    let tree = math::parse(text).ok_or_else(|| invalid(format!("Error in expression '{id}': Invalid syntax")))?;
    Ok(Asked::Expression { tree, period })
}
