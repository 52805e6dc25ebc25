//! Services: created, updated, deleted, listed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    clusters::{arn, given, of_request, text},
    connect, deployments, describe, progressive,
    refusal::{self, Outcome},
    service_input::{self as input, OF_A_DEPLOYMENT},
    state::{EcsService, Object, Port, ServiceStatus, TaskDefinition},
    tags::put_tags,
};
use crate::sandbox::{protocol::Refusal, world::World};

/// `CreateService`. Nothing runs yet when it returns: the scheduler starts the tasks.
pub(crate) fn create(world: &mut World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let name = text(body, "serviceName").unwrap_or_default().to_owned();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 255 || !name.chars().all(fine) {
        return Err(refusal::invalid("Service name may have 1 to 255 letters, numbers, hyphens and underscores."));
    }
    let token = text(body, "clientToken");
    if token.is_some_and(|token| token.is_empty() || token.len() > 36 || !token.bytes().all(|byte| (33..=126).contains(&byte))) {
        return Err(refusal::invalid("clientToken may have 1 to 36 ASCII characters in the range of 33 to 126."));
    }
    if let Some(known) = world.ecs.service(&cluster, &name).and_then(|place| world.ecs.services.get(place)) {
        match known.status {
            ServiceStatus::Active
                if known.token.as_ref().is_some_and(|(old, request)| Some(old.as_str()) == token && request == body) =>
            {
                return Ok(json!({ "service": describe::service(world, known, true) }));
            }
            ServiceStatus::Active => return Err(refusal::invalid("Creation of service was not idempotent.")),
            ServiceStatus::Draining => {
                return Err(refusal::invalid("Unable to Start a service that is still Draining."));
            }
            ServiceStatus::Inactive => {}
        }
    }
    input::emulated(body)?;
    input::numbers(body)?;
    let Some(desired) = body.get("desiredCount").and_then(Value::as_u64) else {
        return Err(refusal::invalid("The desiredCount is required when the schedulingStrategy is REPLICA."));
    };
    let reference = text(body, "taskDefinition").ok_or_else(|| refusal::invalid("TaskDefinition can not be blank."))?;
    let definition = input::task_definition(world, reference)?;
    let (mut spec, settings) = divide(body);
    spec.insert("taskDefinition".to_owned(), json!(definition.arn));
    if !spec.contains_key("launchType")
        && let Some(default) = given(world, &cluster, "defaultCapacityProviderStrategy")
    {
        spec.entry("capacityProviderStrategy").or_insert(default.clone());
    }
    fill_in_spec(&mut spec);
    let groups = fitting(world, &cluster, "", &settings, &spec, definition)?;
    let arn = arn(world, &format!("service/{cluster}/{name}"));
    put_tags(world, &arn, body)?;
    world.ecs.services.retain(|service| service.arn != arn);
    world.ecs.services.push(EcsService {
        name,
        cluster,
        arn: arn.clone(),
        status: ServiceStatus::Active,
        desired: usize::try_from(desired).unwrap_or(usize::MAX),
        created_at: world.now,
        settings: Arc::new(settings),
        deployments: Vec::new(),
        last_completed: None,
        events: std::collections::VecDeque::new(),
        steady: false,
        token: token.map(|token| (token.to_owned(), body.clone())),
    });
    let place = world.ecs.services.len() - 1;
    deployments::begin(world, place, spec, groups);
    wake(world);
    answer(world, place)
}

/// Holds what a service is to deploy against everything that there is; returns what its tasks are to be registered in.
fn fitting(
    world: &World,
    cluster: &str,
    own: &str,
    settings: &Object,
    spec: &Object,
    definition: &TaskDefinition,
) -> Result<Vec<Port>, Refusal> {
    input::placement(world, cluster, spec, definition)?;
    connect::check(world, cluster, own, spec, definition)?;
    let ports = input::lattice(world, spec, definition)?;
    progressive::check(world, settings, spec)?;
    Ok(progressive::live_groups(world, spec, ports))
}

