//! The emulated Route 53: hosted zones of a scenario and their records, as much of them as a custom domain needs.
//!
//! Inside: `operation` (the table), `zones` (finding them), `records` (listing them), `changes` (changing them all or none), `check`
//! (what a set of records may be), `name` (domain names and their order), `state`.
//!
//! An alias leads to a Lattice service's own domain name, or to a record beside it in the same zone.
//!
//! Deliberately absent, and refused aloud: routing policies (weighted, failover, …), health checks, and aliases of anything else.
//! Nothing resolves the names.
//!
//! To call: [`OPERATIONS`]; [`snapshot`] for a look at it.

mod changes;
mod check;
mod name;
mod operation;
mod records;
mod state;
#[cfg(test)]
mod tests;
mod zones;

pub(crate) use operation::OPERATIONS;
pub(crate) use state::{State, seed, snapshot};
