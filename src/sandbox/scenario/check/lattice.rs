//! The VPC Lattice resources and the people who edit them: names, ids, ports, priorities, actions.

use super::whole::{steps, twice};
use crate::sandbox::scenario::{
    ActionSeed, Edit, ListenerSeed, Person, Scenario, ServiceSeed,
    mistake::{Mistake, choice, instead},
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let lattice = &scenario.lattice;
    let networks = lattice.service_networks.iter().enumerate();
    let groups = lattice.target_groups.iter().enumerate();
    let services = lattice.services.iter().enumerate();
    let at = |list: &str, index: usize, key: &str| steps!["lattice", list, index, key];
    twice(networks.clone().map(|(i, it)| (at("service_networks", i, "name"), it.name.as_str())), "service networks", found);
    twice(groups.clone().map(|(i, it)| (at("target_groups", i, "name"), it.name.as_str())), "target groups", found);
    // Other accounts call theirs as they like.
    let own = services.clone().filter(|(_, it)| it.account.is_empty());
    twice(own.map(|(i, it)| (at("services", i, "name"), it.name.as_str())), "services", found);
    let network_ids = networks.clone().map(|(i, it)| (at("service_networks", i, "id"), it.id.as_str()));
    let group_ids = groups.map(|(i, it)| (at("target_groups", i, "id"), it.id.as_str()));
    let service_ids = services.clone().map(|(i, it)| (at("services", i, "id"), it.id.as_str()));
    twice(network_ids.chain(group_ids).chain(service_ids), "resources with the id", found);

    let names: Vec<&str> = lattice.services.iter().map(|service| service.name.as_str()).collect();
    for (index, network) in networks {
        for (place, name) in network.services.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                let path = steps!["lattice", "service_networks", index, "services", place];
                found.push(Mistake::of(path, format!("there is no service `{name}`")).hint(instead(name, &names)));
            }
        }
    }
    for (index, service) in services {
        listeners(scenario, service, steps!["lattice", "services", index, "listeners"], found);
    }
    for (index, person) in scenario.people.iter().enumerate() {
        edits(scenario, person, index, found);
    }
}

fn listeners(scenario: &Scenario, service: &ServiceSeed, path: Vec<String>, found: &mut Vec<Mistake>) {
    let below = |steps: &[&dyn ToString]| -> Vec<String> {
        path.iter().cloned().chain(steps.iter().map(|step| step.to_string())).collect()
    };
    let all = service.listeners.iter().enumerate();
    twice(all.clone().map(|(i, it)| (below(&[&i, &"name"]), it.name.as_str())), "listeners", found);
    twice(all.clone().map(|(i, it)| (below(&[&i, &"id"]), it.id.as_str())), "listeners with the id", found);
    let ports: Vec<String> = all.clone().map(|(_, it)| if it.port == 0 { String::new() } else { it.port.to_string() }).collect();
    twice(all.clone().map(|(i, _)| (below(&[&i, &"port"]), ports[i].as_str())), "listeners on port", found);
    for (index, listener) in all {
        action(scenario, &listener.default_action, below(&[&index, &"default_action"]), found);
        let rules = listener.rules.iter().enumerate();
        let rule = |i: usize, key: &str| below(&[&index, &"rules", &i, &key]);
        twice(rules.clone().map(|(i, it)| (rule(i, "name"), it.name.as_str())), "rules", found);
        twice(rules.clone().map(|(i, it)| (rule(i, "id"), it.id.as_str())), "rules with the id", found);
        let numbers: Vec<String> = rules.clone().map(|(_, it)| it.priority.to_string()).collect();
        twice(rules.clone().map(|(i, _)| (rule(i, "priority"), numbers[i].as_str())), "rules with the priority", found);
        for (i, it) in rules {
            action(scenario, &it.action, rule(i, "action"), found);
        }
    }
}

/// An action at the start: to groups that there are, or a fixed response.
fn action(scenario: &Scenario, action: &ActionSeed, path: Vec<String>, found: &mut Vec<Mistake>) {
    shape_of(scenario, action, &path, found);
    let groups = &scenario.lattice.target_groups;
    for name in action.forward.keys().filter(|name| !groups.iter().any(|group| group.name == **name || is(&group.id, name))) {
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let path = path.iter().cloned().chain(["forward".to_owned(), name.clone()]).collect();
        found.push(Mistake::of(path, format!("there is no target group `{name}`")).key().hint(instead(name, &names)));
    }
}

