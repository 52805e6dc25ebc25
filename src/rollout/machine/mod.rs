//! The machine that decides: `handle(now, event)` gives the one effect to carry out next.
//!
//! | phase | asks for | ends when |
//! |---|---|---|
//! | claiming | a reading, the record, two seconds, a reading | nobody else is at it, the record is still ours, nobody drifted |
//! | attaching | the candidate's group in every traffic target, at weight 0 (alone at bootstrap) | it is read back |
//! | launching | stable's size held, the candidate's ECS service at that size | the recorded revision runs and is healthy at that size |
//! | stepping | gate → record → weights → reading → settle → bake, for each step | the last bake passed |
//! | holding | the record that lets go, its lease the hold's deadline | it is written: the job ends, another one goes on |
//! | watching | a reading of a held rollout | all is well (nothing was written), or it is taken over and rolled back |
//! | promoting | the record that says so | it is written: final |
//! | any of these but retiring | a hook: start, readings, end | it passed, or ends the phase |
//! | retiring | time, a reading, zero tasks for the old slot | its targets are gone |
//! | rolling back | weights, reading, record, settle, zero tasks, the exact baseline | the baseline is read back, or it cannot be |
//!
//! Inside: `types` (events, effects, how it ends), `core` (state, dispatch), `beginning` (a constructor for each kind of verb), `tick`
//! (readings that fail, waits, leases), `claim`, `release` (attaching to promotion), `hold`, `resume` (from the record to where it stood), `hooks`, `test_rule`, `retire`, `rollback` with
//! `looking` and `rejected`, `signal`, `scaling` (what else sets sizes), `judging` (metrics and alarms: what to ask for, and when a step may
//! pass), `endings`, `checks` (what a reading means; every rollback check, in DESIGN §5's order) with `health`.
//!
//! Deliberately absent: clocks, calls, AWS names. Exactly one effect is outstanding; an event that does not answer it is
//! refused by name, since repeating silently would hide a fault of the driver.

#[cfg(test)]
mod adversary;
#[cfg(test)]
mod adversary_hooks;
#[cfg(test)]
mod adversary_jobs;
#[cfg(test)]
mod adversary_metrics;
#[cfg(test)]
mod adversary_test_rule;
#[cfg(test)]
mod adversary_world;
mod beginning;
mod checks;
mod claim;
mod core;
mod endings;
#[cfg(test)]
mod endings_tests;
#[cfg(test)]
mod hazards;
mod health;
#[cfg(test)]
mod health_tests;
mod hold;
mod hooks;
mod judging;
#[cfg(test)]
mod judging_tests;
mod looking;
mod rejected;
mod release;
mod resume;
mod retire;
mod rollback;
mod scaling;
#[cfg(test)]
mod scaling_tests;
mod signal;
#[cfg(test)]
mod taken_over_tests;
mod test_rule;
mod tick;
mod types;

pub use self::{
    core::Rollout,
    types::{Desired, Effect, Ending, Event, GoOn, OutOfPlace, Role, Steer},
};
