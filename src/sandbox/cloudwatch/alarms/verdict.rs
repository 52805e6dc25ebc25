//! A state from data points: "How alarm state is evaluated when data is missing" of the CloudWatch User Guide.

use super::alarm::{Missing, Watch};
use crate::sandbox::scenario::AlarmState;

/// How many periods before the ones that count are looked at too, so that a gap need not matter: the guide's tables retrieve 5 where
/// 3 count, and say that the number depends on the period.
pub(super) const EXTRA: usize = 2;

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// None retains the present state.
    pub(super) state: Option<AlarmState>,
    /// The data points that counted, newest first.
    pub(super) points: Vec<(u64, f64)>,
    /// How many missing ones counted besides.
    pub(super) filled: usize,
}

/// The verdict over the periods of the evaluation range, newest first, each with its value where there is one.
pub(super) fn verdict(watch: &Watch, range: &[(u64, Option<f64>)]) -> Verdict {
    let (n, m) = (watch.periods, watch.breaching);
    let breaches = |value: f64| watch.comparison.breaches(value, watch.threshold);
    let mut points: Vec<(u64, f64)> = range.iter().filter_map(|(at, value)| value.map(|value| (*at, value))).collect();
    points.truncate(n);
    let filled = n - points.len();
    let beyond = points.iter().filter(|(_, value)| breaches(*value)).count();
    let by_count = |beyond: usize| Some(if beyond >= m { AlarmState::Alarm } else { AlarmState::Ok });
    let state = match watch.missing {
        _ if filled == 0 => by_count(beyond),
        Missing::Breaching => by_count(beyond + filled),
        Missing::NotBreaching => by_count(beyond),
        // Only what is there is evidence, and one good data point is enough for OK.
        Missing::Nothing | Missing::Ignore if beyond >= m || beyond < points.len() => by_count(beyond),
        Missing::Ignore => None,
        Missing::Nothing => {
            // All that is there is bad, but less than M: "the oldest available breaching datapoint […] is at least as old as the value
            // of Datapoints to Alarm, and all other more recent data points are breaching or missing".
            let oldest = range.iter().rposition(|(_, value)| value.is_some()).map_or(0, |index| index + 1);
            Some(if oldest >= m { AlarmState::Alarm } else { AlarmState::InsufficientData })
        }
    };
    Verdict { state, points, filled }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::put::watch, AlarmState, verdict};

    /// The guide's notation, oldest first: `0` is good, `X` is bad, `-` is missing.
    fn judged(points: &str, n: u64, m: u64, missing: &str) -> &'static str {
        let Value::Object(given) = json!({
            "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": n, "DatapointsToAlarm": m,
            "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing,
        }) else {
            unreachable!()
        };
        let watch = watch(&given, "1").unwrap();
        let values = points.split(' ').map(|point| match point {
            "0" => Some(0.0),
            "X" => Some(2.0),
            _ => None,
        });
        let range: Vec<_> = values.rev().enumerate().map(|(index, value)| (1000 - index as u64, value)).collect();
        match verdict(&watch, &range).state {
            Some(AlarmState::Ok) => "OK",
            Some(AlarmState::Alarm) => "ALARM",
            Some(AlarmState::InsufficientData) => "INSUFFICIENT",
            None => "retain",
        }
    }

    #[test]
    fn the_tables_of_the_guide() {
        // Three out of three; then two out of three. Columns: missing, ignore, breaching, notBreaching.
        let table = [
            (3, "0 - X - X", ["OK", "OK", "OK", "OK"]),
            (3, "0 - - - -", ["OK", "OK", "OK", "OK"]),
            (3, "- - - - -", ["INSUFFICIENT", "retain", "ALARM", "OK"]),
            (3, "0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (3, "- - X - -", ["ALARM", "retain", "ALARM", "OK"]),
            (3, "- - - - X", ["INSUFFICIENT", "retain", "ALARM", "OK"]),
            (3, "X - - - -", ["ALARM", "retain", "ALARM", "OK"]),
            (2, "0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (2, "0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (2, "0 - X - -", ["OK", "OK", "ALARM", "OK"]),
            (2, "- - - - 0", ["OK", "OK", "ALARM", "OK"]),
            (2, "- - - - X", ["INSUFFICIENT", "retain", "ALARM", "OK"]),
        ];
        for (m, points, wanted) in table {
            let found = ["missing", "ignore", "breaching", "notBreaching"].map(|missing| judged(points, 3, m, missing));
            assert_eq!(found, wanted, "{m} out of 3: {points}");
        }
    }
}
