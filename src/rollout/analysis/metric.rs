//! What a release is judged by besides target health.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::number::Number;
use crate::rollout::split::Share;

/// The limit of a metric that allows no difference from stable, in words.
pub(super) const NO_WORSE: &str = "no worse than stable";

/// Everything that a release is judged by besides target health. Empty where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// The metrics; their names are different.
    pub metrics: Vec<Metric>,
    /// The alarms; any of them that is on fails the release.
    pub alarms: Vec<Alarm>,
    /// How long after a minute its metrics are taken to be complete.
    pub lag: Duration,
    /// For each step the places of the metrics that judge it; none where all do. Steps beyond the list are judged by all.
    pub steps: Vec<Option<Vec<usize>>>,
}

impl Analysis {
    /// Nothing is measured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.alarms.is_empty()
    }

    /// Whether the metric at this place judges this step; both count from 0.
    #[must_use]
    pub fn judges(&self, step: usize, metric: usize) -> bool {
        self.steps.get(step).and_then(Option::as_ref).is_none_or(|listed| listed.contains(&metric))
    }

    /// Whether any metric judges this step.
    #[must_use]
    pub fn judges_by_metrics(&self, step: usize) -> bool {
        (0..self.metrics.len()).any(|metric| self.judges(step, metric))
    }

    /// The places of the alarms that do not count.
    #[must_use]
    pub fn ignored(&self) -> Vec<usize> {
        self.alarms.iter().enumerate().filter(|(_, alarm)| alarm.ignored).map(|(place, _)| place).collect()
    }

    /// The metrics that decide about this step, with their places.
    pub fn deciding(&self, step: usize) -> impl Iterator<Item = (usize, &Metric)> {
        let metrics = self.metrics.iter().enumerate();
        metrics.filter(move |(place, metric)| self.judges(step, *place) && !metric.report_only)
    }

    /// Whether something can fail a step, or keep it from passing.
    #[must_use]
    pub fn decides(&self) -> bool {
        !self.alarms.is_empty() || self.metrics.iter().any(|metric| !metric.report_only)
    }

    /// All of it as one text, for the digest of a rollout; none where nothing is judged.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if self.is_empty() { None } else { serde_json::to_string(self).ok() }
    }
}

/// One metric and its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// What people call it: lower-case letters, digits, `-` and `_`, so that it is safe wherever it is shown.
    pub name: String,
    /// What is measured.
    pub source: Source,
    /// The most it may be, in the source's unit.
    pub max: Option<Number>,
    /// The least.
    pub min: Option<Number>,
    /// How far it may be from stable's.
    pub versus: Option<Margin>,
    /// How sure a comparison of error rates has to be.
    pub confidence: Share,
    /// With fewer requests of the candidate's in the window nothing is judged.
    pub min_requests: u32,
    /// So many failing measurements fail it, in a row or not.
    pub failures: Option<u32>,
    /// So many in a row do.
    pub consecutive: Option<u32>,
    /// It is shown and decides nothing.
    pub report_only: bool,
    /// What it counts as where it tells nothing by the end of a bake.
    pub on_no_data: OnNoData,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Failed requests of all requests, over the whole window: answers 5xx, failed and timed out connections.
    ErrorRate,
    /// Failed and timed out connections in a minute.
    ConnectionErrors,
    /// How long requests took in a minute, in milliseconds, by this statistic.
    RequestTime(String),
    /// Requests in a minute.
    RequestCount,
    /// Another metric of the target group's, by its own name and this statistic.
    Named(String, String),
    /// Any other metric, `${…}` in its dimensions standing for what the side is called.
    Elsewhere {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its dimensions.
        dimensions: BTreeMap<String, String>,
        /// What becomes of a minute's values.
        stat: String,
    },
    /// An expression in the source's language, `${…}` in it standing for what the side is called, and its metrics.
    Expression(String),
}

/// What `${…}` can stand for in dimensions and expressions: what a side is called.
pub const TARGET_GROUP: &str = "target_group";
/// See [`TARGET_GROUP`].
pub const ECS_SERVICE: &str = "ecs_service";
/// See [`TARGET_GROUP`]; both sides have the same.
pub const CLUSTER: &str = "cluster";

/// What values are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Parts of 1, shown as percent.
    Rate,
    /// Milliseconds.
    Milliseconds,
    /// Nothing that we know.
    Plain,
}

