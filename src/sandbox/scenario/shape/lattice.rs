//! The VPC Lattice resources at the start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// VPC Lattice resources at the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LatticeSeed {
    /// Service networks.
    pub service_networks: Vec<NetworkSeed>,
    /// Target groups.
    pub target_groups: Vec<GroupSeed>,
    /// Services with their listeners and rules.
    pub services: Vec<ServiceSeed>,
}

/// A service network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSeed {
    /// Its name.
    pub name: String,
    /// Its id (`sn-…`); one is made up when it is empty.
    pub id: String,
    /// The names of the services associated with it.
    pub services: Vec<String>,
}

/// A target group, without targets: ECS registers those.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSeed {
    /// Its name.
    pub name: String,
    /// Its id (`tg-…`); one is made up when it is empty.
    pub id: String,
    /// Its `config`, as in `CreateTargetGroup`.
    pub config: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A VPC Lattice service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceSeed {
    /// Its name.
    pub name: String,
    /// Its id (`svc-…`); one is made up when it is empty.
    pub id: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its listeners.
    pub listeners: Vec<ListenerSeed>,
}

/// A listener of HTTP.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerSeed {
    /// Its name.
    pub name: String,
    /// Its id (`listener-…`); one is made up when it is empty.
    pub id: String,
    /// The port it listens on.
    pub port: u16,
    /// What it does with requests that no rule matches.
    pub default_action: ActionSeed,
    /// Its rules.
    pub rules: Vec<RuleSeed>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A listener rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSeed {
    /// Its name.
    pub name: String,
    /// Its id (`rule-…`); one is made up when it is empty.
    pub id: String,
    /// Lower goes first.
    pub priority: u32,
    /// Its match, as in `CreateRule`.
    pub r#match: Value,
    /// What it does with requests that match.
    pub action: ActionSeed,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What a rule or a listener does with a request; one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActionSeed {
    /// Target groups with their weights. A group is a name, an id, or for people's edits also `initial` (the groups that this
    /// traffic target named at the start) or `added` (those that it names besides).
    pub forward: BTreeMap<String, u32>,
    /// The status of a fixed response: 404 or 500.
    pub fixed_response: Option<u16>,
}
