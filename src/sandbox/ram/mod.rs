//! The emulated Resource Access Manager: shares of VPC Lattice services and service networks with other accounts.
//!
//! Inside: `operation` (the table, and recognising a repeated request), `shares` and `associations` (what the operations do), `check`
//! (what can be shared, and with whom), `state`.
//!
//! Another account has to accept an invitation, and here nobody does: a principal that is an account stays ASSOCIATING, as it does at
//! AWS until then. Organizations and their units need no invitation.
//!
//! Deliberately absent, and refused aloud: permissions other than the default ones, sources, what others share with this account.
//!
//! To call: [`OPERATIONS`]; [`snapshot`], [`tags`] and [`named`] for a look at it.

mod associations;
mod check;
mod operation;
mod shares;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use operation::OPERATIONS;
pub(crate) use state::{State, named, snapshot, tags};
