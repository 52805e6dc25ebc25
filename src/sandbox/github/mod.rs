//! GitHub.

use serde_json::Value;

use super::{
    wire::{Reply, Request},
    world::World,
};

#[derive(Default)]
pub(crate) struct State {}

pub(crate) fn handle(_world: &mut World, _request: &Request) -> Reply {
    Reply::empty(404)
}
pub(crate) fn snapshot(_world: &World) -> Value {
    Value::Null
}
