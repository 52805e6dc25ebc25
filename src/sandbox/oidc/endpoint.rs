//! `GET ACTIONS_ID_TOKEN_REQUEST_URL&audience=…`.

use serde_json::json;

use super::token;
use crate::sandbox::{
    github::job::REPOSITORY,
    protocol::form,
    scenario::{Effect, GithubMode},
    wire::{Reply, Request},
    world::World,
};

/// The path of the endpoint, like the runner's.
pub(crate) const PATH: &str = "/_apis/distributedtask/hubs/Actions/plans/1/jobs/1/idtoken";

/// What the run proves itself with.
pub(crate) const REQUEST_TOKEN: &str = "sandbox-id-token-request-token";

/// Whether a request is for the endpoint.
pub(crate) fn is_for(request: &Request) -> bool {
    request.path == PATH
}

/// Whether the job may have tokens: not without `id-token: write`, which a pull request from a fork never gets.
pub(crate) fn enabled(world: &World) -> bool {
    world.scenario.oidc.enabled && world.scenario.github != GithubMode::ReadOnly
}

/// A token for whoever proves to be this run; the shape is that of `@actions/core`'s `getIDToken`.
pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    let refused = |status: u16, message: &str| Reply::json(status, &json!({"message": message}));
    if request.method != http::Method::GET {
        return refused(405, "The requested resource does not support this method.");
    }
    let bearer = request.header("authorization").and_then(|value| value.split_once(' '));
    if bearer.is_none_or(|(scheme, token)| !scheme.eq_ignore_ascii_case("bearer") || token != REQUEST_TOKEN) {
        return refused(401, "Unauthorized");
    }
    if !enabled(world) {
        return refused(403, "The job has no permission `id-token: write`.");
    }
    let fields = form::pairs(&request.query);
    let audience = fields.into_iter().find(|(name, _)| name == "audience").map(|(_, audience)| audience);
    let owner = REPOSITORY.split('/').next().unwrap_or_default();
    let audience = audience.filter(|given| !given.is_empty()).unwrap_or_else(|| format!("https://github.com/{owner}"));
    let value = token::issue(world, &audience);
    Reply::json(200, &json!({"count": value.len(), "value": value}))
}

/// Refuses a request because a fault of the scenario strikes. What the runner's service says then is not documented.
pub(crate) fn refuse(effect: Effect) -> Reply {
    let (status, message) = match effect {
        Effect::Throttle => (429, "Too many requests."),
        Effect::Denied => (403, "Forbidden"),
        Effect::Conflict => (409, "Conflict"),
        Effect::Error500 | Effect::Partial | Effect::Hang | Effect::DropAfterWrite | Effect::LateWrite(_) => {
            (500, "Internal Server Error")
        }
    };
    Reply::json(status, &json!({"message": message}))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Method};

    use super::{PATH, REQUEST_TOKEN};
    use crate::sandbox::{
        oidc::{Claims, Unreadable, read},
        route::{self, Outcome},
        scenario::{self, Effect, Fault, GithubMode},
        wire::{Reply, Request},
        world::World,
    };

    fn ask(world: &mut World, query: &str, bearer: &str) -> Reply {
        let headers = [(HeaderName::from_static("authorization"), bearer.parse().unwrap())].into_iter().collect();
        let (path, query) = (PATH.to_owned(), query.to_owned());
        let request = Request { method: Method::GET, path, query, headers, body: bytes::Bytes::new() };
        match route::answer(world, &request) {
            Outcome::Reply(reply) => reply,
            other @ (Outcome::Never | Outcome::Closed) => panic!("{other:?}"),
        }
    }

    fn world() -> World {
        World::new(scenario::load("promoted").unwrap())
    }

    fn claims(world: &mut World) -> Claims {
        let reply = ask(world, "api-version=2.0&audience=sts.amazonaws.com", &format!("bearer {REQUEST_TOKEN}"));
        let token = reply.value()["value"].as_str().unwrap().to_owned();
        read(world, &token).unwrap()
    }

    #[test]
    fn a_token_names_its_run_for_five_minutes() {
        let mut world = world();
        let found = claims(&mut world);
        let now = world.now.as_secs();
        assert_eq!(found["sub"], "repo:octo/myservice:pull_request");
        assert_eq!((found["aud"].as_str(), found["iat"].as_u64()), (Some("sts.amazonaws.com"), Some(now)));
        assert_eq!(found["exp"], now + 300);
        world.scenario.oidc.immutable_ids = true;
        world.scenario.oidc.environment = Some("prod:eu".to_owned());
        let found = claims(&mut world);
        assert_eq!(found["sub"], "repo:octo@583231/myservice@1000001:environment:prod%3Aeu");
        let default = ask(&mut world, "", &format!("Bearer {REQUEST_TOKEN}")).value();
        let default = read(&world, default["value"].as_str().unwrap()).unwrap();
        assert_eq!(default["aud"], "https://github.com/octo");
    }

    #[test]
    fn nobody_else_gets_one_and_nobody_can_change_one() {
        let mut world = world();
        for bearer in ["", "bearer", "bearer wrong", &format!("basic {REQUEST_TOKEN}")] {
            assert_eq!(ask(&mut world, "audience=a", bearer).status, 401, "{bearer}");
        }
        let right = format!("bearer {REQUEST_TOKEN}");
        let token = ask(&mut world, "audience=a", &right).value()["value"].as_str().unwrap().to_owned();
        let (signed, _) = token.rsplit_once('.').unwrap();
        for wrong in [format!("{signed}."), format!("{signed}.AAAA")] {
            assert_eq!(read(&world, &wrong), Err(Unreadable::Forged), "{wrong}");
        }
        for wrong in ["", "a", "a.b.c", "..", &format!("{token}.x")] {
            assert_eq!(read(&world, wrong), Err(Unreadable::Malformed), "{wrong}");
        }
        world.scenario.github = GithubMode::ReadOnly;
        assert_eq!(ask(&mut world, "audience=a", &right).status, 403, "a fork gets none");
    }

    #[test]
    fn an_outage_is_a_fault_like_any_other() {
        let mut world = world();
        let operations = vec!["oidc:*".to_owned()];
        world.faults.add(Fault { operations, nth: Some(1), effect: Effect::Error500, ..Fault::default() });
        let right = format!("bearer {REQUEST_TOKEN}");
        assert_eq!(ask(&mut world, "audience=a", &right).status, 500);
        assert_eq!(ask(&mut world, "audience=a", &right).status, 200);
    }
}
