//! What a Terraform state says, in any of the three forms in which people have one.
//!
//! Inside: `state` (the forms, into addresses and their attributes) and `address` (the way to one attribute). Deliberately absent:
//! files and buckets, which only `commands` reads; anything about plans. Call [`State::read`], then [`State::lookup`].

mod address;
mod state;

pub use state::{Resource, State};

#[cfg(test)]
mod tests;
