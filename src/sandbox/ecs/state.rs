//! What ECS keeps.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::progressive::Progress;
use crate::clock::Timestamp;

/// A JSON object as it is kept and printed.
pub(crate) type Object = Map<String, Value>;

/// Everything that ECS keeps.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) clusters: Vec<Cluster>,
    /// Families with their revisions, revision 1 first.
    pub(crate) families: BTreeMap<String, Vec<TaskDefinition>>,
    /// ACTIVE, DRAINING and INACTIVE ones, in the order of their creation.
    pub(crate) services: Vec<EcsService>,
    /// In the order of their creation, stopped ones too for an hour.
    pub(crate) tasks: Vec<Task>,
    /// In the order of their creation, of all services.
    pub(crate) service_deployments: Vec<ServiceDeployment>,
    /// In the order of their creation, of all services.
    pub(crate) revisions: Vec<Revision>,
    /// `RunTask` by `clientToken`: the request, and the ids of its tasks.
    pub(crate) run_tokens: BTreeMap<String, (Value, Vec<String>)>,
    /// Tags by the ARN of what carries them, in the order in which they were given.
    pub(crate) tags: BTreeMap<String, Vec<(String, String)>>,
    /// When the scheduler looks again.
    pub(crate) wake: Option<Timestamp>,
    /// How many network interfaces were ever made.
    pub(crate) interfaces: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// Whether it is ACTIVE; a deleted one is INACTIVE and can still be described.
    pub(crate) active: bool,
    /// The members of `CreateCluster` that are printed as they were given.
    pub(crate) given: Object,
}

/// A service revision: what a deployment deploys, written down for good.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) service_arn: String,
    pub(crate) cluster: String,
    /// The members as they were given; `taskDefinition` is an ARN.
    pub(crate) spec: Arc<Object>,
    /// What its tasks are registered in.
    pub(crate) groups: Vec<Port>,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct TaskDefinition {
    pub(crate) arn: String,
    /// Whether it is ACTIVE, not INACTIVE or DELETE_IN_PROGRESS.
    pub(crate) active: bool,
    /// As `DescribeTaskDefinition` prints it.
    pub(crate) printed: Arc<Object>,
    /// What that says of containers: it is asked for at every health check.
    pub(crate) containers: Arc<[Container]>,
}

/// A container of a task definition.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) image: String,
    pub(crate) essential: bool,
    pub(crate) ports: Vec<u64>,
}

