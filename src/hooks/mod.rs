//! Hooks carried out: the one place that starts programs for a user.
//!
//! Inside: [`flags`] → [`job`] (what a hook runs, and what it is told) → `output` (what a program says) → `command` (a program, in a process
//! group of its own) → [`runner`] (the one hook that is at work, a program or an ECS task).
//!
//! Deliberately absent: when a hook runs, how long it may, and what follows from it. That is the machine's
//! ([`crate::rollout::machine`]); a hook's task is started by [`crate::aws`]. Give a [`Runner`] to the driver.

mod command;
pub mod flags;
pub mod job;
mod output;
pub mod runner;

pub use job::{Job, Jobs, Task};
pub use runner::Runner;
