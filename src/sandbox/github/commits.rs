//! The pull request, its commits, and commit statuses.

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, invalid_field, not_found, refuse},
    comments::author,
    paging::page,
};
use crate::sandbox::{wire::Reply, world::World};

/// The one repository, `owner/name`.
pub(crate) const REPOSITORY: &str = "octo/myservice";
/// The number of the one pull request; it is open.
pub(crate) const PULL_REQUEST: u64 = 7;
/// The pull request's last commit: what checks and deployments have to name to be seen there.
pub(crate) const HEAD_SHA: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";
/// The pull request's branch.
pub(crate) const HEAD_REF: &str = "release";
/// The ephemeral merge commit: checks of it are not seen on the pull request.
const MERGE_SHA: &str = "9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c";
const BASE_SHA: &str = "ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e";

/// A commit by SHA, branch or `refs/…`; the sandbox has no git, and takes every full SHA for a commit.
pub(crate) fn commit(reference: &str) -> Option<String> {
    let name = reference.trim_start_matches("refs/").trim_start_matches("heads/");
    match name {
        HEAD_REF | "pull/7/head" => Some(HEAD_SHA.to_owned()),
        "main" => Some(BASE_SHA.to_owned()),
        "pull/7/merge" => Some(MERGE_SHA.to_owned()),
        sha if is_sha(sha) => Some(sha.to_ascii_lowercase()),
        _ => None,
    }
}

/// Forty hexadecimal digits.
pub(crate) fn is_sha(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn repository(server: &str) -> Value {
    let (owner, name) = REPOSITORY.split_once('/').unwrap_or_default();
    json!({
        "id": 1_000_001,
        "node_id": "R_kgDOABCD",
        "name": name,
        "full_name": REPOSITORY,
        "private": false,
        "fork": false,
        "default_branch": "main",
        "owner": { "login": owner, "id": 583_231, "type": "Organization" },
        "url": format!("{server}/api/v3/repos/{REPOSITORY}"),
        "html_url": format!("{server}/{REPOSITORY}"),
    })
}

fn pull_request(world: &World, server: &str) -> Value {
    let start = world.scenario.start.to_string();
    let api = format!("{server}/api/v3/repos/{REPOSITORY}");
    json!({
        "id": 1_500_000_007,
        "node_id": "PR_kwDOABCD7",
        "number": PULL_REQUEST,
        "state": "open",
        "locked": false,
        "draft": false,
        "merged": false,
        "title": "Release 2 of myservice",
        "body": "What the sandbox releases.",
        "user": { "login": "octocat", "id": 583_232, "type": "User" },
        "url": format!("{api}/pulls/{PULL_REQUEST}"),
        "html_url": format!("{server}/{REPOSITORY}/pull/{PULL_REQUEST}"),
        "issue_url": format!("{api}/issues/{PULL_REQUEST}"),
        "comments_url": format!("{api}/issues/{PULL_REQUEST}/comments"),
        "statuses_url": format!("{api}/statuses/{HEAD_SHA}"),
        "labels": [],
        "created_at": start,
        "updated_at": start,
        "closed_at": null,
        "merged_at": null,
        "merge_commit_sha": MERGE_SHA,
        "mergeable": true,
        "comments": world.github.comments.len(),
        "head": { "label": format!("octo:{HEAD_REF}"), "ref": HEAD_REF, "sha": HEAD_SHA, "repo": repository(server) },
        "base": { "label": "octo:main", "ref": "main", "sha": BASE_SHA, "repo": repository(server) },
    })
}

/// `GET …/pulls/{number}`.
pub(crate) fn pull(world: &World, call: &Call, number: &str) -> Outcome {
    if number != PULL_REQUEST.to_string() {
        return Err(not_found());
    }
    Ok(Reply::json(200, &pull_request(world, &call.server)))
}

/// `GET …/commits/{ref}/pulls`.
pub(crate) fn pulls(world: &World, call: &Call, reference: &str) -> Outcome {
    let sha = commit(reference).ok_or_else(|| no_commit(reference))?;
    let found = if [HEAD_SHA, MERGE_SHA].contains(&sha.as_str()) { vec![pull_request(world, &call.server)] } else { Vec::new() };
    Ok(page(call, found, |some, _| Value::Array(some)))
}

/// 422 for a ref that leads nowhere.
pub(crate) fn no_commit(reference: &str) -> Reply {
    refuse(422, &format!("No commit found for SHA: {reference}"))
}

/// `POST …/statuses/{sha}`.
pub(crate) fn create_status(world: &mut World, call: &Call, sha: &str) -> Outcome {
    if !is_sha(sha) {
        return Err(no_commit(sha));
    }
    let state = call.one_of("state", &["error", "failure", "pending", "success"])?;
    let state = state.ok_or_else(|| super::call::invalid_request("\"state\" wasn't supplied."))?;
    let description = call.text("description")?;
    if description.is_some_and(|description| description.chars().count() > 140) {
        return Err(invalid_field("Status", "custom", "description", "description is too long (maximum is 140 characters)"));
    }
    let (target, context) = (call.text("target_url")?, call.text("context")?.unwrap_or("default"));
    let (id, now) = (world.github.id(), world.now.to_string());
    let status = json!({
        "url": format!("{}/api/v3/repos/{REPOSITORY}/statuses/{sha}", call.server),
        "id": id,
        "node_id": format!("SC_kwDOABCD{id:x}"),
        "state": state,
        "description": description,
        "target_url": target,
        "context": context,
        "created_at": now,
        "updated_at": now,
        "creator": author(&call.server),
        "sha": sha.to_ascii_lowercase(),
    });
    world.github.statuses.push(status.clone());
    world.note("github", format!("status {context} of {sha}: {state}"));
    Ok(Reply::json(201, &status))
}

/// `GET …/commits/{ref}/statuses`, newest first.
pub(crate) fn statuses(world: &World, call: &Call, reference: &str) -> Outcome {
    let sha = commit(reference).ok_or_else(|| no_commit(reference))?;
    let statuses = world.github.statuses.iter().rev().filter(|status| status["sha"] == sha).cloned();
    Ok(page(call, statuses.collect(), |some, _| Value::Array(some)))
}
