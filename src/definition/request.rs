//! Turns definitions into the bodies of CreateService, UpdateService and RegisterTaskDefinition.

use serde_json::{Map, Value, json};

use super::{
    finding::{Finding, list},
    members::{self, Use},
    ports,
    read::{Document, Node},
};
use crate::models::{
    self,
    check::{self, Problem, Step},
};

/// A body to send, and what was left out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The JSON body, members as ECS spells them.
    pub body: Value,
    /// What was left out or set, and why: whole sentences for the journal, without a full stop.
    pub notes: Vec<String>,
}

/// What a service request says that the definition does not.
#[derive(Clone, Copy, Debug)]
pub struct ServiceTarget<'a> {
    /// Name or ARN of the cluster.
    pub cluster: &'a str,
    /// The slot's ECS service.
    pub ecs_service: &'a str,
    /// The task definition to run, with its revision.
    pub task_definition_arn: &'a str,
    /// How many tasks to run.
    pub desired_count: u32,
}

/// A variable of the environment that a container gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The container's name; the only one when `None`.
    pub container: Option<String>,
    /// The variable's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The body of CreateService.
///
/// ECS's own rollback is off in it, in the circuit breaker and in alarms: a candidate that ECS rolled back would be judged for a
/// revision that it does not run.
#[must_use]
pub fn create_service(definition: &Document, target: ServiceTarget<'_>) -> Request {
    let mut request = chosen(definition, &[Use::Taken, Use::OnlyAtCreation]);
    entitle(&mut request, "serviceName", target);
    request
}

/// What ECS has of a service when it has nothing: what an update takes away a member with.
fn cleared(name: &str) -> Option<Value> {
    Some(match name {
        "loadBalancers"
        | "serviceRegistries"
        | "vpcLatticeConfigurations"
        | "placementConstraints"
        | "placementStrategy"
        | "volumeConfigurations" => json!([]),
        "serviceConnectConfiguration" => json!({"enabled": false}),
        "enableExecuteCommand" | "enableECSManagedTags" => false.into(),
        "propagateTags" => "NONE".into(),
        "healthCheckGracePeriodSeconds" => 0.into(),
        "deploymentConfiguration" => {
            json!({"maximumPercent": 200, "minimumHealthyPercent": 100, "alarms": {"alarmNames": [], "enable": false, "rollback": false}})
        }
        _ => return None,
    })
}

/// Whether a member of a service that the definition does not name any more is taken away by an update. ECS keeps the others.
pub(super) fn is_cleared(name: &str) -> bool {
    cleared(name).is_some()
}

/// The body of UpdateService.
///
/// ECS keeps what an update does not mention, so the members by which traffic arrives are sent empty when the definition has none:
/// what it does not have must not linger from an earlier one. [`clear`] does that for all the others that the service has.
#[must_use]
pub fn update_service(definition: &Document, target: ServiceTarget<'_>) -> Request {
    let mut request = chosen(definition, &[Use::Taken]);
    entitle(&mut request, "service", target);
    if let Value::Object(body) = &mut request.body {
        for member in ["loadBalancers", "serviceRegistries", "vpcLatticeConfigurations", "serviceConnectConfiguration"] {
            body.entry(member).or_insert_with(|| cleared(member).unwrap_or_default());
        }
    }
    request
}

/// Puts into the body of UpdateService what takes away everything that the service, which ECS describes so, has and the body does not
/// mention.
pub fn clear(update: &mut Value, described: &Value) {
    let Value::Object(body) = update else { return };
    let deployment = described.pointer("/deployments/0").and_then(Value::as_object);
    let printed = described.as_object().into_iter().chain(deployment).flatten();
    for (name, _) in printed.filter(|(_, value)| !is_empty(value)) {
        let Some(nothing) = cleared(name) else { continue };
        match (body.entry(name.clone()).or_insert_with(|| nothing.clone()), nothing) {
            // What a release sets itself stands there already.
            (Value::Object(members), Value::Object(nothing)) if name == "deploymentConfiguration" => {
                for (name, nothing) in nothing {
                    members.entry(name).or_insert(nothing);
                }
            }
            _ => {}
        }
    }
}

