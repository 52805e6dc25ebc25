//! RegisterTargets, DeregisterTargets, ListTargets.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{
    health,
    operation::page,
    refusal,
    state::{GROUP, Group, Life, Target},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// The targets of a request: id and port, which is the group's where it is left out.
fn wanted(group: &Group, call: &Call) -> Vec<(String, u64)> {
    let default = group.config["port"].as_u64().unwrap_or(0);
    let entries = call.input["targets"].as_array().into_iter().flatten();
    entries
        .map(|entry| (entry["id"].as_str().unwrap_or_default().to_owned(), entry["port"].as_u64().unwrap_or(default)))
        .collect()
}

/// Splits off what a partial fault makes fail: the last one.
fn divided(world: &World, mut targets: Vec<(String, u64)>) -> (Vec<(String, u64)>, Vec<Value>) {
    let failed = if world.faults.partial { targets.pop() } else { None };
    let failure = |(id, port): (String, u64)| failure(&id, port, "InternalServerException", "An unexpected error occurred.");
    (targets, failed.into_iter().map(failure).collect())
}

fn failure(id: &str, port: u64, code: &str, message: &str) -> Value {
    json!({"id": id, "port": port, "failureCode": code, "failureMessage": message})
}

fn named((id, port): &(String, u64)) -> Value {
    json!({"id": id, "port": port})
}

pub(super) fn register(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let id = group.card.id.clone();
    if group.life != Life::Active {
        let message = format!("Invalid resource status for this operation, resource id {id}, status: {}.", group.life.status());
        return Err(refusal::conflict(GROUP, &id, message));
    }
    let wanted = wanted(group, call);
    if group.kind == "IP"
        && let Some((id, _)) = wanted.iter().find(|(id, _)| id.parse::<IpAddr>().is_err())
    {
        return Err(refusal::field("targets.id", format!("{id} is not an IP address")));
    }
    let known = |target: &&(String, u64)| !group.targets.iter().any(|other| other.id == target.0 && other.port == target.1);
    if group.targets.len() + wanted.iter().filter(known).count() > 1000 {
        let message = "A target group can have at most 1000 targets.".to_owned();
        return Err(refusal::quota(GROUP, "targets-per-target-group", message));
    }
    let (targets, unsuccessful) = divided(world, wanted);
    for (target, port) in &targets {
        health::register(world, &id, target, *port);
    }
    let successful: Vec<_> = targets.iter().map(named).collect();
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

pub(super) fn deregister(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let id = group.card.id.clone();
    let (targets, mut unsuccessful) = divided(world, wanted(group, call));
    let mut successful = Vec::new();
    for target in &targets {
        if health::deregister(world, &id, &target.0, target.1) {
            successful.push(named(target));
        } else {
            unsuccessful.push(failure(
                &target.0,
                target.1,
                "TargetNotFound",
                "The target is not registered with the target group.",
            ));
        }
    }
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let wanted = wanted(group, call);
    let shown = |target: &&Target| wanted.is_empty() || wanted.iter().any(|(id, port)| *id == target.id && *port == target.port);
    page(call, group.targets.iter().filter(shown).map(render).collect())
}

/// A target as `ListTargets` gives it.
pub(super) fn render(target: &Target) -> Value {
    let mut all = json!({"id": target.id, "port": target.port, "status": target.health.word()});
    if let Some(reason) = target.health.reason() {
        all["reasonCode"] = json!(reason);
    }
    all
}
