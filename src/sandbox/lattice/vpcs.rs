//! VPCs in service networks.

use serde_json::{Value, json};

use super::{
    associations::network_of,
    operation::page,
    parts::{card, chosen, creating, dates, deleting, joined, settled, updating},
    quotas, refusal,
    state::{Life, Tags, VPC_ASSOCIATION, VpcAssociation},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// An association that is there for long; the network's id, and the members of `CreateServiceNetworkVpcAssociation`.
pub(super) fn make(world: &mut World, network: &str, vpc: &str, tags: Tags, body: &Value) -> VpcAssociation {
    let id = world.id("snva");
    let card = card(world, "servicenetworkvpcassociation", id, "", tags);
    let settings = chosen(body, &["securityGroupIds", "privateDnsEnabled", "dnsOptions"]);
    VpcAssociation { card, life: Life::Active, vpc: vpc.to_owned(), network: network.to_owned(), settings }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (vpc, tags) = (call.text("vpcIdentifier"), tags::given(call)?);
    let network = world.lattice.network(call.text("serviceNetworkIdentifier"))?.card.id.clone();
    suitable(&call.input, &json!({}))?;
    // "You can associate a VPC with one service network at a time" (user guide). Which error it is, is not written down.
    if let Some(other) = world.lattice.vpcs.iter().find(|other| other.vpc == vpc) {
        let message = if matches!(other.life, Life::Deleting(_)) {
            "Deletion is in progress.".to_owned()
        } else if other.network == network {
            "Association already exists.".to_owned()
        } else {
            format!("VPC {vpc} is already in use by service network {}: Association already exists.", other.network)
        };
        return Err(refusal::conflict(VPC_ASSOCIATION, &other.card.id, message));
    }
    let there = world.lattice.vpcs.iter().filter(|other| other.network == network).count();
    quotas::NETWORK_VPCS.allow(world, Some(&network), there + 1)?;
    let mut association = make(world, &network, vpc, tags, &call.input);
    association.life = creating(world);
    let reply = joined(head(world, &association), &association.settings);
    world.lattice.vpcs.push(association);
    Ok(reply)
}

/// Whether the members for DNS fit together (`DnsOptions` in the API reference), those that were there before included.
fn suitable(given: &Value, before: &Value) -> Result<(), Refusal> {
    let all = joined(before.clone(), &chosen(given, &["privateDnsEnabled", "dnsOptions"]));
    let options = &all["dnsOptions"];
    if !options.is_null() && all["privateDnsEnabled"] != true {
        return Err(refusal::field("dnsOptions", "is only supported when privateDnsEnabled is true"));
    }
    let specified = options["privateDnsPreference"].as_str().is_some_and(|preference| preference.contains("SPECIFIED_DOMAINS"));
    let domains = "dnsOptions.privateDnsSpecifiedDomains";
    match (specified, options["privateDnsSpecifiedDomains"].is_null()) {
        (true, true) => Err(refusal::field(domains, "is required with this privateDnsPreference")),
        (false, false) => Err(refusal::field(domains, "is not supported with this privateDnsPreference")),
        _ => Ok(()),
    }
}

fn head(world: &World, association: &VpcAssociation) -> Value {
    let (card, status) = (&association.card, association.life.status());
    json!({"id": card.id, "arn": card.arn, "status": status, "createdBy": world.scenario.account})
}

/// As in a list, which leaves out the security groups.
fn summary(world: &World, association: &VpcAssociation) -> Value {
    let more = joined(dates(&association.card), &json!({"vpcId": association.vpc}));
    let all = joined(joined(head(world, association), &more), &network_of(world, &association.network));
    joined(all, &chosen(&association.settings, &["privateDnsEnabled", "dnsOptions"]))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let association = world.lattice.vpc(call.label(0))?;
    Ok(joined(summary(world, association), &association.settings))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (vpc, network) = (call.given("vpcIdentifier"), call.given("serviceNetworkIdentifier"));
    if vpc.is_none() && network.is_none() {
        return Err(refusal::invalid("Either serviceNetworkIdentifier or vpcIdentifier must be given."));
    }
    let of_network = |id: &str| network.is_none_or(|wanted| world.lattice.network(id).is_ok_and(|it| it.card.is(wanted)));
    let all = world.lattice.vpcs.iter();
    let wanted = all.filter(|it| vpc.is_none_or(|vpc| it.vpc == vpc) && of_network(&it.network));
    page(call, wanted.map(|association| summary(world, association)).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let life = updating(world);
    let now = world.now;
    let association = world.lattice.vpc_mut(call.label(0))?;
    settled(VPC_ASSOCIATION, &association.card, association.life)?;
    suitable(&call.input, &association.settings)?;
    let given = chosen(&call.input, &["securityGroupIds", "privateDnsEnabled", "dnsOptions"]);
    association.settings = joined(association.settings.take(), &given);
    association.life = life;
    association.card.updated = now;
    let id = association.card.id.clone();
    let association = world.lattice.vpc(&id)?;
    Ok(joined(head(world, association), &association.settings))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let gone = deleting(world);
    let association = world.lattice.vpc_mut(call.label(0))?;
    let (id, arn) = (association.card.id.clone(), association.card.arn.clone());
    match association.life {
        Life::Creating(_) => return Err(refusal::conflict(VPC_ASSOCIATION, &id, "Creation is in progress.")),
        Life::Updating(_) => return Err(refusal::conflict(VPC_ASSOCIATION, &id, "Update is in progress.")),
        Life::Active => association.life = gone,
        Life::Deleting(_) => {}
    }
    Ok(json!({"id": id, "arn": arn, "status": "DELETE_IN_PROGRESS"}))
}
