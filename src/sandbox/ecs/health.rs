//! The health of tasks in their target groups, and what ECS makes of it.

use std::time::Duration;

use super::{
    breaker::{count_failure, forgive},
    events::event,
    state::{Stop, Task, TaskStatus},
    stopping::stop_many,
    tasks::set,
};
use crate::{
    clock::Timestamp,
    sandbox::{
        lattice::{self, Health},
        world::World,
    },
};

/// How long a target may be UNHEALTHY before ECS replaces its task.
const PATIENCE: Duration = Duration::from_secs(60);

/// When ECS gives up on a task whose target is UNHEALTHY.
pub(crate) fn condemned(world: &World, task: &Task) -> Option<Timestamp> {
    let since = task.unhealthy_since.filter(|_| task.wanted())?;
    let service = world.ecs.services.iter().find(|service| service.owns(task))?;
    Some((since + PATIENCE).max(task.started_at? + service.grace()))
}

/// Looks at the health of all targets.
pub(crate) fn observe(world: &mut World) {
    let now = world.now;
    for index in 0..world.ecs.tasks.len() {
        let Some(task) = world.ecs.tasks.get(index).filter(|task| task.status == TaskStatus::Running) else { continue };
        let ip = task.interface.as_ref().map(|interface| interface.ip.as_str()).unwrap_or_default();
        let states = task.groups.iter().map(|port| lattice::target_health(world, &port.group, ip, port.port));
        let states = states.collect::<Vec<_>>();
        let healthy = states.iter().all(|state| matches!(state, Some(Health::Healthy | Health::Unavailable)));
        let since = states.contains(&Some(Health::Unhealthy)).then(|| task.unhealthy_since.unwrap_or(now));
        if (healthy, since) == (task.healthy, task.unhealthy_since) {
            continue;
        }
        let (first, deployment) = (healthy && !task.deployed, task.deployment.clone());
        let place = world.ecs.services.iter().rposition(|service| service.owns(task));
        set(world, index, |task| {
            (task.healthy, task.unhealthy_since, task.deployed) = (healthy, since, task.deployed || healthy);
        });
        if let Some(place) = place.filter(|_| first) {
            forgive(world, place, &deployment);
        }
        let soon = now + Duration::from_secs(world.scenario.knobs.scheduler);
        world.ecs.wake_at(soon);
    }
}

/// The target was UNHEALTHY for too long: the task is stopped, and the scheduler starts another one.
pub(crate) fn give_up(world: &mut World, place: usize, index: usize) {
    let Some(task) = world.ecs.tasks.get(index).cloned() else { return };
    let ip = task.interface.as_ref().map(|interface| interface.ip.as_str()).unwrap_or_default();
    let sick = |health| health == Some(Health::Unhealthy);
    let Some(port) = task.groups.iter().find(|port| sick(lattice::target_health(world, &port.group, ip, port.port))) else {
        return set(world, index, |task| task.unhealthy_since = None);
    };
    let (name, id, number, group) = (&task.service, &task.id, port.port, &port.group);
    event(
        world,
        place,
        format!(
            "(service {name}) (task {id}) (port {number}) is unhealthy in (target-group {group}) due to (reason Health checks failed)"
        ),
    );
    let reason = format!("Task failed VPC Lattice health checks in (target-group {group})");
    let stop = Stop { at: world.now, code: "ServiceSchedulerInitiated", reason, exit: Some((0, None)) };
    stop_many(world, place, &[index], &stop);
    if !task.deployed {
        count_failure(world, place, &task.deployment);
    }
}
