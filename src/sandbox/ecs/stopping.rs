//! Telling tasks to stop.

use std::time::Duration;

use super::{
    events::{event, named},
    state::{Stop, TaskStatus},
    tasks::set,
};
use crate::sandbox::{lattice, world::World};

/// Has several tasks of a service stop for one reason, and tells of it.
pub(crate) fn stop_many(world: &mut World, place: usize, indices: &[usize], stop: &Stop) {
    let Some(name) = world.ecs.services.get(place).map(|service| service.name.clone()) else { return };
    let chosen = indices.iter().filter_map(|index| world.ecs.tasks.get(*index)).cloned().collect::<Vec<_>>();
    let mut groups: Vec<String> = Vec::new();
    for port in chosen.iter().filter(|task| task.status == TaskStatus::Running).flat_map(|task| &task.groups) {
        if !groups.contains(&port.group) {
            groups.push(port.group.clone());
        }
    }
    let mut drained: Vec<(String, usize)> = Vec::new();
    for task in chosen.iter().filter(|task| task.status == TaskStatus::Running && !task.groups.is_empty()) {
        match drained.iter_mut().find(|(deployment, _)| *deployment == task.deployment) {
            Some((_, count)) => *count += 1,
            None => drained.push((task.deployment.clone(), 1)),
        }
    }
    indices.iter().for_each(|index| order_stop(world, *index, stop.clone()));
    for group in groups {
        let count = chosen.iter().filter(|task| task.groups.iter().any(|port| port.group == group)).count();
        event(world, place, format!("(service {name}) deregistered {count} targets in (target-group {group})"));
    }
    for (deployment, count) in drained {
        event(world, place, format!("(service {name}, taskSet {deployment}) has begun draining connections on {count} tasks."));
    }
    let ids = chosen.iter().map(|task| task.id.clone()).collect::<Vec<_>>();
    event(world, place, format!("(service {name}) has stopped {} running tasks: {}.", ids.len(), named(&ids)));
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.steady = false;
    }
}

/// Tells one task to stop: its targets are deregistered at once; it stops when they are drained, or right away when its
/// container exited by itself or never ran.
pub(crate) fn order_stop(world: &mut World, index: usize, stop: Stop) {
    let Some(task) = world.ecs.tasks.get(index).filter(|task| task.wanted()).cloned() else { return };
    let running = task.status == TaskStatus::Running;
    let ip = task.interface.map(|interface| interface.ip).unwrap_or_default();
    for port in task.groups.iter().filter(|_| running) {
        lattice::deregister_target(world, &port.group, &ip, port.port);
    }
    let drains = running && !task.groups.is_empty() && stop.code != "EssentialContainerExited";
    let knobs = &world.scenario.knobs;
    let (status, wait) = if drains { (TaskStatus::Deactivating, knobs.drain) } else { (TaskStatus::Stopping, knobs.stop) };
    let due = world.now + Duration::from_secs(wait);
    set(world, index, |task| {
        (task.status, task.due, task.exits) = (status, Some(due), None);
        (task.stop, task.healthy, task.unhealthy_since) = (Some(stop), false, None);
    });
    let soon = world.now + Duration::from_secs(world.scenario.knobs.scheduler);
    world.ecs.wake_at(soon);
}
