//! Patches a service definition: its Lattice entry, then the user's filters.
//!
//! Inside: `apply` (the patch, from request to text), `entry` (which target group, role and port the Lattice entry gets, and from
//! where), `mend` (entries that name containers in place of ports) and `put` (the entry, put into the definition). Deliberately absent: names and ids, which only AWS can turn into ARNs; callers do that first, with
//! [`target_groups_in`] where the definition itself knows the answer. Call [`patch()`].

mod apply;
mod entry;
mod mend;
mod put;

pub use apply::{PatchRequest, Patched, Seen, Weighted, edited, patch};
pub use entry::{LatticeEntry, target_groups_in};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
