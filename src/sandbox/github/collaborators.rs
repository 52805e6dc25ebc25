//! What people may do. The pull request's author may write; in a public repository everybody else may read.

use serde_json::json;

use super::{
    actors,
    call::{Call, Outcome, not_found},
};
use crate::sandbox::{wire::Reply, world::World};

/// Longest login, in characters (GitHub's own limit for new accounts).
const LONGEST_LOGIN: usize = 39;

/// `GET …/collaborators/{username}/permission`.
pub(super) fn permission(_: &mut World, call: &Call) -> Outcome {
    let login = call.part(0);
    let is_login = login.len() <= LONGEST_LOGIN
        && login.starts_with(|first: char| first.is_ascii_alphanumeric())
        && login.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    if !is_login {
        return Err(not_found());
    }
    let author = actors::author(&call.server);
    let is_author = author["login"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(login));
    let (permission, mut user) = if is_author { ("write", author) } else { ("read", actors::somebody(&call.server, login)) };
    user["role_name"] = json!(permission);
    Ok(Reply::json(200, &json!({ "permission": permission, "user": user, "role_name": permission })))
}
