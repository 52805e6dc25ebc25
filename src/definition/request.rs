//! Turns definitions into the bodies of CreateService, UpdateService and RegisterTaskDefinition.

use serde_json::{Map, Value, json};

use super::{
    finding::{Finding, list},
    members::{self, Use},
    ports,
    read::{Document, Node},
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

/// The body of UpdateService.
///
/// ECS keeps what an update does not mention, so the members by which traffic arrives are sent empty when the definition has none:
/// what it does not have must not linger from an earlier one.
#[must_use]
pub fn update_service(definition: &Document, target: ServiceTarget<'_>) -> Request {
    let mut request = chosen(definition, &[Use::Taken]);
    entitle(&mut request, "service", target);
    if let Value::Object(body) = &mut request.body {
        for list in ["loadBalancers", "serviceRegistries", "vpcLatticeConfigurations"] {
            body.entry(list).or_insert_with(|| json!([]));
        }
        body.entry("serviceConnectConfiguration").or_insert_with(|| json!({"enabled": false}));
    }
    request
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
    Request { body: Value::Object(body), notes }
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
mod tests {
    use super::*;

    const TARGET: ServiceTarget<'_> =
        ServiceTarget { cluster: "my-cluster", ecs_service: "myservice-b", task_definition_arn: "arn:td:2", desired_count: 5 };

    fn read(text: &str) -> Document {
        Document::read("f.json", text.as_bytes()).expect("JSON")
    }

    #[test]
    fn the_seed_becomes_both_requests() {
        let seed = read(include_str!("../../tests/fixtures/seed/ecs-service-def.json"));
        let create = create_service(&seed, TARGET);
        assert_eq!(create.body["serviceName"], "myservice-b");
        assert_eq!(create.body["desiredCount"], 5);
        assert_eq!(create.body["launchType"], "FARGATE");
        assert_eq!(
            create.body["deploymentConfiguration"],
            json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}})
        );
        assert!(create.body.get("vpcLatticeConfiguration").is_none(), "not an ECS field");

        let update = update_service(&seed, TARGET);
        assert_eq!(update.body["service"], "myservice-b");
        assert!(update.body.get("serviceName").is_none() && update.body.get("launchType").is_none());
        assert!(update.notes.iter().any(|note| note.contains("`launchType`")), "{:?}", update.notes);
        assert_eq!(update.body["loadBalancers"], json!([]));
        assert_eq!(update.body["serviceConnectConfiguration"]["namespace"], "my-namespace");
    }

    #[test]
    fn ecs_does_not_roll_back_and_what_is_gone_is_cleared() {
        let definition = read(
            r#"{"deploymentConfiguration": {"maximumPercent": 150, "deploymentCircuitBreaker": {"enable": false, "rollback": true, "resetOnHealthyTask": false},
                "alarms": {"alarmNames": ["a"], "enable": true, "rollback": true}}, "propagateTags": "", "platformVersion": null, "netwrokConfiguration": {}}"#,
        );
        let update = update_service(&definition, TARGET);
        let deployment = &update.body["deploymentConfiguration"];
        assert_eq!(
            deployment["deploymentCircuitBreaker"],
            json!({"enable": true, "rollback": false, "resetOnHealthyTask": false})
        );
        assert_eq!((&deployment["alarms"]["rollback"], &deployment["maximumPercent"]), (&json!(false), &json!(150)));
        assert_eq!(update.body["serviceConnectConfiguration"], json!({"enabled": false}));
        assert!(update.body.get("propagateTags").is_none() && update.body.get("platformVersion").is_none());
        assert!(update.notes.iter().any(|note| note.ends_with("did you mean `networkConfiguration`?")), "{:?}", update.notes);
    }

    #[test]
    fn a_described_task_definition_can_be_registered_again() {
        let described = read(
            r#"{"taskDefinition": {"taskDefinitionArn": "arn", "family": "f", "revision": 3, "status": "ACTIVE", "ipcMode": "", "cpu": "256",
                "containerDefinitions": [{"name": "web", "image": "nginx:1", "versionConsistency": "", "command": null, "environment": [{"name": "A", "value": ""}]}, {"name": "log", "image": "l:1"}]},
               "tags": [{"key": "k", "value": "v"}]}"#,
        );
        let images = [("web".to_owned(), "nginx:2".to_owned())];
        let request = register_task_definition(&described, &images, &[]).expect("a request");
        assert_eq!(
            request.body,
            json!({"family": "f", "cpu": "256", "tags": [{"key": "k", "value": "v"}], "containerDefinitions": [
                {"name": "web", "image": "nginx:2", "environment": [{"name": "A", "value": ""}]}, {"name": "log", "image": "l:1"}]})
        );
        assert_eq!(request.notes.len(), 3);
    }

    #[test]
    fn an_unknown_container_lists_those_there_are() {
        let task = read(include_str!("../../tests/fixtures/seed/ecs-task-def.json"));
        let told = register_task_definition(&task, &[("app".to_owned(), "x".to_owned())], &[]).expect_err("refused");
        assert_eq!(told[0].to_string(), "--image: no container in f.json has the name `app`; the names there are: `web`");
        assert!(register_task_definition(&read("{}"), &[], &[]).is_err_and(|errors| errors.len() == 2));
    }

    #[test]
    fn variables_take_the_place_of_variables_and_secrets() {
        let task = read(
            r#"{"family": "f", "containerDefinitions": [
                {"name": "web", "image": "w", "environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "B", "valueFrom": "arn"}]},
                {"name": "log", "image": "l"}]}"#,
        );
        let variable = |container: Option<&str>, name: &str| Variable {
            container: container.map(str::to_owned),
            name: name.to_owned(),
            value: "2".to_owned(),
        };
        let body =
            register_task_definition(&task, &[], &[variable(Some("web"), "A"), variable(Some("web"), "B")]).expect("set").body;
        let web = &body["containerDefinitions"][0];
        assert_eq!(web["environment"], json!([{"name": "A", "value": "2"}, {"name": "B", "value": "2"}]));
        assert_eq!((&web["secrets"], &body["containerDefinitions"][1].get("environment")), (&json!([]), &None));
        let told = register_task_definition(&task, &[], &[variable(None, "A"), variable(Some("app"), "A")]).expect_err("refused");
        assert_eq!(
            told.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "--env: which container gets `A`? There are `web` and `log`",
                "--env: no container in f.json has the name `app`; the names there are: `web` and `log`",
            ]
        );
    }
}
