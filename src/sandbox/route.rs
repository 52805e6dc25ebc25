//! Whose request it is, and what is to become of it.
//!
//! One port serves all of them: GitHub is known by `/api/v3` and `/api/graphql`; the rest is AWS's, which [`dispatch`] tells apart.
//! The data plane has a port of its own.

use super::{
    fault::{self, Kind},
    github, oidc,
    protocol::{self, Protocol, Refusal, dispatch},
    scenario::Effect,
    wire::{Reply, Request},
    world::World,
};

/// What a client gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Reply(Reply),
    /// No answer, while the connection stays open.
    Never,
    /// The connection is closed in place of an answer.
    Closed,
}

/// Does a request with everything that may go wrong, at the world's present time.
pub(crate) fn answer(world: &mut World, request: &Request) -> Outcome {
    let kind = identify(request);
    let Some(effect) = fault::strike(world, &kind) else { return Outcome::Reply(perform(world, request)) };
    world.note("fault", format!("{}:{}: {effect:?}", kind.service, kind.operation));
    match effect {
        Effect::Throttle | Effect::Conflict | Effect::Error500 | Effect::Denied => {
            Outcome::Reply(refusal(world, request, effect))
        }
        Effect::Partial => {
            world.faults.partial = true;
            let reply = perform(world, request);
            world.faults.partial = false;
            Outcome::Reply(reply)
        }
        Effect::Hang => Outcome::Never,
        Effect::DropAfterWrite => {
            perform(world, request);
            Outcome::Closed
        }
        Effect::LateWrite(secs) => {
            fault::postpone(world, request.clone(), secs);
            Outcome::Never
        }
    }
}

/// Does a request, without faults.
pub(crate) fn perform(world: &mut World, request: &Request) -> Reply {
    let oidc = oidc::is_for(request);
    if !oidc && !is_github(request) {
        return dispatch::perform(world, dispatch::identify(request), request);
    }
    let line = world.log.len();
    let kind = identify(request);
    world.note(format!("{}:{}", kind.service, kind.operation), "");
    let reply = if oidc { oidc::handle(world, request) } else { github::handle(world, &for_github(request)) };
    if let Some(line) = world.log.get_mut(line) {
        let message = reply.value()["message"].as_str().filter(|_| reply.status >= 400).map(|message| format!(" {message}"));
        line.summary = format!(" → {}{}", reply.status, message.unwrap_or_default());
    }
    reply
}

fn is_github(request: &Request) -> bool {
    request.path.starts_with("/api/v3") || request.path == "/api/graphql"
}

fn identify(request: &Request) -> Kind<'static> {
    if oidc::is_for(request) {
        return Kind { service: "oidc", operation: "GetIdToken".into(), writes: false };
    }
    if is_github(request) {
        let path = request.path.strip_prefix("/api/v3").unwrap_or("/graphql");
        let writes = request.method != http::Method::GET;
        return Kind { service: "github", operation: format!("{} {path}", request.method).into(), writes };
    }
    let asked = dispatch::identify(request);
    Kind { service: asked.service, writes: asked.writes(), operation: asked.operation.into() }
}

fn for_github(request: &Request) -> Request {
    let path = request.path.strip_prefix("/api/v3").unwrap_or("/graphql").to_owned();
    Request { path, ..request.clone() }
}

