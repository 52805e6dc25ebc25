//! Listener rules. `ListRules` gives no actions; the default rule is listed and read here, and written by `UpdateListener`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    action::{self, Place, Wanted},
    health, listeners, matching,
    operation::page,
    parts::{dates, joined},
    quotas, refusal,
    state::{Action, RULE, Rule},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// Where the listener is that a call names; its rule is still empty.
pub(super) fn place(world: &World, call: &Call) -> Result<Place, Refusal> {
    let service = world.lattice.service(call.label(0))?.card.id.clone();
    let listener = world.lattice.listener(&service, call.label(1))?.card.id.clone();
    Ok(Place { service, listener, rule: String::new() })
}

/// Where a rule of that listener is.
pub(super) fn place_of_rule(world: &World, at: &Place, rule: &str) -> Result<Place, Refusal> {
    let rule = world.lattice.rule(&at.service, &at.listener, rule)?.card.id.clone();
    Ok(Place { rule, ..at.clone() })
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let tags = tags::given(call)?;
    let mut at = place(world, call)?;
    let listener = world.lattice.listener(&at.service, &at.listener)?;
    let (name, priority) = (call.text("name"), call.input["priority"].as_u64());
    if listener.protocol == "TLS_PASSTHROUGH" {
        return Err(refusal::invalid("A TLS_PASSTHROUGH listener can have no rules."));
    }
    matching::suitable(&call.input["match"])?;
    if let Some(other) = listener.rules.iter().find(|rule| rule.card.name == name) {
        return Err(refusal::conflict(RULE, &other.card.id, format!("A rule with the name {name} already exists.")));
    }
    if let Some(other) = listener.rules.iter().find(|rule| rule.priority == priority) {
        return Err(taken(&other.card.id));
    }
    // The default rule does not count; whether it does is not written down.
    let there = listener.rules.iter().filter(|rule| !rule.is_default()).count();
    quotas::RULES.allow(world, Some(&at.listener), there + 1)?;
    let wanted = Wanted { service: &at.service, protocol: &listener.protocol, replaced: None };
    let action = action::read(world, &wanted, "action", &call.input["action"])?;
    at.rule = world.id("rule");
    let mut rule = listeners::make_rule(world, &at, name, tags, action.clone());
    rule.priority = priority;
    rule.matching = Arc::new(call.input["match"].clone());
    world.lattice.listener_mut(&at.service, &at.listener)?.rules.push(rule);
    action::write(world, &at, action)?;
    let rule = world.lattice.rule(&at.service, &at.listener, &at.rule)?;
    Ok(joined(head(rule), &what(rule)))
}

/// The priority is this rule's.
pub(super) fn taken(rule: &str) -> Refusal {
    refusal::conflict(RULE, rule, "A rule with this priority already exists.")
}

fn head(rule: &Rule) -> Value {
    let card = &rule.card;
    let mut all = json!({"id": card.id, "arn": card.arn, "name": card.name});
    if let Some(priority) = rule.priority {
        all["priority"] = json!(priority);
    }
    all
}

/// What only reading says besides.
fn read_only(rule: &Rule) -> Value {
    joined(dates(&rule.card), &json!({"isDefault": rule.is_default()}))
}

/// What `ListRules` leaves out.
fn what(rule: &Rule) -> Value {
    let mut all = json!({"action": action::render(&rule.action)});
    if !rule.matching.is_null() {
        all["match"] = Value::clone(&rule.matching);
    }
    all
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let rule = world.lattice.rule(call.label(0), call.label(1), call.label(2))?;
    Ok(joined(joined(head(rule), &what(rule)), &read_only(rule)))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let rules = &world.lattice.listener(call.label(0), call.label(1))?.rules;
    page(call, rules.iter().map(|rule| joined(head(rule), &read_only(rule))).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let at = place(world, call)?;
    let change = Change::read(world, &at, call.label(2), &call.input)?;
    let rules = &world.lattice.listener(&at.service, &at.listener)?.rules;
    let same = |other: &&Rule| other.card.id != change.at.rule && change.priority.is_some() && other.priority == change.priority;
    match rules.iter().find(same) {
        Some(other) => Err(taken(&other.card.id)),
        None => change.apply(world),
    }
}

/// An update of a rule that was held against everything but the priorities of the other rules.
pub(super) struct Change {
    pub(super) at: Place,
    pub(super) priority: Option<u64>,
    matching: Option<Value>,
    action: Option<Action>,
}

impl Change {
    pub(super) fn read(world: &World, at: &Place, rule: &str, wanted: &Value) -> Result<Self, Refusal> {
        let at = place_of_rule(world, at, rule)?;
        if world.lattice.rule(&at.service, &at.listener, &at.rule)?.is_default() {
            return Err(refusal::invalid("The default rule cannot be modified; update the listener instead."));
        }
        matching::suitable(&wanted["match"])?;
        let protocol = &world.lattice.listener(&at.service, &at.listener)?.protocol;
        let of = Wanted { service: &at.service, protocol, replaced: Some(&at.rule) };
        let given = |member: &str| Some(&wanted[member]).filter(|value| !value.is_null());
        let action = given("action").map(|action| action::read(world, &of, "action", action)).transpose()?;
        Ok(Self { priority: wanted["priority"].as_u64(), matching: given("match").cloned(), action, at })
    }

    /// Does it, and gives the rule as `UpdateRule` does.
    pub(super) fn apply(self, world: &mut World) -> Result<Value, Refusal> {
        let (now, at) = (world.now, self.at);
        let rule = world.lattice.rule_mut(&at.service, &at.listener, &at.rule)?;
        rule.card.updated = now;
        rule.priority = self.priority.or(rule.priority);
        if let Some(matching) = self.matching {
            rule.matching = Arc::new(matching);
        }
        if let Some(action) = self.action {
            action::write(world, &at, action)?;
        }
        let rule = world.lattice.rule(&at.service, &at.listener, &at.rule)?;
        Ok(joined(head(rule), &joined(what(rule), &json!({"isDefault": rule.is_default()}))))
    }
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let at = place_of_rule(world, &place(world, call)?, call.label(2))?;
    if world.lattice.rule(&at.service, &at.listener, &at.rule)?.is_default() {
        return Err(refusal::invalid("The default rule cannot be deleted."));
    }
    remove(world, &at)?;
    Ok(json!({}))
}

/// Takes a rule away, and out of the data plane with it.
pub(super) fn remove(world: &mut World, at: &Place) -> Result<(), Refusal> {
    world.lattice.listener_mut(&at.service, &at.listener)?.rules.retain(|rule| rule.card.id != at.rule);
    health::usage_changed(world);
    Ok(())
}
