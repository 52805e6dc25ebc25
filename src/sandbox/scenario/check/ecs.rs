//! The ECS services: their names, and the target groups and ports that their definitions name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    lattice::is,
    whole::{steps, twice},
};
use crate::sandbox::scenario::{
    Scenario,
    mistake::{Mistake, choice, instead},
};

/// Members that a service's `definition` does not have, and the key that has them.
const ELSEWHERE: [(&str, &str); 4] = [
    ("serviceName", "`name`"),
    ("desiredCount", "`desired`"),
    ("taskDefinition", "`task_definition`, written out"),
    ("cluster", "the scenario's `cluster`"),
];

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let all = scenario.ecs_services.iter().enumerate();
    twice(all.clone().map(|(i, it)| (steps!["ecs_services", i, "name"], it.name.as_str())), "ECS services", found);
    for (index, service) in all {
        for (member, key) in ELSEWHERE {
            if service.definition.get(member).is_some() {
                let path = steps!["ecs_services", index, "definition", member];
                found.push(Mistake::of(path, format!("`{member}` has its own key")).key().hint(format!("write {key}")));
            }
        }
        let entries = service.definition["vpcLatticeConfigurations"].as_array().into_iter().flatten().enumerate();
        for (entry, configuration) in entries {
            let at = |member: &str| steps!["ecs_services", index, "definition", "vpcLatticeConfigurations", entry, member];
            if let Some(arn) = configuration["targetGroupArn"].as_str() {
                group(scenario, arn, at("targetGroupArn"), found);
            }
            if let Some(name) = configuration["portName"].as_str() {
                let known = ports(&service.task_definition);
                if !known.contains(&name) {
                    let message = format!("the task definition has no port mapping named `{name}`");
                    found.push(Mistake::of(at("portName"), message).hint(instead(name, &known)));
                }
            }
        }
    }
}

/// The target group's ARN: of one that there is, in this region and account.
fn group(scenario: &Scenario, arn: &str, path: Vec<String>, found: &mut Vec<Mistake>) {
    let start = format!("arn:aws:vpc-lattice:{}:{}:targetgroup/", scenario.region, scenario.account);
    let ids: BTreeSet<String> =
        scenario.lattice.target_groups.iter().map(|group| group.id.clone()).filter(|id| !id.is_empty()).collect();
    match arn.strip_prefix(&start) {
        Some(id) if ids.iter().any(|known| is(known, id)) => {}
        Some(id) => found.push(
            Mistake::of(path, format!("there is no target group with the id `{id}`"))
                .hint(instead(id, &ids.iter().collect::<Vec<_>>())),
        ),
        None => {
            let arns: Vec<String> = ids.iter().map(|id| format!("{start}{id}")).collect();
            let message = format!("`{arn}` is not the ARN of a target group of this account and region");
            found.push(Mistake::of(path, message).hint(format!("write {}", choice(&arns))));
        }
    }
}

fn ports(task_definition: &Value) -> Vec<&str> {
    let containers = task_definition["containerDefinitions"].as_array().into_iter().flatten();
    let mappings = containers.flat_map(|container| container["portMappings"].as_array().into_iter().flatten());
    mappings.filter_map(|mapping| mapping["name"].as_str()).collect()
}
