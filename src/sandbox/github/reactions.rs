//! Reactions to comments.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, not_found},
    state::{FIRST_ID, of_id},
};
use crate::sandbox::{wire::Reply, world::World};

const CONTENTS: [&str; 8] = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

/// `POST …/issues/comments/{id}/reactions`: 200 for one that is there already. Comments with ids below all of this world's were
/// written before it began, and are not kept.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let id = call.part(0).parse::<u64>().map_err(|_| not_found())?;
    if id >= FIRST_ID && of_id(&world.github.comments, call.part(0)).is_none() {
        return Err(not_found());
    }
    call.required(&["content"])?;
    let content = call.one_of("content", &CONTENTS)?.unwrap_or_default();
    let is_known = |reaction: &&Value| reaction["comment"] == id && reaction["content"] == content;
    if let Some(reaction) = world.github.reactions.iter().find(is_known) {
        return Ok(Reply::json(200, &print(call, reaction)));
    }
    let (own, now) = (world.github.id(), world.now.to_string());
    let reaction =
        json!({ "id": own, "node_id": format!("REA_kwDOABCD{own:x}"), "comment": id, "content": content, "created_at": now });
    let printed = print(call, &reaction);
    world.github.reactions.push(reaction);
    world.note("github", format!("reaction {content} to comment {id}"));
    Ok(Reply::json(201, &printed))
}

fn print(call: &Call, reaction: &Value) -> Value {
    json!({
        "id": reaction["id"],
        "node_id": reaction["node_id"],
        "user": actors::bot(&call.server),
        "content": reaction["content"],
        "created_at": reaction["created_at"],
    })
}
