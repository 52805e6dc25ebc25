//! The embedded world: AWS and GitHub as far as espalier needs them, on loopback HTTP.
//!
//! Inside: [`scenario`] (a world as data), `world` (that world in motion, a plain value with `advance(now)`), one folder per
//! protocol (`lattice`, `ecs`, `autoscaling`, `sts`, `github`), `fault` and `people` (what goes wrong, and who meddles), `dataplane` (requests as
//! Lattice would answer them), `route` and `server` (HTTP), and [`serve`] (what the `sandbox` commands call).
//!
//! Deliberately absent: background tasks, randomness and any of our other rooms. The sandbox is built from the service models
//! alone, so that it and the client cannot share a misunderstanding; [`crate::clock`] is all that it imports.
//!
//! To call: [`scenario::load`], then [`serve::start`].

mod autoscaling;
mod control;
mod dataplane;
mod ecs;
mod fault;
mod github;
mod lattice;
mod people;
mod protocol;
mod route;
pub mod scenario;
pub mod serve;
mod server;
#[cfg(test)]
mod story_tests;
mod sts;
mod wire;
mod world;
