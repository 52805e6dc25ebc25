//! VPC Lattice as the other parts of the sandbox see it: shares, targets, an edit by a person, a snapshot.

use serde_json::{Value, json};

use super::{
    action::{self, Place},
    health, rules, seed,
    state::{Action, Group, Health, Life, Written},
    targets,
};
use crate::sandbox::{
    scenario::{Edit, Person},
    world::World,
};

/// Registers a target as ECS does for a task that is RUNNING; an error says what is wrong with the group.
pub(crate) fn register_target(world: &mut World, group: &str, ip: &str, port: u16) -> Result<(), String> {
    let found = world.lattice.group(group).map_err(|refusal| refusal.message)?;
    if found.life != Life::Active {
        return Err(format!("target group {group} is {}", found.life.status()));
    }
    health::register(world, group, ip, u64::from(port));
    Ok(())
}

/// Deregisters a target: it is DRAINING, then gone. Nothing happens when it is not registered.
pub(crate) fn deregister_target(world: &mut World, group: &str, ip: &str, port: u16) {
    health::deregister(world, group, ip, u64::from(port));
}

/// A target's status; None when the group has no such target (any more).
pub(crate) fn target_health(world: &World, group: &str, ip: &str, port: u16) -> Option<Health> {
    let targets = &world.lattice.group(group).ok()?.targets;
    targets.iter().find(|target| target.id == ip && target.port == u64::from(port)).map(|target| target.health)
}

/// What RAM calls the kind of thing that has this ARN, where it can be shared: a service or a service network of this account.
pub(crate) fn shareable(world: &World, arn: &str) -> Option<&'static str> {
    let state = &world.lattice;
    let service = || state.services.iter().any(|it| it.card.arn == arn && !matches!(it.life, Life::Deleting(_)));
    let network = || state.networks.iter().any(|network| network.card.arn == arn);
    if service() {
        return Some("vpc-lattice:Service");
    }
    network().then_some("vpc-lattice:ServiceNetwork")
}

/// Whether Lattice gave this domain name to a service, which is how an alias names it.
pub(crate) fn has_domain(world: &World, domain: &str) -> bool {
    world.lattice.services.iter().any(|service| service.domain == domain)
}

/// The domain name that Lattice gave to the service of this name.
pub(crate) fn domain_of(world: &World, name: &str) -> Option<String> {
    world.lattice.services.iter().find(|service| service.card.name == name).map(|service| service.domain.clone())
}

/// The largest share, in percent, that any listener or rule gives the group as the data plane sees it now.
pub(crate) fn share(world: &World, group: &str) -> f64 {
    let Ok(group) = world.lattice.group(group) else { return 0.0 };
    let seen = world.lattice.rules().filter_map(|(_, _, rule)| rule.seen.as_ref());
    seen.map(|action| action.share(&group.card.id)).fold(0.0, f64::max)
}

/// Whether there is a target group of this id or ARN that is not being deleted.
pub(crate) fn group_exists(world: &World, group: &str) -> bool {
    world.lattice.group(group).is_ok_and(|group| !matches!(group.life, Life::Deleting(_)))
}

/// The smallest share, in percent, that any traffic target which names a group that it did not name at the start has written
/// down for such groups; None when there is no such traffic target.
pub(crate) fn added_share(world: &World) -> Option<f64> {
    let shares = world.lattice.rules().filter_map(|(_, _, rule)| {
        let added = || rule.action.groups().iter().filter(|(id, _)| !rule.initial.contains(id));
        added().next()?;
        Some(added().map(|(id, _)| rule.action.share(id)).sum::<f64>())
    });
    shares.min_by(f64::total_cmp)
}

/// The group's ARN; its id when it is gone.
pub(crate) fn group_arn(world: &World, group: &str) -> String {
    world.lattice.group(group).map_or_else(|_| group.to_owned(), |group| group.card.arn.clone())
}

