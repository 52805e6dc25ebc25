//! Commit statuses.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, invalid_field, invalid_request},
    job::REPOSITORY,
    paging::page,
    repository::{commit, is_sha, no_commit},
};
use crate::sandbox::{wire::Reply, world::World};

/// Longest description of a commit status or a deployment's status, in characters.
pub(super) const LONGEST_DESCRIPTION: usize = 140;

/// `POST …/statuses/{sha}`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let sha = call.part(0);
    if !is_sha(sha) {
        return Err(no_commit(sha));
    }
    call.required(&["state"])?;
    let state = call.one_of("state", &["error", "failure", "pending", "success"])?.unwrap_or_default();
    let description = call.text_or_null("description")?;
    if description.is_some_and(|description| description.chars().count() > LONGEST_DESCRIPTION) {
        return Err(invalid_field("Status", "custom", "description", "description is too long (maximum is 140 characters)"));
    }
    let target = call.text_or_null("target_url")?;
    if target.is_some_and(|url| !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(invalid_field("Status", "custom", "target_url", "target_url must use http(s) scheme"));
    }
    let context = call.text("context")?.unwrap_or("default");
    if context.is_empty() {
        return Err(invalid_request("\"context\" can't be blank."));
    }
    let (id, now) = (world.github.id(), world.now.to_string());
    let status = json!({
        "id": id,
        "node_id": format!("SC_kwDOABCD{id:x}"),
        "state": state,
        "description": description,
        "target_url": target,
        "context": context,
        "created_at": now,
        "updated_at": now,
        "sha": sha.to_ascii_lowercase(),
    });
    let printed = print(call, &status);
    world.github.statuses.push(status);
    world.note("github", format!("status {context} of {sha}: {state}"));
    let location = printed["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &printed).with("location", location))
}

/// `GET …/commits/{ref}/statuses`, newest first.
pub(super) fn of_commit(world: &mut World, call: &Call) -> Outcome {
    let reference = call.part(0);
    let sha = commit(reference).ok_or_else(|| no_commit(reference))?;
    let statuses = world.github.statuses.iter().rev().filter(|status| status["sha"] == sha);
    Ok(page(call, statuses.map(|status| print(call, status)).collect(), |some, _| Value::Array(some)))
}

fn print(call: &Call, status: &Value) -> Value {
    let mut printed = status.clone();
    let creator = actors::bot(&call.server);
    let sha = status["sha"].as_str().unwrap_or_default();
    printed["url"] = json!(format!("{}/api/v3/repos/{REPOSITORY}/statuses/{sha}", call.server));
    printed["avatar_url"] = creator["avatar_url"].clone();
    printed["creator"] = creator;
    if let Value::Object(printed) = &mut printed {
        // It is the path's to say, not the answer's.
        printed.remove("sha");
    }
    printed
}
