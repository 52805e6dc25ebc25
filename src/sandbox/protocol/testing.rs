//! Asking a world over the wire's bytes, without a socket.

use serde_json::Value;

use super::dispatch;
use crate::{
    models,
    sandbox::{
        wire::{Reply, Request},
        world::World,
    },
};

/// The reply of an operation of a service that speaks AWS JSON.
pub(crate) fn ask_json(world: &mut World, service: &str, operation: &str, body: &Value) -> Reply {
    let prefix = models::service(service).unwrap().target_prefix.as_deref().unwrap();
    let target = format!("{prefix}.{operation}").parse().unwrap();
    let request = Request {
        method: http::Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        headers: [(http::HeaderName::from_static("x-amz-target"), target)].into_iter().collect(),
        body: body.to_string().into(),
    };
    dispatch::perform(world, dispatch::identify(&request), &request)
}

/// The reply to a request of a service whose paths are its operations; a path may have a query.
pub(crate) fn ask_rest(world: &mut World, method: &str, path: &str, body: String) -> Reply {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request = Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: http::HeaderMap::new(),
        body: body.into(),
    };
    dispatch::perform(world, dispatch::identify(&request), &request)
}
