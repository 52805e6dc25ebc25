//! What the services refuse, and when.

use super::{scenario::Fault, world::World};
use crate::clock::Timestamp;

/// The scenario's faults with their counters.
pub(crate) struct Faults {
    faults: Vec<(Fault, u64)>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self { faults: faults.into_iter().map(|fault| (fault, 0)).collect() }
    }
}

pub(crate) fn next_event(_world: &World) -> Option<Timestamp> {
    None
}

pub(crate) fn on_time(_world: &mut World) {}
