//! `RegisterScalableTarget`, `DescribeScalableTargets`, `DeregisterScalableTarget`, and the scenario's targets.

use serde_json::{Value, json};

use super::{
    policies,
    request::{DIMENSION, Outcome, filter, invalid, not_found, paged, resource, seconds, text},
    scaling, scheduled,
    state::{Suspended, Target, parts},
};
use crate::sandbox::{ecs, world::World};

type Put = fn(&mut World, &Value) -> Outcome;

/// `RegisterScalableTarget`: what is left out keeps its value; both capacities are needed the first time. The desired count is
/// brought between them at once, whether they are given or not (service model), unless that is suspended.
pub(super) fn register(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    let number = |member: &str| match body.get(member).and_then(Value::as_i64) {
        None => Ok(None),
        Some(number) => usize::try_from(number)
            .map(Some)
            .map_err(|_| invalid(format!("{member} must be greater than or equal to 0 for the resource type service."))),
    };
    let (min, max) = (number("MinCapacity")?, number("MaxCapacity")?);
    let known = world.scaling.target(&resource).cloned();
    let (old_min, old_max) = known.as_ref().map_or((None, None), |known| (Some(known.min), Some(known.max)));
    let (Some(min), Some(max)) = (min.or(old_min), max.or(old_max)) else {
        return Err(invalid("MinCapacity and MaxCapacity are required to register a scalable target."));
    };
    if min > max {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let (cluster, service) = parts(&resource).unwrap_or_default();
    if ecs::counts(world, cluster, service).is_none() {
        return Err(invalid(format!("ECS service doesn't exist: {resource}")));
    }
    let tags = body.get("Tags").and_then(Value::as_object).is_some_and(|tags| !tags.is_empty());
    if tags {
        return Err(invalid("The sandbox keeps no tags of scalable targets."));
    }
    let flag = |member: &str, old: bool| body.get("SuspendedState").and_then(|given| given.get(member)?.as_bool()).unwrap_or(old);
    let old = known.as_ref().map(|known| known.suspended).unwrap_or_default();
    let suspended = Suspended {
        scale_in: flag("DynamicScalingInSuspended", old.scale_in),
        scale_out: flag("DynamicScalingOutSuspended", old.scale_out),
        scheduled: flag("ScheduledScalingSuspended", old.scheduled),
    };
    let (region, account) = (world.scenario.region.clone(), world.scenario.account.clone());
    let arn = match known {
        Some(known) => known.arn,
        None => {
            let id = world.uuid32();
            let id = id.get(..28).unwrap_or_default();
            format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/0ec5{id}")
        }
    };
    // ECS has one role for it, whatever is given (API reference).
    let role = format!(
        "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
         AWSServiceRoleForApplicationAutoScaling_ECSService"
    );
    let now = world.now;
    match world.scaling.targets.iter_mut().find(|target| target.resource == resource) {
        Some(target) => (target.min, target.max, target.suspended) = (min, max, suspended),
        None => {
            let resource = resource.clone();
            world.scaling.targets.push(Target { resource, arn: arn.clone(), min, max, role, suspended, created: now });
        }
    }
    scaling::hold_bounds(world, &resource);
    scaling::wake(world);
    Ok(json!({ "ScalableTargetARN": arn }))
}

/// `DescribeScalableTargets`.
pub(super) fn describe(world: &World, body: &Value) -> Outcome {
    let wanted = body.get("ResourceIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let asked = json!({
        "ServiceNamespace": text(body, "ServiceNamespace"),
        "ScalableDimension": text(body, "ScalableDimension"),
        "ResourceId": wanted.first(),
    });
    filter(&asked)?;
    let shown = world.scaling.targets.iter().filter(|target| wanted.is_empty() || wanted.iter().any(|id| *id == target.resource));
    let print = |target: &Target| {
        json!({
            "ServiceNamespace": "ecs",
            "ResourceId": target.resource,
            "ScalableDimension": DIMENSION,
            "MinCapacity": target.min,
            "MaxCapacity": target.max,
            "RoleARN": target.role,
            "CreationTime": seconds(target.created),
            "SuspendedState": {
                "DynamicScalingInSuspended": target.suspended.scale_in,
                "DynamicScalingOutSuspended": target.suspended.scale_out,
                "ScheduledScalingSuspended": target.suspended.scheduled,
            },
            "ScalableTargetARN": target.arn,
        })
    };
    paged("ScalableTargets", shown.map(print).collect(), body)
}

/// `DeregisterScalableTarget`: its policies and scheduled actions go with it, the desired count stays.
pub(super) fn deregister(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    if world.scaling.target(&resource).is_none() {
        return Err(not_found("No scalable target found", &resource, ""));
    }
    world.scaling.targets.retain(|target| target.resource != resource);
    world.scaling.policies.retain(|policy| policy.resource != resource);
    world.scaling.scheduled.retain(|action| action.resource != resource);
    Ok(json!({}))
}

/// The targets and policies of the scenario; what is refused is told in the log.
pub(crate) fn seed(world: &mut World) {
    let cluster = world.scenario.cluster.clone();
    let cluster = if cluster.is_empty() { "default".to_owned() } else { cluster };
    for seed in world.scenario.scaling.targets.clone() {
        let id = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": DIMENSION,
            "ResourceId": format!("service/{cluster}/{}", seed.service),
        });
        let mut body = id.clone();
        body["MinCapacity"] = json!(seed.min);
        body["MaxCapacity"] = json!(seed.max);
        let mut done = register(world, &body).map(drop);
        let policies = seed.policies.iter().map(|policy| ("PutScalingPolicy", policies::put as Put, policy));
        let actions = seed.scheduled_actions.iter().map(|action| ("PutScheduledAction", scheduled::put as Put, action));
        for (operation, put, given) in policies.chain(actions) {
            let mut body = id.clone();
            for (member, value) in given.as_object().into_iter().flatten() {
                body[member] = value.clone();
            }
            let validate = |()| crate::sandbox::protocol::validate("application-autoscaling", operation, &body);
            done = done.and_then(validate).and_then(|()| put(world, &body).map(drop));
        }
        if let Err(refusal) = done {
            world.note("scenario", format!("scalable target of {}: {}: {}", seed.service, refusal.code, refusal.message));
        }
    }
    let entries = world.scenario.scaling.demand.len();
    world.scaling.demand = vec![None; entries];
    // What is there at the start has been there for long.
    world.scaling.activities.clear();
    scaling::wake(world);
}
