//! ECS definitions as bytes in, bytes out: nothing here reads a clock, a file, a socket or the environment.
//!
//! Reading order: [`finding`] (what is wrong, and where) → [`template`] and [`jsonnet`] (ecspresso's, filled in and evaluated) → [`read`] (JSON with places) → [`casing`] (names as ECS spells them) → [`write`](mod@write) (a new value over the old
//! text) → [`filter`] (jaq) → [`patch`](mod@patch) (the service definition, with its Lattice entry) → [`candidate`] (what the
//! candidate beside a stable slot must not have) → [`conform`] (is it what ECS takes) → [`fit`] (do the two fit each other) → [`request`] (bodies for ECS) → [`compare`] (is what runs what the file says) → [`change`] (what would change, in words).
//!
//! [`fuzz`] lets them have anybody's bytes. Deliberately absent: looking names up in AWS, files. Call [`patch::patch`] first; everything else
//! takes what it returns.

pub mod arn;
pub mod candidate;
pub mod casing;
pub mod change;
pub mod compare;
pub mod conform;
pub mod filter;
pub mod finding;
pub mod fit;
pub mod fuzz;
pub mod jsonnet;
mod members;
mod number;
pub mod patch;
mod ports;
pub mod read;
pub mod request;
pub mod template;
pub mod terraform;
pub mod write;

pub use finding::{Finding, Given, Place, Severity};
pub use patch::{PatchRequest, Patched, patch};
pub use read::{Document, Member, Node, Origin, Value};