/// The definition's members that the operation takes, with a note about the others.
fn chosen(definition: &Document, takes: &[Use]) -> Request {
    let mut notes = Vec::new();
    let mut body = Map::new();
    for (name, value) in object(definition.root.to_json()) {
        match members::of_service(&name) {
            used if takes.contains(&used) => {
                if !is_unset(&value) {
                    body.insert(name, without_nulls(value));
                }
            }
            Use::Taken | Use::Ours => {}
            Use::OnlyAtCreation => {
                notes.push(format!("`{name}` of {} is left out: ECS takes it only when it creates a service", definition.file));
            }
            Use::Printed => notes.push(printed(&definition.file, &name)),
            Use::Unknown => notes.push(unknown(&definition.file, &name, members::service())),
        }
    }
    prune(&mut body, "CreateServiceRequest");
    Request { body: Value::Object(body), notes }
}

/// Leaves out what ECS knows no member for, inside of members that it knows: `conform` tells each with its place.
fn prune(body: &mut Map<String, Value>, shape: &str) {
    let Some(ecs) = models::service("ecs") else { return };
    let whole = Value::Object(std::mem::take(body));
    let unknown: Vec<Vec<Step>> = check::value(ecs, shape, &whole)
        .into_iter()
        .filter(|finding| finding.path.len() > 1 && matches!(finding.problem, Problem::Unknown(_)))
        .map(|finding| finding.path)
        .collect();
    let mut whole = whole;
    for path in unknown {
        let Some((Step::Member(name), parents)) = path.split_last() else { continue };
        let parent = parents.iter().try_fold(&mut whole, |value, step| match step {
            Step::Member(name) | Step::Key(name) => value.get_mut(name),
            Step::Item(index) => value.get_mut(*index),
        });
        if let Some(Value::Object(members)) = parent {
            members.shift_remove(name);
        }
    }
    *body = object(whole);
}

/// Sets what the definition does not decide.
fn entitle(request: &mut Request, name_member: &str, target: ServiceTarget<'_>) {
    let Request { body: Value::Object(body), notes } = request else { return };
    body.insert(name_member.to_owned(), target.ecs_service.into());
    body.insert("cluster".to_owned(), target.cluster.into());
    body.insert("taskDefinition".to_owned(), target.task_definition_arn.into());
    body.insert("desiredCount".to_owned(), target.desired_count.into());
    if let Value::Object(deployment) = body.entry("deploymentConfiguration").or_insert_with(|| json!({})) {
        if let Value::Object(breaker) = deployment.entry("deploymentCircuitBreaker").or_insert_with(|| json!({})) {
            if breaker.get("rollback") == Some(&Value::Bool(true)) {
                notes.push("ECS's own rollback is switched off: espalier rolls back, weights first".to_owned());
            }
            breaker.insert("enable".to_owned(), true.into());
            breaker.insert("rollback".to_owned(), false.into());
        }
        if let Some(Value::Object(alarms)) = deployment.get_mut("alarms") {
            alarms.insert("rollback".to_owned(), false.into());
        }
    }
}

