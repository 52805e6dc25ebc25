//! What Systems Manager keeps.

use std::collections::{BTreeMap, VecDeque};

use crate::{clock::Timestamp, sandbox::world::World};

/// The parameters by name.
#[derive(Default)]
pub(crate) struct State {
    pub(super) parameters: BTreeMap<String, Parameter>,
}

/// The names of all parameters.
pub(crate) fn names(world: &World) -> Vec<&str> {
    world.ssm.parameters.keys().map(String::as_str).collect()
}

/// A parameter with the versions that are kept, the newest last; there is always one.
pub(super) struct Parameter {
    pub(super) kind: String,
    pub(super) advanced: bool,
    pub(super) versions: VecDeque<Version>,
}

#[derive(Clone)]
pub(super) struct Version {
    pub(super) number: u64,
    pub(super) value: String,
    pub(super) at: Timestamp,
}
