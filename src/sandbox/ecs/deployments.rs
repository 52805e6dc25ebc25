//! Deployments: how one begins, succeeds, fails, and is rolled back; and the service deployments that tell of them.

use serde_json::{Value, json};

use super::{
    clusters::{arn, missing, text, texts},
    describe,
    events::event,
    pages::page,
    refusal::{self, Outcome},
    services::existing,
    state::{Deployment, EcsService, Object, Port, Rollout, ServiceDeployment},
    task_definitions::seconds,
};
use crate::sandbox::world::World;

/// A new PRIMARY deployment; the older ones are ACTIVE until their tasks are gone.
pub(crate) fn begin(world: &mut World, place: usize, spec: Object, groups: Vec<Port>) {
    finish(world, place, "STOPPED", Some("Service deployment was stopped because it was superseded by another one."));
    let id = deployment_id(world);
    let deployment = Deployment {
        reason: format!("ECS deployment {id} in progress."),
        id: id.clone(),
        spec,
        groups,
        created_at: world.now,
        updated_at: world.now,
        rollout: Rollout::InProgress,
        failed: 0,
        not_before: world.now,
    };
    let (now, secret) = (world.now, world.uuid32());
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let source_revision = service.primary().map(|older| revision_path(service, older));
    service.deployments.insert(0, deployment);
    service.steady = false;
    let (service_arn, cluster) = (service.arn.clone(), service.cluster.clone());
    let path = format!("service-deployment/{cluster}/{}/{}", service.name, secret.get(..21).unwrap_or_default());
    let target = service.primary().map(|newest| revision_path(service, newest)).unwrap_or_default();
    let deployment = ServiceDeployment {
        arn: arn(world, &path),
        service_arn,
        cluster,
        deployment: id,
        source_revision: source_revision.map(|path| arn(world, &path)),
        target_revision: arn(world, &target),
        created_at: now,
        updated_at: now,
        finished_at: None,
        stopped_at: None,
        status: "IN_PROGRESS",
        status_reason: None,
        failures: 0,
        rollback: None,
    };
    world.ecs.service_deployments.push(deployment);
}

/// `ecs-svc/` and 19 digits.
fn deployment_id(world: &mut World) -> String {
    let hex = world.uuid32();
    let number = u64::from_str_radix(hex.get(..16).unwrap_or_default(), 16).unwrap_or_default();
    format!("ecs-svc/{}", 1_000_000_000_000_000_000 + number % 9_000_000_000_000_000_000)
}

/// A service revision has the digits of its deployment.
fn revision_path(service: &EcsService, deployment: &Deployment) -> String {
    let digits = deployment.id.trim_start_matches("ecs-svc/");
    format!("service-revision/{}/{}/{digits}", service.cluster, service.name)
}

/// The ARN of a deployment's service revision.
pub(crate) fn revision_arn(world: &World, service: &EcsService, deployment: &Deployment) -> String {
    arn(world, &revision_path(service, deployment))
}

/// Ends the service deployment that is under way, if there is one.
pub(crate) fn finish(world: &mut World, place: usize, status: &'static str, reason: Option<&str>) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let (arn, now) = (service.arn.clone(), world.now);
    let under_way = |deployment: &&mut ServiceDeployment| deployment.service_arn == arn && deployment.finished_at.is_none();
    if let Some(deployment) = world.ecs.service_deployments.iter_mut().rev().find(under_way) {
        deployment.status = if deployment.rollback.is_some() && status == "SUCCESSFUL" { "ROLLBACK_SUCCESSFUL" } else { status };
        deployment.status_reason = reason.map(str::to_owned).or(deployment.status_reason.take());
        deployment.updated_at = now;
        deployment.finished_at = Some(now);
        deployment.stopped_at = (status == "STOPPED").then_some(now);
    }
}

/// The PRIMARY deployment runs at its size and nothing older is left.
pub(crate) fn complete(world: &mut World, place: usize) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.rollout = Rollout::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    let message = format!("(service {}) (deployment {}) deployment completed.", service.name, primary.id);
    service.last_completed = service.deployments.first().cloned();
    event(world, place, message);
    finish(world, place, "SUCCESSFUL", None);
}

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
    let current = world.ecs.service_deployments.iter_mut().find(|known| known.service_arn == arn && known.deployment == id);
    if let Some(current) = current {
        current.failures = failed;
    }
    if tell {
        event(world, place, format!("(service {name}) is unable to consistently start tasks successfully."));
    }
}

