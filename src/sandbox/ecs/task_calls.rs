//! `ListTasks`, `DescribeTasks` and `StopTask`.

use serde_json::{Value, json};

use super::{
    clusters::{includes, missing, of_request, paged, text, texts},
    describe_tasks,
    pages::page,
    refusal::{self, Outcome},
    state::{Stop, Task},
    stopping::{order_stop, stop_many},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// `ListTasks`: those that are meant to run, unless STOPPED ones are asked for. PENDING finds nothing: ECS never wants it.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let service = match text(body, "serviceName") {
        None => None,
        Some(reference) => {
            let place = world.ecs.service(&cluster, reference).and_then(|place| world.ecs.services.get(place));
            Some(place.ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))?)
        }
    };
    let filters = ["serviceName", "family", "containerInstance", "launchType", "desiredStatus", "daemonName"];
    if text(body, "startedBy").is_some() && filters.iter().any(|filter| text(body, filter).is_some()) {
        return Err(refusal::invalid("startedBy must be the only filter that is used."));
    }
    let wanted = text(body, "desiredStatus").unwrap_or("RUNNING");
    let family = |task: &Task, family: &str| {
        task.task_definition.rsplit_once("task-definition/").is_some_and(|(_, name)| name.split(':').next() == Some(family))
    };
    let tasks = world.ecs.tasks.iter().filter(|task| {
        task.cluster == cluster
            && service.is_none_or(|service| service.owns(task))
            && text(body, "startedBy").is_none_or(|id| task.deployment == id)
            && text(body, "family").is_none_or(|name| family(task, name))
            && text(body, "containerInstance").is_none()
            && text(body, "daemonName").is_none()
            && text(body, "launchType").is_none_or(|launch| task.printed.get("launchType").is_some_and(|own| own == launch))
            && match wanted {
                "RUNNING" => task.wanted(),
                "STOPPED" => !task.wanted(),
                _ => false,
            }
    });
    let (arns, next) = page(tasks.map(|task| task.arn.clone()).collect(), body, 100)?;
    Ok(paged("taskArns", json!(arns), next))
}

fn find(world: &World, cluster: &str, reference: &str) -> Option<usize> {
    world.ecs.tasks.iter().position(|task| task.cluster == cluster && (task.arn == reference || task.id == reference))
}

/// `DescribeTasks`: what is not there is in `failures`.
pub(crate) fn describe_all(world: &World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let asked = texts(body, "tasks");
    if asked.is_empty() || asked.len() > 100 {
        return Err(refusal::invalid("Tasks must have between 1 and 100 entries."));
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match find(world, &cluster, reference).and_then(|place| world.ecs.tasks.get(place)) {
            Some(task) => tasks.push(describe_tasks::task(world, task, includes(body, "TAGS"))),
            None => failures.push(missing(world, &format!("task/{cluster}"), reference)),
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

/// `StopTask`. The scheduler starts another one where a service wants it.
pub(crate) fn stop(world: &mut World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let absent = || refusal::invalid("The referenced task was not found.");
    let index = find(world, &cluster, text(body, "task").unwrap_or_default()).ok_or_else(absent)?;
    let task = world.ecs.tasks.get(index).ok_or_else(absent)?;
    let place = world.ecs.services.iter().rposition(|service| service.owns(task));
    if task.wanted() {
        let reason = text(body, "reason").unwrap_or("Task stopped by user").to_owned();
        let stop = Stop { at: world.now, code: "UserInitiated", reason, exit: task.started_at.map(|_| (0, None)) };
        match place {
            Some(place) => stop_many(world, place, &[index], &stop),
            None => order_stop(world, index, stop),
        }
    }
    let task = world.ecs.tasks.get(index).ok_or_else(absent)?;
    Ok(json!({ "task": describe_tasks::task(world, task, false) }))
}
