//! What Application Auto Scaling has at the start, and what it does meanwhile.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Application Auto Scaling: targets at the start, and the demand that policies follow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ScalingSeed {
    /// Scalable targets that are registered at the start.
    pub targets: Vec<TargetSeed>,
    /// What the policies of a target find to be the right count, as time goes by. Without a policy nothing follows it.
    pub demand: Vec<Demand>,
}

/// A scalable target: the desired count of an ECS service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TargetSeed {
    /// The ECS service's name.
    pub service: String,
    /// Its minimum capacity.
    pub min: u32,
    /// Its maximum capacity.
    pub max: u32,
    /// Its policies, as in `PutScalingPolicy` without the members that name the target.
    pub policies: Vec<Value>,
    /// Its scheduled actions, as in `PutScheduledAction` without the members that name the target. They are kept and never due.
    pub scheduled_actions: Vec<Value>,
}

/// From some moment on, so many tasks are the right count for the load. It holds until the next entry of its service; a policy
/// that may not follow it (suspended, or scale-in during a deployment) does so once it may.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Demand {
    /// Seconds after the start, or after the share is reached where there is one.
    pub at: u64,
    /// Not before each traffic target that lists an added group gives it at least this share, in percent.
    pub share_at_least: Option<f64>,
    /// The ECS service's name.
    pub service: String,
    /// How many tasks; the target's bounds still hold.
    pub desired: u32,
}
