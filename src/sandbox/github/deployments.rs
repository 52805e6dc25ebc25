//! Deployments: made, listed, deleted. Their statuses are in `deployment_statuses`.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, Refusal, mistyped, not_found, refuse},
    deployment_statuses,
    job::REPOSITORY,
    paging::page,
    repository::commit,
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

/// `POST …/deployments`. Without `required_contexts: []` every check of the commit has to be green, our own running one too.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    call.required(&["ref"])?;
    let reference = call.text("ref")?.unwrap_or_default();
    let task = call.text("task")?.unwrap_or("deploy");
    let environment = call.text("environment")?.unwrap_or("production");
    let description = call.text_or_null("description")?;
    let transient = call.flag("transient_environment")?.unwrap_or(false);
    let production = call.flag("production_environment")?.unwrap_or(environment == "production");
    call.flag("auto_merge")?;
    let contexts = contexts(call)?;
    let payload = call.member("payload").cloned().unwrap_or_else(|| json!({}));
    if !payload.is_object() && !payload.is_string() {
        return Err(mistyped("payload", &payload, "an object or a string"));
    }
    let sha = commit(reference).ok_or_else(|| refuse(422, &format!("No ref found for: {reference}")))?;
    if let Err(findings) = green(world, &sha, contexts.as_deref()) {
        let error = json!({"contexts": findings, "resource": "Deployment", "field": "required_contexts", "code": "invalid"});
        let message = format!("Conflict: Commit status checks failed for {reference}.");
        return Err(Refusal { errors: vec![error], ..refuse(409, &message) });
    }
    let (id, now) = (world.github.id(), world.now.to_string());
    let deployment = json!({
        "id": id,
        "node_id": format!("DE_kwDOABCD{id:x}"),
        "sha": sha,
        "ref": reference,
        "task": task,
        "payload": payload,
        "original_environment": environment,
        "environment": environment,
        "description": description,
        "created_at": now,
        "updated_at": now,
        "transient_environment": transient,
        "production_environment": production,
    });
    let printed = print(call, &deployment);
    world.github.deployments.push(deployment);
    world.note("github", format!("deployment {id} to {environment}"));
    let location = printed["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &printed).with("location", location))
}

/// The contexts that have to be green; none given means all there are.
fn contexts(call: &Call) -> Result<Option<Vec<&str>>, Refusal> {
    let Some(given) = call.member("required_contexts") else { return Ok(None) };
    let list = given.as_array().ok_or_else(|| mistyped("required_contexts", given, "an array"))?;
    let names = list.iter().map(|name| name.as_str().ok_or_else(|| mistyped("required_contexts", name, "a string")));
    names.collect::<Result<_, _>>().map(Some)
}

/// Whether the latest check runs and statuses of a commit are good: these contexts, or all where none are named. An error lists
/// them as they are.
fn green(world: &World, sha: &str, contexts: Option<&[&str]>) -> Result<(), Vec<Value>> {
    let mut latest: Vec<(&str, &str)> = Vec::new();
    let word = |value: &'_ Value| -> &'static str {
        match value.as_str() {
            Some("success" | "neutral" | "skipped") => "success",
            None | Some("pending") => "pending",
            Some(_) => "failure",
        }
    };
    let runs = world.github.check_runs.iter().filter(|run| run["head_sha"] == sha);
    let runs = runs.map(|run| (run["name"].as_str().unwrap_or_default(), word(&run["conclusion"])));
    let statuses = world.github.statuses.iter().filter(|status| status["sha"] == sha);
    let statuses = statuses.map(|status| (status["context"].as_str().unwrap_or_default(), word(&status["state"])));
    for (name, state) in runs.chain(statuses) {
        latest.retain(|(known, _)| *known != name);
        latest.push((name, state));
    }
    let is_good = match contexts {
        None => latest.iter().all(|(_, state)| *state == "success"),
        Some(contexts) => contexts.iter().all(|context| latest.contains(&(context, "success"))),
    };
    let listed = |(name, state): &(&str, &str)| json!({"context": name, "state": state});
    if is_good { Ok(()) } else { Err(latest.iter().map(listed).collect()) }
}

/// `GET …/deployments`, newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let fits = |deployment: &&Value| {
        let filters = ["sha", "ref", "task", "environment"];
        filters.iter().all(|filter| call.parameter(filter).is_none_or(|wanted| deployment[*filter] == wanted))
    };
    let deployments = world.github.deployments.iter().rev().filter(fits).map(|deployment| print(call, deployment));
    Ok(page(call, deployments.collect(), |some, _| Value::Array(some)))
}

/// `GET …/deployments/{id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.deployments, call.part(0)).ok_or_else(not_found)?;
    Ok(Reply::json(200, &print(call, &world.github.deployments[place])))
}

/// `DELETE …/deployments/{id}`: an inactive one, or the only one of its environment.
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.deployments, call.part(0)).ok_or_else(not_found)?;
    let deployment = &world.github.deployments[place];
    let same = world.github.deployments.iter().filter(|other| other["environment"] == deployment["environment"]);
    let is_active = deployment_statuses::state(world, &deployment["id"]) == Some("success");
    if is_active && same.count() > 1 {
        let message = "We cannot delete an active deployment unless it is the only deployment in a given environment.";
        return Err(refuse(422, message));
    }
    let id = deployment["id"].clone();
    world.github.deployments.remove(place);
    world.github.deployment_statuses.retain(|status| status["deployment"] != id);
    world.note("github", format!("deployment {id} deleted"));
    Ok(Reply::empty(204))
}

/// The address of a deployment.
pub(super) fn address(call: &Call, id: &Value) -> String {
    format!("{}/api/v3/repos/{REPOSITORY}/deployments/{id}", call.server)
}

fn print(call: &Call, deployment: &Value) -> Value {
    let address = address(call, &deployment["id"]);
    let mut printed = deployment.clone();
    printed["creator"] = actors::bot(&call.server);
    printed["statuses_url"] = json!(format!("{address}/statuses"));
    printed["repository_url"] = json!(format!("{}/api/v3/repos/{REPOSITORY}", call.server));
    printed["performed_via_github_app"] = actors::app(&call.server);
    printed["url"] = json!(address);
    printed
}
