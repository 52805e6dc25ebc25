//! The emulated Application Auto Scaling, for the desired counts of ECS services.
//!
//! Inside: `dispatch` (the table of operations), `targets` (scalable targets), `policies`, `activities` (what was scaled, and
//! why), `scaling` (what happens with time: bounds, the scenario's demand, suspension), `request` (what they have in common).
//!
//! Deliberately absent: other namespaces than `ecs`, predictive scaling, scheduled actions, and metrics: what a policy would do
//! about them is the scenario's `scaling.demand`. To call: [`OPERATIONS`] for the wire, [`next_event`] and [`on_time`] for time.

mod activities;
mod dispatch;
mod policies;
mod request;
mod scaling;
mod state;
mod targets;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::OPERATIONS;
pub(crate) use scaling::{next_event, on_time};
pub(crate) use state::State;
pub(crate) use targets::seed;
