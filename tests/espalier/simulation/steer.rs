//! Application Auto Scaling as `aws::capacity` holds it and gives it back.

use espalier::{
    aws::slots::{Slot, Slots},
    rollout::{
        machine::{Role, Steer},
        observation::RefusalKind,
        scaling::{Scaling, Suspended},
    },
    sandbox::direct::Direct,
};
use serde_json::{Value, json};

use super::calls::{act, call};

const SERVICE: &str = "application-autoscaling";

/// What a look before a release finds of stable's scaling.
pub(crate) fn look(world: &Direct, stable: &Slot) -> Option<Scaling> {
    let seen = world.scalable(stable.ecs_service.as_deref()?)?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let suspended =
        Suspended { scale_in: seen.scale_in_suspended, scale_out: seen.scale_out_suspended, scheduled: seen.scheduled_suspended };
    Some(Scaling { min: count(seen.min), max: count(seen.max), suspended, held: true })
}

pub(super) fn steer(world: &mut Direct, slots: &Slots, steer: Steer, scaling: Scaling) -> Result<(), RefusalKind> {
    let of = |role: Role| if role == Role::Stable { slots.stable.as_ref() } else { Some(&slots.candidate) };
    let name = |role: Role| of(role).and_then(|slot| slot.ecs_service.clone());
    let (role, min, suspended) = match steer {
        Steer::Equip => return equip(world, name(Role::Stable), name(Role::Candidate), scaling),
        Steer::Hold => return name(Role::Stable).map_or(Ok(()), |service| hold(world, &service, scaling)),
        Steer::GiveBack(role) => (role, None, scaling.suspended),
        Steer::Wake(role) => return name(role).map_or(Ok(()), |service| wake(world, &service, scaling)),
        Steer::Rest(role) => (role, Some(0), scaling.suspended.resting()),
    };
    let Some(service) = name(role) else { return Ok(()) };
    let known = world.scalable(&service).is_some();
    match register(world, &service, min.map(|min| (min, None)), suspended) {
        // Nothing scales it any more.
        Err(RefusalKind::Permanent) if !known => call(world, SERVICE, "DescribeScalableTargets"),
        done => done,
    }
}

fn hold(world: &mut Direct, service: &str, scaling: Scaling) -> Result<(), RefusalKind> {
    call(world, SERVICE, "DescribeScalableTargets")?;
    let Some(found) = world.scalable(service) else { return Ok(()) };
    let max = u32::try_from(found.max).unwrap_or(u32::MAX);
    let min = (found.min == 0 && scaling.min > 0).then(|| scaling.min.min(max));
    register(world, service, min.map(|min| (min, None)), scaling.suspended.steady())
}

fn wake(world: &mut Direct, service: &str, scaling: Scaling) -> Result<(), RefusalKind> {
    call(world, SERVICE, "DescribeScalableTargets")?;
    let Some(found) = world.scalable(service) else { return Ok(()) };
    let rests = found.min == 0;
    if rests {
        call(world, "ecs", "DescribeServices")?;
        if world.ecs_service(service).is_none_or(|seen| seen.desired == 0) {
            return Ok(());
        }
    }
    let min = (rests && scaling.min > 0).then(|| scaling.min.min(u32::try_from(found.max).unwrap_or(u32::MAX)));
    register(world, service, min.map(|min| (min, None)), scaling.suspended)
}

fn equip(world: &mut Direct, stable: Option<String>, candidate: Option<String>, scaling: Scaling) -> Result<(), RefusalKind> {
    let (Some(stable), Some(candidate)) = (stable, candidate) else { return Ok(()) };
    for operation in ["DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions"] {
        call(world, SERVICE, operation)?;
    }
    let bounds = world.scalable(&stable).map_or((scaling.min, scaling.max), |seen| {
        (u32::try_from(seen.min).unwrap_or(u32::MAX), u32::try_from(seen.max).unwrap_or(u32::MAX))
    });
    register(world, &candidate, Some((bounds.0, Some(bounds.1))), scaling.suspended.steady())?;
    let there = policies(world, &candidate);
    for mut policy in policies(world, &stable) {
        if there.iter().any(|there| there["PolicyName"] == policy["PolicyName"]) {
            continue;
        }
        for member in ["PolicyARN", "Alarms", "CreationTime"] {
            policy.as_object_mut().expect("a policy").remove(member);
        }
        policy["ResourceId"] = json!(resource(&candidate));
        act(world, SERVICE, "PutScalingPolicy", &[], policy)?;
    }
    Ok(())
}

fn resource(service: &str) -> String {
    format!("service/my-cluster/{service}")
}

fn policies(world: &mut Direct, service: &str) -> Vec<Value> {
    let mut asked = about(service);
    asked["MaxResults"] = json!(50);
    let answer = world.call(SERVICE, "DescribeScalingPolicies", &[], asked).expect("it may be asked");
    answer["ScalingPolicies"].as_array().cloned().unwrap_or_default()
}

fn about(service: &str) -> Value {
    json!({ "ServiceNamespace": "ecs", "ResourceId": resource(service), "ScalableDimension": "ecs:service:DesiredCount" })
}

fn register(
    world: &mut Direct,
    service: &str,
    bounds: Option<(u32, Option<u32>)>,
    suspended: Suspended,
) -> Result<(), RefusalKind> {
    let mut body = about(service);
    if let Some((min, max)) = bounds {
        body["MinCapacity"] = json!(min);
        if let Some(max) = max {
            body["MaxCapacity"] = json!(max);
        }
    }
    body["SuspendedState"] = json!({
        "DynamicScalingInSuspended": suspended.scale_in,
        "DynamicScalingOutSuspended": suspended.scale_out,
        "ScheduledScalingSuspended": suspended.scheduled,
    });
    act(world, SERVICE, "RegisterScalableTarget", &[], body).map(drop)
}