/// The circuit breaker: too many failures make the deployment FAILED, and bring back the last completed one where it is told to.
pub(crate) fn break_circuit(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let Some(limit) = threshold(service) else { return };
    let rollback = service.settings.get("deploymentConfiguration").and_then(|c| c.pointer("/deploymentCircuitBreaker/rollback"));
    let rollback = rollback == Some(&json!(true));
    let Some(primary) = service.deployments.first_mut() else { return };
    if primary.rollout != Rollout::InProgress || primary.failed < limit {
        return;
    }
    primary.rollout = Rollout::Failed;
    "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
    primary.updated_at = world.now;
    let (id, name, last) = (primary.id.clone(), service.name.clone(), service.last_completed.clone());
    event(world, place, format!("(service {name}) (deployment {id}) deployment failed: tasks failed to start."));
    let Some(last) = last.filter(|_| rollback) else {
        return finish(world, place, "STOPPED", Some("Service deployment was stopped: the circuit breaker was triggered."));
    };
    event(world, place, format!("(service {name}) rolling back to deployment {}.", last.id));
    let new = deployment_id(world);
    let (now, older) = (world.now, last.id.clone());
    let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {older}.");
    let back = Deployment {
        id: new.clone(),
        reason,
        created_at: now,
        updated_at: now,
        rollout: Rollout::InProgress,
        failed: 0,
        not_before: now,
        ..last
    };
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let path = revision_path(service, &back);
    service.deployments.insert(0, back);
    let (service_arn, revision) = (service.arn.clone(), arn(world, &path));
    let current =
        world.ecs.service_deployments.iter_mut().find(|known| known.service_arn == service_arn && known.deployment == id);
    if let Some(current) = current {
        current.status = "ROLLBACK_IN_PROGRESS";
        current.status_reason =
            Some("Service deployment rolled back because the circuit breaker threshold was exceeded.".to_owned());
        current.rollback = Some((now, revision));
        current.deployment = new;
        current.updated_at = now;
    }
}

/// `ListServiceDeployments`, newest first.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let (_, arn) = existing(world, body)?;
    let wanted = texts(body, "status");
    let bound = |side: &str| body.get("createdAt").and_then(|range| range.get(side)?.as_f64());
    let briefs = world.ecs.service_deployments.iter().rev().filter(|known| {
        let created = seconds(known.created_at).as_f64().unwrap_or_default();
        known.service_arn == arn
            && (wanted.is_empty() || wanted.contains(&known.status))
            && bound("after").is_none_or(|after| created > after)
            && bound("before").is_none_or(|before| created < before)
    });
    let briefs = briefs.map(|known| {
        let mut brief = describe::service_deployment(world, known);
        brief["targetServiceRevisionArn"] = json!(known.target_revision);
        if let Value::Object(brief) = &mut brief {
            for member in ["targetServiceRevision", "sourceServiceRevisions", "updatedAt", "stoppedAt", "rollback"] {
                brief.remove(member);
            }
            for member in ["deploymentConfiguration", "deploymentCircuitBreaker", "alarms", "lifecycleHookDetails"] {
                brief.remove(member);
            }
        }
        brief
    });
    let (briefs, next) = page(briefs.collect(), body, 20)?;
    let mut answer = json!({ "serviceDeployments": briefs });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

/// `DescribeServiceDeployments`.
pub(crate) fn describe_all(world: &World, body: &Value) -> Outcome {
    let asked = texts(body, "serviceDeploymentArns");
    if asked.is_empty() || asked.len() > 20 {
        return Err(refusal::invalid("serviceDeploymentArns must have between 1 and 20 entries."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match world.ecs.service_deployments.iter().find(|known| known.arn == reference) {
            Some(known) => found.push(describe::service_deployment(world, known)),
            None => failures.push(missing(world, "service-deployment", reference)),
        }
    }
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}
