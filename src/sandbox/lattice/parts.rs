//! What the resources have in common: their cards, their becoming and going, and putting answers together.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    refusal,
    state::{Card, Life, Tags},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// A new resource's card: `path` is the ARN's part before the id.
pub(super) fn card(world: &World, path: &str, id: String, name: &str, tags: Tags) -> Card {
    let (region, account) = (&world.scenario.region, &world.scenario.account);
    let arn = format!("arn:aws:vpc-lattice:{region}:{account}:{path}/{id}");
    Card { id, arn, name: name.to_owned(), created: world.now, updated: world.now, tags }
}

/// What a resource is while it is being created.
pub(super) fn creating(world: &World) -> Life {
    match world.scenario.knobs.activation {
        0 => Life::Active,
        secs => Life::Creating(world.now + Duration::from_secs(secs)),
    }
}

/// What a resource is while it is being updated.
pub(super) fn updating(world: &World) -> Life {
    match world.scenario.knobs.activation {
        0 => Life::Active,
        secs => Life::Updating(world.now + Duration::from_secs(secs)),
    }
}

/// What a resource is while it is being deleted.
pub(super) fn deleting(world: &World) -> Life {
    Life::Deleting(world.now + Duration::from_secs(world.scenario.knobs.activation))
}

/// Refuses whatever only an ACTIVE resource takes, in the words that AWS's gateway controller has been seen to get.
pub(super) fn settled(kind: &str, card: &Card, life: Life) -> Result<(), Refusal> {
    if life == Life::Active {
        return Ok(());
    }
    let (id, status) = (&card.id, life.status());
    Err(refusal::conflict(kind, id, format!("Invalid resource status for this operation, resource id {id}, status: {status}.")))
}

/// Two objects in one; the second one's members last.
pub(super) fn joined(first: Value, second: &Value) -> Value {
    let mut all = first;
    if let (Some(all), Some(more)) = (all.as_object_mut(), second.as_object()) {
        all.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    all
}

/// The members of `body` that are among `names` and not null.
pub(super) fn chosen(body: &Value, names: &[&str]) -> Value {
    let pick = |name: &&str| Some(((*name).to_owned(), body.get(*name).filter(|value| !value.is_null())?.clone()));
    Value::Object(names.iter().filter_map(pick).collect::<Map<_, _>>())
}

/// `createdAt` and `lastUpdatedAt`.
pub(super) fn dates(card: &Card) -> Value {
    json!({"createdAt": card.created.to_string(), "lastUpdatedAt": card.updated.to_string()})
}
