//! What `verify` tells: findings with stable codes, and what can be judged of plain values alone. Pure.
//!
//! Reading order: [`finding`] (what, where, what to do) → [`code`] (every kind of finding there is) → [`needs`] (the permissions of a
//! release) → [`policy`] (that allow nothing else) → [`preview_policy`] (of previews) → [`up_policy`] (of declared resources) → [`trust`] (who may have a role) → [`admission`] (whom security groups let in) →
//! [`limits`] (quotas and health checks) → [`metric`] (Lattice's metrics by name) → [`owned`] (what Terraform has of a release).
//!
//! Deliberately absent: reading anything, AWS's own types, words for a terminal ([`crate::report`] has them). Call what a file offers
//! with what was read; nothing here stops at the first finding.

pub mod admission;
pub mod code;
pub mod finding;
pub mod limits;
pub mod metric;
pub mod needs;
pub mod owned;
pub mod policy;
pub mod preview_policy;
pub mod trust;
pub mod up_policy;

pub use code::Code;
pub use finding::{Found, Level, Placed, Spot};
