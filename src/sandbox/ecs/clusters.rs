//! Clusters, and the ARNs of everything.

use serde_json::{Value, json};

use super::{
    pages::page,
    refusal::{self, Outcome},
    state::{Cluster, Object, ServiceStatus, TaskStatus},
    tags::{print_tags, put_tags},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// The ARN of something of ECS's, such as `cluster/NAME`.
pub(crate) fn arn(world: &World, resource: &str) -> String {
    format!("arn:aws:ecs:{}:{}:{resource}", world.scenario.region, world.scenario.account)
}

/// A string member of a request.
pub(crate) fn text<'a>(body: &'a Value, member: &str) -> Option<&'a str> {
    body.get(member).and_then(Value::as_str)
}

/// The strings of a list member of a request.
pub(crate) fn texts<'a>(body: &'a Value, member: &str) -> Vec<&'a str> {
    body.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether `include` asks for this.
pub(crate) fn includes(body: &Value, what: &str) -> bool {
    texts(body, "include").contains(&what)
}

/// The place of a cluster by name or ARN, the newest of that name.
fn find<'a>(world: &'a World, reference: &str) -> Option<&'a Cluster> {
    world.ecs.clusters.iter().rev().find(|cluster| cluster.name == reference || cluster.arn == reference)
}

/// The name of the cluster that a request means; `default` where it names none.
pub(crate) fn of_request(world: &World, body: &Value) -> Result<String, Refusal> {
    match find(world, text(body, "cluster").unwrap_or("default")) {
        Some(cluster) if cluster.active => Ok(cluster.name.clone()),
        Some(_) => Err(Refusal::new("ClusterNotFoundException", "The referenced cluster was inactive.")),
        None => Err(Refusal::new("ClusterNotFoundException", "Cluster not found.")),
    }
}

/// A member of what a cluster was created with.
pub(crate) fn given<'a>(world: &'a World, name: &str, member: &str) -> Option<&'a Value> {
    find(world, name)?.given.get(member)
}

/// Makes a cluster known; nothing happens when it is.
pub(crate) fn add(world: &mut World, name: &str, given: Object) {
    if find(world, name).is_none_or(|cluster| !cluster.active) {
        let arn = arn(world, &format!("cluster/{name}"));
        world.ecs.clusters.retain(|cluster| cluster.name != name);
        world.ecs.clusters.push(Cluster { name: name.to_owned(), arn, active: true, given });
    }
}

/// `CreateCluster`: an existing one of that name is returned as it is.
pub(crate) fn create(world: &mut World, body: &Value) -> Outcome {
    let name = text(body, "clusterName").unwrap_or("default").to_owned();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 255 || !name.chars().all(fine) {
        return Err(refusal::invalid("Identifier contains invalid characters."));
    }
    let mut given = body.as_object().cloned().unwrap_or_default();
    given.retain(|member, value| !matches!(member.as_str(), "clusterName" | "tags") && !value.is_null());
    given.entry("settings").or_insert(json!([{ "name": "containerInsights", "value": "disabled" }]));
    add(world, &name, given);
    put_tags(world, &arn(world, &format!("cluster/{name}")), body)?;
    let cluster = find(world, &name).map(|cluster| print(world, cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]));
    Ok(json!({ "cluster": cluster }))
}

/// `DescribeClusters`.
pub(crate) fn describe(world: &World, body: &Value) -> Outcome {
    let mut asked = texts(body, "clusters");
    if asked.is_empty() {
        asked.push("default");
    }
    if asked.len() > 100 {
        return Err(refusal::invalid("Clusters can have at most 100 entries."));
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match find(world, reference) {
            Some(cluster) => clusters.push(print(world, cluster, &texts(body, "include"))),
            None => failures.push(missing(world, "cluster", reference)),
        }
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// `ListClusters`: the ACTIVE ones, 100 to a page where nothing else is asked for.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let active = world.ecs.clusters.iter().filter(|cluster| cluster.active);
    let (arns, next) = page(active.map(|cluster| cluster.arn.clone()).collect(), body, 100)?;
    Ok(paged("clusterArns", json!(arns), next))
}

/// The answer of a List operation: one page and the token of the next.
pub(crate) fn paged(member: &str, items: Value, next: Option<String>) -> Value {
    let mut answer = json!({ member: items });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    answer
}

/// `DeleteCluster`: it becomes INACTIVE; refused while a service or a task is in it.
pub(crate) fn delete(world: &mut World, body: &Value) -> Outcome {
    let name = of_request(world, body)?;
    let held = world.ecs.services.iter().any(|service| service.cluster == name && service.status != ServiceStatus::Inactive);
    if held {
        let message = "The Cluster cannot be deleted while Services are active.";
        return Err(Refusal::new("ClusterContainsServicesException", message));
    }
    if world.ecs.tasks.iter().any(|task| task.cluster == name && task.status != TaskStatus::Stopped) {
        return Err(Refusal::new("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."));
    }
    if let Some(cluster) = world.ecs.clusters.iter_mut().find(|cluster| cluster.name == name) {
        cluster.active = false;
        world.ecs.tags.remove(&cluster.arn);
    }
    Ok(json!({ "cluster": find(world, &name).map(|cluster| print(world, cluster, &[])) }))
}

/// An entry of `failures`.
pub(crate) fn missing(world: &World, kind: &str, reference: &str) -> Value {
    let arn = if reference.starts_with("arn:") { reference.to_owned() } else { arn(world, &format!("{kind}/{reference}")) };
    json!({ "arn": arn, "reason": "MISSING" })
}

/// What is not asked for by `include` is empty or left out.
fn print(world: &World, cluster: &Cluster, include: &[&str]) -> Value {
    let count = |status| {
        let tasks = world.ecs.tasks.iter().filter(|task| task.cluster == cluster.name);
        tasks.filter(|task| super::describe_tasks::listed_status(task) == status).count()
    };
    let services = |status| {
        let services = world.ecs.services.iter().filter(|service| service.cluster == cluster.name);
        services.filter(|service| service.status == status).count()
    };
    let mut printed = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": count("RUNNING"),
        "pendingTasksCount": count("PENDING"),
        "activeServicesCount": services(ServiceStatus::Active),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    });
    for (member, value) in &cluster.given {
        let wanted = match member.as_str() {
            "settings" => include.contains(&"SETTINGS"),
            "configuration" => include.contains(&"CONFIGURATIONS"),
            _ => true,
        };
        if wanted {
            printed[member] = value.clone();
        }
    }
    if include.contains(&"STATISTICS") {
        let figures = [
            ("runningFargateTasksCount", count("RUNNING")),
            ("pendingFargateTasksCount", count("PENDING")),
            ("activeFargateServiceCount", services(ServiceStatus::Active)),
            ("drainingFargateServiceCount", services(ServiceStatus::Draining)),
        ];
        printed["statistics"] = figures.iter().map(|(name, value)| json!({ "name": name, "value": value.to_string() })).collect();
    }
    if include.contains(&"TAGS") {
        printed["tags"] = print_tags(world, &cluster.arn);
    }
    printed
}
