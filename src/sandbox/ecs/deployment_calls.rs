//! `ListServiceDeployments`, `DescribeServiceDeployments`, `StopServiceDeployment` and `ContinueServiceDeployment`.

use serde_json::{Value, json};

use super::{
    breaker::threshold,
    clusters::{arn, missing, paged, text, texts},
    describe,
    pages::page,
    refusal::{self, Outcome},
    rollback::{self, Cause},
    services::{existing, wake},
    state::{HookRun, ServiceDeployment},
    task_definitions::seconds,
};
use crate::sandbox::{protocol::Refusal, world::World};

/// `ListServiceDeployments`, newest first.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let (_, arn) = existing(world, body)?;
    let wanted = texts(body, "status");
    let bound = |side: &str| body.get("createdAt").and_then(|range| range.get(side)?.as_f64());
    let known = world.ecs.service_deployments.iter().rev().filter(|known| {
        let created = seconds(known.created_at).as_f64().unwrap_or_default();
        known.service_arn == arn
            && (wanted.is_empty() || wanted.contains(&known.status))
            && bound("after").is_none_or(|after| created > after)
            && bound("before").is_none_or(|before| created < before)
    });
    let briefs = known.map(|known| {
        let mut brief = head(world, known);
        brief["targetServiceRevisionArn"] = json!(known.target);
        brief
    });
    let (briefs, next) = page(briefs.collect(), body, 20)?;
    Ok(paged("serviceDeployments", json!(briefs), next))
}

