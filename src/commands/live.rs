//! From what an account holds to the world of a sandbox.
//!
//! What can be taken over is taken over as it is: region, account, ids, names, tags, weights, definitions, sizes. Tasks are not: the
//! sandbox starts its own, as many as each ECS service wants, and they are healthy. What the account's images do is not known, so
//! each of them behaves well; the scenario says what the next ones do.

use serde_json::{Map, Value, json};

use super::{connect, start};
use crate::{
    aws::{
        Aws,
        inventory::{self, Described, Group, Inventory, Service, Wanted},
    },
    definition::arn::Arn,
    exit::Error,
    models,
    sandbox::scenario::Draft,
    settings::LiveSettings,
};

/// Puts what an account holds in the place of the scenario's resources.
///
/// # Errors
/// When the account cannot be read, or holds what a sandbox cannot.
pub(super) async fn take_over(draft: &mut Draft, settings: &LiveSettings) -> Result<(), Error> {
    let aws = connect::aws(&settings.aws).await?;
    let wanted = Wanted {
        cluster: settings.cluster.clone(),
        lattice_service: settings.lattice_service.clone(),
        slots: settings.slots.clone(),
    };
    let inventory = inventory::look(&aws, &wanted).await?;
    draft.replace(resources(&inventory, &aws)).map_err(start::refused)?;
    for image in inventory.ecs_services.iter().flat_map(|(_, definition)| images(definition)) {
        draft.scenario.images.entry(image).or_default();
    }
    connect::print(&told(&inventory, &aws));
    Ok(())
}

/// What was read, and that nothing was written.
fn told(inventory: &Inventory, aws: &Aws) -> String {
    let calls = aws.calls();
    let made: u64 = calls.values().sum();
    format!(
        "read {} Lattice services, {} target groups and {} ECS services of {} with {made} calls, none of which writes: {}",
        inventory.services.len(),
        inventory.groups.len(),
        inventory.ecs_services.len(),
        aws.endpoint.as_ref().map_or_else(|| aws.region.clone(), |endpoint| format!("{} at {endpoint}", aws.region)),
        calls.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    )
}

/// The keys of a scenario that an inventory fills.
fn resources(inventory: &Inventory, aws: &Aws) -> Value {
    let arns = inventory.services.iter().map(|service| &service.card).chain(inventory.groups.iter().map(|group| &group.card));
    let arn = arns.filter_map(|card| card.answer["arn"].as_str()).chain(inventory.cluster.as_deref()).find_map(Arn::parse);
    let networks =
        inventory.networks.iter().map(|(id, network)| json!({"id": id, "name": network.name, "services": network.services}));
    let lattice = json!({
        "service_networks": networks.collect::<Vec<_>>(),
        "target_groups": inventory.groups.iter().map(|found| group(found, inventory)).collect::<Vec<_>>(),
        "services": inventory.services.iter().map(service).collect::<Vec<_>>(),
    });
    let mut all = json!({"region": aws.region, "lattice": lattice});
    if let Some(arn) = arn {
        all["account"] = json!(arn.account);
    }
    if let Some(cluster) = inventory.cluster.as_deref() {
        all["cluster"] = json!(cluster.rsplit('/').next().unwrap_or(cluster));
    }
    all["ecs_services"] = inventory.ecs_services.iter().map(|(service, definition)| ecs_service(service, definition)).collect();
    all
}

