//! A world, requests of a job to it, and its answers.

use http::{HeaderMap, Method};
use serde_json::Value;

use crate::sandbox::{
    github,
    scenario::Scenario,
    wire::{Reply, Request},
    world::World,
};

pub(super) fn world() -> World {
    World::new(Scenario::default())
}

/// A request of a job: with its token, to `127.0.0.1:8080`.
pub(super) fn request(method: &str, path: &str, body: &Value) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut headers = HeaderMap::new();
    headers.insert("host", "127.0.0.1:8080".parse().unwrap());
    headers.insert("authorization", "Bearer sandbox-token".parse().unwrap());
    headers.insert("user-agent", "test".parse().unwrap());
    Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: if body.is_null() { bytes::Bytes::new() } else { body.to_string().into_bytes().into() },
    }
}

/// A call under `/repos/octo/myservice`.
pub(super) fn call(world: &mut World, method: &str, path: &str, body: Value) -> Reply {
    github::handle(world, &request(method, &format!("/repos/octo/myservice{path}"), &body))
}

/// GitHub's words where it refuses a call below the repository.
pub(super) fn refused(world: &mut World, status: u16, method: &str, path: &str, body: Value) -> String {
    ask(world, status, method, path, body)["message"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("Invalid request.\n\n")
        .to_owned()
}

/// A call that has to succeed with this status.
pub(super) fn ask(world: &mut World, status: u16, method: &str, path: &str, body: Value) -> Value {
    let reply = call(world, method, path, body);
    assert_eq!(reply.status, status, "{method} {path}: {}", reply.value());
    reply.value()
}

pub(super) fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
