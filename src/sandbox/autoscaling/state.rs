//! What Application Auto Scaling keeps.

use std::sync::Arc;

use serde_json::Value;

use crate::clock::Timestamp;

/// Everything that it keeps.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// In the order of their registration.
    pub(super) targets: Vec<Target>,
    /// In the order of their creation.
    pub(super) policies: Vec<Policy>,
    /// In the order of their creation.
    pub(super) scheduled: Vec<Scheduled>,
    /// Oldest first.
    pub(super) activities: Vec<Activity>,
    /// When policies look again; none while no demand is known.
    pub(super) look: Option<Timestamp>,
    /// The entries of the scenario's demand, each with the moment from which it holds, once that is known.
    pub(super) demand: Vec<Option<Timestamp>>,
}

/// A scalable target: the desired count of an ECS service.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// `service/CLUSTER/SERVICE`.
    pub(super) resource: String,
    pub(super) arn: String,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) role: String,
    pub(super) suspended: Suspended,
    pub(super) created: Timestamp,
}

/// What is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Suspended {
    pub(super) scale_in: bool,
    pub(super) scale_out: bool,
    pub(super) scheduled: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) resource: String,
    /// `StepScaling` or `TargetTrackingScaling`.
    pub(super) kind: String,
    pub(super) configuration: Arc<Value>,
    /// Names of the CloudWatch alarms that were made for it.
    pub(super) alarms: Vec<String>,
    pub(super) created: Timestamp,
}

/// A scheduled action, as it was put.
#[derive(Clone, Debug)]
pub(super) struct Scheduled {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) resource: String,
    /// `Schedule`, `Timezone`, `StartTime`, `EndTime`, `ScalableTargetAction`, those that were given.
    pub(super) members: serde_json::Map<String, Value>,
    pub(super) created: Timestamp,
}

/// One change of a desired count.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) resource: String,
    pub(super) to: usize,
    pub(super) cause: String,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// A `ScalingActivityStatusCode`.
    pub(super) status: &'static str,
}

impl State {
    pub(super) fn target(&self, resource: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.resource == resource)
    }
}

/// Cluster and service of `service/CLUSTER/SERVICE`.
pub(super) fn parts(resource: &str) -> Option<(&str, &str)> {
    let (cluster, service) = resource.strip_prefix("service/")?.split_once('/')?;
    (!cluster.is_empty() && !service.is_empty() && !service.contains('/')).then_some((cluster, service))
}
