//! The embedded world: AWS and GitHub as far as espalier needs them, on loopback HTTP.
//!
//! Inside: [`scenario`] (a world as data), `world` (that world in motion, a plain value with `advance(now)`), one folder per
//! protocol (`lattice`, `ecs`, `cloudwatch`, `sts`, `github`), `fault` and `people` (what goes wrong, and who meddles), `dataplane`
//! (requests as Lattice would answer them), `route` and `server` (HTTP), [`serve`] (what the `sandbox` commands call), and [`fuzz`]
//! (bytes for all that decodes).
//!
//! Deliberately absent: background tasks, randomness and any of our other rooms. The sandbox is built from the service models
//! alone, so that it and the client cannot share a misunderstanding; [`crate::clock`] is all that it imports.
//!
//! To call: [`scenario::load`], then [`serve::start`].

mod cloudwatch;
mod control;
mod dataplane;
mod ecs;
mod fault;
pub mod fuzz;
mod github;
mod lattice;
mod people;
mod protocol;
mod record;
mod route;
pub mod scenario;
pub mod serve;
mod server;
#[cfg(test)]
mod story_tests;
mod sts;
mod wire;
mod world;
