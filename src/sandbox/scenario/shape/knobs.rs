//! How long things take, and what AWS's documentation leaves open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long things take, in seconds, and what AWS's documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// From a write of an action to the data plane following it.
    #[schemars(range(max = 86400))]
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
    /// What a request gets whose forward action has only weights of 0. UNKNOWN for the real service.
    pub all_zero_status: u16,
    /// What a request gets whose target group has no targets. UNKNOWN for the real service; users report 503.
    pub empty_group_status: u16,
    /// Whether a path or header match without `caseSensitive` tells upper from lower case. The API reference says that it does, the
    /// user guide that it does not.
    pub case_sensitive: bool,
    /// How many requests a connection from VPC Lattice to a target carries before another one is opened; at least 1. UNKNOWN for
    /// the real service.
    pub requests_per_connection: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            propagation: 30,
            drain: 60,
            registration: 5,
            activation: 2,
            stop: 5,
            scheduler: 1,
            all_zero_weights: true,
            all_zero_status: 503,
            empty_group_status: 503,
            case_sensitive: true,
            requests_per_connection: 100,
        }
    }
}
