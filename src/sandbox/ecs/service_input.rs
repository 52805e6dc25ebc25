//! What `CreateService` and `UpdateService` refuse beyond the shape of the request.

use serde_json::Value;

use super::{
    clusters::{self, text, texts},
    refusal,
    state::{Object, Port, TaskDefinition},
    task_definitions::named_port,
};
use crate::sandbox::{lattice, protocol::Refusal, world::World};

/// The members that belong to a deployment; all others belong to the service.
pub(crate) const OF_A_DEPLOYMENT: [&str; 11] = [
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "loadBalancers",
    "serviceRegistries",
    "forceNewDeployment",
];

/// Whether a change starts a new deployment. A change of the capacity provider strategy alone does not (`UpdateService`).
pub(crate) fn deploys(old: &Object, new: &Object) -> bool {
    let matters = |spec: &Object| {
        let mut spec = spec.clone();
        ["launchType", "capacityProviderStrategy"].iter().for_each(|member| drop(spec.remove(*member)));
        spec
    };
    matters(old) != matters(new)
}

/// What this sandbox does not emulate is refused: a test that passes because something was ignored proves nothing.
pub(crate) fn emulated(body: &Value) -> Result<(), Refusal> {
    let controller = body.pointer("/deploymentController/type").and_then(Value::as_str).unwrap_or("ECS");
    if controller != "ECS" {
        if body.get("vpcLatticeConfigurations").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
            return Err(refusal::invalid(format!("VPC Lattice is not supported with the {controller} deployment controller.")));
        }
        return Err(refusal::unsupported(format!("The sandbox has the ECS deployment controller only, not {controller}.")));
    }
    if text(body, "schedulingStrategy") == Some("DAEMON") {
        return Err(refusal::unsupported("The sandbox schedules by REPLICA only, not by DAEMON."));
    }
    Ok(())
}

/// Counts and percentages.
pub(crate) fn numbers(body: &Value) -> Result<(), Refusal> {
    if body.get("desiredCount").and_then(Value::as_i64).is_some_and(|count| !(0..=5000).contains(&count)) {
        return Err(refusal::invalid("desiredCount must be between 0 and 5000."));
    }
    if body.get("healthCheckGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|seconds| seconds < 0) {
        return Err(refusal::invalid("healthCheckGracePeriodSeconds must not be negative."));
    }
    let percent = |member: &str, default| {
        body.pointer(&format!("/deploymentConfiguration/{member}")).and_then(Value::as_i64).unwrap_or(default)
    };
    let (minimum, maximum) = (percent("minimumHealthyPercent", 100), percent("maximumPercent", 200));
    if minimum < 0 || maximum < 1 {
        return Err(refusal::invalid("minimumHealthyPercent must not be negative and maximumPercent must be positive."));
    }
    if minimum >= 100 && maximum <= 100 {
        return Err(refusal::invalid("maximumPercent must be over 100 when minimumHealthyPercent is 100 or more."));
    }
    Ok(())
}

/// The task definition that a service is to run: it has to be there and ACTIVE.
pub(crate) fn task_definition<'a>(world: &'a World, reference: &str) -> Result<&'a TaskDefinition, Refusal> {
    let found = world.ecs.task_definition(reference).ok_or_else(|| refusal::client("TaskDefinition not found."))?;
    if found.active { Ok(found) } else { Err(refusal::client("TaskDefinition is inactive")) }
}

