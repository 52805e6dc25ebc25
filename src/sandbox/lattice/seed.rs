//! The resources of a scenario, as if they had been there for long.

use std::collections::BTreeMap;

use super::{
    action::{self, Place},
    groups, listeners, networks, services,
    state::{Action, Rule},
};
use crate::sandbox::{
    scenario::{ActionSeed, Mistake},
    world::World,
};

/// Puts in what the scenario lists. What AWS would refuse is left out and told in `unseeded`.
pub(crate) fn seed(world: &mut World) {
    let seed = world.scenario.lattice.clone();
    for (index, group) in seed.target_groups.into_iter().enumerate() {
        let id = given(world, &group.id, "tg");
        match groups::complete("IP", &group.config) {
            Ok(config) => {
                let group = groups::make(world, id, &group.name, group.tags, "IP", config);
                world.lattice.groups.push(group);
            }
            Err(refusal) => {
                let index = index.to_string();
                world.unseeded.push(Mistake::at(&["lattice", "target_groups", &index, "config"], refusal.message));
            }
        }
    }
    let body = serde_json::json!({});
    for service in seed.services {
        let id = given(world, &service.id, "svc");
        let made = services::make(world, id.clone(), &service.name, service.tags, &body);
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
            made.rules.iter_mut().for_each(settled);
            let mut places = vec![place.clone()];
            for rule in listener.rules {
                let place = Place { rule: given(world, &rule.id, "rule"), ..place.clone() };
                let action = action_of(world, &rule.action, None);
                let mut new = listeners::make_rule(world, &place, &rule.name, rule.tags, action);
                new.priority = Some(u64::from(rule.priority));
                new.matching = rule.r#match;
                settled(&mut new);
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
    for network in seed.service_networks {
        let id = given(world, &network.id, "sn");
        let made = networks::make(world, id.clone(), &network.name, BTreeMap::new(), &body);
        world.lattice.networks.push(made);
        for name in network.services {
            let service = world.lattice.services.iter().find(|service| service.card.name == name);
            // The scenario's check has refused the name of a service that is not there.
            if let Some(service) = service.map(|service| service.card.id.clone()) {
                let association = networks::make_association(world, &service, &id, BTreeMap::new());
                world.lattice.associations.push(association);
            }
        }
    }
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
