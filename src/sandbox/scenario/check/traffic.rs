//! Who makes requests, and what answers them beside tasks.

use super::{behaviours::contradictions, whole::steps};
use crate::sandbox::scenario::{
    Behaviour, Scenario,
    mistake::{Mistake, instead},
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let names: Vec<&str> = scenario.lattice.services.iter().map(|service| service.name.as_str()).collect();
    for (index, load) in scenario.load.iter().enumerate() {
        found.extend(load.mistakes().into_iter().map(|(key, message)| Mistake::of(steps!["load", index, key], message)));
        if !load.service.is_empty() && !names.contains(&load.service.as_str()) {
            let message = format!("there is no service `{}`", load.service);
            found.push(Mistake::of(steps!["load", index, "service"], message).hint(instead(&load.service, &names)));
        }
    }
    for (target, behaviour) in &scenario.backends {
        for (key, message, hint) in contradictions(behaviour).into_iter().chain(only_for_tasks(behaviour)) {
            found.push(Mistake::of(steps!["backends", target, key], message).hint(hint));
        }
    }
}

fn only_for_tasks(it: &Behaviour) -> Vec<(&'static str, &'static str, &'static str)> {
    let given = [
        ("starts_after", it.starts_after != Behaviour::default().starts_after),
        ("exits", it.exits.is_some()),
        ("placement_fails", it.placement_fails.is_some()),
    ];
    let message = "only tasks start and stop by themselves";
    given
        .into_iter()
        .filter(|(_, given)| *given)
        .map(|(key, _)| (key, message, "remove it, or write it under `images`"))
        .collect()
}