impl TaskDefinition {
    pub(crate) fn new(arn: String, active: bool, printed: Object) -> Self {
        let containers = printed.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
        let container = |container: &Value| {
            let mappings = container.get("portMappings").and_then(Value::as_array).into_iter().flatten();
            Container {
                image: container.get("image").and_then(Value::as_str).unwrap_or_default().to_owned(),
                essential: container.get("essential") != Some(&Value::Bool(false)),
                ports: mappings.filter_map(|mapping| mapping.get("containerPort")?.as_u64()).collect(),
            }
        };
        Self { arn, active, containers: containers.map(container).collect(), printed: Arc::new(printed) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

#[derive(Clone, Debug)]
pub(crate) struct EcsService {
    pub(crate) name: String,
    pub(crate) cluster: String,
    pub(crate) arn: String,
    pub(crate) status: ServiceStatus,
    pub(crate) desired: usize,
    pub(crate) created_at: Timestamp,
    /// Members that no deployment carries: `deploymentConfiguration`, `loadBalancers`, the flags; defaults are filled in.
    pub(crate) settings: Arc<Object>,
    /// Newest first; the first one is PRIMARY.
    pub(crate) deployments: Vec<Deployment>,
    /// The last deployment that was completed: what the circuit breaker goes back to.
    pub(crate) last_completed: Option<Deployment>,
    /// Newest first, at most 100.
    pub(crate) events: VecDeque<Event>,
    /// Whether the steady state was announced since something last changed.
    pub(crate) steady: bool,
    /// The request that made it, where it had a `clientToken`.
    pub(crate) token: Option<(String, Value)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// `ecs-svc/` and 19 digits.
    pub(crate) id: String,
    /// The ARN of the service revision that it deploys.
    pub(crate) revision: String,
    /// The members that a deployment carries as they were given; `taskDefinition` is an ARN.
    pub(crate) spec: Arc<Object>,
    /// What its tasks are registered in, from `spec`'s `vpcLatticeConfigurations`.
    pub(crate) groups: Vec<Port>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) rollout: Rollout,
    pub(crate) reason: String,
    /// Consecutive failures.
    pub(crate) failed: usize,
    /// Not before this is another task started: after failures the scheduler takes its time.
    pub(crate) not_before: Timestamp,
}

/// A container port under a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) group: String,
    pub(crate) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskStatus {
    Provisioning,
    Pending,
    Running,
    /// Deregistered and finishing its requests.
    Deactivating,
    Stopping,
    Stopped,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) cluster: String,
    /// The service that it belongs to; empty for one that `RunTask` started.
    pub(crate) service: String,
    /// The deployment that started it, or the `startedBy` of `RunTask`; may be empty.
    pub(crate) deployment: String,
    /// `service:NAME`, `family:NAME` or what `RunTask` was told.
    pub(crate) group: String,
    /// `launchType`, `capacityProviderName`, `platformVersion`, `overrides` and the like, as `DescribeTasks` prints them.
    pub(crate) printed: Arc<Object>,
    pub(crate) task_definition: String,
    /// Those of its task definition: they are asked for at every health check.
    pub(crate) containers: Arc<[Container]>,
    pub(crate) status: TaskStatus,
    pub(crate) created_at: Timestamp,
    /// When its status changes by itself.
    pub(crate) due: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    /// When it stops by itself, with the exit code and the reason.
    pub(crate) exits: Option<(Timestamp, i32, Option<String>)>,
    pub(crate) stop: Option<Stop>,
    pub(crate) stopped_at: Option<Timestamp>,
    pub(crate) interface: Option<Interface>,
    pub(crate) groups: Vec<Port>,
    /// Whether it was once RUNNING and HEALTHY in all its groups: from then on it is no failure of its deployment.
    pub(crate) deployed: bool,
    pub(crate) healthy: bool,
    pub(crate) unhealthy_since: Option<Timestamp>,
}

/// Why a task was told to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) at: Timestamp,
    /// A `TaskStopCode`.
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    /// The essential container's exit code and reason; none when no container ever ran.
    pub(crate) exit: Option<(i32, Option<String>)>,
}

/// An elastic network interface of a task.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) attachment: String,
    pub(crate) subnet: String,
    pub(crate) ip: String,
    pub(crate) mac: String,
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) service_arn: String,
    pub(crate) cluster: String,
    /// The id of the deployment that it shows now: another one after a rollback.
    pub(crate) deployment: String,
    /// The revisions that ran when it began.
    pub(crate) sources: Vec<String>,
    pub(crate) target: String,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
    /// A `ServiceDeploymentStatus`.
    pub(crate) status: &'static str,
    pub(crate) status_reason: Option<String>,
    pub(crate) failures: usize,
    pub(crate) breaker_tripped: bool,
    pub(crate) rollback: Option<Rollback>,
    /// `deploymentConfiguration` as it was at the start.
    pub(crate) configuration: Value,
    pub(crate) alarms: AlarmWatch,
    /// When a rolling deployment that watches alarms may complete.
    pub(crate) baked_at: Option<Timestamp>,
    /// Where a blue/green, linear or canary deployment stands.
    pub(crate) progress: Option<Progress>,
    pub(crate) hooks: Vec<HookRun>,
}

/// What a service deployment goes back to.
#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
    /// The ARN of the service revision.
    pub(crate) revision: String,
}

