//! What became of one metric or alarm at one look, with the numbers behind it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    metric::{NO_WORSE, OnNoData, Unit},
    number::Number,
};

/// From when on it is worth telling how old stable's last window is: settling and metrics that are late come to less.
const LONG_AGO: Duration = Duration::from_secs(1800);

/// What is missing where metrics could not be read at all begins so.
pub const UNREAD: &str = "metrics cannot be read";

/// What a metric says. Ordered by severity: of several the greatest counts, so that one that tells nothing never hides one that
/// failed (argo-rollouts overwrites Failed with Inconclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It does not tell.
    Inconclusive,
    /// It is not.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Inconclusive => "no verdict yet",
            Self::Fail => "fail",
        })
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "because")]
pub enum Why {
    /// Within every limit.
    Within,
    /// Within every limit, and fewer failures than stable has, as far as the counts tell.
    Better {
        /// Stable's value.
        stable: Number,
    },
    /// Within every limit now; some measurements before were not, fewer than it takes.
    Tolerated {
        /// How many failed.
        failing: u32,
    },
    /// Above `max`.
    Above {
        /// What was measured.
        found: Number,
        /// The limit.
        limit: Number,
    },
    /// Below `min`.
    Below {
        /// What was measured.
        found: Number,
        /// The limit.
        limit: Number,
    },
    /// Farther from stable than allowed.
    Worse {
        /// What was measured.
        found: Number,
        /// Stable's value.
        stable: Number,
    },
    /// Candidate and stable cannot be told apart yet.
    NotEnough {
        /// So many more requests of the candidate's would tell; none where no number in reach would.
        missing: Option<u64>,
    },
    /// Too few requests to judge by.
    TooFew {
        /// How many there were.
        requests: u64,
        /// How many it takes.
        needed: u32,
    },
    /// Nothing was measured.
    NoData,
    /// Nothing was measured of stable.
    NoStable,
    /// What was measured is not complete: its source says that more is to come, or that it failed.
    Partial,
    /// The alarm is off.
    AlarmOff,
    /// The alarm is on.
    AlarmOn {
        /// Why, in its source's words.
        message: String,
    },
    /// The alarm was on when the release began and has been since: it does not count.
    AlarmIgnored,
    /// The alarm has no data.
    AlarmWithoutData,
    /// There is no such alarm any more.
    AlarmGone,
}

/// One metric or alarm at one look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Assessment {
    /// What people call it.
    pub name: String,
    /// What is measured: `error-rate`, `request-time p99`, `alarm`.
    pub measures: String,
    /// What it is measured in.
    pub unit: Unit,
    /// What it says.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// The candidate's value over the window: of error rates the rate, else the mean of the minutes.
    pub candidate: Option<Number>,
    /// Stable's.
    pub stable: Option<Number>,
    /// Stable's value is that of the last window in which it had requests.
    pub stable_is_last: bool,
    /// How long before the end of the candidate's window that window of stable's ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_age: Option<Duration>,
    /// The candidate's requests in the window, where they are known.
    pub requests: Option<u64>,
    /// The limits in words; empty for alarms, and for what has none.
    pub limits: String,
    /// It decides nothing.
    pub report_only: bool,
    /// What it counts as where it tells nothing by the end of a bake.
    pub on_no_data: OnNoData,
}

impl Assessment {
    /// What it says once the bake is over: where it does not tell, what its `on_no_data` makes of that. A measurement beyond a limit
    /// is data, though it may not be enough of it to fail.
    #[must_use]
    pub const fn at_the_end(&self) -> Verdict {
        match (self.verdict, &self.why, self.on_no_data) {
            (Verdict::Inconclusive, Why::Above { .. } | Why::Below { .. } | Why::Worse { .. }, _) => Verdict::Inconclusive,
            (Verdict::Inconclusive, _, OnNoData::Pass) => Verdict::Pass,
            (Verdict::Inconclusive, _, OnNoData::Fail) => Verdict::Fail,
            (verdict, _, _) => verdict,
        }
    }
}

