//! Metric math, as "Using math expressions with CloudWatch metrics" of the CloudWatch User Guide describes it.
//!
//! Inside: `token` and `parse` (text to a tree), `value` (what an expression can be), `operators`, `reduce` (one number from many),
//! `functions` and `eval`. Where the guide is silent the comments say so.
//!
//! Deliberately absent: SEARCH, ANOMALY_DETECTION_BAND, INSIGHT_RULE_METRIC, SERVICE_QUOTA, LAMBDA and Metrics Insights queries
//! (`SELECT …`), which are refused aloud; and where series come from.
//!
//! To call: [`parse()`], [`Tree::names`] for what it refers to, then [`evaluate`].

mod eval;
mod functions;
mod operators;
mod parse;
mod reduce;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub(super) use eval::{Scope, evaluate};
pub(super) use parse::{Tree, parse};
pub(super) use value::{Grid, Series, Value};
