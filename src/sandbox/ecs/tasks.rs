//! The life of a task: started, PENDING, RUNNING, registered, drained, STOPPED.

use std::time::Duration;

use serde_json::Value;

use super::{
    clusters::{arn, text, texts},
    deployments::count_failure,
    events::{event, named},
    health::{condemned, give_up},
    state::{Interface, Object, Stop, Task, TaskStatus},
    stopping::order_stop,
};
use crate::{
    clock::Timestamp,
    sandbox::{
        lattice::{self, Health},
        scenario::Behaviour,
        world::World,
    },
};

/// Stopped tasks can be described for an hour.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// When a registration that failed is tried again.
const AGAIN: Duration = Duration::from_secs(15);

/// The containers of a task definition, each with its image's behaviour and whether it is essential.
fn behaviours(world: &World, definition: &str) -> Vec<(bool, Behaviour)> {
    let found = world.ecs.task_definition(definition).and_then(|definition| definition.printed.get("containerDefinitions"));
    let containers = found.and_then(Value::as_array).into_iter().flatten();
    let behaviour = |container: &Value| {
        let essential = container.get("essential") != Some(&Value::Bool(false));
        (essential, world.scenario.behaviour(text(container, "image").unwrap_or_default()).clone())
    };
    containers.map(behaviour).collect()
}

/// The reason why an image's tasks do not start, when they do not: a `…Error: …` ends a task that was placed, anything else
/// keeps it from being placed.
fn start_failure(behaviours: &[(bool, Behaviour)]) -> Option<(String, bool)> {
    let reason = behaviours.iter().find_map(|(_, behaviour)| behaviour.placement_fails.clone())?;
    let placed = reason.contains("Error:");
    Some((reason, placed))
}

/// Starts tasks of the PRIMARY deployment.
pub(crate) fn start(world: &mut World, place: usize, count: usize) {
    let Some((service, primary)) = world.ecs.services.get(place).and_then(|service| Some((service, service.primary()?))) else {
        return;
    };
    let definition = primary.spec.get("taskDefinition").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, cluster) = (service.name.clone(), service.cluster.clone());
    let (id, spec, groups) = (primary.id.clone(), primary.spec.clone(), primary.groups.clone());
    let behaviours = behaviours(world, &definition);
    if let Some((reason, false)) = start_failure(&behaviours) {
        (0..count).for_each(|_| count_failure(world, place, &id));
        event(world, place, format!("(service {name}) was unable to place a task. Reason: {reason}."));
        return;
    }
    let starts_after = behaviours.iter().map(|(_, behaviour)| behaviour.starts_after).max().unwrap_or_default();
    let mut started = Vec::new();
    for _ in 0..count {
        let task = world.uuid32();
        let interface = interface(world, &spec);
        world.ecs.tasks.push(Task {
            arn: arn(world, &format!("task/{cluster}/{task}")),
            id: task.clone(),
            cluster: cluster.clone(),
            service: name.clone(),
            deployment: id.clone(),
            task_definition: definition.clone(),
            status: TaskStatus::Provisioning,
            created_at: world.now,
            due: Some(world.now + Duration::from_secs(starts_after / 2)),
            started_at: None,
            exits: None,
            stop: None,
            stopped_at: None,
            interface,
            groups: groups.clone(),
            deployed: false,
            healthy: false,
            unhealthy_since: None,
        });
        started.push(task);
    }
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.steady = false;
    }
    event(world, place, format!("(service {name}) has started {count} tasks: {}.", named(&started)));
}

/// The next network interface, when the tasks have one: addresses are handed out in order, subnets in turn.
fn interface(world: &mut World, spec: &Object) -> Option<Interface> {
    let network = spec.get("networkConfiguration")?.get("awsvpcConfiguration")?;
    let subnets = texts(network, "subnets");
    let number = world.ecs.interfaces;
    world.ecs.interfaces += 1;
    let subnet = subnets.get(usize::try_from(number).ok()? % subnets.len().max(1)).copied().unwrap_or_default().to_owned();
    let (high, low) = (1 + number / 200 % 250, 10 + number % 200);
    let hex = world.uuid32();
    let attachment = super::describe::uuid(&hex, 0);
    let id = format!("eni-0{}", hex.get(..16).unwrap_or_default());
    Some(Interface { id, attachment, subnet, ip: format!("10.0.{high}.{low}"), mac: format!("0a:58:0a:00:{high:02x}:{low:02x}") })
}

/// When the next task changes by itself, has been unhealthy for too long, or is forgotten.
pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    let times = world.ecs.tasks.iter().flat_map(|task| {
        let exit = task.exits.as_ref().filter(|_| task.wanted()).map(|(at, _, _)| *at);
        [task.due, exit, condemned(world, task), task.stopped_at.map(|at| at + REMEMBERED)]
    });
    times.flatten().min()
}

