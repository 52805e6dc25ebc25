//! The ECS services at the start.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An ECS service that is already steady at the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EcsServiceSeed {
    /// Its name.
    pub name: String,
    /// How many tasks it runs.
    pub desired: u32,
    /// The task definition that it runs, as in `RegisterTaskDefinition`; the image stands there.
    pub task_definition: Value,
    /// All its other members, as in `CreateService`: launch type, network, `vpcLatticeConfigurations`.
    pub definition: Value,
}
