//! Services in service networks.

use serde_json::{Value, json};

use super::{
    operation::page,
    parts::{card, chosen, creating, deleting, joined, settled},
    quotas, refusal,
    services::dns,
    state::{ASSOCIATION, Association, Life, SERVICE, Service, Tags},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// An association that is there for long; the ids of the service and the network.
pub(super) fn make(world: &mut World, service: &str, network: &str, tags: Tags) -> Association {
    let id = world.id("snsa");
    let card = card(world, "servicenetworkserviceassociation", id, "", tags);
    Association { card, life: Life::Active, service: service.to_owned(), network: network.to_owned() }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let tags = tags::given(call)?;
    let service = world.lattice.service(call.text("serviceIdentifier"))?;
    let network = world.lattice.network(call.text("serviceNetworkIdentifier"))?;
    let (service_id, network_id) = (service.card.id.clone(), network.card.id.clone());
    settled(SERVICE, &service.card, service.life)?;
    let in_network = || world.lattice.associations.iter().filter(|other| other.network == network_id);
    if let Some(other) = in_network().find(|other| other.service == service_id) {
        return Err(match other.life {
            Life::Deleting(_) => refusal::conflict(ASSOCIATION, &other.card.id, "Deletion is in progress."),
            Life::Creating(_) | Life::Active | Life::Updating(_) => {
                refusal::conflict(ASSOCIATION, &other.card.id, "Association already exists.")
            }
        });
    }
    // User guide, "Configure a custom domain name": unique within a service network.
    if let Some(domain) = service.settings["customDomainName"].as_str() {
        let has = |other: &&Service| {
            other.settings["customDomainName"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(domain))
                && in_network().any(|association| association.service == other.card.id)
        };
        if let Some(other) = world.lattice.services.iter().find(has) {
            let message = format!("The custom domain name {domain} is already in use by {} in this network.", other.card.id);
            return Err(refusal::conflict(SERVICE, &other.card.id, message));
        }
    }
    quotas::NETWORK_SERVICES.allow(world, Some(&network_id), in_network().count() + 1)?;
    let more = joined(json!({"dnsEntry": dns(service)}), &chosen(&service.settings, &["customDomainName"]));
    let mut association = make(world, &service_id, &network_id, tags);
    association.life = creating(world);
    let reply = joined(head(world, &association), &more);
    world.lattice.associations.push(association);
    Ok(reply)
}

fn head(world: &World, association: &Association) -> Value {
    let (card, status) = (&association.card, association.life.status());
    json!({"id": card.id, "arn": card.arn, "status": status, "createdBy": world.scenario.account})
}

fn summary(world: &World, association: &Association) -> Value {
    let mut all = joined(head(world, association), &json!({"createdAt": association.card.created.to_string()}));
    if let Ok(service) = world.lattice.service(&association.service) {
        let card = &service.card;
        let part = json!({"serviceId": card.id, "serviceName": card.name, "serviceArn": card.arn, "dnsEntry": dns(service)});
        all = joined(joined(all, &part), &chosen(&service.settings, &["customDomainName"]));
    }
    joined(all, &network_of(world, &association.network))
}

/// What an association says of its network.
pub(super) fn network_of(world: &World, network: &str) -> Value {
    let Ok(network) = world.lattice.network(network) else { return json!({}) };
    let card = &network.card;
    json!({"serviceNetworkId": card.id, "serviceNetworkName": card.name, "serviceNetworkArn": card.arn})
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    Ok(summary(world, world.lattice.association(call.label(0))?))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (service, network) = (call.given("serviceIdentifier"), call.given("serviceNetworkIdentifier"));
    if service.is_none() && network.is_none() {
        return Err(refusal::invalid("Either serviceNetworkIdentifier or serviceIdentifier must be given."));
    }
    // What is not there has no associations: this operation knows no ResourceNotFoundException.
    let of_service = |id: &str| service.is_none_or(|wanted| world.lattice.service(id).is_ok_and(|it| it.card.is(wanted)));
    let of_network = |id: &str| network.is_none_or(|wanted| world.lattice.network(id).is_ok_and(|it| it.card.is(wanted)));
    let all = world.lattice.associations.iter();
    let wanted = all.filter(|association| of_service(&association.service) && of_network(&association.network));
    page(call, wanted.map(|association| summary(world, association)).collect())
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let gone = deleting(world);
    let association = world.lattice.association_mut(call.label(0))?;
    let (id, arn) = (association.card.id.clone(), association.card.arn.clone());
    match association.life {
        Life::Creating(_) | Life::Updating(_) => return Err(refusal::conflict(ASSOCIATION, &id, "Creation is in progress.")),
        Life::Active => association.life = gone,
        Life::Deleting(_) => {}
    }
    Ok(json!({"id": id, "arn": arn, "status": "DELETE_IN_PROGRESS"}))
}
