//! Listeners: everything but their rules. A listener's default action is the action of its default rule.

use std::{collections::VecDeque, sync::Arc};

use serde_json::{Value, json};

use super::{
    action::{self, Place, Wanted},
    health,
    operation::page,
    parts::{card, dates, joined, settled},
    quotas, refusal,
    state::{Action, LISTENER, Listener, Rule, SERVICE, Tags},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// A rule, default or not, that the data plane has not heard of.
pub(super) fn make_rule(world: &World, place: &Place, name: &str, tags: Tags, action: Action) -> Rule {
    let path = format!("service/{}/listener/{}/rule", place.service, place.listener);
    let card = card(world, &path, place.rule.clone(), name, tags);
    Rule { card, priority: None, matching: Arc::default(), action, seen: None, ahead: VecDeque::new(), initial: Vec::new() }
}

/// A listener with its default rule. The id is made up when it is empty.
pub(super) fn make(world: &mut World, service: &str, id: String, name: &str, tags: Tags, action: Action) -> (Listener, Place) {
    let id = if id.is_empty() { world.id("listener") } else { id };
    let rule = world.id("rule");
    let place = Place { service: service.to_owned(), listener: id.clone(), rule };
    let default = make_rule(world, &place, "default", Tags::new(), action);
    let card = card(world, &format!("service/{service}/listener"), id, name, tags);
    (Listener { card, protocol: "HTTP".to_owned(), port: 80, rules: vec![default] }, place)
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let tags = tags::given(call)?;
    let service = world.lattice.service(call.label(0))?;
    settled(SERVICE, &service.card, service.life)?;
    let service_id = service.card.id.clone();
    let (name, protocol) = (call.text("name"), call.text("protocol"));
    let port = call.input["port"].as_u64().or(match protocol {
        "HTTP" => Some(80),
        "HTTPS" => Some(443),
        _ => None,
    });
    let Some(port) = port else { return Err(refusal::field("port", "is required with this protocol")) };
    for other in &service.listeners {
        if other.card.name == name || other.port == port {
            let what = if other.port == port { format!("port {port}") } else { format!("the name {name}") };
            return Err(refusal::conflict(LISTENER, &other.card.id, format!("A listener with {what} already exists.")));
        }
    }
    if protocol == "TLS_PASSTHROUGH" && service.settings["customDomainName"].is_null() {
        // User guide, "TLS listeners": Lattice finds the service by the server name alone.
        return Err(refusal::field("protocol", "TLS_PASSTHROUGH needs a service with a custom domain name"));
    }
    quotas::LISTENERS.allow(world, Some(&service_id), service.listeners.len() + 1)?;
    let wanted = Wanted { service: &service_id, protocol, replaced: None };
    let action = action::read(world, &wanted, "defaultAction", &call.input["defaultAction"])?;
    let (mut listener, place) = make(world, &service_id, String::new(), name, tags, action.clone());
    listener.port = port;
    protocol.clone_into(&mut listener.protocol);
    world.lattice.service_mut(&service_id)?.listeners.push(listener);
    action::write(world, &place, action)?;
    with_action(world, &place)
}

/// A listener as `CreateListener` and `UpdateListener` give it.
fn with_action(world: &World, place: &Place) -> Result<Value, Refusal> {
    let service = world.lattice.service(&place.service)?;
    let listener = world.lattice.listener(&place.service, &place.listener)?;
    let action = listener.rules.first().map(|rule| action::render(&rule.action));
    let rest = json!({"serviceArn": service.card.arn, "serviceId": service.card.id, "defaultAction": action});
    Ok(joined(head(listener), &rest))
}

fn head(listener: &Listener) -> Value {
    let card = &listener.card;
    json!({"id": card.id, "arn": card.arn, "name": card.name, "protocol": listener.protocol, "port": listener.port})
}

/// Where the default rule of the listener that a call names is.
fn place(world: &World, call: &Call) -> Result<Place, Refusal> {
    let service = world.lattice.service(call.label(0))?.card.id.clone();
    let listener = world.lattice.listener(&service, call.label(1))?;
    let rule = listener.rules.first().map(|rule| rule.card.id.clone()).unwrap_or_default();
    Ok(Place { service, listener: listener.card.id.clone(), rule })
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let place = place(world, call)?;
    let card = &world.lattice.listener(&place.service, &place.listener)?.card;
    Ok(joined(with_action(world, &place)?, &dates(card)))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let listeners = &world.lattice.service(call.label(0))?.listeners;
    page(call, listeners.iter().map(|listener| joined(head(listener), &dates(&listener.card))).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let place = place(world, call)?;
    let protocol = &world.lattice.listener(&place.service, &place.listener)?.protocol;
    let wanted = Wanted { service: &place.service, protocol, replaced: Some(&place.rule) };
    let action = action::read(world, &wanted, "defaultAction", &call.input["defaultAction"])?;
    action::write(world, &place, action)?;
    with_action(world, &place)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let place = place(world, call)?;
    world.lattice.service_mut(&place.service)?.listeners.retain(|listener| listener.card.id != place.listener);
    health::usage_changed(world);
    Ok(json!({}))
}
