//! Target groups, and the defaults that Lattice fills in.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    health,
    operation::page,
    parts::{card, chosen, creating, dates, deleting, joined, settled},
    quotas,
    refusal::{self, Finding},
    state::{Checks, GROUP, Group, Health, Life, Tags},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// The numbers of a health check: default, least, most. A 0 asks for the default.
const NUMBERS: [(&str, u64, u64, u64); 4] = [
    ("healthCheckIntervalSeconds", 30, 5, 300),
    ("healthCheckTimeoutSeconds", 5, 1, 120),
    ("healthyThresholdCount", 5, 2, 10),
    ("unhealthyThresholdCount", 2, 2, 10),
];

/// The configuration with its defaults, or what is wrong with it.
pub(super) fn complete(kind: &str, config: &Value) -> Result<Value, Refusal> {
    let mut found = Vec::new();
    let given = |member: &str| config.get(member).is_some_and(|value| !value.is_null());
    if kind == "LAMBDA" {
        for member in ["port", "protocol", "protocolVersion", "ipAddressType", "vpcIdentifier", "healthCheck"] {
            if given(member) {
                found.push(Finding::new(format!("config.{member}"), "is not supported with type LAMBDA"));
            }
        }
        let version = config["lambdaEventStructureVersion"].as_str().unwrap_or("V1");
        return if found.is_empty() { Ok(json!({"lambdaEventStructureVersion": version})) } else { Err(refusal::fields(found)) };
    }
    for member in ["protocol", "vpcIdentifier"] {
        if !given(member) {
            found.push(Finding::new(format!("config.{member}"), format!("is required with type {kind}")));
        }
    }
    let refused = [
        ("lambdaEventStructureVersion", true),
        ("ipAddressType", kind != "IP"),
        ("healthCheck", kind == "ALB"),
        ("protocolVersion", config["protocol"] == "TCP"),
    ];
    for (member, _) in refused.iter().filter(|(member, refused)| *refused && given(member)) {
        found.push(Finding::new(format!("config.{member}"), "is not supported with this type or protocol"));
    }
    let port = config["port"].as_u64().or(match config["protocol"].as_str() {
        Some("HTTP") => Some(80),
        Some("HTTPS") => Some(443),
        _ => None,
    });
    if port.is_none() && given("protocol") {
        found.push(Finding::new("config.port", "is required with protocol TCP"));
    }
    let mut whole = json!({"port": port, "protocol": config["protocol"], "vpcIdentifier": config["vpcIdentifier"]});
    if config["protocol"] != "TCP" {
        whole["protocolVersion"] = json!(config["protocolVersion"].as_str().unwrap_or("HTTP1"));
    }
    if kind == "IP" {
        whole["ipAddressType"] = json!(config["ipAddressType"].as_str().unwrap_or("IPV4"));
    }
    if kind != "ALB" {
        let on = whole["protocolVersion"] == "HTTP1";
        whole["healthCheck"] = checked(&json!({"enabled": on}), &config["healthCheck"], &mut found);
    }
    if found.is_empty() { Ok(whole) } else { Err(refusal::fields(found)) }
}

/// A health check: what is given, over what was, over the defaults.
fn checked(before: &Value, given: &Value, found: &mut Vec<Finding>) -> Value {
    let defaults = json!({"protocol": "HTTP", "protocolVersion": "HTTP1", "path": "/", "matcher": {"httpCode": "200"}});
    let stated: Map<_, _> = given.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
    let stated = Value::Object(stated.into_iter().filter(|(_, value)| !value.is_null()).collect());
    let mut whole = joined(joined(defaults, before), &stated);
    for (member, default, least, most) in NUMBERS {
        match whole[member].as_u64() {
            None | Some(0) => whole[member] = json!(default),
            Some(number) if !(least..=most).contains(&number) => {
                found.push(Finding::new(format!("healthCheck.{member}"), format!("must be from {least} to {most}")));
            }
            Some(_) => {}
        }
    }
    if whole["port"].as_u64() == Some(0)
        && let Some(members) = whole.as_object_mut()
    {
        members.remove("port");
    }
    if whole["path"] == "" {
        whole["path"] = json!("/");
    }
    if whole["matcher"]["httpCode"] == "" {
        whole["matcher"] = json!({"httpCode": "200"});
    }
    let codes = whole["matcher"]["httpCode"].as_str().unwrap_or_default();
    let good = |code: &str| code.parse::<u16>().is_ok_and(|code| (200..=499).contains(&code));
    if !codes.split(',').all(|part| part.split('-').count() <= 2 && part.split('-').all(good)) {
        found.push(Finding::new("healthCheck.matcher.httpCode", "must be codes or ranges from 200 to 499"));
    }
    whole
}

