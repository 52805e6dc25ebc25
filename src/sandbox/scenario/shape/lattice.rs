//! The VPC Lattice resources at the start.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// VPC Lattice resources at the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name"])))]
pub struct NetworkSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 3, max = 63), example = &"my-service-network"))]
    pub name: String,
    /// Its id (`sn-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(sn-[0-9a-z]{17})?$"), example = &"sn-0123456789abcdef0"))]
    pub id: String,
    /// The names of the services associated with it.
    pub services: Vec<String>,
    /// The VPCs associated with it; a VPC is in one network only.
    pub vpcs: Vec<VpcSeed>,
    /// Whether callers need IAM's permission: `NONE` or `AWS_IAM`; `NONE` when it is empty.
    #[cfg_attr(test, schemars(extend("enum" = ["", "NONE", "AWS_IAM"])))]
    pub auth_type: String,
    /// Its auth policy, as in `PutAuthPolicy`, but not as a text; none when it is left out.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub auth_policy: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A VPC in a service network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["vpc"])))]
pub struct VpcSeed {
    /// The VPC's id.
    #[cfg_attr(test, schemars(regex(pattern = r"^vpc-([0-9a-z]{8}|[0-9a-z]{17})$"), example = &"vpc-12345678"))]
    pub vpc: String,
    /// The security groups of the association, at most 5.
    #[cfg_attr(test, schemars(length(max = 5)))]
    pub security_groups: Vec<String>,
}

/// A target group. ECS registers its tasks itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "config"])))]
pub struct GroupSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 3, max = 128), example = &"myservice-a"))]
    pub name: String,
    /// Its id (`tg-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(tg-[0-9a-z]{17})?$"), example = &"tg-0123456789abcdef0"))]
    pub id: String,
    /// `IP`, `INSTANCE`, `LAMBDA` or `ALB`; `IP` when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(IP|INSTANCE|LAMBDA|ALB)?$")))]
    pub r#type: String,
    /// Its `config`, as in `CreateTargetGroup`.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub config: Value,
    /// Targets that are no tasks.
    pub targets: Vec<MemberSeed>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A target that is registered with a target group at the start: an instance, a function, a load balancer or a plain address. ECS
/// registers its tasks itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["id"])))]
pub struct MemberSeed {
    /// An instance's id, an address, or an ARN.
    pub id: String,
    /// Its port; the target group's when left out.
    pub port: Option<u16>,
}

/// A VPC Lattice service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name"])))]
pub struct ServiceSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 3, max = 40), example = &"myservice"))]
    pub name: String,
    /// Its id (`svc-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(svc-[0-9a-z]{17})?$"), example = &"svc-0123456789abcdef0"))]
    pub id: String,
    /// The account that shares it with this one; its own when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^([0-9]{12})?$"), example = &"210987654321"))]
    pub account: String,
    /// Its custom domain name; none when it is empty.
    #[cfg_attr(test, schemars(example = &"api.example.com"))]
    pub custom_domain: String,
    /// The ARN of the certificate for it; none when it is empty.
    pub certificate: String,
    /// Whether callers need IAM's permission: `NONE` or `AWS_IAM`; `NONE` when it is empty.
    #[cfg_attr(test, schemars(extend("enum" = ["", "NONE", "AWS_IAM"])))]
    pub auth_type: String,
    /// Its auth policy, as in `PutAuthPolicy`, but not as a text; none when it is left out.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub auth_policy: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its listeners.
    pub listeners: Vec<ListenerSeed>,
}

/// A listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "default_action"])))]
pub struct ListenerSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 3, max = 63), example = &"http-80"))]
    pub name: String,
    /// Its id (`listener-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(listener-[0-9a-z]{17})?$"), example = &"listener-0123456789abcdef0"))]
    pub id: String,
    /// `HTTP`, `HTTPS` or `TLS_PASSTHROUGH`; `HTTP` when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(HTTP|HTTPS|TLS_PASSTHROUGH)?$")))]
    pub protocol: String,
    /// The port it listens on; 80 when it is 0.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub port: u16,
    /// The id of its default rule (`rule-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(rule-[0-9a-z]{17})?$"), example = &"rule-0123456789abcdef0"))]
    pub default_rule: String,
    /// What it does with requests that no rule matches.
    pub default_action: ActionSeed,
    /// Its rules.
    pub rules: Vec<RuleSeed>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A listener rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "priority", "match", "action"])))]
pub struct RuleSeed {
    /// Its name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 3, max = 63), example = &"api"))]
    pub name: String,
    /// Its id (`rule-…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(rule-[0-9a-z]{17})?$"), example = &"rule-0123456789abcdef0"))]
    pub id: String,
    /// Lower goes first.
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub priority: u32,
    /// Its match, as in `CreateRule`.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub r#match: Value,
    /// What it does with requests that match.
    pub action: ActionSeed,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What a rule or a listener does with a request; one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ActionSeed {
    /// Target groups with their weights. A group is a name, an id, or for people's edits also `initial` (the groups that this
    /// traffic target named at the start) or `added` (those that it names besides).
    #[cfg_attr(test, schemars(with = "BTreeMap<String, Weight>"))]
    pub forward: BTreeMap<String, u32>,
    /// The status of a fixed response: 404 or 500.
    #[cfg_attr(test, schemars(with = "Option<FixedStatus>"))]
    pub fixed_response: Option<u16>,
}

/// The share of a target group, as a weight beside the others of its action.
#[cfg(test)]
#[derive(JsonSchema)]
#[expect(dead_code, reason = "says to the schema what a number may be")]
struct Weight(#[cfg_attr(test, schemars(range(max = 999)))] u32);

/// The statuses that VPC Lattice gives by itself.
#[cfg(test)]
#[derive(JsonSchema)]
#[expect(dead_code, reason = "says to the schema what a number may be")]
struct FixedStatus(#[cfg_attr(test, schemars(extend("enum" = [404, 500])))] u16);