/// Splits a request into what a deployment carries and what the service carries, the latter with its defaults.
fn divide(body: &Value) -> (Object, Object) {
    let given = body.as_object().cloned().unwrap_or_default();
    let (mut spec, mut settings) = (Object::new(), Object::new());
    for (member, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        if OF_A_DEPLOYMENT.contains(&member.as_str()) {
            spec.insert(member, value);
        } else if !matches!(member.as_str(), "cluster" | "serviceName" | "service" | "desiredCount" | "clientToken" | "tags") {
            settings.insert(member, value);
        }
    }
    for (member, value) in [
        ("schedulingStrategy", json!("REPLICA")),
        ("deploymentController", json!({ "type": "ECS" })),
        ("enableECSManagedTags", json!(false)),
        ("propagateTags", json!("NONE")),
        ("enableExecuteCommand", json!(false)),
        ("availabilityZoneRebalancing", json!("ENABLED")),
    ] {
        settings.entry(member).or_insert(value);
    }
    for empty in ["placementConstraints", "placementStrategy"] {
        settings.entry(empty).or_insert(json!([]));
    }
    fill_in_configuration(&mut settings);
    (spec, settings)
}

/// `deploymentConfiguration` with its defaults: 200 %, 100 %, no circuit breaker, rolling.
fn fill_in_configuration(settings: &mut Object) {
    let configuration = settings.entry("deploymentConfiguration").or_insert(json!({}));
    let Value::Object(configuration) = configuration else { return };
    for (member, value) in [
        ("deploymentCircuitBreaker", json!({ "enable": false, "rollback": false })),
        ("maximumPercent", json!(200)),
        ("minimumHealthyPercent", json!(100)),
        ("strategy", json!("ROLLING")),
    ] {
        configuration.entry(member).or_insert(value);
    }
    // With BLUE_GREEN it has to be given.
    if configuration.get("strategy") != Some(&json!("BLUE_GREEN")) {
        configuration.entry("bakeTimeInMinutes").or_insert(json!(0));
    }
}

fn fill_in_spec(spec: &mut Object) {
    let strategy = spec.get("capacityProviderStrategy").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if !strategy {
        spec.remove("capacityProviderStrategy");
        spec.entry("launchType").or_insert(json!("EC2"));
    }
    if strategy || spec.get("launchType") == Some(&json!("FARGATE")) {
        spec.entry("platformVersion").or_insert(json!("LATEST"));
    }
    for empty in ["loadBalancers", "serviceRegistries"] {
        spec.entry(empty).or_insert(json!([]));
    }
    if let Some(Value::Object(network)) = spec.get_mut("networkConfiguration").and_then(|n| n.get_mut("awsvpcConfiguration")) {
        network.entry("securityGroups").or_insert(json!([]));
        network.entry("assignPublicIp").or_insert(json!("DISABLED"));
    }
    // An empty list takes the integration away, and is then not printed.
    for list in ["vpcLatticeConfigurations", "volumeConfigurations"] {
        if spec.get(list).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            spec.remove(list);
        }
    }
    spec.remove("forceNewDeployment");
}

/// `UpdateService`. Members that are left out keep their values.
pub(crate) fn update(world: &mut World, body: &Value) -> Outcome {
    let place = change(world, body)?;
    answer(world, place)
}

