//! GetMetricData.
//!
//! Inside: `request` (the operation: what was asked, checked), `query` (one query), `plan` (all of them in the order in which they
//! depend on each other, and their values; alarms use it too), `label`, `answer` (results and pages).
//!
//! To call: [`get_metric_data`]; [`Plan`] for alarms.

mod answer;
mod label;
mod plan;
mod query;
mod request;

pub(super) use plan::{Plan, Window};
pub(super) use query::{Asked, Query};
pub(super) use request::get_metric_data;
