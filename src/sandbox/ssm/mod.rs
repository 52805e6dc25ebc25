//! The emulated Systems Manager: parameters, as much of them as a lock needs.
//!
//! Inside: `operation` (the table), `write` and `read` (what the operations do), `name` (what a parameter may be called), `state`.
//!
//! A lock is a parameter that is put without `Overwrite`: of many who try only one has it, and the others get
//! `ParameterAlreadyExists`. Nothing expires here: when a lock is stale is for its clients to decide, who then overwrite it.
//!
//! Deliberately absent, and refused aloud: parameter policies, labels, paths, history, data types other than `text`.
//!
//! To call: [`OPERATIONS`]; [`names`] for a look at it.

mod name;
mod operation;
mod read;
mod state;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use operation::OPERATIONS;
pub(crate) use state::{State, names};
