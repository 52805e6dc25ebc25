//! What EC2 has at the start.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A security group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["id"])))]
pub struct SecurityGroupSeed {
    /// Its id.
    #[cfg_attr(test, schemars(regex(pattern = r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$"), example = &"sg-12345678"))]
    pub id: String,
    /// The VPC's id.
    #[cfg_attr(test, schemars(regex(pattern = r"^(vpc-([0-9a-z]{8}|[0-9a-z]{17}))?$"), example = &"vpc-12345678"))]
    pub vpc: String,
    /// What may come in, each as in the `IpPermissions` of `AuthorizeSecurityGroupIngress`. VPC Lattice's prefix lists are
    /// `pl-12345678901234567` and, for IPv6, `pl-12345678901234568`.
    pub ingress: Vec<Value>,
}
