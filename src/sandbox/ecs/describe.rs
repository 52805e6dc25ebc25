//! Services, deployments and tasks as ECS prints them. A member that AWS leaves out is left out here too.

use serde_json::{Value, json};

use super::{
    clusters::{arn, print_tags, text},
    deployments::{revision_arn, threshold},
    state::{Deployment, EcsService, Object, Rollout, ServiceDeployment, ServiceStatus, Task, TaskStatus},
    task_definitions::{caller, seconds},
};
use crate::sandbox::world::World;

/// How many tasks of a deployment are counted as running and as pending.
fn counts(world: &World, service: &EcsService, deployment: &str) -> (usize, usize) {
    let tasks = world.ecs.tasks.iter().filter(|task| service.owns(task) && task.deployment == deployment);
    let wanted = tasks.filter(|task| task.wanted()).collect::<Vec<_>>();
    let running = wanted.iter().filter(|task| task.status == TaskStatus::Running).count();
    (running, wanted.len() - running)
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
    for member in ["launchType", "capacityProviderStrategy", "platformVersion", "taskDefinition", "networkConfiguration"] {
        if let Some(value) = spec.get(member) {
            printed[member] = value.clone();
        }
    }
    if spec.get("launchType") == Some(&json!("FARGATE")) {
        printed["platformFamily"] = json!("Linux");
    }
    for (member, value) in &service.settings {
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
            "arn": revision_arn(world, service, deployment),
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
fn wanted(service: &EcsService, place: usize, deployment: &Deployment, live: usize) -> usize {
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
    for (member, value) in &deployment.spec {
        printed[member] = value.clone();
    }
    if deployment.spec.get("launchType") == Some(&json!("FARGATE")) {
        // The deployment shows what LATEST was resolved to.
        printed["platformVersion"] = json!("1.4.0");
        printed["platformFamily"] = json!("Linux");
    }
    printed
}

/// A service deployment as in `DescribeServiceDeployments`.
pub(crate) fn service_deployment(world: &World, known: &ServiceDeployment) -> Value {
    let service = world.ecs.services.iter().find(|service| service.arn == known.service_arn);
    let mut printed = json!({
        "serviceDeploymentArn": known.arn,
        "serviceArn": known.service_arn,
        "clusterArn": arn(world, &format!("cluster/{}", known.cluster)),
        "createdAt": seconds(known.created_at),
        "startedAt": seconds(known.created_at),
        "updatedAt": seconds(known.updated_at),
        "status": known.status,
        "lifecycleHookDetails": [],
        "alarms": { "status": "DISABLED" },
    });
    for (member, at) in [("finishedAt", known.finished_at), ("stoppedAt", known.stopped_at)] {
        if let Some(at) = at {
            printed[member] = seconds(at);
        }
    }
    if let Some(reason) = &known.status_reason {
        printed["statusReason"] = json!(reason);
    }
    let revision = |arn: &str| {
        let deployment = service.and_then(|service| {
            let deployment = service.deployments.iter().find(|deployment| revision_arn(world, service, deployment) == arn)?;
            Some(counts(world, service, &deployment.id))
        });
        let (running, pending) = deployment.unwrap_or_default();
        json!({
            "arn": arn,
            "requestedTaskCount": if arn == known.target_revision { service.map_or(0, |service| service.desired) } else { running + pending },
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        })
    };
    printed["targetServiceRevision"] = revision(&known.target_revision);
    printed["sourceServiceRevisions"] = known.source_revision.iter().map(|arn| revision(arn)).collect();
    if let Some((at, arn)) = &known.rollback {
        printed["rollback"] = json!({ "reason": known.status_reason, "startedAt": seconds(*at), "serviceRevisionArn": arn });
    }
    if let Some(service) = service {
        printed["deploymentConfiguration"] = service.settings.get("deploymentConfiguration").cloned().unwrap_or_default();
        let limit = threshold(service);
        let status = match (limit, known.rollback.is_some(), known.finished_at.is_some()) {
            (None, _, _) => "DISABLED",
            (Some(_), true, _) => "TRIGGERED",
            (Some(limit), false, _) if known.failures >= limit => "TRIGGERED",
            (Some(_), false, true) => "MONITORING_COMPLETE",
            (Some(_), false, false) => "MONITORING",
        };
        printed["deploymentCircuitBreaker"] =
            json!({ "status": status, "failureCount": known.failures, "threshold": limit.unwrap_or(0) });
    }
    printed
}

/// How a task counts in its cluster.
pub(crate) fn listed_status(task: &Task) -> &'static str {
    match task.status {
        TaskStatus::Provisioning | TaskStatus::Pending => "PENDING",
        TaskStatus::Running | TaskStatus::Deactivating => "RUNNING",
        TaskStatus::Stopping | TaskStatus::Stopped => "STOPPED",
    }
}

/// A UUID made of 32 hexadecimal digits, one of several by `salt`.
pub(crate) fn uuid(hex: &str, salt: usize) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-9{}-{}{:01x}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 31), salt % 16)
}

