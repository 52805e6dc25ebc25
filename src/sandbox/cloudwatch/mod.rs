//! CloudWatch: metrics of the traffic and of the scenario, metric math, and alarms, over JSON 1.0, query and rpc-v2-cbor.
//!
//! Inside: `metrics` (what there is and what was measured, ListMetrics), `math` (expressions), `data` (GetMetricData), `alarms`,
//! `page` and `refusal` (its pages and errors), `state`.
//!
//! Deliberately absent: PutMetricData, GetMetricStatistics, dashboards, composite and log alarms, alarms on anomalies, Metrics
//! Insights and PromQL; alarm actions are kept and printed, and nothing is notified. The CloudWatch API Reference and User Guide are
//! the sources; what they leave open (when a minute is published, whether zeros are) are knobs of the scenario: `metrics_delay`,
//! `metrics_partial`, `metrics_zeros`.
//!
//! To call: [`OPERATIONS`] for the wire, [`alarm_state`] for who watches an alarm, [`next_event`] and [`on_time`] for time, [`measured`] without requests.

mod alarms;
mod data;
mod math;
mod metrics;
mod operations;
mod page;
mod refusal;
mod state;
#[cfg(test)]
mod tests;
mod verbs;

pub(crate) use alarms::{alarm_state, next_event, on_time, seed, set_by_person};
pub(crate) use operations::OPERATIONS;
pub(crate) use refusal::{invalid_request, throttled};
pub(crate) use state::State;
pub(crate) use verbs::measured;
