//! What an expression can be.

use std::collections::BTreeMap;

/// When there may be data points: the beginnings of the periods that were asked for. Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox::cloudwatch) struct Grid {
    /// The first one.
    pub(in crate::sandbox::cloudwatch) start: u64,
    /// All are before this.
    pub(in crate::sandbox::cloudwatch) end: u64,
    /// From one to the next; never 0.
    pub(in crate::sandbox::cloudwatch) period: u64,
}

/// More than a request may answer with (100 800).
const MOST_POINTS: u64 = 110_000;

impl Grid {
    /// Every beginning of a period, oldest first; the newest ones where there are more than an answer can hold.
    pub(in crate::sandbox::cloudwatch) fn times(self) -> impl DoubleEndedIterator<Item = u64> {
        let period = self.period.max(1);
        let count = self.end.saturating_sub(self.start).div_ceil(period);
        (count.saturating_sub(MOST_POINTS)..count).map(move |index| self.start + index * period)
    }
}

/// Values over time, where there are any.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox::cloudwatch) struct Series {
    /// What it is called where nobody gave it another label.
    pub(in crate::sandbox::cloudwatch) label: String,
    pub(in crate::sandbox::cloudwatch) grid: Grid,
    /// By the beginning of their periods; all of them finite.
    pub(in crate::sandbox::cloudwatch) points: BTreeMap<u64, f64>,
    /// Whether it is a metric itself rather than made of one.
    pub(in crate::sandbox::cloudwatch) metric: bool,
}

impl Series {
    /// Another series of the same kind with these points; what is no number is no point, and there is no zero below zero.
    pub(super) fn with(&self, points: impl IntoIterator<Item = (u64, f64)>) -> Self {
        let points = points.into_iter().filter(|(_, value)| value.is_finite()).map(|(at, value)| (at, value + 0.0)).collect();
        Self { label: self.label.clone(), grid: self.grid, points, metric: false }
    }

    /// Each point's value changed.
    pub(super) fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        self.with(self.points.iter().map(|(at, value)| (*at, change(*value))))
    }
}

/// What an expression can be.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox::cloudwatch) enum Value {
    /// NaN where there is none, such as the average of no data points.
    Scalar(f64),
    Series(Series),
    Array(Vec<Series>),
    /// A string, which some functions take.
    Text(String),
    /// AVG, DESC, REPEAT and their like, which some functions take.
    Word(String),
}

impl Value {
    /// The type, as the errors of metric math print it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "Scalar",
            Self::Series(_) => "TimeSeries",
            Self::Array(_) => "Array[TimeSeries]",
            Self::Text(_) => "String",
            Self::Word(_) => "Keyword",
        }
    }

    /// Each series of a series or an array changed.
    pub(super) fn each(self, change: impl Fn(&Series) -> Series) -> Option<Self> {
        match self {
            Self::Series(series) => Some(Self::Series(change(&series))),
            Self::Array(all) => Some(Self::Array(all.iter().map(change).collect())),
            Self::Scalar(_) | Self::Text(_) | Self::Word(_) => None,
        }
    }
}
