//! The rollout, as pure values and functions: nothing here reads a clock, a file, a socket or the environment.
//!
//! Reading order: [`split`] (weights, and the shares that they represent: `share`) → [`plan`] (steps, holds and limits) → [`observation`] (what a tick saw) →
//! [`outcome`] (how it ends, and why) → [`hooks`] (what users have run) → [`scaling`] (who else sets sizes) → [`record`] (what
//! outlives the job, [`origin`] among it: where it is told of; `record_taken` is the record in another job's hands) → [`journal`] (what
//! happened) → [`machine`] (what decides), [`takeover`] (what another job may do with a recorded rollout) and
//! [`ways`] (by which command). [`analysis`] judges.
//!
//! Deliberately absent: AWS names, tags, HTTP, async. Time is an argument.

pub mod analysis;
#[cfg(test)]
mod digest_tests;
pub mod hooks;
pub mod journal;
pub mod machine;
pub mod observation;
pub mod origin;
pub mod outcome;
pub mod plan;
pub mod record;
mod record_pairs;
mod record_taken;
mod record_text;
pub mod scaling;
mod share;
pub mod split;
mod steps_text;
mod strategy;
pub mod takeover;
pub mod ways;
