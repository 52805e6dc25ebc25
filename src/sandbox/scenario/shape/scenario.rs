//! The root of a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Behaviour, EcsServiceSeed, Fault, GithubMode, Knobs, LatticeSeed, Person, ScalingSeed};
use crate::clock::Timestamp;

/// A world to start from. A file says how it differs from the built-in `promoted`: maps are merged, lists are replaced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: String,
    /// One sentence: what can be rehearsed in it.
    pub description: String,
    /// The AWS region, also in every ARN.
    pub region: String,
    /// The AWS account, twelve digits.
    pub account: String,
    /// What time it is at the start; RFC 3339 in a file.
    #[serde(with = "rfc3339")]
    pub start: Timestamp,
    /// The VPC Lattice resources.
    pub lattice: LatticeSeed,
    /// The ECS cluster's name.
    pub cluster: String,
    /// The ECS services, already steady.
    pub ecs_services: Vec<EcsServiceSeed>,
    /// Application Auto Scaling at the start, and what its policies do meanwhile.
    pub scaling: ScalingSeed,
    /// How the tasks of an image behave; `*` is every image that is not listed.
    pub images: BTreeMap<String, Behaviour>,
    /// How long things take.
    pub knobs: Knobs,
    /// What the services refuse, and when.
    pub faults: Vec<Fault>,
    /// What people do to the resources meanwhile.
    pub people: Vec<Person>,
    /// How GitHub is.
    pub github: GithubMode,
}

impl Scenario {
    /// How tasks of this image behave: what is listed for it, else for `*`, else well.
    #[must_use]
    pub fn behaviour(&self, image: &str) -> Behaviour {
        self.images.get(image).or_else(|| self.images.get("*")).cloned().unwrap_or_default()
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
