//! Judging the candidate by what was measured.
//!
//! Reading order: [`metric`] (what is judged, and its limits) → [`reading`] (what was measured: whole minutes, alarms) → [`number`]
//! (finite ones) → [`rate`] (what is known of a rate, however often one looks) and [`versus`] (candidate against stable) →
//! [`assessment`] (a verdict with its reason) → [`judge`] (from minutes to verdicts).
//!
//! Deliberately absent: where the numbers come from, and time; a window's minutes are handed in. When a step may go on is the
//! machine's business.

pub mod assessment;
pub mod judge;
pub mod metric;
pub mod number;
pub mod rate;
pub mod reading;
pub mod versus;

#[cfg(test)]
mod tests;

pub use assessment::{Assessment, Verdict, Why};
pub use metric::{Alarm, Analysis, Margin, Metric, OnNoData, Source, Unit};
pub use number::Number;
pub use reading::{AlarmReading, AlarmState, Measured, Question, Readings, Series, SideReadings, Window};
