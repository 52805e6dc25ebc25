//! CloudWatch at the start: metrics besides those of the traffic, and alarms.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A metric besides those of the traffic, such as one that the application itself publishes: one sample a minute. It stands in for a
/// metric of AWS's that is called the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["namespace", "name"])))]
pub struct MetricSeed {
    /// Its namespace.
    #[cfg_attr(test, schemars(regex(pattern = r"^[^:].*$"), length(min = 1, max = 255), example = &"Shop"))]
    pub namespace: String,
    /// Its name.
    #[cfg_attr(test, schemars(length(min = 1, max = 255), example = &"CheckoutFailures"))]
    pub name: String,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Its unit, one of CloudWatch's `StandardUnit`.
    pub unit: String,
    /// What it is worth, also for three hours before the start; there is none when it is left out.
    pub value: Option<f64>,
    /// What it is worth later: the last one whose conditions hold when a minute ends counts for that minute.
    pub steps: Vec<MetricStep>,
}

impl Default for MetricSeed {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            name: String::new(),
            dimensions: BTreeMap::new(),
            unit: "None".to_owned(),
            value: None,
            steps: Vec::new(),
        }
    }
}

/// What a metric is worth from some moment on, or at some shares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MetricStep {
    /// Not before so many seconds after the start.
    pub at: u64,
    /// Only while each traffic target that lists an added group gives it at least this share, in percent.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub share_at_least: Option<f64>,
    /// What it is worth then; there is no data when it is left out.
    pub value: Option<f64>,
}

/// An alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name"])))]
pub struct AlarmSeed {
    /// Its name.
    #[cfg_attr(test, schemars(length(min = 1, max = 255), example = &"myservice-5xx"))]
    pub name: String,
    /// Its state at the start; it is evaluated every minute from then on.
    pub state: AlarmState,
    /// Its other members, as in `PutMetricAlarm`. Without them it watches nothing and keeps the state that somebody gives it; with an
    /// `AlarmRule`, which is not evaluated, it does so as a composite alarm.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub definition: Value,
}

/// The state of an alarm, as AWS writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Within the threshold.
    #[default]
    Ok,
    /// Beyond the threshold.
    Alarm,
    /// Nobody knows.
    InsufficientData,
}

/// Setting an alarm's state by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "state"])))]
pub struct AlarmEdit {
    /// The alarm's name.
    pub name: String,
    /// Its new state, which lasts until an evaluation finds another.
    pub state: AlarmState,
}
