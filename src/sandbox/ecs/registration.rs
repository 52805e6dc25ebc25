//! Registering tasks in their target groups.

use super::{
    events::event,
    tasks::{AGAIN, set},
};
use crate::sandbox::{
    lattice::{self, Health},
    world::World,
};

/// Registers a RUNNING task in all its groups; what fails is tried again.
pub(crate) fn register(world: &mut World, place: usize, index: usize, registered: &mut Vec<(usize, String)>) {
    let Some(task) = world.ecs.tasks.get(index).cloned() else { return };
    let ip = task.interface.map(|interface| interface.ip).unwrap_or_default();
    let mut again = None;
    for port in &task.groups {
        if lattice::target_health(world, &port.group, &ip, port.port).is_some_and(|health| health != Health::Draining) {
            continue;
        }
        match lattice::register_target(world, &port.group, &ip, port.port) {
            Ok(()) => registered.push((place, port.group.clone())),
            Err(reason) => {
                again = Some(world.now + AGAIN);
                let group = &port.group;
                event(
                    world,
                    place,
                    format!(
                        "(service {}) failed to register targets in (target-group {group}) with (error {reason})",
                        task.service
                    ),
                );
            }
        }
    }
    set(world, index, |task| task.due = again);
}
