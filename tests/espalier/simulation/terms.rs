//! The world's targets, services and tasks as the clients of `aws` tell them.

use espalier::{
    aws::{
        ecs::{
            services::{EcsDeployment, EcsService, RolloutState, unplaced},
            tasks::Task,
        },
        lattice::groups::{Target, TargetStatus},
        slots::Slot,
    },
    sandbox::direct::{self, Direct, ServiceSeen, TaskSeen},
};
use serde_json::Value;

/// The targets of a slot's group; with `unchecked` those that nothing checks are healthy.
pub(crate) fn targets(world: &Direct, slot: &Slot, unchecked: bool) -> Vec<Target> {
    let target = |(address, port, health): (&str, u64, direct::Health)| {
        let taken = if unchecked && health == direct::Health::Unavailable { direct::Health::Healthy } else { health };
        let (word, reason) = Direct::in_words(taken);
        Target {
            address: address.to_owned(),
            port: u16::try_from(port).ok(),
            status: TargetStatus::from(word),
            reason: reason.map(ToOwned::to_owned),
        }
    };
    world.targets(slot.group_arn.as_str()).map(target).collect()
}

/// A slot's ECS service.
pub(crate) fn service(world: &Direct, slot: &Slot) -> Option<EcsService> {
    let name = slot.ecs_service.as_deref()?;
    let ServiceSeen { desired, deployments, .. } = world.ecs_service(name)?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(EcsService {
        name: name.to_owned(),
        arn: String::new(),
        status: "ACTIVE".to_owned(),
        desired: count(desired),
        running: count(deployments.iter().map(|deployment| deployment.running).sum()),
        pending: count(deployments.iter().map(|deployment| deployment.pending).sum()),
        task_definition: deployments.first().map(|primary| primary.task_definition.to_owned()).unwrap_or_default(),
        deployments: deployments
            .iter()
            .enumerate()
            .map(|(place, deployment)| EcsDeployment {
                status: if place == 0 { "PRIMARY" } else { "ACTIVE" }.to_owned(),
                task_definition: deployment.task_definition.to_owned(),
                running: count(deployment.running),
                failed_tasks: count(deployment.failed_tasks),
                rollout_state: Some(RolloutState::from(deployment.state)),
                rollout_reason: Some(deployment.reason.to_owned()),
                unplaced: if place == 0 { unplaced(world.events(name), deployment.began) } else { None },
                ..EcsDeployment::default()
            })
            .collect(),
        vpc_lattice: Vec::new(),
        load_balancers: Vec::new(),
        has_registries: false,
        has_service_connect: false,
        has_advanced_lattice: false,
        strategy: None,
        controller: None,
        raw: Value::Null,
    })
}

/// A task.
pub(crate) fn task(task: TaskSeen<'_>) -> Task {
    Task {
        arn: task.arn.to_owned(),
        task_definition: task.task_definition.to_owned(),
        addresses: task.address.map(ToOwned::to_owned).into_iter().collect(),
        last_status: task.status.to_owned(),
        stopped_reason: task.stopped_reason.map(ToOwned::to_owned),
        stop_code: task.stop_code.map(ToOwned::to_owned),
        started_at: task.started_at,
        stopped_at: task.stopping_at,
        exit_code: task.exit_code,
        container_reason: task.exit_reason.map(ToOwned::to_owned),
        ..Task::default()
    }
}
