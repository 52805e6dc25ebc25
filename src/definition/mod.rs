//! ECS definitions as bytes in, bytes out: nothing here reads a clock, a file, a socket or the environment.
//!
//! Reading order: [`finding`] (what is wrong, and where) → [`read`] (JSON with places) → [`write`](mod@write) (a new value over the old
//! text) → [`filter`] (jaq) → [`patch`](mod@patch) (the service definition, with its Lattice entry) → [`candidate`] (what the
//! candidate beside a stable slot must not have) → [`request`] (bodies for ECS) → [`compare`] (is what runs what the file says).
//!
//! Deliberately absent: looking names up in AWS, files, templates, diffs for people. Call [`patch::patch`] first; everything else
//! takes what it returns.

pub mod arn;
pub mod candidate;
pub mod compare;
pub mod filter;
pub mod finding;
mod members;
mod number;
pub mod patch;
mod ports;
pub mod read;
pub mod request;
pub mod write;

pub use finding::{Finding, Given, Place, Severity};
pub use patch::{PatchRequest, Patched, patch};
pub use read::{Document, Member, Node, Value};