/// The body of RegisterTaskDefinition, with the images of some containers replaced. The file may be what describe-task-definition
/// prints, wrapper and read-only members included.
///
/// # Errors
/// A container to replace the image of that is not there; the message lists those that are. A file that is no task definition.
pub fn register_task_definition(
    definition: &Document,
    images: &[(String, String)],
    variables: &[Variable],
) -> Result<Request, Vec<Finding>> {
    let root = ports::task_definition(definition);
    let containers = root.get("containerDefinitions").map_or(&[][..], Node::elements);
    let names: Vec<&str> = containers.iter().filter_map(|container| container.get("name")?.as_str()).collect();
    let mut errors = Vec::new();
    for (required, is_there) in [
        ("containerDefinitions", !containers.is_empty()),
        ("family", root.get("family").and_then(Node::as_str).is_some_and(|family| !family.is_empty())),
    ] {
        if !is_there {
            let message = format!("a task definition needs `{required}`");
            errors.push(definition.error(root, "", message).hint("is this the service definition by mistake?"));
        }
    }
    for (container, image) in images {
        if !names.contains(&container.as_str()) {
            let message =
                format!("no container in {} has the name `{container}`; the names there are: {}", definition.file, list(&names));
            errors.push(Finding::error("--image", message).hint(format!("write `CONTAINER={image}` with one of them")));
        }
    }
    for Variable { container, name, .. } in variables {
        let message = match container {
            Some(container) if !names.contains(&container.as_str()) => {
                format!("no container in {} has the name `{container}`; the names there are: {}", definition.file, list(&names))
            }
            None if names.len() > 1 => format!("which container gets `{name}`? There are {}", list(&names)),
            Some(_) | None => continue,
        };
        errors.push(Finding::error("--env", message).hint(format!("write `CONTAINER:{name}=VALUE` with one of them")));
    }
    if !errors.is_empty() {
        return Err(errors);
    }

    let mut notes = Vec::new();
    let mut body = Map::new();
    let mut members = object(root.to_json());
    // describe-task-definition --include TAGS prints the tags beside the task definition.
    if let Some(tags) = definition.root.get("taskDefinition").and(definition.root.get("tags")) {
        members.entry("tags").or_insert_with(|| tags.to_json());
    }
    for (name, value) in members {
        match members::of_task_definition(&name) {
            Use::Taken if is_unset(&value) => {}
            Use::Taken => {
                body.insert(name, without_nulls(value));
            }
            Use::Printed => notes.push(printed(&definition.file, &name)),
            Use::OnlyAtCreation | Use::Ours | Use::Unknown => {
                notes.push(unknown(&definition.file, &name, members::task_definition()));
            }
        }
    }
    prune(&mut body, "RegisterTaskDefinitionRequest");
    if let Some(Value::Array(containers)) = body.get_mut("containerDefinitions") {
        for container in containers {
            let replaced = images.iter().rev().find(|(name, _)| container.get("name").and_then(Value::as_str) == Some(name));
            if let (Some((_, image)), Value::Object(container)) = (replaced, &mut *container) {
                container.insert("image".to_owned(), image.as_str().into());
            }
            set(container, variables);
        }
    }
    Ok(Request { body: Value::Object(body), notes })
}

/// Sets the variables that are this container's, in place of what it had under these names.
fn set(container: &mut Value, variables: &[Variable]) {
    let own = container.get("name").and_then(Value::as_str).map(str::to_owned);
    for Variable { name, value, .. } in variables.iter().filter(|it| it.container.is_none() || it.container == own) {
        let Value::Object(members) = &mut *container else { return };
        if let Value::Array(list) = members.entry("environment").or_insert_with(|| json!([])) {
            list.retain(|entry| entry["name"] != *name);
            list.push(json!({"name": name, "value": value}));
        }
        // ECS refuses a name that is a variable and a secret.
        if let Some(Value::Array(secrets)) = members.get_mut("secrets") {
            secrets.retain(|entry| entry["name"] != *name);
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// Nothing is there to take away.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "NONE",
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Files that other deployers generated hold `null` and empty text where nothing is set.
fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            // `versionConsistency: ""` is what a generator writes for an enum that is not set; other empty texts may be meant.
            let set = |name: &str, value: &Value| !value.is_null() && (name != "versionConsistency" || !is_unset(value));
            Value::Object(
                members
                    .into_iter()
                    .filter(|(name, value)| set(name, value))
                    .map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            )
        }
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn printed(file: &str, name: &str) -> String {
    format!("`{name}` of {file} is left out: it is what ECS prints, not what it takes")
}

fn unknown(file: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    match near {
        Some((distance, near)) if distance <= 3 => {
            format!("`{name}` of {file} is left out: ECS knows no such member, did you mean `{near}`?")
        }
        Some(_) | None => format!("`{name}` of {file} is left out: ECS knows no such member"),
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
