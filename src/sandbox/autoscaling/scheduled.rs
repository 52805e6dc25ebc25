//! `PutScheduledAction`, `DescribeScheduledActions`, `DeleteScheduledAction`: kept and printed, never due.

use serde_json::{Map, Value, json};

use super::{
    request::{DIMENSION, Outcome, filter, invalid, not_found, paged, resource, seconds, text, uuid},
    state::Scheduled,
};
use crate::sandbox::world::World;

const MEMBERS: [&str; 5] = ["Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"];

/// `PutScheduledAction`: of one of the same name, what is left out stays, but for the times between which it counts (API reference).
pub(super) fn put(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    if world.scaling.target(&resource).is_none() {
        return Err(not_found("No scalable target registered", &resource, ""));
    }
    let name = text(body, "ScheduledActionName").unwrap_or_default().to_owned();
    let known = world.scaling.scheduled.iter().position(|action| action.resource == resource && action.name == name);
    let mut members = known.map_or_else(Map::new, |known| world.scaling.scheduled[known].members.clone());
    members.retain(|name, _| !matches!(name.as_str(), "StartTime" | "EndTime"));
    for member in MEMBERS {
        if let Some(value) = body.get(member).filter(|value| !value.is_null()) {
            members.insert(member.to_owned(), value.clone());
        }
    }
    if !members.contains_key("Schedule") {
        return Err(invalid("Schedule is required to create a scheduled action."));
    }
    if !members.contains_key("ScalableTargetAction") {
        return Err(invalid("ScalableTargetAction is required to create a scheduled action."));
    }
    match known {
        Some(known) => world.scaling.scheduled[known].members = members,
        None => {
            let (region, account, id) = (world.scenario.region.clone(), world.scenario.account.clone(), uuid(world));
            let arn = format!(
                "arn:aws:autoscaling:{region}:{account}:scheduledAction:{id}:resource/ecs/{resource}:scheduledActionName/{name}"
            );
            world.scaling.scheduled.push(Scheduled { name, arn, resource, members, created: world.now });
        }
    }
    Ok(json!({}))
}

/// `DescribeScheduledActions`.
pub(super) fn describe(world: &World, body: &Value) -> Outcome {
    let resource = filter(body)?;
    let names = body.get("ScheduledActionNames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let shown = world.scaling.scheduled.iter().filter(|action| {
        resource.is_none_or(|resource| resource == action.resource)
            && (names.is_empty() || names.iter().any(|name| *name == action.name || *name == action.arn))
    });
    let print = |action: &Scheduled| {
        let mut printed = json!({
            "ScheduledActionName": action.name,
            "ScheduledActionARN": action.arn,
            "ServiceNamespace": "ecs",
            "ResourceId": action.resource,
            "ScalableDimension": DIMENSION,
            "CreationTime": seconds(action.created),
        });
        for (member, value) in &action.members {
            printed[member] = value.clone();
        }
        printed
    };
    paged("ScheduledActions", shown.map(print).collect(), body)
}

/// `DeleteScheduledAction`.
pub(super) fn delete(world: &mut World, body: &Value) -> Outcome {
    let resource = resource(body)?.to_owned();
    let name = text(body, "ScheduledActionName").unwrap_or_default();
    let before = world.scaling.scheduled.len();
    world.scaling.scheduled.retain(|action| action.resource != resource || action.name != name);
    if world.scaling.scheduled.len() == before {
        return Err(not_found("No scheduled action found", &resource, &format!(", scheduled action name: {name}")));
    }
    Ok(json!({}))
}
