//! The functions of metric math.

use super::{
    eval::Scope,
    reduce,
    value::{Series, Value},
};

/// What the real service has and the sandbox does not.
pub(super) const NOT_EMULATED: [&str; 5] = ["SEARCH", "ANOMALY_DETECTION_BAND", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "LAMBDA"];

/// The value of a function of these arguments; the error's text otherwise.
pub(super) fn call(name: &str, arguments: Vec<Value>, scope: &Scope<'_>) -> Result<Value, String> {
    let kinds: Vec<&str> = arguments.iter().map(Value::kind).collect();
    let refused = format!("Function '{name}' does not take the arguments ({})", kinds.join(", "));
    let done = match (name, arguments.as_slice()) {
        ("METRICS", []) => Some(metrics(scope, "")),
        ("METRICS", [Value::Text(part)]) => Some(metrics(scope, part)),
        ("TIME_SERIES", [Value::Scalar(number)]) => Some(Value::Series(constant(scope, *number))),
        ("AVG" | "DATAPOINT_COUNT" | "MAX" | "MIN" | "STDDEV" | "SUM", [value]) => reduce::reduce(name, value),
        ("METRIC_COUNT", [Value::Array(all)]) => Some(Value::Scalar(count(all.len()))),
        ("PERIOD", [Value::Series(series)]) if series.metric => Some(Value::Scalar(exact(series.grid.period))),
        ("FIRST", [Value::Array(all)]) => Some(one(all.first())),
        ("LAST", [Value::Array(all)]) => Some(one(all.last())),
        ("REMOVE_EMPTY", [Value::Array(all)]) => {
            Some(Value::Array(all.iter().filter(|series| !series.points.is_empty()).cloned().collect()))
        }
        ("SLICE", [Value::Array(all), Value::Scalar(from)]) => Some(slice(all, *from, f64::INFINITY)),
        ("SLICE", [Value::Array(all), Value::Scalar(from), Value::Scalar(to)]) => Some(slice(all, *from, *to)),
        ("SORT", [Value::Array(all), Value::Word(by), Value::Word(order)]) => sort(all, by, order, f64::INFINITY),
        ("SORT", [Value::Array(all), Value::Word(by), Value::Word(order), Value::Scalar(limit)]) => sort(all, by, order, *limit),
        ("IF", [condition, yes]) => choose(condition, yes, None),
        ("IF", [condition, yes, no]) => choose(condition, yes, Some(no)),
        ("FILL", [value, with]) => fill(value, with),
        (_, [value]) => each(name, value),
        _ => None,
    };
    match done {
        Some(value) => Ok(value),
        None if NOT_EMULATED.contains(&name) => Err(format!("{name} is not emulated by the sandbox")),
        None if known(name) => Err(refused),
        None => Err(format!("Function '{name}' not found")),
    }
}

