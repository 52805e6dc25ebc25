//! The life of a task: started, PENDING, RUNNING, registered, drained, STOPPED.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    breaker::count_failure,
    clusters::{arn, text, texts},
    events::{event, named},
    health::{condemned, give_up},
    registration::register,
    state::{Interface, Object, Port, Stop, Task, TaskStatus},
    stopping::order_stop,
    tags,
};
use crate::{
    clock::Timestamp,
    sandbox::{
        lattice::{self, Health},
        scenario::{Behaviour, Exit},
        world::World,
    },
};

/// Stopped tasks can be described for an hour.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// Seconds that another command of a container takes, of which the scenario says nothing.
const COMMAND: u64 = 10;
/// When a registration that failed is tried again, and a drain that Lattice tells nothing of is looked at again.
pub(crate) const AGAIN: Duration = Duration::from_secs(15);

/// The containers of a task definition, each with its image's behaviour and whether it is essential.
pub(crate) fn behaviours(world: &World, definition: &str) -> Vec<(bool, Behaviour)> {
    let containers = world.ecs.task_definition(definition).into_iter().flat_map(|definition| definition.containers.iter());
    containers.map(|container| (container.essential, world.scenario.behaviour(&container.image).clone())).collect()
}

/// The reason why an image's tasks do not start, when they do not: a `…Error: …` ends a task that was placed, anything else
/// keeps it from being placed.
pub(crate) fn start_failure(behaviours: &[(bool, Behaviour)]) -> Option<(String, bool)> {
    let reason = behaviours.iter().find_map(|(_, behaviour)| behaviour.placement_fails.clone())?;
    let placed = reason.contains("Error:");
    Some((reason, placed))
}

/// What new tasks have in common.
pub(crate) struct Order {
    pub(crate) cluster: String,
    /// Empty where no service wants them.
    pub(crate) service: String,
    pub(crate) deployment: String,
    pub(crate) group: String,
    pub(crate) task_definition: String,
    /// Network and launch type, as in `CreateService` and `RunTask`.
    pub(crate) spec: Arc<Object>,
    /// What `DescribeTasks` prints besides; see [`printed`].
    pub(crate) printed: Arc<Object>,
    pub(crate) groups: Vec<Port>,
    pub(crate) tags: Vec<(String, String)>,
}

/// Starts tasks of one of a service's deployments.
pub(crate) fn start(world: &mut World, place: usize, id: &str, count: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let Some(deployment) = service.deployments.iter().find(|known| known.id == id) else { return };
    let definition = deployment.spec.get("taskDefinition").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, cluster) = (service.name.clone(), service.cluster.clone());
    let exec = service.settings.get("enableExecuteCommand").cloned().unwrap_or(json!(false));
    let managed = [("aws:ecs:clusterName", cluster.as_str()), ("aws:ecs:serviceName", name.as_str())];
    let order = Order {
        tags: tags::of_task(world, &service.settings, &service.arn, &definition, &managed),
        cluster: cluster.clone(),
        service: name.clone(),
        deployment: id.to_owned(),
        group: format!("service:{name}"),
        task_definition: definition.clone(),
        spec: deployment.spec.clone(),
        printed: Arc::new(printed(&deployment.spec, [("enableExecuteCommand".to_owned(), exec)].into_iter().collect())),
        groups: deployment.groups.clone(),
    };
    if let Some((reason, false)) = start_failure(&behaviours(world, &definition)) {
        (0..count).for_each(|_| count_failure(world, place, id));
        event(world, place, format!("(service {name}) was unable to place a task. Reason: {reason}."));
        return;
    }
    let started = (0..count).map(|_| place_one(world, &order)).collect::<Vec<_>>();
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.steady = false;
    }
    event(world, place, format!("(service {name}) has started {count} tasks: {}.", named(&started)));
}

/// One task, PROVISIONING; its id.
pub(crate) fn place_one(world: &mut World, order: &Order) -> String {
    let id = world.uuid32();
    let interface = interface(world, &order.spec);
    let behaviours = behaviours(world, &order.task_definition);
    let containers = world.ecs.task_definition(&order.task_definition).map(|definition| Arc::clone(&definition.containers));
    let containers = containers.unwrap_or_default();
    let starts_after = behaviours.iter().map(|(_, behaviour)| behaviour.starts_after).max().unwrap_or_default();
    let arn = arn(world, &format!("task/{}/{id}", order.cluster));
    if !order.tags.is_empty() {
        world.ecs.tags.insert(arn.clone(), order.tags.clone());
    }
    world.ecs.tasks.push(Task {
        arn,
        id: id.clone(),
        cluster: order.cluster.clone(),
        service: order.service.clone(),
        deployment: order.deployment.clone(),
        group: order.group.clone(),
        printed: Arc::clone(&order.printed),
        task_definition: order.task_definition.clone(),
        containers,
        status: TaskStatus::Provisioning,
        created_at: world.now,
        due: Some(world.now + Duration::from_secs(starts_after / 2)),
        started_at: None,
        exits: None,
        stop: None,
        stopped_at: None,
        interface,
        groups: order.groups.clone(),
        deployed: false,
        healthy: false,
        unhealthy_since: None,
    });
    id
}

