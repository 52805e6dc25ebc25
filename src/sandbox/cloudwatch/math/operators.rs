//! Arithmetic, comparison and logic between two values.

use std::collections::BTreeSet;

use super::value::{Series, Value};

/// What an operator makes of two numbers. Division by zero is no number, so that the data point is dropped.
fn apply(operator: &str, left: f64, right: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    #[expect(clippy::float_cmp, reason = "metric math compares exactly")]
    match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" if right == 0.0 => f64::NAN,
        "/" => left / right,
        "^" => left.powf(right),
        "==" => truth(left == right),
        "!=" => truth(left != right),
        "<" => truth(left < right),
        ">" => truth(left > right),
        "<=" => truth(left <= right),
        ">=" => truth(left >= right),
        "&&" => truth(left != 0.0 && right != 0.0),
        "||" => truth(left != 0.0 || right != 0.0),
        _ => f64::NAN,
    }
}

/// "Missing values in a time series are treated as 0": a point is there where either side has one.
fn both(operator: &str, left: &Series, right: &Series) -> Series {
    let times: BTreeSet<u64> = left.points.keys().chain(right.points.keys()).copied().collect();
    let at = |series: &Series, time: u64| series.points.get(&time).copied().unwrap_or(0.0);
    left.with(times.into_iter().map(|time| (time, apply(operator, at(left, time), at(right, time)))))
}

/// Two values and the operator between them; the error's text otherwise.
pub(super) fn combine(operator: &str, left: Value, right: Value) -> Result<Value, String> {
    Ok(match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(apply(operator, left, right)),
        (Value::Series(left), Value::Scalar(right)) => Value::Series(left.map(|value| apply(operator, value, right))),
        (Value::Scalar(left), Value::Series(right)) => Value::Series(right.map(|value| apply(operator, left, value))),
        (Value::Series(left), Value::Series(right)) => Value::Series(both(operator, &left, &right)),
        (Value::Array(all), Value::Scalar(right)) => {
            Value::Array(all.iter().map(|series| series.map(|value| apply(operator, value, right))).collect())
        }
        (Value::Scalar(left), Value::Array(all)) => {
            Value::Array(all.iter().map(|series| series.map(|value| apply(operator, left, value))).collect())
        }
        (Value::Array(all), Value::Series(right)) => {
            Value::Array(all.iter().map(|series| both(operator, series, &right)).collect())
        }
        (Value::Series(left), Value::Array(all)) => {
            let made = |series: &Series| Series { label: series.label.clone(), ..both(operator, &left, series) };
            Value::Array(all.iter().map(made).collect())
        }
        (left, right) => {
            return Err(format!("Unsupported operand type(s) for {operator}: '[{}, {}]'", left.kind(), right.kind()));
        }
    })
}