/// Name, id and tags, and what else there is to say.
fn card(described: &Described, more: Value) -> Value {
    let mut card = json!({"name": described.answer["name"], "id": described.answer["id"], "tags": described.tags});
    if let (Some(card), Value::Object(more)) = (card.as_object_mut(), more) {
        // A key that would say what is so anyway is left out.
        card.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    card
}

fn group(found: &Group, inventory: &Inventory) -> Value {
    let answer = &found.card.answer;
    let arn = &answer["arn"];
    // The targets of ECS services are tasks, which the sandbox starts itself.
    let entries = |service: &Value| service.pointer("/deployments/0/vpcLatticeConfigurations").cloned().unwrap_or_default();
    let is_of_ecs = inventory.ecs_services.iter().any(|(service, _)| {
        entries(service).as_array().is_some_and(|entries| entries.iter().any(|entry| entry["targetGroupArn"] == *arn))
    });
    let target =
        |(id, port): &(String, Option<u16>)| port.map_or_else(|| json!({"id": id}), |port| json!({"id": id, "port": port}));
    let targets = (!is_of_ecs && !found.targets.is_empty()).then(|| found.targets.iter().map(target).collect::<Value>());
    let kind = answer["type"].as_str().filter(|kind| *kind != "IP");
    card(&found.card, json!({"type": kind, "config": answer["config"], "targets": targets}))
}

fn service(found: &Service) -> Value {
    let listeners = found.listeners.iter().map(|listener| {
        let answer = &listener.card.answer;
        let rules = listener.rules.iter().map(|rule| {
            let answer = &rule.answer;
            card(rule, json!({"priority": answer["priority"], "match": answer["match"], "action": action(&answer["action"])}))
        });
        let protocol = answer["protocol"].as_str().filter(|protocol| *protocol != "HTTP");
        let more = json!({
            "protocol": protocol, "port": answer["port"], "default_rule": listener.default_rule,
            "default_action": action(&answer["defaultAction"]), "rules": rules.collect::<Vec<_>>(),
        });
        card(&listener.card, more)
    });
    card(&found.card, json!({"listeners": listeners.collect::<Vec<_>>()}))
}

/// An action by the ids of its groups. A weight that is not there counts 100 where the group is alone, and 1 beside others.
fn action(answer: &Value) -> Value {
    if let Some(status) = answer["fixedResponse"]["statusCode"].as_u64() {
        return json!({"fixed_response": status});
    }
    let groups = answer["forward"]["targetGroups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let absent = if groups.len() == 1 { 100 } else { 1 };
    let entry = |group: &Value| {
        let id = group["targetGroupIdentifier"].as_str().unwrap_or_default();
        let id = id.rsplit('/').next().unwrap_or(id).to_owned();
        (id, json!(group["weight"].as_u64().unwrap_or(absent)))
    };
    json!({"forward": groups.iter().map(entry).collect::<Map<_, _>>()})
}

/// An ECS service as `CreateService` would make it again, and its task definition as `RegisterTaskDefinition` would.
fn ecs_service(service: &Value, definition: &Value) -> Value {
    let mut whole = service.as_object().cloned().unwrap_or_default();
    // What ECS prints of a service's newest deployment only.
    for member in ["vpcLatticeConfigurations", "serviceConnectConfiguration", "volumeConfigurations"] {
        if let Some(value) = service.pointer(&format!("/deployments/0/{member}")) {
            whole.insert(member.to_owned(), value.clone());
        }
    }
    for own in ["serviceName", "desiredCount", "taskDefinition", "cluster"] {
        whole.remove(own);
    }
    json!({
        "name": service["serviceName"],
        "desired": service["desiredCount"],
        "revision": definition["revision"],
        "task_definition": taken("RegisterTaskDefinition", definition.as_object().cloned().unwrap_or_default()),
        "definition": taken("CreateService", whole),
    })
}

/// The members that an operation of ECS takes, by the service model; lists that say nothing are left out.
pub(super) fn taken(operation: &str, members: Map<String, Value>) -> Value {
    let ecs = models::service("ecs");
    let input = ecs.and_then(|ecs| ecs.shape(ecs.operations.get(operation)?.input.as_deref()?));
    let takes = |name: &str| input.is_some_and(|input| input.members.contains_key(name));
    let says = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    members.into_iter().filter(|(name, value)| takes(name) && says(value)).collect()
}

fn images(definition: &Value) -> Vec<String> {
    let containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["image"].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{action, ecs_service};

    #[test]
    fn weights_that_are_not_there_are_those_that_aws_documents() {
        let group = |id: &str| json!({"targetGroupIdentifier": id});
        assert_eq!(action(&json!({"forward": {"targetGroups": [group("tg-a")]}})), json!({"forward": {"tg-a": 100}}));
        let two = json!({"forward": {"targetGroups": [group("arn:x:targetgroup/tg-a"), {"targetGroupIdentifier": "tg-b", "weight": 7}]}});
        assert_eq!(action(&two), json!({"forward": {"tg-a": 1, "tg-b": 7}}));
        assert_eq!(action(&json!({"fixedResponse": {"statusCode": 404}})), json!({"fixed_response": 404}));
    }

    #[test]
    fn an_ecs_service_keeps_what_it_could_be_made_of_again() {
        let service = json!({
            "serviceName": "web", "serviceArn": "arn:x", "desiredCount": 2, "taskDefinition": "arn:t", "launchType": "FARGATE",
            "runningCount": 2, "loadBalancers": [], "deployments": [{"vpcLatticeConfigurations": [{"portName": "http"}]}],
        });
        let definition = json!({"family": "web", "revision": 7, "status": "ACTIVE", "volumes": []});
        assert_eq!(
            ecs_service(&service, &definition),
            json!({
                "name": "web", "desired": 2, "revision": 7, "task_definition": {"family": "web"},
                "definition": {"launchType": "FARGATE", "vpcLatticeConfigurations": [{"portName": "http"}]},
            })
        );
    }
}
