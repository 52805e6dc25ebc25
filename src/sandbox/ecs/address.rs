//! What is behind an address: the task's application.

use std::time::Duration;

use serde_json::Value;

use super::{clusters::text, state::Task};
use crate::sandbox::{
    lattice,
    world::{Answer, World},
};

/// What the task at this address would answer to a request now; none when nothing listens there.
pub(crate) fn answer(world: &World, ip: &str, port: u16) -> Option<Answer> {
    let here = |task: &&Task| task.interface.as_ref().is_some_and(|interface| interface.ip == ip) && task.listens();
    let task = world.ecs.tasks.iter().rev().find(here)?;
    let definition = world.ecs.task_definition(&task.task_definition)?;
    let mut containers = definition.printed.get("containerDefinitions")?.as_array()?.iter();
    let container = containers.find(|container| {
        let mappings = container.get("portMappings").and_then(Value::as_array).into_iter().flatten();
        mappings.filter_map(|mapping| mapping.get("containerPort")?.as_u64()).any(|number| number == u64::from(port))
    })?;
    let behaviour = world.scenario.behaviour(text(container, "image").unwrap_or_default());
    let age = world.now.since(task.started_at?);
    let over = |seconds: Option<u64>| seconds.is_some_and(|seconds| age >= Duration::from_secs(seconds));
    if over(behaviour.fails_after) {
        return None;
    }
    let share = task.groups.iter().map(|port| lattice::share(world, &port.group)).fold(0.0, f64::max);
    let overloaded = behaviour.unhealthy_above.is_some_and(|limit| share >= limit);
    let well = behaviour.healthy && !over(behaviour.healthy_for) && !overloaded;
    Some(Answer {
        status: if well { 200 } else { 500 },
        latency: Duration::from_millis(behaviour.latency_ms),
        error_rate: behaviour.error_rate,
    })
}