pub(super) fn make(world: &World, id: String, name: &str, tags: Tags, kind: &str, config: Value) -> Group {
    let card = card(world, "targetgroup", id, name, tags);
    let checks = Checks::of(&config);
    Group { card, life: Life::Active, kind: kind.to_owned(), config: Arc::new(config), checks, targets: Vec::new() }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (name, kind, tags) = (call.text("name"), call.text("type"), tags::given(call)?);
    if let Some(other) = world.lattice.groups.iter().find(|group| group.card.name == name) {
        return Err(refusal::conflict(GROUP, &other.card.id, format!("A target group with the name {name} already exists.")));
    }
    let config = complete(kind, &call.input["config"])?;
    quotas::GROUPS.allow(world, None, world.lattice.groups.len() + 1)?;
    let id = world.id("tg");
    let mut group = make(world, id, name, tags, kind, config);
    group.life = creating(world);
    let reply = joined(head(&group), &json!({"config": *group.config}));
    world.lattice.groups.push(group);
    Ok(reply)
}

fn head(group: &Group) -> Value {
    let card = &group.card;
    json!({"id": card.id, "arn": card.arn, "name": card.name, "type": group.kind, "status": group.life.status()})
}

fn users(world: &World, group: &Group) -> Value {
    let arns: Vec<_> = world.lattice.user_of(&group.card.id).into_iter().collect();
    joined(dates(&group.card), &json!({"serviceArns": arns}))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let all = joined(joined(head(group), &json!({"config": *group.config})), &users(world, group));
    Ok(all)
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (vpc, kind) = (call.given("vpcIdentifier"), call.given("targetGroupType"));
    let wanted = world.lattice.groups.iter().filter(|group| {
        vpc.is_none_or(|vpc| group.config["vpcIdentifier"] == *vpc) && kind.is_none_or(|kind| group.kind == kind)
    });
    let summary = |group: &Group| {
        let names = ["port", "protocol", "ipAddressType", "vpcIdentifier", "lambdaEventStructureVersion"];
        joined(joined(head(group), &chosen(&group.config, &names)), &users(world, group))
    };
    page(call, wanted.map(summary).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let now = world.now;
    let group = world.lattice.group_mut(call.label(0))?;
    settled(GROUP, &group.card, group.life)?;
    if group.config["healthCheck"].is_null() {
        return Err(refusal::field("healthCheck", format!("is not supported with type {}", group.kind)));
    }
    let mut found = Vec::new();
    let check = checked(&group.config["healthCheck"], &call.input["healthCheck"], &mut found);
    if !found.is_empty() {
        return Err(refusal::fields(found));
    }
    health::checks_change(group, now);
    Arc::make_mut(&mut group.config)["healthCheck"] = check;
    group.checks = Checks::of(&group.config);
    group.card.updated = now;
    let reply = joined(head(group), &json!({"config": *group.config}));
    health::usage_changed(world);
    Ok(reply)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let (id, arn) = (group.card.id.clone(), group.card.arn.clone());
    let answer = json!({"id": id, "arn": arn, "status": "DELETE_IN_PROGRESS"});
    // "If you retry it while the status is DELETE_IN_PROGRESS, the status doesn't change" (model).
    if matches!(group.life, Life::Deleting(_)) {
        return Ok(answer);
    }
    settled(GROUP, &group.card, group.life)?;
    let refused = |message: String| Err(refusal::conflict(GROUP, &id, message));
    if world.lattice.user_of(&id).is_some() {
        return refused(format!("Target group {id} is in use by a listener or a rule."));
    }
    if group.targets.iter().any(|target| target.health == Health::Draining) {
        return refused(format!("Target group {id} has targets that are draining."));
    }
    let gone = deleting(world);
    world.lattice.group_mut(&id)?.life = gone;
    Ok(answer)
}
