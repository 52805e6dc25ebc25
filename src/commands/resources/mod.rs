//! `up` and `down`: the resources that a config declares, made and taken away.
//!
//! Inside: `up` and `down` → `survey` (what is there) → `converge` (what is to be done, done: one loop for each direction) → `lives` (by which tokens) →
//! `tell` (plan and progress, to the log and to the pull request). Deliberately absent: what a resource needs next, which is
//! [`crate::resources`]'s to say.

mod converge;
mod discover;
pub(super) mod down;
mod lives;
mod survey;
mod tell;
pub(super) mod up;
