//! What a request may ask for when the strategy is not ROLLING.

use serde_json::Value;

use super::rules::{both, rule, serving};
use crate::sandbox::{
    ecs::{
        alarms,
        clusters::{text, texts},
        deployments::strategy,
        refusal,
        state::{Object, Port},
    },
    lattice,
    protocol::Refusal,
    world::World,
};

/// Stages at which a deployment may be paused.
const PAUSES: [&str; 6] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// Holds a service's settings, defaults filled in, and what it is to deploy against each other.
pub(crate) fn check(world: &World, settings: &Object, spec: &Object) -> Result<(), Refusal> {
    let Some(configuration) = settings.get("deploymentConfiguration") else { return Ok(()) };
    if !alarms::named(configuration) {
        return Err(refusal::invalid("alarmNames must not be empty when alarms are enabled."));
    }
    if configuration.pointer("/earlySuccessCriteria/enable") == Some(&Value::Bool(true)) {
        return Err(refusal::unsupported("The sandbox has no early success criteria."));
    }
    numbers(configuration)?;
    hooks(configuration)?;
    let configurations = list(spec, "vpcLatticeConfigurations");
    let mut rules: Vec<&str> = Vec::new();
    for given in configurations.iter().filter(|given| given.get("advancedConfiguration").is_some()) {
        advanced(world, given, &mut rules)?;
    }
    let strategy = strategy(configuration);
    if strategy == "ROLLING" {
        return Ok(());
    }
    if !list(spec, "loadBalancers").is_empty() {
        return Err(refusal::unsupported(format!(
            "The sandbox deploys by {strategy} with VPC Lattice only, not with load balancers."
        )));
    }
    if configurations.is_empty() {
        return Err(refusal::unsupported(format!("The sandbox deploys by {strategy} with VPC Lattice configurations only.")));
    }
    if configurations.iter().any(|given| given.get("advancedConfiguration").is_none()) {
        return Err(refusal::invalid(
            "advancedConfiguration field is required for all vpcLatticeConfigurations when using a non-ROLLING deployment strategy",
        ));
    }
    if strategy == "BLUE_GREEN" && configuration.get("bakeTimeInMinutes").is_none() {
        return Err(refusal::invalid("bakeTimeInMinutes is required when using the BLUE_GREEN deployment strategy."));
    }
    Ok(())
}

fn list<'a>(spec: &'a Object, member: &str) -> &'a [Value] {
    spec.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Ranges that the model's texts give.
fn numbers(configuration: &Value) -> Result<(), Refusal> {
    let within = |place: &str, least: f64, most: f64| match configuration.pointer(place).and_then(Value::as_f64) {
        Some(given) if !(least..=most).contains(&given) || ((given * 10.0).round() / 10.0 - given).abs() > 1e-9 => {
            Err(refusal::invalid(format!(
                "{} must be a multiple of 0.1 from {least} to {most}.",
                place.rsplit('/').next().unwrap_or(place)
            )))
        }
        _ => Ok(()),
    };
    within("/linearConfiguration/stepPercent", 3.0, 100.0)?;
    within("/canaryConfiguration/canaryPercent", 0.1, 100.0)?;
    for minutes in
        ["/linearConfiguration/stepBakeTimeInMinutes", "/canaryConfiguration/canaryBakeTimeInMinutes", "/bakeTimeInMinutes"]
    {
        within(minutes, 0.0, 1440.0)?;
    }
    let strategy = strategy(configuration);
    for (member, of) in [("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")] {
        if configuration.get(member).is_some() && strategy != of {
            return Err(refusal::invalid(format!("{member} is only valid when the deployment strategy is {of}.")));
        }
    }
    Ok(())
}

/// At most ten hooks that pause, at stages that can be paused, for 14 days at most.
fn hooks(configuration: &Value) -> Result<(), Refusal> {
    let hooks = configuration.get("lifecycleHooks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if hooks.len() > 10 {
        return Err(refusal::invalid("lifecycleHooks can have at most 10 hooks of the type PAUSE."));
    }
    for hook in hooks {
        if text(hook, "targetType") != Some("PAUSE") {
            return Err(refusal::unsupported(
                "The sandbox invokes no Lambda functions; it has lifecycle hooks of the type PAUSE only.",
            ));
        }
        let stages = texts(hook, "lifecycleStages");
        if stages.is_empty() {
            return Err(refusal::invalid("lifecycleStages of a lifecycle hook must not be empty."));
        }
        if let Some(stage) = stages.iter().find(|stage| !PAUSES.contains(stage)) {
            return Err(refusal::invalid(format!("A PAUSE lifecycle hook is not supported at the stage {stage}.")));
        }
        let minutes = hook.pointer("/timeoutConfiguration/timeoutInMinutes").and_then(Value::as_i64);
        if minutes.is_some_and(|minutes| !(1..=20160).contains(&minutes)) {
            return Err(refusal::invalid("timeoutInMinutes must be between 1 and 20160."));
        }
    }
    Ok(())
}

/// One configuration's alternate group and rules: there, different from each other, and used once.
fn advanced<'a>(world: &World, given: &'a Value, rules: &mut Vec<&'a str>) -> Result<(), Refusal> {
    let [own, alternate] = both(given);
    if alternate.is_empty() || own == alternate {
        return Err(refusal::invalid("alternateTargetGroupArn of an advancedConfiguration must be another target group."));
    }
    if !lattice::group_exists(world, alternate) {
        return Err(refusal::invalid(format!("The VPC Lattice target group {alternate} does not exist.")));
    }
    if rule(given, "productionListenerRule").is_none() {
        return Err(refusal::invalid("productionListenerRule of an advancedConfiguration is required."));
    }
    for member in ["productionListenerRule", "testListenerRule"] {
        let Some(arn) = rule(given, member) else { continue };
        if let Err(why) = lattice::forwards(world, arn) {
            return Err(refusal::invalid(format!("{member}: {why}")));
        }
        if rules.contains(&arn) {
            return Err(refusal::invalid(format!(
                "The listener rule {arn} is used more than once in the VPC Lattice configurations."
            )));
        }
        rules.push(arn);
    }
    let service = |member| rule(given, member).and_then(|arn| arn.split("/listener/").next());
    if service("testListenerRule").is_some_and(|test| service("productionListenerRule") != Some(test)) {
        return Err(refusal::invalid("testListenerRule must belong to the VPC Lattice service of productionListenerRule."));
    }
    Ok(())
}

/// What tasks that no traffic is shifted to are registered in: where a configuration has an alternate group, the one that serves.
pub(crate) fn live_groups(world: &World, spec: &Object, ports: Vec<Port>) -> Vec<Port> {
    let configurations = list(spec, "vpcLatticeConfigurations");
    let live = |(given, port): (&Value, Port)| {
        let rule = rule(given, "productionListenerRule");
        let serving = rule.and_then(|rule| serving(world, rule, both(given)).ok());
        Port { group: serving.unwrap_or(port.group), port: port.port }
    };
    configurations.iter().zip(ports).map(live).collect()
}
