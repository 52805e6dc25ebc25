//! ECS.

use serde_json::Value;

use super::{
    wire::Reply,
    world::{Answer, World},
};
use crate::clock::Timestamp;

#[derive(Default)]
pub(crate) struct State {}

pub(crate) fn seed(_world: &mut World) {}
pub(crate) fn handle(_world: &mut World, _operation: &str, _body: &Value) -> Reply {
    Reply::empty(400)
}
pub(crate) fn next_event(_world: &World) -> Option<Timestamp> {
    None
}
pub(crate) fn on_time(_world: &mut World) {}
pub(crate) fn answer(_world: &World, _ip: &str, _port: u16) -> Option<Answer> {
    None
}
pub(crate) fn snapshot(_world: &World) -> Value {
    Value::Null
}