fn known(name: &str) -> bool {
    const SEVERAL: [&str; 17] = [
        "METRICS",
        "TIME_SERIES",
        "AVG",
        "DATAPOINT_COUNT",
        "MAX",
        "MIN",
        "STDDEV",
        "SUM",
        "METRIC_COUNT",
        "PERIOD",
        "FIRST",
        "LAST",
        "REMOVE_EMPTY",
        "SLICE",
        "SORT",
        "IF",
        "FILL",
    ];
    SEVERAL.contains(&name) || point(name).is_some() || over_time(name).is_some() || of_time(name).is_some()
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^53")]
fn exact(number: u64) -> f64 {
    number as f64
}

fn metrics(scope: &Scope<'_>, part: &str) -> Value {
    Value::Array(scope.metrics.iter().filter(|(id, _)| id.contains(part)).map(|(_, series)| series.clone()).collect())
}

fn constant(scope: &Scope<'_>, number: f64) -> Series {
    let none = Series { label: String::new(), grid: scope.grid, points: std::collections::BTreeMap::new(), metric: false };
    none.with(scope.grid.times().map(|at| (at, number)))
}

fn one(found: Option<&Series>) -> Value {
    // The first of none is an array of none: there is no series to be empty.
    found.map_or_else(|| Value::Array(Vec::new()), |series| Value::Series(series.clone()))
}

fn slice(all: &[Series], from: f64, to: f64) -> Value {
    let inside = |index: usize| count(index) >= from && count(index) < to;
    Value::Array(all.iter().enumerate().filter(|(index, _)| inside(*index)).map(|(_, series)| series.clone()).collect())
}

fn sort(all: &[Series], by: &str, order: &str, limit: f64) -> Option<Value> {
    if !["AVG", "MIN", "MAX", "SUM"].contains(&by) || !["ASC", "DESC"].contains(&order) {
        return None;
    }
    let mut keyed: Vec<_> = all.iter().map(|series| (reduce::over(by, series), series)).collect();
    // Series without points go last, whichever the order.
    keyed.sort_by(|(left, _), (right, _)| {
        let plain = left.total_cmp(right);
        left.is_nan().cmp(&right.is_nan()).then(if order == "ASC" { plain } else { plain.reverse() })
    });
    let sorted: Vec<Series> = keyed.into_iter().map(|(_, series)| series.clone()).collect();
    Some(slice(&sorted, 0.0, limit))
}

/// "Using IF expressions": a condition's point decides for its time; where `yes` has no point it counts as 0, where `no` has none
/// or is left out there is none.
fn choose(condition: &Value, yes: &Value, no: Option<&Value>) -> Option<Value> {
    let at = |value: &Value, time: u64| match value {
        Value::Scalar(number) => Some(*number),
        Value::Series(series) => series.points.get(&time).copied(),
        Value::Array(_) | Value::Text(_) | Value::Word(_) => None,
    };
    let numeric = |value: &Value| matches!(value, Value::Scalar(_) | Value::Series(_));
    if !numeric(yes) || no.is_some_and(|no| !numeric(no)) {
        return None;
    }
    match condition {
        Value::Series(condition) => Some(Value::Series(condition.with(condition.points.iter().filter_map(|(time, value)| {
            let chosen = if *value == 0.0 { no.and_then(|no| at(no, *time)) } else { Some(at(yes, *time).unwrap_or(0.0)) };
            chosen.map(|chosen| (*time, chosen))
        })))),
        Value::Scalar(condition) => Some(match (*condition != 0.0, yes, no) {
            (true, yes, _) => yes.clone(),
            (false, _, Some(no)) => no.clone(),
            (false, Value::Series(yes), None) => Value::Series(yes.with([])),
            (false, _, None) => Value::Scalar(f64::NAN),
        }),
        Value::Array(_) | Value::Text(_) | Value::Word(_) => None,
    }
}

/// Fills what is missing between the first and the last period that was asked for: with a number, another series' value, the
/// value before (REPEAT), or on the line between the values before and after (LINEAR).
fn fill(value: &Value, with: &Value) -> Option<Value> {
    let filled = |series: &Series| {
        let missing = series.grid.times().filter_map(|time| {
            let before = || series.points.range(..time).next_back();
            let found = match with {
                Value::Scalar(number) => Some(*number),
                Value::Series(other) => other.points.get(&time).copied(),
                Value::Word(word) if word == "REPEAT" => before().map(|(_, value)| *value),
                Value::Word(_) | Value::Array(_) | Value::Text(_) => before()
                    .zip(series.points.range(time..).next())
                    .map(|((from, low), (to, high))| low + (high - low) * exact(time - from) / exact(to - from)),
            };
            found.filter(|_| !series.points.contains_key(&time)).map(|found| (time, found))
        });
        let missing: Vec<_> = missing.collect();
        series.with(series.points.iter().map(|(time, value)| (*time, *value)).chain(missing))
    };
    match with {
        Value::Scalar(_) | Value::Series(_) => value.clone().each(filled),
        Value::Word(word) if word == "REPEAT" || word == "LINEAR" => value.clone().each(filled),
        Value::Word(_) | Value::Text(_) | Value::Array(_) => None,
    }
}

/// Functions of a series, or of each series of an array.
fn each(name: &str, value: &Value) -> Option<Value> {
    if let Some(change) = point(name) {
        return value.clone().each(|series| series.map(change));
    }
    if let Some(change) = over_time(name) {
        return value.clone().each(change);
    }
    let of = of_time(name)?;
    value.clone().each(|series| series.with(series.grid.times().map(|time| (time, exact(of(time))))))
}

/// Functions of each point by itself.
fn point(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "ABS" => f64::abs,
        "CEIL" => f64::ceil,
        "FLOOR" => f64::floor,
        // The logarithm of 0 is no number: no point.
        "LOG" => f64::ln,
        "LOG10" => f64::log10,
        _ => return None,
    })
}

/// Functions of points and those before them.
fn over_time(name: &str) -> Option<fn(&Series) -> Series> {
    fn steps(series: &Series, of: fn(f64, f64) -> f64) -> Series {
        let pairs = series.points.iter().zip(series.points.iter().skip(1));
        series.with(pairs.map(|((from, before), (to, after))| (*to, of(after - before, exact(to - from)))))
    }
    Some(match name {
        "DIFF" => |series| steps(series, |difference, _| difference),
        "DIFF_TIME" => |series| steps(series, |_, time| time),
        "RATE" => |series| steps(series, |difference, time| difference / time),
        "RUNNING_SUM" => |series| {
            let mut sum = 0.0;
            let sums: Vec<_> = series
                .points
                .iter()
                .map(|(time, value)| {
                    (*time, {
                        sum += value;
                        sum
                    })
                })
                .collect();
            series.with(sums)
        },
        _ => return None,
    })
}

/// Functions of the time alone, in UTC; they give a point for every period.
fn of_time(name: &str) -> Option<fn(u64) -> u64> {
    Some(match name {
        "EPOCH" => |at| at,
        "MINUTE" => |at| at / 60 % 60,
        "HOUR" => |at| at / 3600 % 24,
        // 1 is Monday; the first day of the epoch was a Thursday.
        "DAY" => |at| (at / 86_400 + 3) % 7 + 1,
        "DATE" => |at| civil(at).2,
        "MONTH" => |at| civil(at).1,
        "YEAR" => |at| civil(at).0,
        _ => return None,
    })
}

/// Year, month and day of a time, in the Gregorian calendar.
fn civil(at: u64) -> (u64, u64, u64) {
    // Days since the first of March of the year 0, in eras of 400 years.
    let days = at / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let calendar = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(calendar <= 2), calendar, date)
}
