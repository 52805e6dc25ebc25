//! Worlds to ask, the questions, and what is read from the answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{
    protocol::testing::ask_json,
    scenario::{self, Behaviour, Scenario},
    world::World,
};

pub(super) const GROUP: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567";
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/ecsInfrastructureRole";

/// The built-in world, changed before it starts.
pub(super) fn world_with(change: impl FnOnce(&mut Scenario)) -> World {
    let mut scenario = scenario::load("promoted").unwrap();
    change(&mut scenario);
    World::new(scenario)
}

pub(super) fn world() -> World {
    world_with(|_| {})
}

/// Every image but the stable one behaves like this.
pub(super) fn with_candidate(change: impl FnOnce(&mut Behaviour)) -> World {
    world_with(|scenario| {
        let mut behaviour = Behaviour::default();
        change(&mut behaviour);
        scenario.images.insert("*".to_owned(), behaviour);
    })
}

pub(super) fn pass(world: &mut World, seconds: u64) {
    let until = world.now + Duration::from_secs(seconds);
    world.advance(until);
}

pub(super) fn ask(world: &mut World, operation: &str, body: Value) -> Value {
    let reply = ask_json(world, "ecs", operation, &body);
    assert_eq!(reply.status, 200, "{operation}: {}", reply.value());
    reply.value()
}

/// The code and message of a refusal.
pub(super) fn refused(world: &mut World, operation: &str, body: Value) -> (String, String) {
    let reply = ask_json(world, "ecs", operation, &body);
    assert_eq!(reply.status, 400, "{operation}: {}", reply.value());
    let member = |name: &str| reply.value()[name].as_str().unwrap_or_default().to_owned();
    (member("__type"), member("message"))
}

pub(super) fn service(world: &mut World, name: &str) -> Value {
    let answer = ask(world, "DescribeServices", json!({ "cluster": "my-cluster", "services": [name] }));
    answer["services"][0].clone()
}

/// Registers revision 2 of `myservice` with this image; its ARN.
pub(super) fn register(world: &mut World, image: &str) -> String {
    let definition = ask(world, "DescribeTaskDefinition", json!({ "taskDefinition": "myservice" }))["taskDefinition"].clone();
    let mut body = json!({ "family": "myservice" });
    for member in ["containerDefinitions", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory"] {
        body[member] = definition[member].clone();
    }
    body["containerDefinitions"][0]["image"] = json!(image);
    let answer = ask(world, "RegisterTaskDefinition", body);
    answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
}

/// A second service on this task definition, without Lattice.
pub(super) fn definition(name: &str, task_definition: &str) -> Value {
    json!({
        "cluster": "my-cluster",
        "serviceName": name,
        "taskDefinition": task_definition,
        "desiredCount": 3,
        "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"] } },
    })
}

pub(super) fn lattice(group: &str) -> Value {
    json!([{ "roleArn": ROLE, "targetGroupArn": group, "portName": "http" }])
}

pub(super) fn messages(service: &Value) -> Vec<String> {
    service["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

/// Addresses of the tasks that are meant to run.
pub(super) fn addresses(world: &mut World, service: &str) -> Vec<String> {
    let tasks = ask(world, "ListTasks", json!({ "cluster": "my-cluster", "serviceName": service }))["taskArns"].clone();
    if tasks == json!([]) {
        return Vec::new();
    }
    let tasks = ask(world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": tasks }))["tasks"].clone();
    let address = |task: &Value| {
        let mut details = task["attachments"][0]["details"].as_array().unwrap().iter();
        details.find(|detail| detail["name"] == "privateIPv4Address").unwrap()["value"].as_str().unwrap().to_owned()
    };
    tasks.as_array().unwrap().iter().map(address).collect()
}
