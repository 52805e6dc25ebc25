//! AssociateResourceShare, DisassociateResourceShare, GetResourceShareAssociations, ListResources.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    check,
    operation::page,
    shares::settled,
    state::{Association, Share, find, told},
};
use crate::sandbox::{
    lattice,
    protocol::{Call, Refusal},
    world::World,
};

const KINDS: [(&str, &str); 2] = [("RESOURCE", "resourceArns"), ("PRINCIPAL", "principals")];

/// What a request wants to be in a share.
pub(super) fn asked(world: &World, call: &Call, external_allowed: bool) -> Result<Vec<Association>, Refusal> {
    let (created, ready) = (world.now, world.now + Duration::from_secs(world.scenario.knobs.activation));
    let mut found: Vec<Association> = Vec::new();
    for (kind, member) in KINDS {
        for entity in call.list(member).iter().filter_map(Value::as_str) {
            let external = match kind {
                "RESOURCE" => check::resource(world, entity).map(|()| false)?,
                _ => check::principal(world, entity, external_allowed)?,
            };
            if !found.iter().any(|other| other.entity == entity) {
                found.push(Association { entity: entity.to_owned(), kind, external, created, ready, gone: None });
            }
        }
    }
    Ok(found)
}

fn shown(world: &World, share: &Share, association: &Association) -> Value {
    json!({
        "resourceShareArn": share.arn, "resourceShareName": share.name, "associatedEntity": association.entity,
        "associationType": association.kind, "status": association.status(share, world.now),
        "creationTime": association.created.as_secs(),
        "lastUpdatedTime": association.gone.unwrap_or(association.created).as_secs(), "external": association.external,
    })
}

fn answer(world: &mut World, arn: &str, entities: &[String]) -> Result<Value, Refusal> {
    let share = find(world, arn)?.clone();
    let named = |association: &&Association| entities.contains(&association.entity);
    let list: Vec<_> = share.associations.iter().filter(named).map(|association| shown(world, &share, association)).collect();
    Ok(json!({"resourceShareAssociations": list}))
}

pub(super) fn associate(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (arn, now) = (call.text("resourceShareArn"), world.now);
    let share = find(world, arn)?;
    settled(share, now)?;
    let external = share.external;
    let new = asked(world, call, external)?;
    if new.is_empty() {
        return Err(Refusal::new("InvalidParameterException", "At least one resource or principal must be given."));
    }
    let entities: Vec<_> = new.iter().map(|association| association.entity.clone()).collect();
    let share = find(world, arn)?;
    share.updated = now;
    for association in new {
        // One that is there stays as it is.
        if !share.kept().any(|kept| kept.entity == association.entity) {
            share.associations.retain(|old| old.entity != association.entity);
            share.associations.push(association);
        }
    }
    answer(world, arn, &entities)
}

pub(super) fn disassociate(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (arn, now) = (call.text("resourceShareArn"), world.now);
    let gone = now + Duration::from_secs(world.scenario.knobs.activation);
    let share = find(world, arn)?;
    settled(share, now)?;
    let all = KINDS.iter().flat_map(|(_, member)| call.list(member)).filter_map(Value::as_str);
    let entities: Vec<String> = all.map(str::to_owned).collect();
    if let Some(missing) = entities.iter().find(|entity| !share.kept().any(|kept| kept.entity == **entity)) {
        let text = format!("{missing} is not associated with the resource share {arn}.");
        return Err(Refusal::new("UnknownResourceException", text));
    }
    share.updated = now;
    for association in share.associations.iter_mut().filter(|association| entities.contains(&association.entity)) {
        association.gone = Some(gone);
    }
    answer(world, arn, &entities)
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let arns: Vec<&str> = call.list("resourceShareArns").iter().filter_map(Value::as_str).collect();
    for arn in &arns {
        if !told(world).any(|share| share.arn == *arn) {
            return find(world, arn).map(|_| json!({}));
        }
    }
    let kind = call.text("associationType");
    let wrong =
        (kind == "PRINCIPAL" && call.given("resourceArn").is_some()) || (kind == "RESOURCE" && call.given("principal").is_some());
    if wrong {
        let text = "A principal can be given with associationType PRINCIPAL only, a resourceArn with RESOURCE only.";
        return Err(Refusal::new("InvalidParameterException", text));
    }
    let entity = call.given("resourceArn").or_else(|| call.given("principal"));
    let shares = told(world).filter(|share| arns.is_empty() || arns.contains(&share.arn.as_str()));
    let all = shares.flat_map(|share| share.associations.iter().map(move |association| (share, association)));
    let wanted = all.filter(|(share, association)| {
        association.kind == kind
            && association.stands(world)
            && entity.is_none_or(|entity| entity == association.entity)
            && call.given("associationStatus").is_none_or(|status| status == association.status(share, world.now))
    });
    page(call, "resourceShareAssociations", wanted.map(|(share, association)| shown(world, share, association)).collect())
}

/// `ListResources`: what this account shares.
pub(super) fn resources(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let listed = |list: &str, value: &str| {
        let list = call.list(list);
        list.is_empty() || list.iter().any(|wanted| wanted.as_str() == Some(value))
    };
    let own = call.text("resourceOwner") == "SELF";
    let mut found = Vec::new();
    for share in told(world).filter(|share| own && listed("resourceShareArns", &share.arn)) {
        for association in share.kept().filter(|association| association.kind == "RESOURCE") {
            // A resource that was deleted is not shared any more.
            let Some(kind) = lattice::shareable(world, &association.entity) else { continue };
            let is_wanted = listed("resourceArns", &association.entity)
                && call.given("resourceType").is_none_or(|wanted| wanted == kind)
                && call.given("principal").is_none_or(|principal| share.kept().any(|other| other.entity == principal));
            if is_wanted {
                found.push(json!({
                    "arn": association.entity, "type": kind, "resourceShareArn": share.arn, "status": "AVAILABLE",
                    "creationTime": association.created.as_secs(), "lastUpdatedTime": association.created.as_secs(),
                    "resourceRegionScope": "REGIONAL",
                }));
            }
        }
    }
    page(call, "resources", found)
}
