//! What the services do wrong, and when.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a service does wrong. Without `nth`, `every`, `from` and `until` it happens each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["operations", "effect"])))]
pub struct Fault {
    /// Which requests count: `UpdateRule`, `vpc-lattice:UpdateRule`, `vpc-lattice:*`, `vpc-lattice:write`, `ecs:*`, `github:*`; all of
    /// them share one counter.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub operations: Vec<String>,
    /// Only the nth of them, from 1.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub nth: Option<u64>,
    /// Every so-many-th of them.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub every: Option<u64>,
    /// The nth of them and all later ones.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub from: Option<u64>,
    /// The nth of them and all earlier ones.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub until: Option<u64>,
    /// Not before each traffic target that lists an added group gives it at least this share, in percent.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub share_at_least: Option<f64>,
    /// Not before so many seconds after the start.
    pub after: Option<u64>,
    /// Not from so many seconds after the start on.
    pub before: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Refused as throttled.
    #[default]
    Throttle,
    /// Refused as a conflict.
    Conflict,
    /// Refused as an internal error.
    Error500,
    /// Refused as not allowed.
    Denied,
    /// A batch does all but its last entry.
    Partial,
    /// Not done and never answered.
    Hang,
    /// Done, and the connection is closed in place of an answer.
    DropAfterWrite,
    /// Never answered, and done so many seconds later.
    LateWrite(u64),
}
