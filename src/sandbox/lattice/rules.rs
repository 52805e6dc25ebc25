//! Listener rules. `ListRules` gives no actions; the default rule is listed and read here, and written by `UpdateListener`.

use serde_json::{Value, json};

use super::{
    action::{self, Place},
    health, listeners,
    operation::page,
    refusal,
    services::{dates, joined, tags_of},
    state::{RULE, Rule},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// Where the listener is that a call names; its rule is still empty.
fn place(world: &World, call: &Call) -> Result<Place, Refusal> {
    let service = world.lattice.service(call.label(0))?.card.id.clone();
    let listener = world.lattice.listener(&service, call.label(1))?.card.id.clone();
    Ok(Place { service, listener, rule: String::new() })
}

fn place_of_rule(world: &World, call: &Call, rule: &str) -> Result<Place, Refusal> {
    let at = place(world, call)?;
    let rule = world.lattice.rule(&at.service, &at.listener, rule)?.card.id.clone();
    Ok(Place { rule, ..at })
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let mut at = place(world, call)?;
    let listener = world.lattice.listener(&at.service, &at.listener)?;
    let (name, priority) = (call.text("name"), call.input["priority"].as_u64());
    if listener.protocol == "TLS_PASSTHROUGH" {
        return Err(refusal::invalid("A TLS_PASSTHROUGH listener can have no rules.".to_owned()));
    }
    if let Some(other) = listener.rules.iter().find(|rule| rule.card.name == name) {
        return Err(refusal::conflict(RULE, &other.card.id, format!("A rule with the name {name} already exists.")));
    }
    refuse_taken(listener.rules.iter(), "", priority)?;
    if listener.rules.iter().filter(|rule| !rule.is_default()).count() >= 10 {
        let message = "A listener can have at most 10 rules.".to_owned();
        return Err(refusal::quota(RULE, "rules-per-listener", message));
    }
    refuse_empty_match(&call.input["match"])?;
    let action = action::read(world, &at.service, None, &call.input["action"])?;
    at.rule = world.id("rule");
    let mut rule = listeners::make_rule(world, &at, name, tags_of(&call.input), action.clone());
    rule.priority = priority;
    rule.matching = call.input["match"].clone();
    world.lattice.listener_mut(&at.service, &at.listener)?.rules.push(rule);
    action::write(world, &at, action)?;
    let rule = world.lattice.rule(&at.service, &at.listener, &at.rule)?;
    Ok(joined(head(rule), &what(rule)))
}

fn refuse_taken<'a>(mut rules: impl Iterator<Item = &'a Rule>, own: &str, priority: Option<u64>) -> Result<(), Refusal> {
    match rules.find(|rule| rule.card.id != own && priority.is_some() && rule.priority == priority) {
        Some(rule) => Err(refusal::conflict(RULE, &rule.card.id, "A rule with this priority already exists.")),
        None => Ok(()),
    }
}

fn refuse_empty_match(matching: &Value) -> Result<(), Refusal> {
    if matching["httpMatch"].as_object().is_some_and(|members| members.values().all(Value::is_null)) {
        return Err(refusal::field("match.httpMatch", "must match on at least one of method, pathMatch and headerMatches"));
    }
    Ok(())
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
        all["match"] = rule.matching.clone();
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
    let at = place_of_rule(world, call, call.label(2))?;
    change(world, &at, &call.input)
}

/// One rule's update: all of it or nothing.
fn change(world: &mut World, at: &Place, wanted: &Value) -> Result<Value, Refusal> {
    let listener = world.lattice.listener(&at.service, &at.listener)?;
    if world.lattice.rule(&at.service, &at.listener, &at.rule)?.is_default() {
        return Err(refusal::invalid("The default rule cannot be modified; update the listener instead.".to_owned()));
    }
    let priority = wanted["priority"].as_u64();
    refuse_taken(listener.rules.iter(), &at.rule, priority)?;
    refuse_empty_match(&wanted["match"])?;
    let given = Some(&wanted["action"]).filter(|action| !action.is_null());
    let action = given.map(|action| action::read(world, &at.service, Some(&at.rule), action)).transpose()?;
    let now = world.now;
    let rule = world.lattice.rule_mut(&at.service, &at.listener, &at.rule)?;
    rule.card.updated = now;
    rule.priority = priority.or(rule.priority);
    if !wanted["match"].is_null() {
        rule.matching = wanted["match"].clone();
    }
    if let Some(action) = action {
        action::write(world, at, action)?;
    }
    let rule = world.lattice.rule(&at.service, &at.listener, &at.rule)?;
    Ok(joined(head(rule), &joined(what(rule), &json!({"isDefault": rule.is_default()}))))
}

/// Each rule by itself; those that could not be updated are listed, in an answer that is 200 all the same. Priorities may be
/// swapped: all of them are taken from the rules of the batch before any is given.
pub(super) fn update_batch(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let at = place(world, call)?;
    let wanted: Vec<Value> = call.input["rules"].as_array().cloned().unwrap_or_default();
    let mut old = Vec::new();
    for update in wanted.iter().filter(|update| !update["priority"].is_null()) {
        let id = update["ruleIdentifier"].as_str().unwrap_or_default();
        if let Ok(rule) = world.lattice.rule_mut(&at.service, &at.listener, id)
            && let Some(priority) = rule.priority
        {
            old.push((rule.card.id.clone(), priority));
            // No request can ask for this priority.
            rule.priority = Some(100_000 + priority);
        }
    }
    let (mut successful, mut unsuccessful) = (Vec::new(), Vec::new());
    for (index, update) in wanted.iter().enumerate() {
        let id = update["ruleIdentifier"].as_str().unwrap_or_default();
        let spared = world.faults.partial && index + 1 == wanted.len();
        let done = if spared { Err(refusal::internal()) } else { place_of_rule(world, call, id) };
        match done.and_then(|place| change(world, &place, update)) {
            Ok(rule) => successful.push(rule),
            Err(refusal) => {
                let failure = json!({"ruleIdentifier": id, "failureCode": refusal.code, "failureMessage": refusal.message});
                unsuccessful.push(failure);
            }
        }
    }
    for (id, priority) in old {
        let rule = world.lattice.rule_mut(&at.service, &at.listener, &id)?;
        if rule.priority == Some(100_000 + priority) {
            rule.priority = Some(priority);
        }
    }
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let at = place_of_rule(world, call, call.label(2))?;
    if world.lattice.rule(&at.service, &at.listener, &at.rule)?.is_default() {
        return Err(refusal::invalid("The default rule cannot be deleted.".to_owned()));
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