/// As [`update`], without the answer; the service's place.
pub(crate) fn change(world: &mut World, body: &Value) -> Result<usize, Refusal> {
    let (place, arn) = existing(world, body)?;
    let active = world.ecs.services.get(place).filter(|service| service.status == ServiceStatus::Active);
    let Some(service) = active else {
        return Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE."));
    };
    input::emulated(body)?;
    let cluster = service.cluster.clone();
    let old = service.primary().map(|deployment| Object::clone(&deployment.spec)).unwrap_or_default();
    let given = body.as_object().cloned().unwrap_or_default();
    let (mut spec, mut settings) = (old.clone(), Object::clone(&service.settings));
    for (member, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        if OF_A_DEPLOYMENT.contains(&member.as_str()) {
            if member == "capacityProviderStrategy" {
                spec.remove("launchType");
            }
            if member == "launchType" {
                spec.remove("capacityProviderStrategy");
            }
            spec.insert(member, value);
        } else if member == "deploymentConfiguration" {
            merge(settings.entry(member).or_insert(json!({})), value);
        } else if !matches!(member.as_str(), "cluster" | "service" | "desiredCount") {
            settings.insert(member, value);
        }
    }
    fill_in_spec(&mut spec);
    fill_in_configuration(&mut settings);
    let mut whole = Value::Object(settings.clone());
    whole["desiredCount"] = body.get("desiredCount").cloned().unwrap_or(Value::Null);
    input::numbers(&whole)?;
    let reference = spec.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    let definition = match text(body, "taskDefinition") {
        Some(reference) => input::task_definition(world, reference)?,
        // What runs may have been deregistered meanwhile; that is no hindrance.
        None => world.ecs.task_definition(reference).ok_or_else(|| refusal::client("TaskDefinition not found."))?,
    };
    spec.insert("taskDefinition".to_owned(), json!(definition.arn));
    let force = body.get("forceNewDeployment") == Some(&json!(true));
    let new = force || input::deploys(&old, &spec);
    // A target group that is gone meanwhile matters to new deployments only.
    let groups = if new { fitting(world, &cluster, &arn, &settings, &spec, definition)? } else { Vec::new() };
    if !new {
        input::placement(world, &cluster, &spec, definition)?;
        progressive::check(world, &settings, &spec)?;
    }
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.settings = Arc::new(settings);
        if let Some(primary) = service.deployments.first_mut().filter(|_| !new) {
            primary.spec = Arc::new(spec.clone());
        }
        if let Some(desired) = body.get("desiredCount").and_then(Value::as_u64) {
            service.steady &= service.desired as u64 == desired;
            service.desired = usize::try_from(desired).unwrap_or(usize::MAX);
        }
    }
    if new {
        deployments::begin(world, place, spec, groups);
    }
    wake(world);
    Ok(place)
}

/// Members of an object are replaced one by one; what is not given stays.
fn merge(old: &mut Value, new: Value) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        old.extend(new.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

/// `DeleteService`: it is DRAINING until its last task stopped, then INACTIVE.
pub(crate) fn delete(world: &mut World, body: &Value) -> Outcome {
    let (place, _) = existing(world, body)?;
    let force = body.get("force") == Some(&json!(true));
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(place).filter(|service| service.status != ServiceStatus::Inactive) {
        if service.desired > 0 && !force {
            return Err(refusal::invalid("The service cannot be stopped while it is scaled above 0."));
        }
        service.status = ServiceStatus::Draining;
        service.desired = 0;
        service.deployments.iter_mut().for_each(|deployment| deployment.updated_at = now);
    }
    wake(world);
    answer(world, place)
}

/// The place and ARN of the service that a request means.
pub(crate) fn existing(world: &World, body: &Value) -> Result<(usize, String), Refusal> {
    let cluster = of_request(world, body)?;
    let place = text(body, "service").and_then(|reference| world.ecs.service(&cluster, reference));
    let found = place.and_then(|place| Some((place, world.ecs.services.get(place)?.arn.clone())));
    found.ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))
}

fn answer(world: &World, place: usize) -> Outcome {
    let service = world.ecs.services.get(place).map(|service| describe::service(world, service, true));
    Ok(json!({ "service": service }))
}

/// Has the scheduler look soon.
pub(crate) fn wake(world: &mut World) {
    let at = world.now + std::time::Duration::from_secs(world.scenario.knobs.scheduler);
    world.ecs.wake_at(at);
}