/// Does what is due for every task. Whoever changes has the scheduler look.
pub(crate) fn step(world: &mut World) {
    let now = world.now;
    world.ecs.tasks.retain(|task| task.stopped_at.is_none_or(|at| at + REMEMBERED > now));
    let mut registered: Vec<(usize, String)> = Vec::new();
    for index in 0..world.ecs.tasks.len() {
        while advance(world, index, &mut registered) {
            let soon = now + Duration::from_secs(world.scenario.knobs.scheduler);
            world.ecs.wake_at(soon);
        }
    }
    while let Some((place, group)) = registered.first().cloned() {
        let count = registered.iter().filter(|one| **one == (place, group.clone())).count();
        registered.retain(|one| *one != (place, group.clone()));
        let name = world.ecs.services.get(place).map(|service| service.name.clone()).unwrap_or_default();
        event(world, place, format!("(service {name}) registered {count} targets in (target-group {group})"));
    }
}

/// One change of one task, if one is due now.
fn advance(world: &mut World, index: usize, registered: &mut Vec<(usize, String)>) -> bool {
    let now = world.now;
    let Some(task) = world.ecs.tasks.get(index).cloned() else { return false };
    let Some(place) = world.ecs.services.iter().rposition(|service| service.owns(&task)) else { return false };
    let due = task.due.is_some_and(|due| due <= now);
    match task.status {
        TaskStatus::Provisioning if due => {
            let starts_after = behaviours(world, &task.task_definition).iter().map(|(_, b)| b.starts_after).max();
            let running = task.created_at + Duration::from_secs(starts_after.unwrap_or_default());
            set(world, index, |task| (task.status, task.due) = (TaskStatus::Pending, Some(running)));
        }
        TaskStatus::Pending if due => match start_failure(&behaviours(world, &task.task_definition)) {
            Some((reason, _)) => {
                let stop = Stop { at: now, code: "TaskFailedToStart", reason, exit: None };
                order_stop(world, index, stop);
                count_failure(world, place, &task.deployment);
            }
            None => {
                run(world, index);
                register(world, place, index, registered);
            }
        },
        TaskStatus::Running if task.exits.as_ref().is_some_and(|(at, _, _)| *at <= now) => {
            let exit = task.exits.map(|(_, code, reason)| (code, reason));
            let reason = "Essential container in task exited".to_owned();
            order_stop(world, index, Stop { at: now, code: "EssentialContainerExited", reason, exit });
            if !task.deployed {
                count_failure(world, place, &task.deployment);
            }
        }
        TaskStatus::Running if condemned(world, &task).is_some_and(|at| at <= now) => give_up(world, place, index),
        TaskStatus::Running if due => register(world, place, index, registered),
        TaskStatus::Deactivating => {
            let ip = task.interface.as_ref().map(|interface| interface.ip.as_str()).unwrap_or_default();
            let draining = |health| health == Some(Health::Draining);
            if task.groups.iter().any(|port| draining(lattice::target_health(world, &port.group, ip, port.port))) {
                // Lattice's own event ends the wait; this one is for a group that nobody is in charge of any more.
                set(world, index, |task| task.due = task.due.map(|due| if due > now { due } else { now + AGAIN }));
                return false;
            }
            let stopped = now + Duration::from_secs(world.scenario.knobs.stop);
            set(world, index, |task| (task.status, task.due) = (TaskStatus::Stopping, Some(stopped)));
        }
        TaskStatus::Stopping if due => {
            set(world, index, |task| (task.status, task.due, task.stopped_at) = (TaskStatus::Stopped, None, Some(now)));
        }
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Running | TaskStatus::Stopping | TaskStatus::Stopped => {
            return false;
        }
    }
    true
}

pub(crate) fn set(world: &mut World, index: usize, change: impl FnOnce(&mut Task)) {
    if let Some(task) = world.ecs.tasks.get_mut(index) {
        change(task);
    }
}

/// The task is RUNNING from now on.
pub(crate) fn run(world: &mut World, index: usize) {
    let now = world.now;
    let Some(definition) = world.ecs.tasks.get(index).map(|task| task.task_definition.clone()) else { return };
    let behaviours = behaviours(world, &definition);
    let exits = behaviours.iter().filter(|(essential, _)| *essential).filter_map(|(_, behaviour)| behaviour.exits.clone());
    let exit = exits.min_by_key(|exit| exit.after);
    set(world, index, |task| {
        (task.status, task.due, task.started_at) = (TaskStatus::Running, None, Some(now));
        task.exits = exit.map(|exit| (now + Duration::from_secs(exit.after), exit.code, exit.reason));
    });
}

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
