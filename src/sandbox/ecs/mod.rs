//! The emulated ECS: clusters, task definitions, services with their rolling deployments, tasks.
//!
//! Inside: one file per family of operations
//! (`clusters`, `task_definitions`, `services` with `service_input`, `task_calls`, `deployments`), `scheduler`, `tasks`, `health` and
//! `stopping` (what happens with time), `describe` (everything as ECS prints it), `address` (the applications), `seed` (the start).
//!
//! Deliberately absent: strategies other than ROLLING, other deployment controllers, DAEMON, load balancers and alarms that do
//! anything, container instances. What cannot be emulated is refused with `UnsupportedFeatureException`, never ignored, except for
//! load balancers and service registries, which are kept and printed.
//!
//! To call: [`handle`] for a request, [`next_event`] and [`on_time`] for time, [`answer`] for what a task's port says.

mod address;
mod clusters;
mod deployments;
mod describe;
mod dispatch;
mod events;
mod health;
mod pages;
mod refusal;
mod scheduler;
mod seed;
mod service_input;
mod services;
mod state;
mod stopping;
mod task_calls;
mod task_definitions;
mod tasks;
#[cfg(test)]
mod tests;

pub(crate) use address::answer;
pub(crate) use dispatch::OPERATIONS;
pub(crate) use scheduler::{next_event, on_time};
pub(crate) use seed::{seed, snapshot};
pub(crate) use state::State;
