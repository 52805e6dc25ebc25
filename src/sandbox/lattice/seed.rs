//! The resources of a scenario, as if they had been there for long.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    action::{self, Place},
    associations, groups, health, listeners, networks, policies, services,
    state::{Action, AuthPolicy, Card, Policies, Rule},
    vpcs,
};
use crate::sandbox::{
    scenario::{ActionSeed, Mistake},
    world::World,
};

/// Puts in what the scenario lists. What AWS would refuse is left out and told in `unseeded`.
pub(crate) fn seed(world: &mut World) {
    let seed = world.scenario.lattice.clone();
    let mut targets = Vec::new();
    for (index, group) in seed.target_groups.into_iter().enumerate() {
        let id = given(world, &group.id, "tg");
        let kind = if group.r#type.is_empty() { "IP" } else { group.r#type.as_str() };
        match groups::complete(kind, &group.config) {
            Ok(config) => {
                let port = config["port"].as_u64().unwrap_or(0);
                let made = groups::make(world, id.clone(), &group.name, group.tags, kind, config);
                world.lattice.groups.push(made);
                targets
                    .extend(group.targets.into_iter().map(|target| (id.clone(), target.id, target.port.map_or(port, u64::from))));
            }
            Err(refusal) => {
                let index = index.to_string();
                world.unseeded.push(Mistake::at(&["lattice", "target_groups", &index, "config"], refusal.message));
            }
        }
    }
    for (index, service) in seed.services.into_iter().enumerate() {
        let id = given(world, &service.id, "svc");
        let members = [
            ("customDomainName", &service.custom_domain),
            ("certificateArn", &service.certificate),
            ("authType", &service.auth_type),
        ];
        let mut made = services::make(world, id.clone(), &service.name, service.tags, &body(&members));
        made.policies = policies(world, &service.auth_policy, "services", index);
        let owner = service.account;
        shared(world, &mut made.card, &owner);
        world.lattice.services.push(made);
        for listener in service.listeners {
            let action = action_of(world, &listener.default_action, None);
            let (mut made, mut place) = listeners::make(world, &id, listener.id, &listener.name, listener.tags, action.clone());
            if let (false, [default]) = (listener.default_rule.is_empty(), made.rules.as_mut_slice()) {
                default.card.arn = default.card.arn.replace(&default.card.id, &listener.default_rule);
                default.card.id.clone_from(&listener.default_rule);
                place.rule = listener.default_rule;
            }
            if listener.port != 0 {
                made.port = u64::from(listener.port);
            }
            if !listener.protocol.is_empty() {
                made.protocol = listener.protocol;
            }
            made.rules.iter_mut().for_each(settled);
            made.rules.iter_mut().map(|rule| &mut rule.card).chain([&mut made.card]).for_each(|card| shared(world, card, &owner));
            let mut places = vec![place.clone()];
            for rule in listener.rules {
                let place = Place { rule: given(world, &rule.id, "rule"), ..place.clone() };
                let action = action_of(world, &rule.action, None);
                let mut new = listeners::make_rule(world, &place, &rule.name, rule.tags, action);
                new.priority = Some(u64::from(rule.priority));
                new.matching = Arc::new(rule.r#match);
                settled(&mut new);
                shared(world, &mut new.card, &owner);
                made.rules.push(new);
                places.push(place);
            }
            if let Ok(service) = world.lattice.service_mut(&id) {
                service.listeners.push(made);
            }
            for place in places {
                // The place was made a line above.
                let _recorded = action::record(world, &place);
            }
        }
    }
    // Only now are their groups in use.
    for (group, id, port) in targets {
        health::register(world, &group, &id, port);
    }
    for (index, network) in seed.service_networks.into_iter().enumerate() {
        let id = given(world, &network.id, "sn");
        let mut made = networks::make(world, id.clone(), &network.name, network.tags, &body(&[("authType", &network.auth_type)]));
        made.policies = policies(world, &network.auth_policy, "service_networks", index);
        world.lattice.networks.push(made);
        for vpc in network.vpcs {
            let groups = (!vpc.security_groups.is_empty()).then_some(vpc.security_groups);
            let made = vpcs::make(world, &id, &vpc.vpc, BTreeMap::new(), &json!({"securityGroupIds": groups}));
            world.lattice.vpcs.push(made);
        }
        for name in network.services {
            let service = world.lattice.services.iter().find(|service| service.card.name == name);
            // The scenario's check has refused the name of a service that is not there.
            if let Some(service) = service.map(|service| service.card.id.clone()) {
                let association = associations::make(world, &service, &id, BTreeMap::new());
                world.lattice.associations.push(association);
            }
        }
    }
}

/// Gives what another account shares that account's ARN.
fn shared(world: &World, card: &mut Card, owner: &str) {
    if !owner.is_empty() {
        card.arn = card.arn.replace(&format!(":{}:", world.scenario.account), &format!(":{owner}:"));
    }
}

/// The members of a request that are not empty.
fn body(members: &[(&str, &String)]) -> Value {
    members.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// The policies of a service or a network with this auth policy.
fn policies(world: &mut World, auth: &Value, list: &str, index: usize) -> Policies {
    if auth.is_null() {
        return Policies::default();
    }
    let text = auth.to_string();
    if let Err(refusal) = policies::readable(&text) {
        let index = index.to_string();
        world.unseeded.push(Mistake::at(&["lattice", list, &index, "auth_policy"], refusal.message));
        return Policies::default();
    }
    Policies { auth: Some(AuthPolicy { text, created: world.now, updated: world.now }), resource: None }
}

fn given(world: &mut World, id: &str, prefix: &str) -> String {
    if id.is_empty() { world.id(prefix) } else { id.to_owned() }
}

fn settled(rule: &mut Rule) {
    rule.seen = Some(rule.action.clone());
    rule.initial = rule.action.groups().iter().map(|(id, _)| id.clone()).collect();
}

/// An action by names. `initial` and `added` are the groups of `rule`'s action that were there at the start, and the others.
pub(super) fn action_of(world: &World, seed: &ActionSeed, rule: Option<&Rule>) -> Action {
    if let Some(status) = seed.fixed_response {
        return Action::Fixed(status);
    }
    let mut groups = Vec::new();
    for (name, weight) in &seed.forward {
        let by_role = |initial: bool| {
            let named = rule.map(|rule| rule.action.groups()).unwrap_or_default().iter();
            named.filter(move |(id, _)| rule.is_some_and(|rule| rule.initial.contains(id) == initial)).map(|(id, _)| id.clone())
        };
        let found: Vec<String> = match name.as_str() {
            "initial" => by_role(true).collect(),
            "added" => by_role(false).collect(),
            _ => {
                let all = world.lattice.groups.iter();
                all.filter(|group| group.card.name == *name || group.card.is(name)).map(|group| group.card.id.clone()).collect()
            }
        };
        groups.extend(found.into_iter().map(|id| (id, *weight)));
    }
    Action::Forward(groups)
}
