//! What is kept of an alarm.

use serde_json::{Map, Value, json};

use super::super::data::Plan;
use crate::{clock::Timestamp, sandbox::scenario::AlarmState};

/// An alarm.
#[derive(Clone, Debug)]
pub(in crate::sandbox::cloudwatch) struct Alarm {
    pub(super) arn: String,
    /// The members of `PutMetricAlarm`, as given.
    pub(super) definition: Map<String, Value>,
    pub(super) watch: Watch,
    pub(super) configured: Timestamp,
    pub(super) state: State,
}

/// What only composite alarms have.
pub(super) const RULE: &str = "AlarmRule";

/// What an alarm looks at, and when it goes off.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) plan: Plan,
    /// Which of the plan's queries is watched.
    pub(super) place: usize,
    /// Seconds.
    pub(super) period: u64,
    /// How many periods count (N).
    pub(super) periods: usize,
    /// How many of them must be breaching (M).
    pub(super) breaching: usize,
    pub(super) threshold: f64,
    pub(super) comparison: Comparison,
    pub(super) missing: Missing,
    /// A percentile of too few samples changes nothing.
    pub(super) enough: Option<Enough>,
}

/// "For percentiles between 0.5 and 1.00, this setting is used when there are fewer than 10/(1-percentile) data points during the
/// evaluation period […] between 0 and 0.5 […] fewer than 10/percentile" (Alarms, low data samples).
#[derive(Clone, Debug)]
pub(super) struct Enough {
    /// The same metric's `SampleCount`.
    pub(super) counts: Plan,
    pub(super) least: f64,
}

/// How a value is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

/// What missing data points count as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// "missing": as nothing.
    Nothing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// Where an alarm stands.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) value: AlarmState,
    pub(super) reason: String,
    pub(super) data: Option<String>,
    pub(super) updated: Timestamp,
    pub(super) transitioned: Timestamp,
}

impl Comparison {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "GreaterThanOrEqualToThreshold" => Self::GreaterOrEqual,
            "GreaterThanThreshold" => Self::Greater,
            "LessThanThreshold" => Self::Less,
            "LessThanOrEqualToThreshold" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// Whether the value goes beyond the threshold.
    pub(super) fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    /// As the service's reasons say it.
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

impl Missing {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "missing" => Self::Nothing,
            "ignore" => Self::Ignore,
            "breaching" => Self::Breaching,
            "notBreaching" => Self::NotBreaching,
            _ => return None,
        })
    }
}

/// As the API writes it.
pub(super) fn word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

/// A time as JSON: seconds with milliseconds.
fn time(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age are far below 2^53")]
    let seconds = at.as_millis() as f64 / 1000.0;
    json!(seconds)
}

impl Alarm {
    /// It looks at other alarms. What they say is not evaluated: it keeps the state that somebody gives it.
    pub(super) fn is_composite(&self) -> bool {
        self.definition.contains_key(RULE)
    }

    /// As DescribeAlarms prints it.
    pub(super) fn printed(&self) -> Value {
        let mut printed = self.definition.clone();
        printed.shift_remove("Tags");
        printed.entry("ActionsEnabled").or_insert(json!(true));
        for list in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
            printed.entry(list).or_insert_with(|| json!([]));
        }
        if !printed.contains_key("Metrics") && !self.is_composite() {
            printed.entry("Dimensions").or_insert_with(|| json!([]));
        }
        let state = &self.state;
        printed.extend([
            ("AlarmArn".to_owned(), json!(self.arn)),
            ("AlarmConfigurationUpdatedTimestamp".to_owned(), time(self.configured)),
            ("StateValue".to_owned(), json!(word(state.value))),
            ("StateReason".to_owned(), json!(state.reason)),
            ("StateUpdatedTimestamp".to_owned(), time(state.updated)),
            ("StateTransitionedTimestamp".to_owned(), time(state.transitioned)),
        ]);
        if let Some(data) = &state.data {
            printed.insert("StateReasonData".to_owned(), json!(data));
        }
        Value::Object(printed)
    }
}
