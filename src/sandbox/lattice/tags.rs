//! Tags on any resource, by its ARN.

use serde_json::{Value, json};

use super::{
    refusal,
    services::tags_of,
    state::{State, Tags},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// AWS's limit for each resource.
const MOST: usize = 50;

fn find<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Tags, Refusal> {
    let services = state.services.iter_mut().flat_map(|service| {
        let listeners = service.listeners.iter_mut().flat_map(|listener| {
            let rules = listener.rules.iter_mut().map(|rule| &mut rule.card);
            std::iter::once(&mut listener.card).chain(rules)
        });
        std::iter::once(&mut service.card).chain(listeners)
    });
    let groups = state.groups.iter_mut().map(|group| &mut group.card);
    let networks = state.networks.iter_mut().map(|network| &mut network.card);
    let associations = state.associations.iter_mut().map(|association| &mut association.card);
    let mut all = services.chain(groups).chain(networks).chain(associations);
    let found = all.find(|card| card.arn == arn).map(|card| &mut card.tags);
    found.ok_or_else(|| refusal::not_found("RESOURCE", arn))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"tags": find(&mut world.lattice, call.label(0))?}))
}

pub(super) fn tag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let given = tags_of(&call.input);
    if let Some(key) = given.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(refusal::field("tags", format!("{key}: keys that begin with aws: are reserved")));
    }
    allowed(&given)?;
    let tags = find(&mut world.lattice, call.label(0))?;
    let new = given.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + new > MOST {
        return Err(refusal::field(
            "tags",
            format!("the resource would have {} tags; at most {MOST} are allowed", tags.len() + new),
        ));
    }
    tags.extend(given);
    Ok(json!({}))
}

/// What AWS lets a tag be beyond the service's model (Tagging AWS resources, "Tag naming limits and requirements").
pub(super) fn allowed(tags: &Tags) -> Result<(), Refusal> {
    let good = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    match tags.iter().find(|(key, value)| !good(key) || !good(value)) {
        Some((key, _)) => Err(refusal::field(&format!("tags.{key}"), "must be letters, digits, spaces and _ . : / = + - @")),
        None => Ok(()),
    }
}

pub(super) fn untag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let keys: Vec<_> = call.list("tagKeys").iter().filter_map(Value::as_str).collect();
    if keys.is_empty() {
        return Err(refusal::field("tagKeys", "is required"));
    }
    find(&mut world.lattice, call.label(0))?.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}
