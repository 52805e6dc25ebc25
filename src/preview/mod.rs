//! Previews, decided: what an environment of a pull request is called, who may have one, how it is reached, what comes next when it
//! is raised or taken down, and which of them a sweep takes away. Pure.
//!
//! Reading order: [`name`] (names and tags) → [`admit`] (whose pull request may have one) → [`claim`] (of two jobs at once, who goes on) → [`reach`] (a rule on the
//! real service, or a service of its own) → [`size`] (the definitions, made small) → [`seen`] (what is there) → [`raise`] and
//! [`lower`] (one step at a time, from whatever is there) → [`watch`] (is it healthy) → [`sweep`] (what has had its time).
//!
//! Deliberately absent: AWS, GitHub, time, waiting. `commands::preview` looks, asks [`raise::next`] or [`lower::next`], does that one
//! thing, and looks again: killed anywhere, the next job finds what is there and goes on.

pub mod admit;
pub mod claim;
pub mod lower;
pub mod name;
pub mod raise;
pub mod reach;
pub mod seen;
pub mod size;
pub mod sweep;
pub mod watch;

#[cfg(test)]
mod tests;