/// The severest of the verdicts that count.
#[must_use]
pub fn severest(assessments: &[Assessment], of: impl Fn(&Assessment) -> Verdict) -> Verdict {
    assessments.iter().filter(|assessment| !assessment.report_only).map(of).max().unwrap_or(Verdict::Pass)
}

impl Assessment {
    /// The one minute that is meant, where it is not the whole window.
    fn minute(&self, found: Number) -> String {
        if self.candidate == Some(found) { String::new() } else { format!("{} in a minute, ", self.unit.show(found)) }
    }

    /// Of when stable's value is, where it is not of the same minutes. After a hold these may be long ago.
    #[must_use]
    pub fn stable_when(&self) -> Option<String> {
        let age = self.stable_age.filter(|age| *age >= LONG_AGO);
        let age = age.map(|age| format!(", {} before", humantime::format_duration(age))).unwrap_or_default();
        self.stable_is_last.then(|| format!("when it last had requests{age}"))
    }

    /// Why, without name and value: `above 1%`.
    #[must_use]
    pub fn reason(&self) -> String {
        let unit = self.unit;
        match &self.why {
            Why::Within if self.limits.is_empty() => "shown only".to_owned(),
            Why::Within => self.limits.clone(),
            Why::Better { stable } => format!("better than stable's {}", unit.show(*stable)),
            Why::Tolerated { failing } => format!("after {}", counted(u64::from(*failing), "failing measurement")),
            Why::Above { found, limit } => format!("{}above {}", self.minute(*found), unit.show(*limit)),
            Why::Below { found, limit } => format!("{}below {}", self.minute(*found), unit.show(*limit)),
            Why::Worse { found, stable } => {
                let last = self.stable_when().map(|when| format!(" {when}")).unwrap_or_default();
                // Of the limits the one about stable is the last.
                let limit = self.limits.rsplit(", ").next().unwrap_or_default();
                let limit = if limit == NO_WORSE { "stable" } else { limit };
                format!("{}stable had {}{last}: worse than {limit}", self.minute(*found), unit.show(*stable))
            }
            Why::NotEnough { missing: Some(missing) } => {
                format!("too few to tell it from stable: about {} more", counted(*missing, "request"))
            }
            Why::NotEnough { missing: None } => "no number of requests in reach would tell it from stable".to_owned(),
            Why::TooFew { requests, needed } => format!("{} of the {needed} that it takes", counted(*requests, "request")),
            Why::NoData => "nothing was measured".to_owned(),
            Why::NoStable => "nothing was measured of stable".to_owned(),
            Why::Partial => "what was measured is not complete yet".to_owned(),
            Why::AlarmOff => "off".to_owned(),
            Why::AlarmOn { message } if message.is_empty() => "on".to_owned(),
            Why::AlarmOn { message } => format!("on ({})", message.trim_end_matches('.')),
            Why::AlarmIgnored => "on, as it was when the release began: it does not count".to_owned(),
            Why::AlarmWithoutData => "without data".to_owned(),
            Why::AlarmGone => "it does not exist any more".to_owned(),
        }
    }
}

impl fmt::Display for Assessment {
    /// One sentence without a full stop: `errors 4.9% of 305 requests (above 1%)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(value) = self.candidate {
            write!(f, " {}", self.unit.show(value))?;
            if let Some(requests) = self.requests.filter(|_| self.unit == Unit::Rate) {
                write!(f, " of {}", counted(requests, "request"))?;
            }
        }
        if self.why == Why::Within { Ok(()) } else { write!(f, " ({})", self.reason()) }
    }
}

/// Several in one sentence.
#[must_use]
pub fn listed<'a>(assessments: impl IntoIterator<Item = &'a Assessment>) -> String {
    assessments.into_iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Those that failed a release. That nothing was measured fails it only where that was asked for.
#[must_use]
pub fn failed(assessments: &[Assessment]) -> String {
    let for_want = assessments.iter().all(|one| one.verdict == Verdict::Inconclusive);
    listed(assessments) + if for_want { ", which fails by `on_no_data: fail`" } else { "" }
}

fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
