//! How long things take, and what AWS's documentation leaves open.

use serde::{Deserialize, Serialize};

/// How long things take, in seconds, and what AWS's documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// From a write of an action to the data plane following it.
    pub propagation: u64,
    /// How long a deregistered target is DRAINING.
    pub drain: u64,
    /// From the registration of a target to its first health check.
    pub registration: u64,
    /// From the creation of a Lattice resource to ACTIVE, and from its deletion to being gone.
    pub activation: u64,
    /// From the order to stop a task to STOPPED.
    pub stop: u64,
    /// How often ECS looks at what is running and does the next thing.
    pub scheduler: u64,
    /// Whether a forward action in which every weight is 0 is accepted.
    pub all_zero_weights: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self { propagation: 30, drain: 60, registration: 5, activation: 2, stop: 5, scheduler: 1, all_zero_weights: true }
    }
}
