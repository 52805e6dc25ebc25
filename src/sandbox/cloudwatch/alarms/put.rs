//! What PutMetricAlarm takes and refuses. Texts that the service's clients have reported are the service's; the others say the same in
//! its manner.

use serde_json::{Map, Value, json};

use super::{
    super::{
        data::{Asked, Plan, Query},
        metrics::Statistic,
        refusal::invalid,
    },
    alarm::{Comparison, Enough, Missing, Watch},
};
use crate::sandbox::protocol::Refusal;

/// Members of the real service's that are for what the sandbox does not emulate.
const NOT_EMULATED: [&str; 6] = [
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "ActionConfiguration",
    "ThresholdMetricId",
];
/// What one metric needs, and a list of metrics may not have beside it.
const OF_ONE: [&str; 7] = ["Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"];
/// "Period multiplied by EvaluationPeriods can't be more than 604,800 seconds", and a day for periods shorter than an hour.
const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

/// What an alarm with these members watches.
pub(super) fn watch(given: &Map<String, Value>, account: &str) -> Result<Watch, Refusal> {
    let null = |member: &str| invalid(format!("{member} must not be null"));
    if let Some(member) = NOT_EMULATED.into_iter().find(|member| given.get(*member).is_some_and(|given| !given.is_null())) {
        return Err(invalid(format!("{member} is not emulated by the sandbox.")));
    }
    let there = |member: &str| given.get(member).filter(|value| !value.is_null());
    let comparison = match there("ComparisonOperator").and_then(Value::as_str) {
        None => return Err(null("ComparisonOperator")),
        Some(text) => Comparison::parse(text)
            .ok_or_else(|| invalid(format!("{text} is for anomaly detection, which is not emulated by the sandbox.")))?,
    };
    let periods = there("EvaluationPeriods").and_then(Value::as_u64).ok_or_else(|| null("EvaluationPeriods"))?;
    let breaching = there("DatapointsToAlarm").and_then(Value::as_u64).unwrap_or(periods);
    if breaching > periods {
        return Err(invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods"));
    }
    let threshold = there("Threshold").and_then(Value::as_f64).ok_or_else(|| null("Threshold"))?;
    let missing = there("TreatMissingData").and_then(Value::as_str).unwrap_or("missing");
    let missing = Missing::parse(missing)
        .ok_or_else(|| invalid(format!("The value {missing} is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].")))?;
    let (plan, place, enough) = match there("Metrics").and_then(Value::as_array) {
        Some(metrics) => {
            if let Some(member) = OF_ONE.into_iter().find(|member| there(member).is_some_and(|value| *value != json!([]))) {
                return Err(invalid(format!("{member} should not be set if list of Metrics is set.")));
            }
            let (plan, place) = several(metrics, account)?;
            (plan, place, None)
        }
        None => {
            let (plan, enough) = single(given, account)?;
            (plan, 0, enough)
        }
    };
    let all = plan.queries.iter().filter_map(Query::period);
    let period = all.clone().min().unwrap_or(60);
    if all.clone().any(|other| other != period) {
        return Err(invalid("All metrics of an alarm must have the same Period."));
    }
    if !matches!(period, 10 | 20 | 30) && !period.is_multiple_of(60) {
        return Err(invalid("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let (most, named) = if period < 3600 { (DAY, "a day") } else { (WEEK, "a week") };
    if period.saturating_mul(periods) > most {
        let text = format!("Metrics cannot be checked across more than {named} (EvaluationPeriods * Period must be <= {most}).");
        return Err(invalid(text));
    }
    let (periods, breaching) = (usize::try_from(periods).unwrap_or(1), usize::try_from(breaching).unwrap_or(1));
    Ok(Watch { plan, place, period, periods, breaching, threshold, comparison, missing, enough })
}

/// The one metric of an alarm, as a plan of one query.
fn single(given: &Map<String, Value>, account: &str) -> Result<(Plan, Option<Enough>), Refusal> {
    let text = |member: &str| given.get(member).and_then(Value::as_str);
    let null = |member: &str| invalid(format!("{member} must not be null"));
    text("MetricName").ok_or_else(|| null("MetricName"))?;
    text("Namespace").ok_or_else(|| null("Namespace"))?;
    let period = given.get("Period").and_then(Value::as_u64).ok_or_else(|| null("Period"))?;
    let statistic = match (text("Statistic"), text("ExtendedStatistic")) {
        (Some(_), Some(_)) => return Err(invalid("Exactly one of Statistic and ExtendedStatistic must be set.")),
        (None, None) => return Err(invalid("Either Statistic or ExtendedStatistic must be set.")),
        (Some(one), None) | (None, Some(one)) => one,
    };
    let parsed = Statistic::parse(statistic)
        .ok_or_else(|| invalid(format!("The value {statistic} for parameter ExtendedStatistic is not supported.")))?;
    if !matches!(period, 10 | 20 | 30) && (period == 0 || !period.is_multiple_of(60)) {
        return Err(invalid("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let query = |statistic: &str| {
        let unit = given.get("Unit").cloned().unwrap_or_default();
        json!([{"Id": "m1", "MetricStat": {"Metric": given, "Period": period, "Stat": statistic, "Unit": unit}}])
    };
    let plan = |statistic: &str| Plan::read(query(statistic).as_array().map_or(&[], Vec::as_slice), "Metrics", account);
    let enough = match (text("EvaluateLowSampleCountPercentile"), parsed) {
        (None | Some("evaluate"), _) => None,
        (Some("ignore"), Statistic::Percentile(part)) => {
            let tail = if part < 0.5 { part } else { 1.0 - part };
            Some(Enough { counts: plan("SampleCount")?, least: 10.0 / tail })
        }
        (Some("ignore"), _) => None,
        (Some(other), _) => {
            return Err(invalid(format!("Option {other} is not supported for EvaluateLowSampleCountPercentile parameter.")));
        }
    };
    Ok((plan(statistic)?, enough))
}

/// A list of metrics and expressions, one of which is watched.
fn several(given: &[Value], account: &str) -> Result<(Plan, usize), Refusal> {
    let plan = Plan::read(given, "Metrics", account)?;
    let metrics = plan.queries.iter().filter(|query| matches!(query.asked, Asked::Metric { .. })).count();
    if metrics > 10 || plan.queries.len() - metrics > 10 {
        return Err(invalid("The list of Metrics can have at most 10 metrics and 10 expressions."));
    }
    let mut shown = plan.queries.iter().enumerate().filter(|(_, query)| query.shown).map(|(place, _)| place);
    match (shown.next(), shown.next()) {
        (Some(place), None) => Ok((plan, place)),
        _ => Err(invalid("Exactly one element of the metrics list should return data.")),
    }
}
