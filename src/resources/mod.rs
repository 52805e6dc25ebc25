//! The Lattice resources that a config declares: what is wanted, what is there, and what has to be done about it. Pure.
//!
//! Inside: [`kind`] (the sorts of resources, and AWS's operations for each) → [`resource`] (one that is wanted, one that was seen) →
//! [`action`] (where requests go: weights belong to releases) → [`compare`] (what differs, and whether AWS can change it) → [`next`] (the next step
//! of one resource, upwards) and [`removal`] (downwards) → [`plan`] (all of them, in words). Beside them [`policy`] (what Lattice refuses of an auth policy)
//! and [`alias`] (names in DNS).
//!
//! Deliberately absent: calls, waiting, and the order in time: whoever acts asks for the next step of each resource that has
//! what it needs, until there is none.
//!
//! Call [`next::next`] and [`removal::next`].

pub mod action;
pub mod alias;
pub mod compare;
pub mod kind;
pub mod next;
pub mod plan;
pub mod policy;
pub mod removal;
pub mod resource;

pub use kind::Kind;
pub use resource::{Known, Life, Resource, Seen};