/// A fault's error in the words of the service that gives it.
fn refusal(world: &mut World, request: &Request, effect: Effect) -> Reply {
    if oidc::is_for(request) {
        return oidc::refuse(effect);
    }
    if is_github(request) {
        return github::refuse(world, &for_github(request), effect);
    }
    let asked = dispatch::identify(request);
    let conflict = || {
        Refusal::new("ConflictException", "The request conflicts with the current state of the resource.")
            .with("resourceId", "")
            .with("resourceType", "UNKNOWN")
    };
    let refusal = match effect {
        Effect::Throttle => protocol::emulated(asked.service)
            .map_or_else(|| Refusal::new("ThrottlingException", "Rate exceeded"), |service| (service.throttled)()),
        Effect::Conflict if asked.service == "vpc-lattice" => conflict(),
        Effect::Conflict if asked.service == "route53" => Refusal::new(
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
        ),
        Effect::Conflict => Refusal::new("ConflictException", "The request conflicts with the current state of the resource."),
        Effect::Denied => {
            let status = if asked.protocol == Protocol::AwsJson { 400 } else { 403 };
            let code = if asked.protocol.is_xml() { "AccessDenied" } else { "AccessDeniedException" };
            Refusal::new(code, "User is not authorized to perform this operation.").status(status)
        }
        Effect::Error500 | Effect::Partial | Effect::Hang | Effect::DropAfterWrite | Effect::LateWrite(_) => {
            let code = match asked.service {
                "ecs" => "ServerException",
                "ram" => "ServerInternalException",
                "route53" => "InternalFailure",
                _ => "InternalServerException",
            };
            Refusal::new(code, "Service Unavailable. Please try again later.").status(500)
        }
    };
    let id = world.request_id();
    dispatch::refuse(asked.protocol, asked.service, &id, &refusal)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Outcome, Request, World, answer};
    use crate::sandbox::scenario::{self, Effect, Fault};

    const RULE: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";

    fn world(operation: &str, effect: Effect) -> World {
        let mut world = World::new(scenario::load("promoted").unwrap());
        world.faults.add(Fault { operations: vec![operation.to_owned()], nth: Some(1), effect, ..Fault::default() });
        world
    }

    fn request(method: &str, path: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
        let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        Request {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: String::new(),
            headers: headers.collect(),
            body: body.to_owned().into(),
        }
    }

    fn update() -> Request {
        let fixed = json!({"action": {"fixedResponse": {"statusCode": 404}}});
        request("PATCH", RULE, &[], &fixed.to_string())
    }

    fn action(world: &mut World) -> Value {
        match answer(world, &request("GET", RULE, &[], "")) {
            Outcome::Reply(reply) => reply.value()["action"].clone(),
            other @ (Outcome::Never | Outcome::Closed) => panic!("{other:?}"),
        }
    }

    fn status_and_code(outcome: Outcome) -> (u16, String) {
        let Outcome::Reply(reply) = outcome else { panic!("{outcome:?}") };
        let code = reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").map(|(_, code)| code.clone());
        (reply.status, code.unwrap_or_default())
    }

    #[test]
    fn a_refused_write_changes_nothing_and_the_next_one_does() {
        let wanted = [
            (Effect::Throttle, 429, "ThrottlingException"),
            (Effect::Conflict, 409, "ConflictException"),
            (Effect::Denied, 403, "AccessDeniedException"),
            (Effect::Error500, 500, "InternalServerException"),
        ];
        for (effect, status, code) in wanted {
            let mut world = world("vpc-lattice:write", effect);
            assert_eq!(status_and_code(answer(&mut world, &update())), (status, code.to_owned()));
            assert!(action(&mut world).get("forward").is_some());
            assert_eq!(status_and_code(answer(&mut world, &update())).0, 200);
            assert!(action(&mut world).get("fixedResponse").is_some());
        }
    }

    #[test]
    fn a_dropped_write_is_done_a_hung_one_is_not_and_a_late_one_lands() {
        let mut dropped = world("UpdateRule", Effect::DropAfterWrite);
        assert_eq!(answer(&mut dropped, &update()), Outcome::Closed);
        assert!(action(&mut dropped).get("fixedResponse").is_some());

        let mut hung = world("UpdateRule", Effect::Hang);
        assert_eq!(answer(&mut hung, &update()), Outcome::Never);
        hung.advance(hung.now + Duration::from_secs(600));
        assert!(action(&mut hung).get("forward").is_some());

        let mut late = world("UpdateRule", Effect::LateWrite(7));
        assert_eq!(answer(&mut late, &update()), Outcome::Never);
        late.advance(late.now + Duration::from_secs(6));
        assert!(action(&mut late).get("forward").is_some());
        late.advance(late.now + Duration::from_secs(1));
        assert!(action(&mut late).get("fixedResponse").is_some());
    }

    #[test]
    fn a_partial_batch_leaves_its_last_entry_out() {
        let mut world = world("BatchUpdateRule", Effect::Partial);
        let rules = json!({"rules": [
            {"ruleIdentifier": "rule-12345678901234567", "priority": 11},
            {"ruleIdentifier": "rule-12345678901234567", "priority": 12},
        ]});
        let path = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules";
        let Outcome::Reply(reply) = answer(&mut world, &request("PATCH", path, &[], &rules.to_string())) else {
            panic!("no reply")
        };
        let body = reply.value();
        assert_eq!((reply.status, body["successful"].as_array().unwrap().len()), (200, 1));
        assert_eq!(body["unsuccessful"][0]["failureCode"], "InternalServerException");
        assert!(!world.faults.partial);
    }

    #[test]
    fn ecs_is_throttled_in_its_own_words_and_other_services_are_not_spoken() {
        let mut world = world("ecs:*", Effect::Throttle);
        let target = "AmazonEC2ContainerServiceV20141113.DescribeServices";
        let describe = request("POST", "/", &[("x-amz-target", target)], r#"{"cluster":"my-cluster","services":["myservice"]}"#);
        let Outcome::Reply(reply) = answer(&mut world, &describe) else { panic!("no reply") };
        assert_eq!((reply.status, &reply.value()["__type"]), (400, &json!("ThrottlingException")));
        assert_eq!(status_and_code(answer(&mut world, &describe)).0, 200);
        let other = request("POST", "/", &[("x-amz-target", "Logs_20140328.PutLogEvents")], "{}");
        assert_eq!(status_and_code(answer(&mut world, &other)), (400, "UnknownOperationException".to_owned()));
    }

    #[test]
    fn every_request_leaves_one_line() {
        let mut world = World::new(scenario::load("promoted").unwrap());
        let before = world.log.len();
        let _rule = action(&mut world);
        answer(&mut world, &update());
        let lines: Vec<_> = world.log[before..].iter().map(|line| format!("{} {}", line.what, line.summary)).collect();
        assert_eq!(lines[0], format!("vpc-lattice:GetRule {} → 200", RULE.trim_start_matches('/')));
        assert_eq!(lines[2], "weights myservice/http-80/api: fixed response 404");
    }
}
