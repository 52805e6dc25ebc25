//! Tags on any resource, by its ARN.

use serde_json::{Value, json};

use super::{
    refusal,
    state::{State, Tags},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// AWS's limit for each resource.
const MOST: usize = 50;

fn find<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Tags, Refusal> {
    let found = state.cards_mut().find(|card| card.arn == arn).map(|card| &mut card.tags);
    found.ok_or_else(|| refusal::not_found("RESOURCE", arn))
}

/// The tags of a request, held against what AWS lets tags be.
pub(super) fn given(call: &Call) -> Result<Tags, Refusal> {
    let entries = call.input["tags"].as_object().into_iter().flatten();
    let tags = entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    allowed(&tags)?;
    few_enough(tags.len())?;
    Ok(tags)
}

/// What AWS lets a tag be beyond the service's model (Tagging AWS resources, "Tag naming limits and requirements").
fn allowed(tags: &Tags) -> Result<(), Refusal> {
    if let Some(key) = tags.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(refusal::field("tags", format!("{key}: keys that begin with aws: are reserved")));
    }
    let good = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    match tags.iter().find(|(key, value)| !good(key) || !good(value)) {
        Some((key, _)) => Err(refusal::field(&format!("tags.{key}"), "must be letters, digits, spaces and _ . : / = + - @")),
        None => Ok(()),
    }
}

fn few_enough(number: usize) -> Result<(), Refusal> {
    if number <= MOST {
        return Ok(());
    }
    Err(refusal::field("tags", format!("the resource would have {number} tags; at most {MOST} are allowed")))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"tags": find(&mut world.lattice, call.label(0))?}))
}

pub(super) fn tag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let given = given(call)?;
    let tags = find(&mut world.lattice, call.label(0))?;
    let new = given.keys().filter(|key| !tags.contains_key(*key)).count();
    few_enough(tags.len() + new)?;
    tags.extend(given);
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let keys: Vec<_> = call.list("tagKeys").iter().filter_map(Value::as_str).collect();
    if keys.is_empty() {
        return Err(refusal::field("tagKeys", "is required"));
    }
    find(&mut world.lattice, call.label(0))?.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}
