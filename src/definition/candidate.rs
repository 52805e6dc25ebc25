//! What a definition must not have when the weights are to be the only way to the candidate, and the only hand on them ours.

use super::{
    finding::Finding,
    read::{Document, Node, Value},
};

/// Why a definition cannot be a candidate's while another slot serves: members that bring traffic to it past the weights.
///
/// Judge the definition after the slot's `overrides` have run: they may remove or rename what is named here. `slot` is the slot's
/// name in the config, for the hint.
#[must_use]
pub fn beside_stable(definition: &Document, slot: &str) -> Vec<Finding> {
    let root = &definition.root;
    let refused = |node: &Node, name: &str, why: &str| {
        let message = format!("`{name}` brings traffic to the candidate past the weights: {why}");
        let hint = format!(
            "remove it with `jq: del(.{name})` in the config, for this slot alone with `overrides` under `lattice.slots.{slot}`: at each promotion the slots swap roles"
        );
        definition.error(node, format!("/{name}"), message).hint(hint)
    };
    let mut findings = Vec::new();
    let filled = |name: &str| root.get(name).filter(|list| !list.elements().is_empty());
    if let Some(list) = filled("loadBalancers") {
        findings.push(refused(list, "loadBalancers", "its tasks would stand in the load balancer beside the stable ones"));
    }
    if let Some(list) = filled("serviceRegistries") {
        findings.push(refused(list, "serviceRegistries", "its tasks would be found in Cloud Map beside the stable ones"));
    }
    let connect = root.get("serviceConnectConfiguration");
    let off = connect.and_then(|block| block.get("enabled")).is_some_and(|enabled| enabled.value == Value::Bool(false));
    let serves = connect.and_then(|block| block.get("services")).filter(|services| !services.elements().is_empty());
    if let (Some(services), false) = (serves, off) {
        findings.push(refused(
            services,
            "serviceConnectConfiguration",
            "it would answer to the same Service Connect name as the stable one",
        ));
    }
    findings
}

/// Why espalier cannot deploy a definition itself, to either slot: another hand on the tasks or the weights.
#[must_use]
pub fn for_any_slot(definition: &Document) -> Vec<Finding> {
    let root = &definition.root;
    let mut findings = Vec::new();
    let strategy = root.get("deploymentConfiguration").and_then(|configuration| configuration.get("strategy"));
    if let Some((node, strategy)) =
        strategy.and_then(|node| Some((node, node.as_str().filter(|text| !text.is_empty() && *text != "ROLLING")?)))
    {
        let message = format!(
            "with the deployment strategy {strategy} ECS moves the weights itself, two hands on one rule break a release"
        );
        findings.push(
            definition
                .error(node, "/deploymentConfiguration/strategy", message)
                .hint("write \"ROLLING\", or leave the release to ECS"),
        );
    }
    let controller = root.get("deploymentController").and_then(|controller| controller.get("type"));
    if let Some((node, kind)) = controller.and_then(|node| Some((node, node.as_str().filter(|text| *text != "ECS")?))) {
        let message = format!("VPC Lattice does not work with the deployment controller {kind}");
        findings.push(definition.error(node, "/deploymentController/type", message).hint("write \"ECS\""));
    }
    if let Some(node) = root.get("schedulingStrategy").filter(|node| node.as_str() == Some("DAEMON")) {
        let message = "a DAEMON service has no size of its own, so its candidate cannot be given the stable one's";
        findings.push(definition.error(node, "/schedulingStrategy", message).hint("write \"REPLICA\""));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(find: fn(&Document) -> Vec<Finding>, text: &str) -> Vec<String> {
        find(&Document::read("s.json", text.as_bytes()).expect("JSON"))
            .iter()
            .map(|finding| format!("{} {}", finding.pointer, finding.hint.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn ways_past_the_weights_are_refused_and_their_absence_is_not() {
        let second = |text| told(|definition| beside_stable(definition, "b"), text);
        let all = r#"{"loadBalancers": [{}], "serviceRegistries": [{}], "serviceConnectConfiguration": {"enabled": true, "services": [{"portName": "http"}]}}"#;
        assert_eq!(
            second(all),
            ["loadBalancers", "serviceRegistries", "serviceConnectConfiguration"].map(|name| format!(
                "/{name} remove it with `jq: del(.{name})` in the config, for this slot alone with `overrides` under `lattice.slots.b`: at each promotion the slots swap roles"
            ))
        );
        for fine in [
            "{}",
            r#"{"loadBalancers": [], "serviceRegistries": []}"#,
            r#"{"serviceConnectConfiguration": {"enabled": true, "namespace": "client-only"}}"#,
            r#"{"serviceConnectConfiguration": {"enabled": false, "services": [{"portName": "http"}]}}"#,
        ] {
            assert_eq!(second(fine), [""; 0], "{fine}");
        }
    }

    #[test]
    fn another_hand_on_the_weights_is_refused() {
        let text = r#"{"deploymentConfiguration": {"strategy": "CANARY"}, "deploymentController": {"type": "CODE_DEPLOY"}, "schedulingStrategy": "DAEMON"}"#;
        assert_eq!(told(for_any_slot, text).len(), 3);
        assert_eq!(
            told(
                for_any_slot,
                r#"{"deploymentConfiguration": {"strategy": "ROLLING"}, "deploymentController": {"type": "ECS"}}"#
            ),
            [""; 0]
        );
    }
}
