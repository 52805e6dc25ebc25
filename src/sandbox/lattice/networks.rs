//! Service networks.

use serde_json::{Value, json};

use super::{
    operation::page,
    parts::{card, chosen, dates, joined},
    quotas, refusal,
    state::{NETWORK, Network, Policies, Tags},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn make(world: &World, id: String, name: &str, tags: Tags, body: &Value) -> Network {
    let card = card(world, "servicenetwork", id, name, tags);
    let settings = joined(json!({"authType": "NONE"}), &chosen(body, &["authType", "sharingConfig"]));
    Network { card, settings, policies: Policies::default() }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (name, tags) = (call.text("name"), tags::given(call)?);
    if let Some(other) = world.lattice.networks.iter().find(|network| network.card.name == name) {
        let message = format!("A service network with the name {name} already exists.");
        return Err(refusal::conflict(NETWORK, &other.card.id, message));
    }
    quotas::NETWORKS.allow(world, None, world.lattice.networks.len() + 1)?;
    let id = world.id("sn");
    let network = make(world, id, name, tags, &call.input);
    let reply = joined(head(&network), &network.settings);
    world.lattice.networks.push(network);
    Ok(reply)
}

fn head(network: &Network) -> Value {
    json!({"id": network.card.id, "arn": network.card.arn, "name": network.card.name})
}

/// How many services and how many VPCs are associated with the network.
fn associated(world: &World, network: &str) -> (usize, usize) {
    let services = world.lattice.associations.iter().filter(|association| association.network == network).count();
    (services, world.lattice.vpcs.iter().filter(|vpc| vpc.network == network).count())
}

fn full(world: &World, network: &Network) -> Value {
    let (services, vpcs) = associated(world, &network.card.id);
    let numbers = json!({"numberOfAssociatedServices": services, "numberOfAssociatedVPCs": vpcs});
    joined(joined(head(network), &dates(&network.card)), &numbers)
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let network = world.lattice.network(call.label(0))?;
    Ok(joined(full(world, network), &network.settings))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let none = json!({"numberOfAssociatedResourceConfigurations": 0});
    page(call, world.lattice.networks.iter().map(|network| joined(full(world, network), &none)).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let now = world.now;
    let network = world.lattice.network_mut(call.label(0))?;
    network.settings["authType"] = json!(call.text("authType"));
    network.card.updated = now;
    Ok(joined(head(network), &chosen(&network.settings, &["authType"])))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let id = world.lattice.network(call.label(0))?.card.id.clone();
    // These texts have been seen for VPCs and resources (cloud-nuke, issues 1158 and 1159); the one for services follows them.
    let refused = |what: &str| Err(refusal::conflict(NETWORK, &id, format!("ServiceNetwork {id} has {what}(s) associated")));
    match associated(world, &id) {
        (0, 0) => {}
        (0, _) => return refused("VPC"),
        _ => return refused("service"),
    }
    world.lattice.networks.retain(|network| network.card.id != id);
    world.lattice.subscriptions.retain(|subscription| subscription.resource != id);
    Ok(json!({}))
}
