//! `verify`: everything that would make `deploy` fail, checked beforehand, all findings at once. Nothing is written in AWS or on GitHub.
//!
//! Reading order: `command` (from flags to an exit code) → `release` (what is asked, and of whom) → `world` (Lattice, ECS, what the
//! config names) → `access` (permissions, the infrastructure role) → `admission` (security groups) → `measures` (metrics and alarms) → `reports` (GitHub) →
//! `terraform`; `words` turns errors of other rooms into findings.
//!
//! What `deploy` checks itself is the same code here. Call [`verify`].

mod access;
mod admission;
mod command;
mod measures;
mod release;
mod reports;
mod terraform;
mod words;
mod world;

pub(super) use command::verify;