/// What a service deployment knows of its CloudWatch alarms.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlarmWatch {
    pub(crate) names: Vec<String>,
    /// One was in ALARM at the start: none counts during this deployment.
    pub(crate) ignored: bool,
    pub(crate) rollback: bool,
    pub(crate) triggered: Vec<String>,
}

/// A lifecycle hook that runs or ran.
#[derive(Clone, Debug)]
pub(crate) struct HookRun {
    pub(crate) id: String,
    /// A `DeploymentLifecycleHookStatus`.
    pub(crate) status: &'static str,
    pub(crate) expires_at: Timestamp,
    /// What happens when it expires: CONTINUE or ROLLBACK.
    pub(crate) timeout_action: String,
}

impl Task {
    /// Whether it is meant to run: neither stopped nor told to stop.
    pub(crate) fn wanted(&self) -> bool {
        self.stop.is_none() && self.status != TaskStatus::Stopped
    }

    /// Whether its application listens: it runs, or finishes its last requests.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.status, TaskStatus::Running | TaskStatus::Deactivating)
    }
}

impl EcsService {
    /// Whether an ARN is its own, in the long form or in the short one without the cluster.
    fn means(&self, reference: &str) -> bool {
        if !reference.starts_with("arn:") {
            return false;
        }
        let Some((account, _)) = self.arn.split_once(":service/") else { return false };
        reference == self.arn
            || reference.strip_prefix(account).and_then(|rest| rest.strip_prefix(":service/")) == Some(&self.name)
    }

    /// The newest deployment.
    pub(crate) fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// Whether a task is one of this service's.
    pub(crate) fn owns(&self, task: &Task) -> bool {
        task.service == self.name && task.cluster == self.cluster
    }

    /// A percentage of its deployment configuration.
    pub(crate) fn percent(&self, member: &str, default: u64) -> u64 {
        let given = self.settings.get("deploymentConfiguration").and_then(|configuration| configuration.get(member));
        given.and_then(Value::as_u64).unwrap_or(default)
    }

    /// How long after its start a task's health is not held against it.
    pub(crate) fn grace(&self) -> std::time::Duration {
        let seconds = self.settings.get("healthCheckGracePeriodSeconds").and_then(Value::as_u64);
        std::time::Duration::from_secs(seconds.unwrap_or(0))
    }
}

impl State {
    /// A task definition by `family`, `family:revision` or ARN; a bare family means its latest ACTIVE revision.
    pub(crate) fn task_definition(&self, reference: &str) -> Option<&TaskDefinition> {
        let arn = reference.rsplit_once('/').filter(|(account, _)| account.ends_with(":task-definition"));
        let name = arn.map_or(reference, |(_, name)| name);
        let (family, revision) = name.split_once(':').map_or((name, None), |(family, revision)| (family, Some(revision)));
        let revisions = self.families.get(family)?;
        match revision {
            None => revisions.iter().rev().find(|definition| definition.active),
            Some(revision) => revisions.get(revision.parse::<usize>().ok()?.checked_sub(1)?),
        }
    }

    /// The place of a service in `services` by name or ARN, the newest of that name.
    pub(crate) fn service(&self, cluster: &str, reference: &str) -> Option<usize> {
        self.services
            .iter()
            .rposition(|service| service.cluster == cluster && (service.name == reference || service.means(reference)))
    }

    /// The service deployment of a service that is under way.
    pub(crate) fn under_way(&self, service_arn: &str) -> Option<&ServiceDeployment> {
        self.service_deployments.iter().rev().find(|known| known.service_arn == service_arn && known.finished_at.is_none())
    }

    /// The service deployment of a service that is under way.
    pub(crate) fn under_way_mut(&mut self, service_arn: &str) -> Option<&mut ServiceDeployment> {
        self.service_deployments.iter_mut().rev().find(|known| known.service_arn == service_arn && known.finished_at.is_none())
    }

    /// Has the scheduler look at `at` at the latest.
    pub(crate) fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}
