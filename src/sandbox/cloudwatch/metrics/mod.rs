//! The metrics that there are, and what was measured.
//!
//! Inside: `metric` (which one), `distribution` and `statistic` (what is said about many values), `lattice` (AWS/VpcLattice, from
//! the data plane's traffic), `ecs` (AWS/ECS), `custom` (those that the scenario gives), `source` (all of them, as far as they are
//! published), `list` (ListMetrics).
//!
//! Deliberately absent: `PutMetricData`; metrics of other services are the scenario's to give.
//!
//! To call: [`samples`] for what was measured, [`Statistic`] for what to say of it.

mod custom;
mod distribution;
mod ecs;
mod lattice;
mod list;
mod metric;
mod source;
mod statistic;

pub(super) use custom::{Recorded, record};
pub(super) use distribution::Distribution;
pub(super) use list::list;
pub(super) use metric::Metric;
pub(super) use source::{published, samples};
pub(super) use statistic::Statistic;
