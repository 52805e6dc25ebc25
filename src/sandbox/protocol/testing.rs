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
