//! How long things take, and what AWS's documentation leaves open.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long things take, in seconds, and what AWS's documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// From a write of an action to the data plane following it.
    #[cfg_attr(test, schemars(range(max = 86400)))]
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
    /// How long a blue/green, linear or canary deployment waits at `POST_SCALE_UP` (documented: about 3 minutes).
    pub scale_up_settle: u64,
    /// How long such a deployment waits after each change of weights (documented: about 90 seconds).
    pub weights_settle: u64,
    /// How long a rolling deployment with alarms bakes before it completes (documented: ECS reckons it, less than 5 minutes).
    pub rolling_bake: u64,
    /// How often a scaling policy looks at what it is to do.
    pub scaling: u64,
    /// Whether suspended dynamic scaling also keeps a changed minimum or maximum capacity from moving the desired count.
    pub suspension_holds_bounds: bool,
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
    /// How a `clientToken` of VPC Lattice that comes again with other parameters is refused. AWS says only that it is.
    pub token_mismatch: TokenMismatch,
    /// From the end of a minute to CloudWatch knowing its metrics.
    pub metrics_delay: u64,
    /// For so long after a minute appears it holds only half of what happened in it.
    pub metrics_partial: u64,
    /// Whether VPC Lattice publishes counts of 0 once a resource has had a request.
    pub metrics_zeros: bool,
}

/// How a repeated `clientToken` with other parameters is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenMismatch {
    /// As a ConflictException.
    #[default]
    Conflict,
    /// As a ValidationException.
    Validation,
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
            case_sensitive: true,
            empty_group_status: 503,
            metrics_delay: 60,
            metrics_partial: 0,
            metrics_zeros: true,
            requests_per_connection: 100,
            rolling_bake: 120,
            scale_up_settle: 180,
            scaling: 60,
            suspension_holds_bounds: true,
            token_mismatch: TokenMismatch::Conflict,
            weights_settle: 90,
        }
    }
}
