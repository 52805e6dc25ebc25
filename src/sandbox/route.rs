//! Whose request it is, and what is to become of it.
//!
//! One port serves everybody: ECS is known by its `x-amz-target`, STS by its form, GitHub by `/api/v3` and `/api/graphql`, the data
//! plane by a service's domain name or `/_dataplane/`; what is left is VPC Lattice.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    dataplane, ecs,
    fault::{self, Kind},
    github, lattice,
    scenario::Effect,
    sts,
    wire::{Reply, Request},
    world::World,
};

const ECS_TARGET: &str = "AmazonEC2ContainerServiceV20141113.";

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
    if let Some(service) = dataplane::addressed(world, request) {
        return Outcome::Reply(dataplane::answer(world, &service, request));
    }
    let kind = identify(request);
    let Some(effect) = fault::strike(world, &kind) else { return Outcome::Reply(perform(world, request)) };
    world.note("fault", format!("{}:{}: {effect:?}", kind.service, kind.operation));
    match effect {
        Effect::Throttle | Effect::Conflict | Effect::Error500 | Effect::Denied => Outcome::Reply(refusal(kind.service, effect)),
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
    let kind = identify(request);
    let line = world.log.len();
    world.note(format!("{}:{}", kind.service, kind.operation), "");
    let reply = match kind.service {
        "ecs" => perform_ecs(world, &kind.operation, request),
        "sts" => sts::handle(world, &lattice::query(&String::from_utf8_lossy(&request.body))),
        "github" => github::handle(world, &for_github(request)),
        "aws" => aws_json(400, "UnknownOperationException", "The sandbox does not speak this service."),
        _ => lattice::handle(world, request),
    };
    if let Some(line) = world.log.get_mut(line) {
        let code = reply.value()["message"].as_str().filter(|_| reply.status >= 400).map(|message| format!(" {message}"));
        line.summary = format!("{} → {}{}", subject(&kind, request), reply.status, code.unwrap_or_default());
    }
    reply
}

fn perform_ecs(world: &mut World, operation: &str, request: &Request) -> Reply {
    if request.body.is_empty() {
        return ecs::handle(world, operation, &json!({}));
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) => ecs::handle(world, operation, &body),
        Err(_) => aws_json(400, "SerializationException", "The request body cannot be parsed as JSON."),
    }
}

/// What a log line says about the thing that a request is about.
fn subject(kind: &Kind, request: &Request) -> String {
    match kind.service {
        "ecs" => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let first = |names: [&str; 3]| names.into_iter().find_map(|name| body[name].as_str().map(str::to_owned));
            first(["service", "serviceName", "family"]).unwrap_or_default()
        }
        "vpc-lattice" => {
            let decoded = percent_encoding::percent_decode_str(&request.path).decode_utf8_lossy().into_owned();
            decoded.trim_start_matches('/').to_owned()
        }
        _ => String::new(),
    }
}

fn identify(request: &Request) -> Kind {
    let kind = |service, operation: &str, writes| Kind { service, operation: operation.to_owned(), writes };
    if let Some(target) = request.header("x-amz-target") {
        let Some(operation) = target.strip_prefix(ECS_TARGET) else { return kind("aws", target, false) };
        let reads = operation.starts_with("Describe") || operation.starts_with("List") || operation.starts_with("Get");
        return kind("ecs", operation, !reads);
    }
    if request.path.starts_with("/api/v3") || request.path == "/api/graphql" {
        let path = request.path.strip_prefix("/api/v3").unwrap_or("/graphql");
        return kind("github", &format!("{} {path}", request.method), request.method != http::Method::GET);
    }
    if request.header("content-type").is_some_and(|given| given.starts_with("application/x-www-form-urlencoded")) {
        let form = lattice::query(&String::from_utf8_lossy(&request.body));
        let action = form.iter().find(|(name, _)| name == "Action").map_or("?", |(_, action)| action.as_str());
        return kind("sts", action, false);
    }
    match lattice::name(request) {
        Some((operation, writes)) => kind("vpc-lattice", operation, writes),
        None => kind("vpc-lattice", &format!("{} {}", request.method, request.path), false),
    }
}

fn for_github(request: &Request) -> Request {
    let path = request.path.strip_prefix("/api/v3").unwrap_or("/graphql").to_owned();
    Request { path, ..request.clone() }
}

/// An error of an AWS JSON service.
fn aws_json(status: u16, code: &str, message: &str) -> Reply {
    let reply = Reply::json(status, &json!({"__type": code, "message": message}));
    reply.with("content-type", "application/x-amz-json-1.1").with("x-amzn-errortype", code)
}

/// A fault's error in the words of the service that gives it.
fn refusal(service: &str, effect: Effect) -> Reply {
    let (status, code, message) = match effect {
        Effect::Throttle => (429, "ThrottlingException", "Rate exceeded"),
        Effect::Conflict => (409, "ConflictException", "The request conflicts with the current state of the resource."),
        Effect::Denied => (403, "AccessDeniedException", "User is not authorized to perform this operation."),
        Effect::Error500 | Effect::Partial | Effect::Hang | Effect::DropAfterWrite | Effect::LateWrite(_) => {
            (500, "InternalServerException", "An unexpected error occurred while processing the request.")
        }
    };
    match service {
        "ecs" | "aws" if status == 500 => aws_json(500, "ServerException", "Service Unavailable. Please try again later."),
        "ecs" | "aws" => aws_json(400, code, message),
        "sts" => {
            let status = if status == 429 { 400 } else { status };
            let xml = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>"
            );
            Reply { status, headers: Vec::new(), body: xml.into_bytes() }.with("content-type", "text/xml")
        }
        "github" => {
            let (status, message) = match effect {
                Effect::Throttle => (429, "API rate limit exceeded"),
                Effect::Denied => (403, "Resource not accessible by integration"),
                Effect::Conflict => (409, "Conflict"),
                Effect::Error500 | Effect::Partial | Effect::Hang | Effect::DropAfterWrite | Effect::LateWrite(_) => {
                    (500, "Server Error")
                }
            };
            let reply = Reply::json(status, &json!({"message": message, "documentation_url": "https://docs.github.com/rest"}));
            if status == 429 { reply.with("retry-after", "1").with("x-ratelimit-remaining", "0") } else { reply }
        }
        _ => {
            let body = match status {
                409 => json!({"message": message, "resourceId": "", "resourceType": "UNKNOWN"}),
                _ => json!({"message": message}),
            };
            let reply = Reply::json(status, &body).with("x-amzn-errortype", code);
            if status == StatusCode::TOO_MANY_REQUESTS.as_u16() { reply.with("retry-after", "1") } else { reply }
        }
    }
}
