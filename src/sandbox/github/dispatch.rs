//! From method and path to what does it; before that: outage, user agent, token, limits, permission; after it: headers and `304`.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    actors,
    call::{Call, Outcome, Refusal, not_found, refuse as refusal, token},
    job::{HEAD_SHA, PERSONAL_TOKEN, PULL_REQUEST, REPOSITORY, TOKEN},
    limits::{self, Resource},
    repository::REPOSITORY_ID,
    routes::{self, GRAPHQL},
};
use crate::sandbox::{
    scenario::{Effect, GithubMode},
    wire::{Reply, Request},
    world::World,
};

/// The only version of the REST API that is spoken here.
const API_VERSION: &str = "2022-11-28";
const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// Answers a request; the path is what follows `/api/v3`.
pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    answer(world, request, None)
}

/// Refuses a request because a fault of the scenario strikes.
pub(crate) fn refuse(world: &mut World, request: &Request, effect: Effect) -> Reply {
    let refusal = match effect {
        Effect::Throttle => Refusal { status: 429, ..limits::secondary() },
        Effect::Denied => refusal(403, "Resource not accessible by integration"),
        Effect::Conflict => refusal(409, "Conflict"),
        Effect::Error500 | Effect::Partial | Effect::Hang | Effect::DropAfterWrite | Effect::LateWrite(_) => {
            refusal(500, "Server Error")
        }
    };
    answer(world, request, Some(refusal))
}

