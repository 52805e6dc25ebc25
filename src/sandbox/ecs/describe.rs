//! Services and their deployments as ECS prints them. A member that AWS leaves out is left out here too.

use serde_json::{Value, json};

use super::{
    clusters::arn,
    state::{Deployment, EcsService, Rollout, ServiceStatus, TaskStatus},
    tags::print_tags,
    task_definitions::{caller, seconds},
};
use crate::sandbox::world::World;

/// What `DescribeServices` shows of the PRIMARY deployment beside the deployments.
const OF_A_SERVICE: [&str; 7] = [
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "taskDefinition",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
];
/// What a service revision has and a deployment does not show.
const OF_A_REVISION: [&str; 2] = ["loadBalancers", "serviceRegistries"];

/// How many tasks of a deployment are counted as running and as pending.
pub(crate) fn counts(world: &World, service: &EcsService, deployment: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for task in world.ecs.tasks.iter().filter(|task| task.wanted() && task.deployment == deployment && service.owns(task)) {
        let is_running = task.status == TaskStatus::Running;
        counts = (counts.0 + usize::from(is_running), counts.1 + usize::from(!is_running));
    }
    counts
}

/// A service as in `DescribeServices`. VPC Lattice stands in its deployments only.
pub(crate) fn service(world: &World, service: &EcsService, tags: bool) -> Value {
    let each = service.deployments.iter().map(|deployment| counts(world, service, &deployment.id));
    let (running, pending) = each.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let spec = service.primary().map(|primary| primary.spec.clone()).unwrap_or_default();
    let mut printed = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": arn(world, &format!("cluster/{}", service.cluster)),
        "status": match service.status {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        },
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
    });
    for member in OF_A_SERVICE {
        if let Some(value) = spec.get(member) {
            printed[member] = value.clone();
        }
    }
    if spec.contains_key("platformVersion") {
        printed["platformFamily"] = json!("Linux");
    }
    for (member, value) in &*service.settings {
        printed[member] = value.clone();
    }
    printed["deployments"] =
        service.deployments.iter().enumerate().map(|(place, d)| deployment(world, service, place, d)).collect();
    printed["roleArn"] =
        json!(format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", world.scenario.account));
    let events = service.events.iter();
    printed["events"] =
        events.map(|event| json!({ "id": event.id, "createdAt": seconds(event.at), "message": event.message })).collect();
    printed["createdAt"] = seconds(service.created_at);
    printed["createdBy"] = json!(caller(world));
    let mut deployments = world.ecs.service_deployments.iter().rev().filter(|known| known.service_arn == service.arn);
    if let Some(current) = deployments.next() {
        printed["currentServiceDeployment"] = json!(current.arn);
    }
    let revisions = service.deployments.iter().enumerate().map(|(place, deployment)| {
        let (running, pending) = counts(world, service, &deployment.id);
        json!({
            "arn": deployment.revision,
            "requestedTaskCount": wanted(service, place, deployment, running + pending),
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        })
    });
    printed["currentServiceRevisions"] = revisions.collect();
    if tags {
        let list = print_tags(world, &service.arn);
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            printed["tags"] = list;
        }
    }
    printed
}

/// How many tasks a deployment is to have: the PRIMARY one all, unless it failed, the older ones what they still run.
pub(crate) fn wanted(service: &EcsService, place: usize, deployment: &Deployment, live: usize) -> usize {
    if place == 0 && deployment.rollout != Rollout::Failed { service.desired } else { live }
}

fn deployment(world: &World, service: &EcsService, place: usize, deployment: &Deployment) -> Value {
    let (running, pending) = counts(world, service, &deployment.id);
    let mut printed = json!({
        "id": deployment.id,
        "status": if place == 0 { "PRIMARY" } else { "ACTIVE" },
        "desiredCount": wanted(service, place, deployment, running + pending),
        "pendingCount": pending,
        "runningCount": running,
        "failedTasks": deployment.failed,
        "createdAt": seconds(deployment.created_at),
        "updatedAt": seconds(deployment.updated_at),
        "rolloutState": match deployment.rollout {
            Rollout::InProgress => "IN_PROGRESS",
            Rollout::Completed => "COMPLETED",
            Rollout::Failed => "FAILED",
        },
        "rolloutStateReason": deployment.reason,
    });
    for (member, value) in deployment.spec.iter().filter(|(member, _)| !OF_A_REVISION.contains(&member.as_str())) {
        printed[member] = value.clone();
    }
    if let Some(resources) = connect_resources(world, service, deployment) {
        printed["serviceConnectResources"] = resources;
    }
    if deployment.spec.contains_key("platformVersion") {
        // The deployment shows what LATEST was resolved to.
        printed["platformVersion"] = json!("1.4.0");
        printed["platformFamily"] = json!("Linux");
    }
    printed
}

/// The Cloud Map services that Service Connect made for a deployment.
fn connect_resources(world: &World, service: &EcsService, deployment: &Deployment) -> Option<Value> {
    let names = super::connect::names(world, &service.cluster, &deployment.spec);
    let made = names.iter().map(|name| {
        let digits = name.discovery.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let (region, account) = (&world.scenario.region, &world.scenario.account);
        let arn = format!("arn:aws:servicediscovery:{region}:{account}:service/srv-{digits:016x}");
        json!({ "discoveryName": name.discovery, "discoveryArn": arn })
    });
    let made = made.collect::<Vec<_>>();
    (!made.is_empty()).then(|| Value::Array(made))
}