/// A task as in `DescribeTasks`.
pub(crate) fn task(world: &World, task: &Task, tags: bool) -> Value {
    let definition = world.ecs.task_definition(&task.task_definition).map(|definition| definition.printed.clone());
    let definition = definition.unwrap_or_default();
    let stopped = task.status == TaskStatus::Stopped;
    let mut printed = json!({
        "attachments": attachments(task),
        "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "availabilityZone": format!("{}a", world.scenario.region),
        "clusterArn": arn(world, &format!("cluster/{}", task.cluster)),
        "containers": containers(world, task, &definition),
        "createdAt": seconds(task.created_at),
        "desiredStatus": if task.wanted() { "RUNNING" } else { "STOPPED" },
        "enableExecuteCommand": false,
        "group": format!("service:{}", task.service),
        "healthStatus": "UNKNOWN",
        "lastStatus": status(task),
        "overrides": { "containerOverrides": [], "inferenceAcceleratorOverrides": [] },
        "startedBy": task.deployment,
        "tags": [],
        "taskArn": task.arn,
        "taskDefinitionArn": task.task_definition,
        "version": match task.status {
            TaskStatus::Provisioning => 1,
            TaskStatus::Pending => 2,
            TaskStatus::Running => 3,
            TaskStatus::Deactivating => 4,
            TaskStatus::Stopping => 5,
            TaskStatus::Stopped => 6,
        },
    });
    for member in ["cpu", "memory"] {
        if let Some(value) = definition.get(member) {
            printed[member] = value.clone();
        }
    }
    let service = world.ecs.services.iter().rev().find(|service| service.owns(task));
    let deployment = service.and_then(|service| service.deployments.iter().find(|known| known.id == task.deployment));
    if let Some(launch) = deployment.and_then(|deployment| deployment.spec.get("launchType")) {
        printed["launchType"] = launch.clone();
    }
    if let Some(at) = task.started_at {
        for member in ["startedAt", "connectivityAt", "pullStartedAt", "pullStoppedAt"] {
            printed[member] = seconds(if member.starts_with("pull") { task.created_at } else { at });
        }
        printed["connectivity"] = json!("CONNECTED");
    }
    if let Some(stop) = &task.stop {
        printed["stopCode"] = json!(stop.code);
        printed["stoppedReason"] = json!(stop.reason);
        printed["stoppingAt"] = seconds(stop.at);
    }
    if let Some(at) = task.stopped_at.filter(|_| stopped) {
        printed["stoppedAt"] = seconds(at);
        printed["executionStoppedAt"] = seconds(at);
    }
    if tags {
        printed["tags"] = print_tags(world, &task.arn);
    }
    printed
}

fn status(task: &Task) -> &'static str {
    match task.status {
        TaskStatus::Provisioning => "PROVISIONING",
        TaskStatus::Pending => "PENDING",
        TaskStatus::Running => "RUNNING",
        TaskStatus::Deactivating => "DEACTIVATING",
        TaskStatus::Stopping => "STOPPING",
        TaskStatus::Stopped => "STOPPED",
    }
}

fn attachments(task: &Task) -> Value {
    let Some(interface) = &task.interface else { return json!([]) };
    let status = match task.status {
        TaskStatus::Provisioning => "PRECREATED",
        TaskStatus::Pending | TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping => "ATTACHED",
        TaskStatus::Stopped => "DELETED",
    };
    let details = [
        ("subnetId", interface.subnet.clone()),
        ("networkInterfaceId", interface.id.clone()),
        ("macAddress", interface.mac.clone()),
        ("privateDnsName", format!("ip-{}.compute.internal", interface.ip.replace('.', "-"))),
        ("privateIPv4Address", interface.ip.clone()),
    ];
    let details = details.map(|(name, value)| json!({ "name": name, "value": value }));
    json!([{ "id": interface.attachment, "type": "ElasticNetworkInterface", "status": status, "details": details }])
}

fn containers(world: &World, task: &Task, definition: &Object) -> Value {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let listed = containers.iter().enumerate().map(|(place, container)| {
        let id = uuid(&task.id, place + 1);
        let mut printed = json!({
            "containerArn": arn(world, &format!("container/{}/{}/{id}", task.cluster, task.id)),
            "taskArn": task.arn,
            "name": text(container, "name"),
            "image": text(container, "image"),
            "lastStatus": match task.status {
                TaskStatus::Provisioning | TaskStatus::Pending => "PENDING",
                TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping => "RUNNING",
                TaskStatus::Stopped => "STOPPED",
            },
            "networkBindings": [],
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
            "cpu": container.get("cpu").map_or("0".to_owned(), Value::to_string),
        });
        if let Some(interface) = &task.interface {
            printed["networkInterfaces"] = json!([{ "attachmentId": interface.attachment, "privateIpv4Address": interface.ip }]);
        }
        if let Some((code, reason)) =
            task.stop.as_ref().and_then(|stop| stop.exit.as_ref()).filter(|_| task.status == TaskStatus::Stopped)
        {
            printed["exitCode"] = json!(code);
            if let Some(reason) = reason {
                printed["reason"] = json!(reason);
            }
        }
        printed
    });
    listed.collect()
}