fn answer(world: &mut World, request: &Request, fault: Option<Refusal>) -> Reply {
    let id = request_id(world);
    if world.scenario.github == GithubMode::Outage {
        // What stands before the API answers in HTML; clients have to live with that.
        let page = "<!DOCTYPE html><html><body><p>No server is currently available to service your request.</p></body></html>";
        let reply = Reply { status: 503, headers: Vec::new(), body: page.as_bytes().to_vec() };
        return reply.with("content-type", "text/html").with("x-github-request-id", id);
    }
    let (mut documentation, mut permissions) = (DOCUMENTATION.to_owned(), "");
    let target = target(request);
    match &target {
        Target::Operation(route, ..) => {
            documentation = route.documentation();
            permissions = route.permissions;
        }
        Target::Graphql => documentation = GRAPHQL.documentation(),
        Target::User => documentation.push_str("/users/users#get-the-authenticated-user"),
        Target::RateLimit | Target::Nothing => {}
    }
    let caller = caller(request);
    let resource = match (&target, &caller) {
        (_, Ok(false)) => Resource::Anonymous,
        (Target::Graphql, _) => Resource::Graphql,
        _ => Resource::Core,
    };
    let outcome = match fault {
        Some(refusal) => Err(refusal),
        None => caller
            .and_then(|has_token| admitted(world, request, &target, resource, has_token, &id))
            .and_then(|()| perform(world, request, target)),
    };
    let reply = outcome.unwrap_or_else(|refused| refused.reply(&documentation));
    let reply = unless_known(request, reply);
    if reply.status == 304 {
        limits::give_back(world, resource);
    }
    let reply = limits::standing(world, resource).stamp(reply);
    let reply = if permissions.is_empty() { reply } else { reply.with("x-accepted-github-permissions", permissions) };
    let reply = if reply.body.is_empty() { reply } else { reply.with("content-type", "application/json; charset=utf-8") };
    reply
        .with("server", "github.com")
        .with("cache-control", "private, max-age=60, s-maxage=60")
        .with("vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
        .with("x-github-media-type", "github.v3; format=json")
        .with("x-github-api-version-selected", API_VERSION)
        .with("x-github-request-id", id)
}

/// What a request is about.
enum Target {
    Graphql,
    RateLimit,
    User,
    /// Route, what stands in place of its names, and the path below the repository.
    Operation(&'static routes::Route, Vec<String>, String),
    Nothing,
}

fn target(request: &Request) -> Target {
    let path = request.path.trim_end_matches('/');
    match (request.method.as_str(), path) {
        ("POST", "/graphql") => return Target::Graphql,
        ("GET", "/rate_limit") => return Target::RateLimit,
        ("GET", "/user") => return Target::User,
        _ => {}
    }
    let below = below_the_repository(path);
    let found = below.and_then(|below| Some((routes::find(request.method.as_str(), below)?, below)));
    found.map_or(Target::Nothing, |((route, parts), below)| Target::Operation(route, parts, below.to_owned()))
}

/// The path below the repository, by name (in any case) or by number.
fn below_the_repository(path: &str) -> Option<&str> {
    if let Some(rest) = path.strip_prefix("/repositories/") {
        let (id, _) = rest.split_once('/')?;
        return (id == REPOSITORY_ID.to_string()).then(|| rest.get(id.len()..)).flatten();
    }
    let rest = path.strip_prefix("/repos/")?;
    let name = rest.get(..REPOSITORY.len()).filter(|name| name.eq_ignore_ascii_case(REPOSITORY))?;
    rest.get(name.len()..).filter(|below| below.starts_with('/'))
}

/// Whether the request has a token; wrong ones are refused.
fn caller(request: &Request) -> Result<bool, Refusal> {
    let elsewhere = |refusal: Refusal| Refusal { documentation: Some(DOCUMENTATION), ..refusal };
    if request.header("authorization").is_none() {
        return Ok(false);
    }
    let is_known = token(request).is_some_and(|token| [TOKEN, PERSONAL_TOKEN].contains(&token));
    if is_known { Ok(true) } else { Err(elsewhere(refusal(401, "Bad credentials"))) }
}

/// Refuses what does not get as far as the operation.
fn admitted(
    world: &mut World,
    request: &Request,
    target: &Target,
    resource: Resource,
    has_token: bool,
    id: &str,
) -> Result<(), Refusal> {
    if request.header("user-agent").is_none_or(|agent| agent.trim().is_empty()) {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header \
             (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
        return Err(refusal(403, message));
    }
    if let Some(version) = request.header("x-github-api-version").filter(|version| *version != API_VERSION) {
        // GitHub documents the 400 and not its words.
        return Err(refusal(400, &format!("`{version}` is not a supported version: {API_VERSION} is what the sandbox speaks.")));
    }
    accepted(request.header("accept").unwrap_or("*/*"))?;
    if matches!(target, Target::RateLimit) {
        // It costs nothing.
        return Ok(());
    }
    limits::count(world, resource, id)?;
    let reads = request.method == http::Method::GET || matches!(target, Target::Graphql);
    if !has_token && (!reads || matches!(target, Target::User | Target::Graphql)) {
        return Err(refusal(401, "Requires authentication"));
    }
    let creates = request.method == http::Method::POST && !reads;
    limits::burst(world, reads, creates)?;
    let is_for_nobody = matches!(target, Target::User) && token(request) == Some(TOKEN);
    // An installation's token is nobody; and one that may only read is refused every write. A GraphQL query is a POST that reads.
    if is_for_nobody || world.scenario.github == GithubMode::ReadOnly && !reads {
        return Err(refusal(403, "Resource not accessible by integration"));
    }
    Ok(())
}

/// Refuses what is to be answered in another format than JSON. GitHub has more (`raw`, `html`, `diff`, …); the sandbox has not.
fn accepted(accept: &str) -> Result<(), Refusal> {
    let types = accept.split(',').map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let known = [
        "*/*",
        "application/*",
        "application/json",
        "application/vnd.github+json",
        "application/vnd.github.v3+json",
        "application/vnd.github.v3",
    ];
    // Previews that have long been part of the API are still asked for, and mean nothing any more.
    let is_preview = |one: &str| one.starts_with("application/vnd.github.") && one.ends_with("-preview+json");
    if types.into_iter().any(|one| known.contains(&one.as_str()) || is_preview(&one)) {
        return Ok(());
    }
    Err(refusal(415, &format!("Unsupported 'Accept' header: [\"{accept}\"]. Must accept 'application/json'.")))
}

fn perform(world: &mut World, request: &Request, target: Target) -> Outcome {
    let (route, parts, path) = match target {
        Target::Operation(route, parts, path) => (route, parts, path),
        Target::Graphql => (&GRAPHQL, Vec::new(), String::new()),
        Target::RateLimit => return Ok(rate_limit(world, request)),
        Target::User => return Ok(Reply::json(200, &actors::author(&Call::read(request, Vec::new(), "")?.server))),
        Target::Nothing => return Err(not_found()),
    };
    let call = Call::read(request, parts, &path)?;
    let reply = (route.answer)(world, &call)?;
    let unknown: Vec<_> = call.members_but(route.members).collect();
    if !unknown.is_empty() {
        world.note(
            "github",
            format!("ignored, as GitHub does, what {} {path} does not know: {}", request.method, unknown.join(", ")),
        );
    }
    Ok(reply)
}

/// `GET /rate_limit`.
fn rate_limit(world: &World, request: &Request) -> Reply {
    let core = if request.header("authorization").is_some() { Resource::Core } else { Resource::Anonymous };
    let [core, graphql] = [core, Resource::Graphql].map(|resource| limits::standing(world, resource).print());
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]});
    Reply::json(200, &json!({"resources": {"core": core, "graphql": graphql, "search": search}, "rate": core}))
}

/// Gives what was read its `ETag`, and answers 304 where the client has it already.
fn unless_known(request: &Request, reply: Reply) -> Reply {
    if request.method != http::Method::GET || reply.status != 200 {
        return reply;
    }
    let digest: String = Sha256::digest(&reply.body).iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("W/\"{digest}\"");
    let known = request.header("if-none-match").unwrap_or_default();
    let is_known = known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"));
    if is_known { Reply::empty(304).with("etag", etag) } else { reply.with("etag", etag) }
}

/// The id of the next request, of GitHub's form: five groups of hexadecimal digits, the last of which is the time.
fn request_id(world: &mut World) -> String {
    let (number, now) = (world.github.request(), world.now.as_secs());
    format!("5EED:{:06X}:{:07X}:{:07X}:{now:08X}", number * 7919 % 0xFF_FFFF, number, number + 0x10_0000)
}

/// The pull request as it stands: what people see of a release.
pub(crate) fn snapshot(world: &World) -> Value {
    let github = &world.github;
    json!({
        "repository": REPOSITORY,
        "pull_request": PULL_REQUEST,
        "head_sha": HEAD_SHA,
        "comments": github.comments,
        "reactions": github.reactions,
        "check_runs": github.check_runs,
        "statuses": github.statuses,
        "deployments": github.deployments,
        "deployment_statuses": github.deployment_statuses,
    })
}
