//! What was measured: whole minutes of both sides, and the states of alarms.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::number::Number;
use crate::time::Timestamp;

/// What metrics are counted in. Those of load balancers and the like come once a minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// Whole minutes: from the beginning of one to the beginning of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Where it opens, at a whole minute.
    pub from: Timestamp,
    /// Where it closes, at a whole minute; that minute is not in it.
    pub until: Timestamp,
}

impl Window {
    /// The beginnings of its minutes.
    pub fn minutes(self) -> impl Iterator<Item = Timestamp> {
        let first = self.from.as_secs() / 60;
        (first..(self.until.as_secs() / 60).max(first)).map(|minute| Timestamp::from_secs(minute * 60))
    }

    /// How many minutes it has.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.until.as_secs().saturating_sub(self.from.as_secs()) / 60
    }
}

impl fmt::Display for Window {
    /// `00:05 to 00:07 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: Timestamp| time.to_string().get(11..16).unwrap_or_default().to_owned();
        write!(f, "{} to {} UTC", clock(self.from), clock(self.until))
    }
}

/// The beginning of the minute that a moment is in.
#[must_use]
pub fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.as_secs() / 60 * 60)
}

/// The beginning of the first minute that begins at a moment or after it.
#[must_use]
pub fn minute_from(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.as_millis().div_ceil(60_000) * 60)
}

/// One measurement of one side, minute by minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// By the beginnings of the minutes. What was not a number is not here.
    pub minutes: BTreeMap<Timestamp, Number>,
    /// All that there is was read; otherwise the source said that more is to come, or that it failed.
    pub complete: bool,
}

impl Default for Series {
    fn default() -> Self {
        Self { minutes: BTreeMap::new(), complete: true }
    }
}

/// What was measured of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideReadings {
    /// Requests in each minute.
    pub requests: Series,
    /// The metrics, in the analysis's order. Of an error rate these are the failed requests.
    pub metrics: Vec<Series>,
}

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It is on.
    InAlarm,
    /// It does not know.
    NoData,
    /// There is no such alarm.
    Gone,
}

/// An alarm as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmReading {
    /// Its state.
    pub state: AlarmState,
    /// Why it is in that state, in its source's words.
    pub why: String,
}

/// What a reading of metrics is to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The minutes; none asks for the alarms alone.
    pub window: Option<Window>,
    /// Stable's side too.
    pub both: bool,
    /// Of stable the minutes from here on, where those of the window are not the ones that are looked for.
    pub since: Option<Timestamp>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// The minutes that were asked about.
    pub window: Option<Window>,
    /// The candidate's side.
    pub candidate: SideReadings,
    /// Stable's side, where it was asked for.
    pub stable: Option<SideReadings>,
    /// The alarms, in the analysis's order.
    pub alarms: Vec<AlarmReading>,
}

/// What became of a reading of metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measured {
    /// They could not be read, and why: nothing about the candidate.
    Unread(String),
    /// They were.
    Read(Readings),
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, Window, minute_from, minute_of};

    #[test]
    fn windows_are_whole_minutes() {
        let at = Timestamp::from_millis;
        assert_eq!((minute_of(at(119_999)), minute_from(at(60_001))), (at(60_000), at(120_000)));
        assert_eq!((minute_of(at(120_000)), minute_from(at(120_000))), (at(120_000), at(120_000)));
        let window = Window { from: at(120_000), until: at(240_000) };
        assert_eq!(window.minutes().collect::<Vec<_>>(), [at(120_000), at(180_000)]);
        assert_eq!((window.length(), window.to_string().as_str()), (2, "00:02 to 00:04 UTC"));
        let none = Window { from: at(240_000), until: at(120_000) };
        assert_eq!((none.minutes().count(), none.length()), (0, 0));
    }
}
