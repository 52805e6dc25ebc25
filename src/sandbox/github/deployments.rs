//! Deployments and their statuses.

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, invalid_field, invalid_request, not_found, refuse},
    comments::author,
    commits::{REPOSITORY, commit},
    paging::page,
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];
/// Longest description of a status, in characters.
const LONGEST_DESCRIPTION: usize = 140;

/// `POST …/deployments`. Without `required_contexts: []` every check of the commit has to be green, our own running one too.
pub(crate) fn create(world: &mut World, call: &Call) -> Outcome {
    let reference = call.required("ref")?.to_owned();
    let sha = commit(&reference).ok_or_else(|| refuse(422, &format!("No ref found for: {reference}")))?;
    let task = call.text("task")?.unwrap_or("deploy");
    let environment = call.text("environment")?.unwrap_or("production");
    let description = call.text("description")?;
    let transient = call.flag("transient_environment")?.unwrap_or(false);
    let production = call.flag("production_environment")?.unwrap_or(environment == "production");
    call.flag("auto_merge")?;
    let contexts = match call.member("required_contexts") {
        None => None,
        Some(Value::Array(contexts)) => Some(contexts.iter().filter_map(Value::as_str).collect::<Vec<_>>()),
        Some(other) => return Err(invalid_request(&format!("For 'properties/required_contexts', {other} is not an array."))),
    };
    let payload = call.member("payload").cloned().unwrap_or_else(|| json!({}));
    if !payload.is_object() && !payload.is_string() {
        return Err(invalid_request("For 'properties/payload', neither an object nor a string was supplied."));
    }
    if !green(world, &sha, contexts.as_deref()) {
        return Err(refuse(409, &format!("Conflict: Commit status checks failed for {reference}.")));
    }
    let (id, now) = (world.github.id(), world.now.to_string());
    let address = format!("{}/api/v3/repos/{REPOSITORY}/deployments/{id}", call.server);
    let deployment = json!({
        "url": address,
        "id": id,
        "node_id": format!("DE_kwDOABCD{id:x}"),
        "sha": sha,
        "ref": reference,
        "task": task,
        "payload": payload,
        "original_environment": environment,
        "environment": environment,
        "description": description,
        "creator": author(&call.server),
        "created_at": now,
        "updated_at": now,
        "statuses_url": format!("{address}/statuses"),
        "repository_url": format!("{}/api/v3/repos/{REPOSITORY}", call.server),
        "transient_environment": transient,
        "production_environment": production,
    });
    world.github.deployments.push(deployment.clone());
    world.note("github", format!("deployment {id} to {environment}"));
    Ok(Reply::json(201, &deployment))
}

/// Whether the latest check runs and statuses of a commit are good: these contexts, or all where none are named.
fn green(world: &World, sha: &str, contexts: Option<&[&str]>) -> bool {
    let mut latest: Vec<(&str, bool)> = Vec::new();
    let good = |value: &Value| ["success", "neutral", "skipped"].iter().any(|good| value == good);
    let runs = world.github.check_runs.iter().filter(|run| run["head_sha"] == sha);
    let runs = runs.map(|run| (run["name"].as_str().unwrap_or_default(), good(&run["conclusion"])));
    let statuses = world.github.statuses.iter().filter(|status| status["sha"] == sha);
    let statuses = statuses.map(|status| (status["context"].as_str().unwrap_or_default(), good(&status["state"])));
    for (name, good) in runs.chain(statuses) {
        latest.retain(|(known, _)| *known != name);
        latest.push((name, good));
    }
    match contexts {
        None => latest.iter().all(|(_, good)| *good),
        Some(contexts) => contexts.iter().all(|context| latest.contains(&(context, true))),
    }
}

/// `GET …/deployments`, newest first.
pub(crate) fn list(world: &World, call: &Call) -> Outcome {
    let fits = |deployment: &&Value| {
        let filters = ["sha", "ref", "task", "environment"];
        filters.iter().all(|filter| call.parameter(filter).is_none_or(|wanted| deployment[*filter] == wanted))
    };
    let deployments = world.github.deployments.iter().rev().filter(fits).cloned();
    Ok(page(call, deployments.collect(), |some, _| Value::Array(some)))
}

