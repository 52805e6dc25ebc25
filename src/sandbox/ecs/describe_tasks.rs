//! Tasks as ECS prints them. A member that AWS leaves out is left out here too.

use serde_json::{Value, json};

use super::{
    clusters::{arn, text},
    state::{Object, Task, TaskStatus},
    tags::print_tags,
    task_definitions::seconds,
};
use crate::sandbox::world::World;

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
        "group": task.group,
        "healthStatus": "UNKNOWN",
        "lastStatus": status(task),
        "overrides": { "containerOverrides": [], "inferenceAcceleratorOverrides": [] },
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
    for (member, value) in &*task.printed {
        printed[member] = value.clone();
    }
    if !task.deployment.is_empty() {
        printed["startedBy"] = json!(task.deployment);
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

/// A task's `lastStatus`.
pub(crate) fn status(task: &Task) -> &'static str {
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

/// Its containers have ended. The exit of one is what makes such a task stop: it is known while the task is still being stopped.
pub(super) fn is_over(task: &Task) -> bool {
    let exited = task.stop.as_ref().is_some_and(|stop| stop.code == "EssentialContainerExited");
    exited || task.status == TaskStatus::Stopped
}

fn containers(world: &World, task: &Task, definition: &Object) -> Value {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_over = is_over(task);
    let listed = containers.iter().enumerate().map(|(place, container)| {
        let id = uuid(&task.id, place + 1);
        let mut printed = json!({
            "containerArn": arn(world, &format!("container/{}/{}/{id}", task.cluster, task.id)),
            "taskArn": task.arn,
            "name": text(container, "name"),
            "image": text(container, "image"),
            "lastStatus": match task.status {
                TaskStatus::Provisioning | TaskStatus::Pending => "PENDING",
                _ if is_over => "STOPPED",
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
        if let Some((code, reason)) = task.stop.as_ref().and_then(|stop| stop.exit.as_ref()).filter(|_| is_over) {
            printed["exitCode"] = json!(code);
            if let Some(reason) = reason {
                printed["reason"] = json!(reason);
            }
        }
        printed
    });
    listed.collect()
}
