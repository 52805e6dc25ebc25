//! ECS: the services of slots, their task definitions and tasks.
//!
//! Inside: [`services`] → [`task_definitions`] → [`tasks`] → [`run_task`] (those that no service wants); `json` is how a definition goes out and comes back exactly as it is.
//!
//! Deliberately absent: a model of service and task definitions (they are JSON here, whatever fields they have), waiters, and ECS's
//! own deployment strategies.
//!
//! Call the verbs of [`Ecs`].

mod client;
pub(super) mod json;
pub mod run_task;
pub mod services;
pub mod task_definitions;
pub mod tasks;

pub use client::Ecs;

#[cfg(test)]
mod tests;
