//! Results, in the order of the queries, and pages of them.

use serde_json::{Value as Json, json};

use super::{Plan, Query, label};
use crate::sandbox::{
    cloudwatch::{
        math::{Series, Value},
        page,
    },
    protocol::{Call, Refusal},
};

/// One result before it is cut into pages.
struct Found {
    id: String,
    label: String,
    points: Vec<(u64, f64)>,
}

fn results(plan: &Plan, values: Vec<Value>, ascending: bool) -> Result<Vec<Found>, Refusal> {
    let mut found = Vec::new();
    for (index, (query, value)) in plan.queries.iter().zip(values).enumerate().filter(|(_, (query, _))| query.shown) {
        let place = format!("MetricDataQueries.member.{}.Label", index + 1);
        let (several, all) = match value {
            Value::Series(series) => (false, vec![series]),
            Value::Array(all) => (true, all),
            Value::Scalar(_) | Value::Text(_) | Value::Word(_) => (false, Vec::new()),
        };
        for series in all {
            let label = label::written(&template(query, &series, several), &series, &place)?;
            let mut points: Vec<_> = series.points.into_iter().collect();
            if !ascending {
                points.reverse();
            }
            found.push(Found { id: query.id.clone(), label, points });
        }
    }
    Ok(found)
}

/// The label that was given, or what the service makes up: a metric's name, an expression's id, and where an expression gives
/// several series its label before each one's own.
fn template(query: &Query, series: &Series, several: bool) -> String {
    match (&query.label, several) {
        (Some(label), true) if label.is_empty() => series.label.clone(),
        (Some(label), true) if !label.contains("${LABEL}") => format!("{label} {}", series.label),
        (Some(label), _) => label.clone(),
        (None, true) => format!("{} {}", query.id, series.label).trim_end().to_owned(),
        (None, false) if matches!(query.asked, super::Asked::Metric { .. }) => series.label.clone(),
        (None, false) => query.id.clone(),
    }
}

/// The page that the request's token means, with at most `most` points. Where there are expressions no token is given: what does not
/// fit is left out, and told as partial.
pub(super) fn written(plan: &Plan, values: Vec<Value>, call: &Call, most: usize, broken: bool) -> Result<Json, Refusal> {
    let results = results(plan, values, call.text("ScanBy") == "TimestampAscending")?;
    let expressions = plan.queries.iter().any(|query| matches!(query.asked, super::Asked::Expression { .. }));
    let from = page::place(call)?;
    let to = from.saturating_add(most);
    let mut begin = 0;
    let mut written = Vec::new();
    let count = results.len();
    for (index, result) in results.into_iter().enumerate() {
        let end = begin + result.points.len();
        // A result without any point is told on the first page.
        let (first, last) = (from.clamp(begin, end), to.clamp(begin, end));
        if (first < last) || (begin == end && from == 0) {
            let points = result.points.get(first - begin..last - begin).unwrap_or_default();
            let status = if last < end { "PartialData" } else { "Complete" };
            written.push(if broken && index + 1 == count {
                failed(&result)
            } else {
                json!({
                    "Id": result.id,
                    "Label": result.label,
                    "Timestamps": points.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
                    "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
                    "StatusCode": status,
                })
            });
        }
        begin = end;
    }
    let next = (to < begin && !expressions).then(|| page::token(to, call));
    Ok(page::with_next(json!({"MetricDataResults": written, "Messages": []}), next))
}

/// What a fault makes of a result: "InternalError indicates that an error occurred. Retry your request".
fn failed(result: &Found) -> Json {
    json!({
        "Id": result.id, "Label": result.label, "Timestamps": [], "Values": [], "StatusCode": "InternalError",
        "Messages": [{"Code": "InternalError", "Value": "An internal error occurred while the data was retrieved."}],
    })
}