/// `GET …/deployments/{id}`.
pub(crate) fn get(world: &World, id: &str) -> Outcome {
    let place = of_id(&world.github.deployments, id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &world.github.deployments[place]))
}

/// `POST …/deployments/{id}/statuses`.
pub(crate) fn create_status(world: &mut World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.deployments, id).ok_or_else(not_found)?;
    let deployment = world.github.deployments[place].clone();
    let state = call.one_of("state", &STATES)?.ok_or_else(|| invalid_request("\"state\" wasn't supplied."))?;
    let description = call.text("description")?.unwrap_or_default();
    if description.chars().count() > LONGEST_DESCRIPTION {
        let message = "description is too long (maximum is 140 characters)";
        return Err(invalid_field("DeploymentStatus", "custom", "description", message));
    }
    let log = call.text("log_url")?.or(call.text("target_url")?).unwrap_or_default();
    let environment = call.text("environment")?.or(deployment["environment"].as_str()).unwrap_or_default().to_owned();
    let address = call.text("environment_url")?.unwrap_or_default();
    let now = world.now.to_string();
    let status = json!({
        "state": state,
        "description": description,
        "environment": environment,
        "environment_url": address,
        "log_url": log,
        "target_url": log,
    });
    if state == "success" && call.flag("auto_inactive")?.unwrap_or(true) {
        make_others_inactive(world, call, &deployment["id"], &environment);
    }
    world.github.deployments[place]["environment"] = json!(environment);
    world.github.deployments[place]["updated_at"] = json!(now);
    let status = add_status(world, call, &deployment["id"], status);
    world.note("github", format!("deployment {id}: {state}"));
    Ok(Reply::json(201, &status))
}

fn add_status(world: &mut World, call: &Call, deployment: &Value, mut status: Value) -> Value {
    let (id, now) = (world.github.id(), world.now.to_string());
    let of = format!("{}/api/v3/repos/{REPOSITORY}/deployments/{deployment}", call.server);
    status["id"] = json!(id);
    status["node_id"] = json!(format!("DES_kwDOABCD{id:x}"));
    status["url"] = json!(format!("{of}/statuses/{id}"));
    status["deployment_url"] = json!(of);
    status["creator"] = author(&call.server);
    status["created_at"] = json!(now);
    status["updated_at"] = json!(now);
    status["deployment"] = deployment.clone();
    let printed = without_deployment(&status);
    world.github.deployment_statuses.push(status);
    printed
}

fn without_deployment(status: &Value) -> Value {
    let mut printed = status.clone();
    if let Value::Object(printed) = &mut printed {
        printed.remove("deployment");
    }
    printed
}

/// A success makes earlier successful deployments to the same environment inactive, but neither transient nor production ones.
fn make_others_inactive(world: &mut World, call: &Call, own: &Value, environment: &str) {
    let state = |world: &World, id: &Value| {
        let mut statuses = world.github.deployment_statuses.iter().rev();
        statuses.find(|status| status["deployment"] == *id).map(|status| status["state"].clone())
    };
    let others = world.github.deployments.iter().filter(|other| {
        other["id"] != *own
            && other["environment"] == environment
            && other["transient_environment"] == json!(false)
            && other["production_environment"] == json!(false)
            && state(world, &other["id"]) == Some(json!("success"))
    });
    for other in others.map(|other| other["id"].clone()).collect::<Vec<_>>() {
        let status = json!({
            "state": "inactive", "description": "", "environment": environment, "environment_url": "", "log_url": "", "target_url": "",
        });
        add_status(world, call, &other, status);
    }
}

/// `GET …/deployments/{id}/statuses`, newest first.
pub(crate) fn statuses(world: &World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.deployments, id).ok_or_else(not_found)?;
    let own = &world.github.deployments[place]["id"];
    let statuses = world.github.deployment_statuses.iter().rev().filter(|status| status["deployment"] == *own);
    Ok(page(call, statuses.map(without_deployment).collect(), |some, _| Value::Array(some)))
}