/// What tasks show: what is `given`, and the launch type or capacity provider that they were started with.
pub(crate) fn printed(spec: &Object, given: Object) -> Object {
    let provider = spec.get("capacityProviderStrategy").and_then(|strategy| text(strategy.get(0)?, "capacityProvider"));
    let mut printed = given;
    let launch = match provider {
        Some(provider) => {
            printed.insert("capacityProviderName".to_owned(), json!(provider));
            json!("FARGATE")
        }
        None => spec.get("launchType").cloned().unwrap_or(json!("EC2")),
    };
    if launch == "FARGATE" {
        printed.insert("platformVersion".to_owned(), json!("1.4.0"));
        printed.insert("platformFamily".to_owned(), json!("Linux"));
    }
    printed.insert("launchType".to_owned(), launch);
    printed
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
    let attachment = super::describe_tasks::uuid(&hex, 0);
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
    let forgotten = |task: &Task| task.stopped_at.is_some_and(|at| at + REMEMBERED <= now);
    for arn in world.ecs.tasks.iter().filter(|task| forgotten(task)).map(|task| task.arn.clone()).collect::<Vec<_>>() {
        world.ecs.tags.remove(&arn);
    }
    world.ecs.tasks.retain(|task| !forgotten(task));
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
    // Most tasks have nothing to do, and this is asked for all of them whenever anything happens.
    let Some(task) = world.ecs.tasks.get(index).filter(|task| is_due(world, task)) else { return false };
    if task.status == TaskStatus::Deactivating && drains(world, task) {
        // Lattice's own event ends the wait; this one is for a group that nobody is in charge of any more.
        set(world, index, |task| task.due = task.due.map(|due| if due > now { due } else { now + AGAIN }));
        return false;
    }
    let task = task.clone();
    // None for a task that no service wants.
    let place = world.ecs.services.iter().rposition(|service| service.owns(&task));
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
                failed(world, place, &task.deployment);
            }
            None => {
                run(world, index);
                if let Some(place) = place {
                    register(world, place, index, registered);
                }
            }
        },
        TaskStatus::Running if task.exits.as_ref().is_some_and(|(at, _, _)| *at <= now) => {
            let exit = task.exits.map(|(_, code, reason)| (code, reason));
            let reason = "Essential container in task exited".to_owned();
            order_stop(world, index, Stop { at: now, code: "EssentialContainerExited", reason, exit });
            if !task.deployed {
                failed(world, place, &task.deployment);
            }
        }
        TaskStatus::Running if condemned(world, &task).is_some_and(|at| at <= now) => match place {
            Some(place) => give_up(world, place, index),
            None => return false,
        },
        TaskStatus::Running if due => match place {
            Some(place) => register(world, place, index, registered),
            None => set(world, index, |task| task.due = None),
        },
        TaskStatus::Deactivating => {
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

/// Whether any of its targets is still being drained.
fn drains(world: &World, task: &Task) -> bool {
    let ip = task.interface.as_ref().map(|interface| interface.ip.as_str()).unwrap_or_default();
    let health = |port: &Port| lattice::target_health(world, &port.group, ip, port.port);
    task.groups.iter().any(|port| health(port) == Some(Health::Draining))
}

/// Whether anything of a task is due now, or its drain has to be looked at.
fn is_due(world: &World, task: &Task) -> bool {
    let now = world.now;
    let exits = task.exits.as_ref().is_some_and(|(at, _, _)| *at <= now);
    let running = task.status == TaskStatus::Running && (exits || condemned(world, task).is_some_and(|at| at <= now));
    running || task.status == TaskStatus::Deactivating || task.due.is_some_and(|due| due <= now)
}

/// A task that a service wanted failed before it ever served.
fn failed(world: &mut World, place: Option<usize>, deployment: &str) {
    if let Some(place) = place {
        count_failure(world, place, deployment);
    }
}

/// The command that `RunTask` gave a container in place of its own: it does its work and ends.
fn other_command(printed: &Object) -> Option<String> {
    let overrides = printed.get("overrides")?.get("containerOverrides")?.as_array()?;
    let words = overrides.iter().map(|given| texts(given, "command")).find(|words| !words.is_empty())?;
    Some(words.join(" "))
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
    let other = world.ecs.tasks.get(index).and_then(|task| other_command(&task.printed));
    let exit = match other {
        Some(command) => {
            let known = behaviours.iter().find_map(|(_, behaviour)| behaviour.commands.get(&command).cloned());
            known.or_else(|| exits.min_by_key(|exit| exit.after)).or(Some(Exit { after: COMMAND, ..Exit::default() }))
        }
        None => exits.min_by_key(|exit| exit.after),
    };
    set(world, index, |task| {
        (task.status, task.due, task.started_at) = (TaskStatus::Running, None, Some(now));
        task.exits = exit.map(|exit| (now + Duration::from_secs(exit.after), exit.code, exit.reason));
    });
}
