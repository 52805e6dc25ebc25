//! Clusters, tags, and the ARNs of everything.

use serde_json::{Value, json};

use super::{
    refusal::{self, Outcome},
    state::{Cluster, Object, ServiceStatus},
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

/// The name of the cluster that a request means; `default` where it names none.
pub(crate) fn of_request(world: &World, body: &Value) -> Result<String, Refusal> {
    let reference = text(body, "cluster").unwrap_or("default");
    let found = world.ecs.clusters.iter().find(|cluster| cluster.name == reference || cluster.arn == reference);
    found.map(|cluster| cluster.name.clone()).ok_or_else(|| Refusal::new("ClusterNotFoundException", "Cluster not found."))
}

/// Makes a cluster known; nothing happens when it is.
pub(crate) fn add(world: &mut World, name: &str, given: Object) {
    if world.ecs.clusters.iter().all(|cluster| cluster.name != name) {
        let arn = arn(world, &format!("cluster/{name}"));
        world.ecs.clusters.push(Cluster { name: name.to_owned(), arn, given });
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
    add(world, &name, given);
    put_tags(world, &arn(world, &format!("cluster/{name}")), body)?;
    let cluster = world.ecs.clusters.iter().find(|cluster| cluster.name == name).map(|cluster| print(world, cluster, true));
    Ok(json!({ "cluster": cluster }))
}

/// `DescribeClusters`.
pub(crate) fn describe(world: &World, body: &Value) -> Outcome {
    let mut asked = texts(body, "clusters");
    if asked.is_empty() {
        asked.push("default");
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match world.ecs.clusters.iter().find(|cluster| cluster.name == reference || cluster.arn == reference) {
            Some(cluster) => clusters.push(print(world, cluster, includes(body, "TAGS"))),
            None => failures.push(missing(world, "cluster", reference)),
        }
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// An entry of `failures`.
pub(crate) fn missing(world: &World, kind: &str, reference: &str) -> Value {
    let arn = if reference.starts_with("arn:") { reference.to_owned() } else { arn(world, &format!("{kind}/{reference}")) };
    json!({ "arn": arn, "reason": "MISSING" })
}

fn print(world: &World, cluster: &Cluster, tags: bool) -> Value {
    let count = |status| {
        let tasks = world.ecs.tasks.iter().filter(|task| task.cluster == cluster.name);
        tasks.filter(|task| super::describe::listed_status(task) == status).count()
    };
    let services = world.ecs.services.iter().filter(|service| service.cluster == cluster.name);
    let mut printed = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": count("RUNNING"),
        "pendingTasksCount": count("PENDING"),
        "activeServicesCount": services.filter(|service| service.status == ServiceStatus::Active).count(),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    });
    for (member, value) in &cluster.given {
        printed[member] = value.clone();
    }
    if tags {
        printed["tags"] = print_tags(world, &cluster.arn);
    }
    printed
}

/// Tags as ECS prints them.
pub(crate) fn print_tags(world: &World, arn: &str) -> Value {
    let tags = world.ecs.tags.get(arn).map(Vec::as_slice).unwrap_or_default();
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// Adds the request's `tags` to what `arn` carries: at most 50, keys of 1 to 128 characters, values of at most 256.
pub(crate) fn put_tags(world: &mut World, arn: &str, body: &Value) -> Result<(), Refusal> {
    let given = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut tags = world.ecs.tags.get(arn).cloned().unwrap_or_default();
    let fine = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c));
    for tag in given {
        let (key, value) = (text(tag, "key").unwrap_or_default(), text(tag, "value").unwrap_or_default());
        if key.is_empty() || key.chars().count() > 128 || !fine(key) || key.starts_with("aws:") {
            return Err(refusal::invalid(format!("Invalid tag key '{key}'.")));
        }
        if value.chars().count() > 256 || !fine(value) {
            return Err(refusal::invalid(format!("Invalid tag value for key '{key}'.")));
        }
        match tags.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => value.clone_into(old),
            None => tags.push((key.to_owned(), value.to_owned())),
        }
    }
    if tags.len() > 50 {
        return Err(refusal::invalid("The maximum number of tags per resource is 50."));
    }
    if !tags.is_empty() {
        world.ecs.tags.insert(arn.to_owned(), tags);
    }
    Ok(())
}

fn tagged(world: &World, body: &Value) -> Result<String, Refusal> {
    let arn = text(body, "resourceArn").unwrap_or_default();
    let ecs = &world.ecs;
    let known = ecs.clusters.iter().any(|cluster| cluster.arn == arn)
        || ecs.services.iter().any(|service| service.arn == arn && service.status != ServiceStatus::Inactive)
        || ecs.tasks.iter().any(|task| task.arn == arn)
        || ecs.families.values().flatten().any(|definition| definition.arn == arn);
    if !arn.starts_with("arn:") {
        return Err(refusal::invalid("Invalid resource ARN."));
    }
    if !known {
        return Err(refusal::invalid(format!("The specified resource wasn't found: {arn}")));
    }
    Ok(arn.to_owned())
}

/// `TagResource`.
pub(crate) fn tag(world: &mut World, body: &Value) -> Outcome {
    let arn = tagged(world, body)?;
    put_tags(world, &arn, body)?;
    Ok(json!({}))
}

/// `UntagResource`: keys that are not there are no error.
pub(crate) fn untag(world: &mut World, body: &Value) -> Outcome {
    let arn = tagged(world, body)?;
    let keys = texts(body, "tagKeys");
    if let Some(tags) = world.ecs.tags.get_mut(&arn) {
        tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    }
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(crate) fn list_tags(world: &World, body: &Value) -> Outcome {
    let arn = tagged(world, body)?;
    Ok(json!({ "tags": print_tags(world, &arn) }))
}
