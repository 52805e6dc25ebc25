//! VPC Lattice: where weights live and what they say.
//!
//! Inside: [`ids`] (ids, ARNs and names, and which of them are the same thing) → [`action`] (what a traffic target does with
//! requests; pure) → [`traffic`] (finding and reading traffic targets; writing them is beside it) → [`rules`] (rules of ours) → [`groups`] (target groups and their targets) →
//! [`packing`] (text in tags; pure) → [`tags`].
//!
//! Deliberately absent: deleting anything but rules of ours, creating listeners, and reading rules' conditions.
//!
//! Call the verbs of [`Lattice`].

pub mod action;
mod client;
pub mod groups;
pub mod ids;
pub mod packing;
pub mod resolve;
pub mod rules;
pub mod tags;
pub mod traffic;
mod weights;

pub use client::Lattice;

#[cfg(test)]
mod tests;
