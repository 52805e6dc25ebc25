//! The one GraphQL query that a job's token needs: who it is.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, refuse},
};
use crate::sandbox::{wire::Reply, world::World};

/// `POST /graphql` with `{ viewer { login } }`, named or not.
pub(super) fn query(_: &mut World, call: &Call) -> Outcome {
    let Some(text) = call.member("query").and_then(Value::as_str) else {
        return Err(refuse(400, "A query attribute must be specified and must be a string."));
    };
    let words = text.replace('{', " { ").replace('}', " } ");
    let words = words.split([' ', '\n', '\r', '\t', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let selection = match words.as_slice() {
        ["query", "{", ..] => words.get(1..),
        ["query", _, "{", ..] => words.get(2..),
        _ => Some(words.as_slice()),
    };
    if selection == Some(&["{", "viewer", "{", "login", "}", "}"]) {
        let viewer = if call.by_person { actors::author(&call.server) } else { actors::bot(&call.server) };
        return Ok(Reply::json(200, &json!({ "data": { "viewer": { "login": viewer["login"] } } })));
    }
    let message = "the sandbox answers the query { viewer { login } } only";
    Ok(Reply::json(200, &json!({ "errors": [{ "type": "undefinedField", "message": message }] })))
}
