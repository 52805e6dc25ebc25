//! What VPC Lattice keeps.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::clock::Timestamp;

pub(crate) type Tags = BTreeMap<String, String>;

/// Everything that VPC Lattice keeps.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(super) services: Vec<Service>,
    pub(super) groups: Vec<Group>,
    pub(super) networks: Vec<Network>,
    pub(super) associations: Vec<Association>,
    pub(super) vpcs: Vec<VpcAssociation>,
    pub(super) subscriptions: Vec<Subscription>,
    /// Operation and `clientToken` of what was created, with the request and its answer.
    pub(super) tokens: BTreeMap<(String, String), (Value, Value)>,
    /// Every split that was ever written, in the order of time.
    pub(super) history: Vec<Written>,
    /// Until then health checks are done.
    pub(super) checked: Timestamp,
    /// The world's stirs when the newest of them were done, and when answers change after that by age alone.
    pub(super) foreseen: (u64, Option<Timestamp>),
}

/// A split as it was written to a traffic target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Written {
    pub(crate) at: Timestamp,
    /// The traffic target: `service/listener` for a default action, `service/listener/rule` for a rule; names, not ids.
    pub(crate) traffic_target: String,
    /// The names of the target groups with their weights; empty for a fixed response.
    pub(crate) weights: Vec<(String, u32)>,
}

/// Where a resource that is not there at once stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Creating(Timestamp),
    Active,
    Updating(Timestamp),
    Deleting(Timestamp),
}

impl Life {
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Creating(_) => "CREATE_IN_PROGRESS",
            Self::Active => "ACTIVE",
            Self::Updating(_) => "UPDATE_IN_PROGRESS",
            Self::Deleting(_) => "DELETE_IN_PROGRESS",
        }
    }

    pub(super) fn due(self) -> Option<Timestamp> {
        match self {
            Self::Creating(at) | Self::Updating(at) | Self::Deleting(at) => Some(at),
            Self::Active => None,
        }
    }
}

/// What every resource has.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) tags: Tags,
}

impl Card {
    /// Whether this id or ARN is this resource's.
    pub(super) fn is(&self, id_or_arn: &str) -> bool {
        self.id == id_or_arn || self.arn == id_or_arn
    }
}

#[derive(Clone)]
pub(super) struct Service {
    pub(super) card: Card,
    pub(super) life: Life,
    /// The domain name that Lattice gives it.
    pub(super) domain: String,
    /// `customDomainName`, `certificateArn`, `authType`, `idleTimeoutSeconds`, as given or by default.
    pub(super) settings: Value,
    pub(super) policies: Policies,
    pub(super) listeners: Vec<Listener>,
}

#[derive(Clone)]
pub(super) struct Listener {
    pub(super) card: Card,
    pub(super) protocol: String,
    pub(super) port: u64,
    /// The default rule is always the first.
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone)]
pub(super) struct Rule {
    pub(super) card: Card,
    /// None for the default rule.
    pub(super) priority: Option<u64>,
    /// The `match`; null for the default rule.
    pub(super) matching: Arc<Value>,
    /// What was written last; the API gives this back at once.
    pub(super) action: Action,
    /// What the data plane does; None while it has not heard of the rule.
    pub(super) seen: Option<Action>,
    /// What the data plane is going to do, and when.
    pub(super) ahead: VecDeque<(Timestamp, Action)>,
    /// The ids of the groups that it named at the start of the world.
    pub(super) initial: Vec<String>,
}

impl Rule {
    pub(super) fn is_default(&self) -> bool {
        self.priority.is_none()
    }
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ids of target groups with their weights, in the order given.
    Forward(Vec<(String, u32)>),
    /// A status, 404 or 500.
    Fixed(u16),
}

impl Action {
    pub(super) fn groups(&self) -> &[(String, u32)] {
        match self {
            Self::Forward(groups) => groups,
            Self::Fixed(_) => &[],
        }
    }

    pub(super) fn names(&self, group_id: &str) -> bool {
        self.groups().iter().any(|(id, _)| id == group_id)
    }

    /// The percentage of requests that the group gets.
    pub(super) fn share(&self, group_id: &str) -> f64 {
        let total: u32 = self.groups().iter().map(|(_, weight)| weight).sum();
        let own: u32 = self.groups().iter().filter(|(id, _)| id == group_id).map(|(_, weight)| weight).sum();
        if total == 0 { 0.0 } else { f64::from(own) * 100.0 / f64::from(total) }
    }
}

#[derive(Clone)]
pub(super) struct Group {
    pub(super) card: Card,
    pub(super) life: Life,
    /// IP, INSTANCE, ALB or LAMBDA.
    pub(super) kind: String,
    /// With all the defaults filled in.
    pub(super) config: Arc<Value>,
    /// What the configuration says of health checks: it is asked for whenever anything happens.
    pub(super) checks: Checks,
    pub(super) targets: Vec<Target>,
}

