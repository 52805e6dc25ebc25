//! One number from many: over the points of a series, or over the series of an array at each time.

use std::collections::BTreeSet;

use super::value::{Series, Value};

/// AVG, DATAPOINT_COUNT, MAX, MIN, STDDEV and SUM of some values, where `series` is how many series there are to have one.
/// NaN where there is nothing to say.
fn reduced(function: &str, values: &[f64], series: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are at most as many as an answer has data points")]
    let (count, all) = (values.len() as f64, series as f64);
    let sum: f64 = values.iter().sum();
    match function {
        "SUM" => sum,
        "DATAPOINT_COUNT" => count,
        // "Missing values are treated as 0".
        "AVG" => sum / all,
        "MAX" => values.iter().copied().fold(f64::NAN, f64::max),
        "MIN" => values.iter().copied().fold(f64::NAN, f64::min),
        // Of the whole population: the guide does not say which.
        "STDDEV" => (values.iter().map(|value| (value - sum / count).powi(2)).sum::<f64>() / count).sqrt(),
        _ => f64::NAN,
    }
}

/// A scalar from all the points of a series.
pub(super) fn over(function: &str, series: &Series) -> f64 {
    let values: Vec<f64> = series.points.values().copied().collect();
    reduced(function, &values, values.len())
}

/// A scalar from a series, a series from an array.
pub(super) fn reduce(function: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Series(series) => Some(Value::Scalar(over(function, series))),
        Value::Array(all) => Some(match all.first() {
            None => Value::Array(Vec::new()),
            Some(first) => {
                let times: BTreeSet<u64> = all.iter().flat_map(|series| series.points.keys().copied()).collect();
                let at = |time: u64| {
                    let values: Vec<f64> = all.iter().filter_map(|series| series.points.get(&time).copied()).collect();
                    reduced(function, &values, all.len())
                };
                Value::Series(first.with(times.into_iter().map(|time| (time, at(time)))))
            }
        }),
        Value::Scalar(_) | Value::Text(_) | Value::Word(_) => None,
    }
}
