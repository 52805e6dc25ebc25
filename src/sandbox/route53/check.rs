//! What a set of records may be, and which of them can stand beside each other.

use serde_json::Value;

use super::{name::is_in, records::text, state::Zone};
use crate::sandbox::{lattice, protocol::Refusal, world::World};

/// Members of routing policies, which the sandbox does not emulate.
const ROUTING: [&str; 9] = [
    "SetIdentifier",
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "HealthCheckId",
    "TrafficPolicyInstanceId",
    "CidrRoutingConfig",
];

/// Refuses a set that is not one at all.
pub(super) fn form(action: &str, set: &Value) -> Result<(), Refusal> {
    if let Some(member) = ROUTING.iter().chain(&["GeoProximityLocation"]).find(|member| !set[**member].is_null()) {
        return Err(Refusal::new("InvalidInput", format!("The sandbox does not emulate {member} of a record set.")));
    }
    let (alias, ttl, records) = (!set["AliasTarget"].is_null(), !set["TTL"].is_null(), !set["ResourceRecords"].is_null());
    let found = match (alias, ttl, records) {
        (true, false, false) | (false, true, true) => return Ok(()),
        (false, false, false) => "none",
        (true, _, _) => "more than one",
        (false, _, _) => "only part of one",
    };
    Err(Refusal::new(
        "InvalidInput",
        format!(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but \
             found {found} in Change with [Action={action}, Name={}, Type={}, SetIdentifier=null]",
            text(set, "Name"),
            text(set, "Type"),
        ),
    ))
}

/// What is wrong with a set that is to be in a zone, whose other sets are already as they are going to be.
pub(super) fn content(world: &World, zone: &Zone, set: &Value, found: &mut Vec<String>) {
    let (name, kind) = (text(set, "Name"), text(set, "Type"));
    if !is_in(name, &zone.name) {
        found.push(format!("RRSet with DNS name {name} is not permitted in zone {}", zone.name));
        return;
    }
    let others = || zone.sets.iter().filter(|other| text(other, "Name") == name && text(other, "Type") != kind);
    if kind == "CNAME" && name == zone.name {
        found.push(format!("RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {}", zone.name));
    } else if kind == "CNAME" && others().next().is_some() {
        found.push(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in \
             zone {}",
            zone.name
        ));
    } else if others().any(|other| text(other, "Type") == "CNAME") {
        found.push(format!(
            "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME with the same DNS \
             name already exists in zone {}",
            zone.name
        ));
    }
    for record in set["ResourceRecords"].as_array().into_iter().flatten() {
        let value = text(record, "Value");
        let fatal = match kind {
            "A" if value.parse::<std::net::Ipv4Addr>().is_err() => {
                "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
            }
            "AAAA" if value.parse::<std::net::Ipv6Addr>().is_err() => {
                "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
            }
            _ => continue,
        };
        found.push(format!("Invalid Resource Record: 'FATAL problem: {fatal} encountered with '{value}''"));
    }
    if !set["AliasTarget"].is_null() {
        alias(world, zone, set, found);
    }
}

fn alias(world: &World, zone: &Zone, set: &Value, found: &mut Vec<String>) {
    let (target, kind) = (&set["AliasTarget"], text(set, "Type"));
    let (domain, of) = (text(target, "DNSName"), text(target, "HostedZoneId"));
    let tried = format!("Tried to create an alias that targets {domain}, type {kind} in zone {of}, but");
    if of == lattice::HOSTED_ZONE {
        let known = lattice::has_domain(world, domain.trim_end_matches('.'));
        if !known || !matches!(kind, "A" | "AAAA") {
            found.push(format!("{tried} that target was not found"));
        }
    } else if of == zone.id {
        if !is_in(domain, &zone.name) {
            found.push(format!("{tried} the alias target name does not lie within the target zone"));
        } else if !zone.sets.iter().any(|other| text(other, "Name") == domain && text(other, "Type") == kind && other != set) {
            found.push(format!("{tried} that target was not found"));
        }
    } else {
        found.push(format!("{tried} that target was not found"));
    }
}
