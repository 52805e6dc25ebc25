//! From method and path to what does it; before that: outage, token, rate limit, permission.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, decoded, not_found, refuse},
    checks, comments,
    commits::{self, HEAD_SHA, PULL_REQUEST, REPOSITORY},
    deployments, graphql,
};
use crate::sandbox::{
    scenario::GithubMode,
    wire::{Reply, Request},
    world::World,
};

/// Requests that a job's token has in an hour and a repository.
const RATE_LIMIT: u64 = 1000;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Answers a request; the path is what follows `/api/v3`.
pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    if world.scenario.github == GithubMode::Outage {
        // What stands before the API answers in HTML; clients have to live with that.
        let page = "<!DOCTYPE html><html><body><p>No server is currently available to service your request.</p></body></html>";
        return Reply { status: 503, headers: Vec::new(), body: page.as_bytes().to_vec() }.with("content-type", "text/html");
    }
    let authorization = request.header("authorization").unwrap_or_default();
    let token = authorization.split_once(' ').filter(|(scheme, _)| ["bearer", "token"].contains(&scheme.to_lowercase().as_str()));
    if token.is_none_or(|(_, token)| token.trim().is_empty()) {
        let message = if authorization.is_empty() { "Requires authentication" } else { "Bad credentials" };
        return refuse(401, message);
    }
    let (used, reset) = count(world);
    let reply = if used > RATE_LIMIT {
        refuse(403, "API rate limit exceeded for installation.")
    } else {
        permitted(world, request).and_then(|()| route(world, request)).unwrap_or_else(|refusal| refusal)
    };
    reply
        .with("x-ratelimit-limit", RATE_LIMIT.to_string())
        .with("x-ratelimit-remaining", RATE_LIMIT.saturating_sub(used).to_string())
        .with("x-ratelimit-used", used.min(RATE_LIMIT).to_string())
        .with("x-ratelimit-reset", reset.to_string())
        .with("x-ratelimit-resource", "core")
        .with("x-github-media-type", "github.v3; format=json")
}

/// Counts this request; how many there are in its hour, and when the next hour begins, in seconds since the epoch.
fn count(world: &mut World) -> (u64, u64) {
    let now = world.now;
    let (start, used) = world.github.window.filter(|(start, _)| now.since(*start) < HOUR).unwrap_or((now, 0));
    world.github.window = Some((start, used + 1));
    (used + 1, (start + HOUR).as_secs())
}

/// A token that may only read is refused every write; a GraphQL query is a POST that reads.
fn permitted(world: &World, request: &Request) -> Result<(), Reply> {
    let writes = request.method != http::Method::GET && request.path != "/graphql";
    if world.scenario.github == GithubMode::ReadOnly && writes {
        return Err(refuse(403, "Resource not accessible by integration"));
    }
    Ok(())
}

fn route(world: &mut World, request: &Request) -> Outcome {
    let call = Call::read(request)?;
    // Taken apart before it is decoded: a ref may hold an encoded slash.
    let segments = request.path.trim_matches('/').split('/').map(decoded).collect::<Vec<_>>();
    let segments = segments.iter().map(String::as_str).collect::<Vec<_>>();
    let method = request.method.as_str();
    let (owner, name) = REPOSITORY.split_once('/').unwrap_or_default();
    match segments.as_slice() {
        ["graphql"] if method == "POST" => return graphql::query(&call),
        // An installation's token is nobody.
        ["user"] if method == "GET" => return Err(refuse(403, "Resource not accessible by integration")),
        _ => {}
    }
    let ["repos", repository_owner, repository, rest @ ..] = segments.as_slice() else { return Err(not_found()) };
    if !repository_owner.eq_ignore_ascii_case(owner) || !repository.eq_ignore_ascii_case(name) {
        return Err(not_found());
    }
    match (method, rest) {
        ("GET", ["issues", "comments", id]) => comments::get(world, &call, id),
        ("PATCH", ["issues", "comments", id]) => comments::update(world, &call, id),
        ("DELETE", ["issues", "comments", id]) => comments::delete(world, id),
        ("GET", ["issues", number, "comments"]) => comments::list(world, &call, number),
        ("POST", ["issues", number, "comments"]) => comments::create(world, &call, number),
        ("POST", ["check-runs"]) => checks::create(world, &call),
        ("GET", ["check-runs", id]) => checks::get(world, &call, id),
        ("PATCH", ["check-runs", id]) => checks::update(world, &call, id),
        ("GET", ["check-runs", id, "annotations"]) => checks::annotations(world, &call, id),
        ("GET", ["commits", reference, "check-runs"]) => checks::list_of_commit(world, &call, reference),
        ("GET", ["commits", reference, "pulls"]) => commits::pulls(world, &call, reference),
        ("GET", ["commits", reference, "statuses"]) => commits::statuses(world, &call, reference),
        ("GET", ["pulls", number]) => commits::pull(world, &call, number),
        ("POST", ["statuses", sha]) => commits::create_status(world, &call, sha),
        ("GET", ["deployments"]) => deployments::list(world, &call),
        ("POST", ["deployments"]) => deployments::create(world, &call),
        ("GET", ["deployments", id]) => deployments::get(world, id),
        ("GET", ["deployments", id, "statuses"]) => deployments::statuses(world, &call, id),
        ("POST", ["deployments", id, "statuses"]) => deployments::create_status(world, &call, id),
        _ => Err(not_found()),
    }
}

/// The pull request as it stands: what people see of a release.
pub(crate) fn snapshot(world: &World) -> Value {
    let github = &world.github;
    json!({
        "repository": REPOSITORY,
        "pull_request": PULL_REQUEST,
        "head_sha": HEAD_SHA,
        "comments": github.comments,
        "check_runs": github.check_runs,
        "statuses": github.statuses,
        "deployments": github.deployments,
        "deployment_statuses": github.deployment_statuses,
    })
}
