//! Task definitions: registered, printed, looked up.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    clusters::{arn, includes, text, texts},
    refusal::{self, Outcome},
    state::{Object, TaskDefinition},
    tags::{print_tags, put_tags},
};
use crate::sandbox::protocol::Refusal;
use crate::{clock::Timestamp, sandbox::world::World};

/// A point in time as awsJson writes it: seconds since the epoch, with a fraction.
pub(crate) fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit into 53 bits")]
    let seconds = at.as_millis() as f64 / 1000.0;
    json!(seconds)
}

/// `RegisterTaskDefinition`.
pub(crate) fn register(world: &mut World, body: &Value) -> Outcome {
    validate(body)?;
    let family = text(body, "family").unwrap_or_default().to_owned();
    let revision = world.ecs.families.get(&family).map_or(0, Vec::len) + 1;
    let arn = arn(world, &format!("task-definition/{family}:{revision}"));
    put_tags(world, &arn, body)?;
    let printed = fill_in(world, body, &arn, revision);
    let answer = json!({ "taskDefinition": printed, "tags": print_tags(world, &arn) });
    world.ecs.families.entry(family).or_default().push(TaskDefinition::new(arn, true, printed));
    Ok(answer)
}

fn validate(body: &Value) -> Result<(), Refusal> {
    let family = text(body, "family").unwrap_or_default();
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if family.is_empty() || family.len() > 255 || !plain(family) {
        return Err(refusal::client("Family contains invalid characters."));
    }
    let containers = body.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        return Err(refusal::client("Container list cannot be empty."));
    }
    let awsvpc = text(body, "networkMode") == Some("awsvpc");
    let fargate = texts(body, "requiresCompatibilities").contains(&"FARGATE");
    if fargate && !awsvpc {
        return Err(refusal::client("Fargate only supports network mode 'awsvpc'."));
    }
    if fargate {
        fargate_size(text(body, "cpu"), text(body, "memory"))?;
    }
    if containers.iter().all(|container| container.get("essential") == Some(&Value::Bool(false))) {
        return Err(refusal::client("Task definition must have at least one essential container."));
    }
    let (mut names, mut port_names) = (Vec::new(), Vec::new());
    for container in containers {
        let name = text(container, "name").unwrap_or_default();
        if name.is_empty() || !plain(name) {
            return Err(refusal::client(
                "Container name is required and may have letters, numbers, hyphens and underscores only.",
            ));
        }
        if names.contains(&name) {
            return Err(refusal::client(format!("Container name '{name}' is not unique in the task definition.")));
        }
        names.push(name);
        if text(container, "image").is_none_or(str::is_empty) {
            return Err(refusal::client(format!("Container.image should not be null or empty: {name}")));
        }
        let sized = container.get("memory").is_some() || container.get("memoryReservation").is_some();
        if !sized && text(body, "memory").is_none() {
            return Err(refusal::client(format!(
                "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
            )));
        }
        ports(container, awsvpc, &mut port_names)?;
    }
    Ok(())
}

fn ports<'a>(container: &'a Value, awsvpc: bool, names: &mut Vec<&'a str>) -> Result<(), Refusal> {
    for mapping in container.get("portMappings").and_then(Value::as_array).into_iter().flatten() {
        let port = |member| mapping.get(member).and_then(Value::as_i64);
        for number in [port("containerPort"), port("hostPort")].into_iter().flatten() {
            if !(0..=65535).contains(&number) {
                return Err(refusal::client(format!("Port {number} is not in the range of 0 to 65535.")));
            }
        }
        if awsvpc && port("hostPort").is_some_and(|host| Some(host) != port("containerPort")) {
            return Err(refusal::client(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ));
        }
        let Some(name) = text(mapping, "name") else { continue };
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || name.starts_with('-') || !name.chars().all(fine) {
            return Err(refusal::client(format!("Port mapping name '{name}' is not valid.")));
        }
        if names.contains(&name) {
            return Err(refusal::client(format!("Port mapping name '{name}' is not unique in the task definition.")));
        }
        names.push(name);
    }
    Ok(())
}

/// The sizes of CPU and memory that Fargate has.
fn fargate_size(cpu: Option<&str>, memory: Option<&str>) -> Result<(), Refusal> {
    let none = || refusal::client("No Fargate configuration exists for given values.");
    let units = |text: &str, unit: &str, factor: f64| {
        let lower = text.to_ascii_lowercase();
        match lower.strip_suffix(unit) {
            Some(number) => number.trim().parse::<f64>().ok().map(|number| number * factor),
            None => lower.trim().parse::<f64>().ok(),
        }
    };
    let (Some(cpu), Some(memory)) = (cpu, memory) else {
        return Err(refusal::client("Fargate requires that 'cpu' and 'memory' be defined at the task level."));
    };
    let cpu = units(cpu, "vcpu", 1024.0).ok_or_else(none)?;
    let gigabytes = units(memory, "gb", 1024.0).ok_or_else(none)? / 1024.0;
    let whole = gigabytes.fract() == 0.0;
    let steps_of = |step: f64| gigabytes % step == 0.0;
    let fits = if cpu == 256.0 {
        [0.5, 1.0, 2.0].contains(&gigabytes)
    } else if cpu == 512.0 {
        whole && (1.0..=4.0).contains(&gigabytes)
    } else if cpu == 1024.0 {
        whole && (2.0..=8.0).contains(&gigabytes)
    } else if cpu == 2048.0 {
        whole && (4.0..=16.0).contains(&gigabytes)
    } else if cpu == 4096.0 {
        whole && (8.0..=30.0).contains(&gigabytes)
    } else if cpu == 8192.0 {
        steps_of(4.0) && (16.0..=60.0).contains(&gigabytes)
    } else {
        cpu == 16384.0 && steps_of(8.0) && (32.0..=120.0).contains(&gigabytes)
    };
    if fits { Ok(()) } else { Err(none()) }
}

