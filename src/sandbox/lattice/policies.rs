//! Auth policies and resource policies of services and service networks.

use serde_json::{Value, json};

use super::{
    refusal,
    state::{AuthPolicy, Policies},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// The most that an auth policy may be, in bytes: a quota that cannot be raised and has no code, and `PutAuthPolicy` knows no
/// ServiceQuotaExceededException.
const MOST: usize = 10_240;

/// What a policy's text may be.
pub(super) fn readable(text: &str) -> Result<(), Refusal> {
    let wrong = |message: &str| Err(refusal::field("policy", message));
    if text.contains(['\n', '\r']) {
        return wrong("must not contain newlines or blank lines");
    }
    if text.len() > MOST {
        return wrong("must not be larger than 10 KB");
    }
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return wrong("must be valid JSON") };
    let given = &policy["Statement"];
    let statements = given.as_array().map_or_else(|| std::slice::from_ref(given), Vec::as_slice);
    if statements.is_empty() || !statements.iter().all(Value::is_object) {
        return wrong("must have at least one Statement");
    }
    for statement in statements {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return wrong("must have an Effect of Allow or Deny in each Statement");
        }
        for pair in [["Principal", "NotPrincipal"], ["Action", "NotAction"], ["Resource", "NotResource"]] {
            if pair.iter().filter(|member| !statement[**member].is_null()).count() != 1 {
                return wrong(&format!("must have either {} or {} in each Statement", pair[0], pair[1]));
            }
        }
    }
    Ok(())
}

fn state(auth_type: &Value) -> &'static str {
    if auth_type == "AWS_IAM" { "Active" } else { "Inactive" }
}

fn none(world: &World, kind: &str, id: &str) -> Refusal {
    let id = world.lattice.guarded(id).map_or(id, |(card, ..)| card.id.as_str());
    refusal::not_found(kind, id)
}

pub(super) fn put_auth(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (id, text, now) = (call.label(0), call.text("policy"), world.now);
    let (_, auth_type, _) = world.lattice.guarded(id)?;
    let state = state(auth_type);
    readable(text)?;
    let policies = world.lattice.policies_mut(id)?;
    let created = policies.auth.as_ref().map_or(now, |before| before.created);
    policies.auth = Some(AuthPolicy { text: text.to_owned(), created, updated: now });
    Ok(json!({"policy": text, "state": state}))
}

/// Where there is none it is not found; what AWS says then is not documented.
pub(super) fn get_auth(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (_, auth_type, Policies { auth, .. }) = world.lattice.guarded(call.label(0))?;
    let Some(auth) = auth else { return Err(none(world, "AUTH_POLICY", call.label(0))) };
    let (created, updated) = (auth.created.to_string(), auth.updated.to_string());
    Ok(json!({"policy": auth.text, "state": state(auth_type), "createdAt": created, "lastUpdatedAt": updated}))
}

pub(super) fn delete_auth(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    match world.lattice.policies_mut(call.label(0))?.auth.take() {
        Some(_) => Ok(json!({})),
        None => Err(none(world, "AUTH_POLICY", call.label(0))),
    }
}

pub(super) fn put_resource(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (id, text) = (call.label(0), call.text("policy"));
    world.lattice.guarded(id)?;
    readable(text)?;
    world.lattice.policies_mut(id)?.resource = Some(text.to_owned());
    Ok(json!({}))
}

pub(super) fn get_resource(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    match &world.lattice.guarded(call.label(0))?.2.resource {
        Some(text) => Ok(json!({"policy": text})),
        None => Err(none(world, "RESOURCE_POLICY", call.label(0))),
    }
}

pub(super) fn delete_resource(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    match world.lattice.policies_mut(call.label(0))?.resource.take() {
        Some(_) => Ok(json!({})),
        None => Err(none(world, "RESOURCE_POLICY", call.label(0))),
    }
}
