//! What a Terraform state calls the things that were found.

use serde_json::Value;

use crate::definition::terraform::{Resource, State};

/// `tfstate:ADDRESS` of the thing with this ARN; none where the state does not have it.
pub(super) fn refer(state: Option<&State>, kind: &str, arn: &str) -> Option<String> {
    let found = state?.resources().iter().find(|resource| resource.kind == kind && resource.attributes["arn"] == *arn)?;
    Some(format!("tfstate:{}.arn", address(found)))
}

/// Cluster and name of every ECS service that the state made.
pub(super) fn ecs_services(state: &State) -> Vec<(String, String)> {
    let all = state.resources().iter().filter(|resource| resource.kind == "aws_ecs_service" && resource.is_managed);
    let text = |resource: &Resource, name: &str| {
        let text = resource.attributes[name].as_str().unwrap_or_default();
        text.rsplit('/').next().unwrap_or_default().to_owned()
    };
    all.map(|resource| (text(resource, "cluster"), text(resource, "name"))).collect()
}

fn address(resource: &Resource) -> String {
    match &resource.key {
        None => resource.address.clone(),
        Some(Value::String(key)) => format!("{}['{key}']", resource.address),
        Some(key) => format!("{}[{key}]", resource.address),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_thing_is_called_by_its_address() {
        let instance = |key: Value, arn: &str| json!({"index_key": key, "attributes": {"arn": arn}});
        let resource = |name: &str, instances: Vec<Value>| json!({"mode": "managed", "type": "aws_vpclattice_target_group", "name": name, "module": "module.web", "instances": instances});
        let state = json!({"version": 4, "resources": [
            resource("one", vec![json!({"attributes": {"arn": "a"}})]),
            resource("each", vec![instance(json!("green"), "b"), instance(json!(1), "c")]),
        ]});
        let state = State::read(&state.to_string()).expect("a state");
        let of = |arn: &str| refer(Some(&state), "aws_vpclattice_target_group", arn);
        assert_eq!(of("a").as_deref(), Some("tfstate:module.web.aws_vpclattice_target_group.one.arn"));
        assert_eq!(of("b").as_deref(), Some("tfstate:module.web.aws_vpclattice_target_group.each['green'].arn"));
        assert_eq!(of("c").as_deref(), Some("tfstate:module.web.aws_vpclattice_target_group.each[1].arn"));
        assert_eq!((of("d"), refer(Some(&state), "aws_iam_role", "a"), refer(None, "x", "a")), (None, None, None));
    }
}
