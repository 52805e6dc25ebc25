//! Service networks and the services associated with them.

use serde_json::{Value, json};

use super::{
    operation::page,
    refusal,
    services::{card, chosen, creating, dates, deleting, dns, joined, tags_of},
    state::{ASSOCIATION, Association, Life, NETWORK, Network, SERVICE, Tags},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn make(world: &mut World, id: String, name: &str, tags: Tags, body: &Value) -> Network {
    let card = card(world, "servicenetwork", id, name, tags);
    let settings = joined(json!({"authType": "NONE"}), &chosen(body, &["authType", "sharingConfig"]));
    Network { card, settings }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let name = call.text("name");
    if let Some(other) = world.lattice.networks.iter().find(|network| network.card.name == name) {
        return Err(refusal::conflict(
            NETWORK,
            &other.card.id,
            format!("A service network with the name {name} already exists."),
        ));
    }
    if world.lattice.networks.len() >= 50 {
        let message = "An account can have at most 50 service networks in a region.".to_owned();
        return Err(refusal::quota(NETWORK, "service-networks-per-region", message));
    }
    let id = world.id("sn");
    let network = make(world, id, name, tags_of(&call.input), &call.input);
    let reply = joined(head(&network), &network.settings);
    world.lattice.networks.push(network);
    Ok(reply)
}

fn head(network: &Network) -> Value {
    json!({"id": network.card.id, "arn": network.card.arn, "name": network.card.name})
}

fn full(world: &World, network: &Network) -> Value {
    let services = world.lattice.associations.iter().filter(|association| association.network == network.card.id).count();
    let numbers = json!({"numberOfAssociatedServices": services, "numberOfAssociatedVPCs": 0});
    joined(joined(head(network), &dates(&network.card)), &numbers)
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let network = world.lattice.network(call.label(0))?;
    Ok(joined(full(world, network), &network.settings))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    page(call, world.lattice.networks.iter().map(|network| full(world, network)).collect())
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let id = world.lattice.network(call.label(0))?.card.id.clone();
    if world.lattice.associations.iter().any(|association| association.network == id) {
        return Err(refusal::conflict(NETWORK, &id, format!("ServiceNetwork {id} has service(s) associated")));
    }
    world.lattice.networks.retain(|network| network.card.id != id);
    Ok(json!({}))
}

pub(super) fn make_association(world: &mut World, service: &str, network: &str, tags: Tags) -> Association {
    let id = world.id("snsa");
    let card = card(world, "servicenetworkserviceassociation", id, "", tags);
    Association { card, life: Life::Active, service: service.to_owned(), network: network.to_owned() }
}

pub(super) fn associate(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let service = world.lattice.service(call.text("serviceIdentifier"))?;
    let network = world.lattice.network(call.text("serviceNetworkIdentifier"))?;
    let (service_id, network_id) = (service.card.id.clone(), network.card.id.clone());
    if service.life != Life::Active {
        let status = service.life.status();
        let message = format!("Invalid resource status for this operation, resource id {service_id}, status: {status}.");
        return Err(refusal::conflict(SERVICE, &service_id, message));
    }
    let same = |other: &&Association| other.service == service_id && other.network == network_id;
    if let Some(other) = world.lattice.associations.iter().find(same) {
        return Err(refusal::conflict(ASSOCIATION, &other.card.id, "Association already exists."));
    }
    let entry = dns(service);
    let mut association = make_association(world, &service_id, &network_id, tags_of(&call.input));
    association.life = creating(world);
    let reply = joined(short(world, &association), &json!({"dnsEntry": entry}));
    world.lattice.associations.push(association);
    Ok(reply)
}

fn short(world: &World, association: &Association) -> Value {
    let (card, status) = (&association.card, association.life.status());
    json!({"id": card.id, "arn": card.arn, "status": status, "createdBy": world.scenario.account})
}

fn summary(world: &World, association: &Association) -> Value {
    let mut all = joined(short(world, association), &json!({"createdAt": association.card.created.to_string()}));
    if let Ok(service) = world.lattice.service(&association.service) {
        let card = &service.card;
        let part = json!({"serviceId": card.id, "serviceName": card.name, "serviceArn": card.arn, "dnsEntry": dns(service)});
        all = joined(all, &part);
    }
    if let Ok(network) = world.lattice.network(&association.network) {
        let card = &network.card;
        let part = json!({"serviceNetworkId": card.id, "serviceNetworkName": card.name, "serviceNetworkArn": card.arn});
        all = joined(all, &part);
    }
    all
}

pub(super) fn get_association(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    Ok(summary(world, world.lattice.association(call.label(0))?))
}

pub(super) fn list_associations(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (service, network) = (call.given("serviceIdentifier"), call.given("serviceNetworkIdentifier"));
    if service.is_none() && network.is_none() {
        return Err(refusal::invalid("Either serviceNetworkIdentifier or serviceIdentifier must be given.".to_owned()));
    }
    let is = |id: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| wanted.rsplit('/').next() == Some(id));
    let all = world.lattice.associations.iter();
    let wanted = all.filter(|association| is(&association.service, service) && is(&association.network, network));
    page(call, wanted.map(|association| summary(world, association)).collect())
}

pub(super) fn disassociate(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let id = world.lattice.association(call.label(0))?.card.id.clone();
    let gone = deleting(world);
    let found = world.lattice.associations.iter_mut().find(|association| association.card.id == id);
    let Some(association) = found else { return Err(refusal::internal()) };
    match association.life {
        Life::Creating(_) => return Err(refusal::conflict(ASSOCIATION, &id, "Creation is in progress.")),
        Life::Active => association.life = gone,
        Life::Deleting(_) => {}
    }
    let arn = association.card.arn.clone();
    Ok(json!({"id": id, "arn": arn, "status": gone.status()}))
}
