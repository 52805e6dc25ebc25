//! Why an alarm is in its state, in the words that AWS's notifications have.

use serde_json::json;

use super::{
    alarm::{Alarm, Missing, Watch},
    verdict::Verdict,
};
use crate::{clock::Timestamp, sandbox::scenario::AlarmState};

/// "When this operation creates an alarm, the alarm state is immediately set to INSUFFICIENT_DATA."
pub(super) const CREATED: &str = "Unchecked: Initial alarm creation";

fn many(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// As Java prints a double, which is what the real texts show: `0.0`, `99.5`.
fn number(value: f64) -> String {
    format!("{value:?}")
}

/// `22/11/26 00:31:00`.
fn moment(at: u64) -> String {
    let text = Timestamp::from_secs(at).to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    format!("{}/{}/{} {}", part(8, 10), part(5, 7), part(2, 4), part(11, 19))
}

/// `2026-11-22T00:31:00.000+0000`.
fn iso(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}.{:03}+0000", text.trim_end_matches('Z'), at.as_millis() % 1000)
}

/// The reason of a state that an evaluation found.
pub(super) fn reason(watch: &Watch, verdict: &Verdict, state: AlarmState) -> String {
    let Verdict { points, filled, .. } = verdict;
    let treated = match watch.missing {
        Missing::Breaching => Some("Breaching"),
        Missing::NotBreaching => Some("NonBreaching"),
        Missing::Nothing | Missing::Ignore => None,
    };
    if let (Some(treated), 1..) = (treated, *filled) {
        let received = match points.len() {
            0 => "no datapoints were".to_owned(),
            1 => "1 datapoint was".to_owned(),
            several => format!("{several} datapoints were"),
        };
        let missing = many(*filled, "missing datapoint");
        let were = if *filled == 1 { "was" } else { "were" };
        let periods = many(watch.periods, "period");
        return format!("Threshold Crossed: {received} received for {periods} and {missing} {were} treated as [{treated}].");
    }
    let (bad, minimum, change) = match state {
        AlarmState::Ok => (false, watch.periods - watch.breaching + 1, "ALARM -> OK"),
        AlarmState::Alarm => (true, watch.breaching, "OK -> ALARM"),
        AlarmState::InsufficientData => {
            let were = if watch.periods == 1 { "was" } else { "were" };
            return format!("Insufficient Data: {} {were} unknown.", many(watch.periods, "datapoint"));
        }
    };
    let counted: Vec<_> = points.iter().filter(|(_, value)| watch.comparison.breaches(*value, watch.threshold) == bad).collect();
    let shown: Vec<_> = counted.iter().map(|(at, value)| format!("{} ({})", number(*value), moment(*at))).collect();
    let were = if counted.len() == 1 { "was" } else { "were" };
    let not = if bad { "" } else { "not " };
    format!(
        "Threshold Crossed: {} out of the last {} datapoints [{}] {were} {not}{} the threshold ({}) (minimum {} for {change} transition).",
        counted.len(),
        watch.periods,
        shown.join(", "),
        watch.comparison.said(),
        number(watch.threshold),
        many(minimum, "datapoint"),
    )
}

/// The same for programs.
pub(super) fn data(alarm: &Alarm, verdict: &Verdict, now: Timestamp) -> String {
    let recent: Vec<f64> = verdict.points.iter().rev().map(|(_, value)| *value).collect();
    let mut data = json!({
        "version": "1.0",
        "queryDate": iso(now),
        "period": alarm.watch.period,
        "recentDatapoints": recent,
        "threshold": alarm.watch.threshold,
    });
    let statistic = alarm.definition.get("Statistic").or_else(|| alarm.definition.get("ExtendedStatistic"));
    if let Some(statistic) = statistic {
        data["statistic"] = statistic.clone();
    }
    if let Some((oldest, _)) = verdict.points.last() {
        data["startDate"] = json!(iso(Timestamp::from_secs(*oldest)));
    }
    data.to_string()
}
