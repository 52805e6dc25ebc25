//! The hosted zones of Route 53 at the start.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hosted zone, which has its NS and SOA records by itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name"])))]
pub struct HostedZoneSeed {
    /// Its domain.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$"), example = &"example.com"))]
    pub name: String,
    /// Its id (`Z…`); one is made up when it is empty.
    #[cfg_attr(test, schemars(regex(pattern = r"^(Z[0-9A-Z]{1,31})?$"), example = &"Z0123456789ABCDEFGHI"))]
    pub id: String,
    /// The VPCs that it answers in; none is a public zone.
    #[cfg_attr(test, schemars(example = &["vpc-12345678"]))]
    pub vpcs: Vec<String>,
    /// Its records besides NS and SOA.
    pub records: Vec<RecordSeed>,
}

/// A set of records with one name and one type.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["name", "type"])))]
pub struct RecordSeed {
    /// The whole name.
    #[cfg_attr(test, schemars(example = &"api.example.com"))]
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, …
    #[cfg_attr(test, schemars(example = &"A"))]
    pub r#type: String,
    /// The values, kept by resolvers for five minutes.
    #[cfg_attr(test, schemars(example = &["192.0.2.1"]))]
    pub values: Vec<String>,
    /// The name of the Lattice service that it is an alias of, in place of values.
    #[cfg_attr(test, schemars(example = &"myservice"))]
    pub alias: String,
}