/// How often targets are checked, and what is made of it.
#[derive(Clone)]
pub(super) struct Checks {
    /// Whether targets are checked at all.
    pub(super) enabled: bool,
    /// The port that is checked; none where it is the target's own.
    pub(super) port: Option<u64>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// How many in a row make a target healthy, and unhealthy.
    pub(super) thresholds: (u64, u64),
    /// The first and the last of each range of statuses that are well.
    pub(super) codes: Vec<(u16, u16)>,
}

impl Checks {
    pub(super) fn of(config: &Value) -> Self {
        let number = |member: &str| config["healthCheck"][member].as_u64().unwrap_or(0);
        Self {
            enabled: config["healthCheck"]["enabled"].as_bool().unwrap_or(false),
            port: config["healthCheck"]["port"].as_u64(),
            interval: Duration::from_secs(number("healthCheckIntervalSeconds").max(1)),
            timeout: Duration::from_secs(number("healthCheckTimeoutSeconds")),
            thresholds: (number("healthyThresholdCount"), number("unhealthyThresholdCount")),
            codes: config["healthCheck"]["matcher"]["httpCode"].as_str().unwrap_or("200").split(',').filter_map(range).collect(),
        }
    }
}

/// `200` or `200-299`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// A target's status, as `ListTargets` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// Its first check is pending.
    Initial,
    /// It passes.
    Healthy,
    /// It fails.
    Unhealthy,
    /// Its group is in no action.
    Unused,
    /// It is being deregistered.
    Draining,
    /// Nothing checks it.
    Unavailable,
}

impl Health {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Initial => "INITIAL",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unused => "UNUSED",
            Self::Draining => "DRAINING",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Unhealthy => Some("HealthCheckFailed"),
            Self::Unused => Some("TargetGroupNotInUse"),
            Self::Unavailable => Some("HealthCheckNotSupported"),
            Self::Initial | Self::Healthy | Self::Draining => None,
        }
    }
}

#[derive(Clone)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) port: u64,
    pub(super) health: Health,
    /// Checks in a row that said the opposite of `health`.
    pub(super) contrary: u64,
    /// When it is checked next, or, while it drains, when it is gone. Checks that need not be done do not move this on.
    pub(super) due: Option<Timestamp>,
    /// The world's stirs when a check found nothing new: as long as nothing stirs, neither would another.
    pub(super) rests: Option<u64>,
}

#[derive(Clone)]
pub(super) struct Network {
    pub(super) card: Card,
    /// `authType`, and `sharingConfig` where it was given.
    pub(super) settings: Value,
    pub(super) policies: Policies,
}

/// What a service or a service network has beside its settings.
#[derive(Clone, Default)]
pub(super) struct Policies {
    pub(super) auth: Option<AuthPolicy>,
    /// The text of the resource policy.
    pub(super) resource: Option<String>,
}

/// An auth policy as it was put.
#[derive(Clone)]
pub(super) struct AuthPolicy {
    pub(super) text: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

/// A service in a service network; the ids of both.
#[derive(Clone)]
pub(super) struct Association {
    pub(super) card: Card,
    pub(super) life: Life,
    pub(super) service: String,
    pub(super) network: String,
}

/// A VPC in a service network.
#[derive(Clone)]
pub(super) struct VpcAssociation {
    pub(super) card: Card,
    pub(super) life: Life,
    pub(super) vpc: String,
    /// The network's id.
    pub(super) network: String,
    /// `securityGroupIds`, `privateDnsEnabled`, `dnsOptions`, as given.
    pub(super) settings: Value,
}

/// Where the access logs of a service or a service network go.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) card: Card,
    /// The id of the service or the network.
    pub(super) resource: String,
    pub(super) resource_arn: String,
    pub(super) destination: String,
    /// SERVICE or RESOURCE for a network, null for a service.
    pub(super) log_type: Value,
}

pub(super) const SERVICE: &str = "SERVICE";
pub(super) const NETWORK: &str = "SERVICE_NETWORK";
pub(super) const GROUP: &str = "TARGET_GROUP";
pub(super) const LISTENER: &str = "LISTENER";
pub(super) const RULE: &str = "RULE";
pub(super) const ASSOCIATION: &str = "SERVICE_NETWORK_SERVICE_ASSOCIATION";
pub(super) const VPC_ASSOCIATION: &str = "SERVICE_NETWORK_VPC_ASSOCIATION";
pub(super) const SUBSCRIPTION: &str = "ACCESS_LOG_SUBSCRIPTION";
