//! `RunTask`: tasks that no service wants.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    clusters::{given, of_request, text},
    describe_tasks,
    refusal::{self, Outcome},
    service_input as input,
    state::Object,
    tags,
    tasks::{self, Order},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// `RunTask`: 1 to 10 tasks at once. What cannot be placed is in `failures`.
pub(crate) fn run(world: &mut World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let count = body.get("count").and_then(Value::as_i64).unwrap_or(1);
    let count = usize::try_from(count).ok().filter(|count| (1..=10).contains(count));
    let count = count.ok_or_else(|| refusal::invalid("Tasks count must be between 1 and 10."))?;
    let token = text(body, "clientToken").map(str::to_owned);
    if token.as_ref().is_some_and(|token| token.is_empty() || token.len() > 64 || !token.bytes().all(|b| (33..=126).contains(&b)))
    {
        return Err(refusal::invalid("clientToken may have 1 to 64 ASCII characters in the range of 33 to 126."));
    }
    if let Some((request, ids)) = token.as_ref().and_then(|token| world.ecs.run_tokens.get(token)) {
        return again(world, body, request, ids);
    }
    let reference = text(body, "taskDefinition").unwrap_or_default();
    let definition = input::task_definition(world, reference)?;
    let started_by = text(body, "startedBy").unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    if started_by.len() > 128 || !started_by.chars().all(plain) {
        return Err(refusal::invalid("startedBy may have up to 128 letters, numbers, hyphens, slashes and underscores."));
    }
    overrides(body, &definition.printed)?;
    let mut spec = Object::new();
    for member in ["launchType", "capacityProviderStrategy", "networkConfiguration"] {
        if let Some(value) = body.get(member).filter(|value| !value.is_null()) {
            spec.insert(member.to_owned(), value.clone());
        }
    }
    if !spec.contains_key("launchType")
        && let Some(default) = given(world, &cluster, "defaultCapacityProviderStrategy")
    {
        spec.entry("capacityProviderStrategy").or_insert(default.clone());
    }
    input::placement(world, &cluster, &spec, definition)?;
    let settings = body.as_object().cloned().unwrap_or_default();
    let (arn, family) = (definition.arn.clone(), definition.printed.get("family").cloned());
    let family = family.as_ref().and_then(Value::as_str).unwrap_or_default();
    let mut order = Order {
        tags: tags::of_task(world, &settings, "", &arn, &[("aws:ecs:clusterName", cluster.as_str())]),
        group: text(body, "group").map_or_else(|| format!("family:{family}"), str::to_owned),
        cluster,
        service: String::new(),
        deployment: started_by.to_owned(),
        task_definition: arn,
        printed: Arc::new(tasks::printed(&spec, printed(body))),
        spec: Arc::new(spec),
        groups: Vec::new(),
    };
    tags::check(body)?;
    tags::merge(&mut order.tags, body);
    if let Some((reason, false)) = tasks::start_failure(&tasks::behaviours(world, &order.task_definition)) {
        return Ok(json!({ "tasks": [], "failures": vec![json!({ "reason": reason }); count] }));
    }
    let ids = (0..count).map(|_| tasks::place_one(world, &order)).collect::<Vec<_>>();
    if let Some(token) = token {
        world.ecs.run_tokens.insert(token, (body.clone(), ids.clone()));
    }
    Ok(json!({ "tasks": described(world, &ids), "failures": [] }))
}

fn described(world: &World, ids: &[String]) -> Value {
    let tasks = world.ecs.tasks.iter().filter(|task| ids.contains(&task.id));
    tasks.map(|task| describe_tasks::task(world, task, true)).collect()
}

/// A token that was there before: the same request gets the same tasks, any other one a conflict.
fn again(world: &World, body: &Value, request: &Value, ids: &[String]) -> Outcome {
    if body == request {
        return Ok(json!({ "tasks": described(world, ids), "failures": [] }));
    }
    let tasks = world.ecs.tasks.iter().filter(|task| ids.contains(&task.id));
    let arns = tasks.map(|task| json!(task.arn)).collect::<Vec<_>>();
    let message = "The clientToken was used with other parameters already.";
    Err(Refusal::new("ConflictException", message).with("resourceIds", arns))
}

/// Overrides name containers that there are.
fn overrides(body: &Value, definition: &Object) -> Result<(), Refusal> {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let given = body.pointer("/overrides/containerOverrides").and_then(Value::as_array).into_iter().flatten();
    for name in given.filter_map(|given| text(given, "name")) {
        if !containers.iter().any(|container| text(container, "name") == Some(name)) {
            return Err(refusal::invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

/// What `DescribeTasks` shows of the request.
fn printed(body: &Value) -> Object {
    let mut overrides = body.get("overrides").and_then(Value::as_object).cloned().unwrap_or_default();
    overrides.retain(|_, value| !value.is_null());
    let mut printed = Object::new();
    for member in ["cpu", "memory"] {
        if let Some(value) = overrides.get(member) {
            printed.insert(member.to_owned(), value.clone());
        }
    }
    for empty in ["containerOverrides", "inferenceAcceleratorOverrides"] {
        overrides.entry(empty).or_insert(json!([]));
    }
    printed.insert("overrides".to_owned(), Value::Object(overrides));
    printed.insert("enableExecuteCommand".to_owned(), body.get("enableExecuteCommand").cloned().unwrap_or(json!(false)));
    printed
}