/// `DescribeServiceDeployments`: 1 to 20 ARNs; what is not there is in `failures`.
pub(crate) fn describe_all(world: &World, body: &Value) -> Outcome {
    let asked = texts(body, "serviceDeploymentArns");
    if asked.is_empty() || asked.len() > 20 {
        return Err(refusal::invalid("serviceDeploymentArns must have between 1 and 20 entries."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match world.ecs.service_deployments.iter().find(|known| known.arn == reference) {
            Some(known) => found.push(whole(world, known)),
            None => failures.push(missing(world, "service-deployment", reference)),
        }
    }
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}

/// What a list shows too.
fn head(world: &World, known: &ServiceDeployment) -> Value {
    let mut printed = json!({
        "serviceDeploymentArn": known.arn,
        "serviceArn": known.service_arn,
        "clusterArn": arn(world, &format!("cluster/{}", known.cluster)),
        "createdAt": seconds(known.created_at),
        "status": known.status,
    });
    for (member, at) in [("startedAt", known.started_at), ("finishedAt", known.finished_at)] {
        if let Some(at) = at {
            printed[member] = seconds(at);
        }
    }
    if let Some(reason) = &known.status_reason {
        printed["statusReason"] = json!(reason);
    }
    printed
}

fn whole(world: &World, known: &ServiceDeployment) -> Value {
    let mut printed = head(world, known);
    printed["updatedAt"] = seconds(known.updated_at);
    if let Some(at) = known.stopped_at {
        printed["stoppedAt"] = seconds(at);
    }
    if let Some(progress) = &known.progress {
        printed["lifecycleStage"] = json!(progress.stage());
    }
    printed["targetServiceRevision"] = revision(world, known, &known.target);
    printed["sourceServiceRevisions"] = known.sources.iter().map(|arn| revision(world, known, arn)).collect();
    if let Some(back) = &known.rollback {
        printed["rollback"] =
            json!({ "reason": back.reason, "startedAt": seconds(back.at), "serviceRevisionArn": back.revision });
    }
    printed["lifecycleHookDetails"] = known.hooks.iter().map(hook).collect();
    printed["deploymentConfiguration"] = known.configuration.clone();
    let ended = known.finished_at.is_some();
    let monitor = |on: bool, triggered: bool| match (on, triggered, ended) {
        (false, _, _) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING_COMPLETE",
        (true, false, false) => "MONITORING",
    };
    let service = world.ecs.services.iter().find(|service| service.arn == known.service_arn);
    let limit = service.and_then(threshold);
    printed["deploymentCircuitBreaker"] = json!({
        "status": monitor(limit.is_some(), known.breaker_tripped),
        "failureCount": known.failures,
        "threshold": limit.unwrap_or(0),
    });
    let alarms = &known.alarms;
    printed["alarms"] = json!({ "status": monitor(!alarms.names.is_empty() && !alarms.ignored, !alarms.triggered.is_empty()) });
    if !alarms.names.is_empty() {
        printed["alarms"]["alarmNames"] = json!(alarms.names);
        printed["alarms"]["triggeredAlarmNames"] = json!(alarms.triggered);
    }
    printed
}

fn revision(world: &World, known: &ServiceDeployment, arn: &str) -> Value {
    let service = world.ecs.services.iter().find(|service| service.arn == known.service_arn);
    let live = service.map(|service| {
        let deployments = service.deployments.iter().enumerate().filter(|(_, deployment)| deployment.revision == arn);
        deployments.fold((0, 0, 0), |sum, (place, deployment)| {
            let (running, pending) = describe::counts(world, service, &deployment.id);
            let wanted = describe::wanted(service, place, deployment, running + pending);
            (sum.0 + wanted, sum.1 + running, sum.2 + pending)
        })
    });
    let (wanted, running, pending) = live.unwrap_or_default();
    let mut printed =
        json!({ "arn": arn, "requestedTaskCount": wanted, "runningTaskCount": running, "pendingTaskCount": pending });
    if let Some(progress) = &known.progress {
        let of_target = arn == known.target;
        let weight = |green: f64| if of_target { green } else { 100.0 - green };
        printed["requestedProductionTrafficWeight"] = json!(weight(progress.production));
        if progress.has_test() {
            printed["requestedTestTrafficWeight"] = json!(weight(progress.test));
        }
    }
    printed
}

fn hook(hook: &HookRun) -> Value {
    json!({
        "hookId": hook.id,
        "targetType": "PAUSE",
        "status": hook.status,
        "expiresAt": seconds(hook.expires_at),
        "timeoutAction": hook.timeout_action,
    })
}

/// The place in `service_deployments` of the one that a request means.
fn named(world: &World, body: &Value) -> Result<(usize, String), Refusal> {
    let reference = text(body, "serviceDeploymentArn").unwrap_or_default();
    let place = world.ecs.service_deployments.iter().position(|known| known.arn == reference);
    let missing = || Refusal::new("ServiceDeploymentNotFoundException", "The service deployment does not exist.");
    Ok((place.ok_or_else(missing)?, reference.to_owned()))
}

/// `StopServiceDeployment`: PENDING and IN_PROGRESS become ROLLBACK_REQUESTED, and the scheduler rolls back; one that stops or
/// rolls back already goes on with it. Source: developer guide, "Stopping Amazon ECS service deployments".
pub(crate) fn stop(world: &mut World, body: &Value) -> Outcome {
    let (place, arn) = named(world, body)?;
    if text(body, "stopType").unwrap_or("ROLLBACK") != "ROLLBACK" {
        // The model has ABORT, and its text says that ROLLBACK is the valid value.
        return Err(refusal::invalid("Invalid stopType. The valid values are ROLLBACK."));
    }
    let now = world.now;
    if let Some(known) = world.ecs.service_deployments.get_mut(place) {
        if known.finished_at.is_some() {
            let message =
                format!("The service deployment {arn} is in the terminal state {} and cannot be stopped.", known.status);
            return Err(Refusal::new("ConflictException", message).with("resourceIds", json!([arn])));
        }
        if matches!(known.status, "PENDING" | "IN_PROGRESS") {
            known.status = "ROLLBACK_REQUESTED";
            known.updated_at = now;
        }
    }
    wake(world);
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// `ContinueServiceDeployment`: the next stage, or back.
pub(crate) fn go_on(world: &mut World, body: &Value) -> Outcome {
    let (place, arn) = named(world, body)?;
    let known = world.ecs.service_deployments.get_mut(place);
    let id = text(body, "hookId").unwrap_or_default();
    let back = text(body, "action") == Some("ROLLBACK");
    let now = world.now;
    if let Some(known) = known {
        if known.finished_at.is_some() {
            let message = "Continuing a service deployment is not allowed for service deployment in terminal states.";
            return Err(refusal::invalid(message));
        }
        let hook = known.hooks.iter_mut().find(|hook| hook.id == id && hook.status == "AWAITING_ACTION");
        let Some(hook) = hook else {
            return Err(refusal::invalid(
                "Provided hookId is either completed, unavailable or not one of this service deployment.",
            ));
        };
        hook.status = if back { "FAILED" } else { "SUCCEEDED" };
        known.updated_at = now;
        let service_arn = known.service_arn.clone();
        let service = world.ecs.services.iter().position(|service| service.arn == service_arn);
        if let Some(service) = service.filter(|_| back) {
            let why = format!("Service deployment rolled back by ContinueServiceDeployment at hook {id}.");
            rollback::fail(world, service, &Cause::Hook(why), true);
        }
    }
    wake(world);
    Ok(json!({ "serviceDeploymentArn": arn }))
}
