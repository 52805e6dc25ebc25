//! CreateService, GetService, ListServices, UpdateService, DeleteService.

use serde_json::{Value, json};

use super::{
    operation::page,
    parts::{card, chosen, creating, dates, deleting, joined, settled},
    quotas, refusal,
    state::{Life, Policies, SERVICE, Service, Tags},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// The hosted zone of the domain names that VPC Lattice gives, which an alias has to name beside them.
pub(crate) const HOSTED_ZONE: &str = "Z09127221KTH2CFUOHIZH";

/// A service without listeners, as created or seeded.
pub(super) fn make(world: &World, id: String, name: &str, tags: Tags, body: &Value) -> Service {
    let card = card(world, "service", id, name, tags);
    let unique = card.id.trim_start_matches("svc-");
    let domain = format!("{name}-{unique}.7d67968.vpc-lattice-svcs.{}.on.aws", world.scenario.region);
    let given = chosen(body, &["customDomainName", "certificateArn", "authType", "idleTimeoutSeconds"]);
    let mut settings = joined(json!({"authType": "NONE", "idleTimeoutSeconds": 60}), &given);
    forget_empty_certificate(&mut settings);
    Service { card, life: Life::Active, domain, settings, policies: Policies::default(), listeners: Vec::new() }
}

/// The model lets a certificate be an empty text, which is none.
fn forget_empty_certificate(settings: &mut Value) {
    if let Some(members) = settings.as_object_mut().filter(|members| members.get("certificateArn").is_some_and(|arn| arn == "")) {
        members.remove("certificateArn");
    }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (name, tags) = (call.text("name"), tags::given(call)?);
    if call.given("customDomainName").is_some_and(|name| !is_domain(name)) {
        return Err(refusal::field("customDomainName", "must be a domain name"));
    }
    if let Some(other) = world.lattice.services.iter().find(|service| service.card.name == name) {
        return Err(refusal::conflict(SERVICE, &other.card.id, format!("A service with the name {name} already exists.")));
    }
    quotas::SERVICES.allow(world, None, world.lattice.services.len() + 1)?;
    let id = world.id("svc");
    let mut service = make(world, id, name, tags, &call.input);
    service.life = creating(world);
    let reply = joined(head(&service), &service.settings);
    world.lattice.services.push(service);
    Ok(reply)
}

/// Letters, digits and hyphens in at least two parts; the first may be a wildcard.
fn is_domain(name: &str) -> bool {
    let good = |part: &str| {
        let letters = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        (1..=63).contains(&part.len()) && letters && !part.starts_with('-') && !part.ends_with('-')
    };
    let rest = name.strip_prefix("*.").unwrap_or(name);
    rest.contains('.') && rest.split('.').all(good)
}

fn head(service: &Service) -> Value {
    let card = &service.card;
    json!({"id": card.id, "arn": card.arn, "name": card.name, "status": service.life.status(), "dnsEntry": dns(service)})
}

/// A service's `dnsEntry`.
pub(super) fn dns(service: &Service) -> Value {
    json!({"domainName": service.domain, "hostedZoneId": HOSTED_ZONE})
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

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let now = world.now;
    let service = world.lattice.service_mut(call.label(0))?;
    settled(SERVICE, &service.card, service.life)?;
    if call.given("certificateArn") == Some("") && !service.settings["certificateArn"].is_null() {
        // User guide, "Bring your own certificate": it can be replaced, not taken away.
        return Err(refusal::field("certificateArn", "cannot be removed, only replaced"));
    }
    let given = chosen(&call.input, &["certificateArn", "authType", "idleTimeoutSeconds"]);
    service.settings = joined(service.settings.take(), &given);
    forget_empty_certificate(&mut service.settings);
    service.card.updated = now;
    let card = &service.card;
    Ok(joined(json!({"id": card.id, "arn": card.arn, "name": card.name}), &service.settings))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let service = world.lattice.service(call.label(0))?;
    let (id, arn, name, life) = (service.card.id.clone(), service.card.arn.clone(), service.card.name.clone(), service.life);
    if !matches!(life, Life::Deleting(_)) {
        if world.lattice.associations.iter().any(|association| association.service == id) {
            return Err(refusal::conflict(SERVICE, &id, format!("Service {id} has one or more associated service networks.")));
        }
        settled(SERVICE, &service.card, life)?;
        let gone = deleting(world);
        let service = world.lattice.service_mut(&id)?;
        service.life = gone;
        // "All resources related to the service" go with it (API_DeleteService).
        service.listeners.clear();
        service.policies = Policies::default();
        world.lattice.subscriptions.retain(|subscription| subscription.resource != id);
        super::health::usage_changed(world);
    }
    Ok(json!({"id": id, "arn": arn, "name": name, "status": "DELETE_IN_PROGRESS"}))
}
