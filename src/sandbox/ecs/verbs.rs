//! ECS without requests: services and tasks as they are, and launching, for whoever is in the same process.

use serde_json::{Map, Value, json};

use super::{
    clusters::text,
    describe, describe_tasks, services,
    state::{Rollout, ServiceStatus},
    task_definitions,
};
use crate::{
    clock::Timestamp,
    sandbox::{
        inventory::{Inventory, Noted, Part},
        world::World,
    },
};

/// A service that is ACTIVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSeen<'a> {
    /// Tasks wanted.
    pub desired: usize,
    /// What no deployment carries: `deploymentConfiguration`, `loadBalancers` and the like, as ECS keeps them.
    pub settings: &'a Map<String, Value>,
    /// The newest first.
    pub deployments: Vec<DeploymentSeen<'a>>,
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentSeen<'a> {
    /// The ARN of the task definition that it runs.
    pub task_definition: &'a str,
    /// What it deploys, as ECS keeps it.
    pub members: &'a Map<String, Value>,
    /// When it began.
    pub began: Timestamp,
    /// Its tasks that run.
    pub running: usize,
    /// Its tasks that are to run and do not yet.
    pub pending: usize,
    /// How many of its tasks failed in a row.
    pub failed_tasks: usize,
    /// A `DeploymentRolloutState`: `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub state: &'static str,
    /// Why, in ECS's words.
    pub reason: &'a str,
}

/// A task, as long as ECS remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskSeen<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The ARN of the task definition that it runs.
    pub task_definition: &'a str,
    /// Its private address, once it has one.
    pub address: Option<&'a str>,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `STOPPED`.
    pub status: &'static str,
    /// ECS wants it to run.
    pub is_wanted: bool,
    /// Why it was told to stop.
    pub stopped_reason: Option<&'a str>,
    /// ECS's code for that.
    pub stop_code: Option<&'static str>,
    /// When it began to run.
    pub started_at: Option<Timestamp>,
    /// When it was told to stop.
    pub stopping_at: Option<Timestamp>,
    /// The exit code of its essential container, once it is over.
    pub exit_code: Option<i32>,
    /// The reason of that container, once it is over.
    pub exit_reason: Option<&'a str>,
}

/// The ACTIVE service of this name.
pub(crate) fn service<'a>(world: &'a World, cluster: &str, name: &str) -> Option<ServiceSeen<'a>> {
    let found = world.ecs.services.get(world.ecs.service(cluster, name)?)?;
    let deployments = found.deployments.iter().map(|deployment| {
        let (running, pending) = describe::counts(world, found, &deployment.id);
        DeploymentSeen {
            task_definition: deployment.spec.get("taskDefinition").and_then(Value::as_str).unwrap_or_default(),
            members: &deployment.spec,
            began: deployment.created_at,
            running,
            pending,
            failed_tasks: deployment.failed,
            state: match deployment.rollout {
                Rollout::InProgress => "IN_PROGRESS",
                Rollout::Completed => "COMPLETED",
                Rollout::Failed => "FAILED",
            },
            reason: &deployment.reason,
        }
    });
    (found.status == ServiceStatus::Active).then(|| ServiceSeen {
        desired: found.desired,
        settings: &found.settings,
        deployments: deployments.collect(),
    })
}

/// What a service said to people and when, the newest first.
pub(crate) fn said<'a>(world: &'a World, cluster: &str, name: &str) -> impl Iterator<Item = (Timestamp, &'a str)> {
    let found = world.ecs.service(cluster, name).and_then(|place| world.ecs.services.get(place));
    found.into_iter().flat_map(|service| &service.events).map(|event| (event.at, event.message.as_str()))
}

/// The tasks of a service, in the order of their creation, stopped ones too.
pub(crate) fn tasks<'a>(world: &'a World, cluster: &'a str, service: &'a str) -> impl Iterator<Item = TaskSeen<'a>> {
    let own = world.ecs.tasks.iter().filter(move |task| task.service == service && task.cluster == cluster);
    own.map(|task| {
        let exit = task.stop.as_ref().filter(|_| describe_tasks::is_over(task)).and_then(|stop| stop.exit.as_ref());
        TaskSeen {
            arn: &task.arn,
            task_definition: &task.task_definition,
            address: task.interface.as_ref().map(|interface| interface.ip.as_str()),
            status: describe_tasks::status(task),
            is_wanted: task.wanted(),
            stopped_reason: task.stop.as_ref().map(|stop| stop.reason.as_str()),
            stop_code: task.stop.as_ref().map(|stop| stop.code),
            started_at: task.started_at,
            stopping_at: task.stop.as_ref().map(|stop| stop.at),
            exit_code: exit.map(|(code, _)| *code),
            exit_reason: exit.and_then(|(_, reason)| reason.as_deref()),
        }
    })
}

/// Registers a task definition, a body of `RegisterTaskDefinition`; its ARN.
pub(crate) fn register(world: &mut World, body: &Value) -> Result<String, String> {
    let answer = task_definitions::register(world, body).map_err(|refusal| refusal.message)?;
    Ok(text(&answer["taskDefinition"], "taskDefinitionArn").unwrap_or_default().to_owned())
}

/// Has a service run a task definition at this many tasks, as `UpdateService` does.
pub(crate) fn launch(
    world: &mut World,
    cluster: &str,
    service: &str,
    task_definition: &str,
    desired: usize,
) -> Result<(), String> {
    let body = json!({ "cluster": cluster, "service": service, "taskDefinition": task_definition, "desiredCount": desired });
    services::change(world, &body).map(drop).map_err(|refusal| refusal.message)
}

/// What is written down about every service: what it was given, and its size.
pub(crate) fn inventory(world: &World) -> Inventory<'_> {
    let mut all = Inventory::new();
    for service in &world.ecs.services {
        let words = match service.status {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        };
        let members = service.primary().map(|deployment| &*deployment.spec);
        let noted = Noted { words, numbers: [service.desired as u64, 0], members, ..Noted::default() };
        all.push(((&service.arn, Part::Itself), noted));
    }
    all
}
