//! One side of a rollout, from one tick's reads. Pure.

use std::net::IpAddr;

use super::{
    ecs::{
        services::{EcsService, RolloutState},
        tasks::Task,
    },
    lattice::groups::{Target, TargetStatus},
};
use crate::rollout::observation::{Side, Tasks};

/// What the targets of one group, its ECS service and that service's tasks say together.
///
/// Without a recorded task definition the service's own counts as recorded: a stable side that no rollout has made yet.
/// Without a service there are no tasks, and no target is foreign.
#[must_use]
pub fn side(targets: &[Target], service: Option<&EcsService>, tasks: &[Task], recorded_task_definition: Option<&str>) -> Side {
    let mut side = Side::default();
    for target in targets {
        match &target.status {
            TargetStatus::Healthy => side.healthy += 1,
            TargetStatus::Unhealthy => {
                side.unhealthy += 1;
                count(&mut side.reasons, target.reason.as_deref().unwrap_or("no reason given"));
            }
            TargetStatus::Draining => side.draining += 1,
            TargetStatus::Unused | TargetStatus::Unavailable => side.unchecked += 1,
            // A status that we do not know is neither good news nor bad: the target counts as one that is not judged yet.
            TargetStatus::Initial | TargetStatus::Other(_) => side.initial += 1,
        }
    }
    side.tasks = service.map(|service| {
        let recorded = recorded_task_definition.unwrap_or(&service.task_definition);
        tasks_of(targets, service, tasks, recorded)
    });
    side
}

fn tasks_of(targets: &[Target], service: &EcsService, tasks: &[Task], recorded: &str) -> Tasks {
    let is_ours = |task: &&Task| same(&task.task_definition, recorded);
    let deploying = service.primary().filter(|deployment| same(&deployment.task_definition, recorded));
    // Having rolled back by itself, ECS's newest deployment runs another revision and ours stands beside it.
    let judged = deploying
        .or_else(|| service.deployments.iter().find(|deployment| same(&deployment.task_definition, recorded)))
        .filter(|deployment| deployment.rollout_state == Some(RolloutState::Failed));
    let complete = deploying.is_some_and(|deployment| match &deployment.rollout_state {
        Some(state) => *state == RolloutState::Completed,
        // Not every service has the member; then this is what ECS's own waiter goes by.
        None => service.deployments.len() == 1 && service.running == service.desired,
    });
    Tasks {
        desired: service.desired,
        running: service.running,
        current: number(tasks.iter().filter(is_ours).filter(|task| task.is_running()).count()),
        deploying_current: deploying.is_some(),
        complete,
        failed: judged.map(|deployment| deployment.rollout_reason.clone().unwrap_or_else(|| "ECS gave no reason".to_owned())),
        foreign_targets: foreign(targets, tasks, recorded),
        stopped: stopped(tasks.iter().filter(is_ours)),
    }
}

/// Targets, not draining, at an address of no task of the recorded revision.
fn foreign(targets: &[Target], tasks: &[Task], recorded: &str) -> u32 {
    let has = |task: &Task, address: &str| task.addresses.iter().any(|own| same_address(own, address));
    let is_ours = |address: &str| {
        // Addresses are given again: a task that lives goes before one that stopped.
        let owner = tasks.iter().find(|task| !task.is_stopped() && has(task, address));
        owner
            .or_else(|| tasks.iter().find(|task| same(&task.task_definition, recorded) && has(task, address)))
            .is_some_and(|task| same(&task.task_definition, recorded))
    };
    let strangers = targets.iter().filter(|target| target.status != TargetStatus::Draining && !is_ours(&target.address)).count();
    // A running task in its host's network has no address of its own, so as many targets cannot be told from its.
    let hidden =
        tasks.iter().filter(|task| task.is_running() && task.addresses.is_empty() && same(&task.task_definition, recorded));
    number(strangers.saturating_sub(hidden.count()))
}

/// Why tasks stopped, newest first, each reason with how often.
fn stopped<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<(String, u32)> {
    let mut over: Vec<&Task> = tasks.filter(|task| task.stopped_reason.is_some()).filter(|task| !was_scaled_in(task)).collect();
    over.sort_by(|one, other| other.stopped_at.cmp(&one.stopped_at).then_with(|| one.arn.cmp(&other.arn)));
    let mut reasons = Vec::new();
    for task in over {
        let mut reason = task.stopped_reason.clone().unwrap_or_default();
        if let Some(code) = task.exit_code.filter(|code| *code != 0) {
            reason = format!("{reason} (exit code {code})");
        }
        if let Some(container) = &task.container_reason {
            reason = format!("{reason}: {container}");
        }
        count(&mut reasons, &reason);
    }
    reasons
}

/// Stopping what is no longer wanted is no failure. The text is ECS's for it, and it decides nothing: the list is for people.
fn was_scaled_in(task: &Task) -> bool {
    task.stopped_reason.as_deref().is_some_and(|reason| reason.starts_with("Scaling activity initiated by"))
}

fn count(reasons: &mut Vec<(String, u32)>, reason: &str) {
    match reasons.iter_mut().find(|(known, _)| known == reason) {
        Some((_, times)) => *times += 1,
        None => reasons.push((reason.to_owned(), 1)),
    }
}

/// An ARN and `family:revision` name the same task definition.
fn same(one: &str, other: &str) -> bool {
    let short = |text: &str| text.rsplit('/').next().map(ToOwned::to_owned);
    !one.is_empty() && short(one) == short(other)
}

/// IPv6 addresses have many spellings.
fn same_address(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<IpAddr>(), other.parse::<IpAddr>()), (Ok(one), Ok(other)) if one == other)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
