//! `espalier.yml`: what is in it, with the place of everything, so that a later finding can point there.
//!
//! Inside: `keys` (the keys and what they fill) and `reader` (nodes of the tree to texts and lists; every
//! mistake collected), `steps` (steps, holds and strategies), `hooks` (hooks), `test_rule`, `preview`, `ecspresso` (the project that it takes
//! the rest from), `up` (the resources that it declares), `schema` (for editors).
//! Deliberately absent: what a text means, where a flag or variable could have said it instead; that is for
//! [`resolve`](super::resolve), so that all three are told their mistakes in the same words. Call `Config::read`.

mod analysis;
mod ecspresso;
mod hooks;
mod keys;
mod limits;
mod preview;
mod reader;
mod schema;
mod steps;
mod test_rule;
mod up;
mod up_traffic;

pub(crate) use analysis::{ConfigAnalysis, JudgedBy};
pub(crate) use ecspresso::{Ecspresso, Loaded, load as load_ecspresso, place_of_state};
pub(crate) use keys::Config;
pub(crate) use reader::unreadable;
pub use schema::schema;
pub(crate) use up::{ConfigUp, Declared, Document, Guarded, default_name};
pub(crate) use up_traffic::{ConfigAction, ConfigGroup, ConfigListener, ConfigRule, HealthCheck};

#[cfg(test)]
mod tests;
