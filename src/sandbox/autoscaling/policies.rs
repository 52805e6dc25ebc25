//! `PutScalingPolicy`, `DescribeScalingPolicies`, `DeleteScalingPolicy`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    request::{DIMENSION, Outcome, filter, invalid, not_found, paged, resource, seconds, text, uuid},
    scaling,
    state::Policy,
};
use crate::sandbox::{protocol::Refusal, world::World};

/// The member of a request that configures a kind of policy.
fn member(kind: &str) -> &'static str {
    if kind == "StepScaling" { "StepScalingPolicyConfiguration" } else { "TargetTrackingScalingPolicyConfiguration" }
}

/// `PutScalingPolicy`: one of the same name is replaced and keeps its ARN. Target tracking has two alarms.
pub(super) fn put(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    if world.scaling.target(&resource).is_none() {
        return Err(not_found("No scalable target registered", &resource, ""));
    }
    let name = text(body, "PolicyName").unwrap_or_default().to_owned();
    let known = world.scaling.policies.iter().find(|policy| policy.resource == resource && policy.name == name).cloned();
    let kind = text(body, "PolicyType").or(known.as_ref().map(|known| known.kind.as_str())).unwrap_or("StepScaling").to_owned();
    if kind == "PredictiveScaling" {
        return Err(invalid("The sandbox has no predictive scaling."));
    }
    let configuration = body.get(member(&kind)).filter(|given| given.is_object()).cloned().map(Arc::new);
    let configuration = configuration.or_else(|| known.as_ref().map(|known| known.configuration.clone()));
    let Some(configuration) = configuration else {
        return Err(invalid(format!("{} is required for the policy type {kind}.", member(&kind))));
    };
    fits(&kind, &configuration)?;
    let (region, account) = (world.scenario.region.clone(), world.scenario.account.clone());
    let alarms = match &known {
        Some(known) if known.kind == kind => known.alarms.clone(),
        _ if kind == "StepScaling" => Vec::new(),
        _ => {
            let (high, low) = (uuid(world), uuid(world));
            vec![format!("TargetTracking-{resource}-AlarmHigh-{high}"), format!("TargetTracking-{resource}-AlarmLow-{low}")]
        }
    };
    let arn = match &known {
        Some(known) => known.arn.clone(),
        None => {
            let id = uuid(world);
            format!("arn:aws:autoscaling:{region}:{account}:scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}")
        }
    };
    let printed = alarms.iter().map(|name| alarm(world, name)).collect::<Vec<_>>();
    let created = known.map_or(world.now, |known| known.created);
    let policy =
        Policy { name: name.clone(), arn: arn.clone(), resource: resource.clone(), kind, configuration, alarms, created };
    match world.scaling.policies.iter_mut().find(|known| known.resource == resource && known.name == name) {
        Some(known) => *known = policy,
        None => world.scaling.policies.push(policy),
    }
    scaling::wake(world);
    Ok(json!({ "PolicyARN": arn, "Alarms": printed }))
}

/// What a configuration needs beyond its shape.
fn fits(kind: &str, configuration: &Value) -> Result<(), Refusal> {
    if kind == "StepScaling" {
        let steps = configuration.get("StepAdjustments").and_then(Value::as_array).is_some_and(|steps| !steps.is_empty());
        if !steps || configuration.get("AdjustmentType").is_none() {
            return Err(invalid("StepScalingPolicyConfiguration needs an AdjustmentType and at least one step adjustment."));
        }
        return Ok(());
    }
    let given = |member: &str| configuration.get(member).is_some_and(Value::is_object);
    if given("PredefinedMetricSpecification") == given("CustomizedMetricSpecification") {
        return Err(invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified."));
    }
    let metric = configuration.pointer("/PredefinedMetricSpecification/PredefinedMetricType").and_then(Value::as_str);
    if let Some(metric) = metric.filter(|metric| !metric.starts_with("ECSService") && *metric != "ALBRequestCountPerTarget") {
        return Err(invalid(format!("The predefined metric {metric} is not one of ECS services.")));
    }
    Ok(())
}

fn alarm(world: &World, name: &str) -> Value {
    let (region, account) = (&world.scenario.region, &world.scenario.account);
    json!({ "AlarmName": name, "AlarmARN": format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}") })
}

/// `DescribeScalingPolicies`.
pub(super) fn describe(world: &World, body: &Value) -> Outcome {
    let resource = filter(body)?;
    let names = body.get("PolicyNames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let shown = world.scaling.policies.iter().filter(|policy| {
        resource.is_none_or(|resource| resource == policy.resource)
            && (names.is_empty() || names.iter().any(|name| *name == policy.name || *name == policy.arn))
    });
    let print = |policy: &Policy| {
        json!({
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            "ServiceNamespace": "ecs",
            "ResourceId": policy.resource,
            "ScalableDimension": DIMENSION,
            "PolicyType": policy.kind,
            member(&policy.kind): *policy.configuration,
            "Alarms": policy.alarms.iter().map(|name| alarm(world, name)).collect::<Vec<_>>(),
            "CreationTime": seconds(policy.created),
        })
    };
    paged("ScalingPolicies", shown.map(print).collect(), body)
}

/// `DeleteScalingPolicy`.
pub(super) fn delete(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    let name = text(body, "PolicyName").unwrap_or_default();
    let before = world.scaling.policies.len();
    world.scaling.policies.retain(|policy| policy.resource != resource || policy.name != name);
    if world.scaling.policies.len() == before {
        return Err(not_found("No scaling policy found", &resource, &format!(", policy name: {name}")));
    }
    Ok(json!({}))
}
