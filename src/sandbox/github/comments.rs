//! Comments of the pull request and of the issue.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, Refusal, invalid_field, not_found},
    job::{ISSUE, REPOSITORY},
    paging::page,
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

/// GitHub's limit on a comment's body, in characters: the message that names it is quoted in many issue threads.
const LONGEST_BODY: usize = 65536;

/// A comment with the addresses that the caller can follow.
fn print(call: &Call, comment: &Value) -> Value {
    let (server, id, number) = (&call.server, &comment["id"], &comment["issue"]);
    let kind = if *number == ISSUE { "issues" } else { "pull" };
    let api = format!("{server}/api/v3/repos/{REPOSITORY}/issues");
    let by_person = comment["by_person"] == true;
    let mut reactions = json!({ "url": format!("{api}/comments/{id}/reactions"), "total_count": 0 });
    for kind in ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"] {
        reactions[kind] = json!(0);
    }
    json!({
        "url": format!("{api}/comments/{id}"),
        "html_url": format!("{server}/{REPOSITORY}/{kind}/{number}#issuecomment-{id}"),
        "issue_url": format!("{api}/{number}"),
        "id": id,
        "node_id": comment["node_id"],
        "user": if by_person { actors::author(server) } else { actors::bot(server) },
        "created_at": comment["created_at"],
        "updated_at": comment["updated_at"],
        "body": comment["body"],
        "author_association": "CONTRIBUTOR",
        "reactions": reactions,
        "performed_via_github_app": if by_person { Value::Null } else { actors::app(server) },
    })
}

fn body(call: &Call) -> Result<&str, Refusal> {
    call.required(&["body"])?;
    let body = call.text("body")?.unwrap_or_default();
    if body.trim().is_empty() {
        return Err(invalid_field("IssueComment", "unprocessable", "data", "Body cannot be blank"));
    }
    if body.chars().count() > LONGEST_BODY {
        let message = "Body is too long (maximum is 65536 characters)";
        return Err(invalid_field("IssueComment", "unprocessable", "data", message));
    }
    Ok(body)
}

fn thread(world: &World, number: &str) -> Result<u64, Refusal> {
    let issue = || (number == ISSUE.to_string()).then_some(ISSUE);
    world.github.pull(number).map(|pull| pull.number).or_else(issue).ok_or_else(not_found)
}

/// `GET …/issues/{number}/comments`: by ascending id, always.
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let thread = thread(world, call.part(0))?;
    let since = call.parameter("since").unwrap_or_default();
    // Both are RFC 3339 in UTC, where the order of the text is the order of time.
    let of_thread = world.github.comments.iter().filter(|comment| comment["issue"] == thread);
    let comments = of_thread.filter(|comment| comment["updated_at"].as_str().unwrap_or_default() >= since);
    Ok(page(call, comments.map(|comment| print(call, comment)).collect(), |some, _| Value::Array(some)))
}

/// `POST …/issues/{number}/comments`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let thread = thread(world, call.part(0))?;
    let body = body(call)?;
    let (id, now) = (world.github.id(), world.now.to_string());
    let node = format!("IC_kwDOABCD{id:x}");
    let mut comment = json!({ "id": id, "node_id": node, "issue": thread, "body": body, "created_at": now, "updated_at": now });
    if call.by_person {
        comment["by_person"] = json!(true);
    }
    let printed = print(call, &comment);
    world.github.comments.push(comment);
    world.note("github", format!("comment {id} on {} {thread}", if thread == ISSUE { "issue" } else { "pull request" }));
    let location = printed["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &printed).with("location", location))
}

/// `GET …/issues/comments/{id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.comments, call.part(0)).ok_or_else(not_found)?;
    Ok(Reply::json(200, &print(call, &world.github.comments[place])))
}

/// `PATCH …/issues/comments/{id}`.
pub(super) fn update(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.comments, call.part(0)).ok_or_else(not_found)?;
    let body = body(call)?;
    let now = world.now.to_string();
    let comment = &mut world.github.comments[place];
    comment["body"] = json!(body);
    comment["updated_at"] = json!(now);
    let printed = print(call, comment);
    world.note("github", format!("comment {} edited", call.part(0)));
    Ok(Reply::json(200, &printed))
}

/// `DELETE …/issues/comments/{id}`.
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.comments, call.part(0)).ok_or_else(not_found)?;
    world.github.comments.remove(place);
    world.note("github", format!("comment {} deleted", call.part(0)));
    Ok(Reply::empty(204))
}
