//! What becomes of a deployment.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, invalid_field, not_found},
    deployments::address,
    job::REPOSITORY,
    paging::page,
    state::of_id,
    statuses::LONGEST_DESCRIPTION,
};
use crate::sandbox::{wire::Reply, world::World};

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

/// `POST …/deployments/{id}/statuses`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.deployments, call.part(0)).ok_or_else(not_found)?;
    call.required(&["state"])?;
    let state = call.one_of("state", &STATES)?.unwrap_or_default();
    let description = call.text("description")?.unwrap_or_default();
    if description.chars().count() > LONGEST_DESCRIPTION {
        let message = "description is too long (maximum is 140 characters)";
        return Err(invalid_field("DeploymentStatus", "custom", "description", message));
    }
    let deployment = &world.github.deployments[place];
    let id = deployment["id"].clone();
    let log = call.text("log_url")?.or(call.text("target_url")?).unwrap_or_default();
    let environment = call.text("environment")?.or(deployment["environment"].as_str()).unwrap_or_default().to_owned();
    let status = json!({
        "state": state,
        "description": description,
        "environment": environment,
        "environment_url": call.text("environment_url")?.unwrap_or_default(),
        "log_url": log,
        "target_url": log,
    });
    if state == "success" && call.flag("auto_inactive")?.unwrap_or(true) {
        make_others_inactive(world, &id, &environment);
    }
    let now = world.now.to_string();
    let deployment = &mut world.github.deployments[place];
    deployment["environment"] = json!(environment);
    deployment["updated_at"] = json!(now);
    let status = print(call, add(world, &id, status));
    world.note("github", format!("deployment {id}: {state}"));
    let location = status["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &status).with("location", location))
}

fn add<'a>(world: &'a mut World, deployment: &Value, mut status: Value) -> &'a Value {
    let (id, now) = (world.github.id(), world.now.to_string());
    status["id"] = json!(id);
    status["node_id"] = json!(format!("DES_kwDOABCD{id:x}"));
    status["created_at"] = json!(now);
    status["updated_at"] = json!(now);
    status["deployment"] = deployment.clone();
    world.github.deployment_statuses.push(status);
    world.github.deployment_statuses.last().unwrap_or(&Value::Null)
}

/// The latest state of a deployment.
pub(super) fn state<'a>(world: &'a World, deployment: &Value) -> Option<&'a str> {
    let mut statuses = world.github.deployment_statuses.iter().rev();
    statuses.find(|status| status["deployment"] == *deployment)?["state"].as_str()
}

/// A success makes earlier successful deployments to the same environment inactive, but neither transient nor production ones.
fn make_others_inactive(world: &mut World, own: &Value, environment: &str) {
    let others = world.github.deployments.iter().filter(|other| {
        other["id"] != *own
            && other["environment"] == environment
            && other["transient_environment"] == json!(false)
            && other["production_environment"] == json!(false)
            && state(world, &other["id"]) == Some("success")
    });
    for other in others.map(|other| other["id"].clone()).collect::<Vec<_>>() {
        let status = json!({
            "state": "inactive", "description": "", "environment": environment, "environment_url": "", "log_url": "", "target_url": "",
        });
        add(world, &other, status);
    }
}

/// `GET …/deployments/{id}/statuses`, newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.deployments, call.part(0)).ok_or_else(not_found)?;
    let own = &world.github.deployments[place]["id"];
    let statuses = world.github.deployment_statuses.iter().rev().filter(|status| status["deployment"] == *own);
    Ok(page(call, statuses.map(|status| print(call, status)).collect(), |some, _| Value::Array(some)))
}

/// `GET …/deployments/{id}/statuses/{id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let deployment = of_id(&world.github.deployments, call.part(0)).ok_or_else(not_found)?;
    let place = of_id(&world.github.deployment_statuses, call.part(1)).ok_or_else(not_found)?;
    let status = &world.github.deployment_statuses[place];
    if status["deployment"] != world.github.deployments[deployment]["id"] {
        return Err(not_found());
    }
    Ok(Reply::json(200, &print(call, status)))
}

fn print(call: &Call, status: &Value) -> Value {
    let deployment = address(call, &status["deployment"]);
    let mut printed = status.clone();
    printed["url"] = json!(format!("{deployment}/statuses/{}", status["id"]));
    printed["deployment_url"] = json!(deployment);
    printed["repository_url"] = json!(format!("{}/api/v3/repos/{REPOSITORY}", call.server));
    printed["creator"] = actors::bot(&call.server);
    printed["performed_via_github_app"] = actors::app(&call.server);
    if let Value::Object(printed) = &mut printed {
        printed.remove("deployment");
    }
    printed
}
