//! Who may do what, and the identity of the run of GitHub Actions.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::sandbox::iam::Policy;

/// Who calls, and what they may. Without roles everybody may do everything, and every role may be assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IamSeed {
    /// The name of the role that the sandbox's own access key is a session of, and that a key has which is nobody's.
    #[cfg_attr(test, schemars(example = &"deployer"))]
    pub role: String,
    /// So many seconds after the start the sandbox's own access key ends, as that of a session does; every other key that is nobody's
    /// too. Left out, it never ends.
    #[cfg_attr(test, schemars(example = &600))]
    pub expires: Option<u64>,
    /// Whether access keys that were not given out in this world are refused.
    pub authentication: bool,
    /// Whether what VPC Lattice asks of EC2, load balancing and CloudWatch Logs needs the caller's permissions (`ec2:DescribeVpcs`, …)
    /// where it is documented to.
    pub ec2_lookups: bool,
    /// The roles by name, with their path where they have one. Where there are any, no other role can be assumed.
    pub roles: BTreeMap<String, RoleSeed>,
}

impl Default for IamSeed {
    fn default() -> Self {
        Self { role: "deployer".to_owned(), expires: None, authentication: false, ec2_lookups: true, roles: BTreeMap::new() }
    }
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RoleSeed {
    /// Its policies, as IAM has them. Left out, it may do everything; an empty list allows nothing.
    #[serde(deserialize_with = "identity_policies")]
    #[cfg_attr(test, schemars(with = "Option<Vec<serde_json::Value>>"))]
    pub policies: Option<Vec<Policy>>,
    /// Its trust policy. Left out, every token from the run of GitHub Actions may have it.
    #[serde(deserialize_with = "trust_policy")]
    #[cfg_attr(test, schemars(with = "Option<serde_json::Value>"))]
    pub trust: Option<Policy>,
    /// The longest session, in seconds.
    #[cfg_attr(test, schemars(range(min = 3600, max = 43200)))]
    pub max_session: u64,
}

impl Default for RoleSeed {
    fn default() -> Self {
        Self { policies: None, trust: None, max_session: 3600 }
    }
}

fn identity_policies<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Policy>>, D::Error> {
    let policies = Option::<Vec<Policy>>::deserialize(from)?;
    if policies.iter().flatten().any(Policy::is_trust) {
        return Err(D::Error::custom(
            "a policy of a role says what it may do (`Resource`); who may have it (`Principal`) is its `trust`",
        ));
    }
    Ok(policies)
}

fn trust_policy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Policy>, D::Error> {
    let trust = Option::<Policy>::deserialize(from)?;
    if trust.as_ref().is_some_and(|trust| !trust.is_trust()) {
        return Err(D::Error::custom("a trust policy says who may have the role: it needs `Principal`"));
    }
    Ok(trust)
}

/// The tokens that the run of GitHub Actions can get for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OidcSeed {
    /// Whether the job has `permissions: id-token: write`.
    pub enabled: bool,
    /// How long a token lasts, in seconds.
    #[cfg_attr(test, schemars(range(min = 1, max = 3600)))]
    pub lifetime: u64,
    /// Whether `sub` names owner and repository with their ids (`repo:octo@ID/myservice@ID:…`), as it does for repositories made,
    /// renamed or transferred after 2026-07-15.
    pub immutable_ids: bool,
    /// The job's environment, which then stands in `sub`.
    #[cfg_attr(test, schemars(example = &"production"))]
    pub environment: Option<String>,
}

impl Default for OidcSeed {
    fn default() -> Self {
        Self { enabled: true, lifetime: 300, immutable_ids: false, environment: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RoleSeed;

    #[test]
    fn a_policy_that_is_none_or_the_other_kind_is_told() {
        let identity = json!({"Statement": {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}});
        let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": "*"}});
        assert!(serde_json::from_value::<RoleSeed>(json!({"policies": [identity], "trust": trust})).is_ok());
        let table = [
            (json!({"policies": [trust]}), "who may have it (`Principal`) is its `trust`"),
            (json!({"trust": identity}), "it needs `Principal`"),
            (json!({"policies": [{"Statement": [{"Effect": "Allow"}]}]}), "statement 1: needs `Action` or `NotAction`"),
        ];
        for (seed, expected) in table {
            let error = serde_json::from_value::<RoleSeed>(seed).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
