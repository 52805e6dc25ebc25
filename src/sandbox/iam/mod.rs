//! IAM as far as it decides: who calls, and whether they may; and two questions about roles.
//!
//! Inside: `credentials` (access keys, and the sessions that STS gave out), `authorize` (what an operation needs against what the
//! caller's policies say), `actions` and `resources` (what that is: AWS's service authorization reference as data), `context`
//! (condition keys), [`Policy`] with `condition` and `glob` (policy documents), `state`; `roles` and `simulate` are operations of IAM's
//! own API.
//!
//! Deliberately absent: the rest of IAM's API, users and groups, resource policies, permissions boundaries, organizations' policies, and
//! checking a signature: whoever has an access key has it. Policies are enforced only for a role that the scenario gives some.
//!
//! To call: [`authenticate`], then [`authorize`]; [`snapshot`] tells what was used.

pub(crate) mod actions;
mod authorize;
mod condition;
mod context;
mod credentials;
mod glob;
mod operation;
mod policy;
mod resources;
mod roles;
mod simulate;
mod state;
#[cfg(test)]
mod tests;
mod trust;

pub(crate) use authorize::authorize;
pub(crate) use credentials::{authenticate, caller, ends, grant};
pub(crate) use operation::OPERATIONS;
pub use policy::Policy;
pub(crate) use state::{State, snapshot};
pub(crate) use trust::trusts;
