//! The emulated EC2: security groups and prefix lists, as much of them as `verify` asks for.
//!
//! Inside: `operation` (the table) and `describe` (what the operations do). The groups are the scenario's and never change; nothing
//! here stands in the way of the data plane, which would ask them first where it were AWS's.
//!
//! Deliberately absent, and refused aloud: pages, dry runs, filters that nobody needs.
//!
//! To call: [`OPERATIONS`].

mod describe;
mod operation;
#[cfg(test)]
mod tests;

pub(crate) use operation::OPERATIONS;
