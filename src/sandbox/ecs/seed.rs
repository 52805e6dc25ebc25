//! The scenario's start, and a look at everything at once.

use serde_json::{Value, json};

use super::{
    clusters, deployments, describe, describe_tasks, registration, services,
    state::{Object, ServiceStatus, TaskDefinition, TaskStatus},
    task_definitions, tasks,
};
use crate::sandbox::{
    protocol::{self, Refusal},
    scenario::{EcsServiceSeed, Mistake},
    world::World,
};

/// Cluster, task definitions and services of the scenario, their tasks RUNNING and registered.
pub(crate) fn seed(world: &mut World) {
    let cluster = world.scenario.cluster.clone();
    // As the console makes one.
    let given = [("capacityProviders".to_owned(), json!(["FARGATE", "FARGATE_SPOT"]))].into_iter().collect();
    clusters::add(world, if cluster.is_empty() { "default" } else { &cluster }, given);
    for (index, service) in world.scenario.ecs_services.clone().iter().enumerate() {
        if let Err((key, refusal)) = one(world, service) {
            let message = format!("ECS service `{}`: {}: {}", service.name, refusal.code, refusal.message);
            world.unseeded.push(Mistake::at(&["ecs_services", &index.to_string(), key], message));
        }
    }
    world.ecs.wake = None;
}

/// An error comes with the key that it is about.
fn one(world: &mut World, service: &EcsServiceSeed) -> Result<(), (&'static str, Refusal)> {
    let definition =
        task_definition(world, &service.task_definition, service.revision).map_err(|refusal| ("task_definition", refusal))?;
    let mut body = service.definition.clone();
    if !body.is_object() {
        body = json!({});
    }
    if !world.scenario.cluster.is_empty() {
        body["cluster"] = json!(world.scenario.cluster);
    }
    body["serviceName"] = json!(service.name);
    body["desiredCount"] = json!(service.desired);
    body["taskDefinition"] = json!(definition);
    let created = request("CreateService", &body).and_then(|()| services::create(world, &body));
    created.map_err(|refusal| ("definition", refusal))?;
    let place = world.ecs.services.len() - 1;
    let before = world.ecs.tasks.len();
    if service.desired > 0 {
        let id = world.ecs.services.get(place).and_then(|service| service.primary()).map(|primary| primary.id.clone());
        tasks::start(world, place, &id.unwrap_or_default(), usize::try_from(service.desired).unwrap_or(usize::MAX));
    }
    let mut registered = Vec::new();
    for index in before..world.ecs.tasks.len() {
        tasks::run(world, index);
        registration::register(world, place, index, &mut registered);
        if let Some(task) = world.ecs.tasks.get_mut(index) {
            (task.deployed, task.healthy) = (true, true);
        }
    }
    deployments::settled(world, place);
    Ok(())
}

/// Registers a task definition; one that is the family's latest already is not registered again.
fn task_definition(world: &mut World, given: &Value, revision: Option<u64>) -> Result<String, Refusal> {
    request("RegisterTaskDefinition", given)?;
    let answer = task_definitions::register(world, given)?;
    let family = clusters::text(given, "family").unwrap_or_default();
    let revisions = world.ecs.families.entry(family.to_owned()).or_default();
    if let Some(revision) = revision.and_then(|revision| usize::try_from(revision).ok()) {
        return Ok(revised(revisions, revision));
    }
    if let [.., older, newest] = revisions.as_slice() {
        let content = |printed: &Object| {
            let mut printed = printed.clone();
            ["taskDefinitionArn", "revision", "registeredAt"].iter().for_each(|member| drop(printed.remove(*member)));
            printed
        };
        if content(&older.printed) == content(&newest.printed) {
            let arn = older.arn.clone();
            revisions.pop();
            return Ok(arn);
        }
    }
    Ok(answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default().to_owned())
}

/// Makes the family's newest revision the one of this number. Those below it that nobody knows are INACTIVE, with its content.
fn revised(revisions: &mut Vec<TaskDefinition>, revision: usize) -> String {
    let Some(newest) = revisions.pop() else { return String::new() };
    let numbered = |number: usize, active: bool| {
        let arn = newest.arn.rsplit_once(':').map_or_else(String::new, |(family, _)| format!("{family}:{number}"));
        let mut printed = Object::clone(&newest.printed);
        printed.insert("taskDefinitionArn".to_owned(), json!(arn));
        printed.insert("revision".to_owned(), json!(number));
        printed.insert("status".to_owned(), json!(if active { "ACTIVE" } else { "INACTIVE" }));
        TaskDefinition::new(arn, active, printed)
    };
    for number in revisions.len() + 1..=revision {
        revisions.push(numbered(number, false));
    }
    let made = numbered(revision, true);
    let arn = made.arn.clone();
    if let Some(place) = revisions.get_mut(revision.saturating_sub(1)) {
        *place = made;
    }
    arn
}

/// Services and tasks as they stand, for people and tests.
pub(crate) fn snapshot(world: &World) -> Value {
    let services = world.ecs.services.iter().filter(|service| service.status != ServiceStatus::Inactive);
    let services = services.map(|service| describe::service(world, service, true)).collect::<Vec<_>>();
    let tasks = world.ecs.tasks.iter().filter(|task| task.status != TaskStatus::Stopped);
    let tasks = tasks.map(|task| describe_tasks::task(world, task, false)).collect::<Vec<_>>();
    let definitions = world.ecs.families.values().flatten().map(|definition| definition.arn.clone()).collect::<Vec<_>>();
    json!({ "services": services, "tasks": tasks, "taskDefinitions": definitions })
}

/// Holds what a scenario gives against the model, as a request would be.
fn request(operation: &str, input: &Value) -> Result<(), Refusal> {
    protocol::validate("ecs", operation, input)
}
