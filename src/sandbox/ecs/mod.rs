//! The emulated ECS: clusters, task definitions, services with their deployments, tasks.
//!
//! Inside: `dispatch` (the table of operations); one file per family of them (`clusters`, `tags`, `task_definitions` and
//! `task_definition_lists`, `services` with `service_input`, `connect` and `service_lists`, `run_task` and `task_calls`,
//! `deployment_calls`, `revisions`); what happens with time (`scheduler`, `deployments`, `breaker`, `alarms`, `rollback`, `tasks`,
//! `registration`, `health`, `stopping`); [`progressive`] (blue/green, linear and canary); how ECS prints things (`describe`,
//! `describe_tasks`, `events`, `pages`); `address` (the applications), `desired` (counts that others set), `verbs` (the same without requests), `seed` (the start).
//!
//! Deliberately absent: other deployment controllers, DAEMON, container instances, Lambda hooks, early success criteria. What
//! cannot be emulated is refused with `UnsupportedFeatureException`, never ignored, except for load balancers and service
//! registries of rolling services, which are kept and printed.
//!
//! To call: [`OPERATIONS`] for the wire, [`next_event`] and [`on_time`] for time, [`answer`] for what a task's port says.

mod address;
mod alarms;
mod breaker;
mod clusters;
mod connect;
mod deployment_calls;
mod deployments;
mod describe;
mod describe_tasks;
mod desired;
mod dispatch;
mod events;
mod health;
mod pages;
mod progressive;
mod refusal;
mod registration;
mod revisions;
mod rollback;
mod run_task;
mod scheduler;
mod seed;
mod service_input;
mod service_lists;
mod services;
mod state;
mod stopping;
mod tags;
mod task_calls;
mod task_definition_lists;
mod task_definitions;
mod tasks;
#[cfg(test)]
mod tests;
mod verbs;

pub(crate) use address::{answer, behaviour, is_occupied, next_change, occupant};
pub(crate) use desired::{counts, set_desired};
pub(crate) use dispatch::OPERATIONS;
pub(crate) use scheduler::{next_event, on_time};
pub(crate) use seed::{seed, snapshot};
pub(crate) use state::State;
pub use verbs::{DeploymentSeen, ServiceSeen, TaskSeen};
pub(crate) use verbs::{inventory, launch, register, said, service, tasks};