/// Launch type and network against the task definition.
pub(crate) fn placement(world: &World, cluster: &str, spec: &Object, definition: &TaskDefinition) -> Result<(), Refusal> {
    let printed = |member: &str| definition.printed.get(member);
    let strategy = spec.get("capacityProviderStrategy").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let launch = spec.get("launchType").and_then(Value::as_str);
    if strategy && launch.is_some() {
        return Err(refusal::invalid("Specifying both a launch type and capacity provider strategy is not supported."));
    }
    if strategy {
        providers(world, cluster, spec)?;
    }
    let awsvpc = printed("networkMode").and_then(Value::as_str) == Some("awsvpc");
    let compatible = printed("requiresCompatibilities").and_then(Value::as_array).into_iter().flatten();
    if (strategy || launch == Some("FARGATE")) && !compatible.into_iter().any(|kind| kind == "FARGATE") {
        return Err(refusal::invalid("Task definition does not support launch_type FARGATE."));
    }
    let network = spec.get("networkConfiguration").and_then(|network| network.get("awsvpcConfiguration"));
    if awsvpc && network.is_none() {
        return Err(refusal::invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
    }
    if !awsvpc && network.is_some() {
        return Err(refusal::invalid("Network Configuration is not valid for the given networkMode of this task definition."));
    }
    if let Some(network) = network {
        let (subnets, groups) = (texts(network, "subnets").len(), texts(network, "securityGroups").len());
        if !(1..=16).contains(&subnets) {
            return Err(refusal::invalid("subnets must have between 1 and 16 entries."));
        }
        if groups > 5 {
            return Err(refusal::invalid("securityGroups can have at most 5 items."));
        }
    }
    Ok(())
}

/// Capacity providers are associated with the cluster; the sandbox has those of Fargate.
fn providers(world: &World, cluster: &str, spec: &Object) -> Result<(), Refusal> {
    let known = clusters::given(world, cluster, "capacityProviders").and_then(Value::as_array).cloned().unwrap_or_default();
    for item in spec.get("capacityProviderStrategy").and_then(Value::as_array).into_iter().flatten() {
        let name = text(item, "capacityProvider").unwrap_or_default();
        if !known.iter().any(|known| known == name) {
            return Err(refusal::invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.",
            ));
        }
        if !matches!(name, "FARGATE" | "FARGATE_SPOT") {
            return Err(refusal::unsupported(format!("The sandbox has the capacity providers of Fargate only, not {name}.")));
        }
    }
    Ok(())
}

/// The Lattice configurations against task definition and target groups; returns what tasks are registered in.
pub(crate) fn lattice(world: &World, spec: &Object, definition: &TaskDefinition) -> Result<Vec<Port>, Refusal> {
    let given = spec.get("vpcLatticeConfigurations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if given.len() > 5 {
        return Err(refusal::invalid("vpcLatticeConfigurations can have at most 5 items."));
    }
    if !given.is_empty() && definition.printed.get("networkMode").and_then(Value::as_str) != Some("awsvpc") {
        return Err(refusal::unsupported("The sandbox registers tasks of networkMode awsvpc in VPC Lattice only."));
    }
    let mut ports: Vec<Port> = Vec::new();
    for configuration in given {
        let member = |name| text(configuration, name).unwrap_or_default();
        let (role, group, name) = (member("roleArn"), member("targetGroupArn"), member("portName"));
        if !role.starts_with("arn:") || !role.contains(":iam::") || !role.contains(":role/") {
            return Err(refusal::invalid(format!("roleArn '{role}' of a VPC Lattice configuration is not the ARN of a role.")));
        }
        if !group.starts_with("arn:") || !group.contains(":vpc-lattice:") || !group.contains(":targetgroup/tg-") {
            return Err(refusal::invalid(format!("targetGroupArn '{group}' is not the ARN of a VPC Lattice target group.")));
        }
        if !lattice::group_exists(world, group) {
            return Err(refusal::invalid(format!("The VPC Lattice target group {group} does not exist.")));
        }
        let Some(port) = named_port(&definition.printed, name) else {
            return Err(refusal::invalid(format!(
                "The portName '{name}' of a VPC Lattice configuration is not defined in the task definition."
            )));
        };
        let port = Port { group: group.to_owned(), port };
        if ports.iter().any(|known| known.group == port.group) {
            return Err(refusal::invalid(format!(
                "The target group {group} occurs more than once in the VPC Lattice configurations."
            )));
        }
        ports.push(port);
    }
    Ok(ports)
}
