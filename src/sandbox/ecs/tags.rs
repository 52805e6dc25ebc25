//! Tags of clusters, services, tasks and task definitions.

use serde_json::{Value, json};

use super::{
    clusters::{text, texts},
    refusal::{self, Outcome},
    state::{Object, ServiceStatus},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// Tags as ECS prints them.
pub(crate) fn print_tags(world: &World, arn: &str) -> Value {
    let tags = world.ecs.tags.get(arn).map(Vec::as_slice).unwrap_or_default();
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// Keys of 1 to 128 characters, values of at most 256, none of AWS's own.
pub(crate) fn check(body: &Value) -> Result<(), Refusal> {
    let fine = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c));
    for tag in body.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (text(tag, "key").unwrap_or_default(), text(tag, "value").unwrap_or_default());
        if key.is_empty() || key.chars().count() > 128 || !fine(key) || key.starts_with("aws:") {
            return Err(refusal::invalid(format!("Invalid tag key '{key}'.")));
        }
        if value.chars().count() > 256 || !fine(value) {
            return Err(refusal::invalid(format!("Invalid tag value for key '{key}'.")));
        }
    }
    Ok(())
}

/// Lays the request's `tags` over others.
pub(crate) fn merge(tags: &mut Vec<(String, String)>, body: &Value) {
    for tag in body.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (text(tag, "key").unwrap_or_default(), text(tag, "value").unwrap_or_default());
        match tags.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => value.clone_into(old),
            None => tags.push((key.to_owned(), value.to_owned())),
        }
    }
}

/// Adds the request's `tags` to what `arn` carries: at most 50.
pub(crate) fn put_tags(world: &mut World, arn: &str, body: &Value) -> Result<(), Refusal> {
    check(body)?;
    let mut tags = world.ecs.tags.get(arn).cloned().unwrap_or_default();
    merge(&mut tags, body);
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
    let known = ecs.clusters.iter().any(|cluster| cluster.arn == arn && cluster.active)
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

/// The tags that a new task takes over: from its task definition or its service, where `propagateTags` says so, and from
/// `RunTask`'s own; with `enableECSManagedTags` the two that ECS adds.
pub(crate) fn of_task(
    world: &World,
    settings: &Object,
    own: &str,
    definition: &str,
    managed: &[(&str, &str)],
) -> Vec<(String, String)> {
    let kept = |arn: &str| world.ecs.tags.get(arn).cloned().unwrap_or_default();
    let mut tags = match settings.get("propagateTags").and_then(Value::as_str) {
        Some("SERVICE") => kept(own),
        Some("TASK_DEFINITION") => kept(definition),
        _ => Vec::new(),
    };
    if settings.get("enableECSManagedTags") == Some(&Value::Bool(true)) {
        tags.extend(managed.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    }
    tags
}
