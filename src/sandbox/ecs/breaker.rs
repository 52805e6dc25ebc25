//! The deployment circuit breaker: counting failures, and what is too many.
//! Source: ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures".

use serde_json::{Value, json};

use super::{
    clusters::text,
    events::event,
    rollback::{self, Cause},
    state::{EcsService, Rollout, ServiceDeployment},
};
use crate::sandbox::world::World;

/// How many failures the circuit breaker takes; none when it is off. The default is half of the desired count, at least 3 and
/// at most 200, and so is every BOUNDED_PERCENT.
pub(crate) fn threshold(service: &EcsService) -> Option<usize> {
    let breaker = service.settings.get("deploymentConfiguration")?.get("deploymentCircuitBreaker")?;
    if breaker.get("enable") != Some(&json!(true)) {
        return None;
    }
    let configuration = breaker.get("thresholdConfiguration");
    let kind = configuration.and_then(|configuration| text(configuration, "type")).unwrap_or("BOUNDED_PERCENT");
    let value = configuration.and_then(|configuration| configuration.get("value")?.as_u64()).unwrap_or(50);
    let value = usize::try_from(value).unwrap_or(usize::MAX);
    let percent = service.desired.saturating_mul(value).div_ceil(100);
    Some(match kind {
        "COUNT" => value.max(1),
        "UNBOUNDED_PERCENT" => percent.max(1),
        _ => percent.clamp(3, 200),
    })
}

/// A task of this deployment failed before it ever served.
pub(crate) fn count_failure(world: &mut World, place: usize, id: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let (arn, size) = (service.arn.clone(), service.desired.max(1));
    let Some(deployment) = service.deployments.iter_mut().find(|deployment| deployment.id == id) else { return };
    deployment.failed += 1;
    deployment.updated_at = now;
    // The first round is replaced at once, later ones ever more slowly.
    let rounds = u64::try_from(deployment.failed / size).unwrap_or(u64::MAX);
    deployment.not_before = now + std::time::Duration::from_secs(rounds.saturating_mul(15).min(300));
    let (failed, tell) = (deployment.failed, deployment.failed == 3.max(size));
    let name = service.name.clone();
    if let Some(current) = world.ecs.under_way_mut(&arn).filter(|current| current.deployment == id) {
        current.failures = failed;
    }
    if tell {
        event(world, place, format!("(service {name}) is unable to consistently start tasks successfully."));
    }
}

/// A task that serves takes the failures before it back, unless the circuit breaker was told otherwise.
pub(crate) fn forgive(world: &mut World, place: usize, id: &str) {
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let breaker = service.settings.get("deploymentConfiguration").and_then(|c| c.get("deploymentCircuitBreaker"));
    if breaker.and_then(|breaker| breaker.get("resetOnHealthyTask")) == Some(&Value::Bool(false)) {
        return;
    }
    service.deployments.iter_mut().filter(|deployment| deployment.id == id).for_each(|deployment| deployment.failed = 0);
    let arn = service.arn.clone();
    let forward = |current: &&mut ServiceDeployment| current.deployment == id && current.rollback.is_none();
    if let Some(current) = world.ecs.under_way_mut(&arn).filter(forward) {
        current.failures = 0;
    }
}

/// Too many failures make the deployment FAILED, and bring back the last completed one where the breaker is told to.
pub(crate) fn watch(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    // The least limit is one, and mostly nothing has failed.
    if service.primary().is_none_or(|primary| primary.failed == 0) {
        return;
    }
    let Some(limit) = threshold(service) else { return };
    let breaker = service.settings.get("deploymentConfiguration").and_then(|c| c.pointer("/deploymentCircuitBreaker/rollback"));
    let back = breaker == Some(&json!(true));
    let arn = service.arn.clone();
    if service.primary().is_none_or(|primary| primary.rollout != Rollout::InProgress || primary.failed < limit) {
        return;
    }
    if let Some(current) = world.ecs.under_way_mut(&arn) {
        current.breaker_tripped = true;
    }
    rollback::fail(world, place, &Cause::Breaker, back);
}
