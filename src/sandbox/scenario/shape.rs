//! The shape of a scenario: every key that a scenario file may have, what it means and what it is when it is left out.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Behaviour, Load, TargetSeed};
use crate::clock::Timestamp;

/// How everything behaves of which nothing is said.
pub(crate) static WELL: LazyLock<Behaviour> = LazyLock::new(Behaviour::default);

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
    /// What the services refuse, and when.
    pub faults: Vec<Fault>,
    /// What people do to the resources meanwhile.
    pub people: Vec<Person>,
    /// How GitHub is.
    pub github: GithubMode,
}

/// How GitHub is for the whole of a scenario; single failures are `faults`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GithubMode {
    /// It works, and the token may write.
    #[default]
    Ok,
    /// The token may read only, as on a pull request from a fork: every write is 403.
    ReadOnly,
    /// Every request is 503.
    Outage,
}

impl Scenario {
    /// How tasks of this image behave: what is listed for it, else for `*`, else well.
    #[must_use]
    pub fn behaviour(&self, image: &str) -> &Behaviour {
        self.images.get(image).or_else(|| self.images.get("*")).unwrap_or(&WELL)
    }
}

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

/// A target group. ECS registers its tasks itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSeed {
    /// Its name.
    pub name: String,
    /// Its id (`tg-…`); one is made up when it is empty.
    pub id: String,
    /// `IP`, `INSTANCE`, `LAMBDA` or `ALB`; `IP` when it is empty.
    pub r#type: String,
    /// Its `config`, as in `CreateTargetGroup`.
    pub config: Value,
    /// Targets that are no tasks.
    pub targets: Vec<TargetSeed>,
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

/// A listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerSeed {
    /// Its name.
    pub name: String,
    /// Its id (`listener-…`); one is made up when it is empty.
    pub id: String,
    /// `HTTP`, `HTTPS` or `TLS_PASSTHROUGH`; `HTTP` when it is empty.
    pub protocol: String,
    /// The port it listens on; 80 when it is 0.
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

/// How long things take, in seconds, and what AWS's documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// From a write of an action to the data plane following it.
    pub propagation: u64,
    /// How long a deregistered target is DRAINING.
    pub drain: u64,
    /// From the registration of a target to its first health check.
    pub registration: u64,
    /// From the creation of a Lattice resource to ACTIVE, and from its deletion to being gone.
    pub activation: u64,
    /// From the order to stop a task to STOPPED.
    pub stop: u64,
    /// How often ECS looks at what is running and does the next thing.
    pub scheduler: u64,
    /// Whether a forward action in which every weight is 0 is accepted.
    pub all_zero_weights: bool,
    /// What a request gets whose forward action has only weights of 0. UNKNOWN for the real service.
    pub all_zero_status: u16,
    /// What a request gets whose target group has no targets. UNKNOWN for the real service; users report 503.
    pub empty_group_status: u16,
    /// Whether a path or header match without `caseSensitive` tells upper from lower case. The API reference says that it does, the
    /// user guide that it does not.
    pub case_sensitive: bool,
    /// How many requests a connection from VPC Lattice to a target carries before another one is opened; at least 1. UNKNOWN for
    /// the real service.
    pub requests_per_connection: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            propagation: 30,
            drain: 60,
            registration: 5,
            activation: 2,
            stop: 5,
            scheduler: 1,
            all_zero_weights: true,
            all_zero_status: 503,
            empty_group_status: 503,
            case_sensitive: true,
            requests_per_connection: 100,
        }
    }
}

/// Something that a service does wrong. Without `nth`, `every` and `from` it happens each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// Which requests count: `UpdateRule`, `vpc-lattice:UpdateRule`, `vpc-lattice:*`, `vpc-lattice:write`, `ecs:*`, `github:*`; all of
    /// them share one counter.
    pub operations: Vec<String>,
    /// Only the nth of them, from 1.
    pub nth: Option<u64>,
    /// Every so-many-th of them.
    pub every: Option<u64>,
    /// The nth of them and all later ones.
    pub from: Option<u64>,
    /// Not before each traffic target that lists an added group gives it at least this share, in percent.
    pub share_at_least: Option<f64>,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Refused as throttled.
    #[default]
    Throttle,
    /// Refused as a conflict.
    Conflict,
    /// Refused as an internal error.
    Error500,
    /// Refused as not allowed.
    Denied,
    /// A batch does all but its last entry.
    Partial,
    /// Not done and never answered.
    Hang,
    /// Done, and the connection is closed in place of an answer.
    DropAfterWrite,
    /// Never answered, and done so many seconds later.
    LateWrite(u64),
}

/// Somebody who edits the resources while a release runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// Seconds after the start, or after the share is reached where there is one.
    pub at: u64,
    /// Not before each traffic target that lists an added group gives it at least this share, in percent.
    pub share_at_least: Option<f64>,
    /// The Lattice service's name; the first one when it is empty.
    pub service: String,
    /// The listener's name; the first one when it is empty.
    pub listener: String,
    /// The rule's name; empty is the listener's default action.
    pub rule: String,
    /// What they do to it.
    pub r#do: Edit,
}

/// What a person does to a traffic target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Nothing.
    #[default]
    Nothing,
    /// Replaces the action.
    SetAction(ActionSeed),
    /// Deletes the rule.
    DeleteRule,
    /// Removes all the tags.
    RemoveTags,
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
