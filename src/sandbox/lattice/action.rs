//! Actions: read from a request, written back into a reply, and handed on to the data plane.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    health,
    parts::settled,
    quotas, refusal,
    state::{Action, GROUP, Group, Service, Written},
};
use crate::sandbox::{protocol::Refusal, world::World};

/// Where a rule is: the ids of its service and its listener, and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) service: String,
    pub(super) listener: String,
    pub(super) rule: String,
}

/// What an action is going to be the action of.
pub(super) struct Wanted<'a> {
    /// The service's id.
    pub(super) service: &'a str,
    /// The listener's protocol.
    pub(super) protocol: &'a str,
    /// The id of the rule that has an action already.
    pub(super) replaced: Option<&'a str>,
}

/// An action that has the right shape, held against the world. `member` is what it is called in the request.
pub(super) fn read(world: &World, wanted: &Wanted<'_>, member: &str, action: &Value) -> Result<Action, Refusal> {
    if let Some(status) = action["fixedResponse"]["statusCode"].as_u64() {
        let status_code = format!("{member}.fixedResponse.statusCode");
        return match status {
            _ if wanted.protocol == "TLS_PASSTHROUGH" => {
                Err(refusal::field(member, "must be a forward action with TLS_PASSTHROUGH"))
            }
            404 => Ok(Action::Fixed(404)),
            500 => Ok(Action::Fixed(500)),
            _ => Err(refusal::field(&status_code, "must be 404 or 500")),
        };
    }
    let service = world.lattice.service(wanted.service)?;
    let listed = action["forward"]["targetGroups"].as_array().map_or(&[][..], Vec::as_slice);
    let mut groups: Vec<(String, u32)> = Vec::new();
    for entry in listed {
        let group = world.lattice.group(entry["targetGroupIdentifier"].as_str().unwrap_or_default())?;
        let id = &group.card.id;
        usable(world, service, wanted.protocol, group)?;
        if groups.iter().any(|(other, _)| other == id) {
            return Err(refusal::invalid(format!("Target group {id} is specified more than once.")));
        }
        let weight = match entry["weight"].as_u64() {
            Some(weight) => u32::try_from(weight).unwrap_or(u32::MAX),
            None if listed.len() == 1 => 100,
            None => {
                let weight = format!("{member}.forward.targetGroups.weight");
                return Err(refusal::field(&weight, "is required with several target groups"));
            }
        };
        groups.push((id.clone(), weight));
    }
    if !world.scenario.knobs.all_zero_weights && groups.iter().all(|(_, weight)| *weight == 0) {
        return Err(refusal::invalid("At least one target group must have a weight above 0."));
    }
    let rules = service.listeners.iter().flat_map(|listener| &listener.rules);
    let kept = rules.filter(|rule| Some(rule.card.id.as_str()) != wanted.replaced);
    let mut used: BTreeSet<&str> = kept.flat_map(|rule| rule.action.groups()).map(|(id, _)| id.as_str()).collect();
    used.extend(groups.iter().map(|(id, _)| id.as_str()));
    quotas::SERVICE_GROUPS.allow(world, Some(&service.card.id), used.len())?;
    Ok(Action::Forward(groups))
}

/// Whether a listener of this protocol may forward to the group: it is ACTIVE, no other service uses it (model of CreateTargetGroup),
/// and TCP goes with TLS_PASSTHROUGH alone (user guide, "Target groups", routing configuration).
fn usable(world: &World, service: &Service, protocol: &str, group: &Group) -> Result<(), Refusal> {
    let id = &group.card.id;
    settled(GROUP, &group.card, group.life)?;
    if world.lattice.user_of(id).is_some_and(|user| user != service.card.arn) {
        return Err(refusal::conflict(GROUP, id, format!("Target group {id} is already in use by another service.")));
    }
    let of_group = group.config["protocol"].as_str().unwrap_or("HTTP");
    if (protocol == "TLS_PASSTHROUGH") != (of_group == "TCP") {
        let message =
            format!("Target group {id} with protocol {of_group} cannot be used by a listener with protocol {protocol}.");
        return Err(refusal::invalid(message));
    }
    Ok(())
}

/// As in `GetRule` and `GetListener`: target groups by their ids, weights always spelled out.
pub(super) fn render(action: &Action) -> Value {
    match action {
        Action::Fixed(status) => json!({"fixedResponse": {"statusCode": status}}),
        Action::Forward(groups) => {
            let entry = |(id, weight): &(String, u32)| json!({"targetGroupIdentifier": id, "weight": weight});
            json!({"forward": {"targetGroups": groups.iter().map(entry).collect::<Vec<_>>()}})
        }
    }
}

/// Replaces an action: at once for the API, and for the data plane when the propagation delay has passed.
pub(super) fn write(world: &mut World, place: &Place, action: Action) -> Result<(), Refusal> {
    let now = world.now;
    let delay = world.scenario.knobs.propagation;
    let follows = now + std::time::Duration::from_secs(delay);
    let listener = world.lattice.listener_mut(&place.service, &place.listener)?;
    let rule = listener.rules.iter_mut().find(|rule| rule.card.is(&place.rule));
    let rule = rule.ok_or_else(|| refusal::not_found(super::state::RULE, &place.rule))?;
    rule.action = action.clone();
    rule.card.updated = now;
    if delay == 0 {
        rule.ahead.clear();
        rule.seen = Some(action);
    } else {
        rule.ahead.push_back((follows, action));
    }
    if rule.is_default() {
        listener.card.updated = now;
    }
    record(world, place)?;
    health::usage_changed(world);
    Ok(())
}

/// Enters what a traffic target now has into the history and the log.
pub(super) fn record(world: &mut World, place: &Place) -> Result<(), Refusal> {
    let rule = world.lattice.rule(&place.service, &place.listener, &place.rule)?;
    let traffic_target = name(world, place)?;
    let group = |id: &str| world.lattice.group(id).map_or_else(|_| id.to_owned(), |group| group.card.name.clone());
    let weights: Vec<_> = rule.action.groups().iter().map(|(id, weight)| (group(id), *weight)).collect();
    let words = match &rule.action {
        Action::Fixed(status) => format!("fixed response {status}"),
        Action::Forward(_) => weights.iter().map(|(name, weight)| format!("{name} {weight}")).collect::<Vec<_>>().join(", "),
    };
    world.note("weights", format!("{traffic_target}: {words}"));
    world.lattice.history.push(Written { at: world.now, traffic_target, weights });
    Ok(())
}

/// A traffic target by names: `service/listener` or `service/listener/rule`.
pub(super) fn name(world: &World, place: &Place) -> Result<String, Refusal> {
    let service = &world.lattice.service(&place.service)?.card.name;
    let listener = world.lattice.listener(&place.service, &place.listener)?;
    let rule = world.lattice.rule(&place.service, &place.listener, &place.rule)?;
    let listener = &listener.card.name;
    Ok(if rule.is_default() { format!("{service}/{listener}") } else { format!("{service}/{listener}/{}", rule.card.name) })
}
