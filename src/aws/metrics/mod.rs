//! CloudWatch: metrics of target groups, and alarms.
//!
//! Inside: [`queries`] (what is asked so that everything comes in one call; pure) → [`read`] (that call, and the one for alarms).
//!
//! Deliberately absent: judging, limits, and asking again; one reading is one `GetMetricData` and one `DescribeAlarms` at most,
//! however many metrics and steps there are. Call [`Metrics::read`].

mod client;
pub mod queries;
pub mod read;

pub use client::Metrics;

#[cfg(test)]
mod tests;
