//! RegisterTargets, DeregisterTargets, ListTargets. A target is its id and its port; a function has none.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{
    health,
    operation::page,
    parts::settled,
    quotas, refusal,
    state::{GROUP, Group, Target},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// The targets of a request: id and port, which is the group's where it is left out, and 0 for a function.
fn wanted(group: &Group, call: &Call) -> Vec<(String, u64)> {
    let default = group.config["port"].as_u64().unwrap_or(0);
    let entries = call.list("targets").iter();
    entries
        .map(|entry| (entry["id"].as_str().unwrap_or_default().to_owned(), entry["port"].as_u64().unwrap_or(default)))
        .collect()
}

/// A target as requests and lists name it.
fn named(id: &str, port: u64) -> Value {
    if port == 0 { json!({"id": id}) } else { json!({"id": id, "port": port}) }
}

fn failure(id: &str, port: u64, code: &str, message: &str) -> Value {
    let mut all = named(id, port);
    all["failureCode"] = json!(code);
    all["failureMessage"] = json!(message);
    all
}

/// What a fault makes of the last target of a batch.
fn spared(world: &World, index: usize, of: usize) -> Option<(&'static str, &'static str)> {
    (world.faults.partial && index + 1 == of).then_some(("InternalServerException", "An unexpected error occurred."))
}

/// Whether a text can be the id of a target of such a group at all.
fn is_id(group: &Group, id: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    let arn_of = |service: &str, resource: &str| matches!(parts[..], ["arn", _, found, _, account, rest] if found == service && account.len() == 12 && rest.starts_with(resource));
    let instance = |id: &str| {
        id.strip_prefix("i-").is_some_and(|rest| matches!(rest.len(), 8 | 17) && rest.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let ipv6 = group.config["ipAddressType"] == "IPV6";
    let (good, what) = match group.kind.as_str() {
        "INSTANCE" => (instance(id), "must be the id of an EC2 instance"),
        "LAMBDA" => (arn_of("lambda", "function:"), "must be the ARN of a Lambda function"),
        "ALB" => (arn_of("elasticloadbalancing", "loadbalancer/app/"), "must be the ARN of an Application Load Balancer"),
        _ if ipv6 => (id.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()), "must be an IPv6 address"),
        _ => (id.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()), "must be an IPv4 address"),
    };
    if good { Ok(()) } else { Err(what) }
}

/// Whether an address is one that a VPC may have: the private ranges of RFC 1918 and RFC 6598, and for IPv6 every one that is not
/// local to something. Publicly routable addresses are refused (user guide, "Register targets").
fn is_private(id: &str) -> bool {
    match id.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || matches!(ip.octets(), [100, 64..=127, ..]),
        Ok(IpAddr::V6(ip)) => !ip.is_loopback() && !ip.is_multicast() && !ip.is_unspecified() && !ip.is_unicast_link_local(),
        Err(_) => true,
    }
}

/// What is not done of a request whose targets are all well formed, though the rest of it is.
fn unfit(group: &Group, taken: &[(String, u64)], id: &str, port: u64) -> Option<(&'static str, &'static str)> {
    let known = |other: &str, at: u64| other == id && at == port;
    let alone = matches!(group.kind.as_str(), "LAMBDA" | "ALB");
    let others = group.targets.iter().map(|target| (target.id.as_str(), target.port));
    let mut all = others.chain(taken.iter().map(|(id, port)| (id.as_str(), *port)));
    if taken.iter().any(|(other, at)| known(other, *at)) {
        Some(("DuplicateTarget", "The target is specified more than once."))
    } else if group.kind == "IP" && !is_private(id) {
        Some(("InvalidTarget", "The IP address is not within a range that a VPC may have: RFC 1918 or RFC 6598."))
    } else if alone && all.any(|(other, at)| !known(other, at)) {
        Some(("TooManyTargets", "A target group of this type can have only one target."))
    } else {
        None
    }
}

pub(super) fn register(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let id = group.card.id.clone();
    settled(GROUP, &group.card, group.life)?;
    let wanted = wanted(group, call);
    for (index, (target, _)) in wanted.iter().enumerate() {
        let member = |name: &str| format!("targets[{index}].{name}");
        is_id(group, target).map_err(|what| refusal::field(&member("id"), what))?;
        if group.kind == "LAMBDA" && call.list("targets").get(index).is_some_and(|entry| !entry["port"].is_null()) {
            return Err(refusal::field(&member("port"), "is not supported with type LAMBDA"));
        }
    }
    let (mut fit, mut unsuccessful) = (Vec::new(), Vec::new());
    for (index, (target, port)) in wanted.iter().enumerate() {
        match spared(world, index, wanted.len()).or_else(|| unfit(group, &fit, target, *port)) {
            Some((code, message)) => unsuccessful.push(failure(target, *port, code, message)),
            None => fit.push((target.clone(), *port)),
        }
    }
    let new = fit.iter().filter(|(id, port)| !group.targets.iter().any(|other| other.id == *id && other.port == *port)).count();
    quotas::TARGETS.allow(world, Some(&id), group.targets.len() + new)?;
    let successful: Vec<_> = fit.iter().map(|(target, port)| named(target, *port)).collect();
    for (target, port) in fit {
        health::register(world, &id, &target, port);
    }
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

pub(super) fn deregister(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let id = group.card.id.clone();
    settled(GROUP, &group.card, group.life)?;
    let wanted = wanted(group, call);
    let (mut successful, mut unsuccessful) = (Vec::new(), Vec::new());
    for (index, (target, port)) in wanted.iter().enumerate() {
        let missing = ("TargetNotFound", "The target is not registered with the target group.");
        let failed =
            spared(world, index, wanted.len()).or_else(|| (!health::deregister(world, &id, target, *port)).then_some(missing));
        match failed {
            Some((code, message)) => unsuccessful.push(failure(target, *port, code, message)),
            None => successful.push(named(target, *port)),
        }
    }
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let group = world.lattice.group(call.label(0))?;
    let filter = call.list("targets");
    // A filter without a port means the target at whatever port.
    let means = |entry: &Value, target: &Target| {
        entry["id"] == target.id.as_str() && entry["port"].as_u64().is_none_or(|port| port == target.port)
    };
    let shown = |target: &&Target| filter.is_empty() || filter.iter().any(|entry| means(entry, target));
    page(call, group.targets.iter().filter(shown).map(render).collect())
}

/// A target as `ListTargets` gives it.
pub(super) fn render(target: &Target) -> Value {
    let mut all = named(&target.id, target.port);
    all["status"] = json!(target.health.word());
    if let Some(reason) = target.health.reason() {
        all["reasonCode"] = json!(reason);
    }
    all
}
