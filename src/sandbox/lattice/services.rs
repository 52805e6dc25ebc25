//! CreateService, GetService, ListServices, DeleteService.

use serde_json::{Map, Value, json};

use super::{
    operation::page,
    refusal,
    state::{Card, Life, SERVICE, Service, Tags},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// A new resource's card: `kind` is the ARN's resource type, `id` the wanted id or empty.
pub(super) fn card(world: &mut World, path: &str, id: String, name: &str, tags: Tags) -> Card {
    let (region, account) = (&world.scenario.region, &world.scenario.account);
    let arn = format!("arn:aws:vpc-lattice:{region}:{account}:{path}/{id}");
    Card { id, arn, name: name.to_owned(), created: world.now, updated: world.now, tags }
}

/// The tags of a request.
pub(super) fn tags_of(body: &Value) -> Tags {
    let entries = body["tags"].as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The resource's status while it is being created.
pub(super) fn creating(world: &World) -> Life {
    match world.scenario.knobs.activation {
        0 => Life::Active,
        secs => Life::Creating(world.now + std::time::Duration::from_secs(secs)),
    }
}

/// The resource's status while it is being deleted.
pub(super) fn deleting(world: &World) -> Life {
    Life::Deleting(world.now + std::time::Duration::from_secs(world.scenario.knobs.activation))
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

/// A service without listeners, as created or seeded.
pub(super) fn make(world: &mut World, id: String, name: &str, tags: Tags, body: &Value) -> Service {
    let card = card(world, "service", id, name, tags);
    let unique = card.id.trim_start_matches("svc-");
    let domain = format!("{name}-{unique}.7d67968.vpc-lattice-svcs.{}.on.aws", world.scenario.region);
    let given = chosen(body, &["customDomainName", "certificateArn", "authType", "idleTimeoutSeconds"]);
    let settings = joined(json!({"authType": "NONE", "idleTimeoutSeconds": 60}), &given);
    Service { card, life: Life::Active, domain, settings, listeners: Vec::new() }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let name = call.text("name");
    if let Some(other) = world.lattice.services.iter().find(|service| service.card.name == name) {
        return Err(refusal::conflict(SERVICE, &other.card.id, format!("A service with the name {name} already exists.")));
    }
    if world.lattice.services.len() >= 2000 {
        let message = "An account can have at most 2000 services in a region.".to_owned();
        return Err(refusal::quota(SERVICE, "services-per-region", message));
    }
    let id = world.id("svc");
    let mut service = make(world, id, name, tags_of(&call.input), &call.input);
    service.life = creating(world);
    let reply = joined(head(&service), &service.settings);
    world.lattice.services.push(service);
    Ok(reply)
}

fn head(service: &Service) -> Value {
    json!({
        "id": service.card.id, "arn": service.card.arn, "name": service.card.name, "status": service.life.status(),
        "dnsEntry": dns(service),
    })
}

/// A service's `dnsEntry`.
pub(super) fn dns(service: &Service) -> Value {
    json!({"domainName": service.domain, "hostedZoneId": "Z09127221KTH2CFUOHIZH"})
}

/// `createdAt` and `lastUpdatedAt`.
pub(super) fn dates(card: &Card) -> Value {
    json!({"createdAt": card.created.to_string(), "lastUpdatedAt": card.updated.to_string()})
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let service = world.lattice.service(call.label(0))?;
    Ok(joined(joined(head(service), &dates(&service.card)), &service.settings))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let summary = |service: &Service| {
        joined(joined(head(service), &dates(&service.card)), &chosen(&service.settings, &["customDomainName"]))
    };
    page(call, world.lattice.services.iter().map(summary).collect())
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let service = world.lattice.service(call.label(0))?;
    let (id, arn, name) = (service.card.id.clone(), service.card.arn.clone(), service.card.name.clone());
    if world.lattice.associations.iter().any(|association| association.service == id) {
        return Err(refusal::conflict(SERVICE, &id, format!("Service {id} has one or more associated service networks.")));
    }
    let life = deleting(world);
    let service = world.lattice.service_mut(&id)?;
    if !matches!(service.life, Life::Deleting(_)) {
        service.life = life;
        service.listeners.clear();
    }
    super::health::usage_changed(world);
    Ok(json!({"id": id, "arn": arn, "name": name, "status": life.status()}))
}
