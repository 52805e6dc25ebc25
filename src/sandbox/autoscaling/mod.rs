//! The emulated Application Auto Scaling, for the desired counts of ECS services.
//!
//! Inside: `dispatch` (the table of operations), `targets` (scalable targets), `policies`, `scheduled` (actions, which are kept and never come due), `activities` (what was scaled, and
//! why), `scaling` (what happens with time: bounds, the scenario's demand, suspension), `request` (what they have in common).
//!
//! Deliberately absent: other namespaces than `ecs`, predictive scaling, the times of scheduled actions, and metrics: what a policy would do
//! about them is the scenario's `scaling.demand`. To call: [`OPERATIONS`] for the wire, [`next_event`] and
//! [`on_time`] for time, [`snapshot`] for a look at it; `verbs` is the same without requests.

mod activities;
mod dispatch;
mod policies;
mod request;
mod scaling;
mod scheduled;
mod snapshot;
mod state;
mod targets;
#[cfg(test)]
mod tests;
mod verbs;

pub(crate) use dispatch::OPERATIONS;
pub(crate) use scaling::{next_event, on_time};
pub(crate) use snapshot::snapshot;
pub(crate) use state::State;
pub(crate) use targets::seed;
pub use verbs::ScalableSeen;
pub(crate) use verbs::{demand, inventory, scalable};
