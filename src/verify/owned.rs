//! What Terraform has of a release, by its state, and whether its sources leave that alone.
//!
//! A state does not say what `lifecycle` ignores; only the sources do, where they are at hand.

use super::{
    code::Code,
    finding::{Found, Spot},
};
use crate::definition::terraform::State;

/// What a release writes, by ARN, and the ECS services by name.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Rules and listeners whose weights move.
    pub moving: Vec<String>,
    /// The ECS services of both slots.
    pub services: Vec<String>,
}

/// A source of Terraform's: its name and text.
pub type Source = (String, String);

/// A kind of resource, what of it a release writes, and what that means.
struct Kind {
    kind: &'static str,
    code: Code,
    attributes: &'static [&'static str],
    what: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        kind: "aws_vpclattice_listener_rule",
        code: Code::TerraformWeights,
        attributes: &["action"],
        what: "the weights of this rule",
    },
    Kind {
        kind: "aws_vpclattice_listener",
        code: Code::TerraformWeights,
        attributes: &["default_action"],
        what: "the weights of this listener's default action",
    },
    Kind {
        kind: "aws_ecs_service",
        code: Code::TerraformService,
        attributes: &["desired_count", "task_definition"],
        what: "size and task definition of this ECS service",
    },
];

/// A warning for everything that Terraform would write back.
#[must_use]
pub fn judge(state: &State, name: &str, sources: &[Source], written: &Written) -> Vec<Found> {
    let mut found = Vec::new();
    for resource in state.resources().iter().filter(|resource| resource.is_managed) {
        let Some(kind) = KINDS.iter().find(|kind| kind.kind == resource.kind) else { continue };
        let text = |name: &str| resource.attributes[name].as_str().unwrap_or_default();
        let is_ours = if kind.code == Code::TerraformService {
            written.services.iter().any(|service| service == text("name"))
        } else {
            written.moving.iter().any(|arn| arn == text("arn"))
        };
        if !is_ours {
            continue;
        }
        let label = resource.address.rsplit('.').next().unwrap_or_default();
        let block = sources.iter().find_map(|(file, text)| Some((file, block(text, kind.kind, label)?)));
        let missing: Vec<&str> = match &block {
            Some((_, block)) => kind.attributes.iter().copied().filter(|attribute| !ignores(block, attribute)).collect(),
            None => kind.attributes.to_vec(),
        };
        if missing.is_empty() {
            continue;
        }
        let spot = match &block {
            Some((file, _)) => Spot::File { file: (*file).clone(), place: None, pointer: String::new() },
            None => Spot::Thing(resource.address.clone()),
        };
        let unless = if block.is_some() { "" } else { ", unless its source ignores them (a state does not tell)" };
        let message = format!(
            "{} is Terraform's by the state {name}: its next run would write {} back{unless}",
            resource.address, kind.what
        );
        let hint = format!(
            "give the resource `lifecycle {{ ignore_changes = [{}] }}`, and the provider `ignore_tags {{ key_prefixes = [\"espalier:\"] }}`; docs/definitions.md has the whole recipe",
            missing.join(", ")
        );
        found.push(Found::warning(kind.code, spot, message).hint(hint));
    }
    found
}

/// The text between the braces of `resource "KIND" "NAME" { … }`.
fn block<'t>(text: &'t str, kind: &str, name: &str) -> Option<&'t str> {
    let head = format!("\"{kind}\" \"{name}\"");
    let after = &text[text.find(&head)? + head.len()..];
    let open = after.find('{')?;
    let mut depth = 0_usize;
    for (at, character) in after[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(&after[open + 1..open + at]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a resource's `lifecycle` leaves an attribute alone.
fn ignores(block: &str, attribute: &str) -> bool {
    let Some((_, after)) = block.split_once("ignore_changes") else { return false };
    let value = after.trim_start().trim_start_matches('=').trim_start();
    if value.starts_with("all") {
        return true;
    }
    let list = value.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(list, _)| list);
    let plain = |item: &str| item.split('#').next().unwrap_or_default().trim().trim_matches('"').to_owned();
    list.split([',', '\n']).map(plain).any(|item| item == attribute || item.starts_with(&format!("{attribute}[")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(sources: &[(&str, &str)]) -> Vec<String> {
        let resource = |kind: &str, name: &str, attributes: serde_json::Value| json!({"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]});
        let state = json!({"version": 4, "outputs": {}, "resources": [
            resource("aws_vpclattice_listener_rule", "api", json!({"arn": "arn:rule"})),
            resource("aws_vpclattice_listener", "other", json!({"arn": "arn:elsewhere"})),
            resource("aws_ecs_service", "web", json!({"name": "myservice"})),
        ]});
        let state = State::read(&state.to_string()).expect("a state");
        let sources: Vec<Source> = sources.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let written = Written { moving: vec!["arn:rule".to_owned()], services: vec!["myservice".to_owned()] };
        judge(&state, "x.tfstate", &sources, &written).iter().map(|found| format!("{}: {}", found.code, found.message)).collect()
    }

    #[test]
    fn what_terraform_would_write_back_is_told_unless_its_sources_leave_it_alone() {
        let all = judged(&[]);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(
            all[0].starts_with("terraform-owns-weights: aws_vpclattice_listener_rule.api is Terraform's")
                && all[0].contains("unless")
        );
        assert!(all[1].starts_with("terraform-owns-service: aws_ecs_service.web"));
        let rule = "resource \"aws_vpclattice_listener_rule\" \"api\" {\n  action { forward {} }\n  lifecycle { ignore_changes = [action] }\n}\n";
        let service = "resource \"aws_ecs_service\" \"web\" {\n  lifecycle {\n    ignore_changes = [\n      desired_count, # ours\n      task_definition,\n    ]\n  }\n}\n";
        assert_eq!(judged(&[("a.tf", rule), ("b.tf", service)]), [""; 0]);
        let half = service.replace("      task_definition,\n", "");
        let told = judged(&[("a.tf", rule), ("b.tf", &half)]);
        assert!(told.len() == 1 && !told[0].contains("unless"), "{told:?}");
        assert_eq!(judged(&[("a.tf", rule), ("b.tf", &service.replace("[\n", "all #["))]), [""; 0]);
    }
}