impl Source {
    /// What its values are measured in.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            Self::ErrorRate => Unit::Rate,
            Self::RequestTime(_) => Unit::Milliseconds,
            Self::ConnectionErrors | Self::RequestCount | Self::Named(..) | Self::Elsewhere { .. } | Self::Expression(_) => {
                Unit::Plain
            }
        }
    }

    /// The texts that `${…}` may stand in.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Elsewhere { dimensions, .. } => dimensions.values().map(String::as_str).collect(),
            Self::Expression(text) => vec![text],
            Self::ErrorRate | Self::ConnectionErrors | Self::RequestTime(_) | Self::RequestCount | Self::Named(..) => Vec::new(),
        }
    }

    /// Nothing in a minute that had requests means none, not that nobody knows (DESIGN §5 rule 7).
    #[must_use]
    pub fn counts(&self) -> bool {
        match self {
            Self::ErrorRate | Self::ConnectionErrors => true,
            Self::Named(name, stat) => name.ends_with("Count") && stat == "Sum",
            Self::RequestTime(_) | Self::RequestCount | Self::Elsewhere { .. } | Self::Expression(_) => false,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorRate => f.write_str("error-rate"),
            Self::ConnectionErrors => f.write_str("connection-errors"),
            Self::RequestTime(stat) => write!(f, "request-time {}", stat.to_lowercase()),
            Self::RequestCount => f.write_str("request-count"),
            Self::Named(name, stat) => write!(f, "{name} {}", stat.to_lowercase()),
            Self::Elsewhere { namespace, name, stat, .. } => write!(f, "{namespace} {name} {}", stat.to_lowercase()),
            Self::Expression(_) => f.write_str("expression"),
        }
    }
}

/// How far the candidate may be from stable: above it where positive, below it where negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Margin {
    /// By so much, in the source's unit; for error rates 0.005 is half a percentage point.
    Absolute(Number),
    /// By so much of stable's value: 0.2 is 20 %.
    Relative(Number),
}

/// What something that tells nothing by the end of a bake counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnNoData {
    /// Neither: the bake goes on, until the rollout's deadline.
    #[default]
    Extend,
    /// As passed.
    Pass,
    /// As failed.
    Fail,
}

/// An alarm that somebody set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What it counts as without data by the end of a bake.
    pub on_no_data: OnNoData,
    /// It was on when the release began, and does not count until it was off once.
    #[serde(skip)]
    pub ignored: bool,
}

impl Unit {
    /// A value with its unit: `0.42%`, `812ms`, `1.24s`, `17`.
    #[must_use]
    pub fn show(self, value: Number) -> String {
        match self {
            Self::Rate => format!("{}%", digits(value.get() * 100.0)),
            Self::Milliseconds if value.get() >= 1000.0 => format!("{}s", digits(value.get() / 1000.0)),
            Self::Milliseconds => format!("{}ms", digits(value.get())),
            Self::Plain => digits(value.get()),
        }
    }

    /// A difference: `0.5 percentage points`, `100ms`.
    #[must_use]
    pub fn difference(self, value: Number) -> String {
        match self {
            Self::Rate => format!("{} percentage points", digits(value.get() * 100.0)),
            Self::Milliseconds | Self::Plain => self.show(value),
        }
    }
}

/// Three digits that tell, and no zeros behind them; whole numbers are whole.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 100.0 || size == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Metric {
    /// Its limits in words: `at most 1%, at most 0.5 percentage points above stable`; empty where it has none.
    #[must_use]
    pub fn limits(&self) -> String {
        let unit = self.source.unit();
        let versus = self.versus.map(|margin| {
            let (amount, by) = match margin {
                Margin::Absolute(by) => (Number::new(by.get().abs()).map(|by| unit.difference(by)).unwrap_or_default(), by),
                Margin::Relative(by) => (format!("{}%", digits(by.get().abs() * 100.0)), by),
            };
            let is_below = by.get() < 0.0;
            if by.get() == 0.0 {
                NO_WORSE.to_owned()
            } else {
                format!("at most {amount} {} stable", if is_below { "below" } else { "above" })
            }
        });
        let limits = [
            self.min.map(|min| format!("at least {}", unit.show(min))),
            self.max.map(|max| format!("at most {}", unit.show(max))),
            versus,
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_their_units() {
        let show = |unit: Unit, value: f64| unit.show(Number::new(value).expect("finite"));
        assert_eq!(show(Unit::Rate, 0.0042), "0.42%");
        assert_eq!(show(Unit::Rate, 0.0), "0%");
        assert_eq!(show(Unit::Milliseconds, 812.4), "812ms");
        assert_eq!(show(Unit::Milliseconds, 1240.0), "1.24s");
        assert_eq!(show(Unit::Milliseconds, 0.25), "0.25ms");
        assert_eq!(show(Unit::Plain, 1_200_000.0), "1200000");
        assert_eq!(show(Unit::Plain, 17.0), "17");
    }
}
