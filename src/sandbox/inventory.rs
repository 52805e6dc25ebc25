//! Everything that is written down about what there is, so that two looks at a world can be compared.

use serde_json::{Map, Value};

use super::lattice::Action;

/// Which part of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part<'a> {
    /// The thing itself.
    Itself,
    /// What a traffic target does.
    Action,
    /// One of its tags.
    Tag(&'a str),
}

/// What is written down about a part. What it has none of is left empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noted<'a> {
    /// A name, a status, or a tag's value.
    pub words: &'a str,
    /// A port or a priority; counts and bounds.
    pub numbers: [u64; 2],
    /// What of it is switched on.
    pub flags: [bool; 3],
    /// Its configuration.
    pub json: Option<&'a Value>,
    /// The members of a deployment.
    pub members: Option<&'a Map<String, Value>>,
    /// Where it sends requests.
    pub action: Option<&'a Action>,
}

/// By ARN, or what else a thing is known by, and part: each once, in the world's order.
pub type Inventory<'a> = Vec<((&'a str, Part<'a>), Noted<'a>)>;