/// What was given, with the defaults that ECS prints.
fn fill_in(world: &World, body: &Value, arn: &str, revision: usize) -> Object {
    let mut printed = body.as_object().cloned().unwrap_or_default();
    printed.retain(|member, value| member != "tags" && !value.is_null());
    let awsvpc = text(body, "networkMode") == Some("awsvpc");
    for container in printed.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
        let Value::Object(container) = container else { continue };
        container.retain(|_, value| !value.is_null());
        container.entry("cpu").or_insert(json!(0));
        container.entry("essential").or_insert(json!(true));
        for empty in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
            container.entry(empty).or_insert(json!([]));
        }
        for mapping in container.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
            let Value::Object(mapping) = mapping else { continue };
            let port = mapping.get("containerPort").cloned().filter(|_| awsvpc).unwrap_or(json!(0));
            mapping.entry("hostPort").or_insert(port);
            mapping.entry("protocol").or_insert(json!("tcp"));
        }
    }
    let compatible = if awsvpc && body.get("cpu").is_some() { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) };
    for (member, value) in [
        ("taskDefinitionArn", json!(arn)),
        ("revision", json!(revision)),
        ("status", json!("ACTIVE")),
        ("requiresAttributes", required_attributes(body)),
        ("compatibilities", compatible),
        ("registeredAt", seconds(world.now)),
        ("registeredBy", json!(caller(world))),
    ] {
        printed.insert(member.to_owned(), value);
    }
    for empty in ["volumes", "placementConstraints"] {
        printed.entry(empty).or_insert(json!([]));
    }
    printed
}

/// Who calls: the ARN that `GetCallerIdentity` gives too.
pub(crate) fn caller(world: &World) -> String {
    format!("arn:aws:sts::{}:assumed-role/deployer/GitHubActions", world.scenario.account)
}

fn required_attributes(body: &Value) -> Value {
    let mut names = vec!["com.amazonaws.ecs.capability.docker-remote-api.1.18"];
    if text(body, "networkMode") == Some("awsvpc") {
        names.push("ecs.capability.task-eni");
    }
    if text(body, "taskRoleArn").is_some() {
        names.push("com.amazonaws.ecs.capability.task-iam-role");
    }
    let containers = body.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let driver = |container: &Value| container.pointer("/logConfiguration/logDriver") == Some(&json!("awslogs"));
    if containers.iter().any(driver) {
        names.extend(["com.amazonaws.ecs.capability.logging-driver.awslogs", "ecs.capability.execution-role-awslogs"]);
    }
    let ecr = |container: &Value| text(container, "image").is_some_and(|image| image.contains(".dkr.ecr."));
    if containers.iter().any(ecr) {
        names.extend(["com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull"]);
    }
    names.iter().map(|name| json!({ "name": name })).collect()
}

/// `DescribeTaskDefinition`.
pub(crate) fn describe(world: &World, body: &Value) -> Outcome {
    let reference = text(body, "taskDefinition").unwrap_or_default();
    let missing = || refusal::client("Unable to describe task definition.");
    let found = world.ecs.task_definition(reference).ok_or_else(missing)?;
    let mut answer = json!({ "taskDefinition": *found.printed });
    if includes(body, "TAGS") {
        answer["tags"] = print_tags(world, &found.arn);
    }
    Ok(answer)
}

/// `DeregisterTaskDefinition`: it becomes INACTIVE; what runs it runs on.
pub(crate) fn deregister(world: &mut World, body: &Value) -> Outcome {
    let reference = text(body, "taskDefinition").unwrap_or_default();
    if !reference.rsplit('/').next().unwrap_or_default().contains(':') {
        return Err(refusal::client("A task definition revision must be specified."));
    }
    let missing = || refusal::client("The specified task definition does not exist.");
    let arn = world.ecs.task_definition(reference).ok_or_else(missing)?.arn.clone();
    let now = world.now;
    let found = world.ecs.families.values_mut().flatten().find(|definition| definition.arn == arn).ok_or_else(missing)?;
    if found.active {
        found.active = false;
        let printed = Arc::make_mut(&mut found.printed);
        printed.insert("status".to_owned(), json!("INACTIVE"));
        printed.insert("deregisteredAt".to_owned(), seconds(now));
    }
    Ok(json!({ "taskDefinition": *found.printed }))
}

/// The container port behind a port mapping's name.
pub(crate) fn named_port(definition: &Object, name: &str) -> Option<u16> {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array)?;
    let mut mappings = containers.iter().filter_map(|container| container.get("portMappings")?.as_array()).flatten();
    let mapping = mappings.find(|mapping| text(mapping, "name") == Some(name))?;
    u16::try_from(mapping.get("containerPort")?.as_u64()?).ok()
}
