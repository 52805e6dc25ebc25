//! The emulated STS: who calls. Deliberately absent: every other operation; `AssumeRole` and its kin are refused as unknown.
//!
//! To call: [`OPERATIONS`] with the fields of the form that the query protocol posts.

mod identity;

pub(crate) use identity::OPERATIONS;
