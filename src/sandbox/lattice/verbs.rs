//! VPC Lattice without requests: what is written where, and writing it, for whoever is in the same process.

use std::collections::BTreeMap;

use super::{
    action::{self, Place},
    state::{Action, Card, Health, Life, Listener, Rule, Service, Tags},
};
use crate::sandbox::{
    inventory::{Inventory, Noted, Part},
    world::World,
};

/// The rule behind a traffic target's ARN: a rule's own, or a listener's for its default action.
fn find<'a>(world: &'a World, arn: &str) -> Option<(&'a Service, &'a Listener, &'a Rule)> {
    let is = |listener: &Listener, rule: &Rule| if rule.is_default() { listener.card.arn == arn } else { rule.card.arn == arn };
    world.lattice.rules().find(|(_, listener, rule)| is(listener, rule))
}

/// A rule of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSeen<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its place among the others.
    pub priority: u64,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
}

/// The rules of a listener by its ARN, but the default one.
pub(crate) fn rules<'a>(world: &'a World, listener: &str) -> impl Iterator<Item = RuleSeen<'a>> + use<'a> {
    let found = world.lattice.services.iter().flat_map(|service| &service.listeners).find(|known| known.card.arn == listener);
    let rules = found.into_iter().flat_map(|listener| &listener.rules).filter(|rule| !rule.is_default());
    rules.map(|Rule { card, priority, .. }| RuleSeen {
        arn: &card.arn,
        name: &card.name,
        priority: priority.unwrap_or_default(),
        tags: &card.tags,
    })
}

fn list<'a>(all: &mut Inventory<'a>, card: &'a Card, noted: Noted<'a>) {
    all.push(((&card.arn, Part::Itself), noted));
    all.extend(card.tags.iter().map(|(key, value)| ((&*card.arn, Part::Tag(key)), Noted { words: value, ..Noted::default() })));
}

/// Everything that is written down about every resource: its tags one by one, and what it does.
pub(crate) fn inventory(world: &World) -> Inventory<'_> {
    let mut all = Inventory::new();
    let mut card = |card, noted| list(&mut all, card, noted);
    let state = &world.lattice;
    for service in &state.services {
        card(&service.card, Noted { words: &service.card.name, ..Noted::default() });
        for listener in &service.listeners {
            card(&listener.card, Noted { words: &listener.protocol, numbers: [listener.port, 0], ..Noted::default() });
        }
    }
    for (_, _, rule) in state.rules() {
        let numbers = [rule.priority.unwrap_or_default(), 0];
        card(&rule.card, Noted { words: &rule.card.name, numbers, json: Some(&rule.matching), ..Noted::default() });
    }
    for group in &state.groups {
        card(&group.card, Noted { words: &group.kind, json: Some(&group.config), ..Noted::default() });
    }
    for network in &state.networks {
        card(&network.card, Noted { words: &network.card.name, ..Noted::default() });
    }
    for (_, listener, rule) in state.rules() {
        let arn = if rule.is_default() { &listener.card.arn } else { &rule.card.arn };
        all.push(((arn, Part::Action), Noted { action: Some(&rule.action), ..Noted::default() }));
    }
    all
}

/// The ARNs of all traffic targets: each listener's rules, then its default action.
pub(crate) fn traffic_targets(world: &World) -> Vec<String> {
    let of = |listener: &Listener| {
        let rules = listener.rules.iter().filter(|rule| !rule.is_default()).map(|rule| rule.card.arn.clone());
        rules.chain([listener.card.arn.clone()]).collect::<Vec<_>>()
    };
    world.lattice.services.iter().flat_map(|service| &service.listeners).flat_map(of).collect()
}

/// The ARN of the service that a traffic target is of.
pub(crate) fn behind<'a>(world: &'a World, arn: &str) -> Option<&'a str> {
    find(world, arn).map(|(service, _, _)| service.card.arn.as_str())
}

/// The action that was written last.
pub(crate) fn written<'a>(world: &'a World, arn: &str) -> Option<&'a Action> {
    find(world, arn).map(|(_, _, rule)| &rule.action)
}

/// What the data plane does.
pub(crate) fn routed<'a>(world: &'a World, arn: &str) -> Option<&'a Action> {
    find(world, arn).and_then(|(_, _, rule)| rule.seen.as_ref())
}

/// Writes an action as `UpdateRule` or `UpdateListener` does. An error says which of them is not there.
pub(crate) fn write_action(world: &mut World, arn: &str, wanted: Action) -> Result<(), String> {
    let Some((service, listener, rule)) = find(world, arn) else { return Err(format!("there is no traffic target {arn}")) };
    let place = Place { service: service.card.id.clone(), listener: listener.card.id.clone(), rule: rule.card.id.clone() };
    for (id, _) in wanted.groups() {
        match world.lattice.group(id) {
            Ok(group) if group.life == Life::Active => {}
            Ok(group) => return Err(format!("target group {id} is {}", group.life.status())),
            Err(refusal) => return Err(refusal.message),
        }
    }
    action::write(world, &place, wanted).map_err(|refusal| refusal.message)
}

/// Address, port and status of every target of a group, by its id or ARN.
pub(crate) fn targets<'a>(world: &'a World, group: &str) -> impl Iterator<Item = (&'a str, u64, Health)> + use<'a> {
    let targets = world.lattice.group(group).map(|group| group.targets.as_slice()).unwrap_or_default();
    targets.iter().map(|target| (target.id.as_str(), target.port, target.health))
}

/// The tags of a service, listener, rule or target group.
pub(crate) fn tags<'a>(world: &'a World, arn: &str) -> Option<&'a Tags> {
    let here = |card: &'a Card| (card.arn == arn).then_some(&card.tags);
    let rules = world
        .lattice
        .rules()
        .find_map(|(service, listener, rule)| here(&rule.card).or_else(|| here(&listener.card)).or_else(|| here(&service.card)));
    rules.or_else(|| world.lattice.groups.iter().find_map(|group| here(&group.card)))
}

/// Adds tags, replacing those of the same keys, as `TagResource` does. False when there is no such resource.
pub(crate) fn write_tags(world: &mut World, arn: &str, tags: impl IntoIterator<Item = (String, String)>) -> bool {
    let Some(card) = world.lattice.cards_mut().find(|card| card.arn == arn) else { return false };
    card.tags.extend(tags);
    true
}
