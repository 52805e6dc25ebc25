//! What was scaled and why: `DescribeScalingActivities`.

use serde_json::{Value, json};

use super::{
    request::{DIMENSION, Outcome, filter, paged, seconds, uuid},
    state::{Activity, parts},
};
use crate::sandbox::{ecs, world::World};

/// Sets a desired count and writes down why. An older activity that was not fulfilled yet is overridden.
pub(super) fn scale(world: &mut World, resource: &str, to: usize, cause: String) {
    let Some((cluster, service)) = parts(resource) else { return };
    let (now, id) = (world.now, uuid(world));
    for older in world.scaling.activities.iter_mut().filter(|older| older.resource == resource && older.ended.is_none()) {
        (older.status, older.ended) = ("Overridden", Some(now));
    }
    ecs::set_desired(world, cluster, service, to);
    world.note("scaling", format!("{resource}: desired count {to}: {cause}"));
    let resource = resource.to_owned();
    world.scaling.activities.push(Activity { id, resource, to, cause, started: now, ended: None, status: "InProgress" });
}

/// Closes the activities whose count is running.
pub(super) fn fulfil(world: &mut World) {
    let now = world.now;
    for index in 0..world.scaling.activities.len() {
        let Some(activity) = world.scaling.activities.get(index).filter(|activity| activity.ended.is_none()) else { continue };
        let Some((cluster, service)) = parts(&activity.resource) else { continue };
        let status = match ecs::counts(world, cluster, service) {
            None => "Failed",
            Some(counts) if counts.desired != activity.to => "Overridden",
            Some(counts) if counts.running == activity.to => "Successful",
            Some(_) => continue,
        };
        if let Some(activity) = world.scaling.activities.get_mut(index) {
            (activity.status, activity.ended) = (status, Some(now));
        }
    }
}

/// `DescribeScalingActivities`, newest first.
pub(super) fn describe(world: &World, body: &Value) -> Outcome {
    let resource = filter(body)?;
    let shown =
        world.scaling.activities.iter().rev().filter(|activity| resource.is_none_or(|resource| resource == activity.resource));
    let print = |activity: &Activity| {
        let to = activity.to;
        let message = match activity.status {
            "Successful" => format!("Successfully set desired count to {to}. Change successfully fulfilled by ecs."),
            "InProgress" => format!("Successfully set desired count to {to}. Waiting for change to be fulfilled by ecs."),
            "Overridden" => format!("Successfully set desired count to {to}. Another change came before it was fulfilled."),
            _ => format!("Failed to set desired count to {to}."),
        };
        let mut printed = json!({
            "ActivityId": activity.id,
            "ServiceNamespace": "ecs",
            "ResourceId": activity.resource,
            "ScalableDimension": DIMENSION,
            "Description": format!("Setting desired count to {to}."),
            "Cause": activity.cause,
            "StartTime": seconds(activity.started),
            "StatusCode": activity.status,
            "StatusMessage": message,
        });
        if let Some(ended) = activity.ended {
            printed["EndTime"] = seconds(ended);
        }
        printed
    };
    paged("ScalingActivities", shown.map(print).collect(), body)
}
