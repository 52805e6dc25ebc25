//! VPC Lattice.

use super::world::World;
use crate::clock::Timestamp;

/// Everything that VPC Lattice keeps.
#[derive(Default)]
pub(crate) struct State {}

/// A target's status, as `ListTargets` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Initial,
    Healthy,
    Unhealthy,
    Unused,
    Draining,
    Unavailable,
}

pub(crate) fn seed(_world: &mut World) {}
pub(crate) fn settle(_world: &mut World) {}
pub(crate) fn next_event(_world: &World) -> Option<Timestamp> {
    None
}
pub(crate) fn on_time(_world: &mut World) {}
/// Registers a target as ECS does for a task that is RUNNING; an error says what is wrong with the group.
pub(crate) fn register_target(_world: &mut World, _group: &str, _ip: &str, _port: u16) -> Result<(), String> {
    Ok(())
}
/// Deregisters a target: it is DRAINING, then gone. Nothing happens when it is not registered.
pub(crate) fn deregister_target(_world: &mut World, _group: &str, _ip: &str, _port: u16) {}
/// A target's status; None when the group has no such target (any more).
pub(crate) fn target_health(_world: &World, _group: &str, _ip: &str, _port: u16) -> Option<Health> {
    None
}
/// The largest share, in percent, that any listener or rule gives the group as the data plane sees it now.
pub(crate) fn share(_world: &World, _group: &str) -> f64 {
    0.0
}
/// Whether there is a target group of this id or ARN that is not being deleted.
pub(crate) fn group_exists(_world: &World, _group: &str) -> bool {
    false
}
