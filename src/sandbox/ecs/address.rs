//! What is behind an address: the task's application.

use super::state::Task;
use crate::{
    clock::Timestamp,
    sandbox::{
        dataplane::{self, Answer},
        lattice,
        scenario::Behaviour,
        world::World,
    },
};

/// Who lives at an address, listening or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occupant {
    /// The task's id.
    pub(crate) task: String,
    /// `family:revision`.
    pub(crate) revision: String,
}

/// What the task at this address would answer to a request now; none when nothing listens there.
pub(crate) fn answer(world: &World, ip: &str, port: u16) -> Option<Answer> {
    let task = task_at(world, ip).filter(|task| task.listens())?;
    let behaviour = world.scenario.behaviour(image(task, port)?);
    let share = task.groups.iter().map(|port| lattice::share(world, &port.group)).fold(0.0, f64::max);
    dataplane::answer_of(behaviour, world.now.since(task.started_at?), share)
}

/// Whether a task lives at this address, as long as ECS remembers it.
pub(crate) fn is_occupied(world: &World, ip: &str) -> bool {
    task_at(world, ip).is_some()
}

/// The behaviour of the image that listens at this address and port, when a task lives there.
pub(crate) fn behaviour<'a>(world: &'a World, ip: &str, port: u16) -> Option<&'a Behaviour> {
    Some(world.scenario.behaviour(image(task_at(world, ip)?, port)?))
}

/// The task at this address, as long as ECS remembers it.
pub(crate) fn occupant(world: &World, ip: &str) -> Option<Occupant> {
    let task = task_at(world, ip)?;
    let definition = &task.task_definition;
    let revision = definition.rsplit_once('/').map_or(definition.as_str(), |(_, revision)| revision);
    Some(Occupant { task: task.id.clone(), revision: revision.to_owned() })
}

/// When any task's answers next change by its age alone.
pub(crate) fn next_change(world: &World) -> Option<Timestamp> {
    let changes = world.ecs.tasks.iter().filter(|task| task.listens()).flat_map(|task| {
        let behaviours = task.containers.iter().map(|container| world.scenario.behaviour(&container.image));
        behaviours.filter_map(|behaviour| dataplane::changes_after(behaviour, task.started_at?, world.now))
    });
    changes.min()
}

fn task_at<'a>(world: &'a World, ip: &str) -> Option<&'a Task> {
    let here = |task: &&Task| task.interface.as_ref().is_some_and(|interface| interface.ip == ip);
    world.ecs.tasks.iter().rev().find(here)
}

/// The image of the container that has this port.
fn image(task: &Task, port: u16) -> Option<&str> {
    let container = task.containers.iter().find(|container| container.ports.contains(&u64::from(port)));
    container.map(|container| container.image.as_str())
}
