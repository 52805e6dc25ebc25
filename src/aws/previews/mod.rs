//! Previews in AWS: what is there of one, and each single thing that makes one or takes it away.
//!
//! Inside: [`home`] (the real service that they belong to) → [`listing`] (what there is that may be theirs) → [`look`] (what is there of one:
//! by name, and ours by its tags alone) → [`make`] and [`remove`] (one call each). Deliberately absent: order, waiting and repetition,
//! which are `preview`'s and `commands::preview`'s.
//!
//! Call [`home::Home::find`], then the verbs of [`Home`].

pub mod home;
pub mod listing;
pub mod look;
pub mod make;
pub mod remove;

pub use home::{Home, Wanted};
pub use listing::Listing;