/// Does what a person does in the console. An error says why it could not be done.
pub(crate) fn edit(world: &mut World, person: &Person) -> Result<(), String> {
    let place = place_of(world, person)?;
    let done = match &person.r#do {
        Edit::Nothing | Edit::SetAlarm(_) | Edit::CancelJob | Edit::SetPullRequest(_) => Ok(()),
        Edit::SetAction(wanted) => {
            let rule = world.lattice.rule(&place.service, &place.listener, &place.rule);
            let action = rule.map(|rule| seed::action_of(world, wanted, Some(rule)));
            action.and_then(|action| action::write(world, &place, action))
        }
        Edit::DeleteRule => rules::remove(world, &place),
        Edit::RemoveServiceTags => world.lattice.service_mut(&place.service).map(|service| service.card.tags.clear()),
        Edit::RemoveTags if person.rule.is_empty() => {
            world.lattice.listener_mut(&place.service, &place.listener).map(|listener| listener.card.tags.clear())
        }
        Edit::RemoveTags => {
            world.lattice.rule_mut(&place.service, &place.listener, &place.rule).map(|rule| rule.card.tags.clear())
        }
    };
    done.map_err(|refusal| refusal.message)
}

fn place_of(world: &World, person: &Person) -> Result<Place, String> {
    let called = |wanted: &str, name: &str| wanted.is_empty() || wanted == name;
    let service = world.lattice.services.iter().find(|service| called(&person.service, &service.card.name));
    let service = service.ok_or_else(|| format!("there is no service {}", person.service))?;
    let listener = service.listeners.iter().find(|listener| called(&person.listener, &listener.card.name));
    let listener = listener.ok_or_else(|| format!("there is no listener {}", person.listener))?;
    let is = |name: &str, default: bool| if person.rule.is_empty() { default } else { name == person.rule };
    let rule = listener.rules.iter().find(|rule| is(&rule.card.name, rule.is_default()));
    let rule = rule.ok_or_else(|| format!("there is no rule {}", person.rule))?;
    Ok(Place { service: service.card.id.clone(), listener: listener.card.id.clone(), rule: rule.card.id.clone() })
}

/// Every split that was ever written, oldest first; the first ones are those of the start.
pub(crate) fn history(world: &World) -> &[Written] {
    &world.lattice.history
}

/// All resources as JSON, for tests and demos; no AWS format.
pub(crate) fn snapshot(world: &World) -> Value {
    let state = &world.lattice;
    let name = |id: &str| state.group(id).map_or_else(|_| id.to_owned(), |group| group.card.name.clone());
    let words = |action: &Action| match action {
        Action::Fixed(status) => json!({"fixed_response": status}),
        Action::Forward(groups) => {
            json!({"forward": groups.iter().map(|(id, weight)| (name(id), json!(weight))).collect::<serde_json::Map<_, _>>()})
        }
    };
    let services = state.services.iter().map(|service| {
        let listeners = service.listeners.iter().map(|listener| {
            let rules = listener.rules.iter().map(|rule| {
                json!({
                    "name": rule.card.name, "arn": rule.card.arn, "priority": rule.priority, "match": *rule.matching,
                    "action": words(&rule.action), "data_plane": rule.seen.as_ref().map(words), "tags": rule.card.tags,
                })
            });
            json!({
                "name": listener.card.name, "arn": listener.card.arn, "port": listener.port, "tags": listener.card.tags,
                "rules": rules.collect::<Vec<_>>(),
            })
        });
        json!({
            "name": service.card.name, "arn": service.card.arn, "status": service.life.status(), "domain": service.domain,
            "tags": service.card.tags, "listeners": listeners.collect::<Vec<_>>(),
        })
    });
    let groups = state.groups.iter().map(|group: &Group| {
        json!({
            "name": group.card.name, "arn": group.card.arn, "status": group.life.status(), "tags": group.card.tags,
            "config": *group.config, "share": share(world, &group.card.id), "in_use": state.user_of(&group.card.id).is_some(),
            "targets": group.targets.iter().map(targets::render).collect::<Vec<_>>(),
        })
    });
    json!({"services": services.collect::<Vec<_>>(), "target_groups": groups.collect::<Vec<_>>()})
}
