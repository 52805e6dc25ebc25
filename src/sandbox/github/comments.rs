//! Comments of the pull request.

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, invalid_field, not_found},
    commits::{PULL_REQUEST, REPOSITORY},
    paging::page,
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

/// GitHub's limit on a comment's body, in characters.
const LONGEST_BODY: usize = 65536;

/// Who writes with a job's token, as REST prints it.
pub(crate) fn author(server: &str) -> Value {
    json!({
        "login": "github-actions[bot]",
        "id": 41_898_282,
        "node_id": "MDM6Qm90NDE4OTgyODI=",
        "type": "Bot",
        "site_admin": false,
        "url": format!("{server}/api/v3/users/github-actions%5Bbot%5D"),
        "html_url": format!("{server}/apps/github-actions"),
    })
}

/// A comment with the addresses that the caller can follow.
fn print(call: &Call, comment: &Value) -> Value {
    let (server, id) = (&call.server, &comment["id"]);
    let mut printed = json!({
        "url": format!("{server}/api/v3/repos/{REPOSITORY}/issues/comments/{id}"),
        "html_url": format!("{server}/{REPOSITORY}/pull/{PULL_REQUEST}#issuecomment-{id}"),
        "issue_url": format!("{server}/api/v3/repos/{REPOSITORY}/issues/{PULL_REQUEST}"),
        "user": author(server),
        "author_association": "CONTRIBUTOR",
        "performed_via_github_app": null,
    });
    for (member, value) in comment.as_object().into_iter().flatten() {
        printed[member] = value.clone();
    }
    printed
}

fn body(call: &Call) -> Result<&str, Reply> {
    let body = call.required("body")?;
    if body.trim().is_empty() {
        return Err(invalid_field("IssueComment", "missing_field", "body", "body cannot be blank"));
    }
    if body.chars().count() > LONGEST_BODY {
        let message = "Body is too long (maximum is 65536 characters)";
        return Err(invalid_field("IssueComment", "unprocessable", "data", message));
    }
    Ok(body)
}

fn issue(number: &str) -> Result<(), Reply> {
    if number == PULL_REQUEST.to_string() { Ok(()) } else { Err(not_found()) }
}

/// `GET …/issues/{number}/comments`: by ascending id, always.
pub(crate) fn list(world: &World, call: &Call, number: &str) -> Outcome {
    issue(number)?;
    let since = call.parameter("since").unwrap_or_default();
    // Both are RFC 3339 in UTC, where the order of the text is the order of time.
    let comments = world.github.comments.iter().filter(|comment| comment["updated_at"].as_str().unwrap_or_default() >= since);
    Ok(page(call, comments.map(|comment| print(call, comment)).collect(), |some, _| Value::Array(some)))
}

/// `POST …/issues/{number}/comments`.
pub(crate) fn create(world: &mut World, call: &Call, number: &str) -> Outcome {
    issue(number)?;
    let body = body(call)?;
    let (id, now) = (world.github.id(), world.now.to_string());
    let node = format!("IC_kwDOABCD{id:x}");
    let comment = json!({ "id": id, "node_id": node, "body": body, "created_at": now, "updated_at": now });
    let printed = print(call, &comment);
    world.github.comments.push(comment);
    world.note("github", format!("comment {id} on pull request {PULL_REQUEST}"));
    let location = printed["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &printed).with("location", location))
}

/// `GET …/issues/comments/{id}`.
pub(crate) fn get(world: &World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.comments, id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &print(call, &world.github.comments[place])))
}

/// `PATCH …/issues/comments/{id}`.
pub(crate) fn update(world: &mut World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.comments, id).ok_or_else(not_found)?;
    let body = body(call)?;
    let now = world.now.to_string();
    let comment = &mut world.github.comments[place];
    comment["body"] = json!(body);
    comment["updated_at"] = json!(now);
    let printed = print(call, comment);
    world.note("github", format!("comment {id} edited"));
    Ok(Reply::json(200, &printed))
}

/// `DELETE …/issues/comments/{id}`.
pub(crate) fn delete(world: &mut World, id: &str) -> Outcome {
    let place = of_id(&world.github.comments, id).ok_or_else(not_found)?;
    world.github.comments.remove(place);
    world.note("github", format!("comment {id} deleted"));
    Ok(Reply::empty(204))
}