/// Whether a text is this id, or an ARN of it.
pub(super) fn is(id: &str, text: &str) -> bool {
    !id.is_empty() && (text == id || text.ends_with(&format!("/{id}")))
}

fn shape_of(scenario: &Scenario, action: &ActionSeed, path: &[String], found: &mut Vec<Mistake>) {
    let wrong = |message: &str, hint: &str| Mistake::of(path.to_vec(), message).hint(hint);
    match (action.forward.len(), action.fixed_response) {
        (0, None) => found
            .push(wrong("this action does nothing", "write `{ forward: { TARGET_GROUP: 100 } }` or `{ fixed_response: 404 }`")),
        (1.., Some(_)) => found.push(wrong("an action forwards or gives a fixed response, not both", "remove one of them")),
        // `WeightedTargetGroupList` of the service model.
        (11.., None) => found.push(wrong("an action forwards to at most 10 target groups", "remove some")),
        _ => {}
    }
    if !action.forward.is_empty() && !scenario.knobs.all_zero_weights && action.forward.values().all(|weight| *weight == 0) {
        found.push(wrong("every weight is 0, which `knobs.all_zero_weights: false` refuses", "give one group a weight above 0"));
    }
}

/// A person edits what is there, by names that lead to it.
fn edits(scenario: &Scenario, person: &Person, index: usize, found: &mut Vec<Mistake>) {
    let at = |key: &str| steps!["people", index, key];
    fn called<'s, T>(all: &'s [T], name_of: impl Fn(&T) -> &str, wanted: &str) -> Option<&'s T> {
        all.iter().find(|one| wanted.is_empty() || name_of(one) == wanted)
    }
    fn missing<T>(what: &str, all: &[T], name_of: impl Fn(&T) -> &str, wanted: &str, path: Vec<String>) -> Mistake {
        let names: Vec<&str> = all.iter().map(name_of).filter(|name| !name.is_empty()).collect();
        Mistake::of(path, format!("there is no {what} `{wanted}`")).hint(instead(wanted, &names))
    }
    let services = &scenario.lattice.services;
    let Some(service) = called(services, |it| &it.name, &person.service) else {
        found.push(missing("service", services, |it| &it.name, &person.service, at("service")));
        return;
    };
    let listeners = &service.listeners;
    let Some(listener) = called(listeners, |it: &ListenerSeed| &it.name, &person.listener) else {
        found.push(missing("listener", listeners, |it| &it.name, &person.listener, at("listener")));
        return;
    };
    if !person.rule.is_empty() && !listener.rules.iter().any(|rule| rule.name == person.rule) {
        found.push(missing("rule", &listener.rules, |it| &it.name, &person.rule, at("rule")));
    }
    match &person.r#do {
        // An alarm is `cloudwatch`'s to look for.
        Edit::Nothing
        | Edit::RemoveTags
        | Edit::RemoveServiceTags
        | Edit::SetAlarm(_)
        | Edit::CancelJob
        | Edit::SetPullRequest(_) => {}
        Edit::DeleteRule if person.rule.is_empty() => {
            let rules: Vec<&str> = listener.rules.iter().map(|rule| rule.name.as_str()).collect();
            let hint = format!("name the rule: {}", choice(&rules));
            found.push(Mistake::of(at("do"), "nobody can delete a listener's default action").hint(hint));
        }
        Edit::DeleteRule => {}
        Edit::SetAction(wanted) => {
            let path = steps!["people", index, "do", "set-action"];
            shape_of(scenario, wanted, &path, found);
            let groups = &scenario.lattice.target_groups;
            let known = |name: &str| {
                matches!(name, "initial" | "added") || groups.iter().any(|group| group.name == name || is(&group.id, name))
            };
            for name in wanted.forward.keys().filter(|name| !known(name)) {
                let names: Vec<&str> = ["initial", "added"].into_iter().chain(groups.iter().map(|it| it.name.as_str())).collect();
                let path = path.iter().cloned().chain(["forward".to_owned(), name.clone()]).collect();
                found.push(Mistake::of(path, format!("there is no target group `{name}`")).key().hint(instead(name, &names)));
            }
        }
    }
}
