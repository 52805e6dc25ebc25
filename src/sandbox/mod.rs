//! The embedded world: AWS and GitHub as far as espalier needs them, on loopback HTTP.
//!
//! Inside: [`scenario`] (a world as data), `world` (that world in motion, a plain value with `advance(now)`), one folder per
//! service (`lattice`, `ecs`, `autoscaling`, `cloudwatch`, `sts`, `ssm`, `ram`, `route53`, `ec2`, `github`, the runner's `oidc`), `iam` (who may do what),
//! `fault` and `people` (what goes wrong, and who meddles), `dataplane` (requests as Lattice would answer them), `route` and `server` (HTTP), [`serve`]
//! (what the `sandbox` commands call), [`fuzz`] (bytes for all that decodes), and [`direct`] (the world
//! without HTTP, for simulators; `inventory` is what they compare worlds by).
//!
//! Deliberately absent: background tasks, randomness and any of our other rooms. The sandbox is built from the service models
//! alone, so that it and the client cannot share a misunderstanding; [`crate::clock`] is all that it imports.
//!
//! To call: [`scenario::load`], then [`serve::start`]; [`coverage`] tells what is emulated.

mod autoscaling;
mod cloudwatch;
mod control;
mod covered;
mod dataplane;
pub mod direct;
mod ec2;
mod ecs;
mod fault;
pub mod fuzz;
mod github;
mod iam;
mod inventory;
mod lattice;
mod oidc;
mod page;
mod people;
mod protocol;
mod ram;
mod record;
mod route;
mod route53;
pub mod scenario;
pub mod serve;
mod server;
mod ssm;
#[cfg(test)]
mod story_tests;
mod sts;
mod wire;
mod world;

pub use covered::{coverage, covered};
