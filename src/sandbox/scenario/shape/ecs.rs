//! The ECS services at the start.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An ECS service that is already steady at the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "task_definition"])))]
pub struct EcsServiceSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-zA-Z0-9_-]{1,255}$"), example = &"myservice"))]
    pub name: String,
    /// How many tasks it runs.
    #[cfg_attr(test, schemars(range(max = 5000)))]
    pub desired: u32,
    /// The task definition that it runs, as in `RegisterTaskDefinition`; the image stands there.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub task_definition: Value,
    /// The revision of that task definition; the family's next one when it is left out.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub revision: Option<u64>,
    /// All its other members, as in `CreateService`: launch type, network, `vpcLatticeConfigurations`.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub definition: Value,
}
