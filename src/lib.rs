//! espalier trains traffic along VPC Lattice. The README says what it does; this is the map of how.
//!
//! A `deploy` passes each room once: [`cli`] and [`settings`] (flags, environment, config → plain values) → [`definition`] (the
//! files, patched) → [`aws`] (what is there, and which slot serves) → [`rollout`] (the record, the plan, the machine that
//! decides) → [`driver`] (the only loop: effect → AWS → event) → [`report`] and [`github`] (the journal in words, to where it
//! is read) → [`exit`] (the code). [`commands`] has one file per verb that strings these together; [`hooks`] runs what users
//! have run meanwhile; [`signals`], [`clock`] and [`time`] are what the loop waits for.
//!
//! Beside that way: [`verify`] is what would make a release fail, told beforehand; [`resources`] is what `up` makes and `down` takes
//! away; [`preview`] decides about environments of pull requests. [`sandbox`] is the world to rehearse in, behind HTTP; [`models`] are
//! AWS's own descriptions of its services, as data; `packed` unpacks what the binary carries; `transport` is the one HTTP client of
//! [`aws`] and [`github`].
//!
//! Invariants, each held by a test in `tests/espalier/architecture.rs`:
//! - `rollout`, `definition`, `models`, `preview`, `resources` and `verify` are pure: no clock, file, socket, environment or AWS. Time is
//!   an argument.
//! - only `aws` imports `aws_*`, only `github` imports octocrab, and the two do not know each other.
//! - `sandbox` imports nothing of ours but the clock, the models and packed text, so that it and its client cannot share a misunderstanding.
//! - only `settings` reads the environment, only `clock` reads clocks.
//! - a `mod.rs` is a door without logic, and a file has at most 400 lines.

pub mod aws;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod definition;
pub mod driver;
#[cfg(test)]
mod driver_tests;
pub mod exit;
pub mod github;
pub mod hooks;
pub mod models;
mod packed;
pub mod preview;
pub mod report;
pub mod resources;
pub mod rollout;
pub mod sandbox;
pub mod settings;
pub mod signals;
pub mod time;
mod transport;
pub mod verify;
