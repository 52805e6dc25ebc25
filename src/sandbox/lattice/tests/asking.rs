//! Asking VPC Lattice over the wire's bytes: requests as paths and bodies, replies as status, error header and JSON; no sockets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{
    route::{self, Outcome},
    scenario,
    wire::{Reply, Request},
    world::World,
};

pub(super) const SERVICE: &str = "/services/svc-12345678901234567";
pub(super) const LISTENER: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567";
pub(super) const RULE: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";
pub(super) const GROUP_A: &str = "tg-12345678901234567";

pub(super) fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

pub(super) fn send(world: &mut World, method: &str, uri: &str, body: Value) -> Reply {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let request = Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: http::HeaderMap::new(),
        body: if body.is_null() { bytes::Bytes::new() } else { body.to_string().into() },
    };
    match route::answer(world, &request) {
        Outcome::Reply(reply) => reply,
        other @ (Outcome::Never | Outcome::Closed) => panic!("{method} {uri}: {other:?}"),
    }
}

pub(super) fn get(world: &mut World, uri: &str) -> Value {
    let reply = send(world, "GET", uri, Value::Null);
    assert_eq!(reply.status, 200, "{uri}: {}", reply.value());
    reply.value()
}

pub(super) fn pass(world: &mut World, secs: u64) {
    let until = world.now + Duration::from_secs(secs);
    world.advance(until);
}

#[track_caller]
pub(super) fn refused(reply: &Reply, status: u16, code: &str) -> Value {
    let header = reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").map(|(_, value)| value.as_str());
    assert_eq!((reply.status, header), (status, Some(code)), "{}", reply.value());
    assert!(reply.value()["message"].is_string());
    reply.value()
}

pub(super) fn new_group(world: &mut World, name: &str) -> String {
    let config = json!({"port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
    let reply = send(world, "POST", "/targetgroups", json!({"name": name, "type": "IP", "config": config}));
    assert_eq!(reply.status, 201, "{}", reply.value());
    pass(world, 2);
    reply.value()["id"].as_str().unwrap().to_owned()
}

pub(super) fn forward(groups: &[(&str, u32)]) -> Value {
    let groups: Vec<_> = groups.iter().map(|(id, weight)| json!({"targetGroupIdentifier": id, "weight": weight})).collect();
    json!({"forward": {"targetGroups": groups}})
}

pub(super) fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}

/// The id in a reply that is not an error.
#[track_caller]
pub(super) fn id(reply: &Reply) -> String {
    assert!(reply.status < 300, "{}", reply.value());
    reply.value()["id"].as_str().unwrap().to_owned()
}

/// A service that is ACTIVE.
pub(super) fn new_service(world: &mut World, body: Value) -> String {
    let service = id(&send(world, "POST", "/services", body));
    pass(world, 2);
    service
}

/// A conflict about this resource, and its text.
#[track_caller]
pub(super) fn conflict(reply: &Reply, kind: &str, resource: &str) -> String {
    let body = refused(reply, 409, "ConflictException");
    assert_eq!((&body["resourceType"], &body["resourceId"]), (&json!(kind), &json!(resource)), "{body}");
    body["message"].as_str().unwrap().to_owned()
}

/// A resource that is not found, of this kind.
#[track_caller]
pub(super) fn missing(reply: &Reply, kind: &str) {
    let body = refused(reply, 404, "ResourceNotFoundException");
    assert_eq!(body["resourceType"], kind, "{body}");
    assert!(body["resourceId"].as_str().is_some_and(|id| !id.contains(['/', ':'])), "{body}");
}

/// A validation error about this member.
#[track_caller]
pub(super) fn invalid(reply: &Reply, member: &str) -> String {
    let body = refused(reply, 400, "ValidationException");
    assert_eq!((&body["reason"], &body["fieldList"][0]["name"]), (&json!("fieldValidationFailed"), &json!(member)), "{body}");
    body["fieldList"][0]["message"].as_str().unwrap().to_owned()
}
