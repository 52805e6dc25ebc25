//! The root of a scenario.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AlarmSeed, Behaviour, EcsServiceSeed, Fault, GithubMode, HostedZoneSeed, IamSeed, Knobs, LatticeSeed, Load, MetricSeed,
    OidcSeed, Person, Quotas, ScalingSeed, SecurityGroupSeed, WELL,
};
use crate::clock::Timestamp;

/// A world to start from. A file says how it differs from the built-in `promoted`: maps are merged, lists are replaced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// What it is called on the command line.
    #[cfg_attr(test, schemars(example = &"candidate-fails-at-a-quarter"))]
    pub name: String,
    /// One sentence: what can be rehearsed in it.
    pub description: String,
    /// Changes every id that the world makes up; everything else stays the same.
    pub seed: u64,
    /// The AWS region, also in every ARN.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]+$"), example = &"eu-central-1"))]
    pub region: String,
    /// The AWS account, twelve digits.
    #[cfg_attr(test, schemars(regex(pattern = r"^[0-9]{12}$"), example = &"123456789012"))]
    pub account: String,
    /// What time it is at the start; RFC 3339 in a file.
    #[serde(with = "rfc3339")]
    #[cfg_attr(test, schemars(
        with = "String",
        regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"),
        example = &"2026-11-22T00:00:00Z"
    ))]
    pub start: Timestamp,
    /// The VPC Lattice resources.
    pub lattice: LatticeSeed,
    /// The hosted zones of Route 53.
    pub hosted_zones: Vec<HostedZoneSeed>,
    /// The ECS cluster's name.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-zA-Z0-9_-]{0,255}$"), example = &"my-cluster"))]
    pub cluster: String,
    /// The ECS services, already steady.
    pub ecs_services: Vec<EcsServiceSeed>,
    /// The security groups. Where none is listed, every one that somebody names is there and lets everything in.
    pub security_groups: Vec<SecurityGroupSeed>,
    /// Application Auto Scaling at the start, and what its policies do meanwhile.
    pub scaling: ScalingSeed,
    /// How the tasks of an image behave; `*` is every image that is not listed.
    pub images: BTreeMap<String, Behaviour>,
    /// How targets that are not tasks behave: by `id:port`, by id (an instance, an address, the ARN of a function or a load
    /// balancer), or by the target group's name or id, in this order. What is not listed answers well. Addresses of 10.0.0.0/16 are
    /// the tasks' own: nobody is there unless a task is, or it is listed here.
    pub backends: BTreeMap<String, Behaviour>,
    /// Requests that are made all the time.
    pub load: Vec<Load>,
    /// How long things take.
    pub knobs: Knobs,
    /// How much of VPC Lattice the account may have.
    pub quotas: Quotas,
    /// Metrics besides those of the traffic.
    pub metrics: Vec<MetricSeed>,
    /// The alarms.
    pub alarms: Vec<AlarmSeed>,
    /// What the services refuse, and when.
    pub faults: Vec<Fault>,
    /// What people do to the resources meanwhile.
    pub people: Vec<Person>,
    /// How GitHub is.
    pub github: GithubMode,
    /// Who may do what.
    pub iam: IamSeed,
    /// The identity of the run of GitHub Actions.
    pub oidc: OidcSeed,
}

impl Scenario {
    /// How tasks of this image behave: what is listed for it, else for `*`, else well.
    #[must_use]
    pub fn behaviour(&self, image: &str) -> &Behaviour {
        self.images.get(image).or_else(|| self.images.get("*")).unwrap_or(&WELL)
    }
}

/// [`Timestamp`] as RFC 3339 text.
mod rfc3339 {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        let time = humantime::parse_rfc3339(&text).map_err(D::Error::custom)?;
        let since = time.duration_since(std::time::UNIX_EPOCH).map_err(D::Error::custom)?;
        Ok(Timestamp::default() + since)
    }
}
