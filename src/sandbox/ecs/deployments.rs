//! Deployments: how one begins, starts and ends; and the service deployments that tell of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    alarms,
    clusters::arn,
    events::event,
    progressive,
    state::{AlarmWatch, Deployment, EcsService, Object, Port, Revision, Rollout, ServiceDeployment},
};
use crate::sandbox::world::World;

/// A new PRIMARY deployment; the older ones are ACTIVE until their tasks are gone. Its service deployment is PENDING until the
/// scheduler looks.
pub(crate) fn begin(world: &mut World, place: usize, spec: Object, groups: Vec<Port>) {
    let spec = Arc::new(spec);
    finish(world, place, "STOPPED", Some("Service deployment was stopped because it was superseded by another one."));
    let (id, secret, now) = (deployment_id(world), world.uuid32(), world.now);
    let Some(service) = world.ecs.services.get(place) else { return };
    let (name, cluster, service_arn) = (service.name.clone(), service.cluster.clone(), service.arn.clone());
    let sources = service.deployments.iter().map(|older| older.revision.clone()).collect();
    let configuration = service.settings.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({}));
    let revision = arn(world, &format!("service-revision/{cluster}/{name}/{}", id.trim_start_matches("ecs-svc/")));
    let path = format!("service-deployment/{cluster}/{name}/{}", secret.get(..21).unwrap_or_default());
    world.ecs.revisions.push(Revision {
        arn: revision.clone(),
        service_arn: service_arn.clone(),
        cluster: cluster.clone(),
        spec: Arc::clone(&spec),
        groups: groups.clone(),
        created_at: now,
    });
    let deployment = Deployment {
        reason: format!("ECS deployment {id} in progress."),
        id: id.clone(),
        revision: revision.clone(),
        spec,
        groups,
        created_at: now,
        updated_at: now,
        rollout: Rollout::InProgress,
        failed: 0,
        not_before: now,
    };
    let service_deployment = ServiceDeployment {
        arn: arn(world, &path),
        service_arn,
        cluster,
        deployment: id,
        sources,
        target: revision,
        created_at: now,
        started_at: None,
        updated_at: now,
        finished_at: None,
        stopped_at: None,
        status: "PENDING",
        status_reason: None,
        failures: 0,
        breaker_tripped: false,
        rollback: None,
        configuration,
        alarms: AlarmWatch::default(),
        baked_at: None,
        progress: None,
        hooks: Vec::new(),
    };
    world.ecs.service_deployments.push(service_deployment);
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.deployments.insert(0, deployment);
        service.steady = false;
    }
}

/// `ecs-svc/` and 19 digits.
pub(crate) fn deployment_id(world: &mut World) -> String {
    let hex = world.uuid32();
    let number = u64::from_str_radix(hex.get(..16).unwrap_or_default(), 16).unwrap_or_default();
    format!("ecs-svc/{}", 1_000_000_000_000_000_000 + number % 9_000_000_000_000_000_000)
}

/// Brings a service deployment that is PENDING under way: its alarms are looked at for the first time, and where it is not
/// ROLLING its rules are read.
pub(crate) fn start(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    if world.ecs.under_way(&service.arn).is_none_or(|current| current.started_at.is_some()) {
        return;
    }
    let arn = service.arn.clone();
    alarms::begin(world, &arn);
    let now = world.now;
    let Some(current) = world.ecs.under_way_mut(&arn) else { return };
    current.started_at = Some(now);
    current.updated_at = now;
    if current.status == "PENDING" {
        current.status = "IN_PROGRESS";
    }
    if strategy(&current.configuration) != "ROLLING" {
        progressive::start(world, place);
    }
}

/// The strategy of a `deploymentConfiguration`.
pub(crate) fn strategy(configuration: &Value) -> &str {
    configuration.get("strategy").and_then(Value::as_str).unwrap_or("ROLLING")
}

/// Ends the service deployment that is under way, if there is one.
pub(crate) fn finish(world: &mut World, place: usize, status: &'static str, reason: Option<&str>) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let (arn, now) = (service.arn.clone(), world.now);
    if let Some(current) = world.ecs.under_way_mut(&arn) {
        current.status = if current.rollback.is_some() && status == "SUCCESSFUL" { "ROLLBACK_SUCCESSFUL" } else { status };
        current.status_reason = reason.map(str::to_owned).or(current.status_reason.take());
        current.updated_at = now;
        current.started_at = current.started_at.or(Some(now));
        current.finished_at = Some(now);
        current.stopped_at = (status == "STOPPED").then_some(now);
        for hook in current.hooks.iter_mut().filter(|hook| hook.status == "AWAITING_ACTION") {
            hook.status = "FAILED";
        }
    }
}

/// The PRIMARY deployment runs at its size and nothing older is left.
pub(crate) fn complete(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let Some(message) = completed(service, world.now) else { return };
    event(world, place, message);
    finish(world, place, "SUCCESSFUL", None);
}

/// Marks the PRIMARY deployment as completed: the one to go back to from now on; the event that tells of it.
fn completed(service: &mut EcsService, now: crate::clock::Timestamp) -> Option<String> {
    let primary = service.deployments.first_mut()?;
    primary.rollout = Rollout::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    let message = format!("(service {}) (deployment {}) deployment completed.", service.name, primary.id);
    service.last_completed = service.deployments.first().cloned();
    Some(message)
}

/// A service of the scenario's start: its deployment is complete.
pub(crate) fn settled(world: &mut World, place: usize) {
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(place) {
        completed(service, now);
        service.steady = true;
    }
    finish(world, place, "SUCCESSFUL", None);
}
