//! Whether a definition is what ECS takes, held against ECS's service model: everything that does not fit, with its place.

use super::{
    finding::Finding,
    members, ports,
    read::{Document, Node, Value},
};
use crate::models::{
    self,
    check::{self, Problem, Step},
};

/// What is wrong with a service definition.
#[must_use]
pub fn service(definition: &Document) -> Vec<Finding> {
    // What a release sets itself need not be there; members that only an update takes are no members of this shape.
    findings(definition, &definition.root, "CreateServiceRequest")
}

/// What is wrong with a task definition, in the wrapper of `describe-task-definition` or without.
#[must_use]
pub fn task_definition(definition: &Document) -> Vec<Finding> {
    findings(definition, ports::task_definition(definition), "RegisterTaskDefinitionRequest")
}

fn findings(definition: &Document, root: &Node, shape: &str) -> Vec<Finding> {
    let Some(ecs) = models::service("ecs") else { return Vec::new() };
    check::value(ecs, shape, &root.to_json()).iter().filter_map(|finding| told(definition, root, finding)).collect()
}

fn told(definition: &Document, root: &Node, finding: &check::Finding) -> Option<Finding> {
    let is_at_top = finding.path.len() == 1;
    // Members at the top that ECS does not take are left out and told by `request`, and what is missing there is ours to set.
    if is_at_top && matches!(finding.problem, Problem::Unknown(_) | Problem::Missing) {
        return None;
    }
    let (node, pointer) = stands(root, &finding.path);
    // Generators write empty text where nothing is set; what is printed only is left out.
    let is_unset = finding.given.is_null() && !matches!(finding.problem, Problem::Missing) || finding.given == "";
    let top = finding.path.first().and_then(|step| if let Step::Member(name) = step { Some(name.as_str()) } else { None });
    if is_unset || top.is_some_and(|name| !members::is_sent(name)) {
        return None;
    }
    let name = finding.path.last().map(|step| match step {
        Step::Member(name) | Step::Key(name) => format!("`{name}`"),
        Step::Item(index) => format!("element {index}"),
    })?;
    Some(match &finding.problem {
        Problem::Unknown(known) => {
            let warning = definition.warning(node, pointer, format!("{name} is no member that ECS knows here, and is left out"));
            match nearest(finding.path.last(), known) {
                Some(near) => warning.hint(format!("did you mean `{near}`?")),
                None => warning.hint(format!("the members here are {}", known.join(", "))),
            }
        }
        Problem::Kind(_) | Problem::Missing | Problem::Length { .. } | Problem::Range { .. } | Problem::Union(_) => {
            definition.error(node, pointer, format!("{name} {}", finding.problem))
        }
        Problem::Pattern(_) => definition.error(node, pointer, format!("{name} {}", finding.problem)),
        Problem::Words(words) => {
            let error = definition.error(node, pointer, format!("`{}` is no {name}", plain(&finding.given)));
            match nearest(Some(&Step::Member(plain(&finding.given))), words) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("ECS knows {}", words.join(", "))),
            }
        }
    })
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn nearest<'k>(step: Option<&Step>, known: &'k [String]) -> Option<&'k str> {
    let Some(Step::Member(name) | Step::Key(name)) = step else { return None };
    let distance = |known: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
    known
        .iter()
        .map(|known| (distance(known), known.as_str()))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, known)| known)
}

/// The node at a path, or the last one on the way that is there; and the path as a JSON pointer.
fn stands<'n>(root: &'n Node, path: &[Step]) -> (&'n Node, String) {
    let (mut node, mut is_there, mut pointer) = (root, true, String::new());
    for step in path {
        let next = match (step, &node.value) {
            (Step::Member(name) | Step::Key(name), Value::Object(_)) => node.get(name),
            (Step::Item(index), Value::Array(elements)) => elements.get(*index),
            (
                Step::Member(_) | Step::Key(_) | Step::Item(_),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
            ) => None,
        };
        match next.filter(|_| is_there) {
            Some(next) => node = next,
            None => is_there = false,
        }
        pointer.push('/');
        pointer.push_str(&match step {
            Step::Member(name) | Step::Key(name) => name.replace('~', "~0").replace('/', "~1"),
            Step::Item(index) => index.to_string(),
        });
    }
    (node, pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(findings: Vec<Finding>) -> Vec<String> {
        let line = |finding: Finding| match &finding.hint {
            Some(hint) => format!("{finding} [{}] | {hint}", finding.pointer),
            None => format!("{finding} [{}]", finding.pointer),
        };
        findings.into_iter().map(line).collect()
    }

    #[test]
    fn the_seed_is_what_ecs_takes() {
        let read = |text: &str| Document::read("f.json", text.as_bytes()).expect("JSON");
        assert_eq!(told(service(&read(include_str!("../../tests/fixtures/seed/ecs-service-def.json")))), Vec::<String>::new());
        assert_eq!(
            told(task_definition(&read(include_str!("../../tests/fixtures/seed/ecs-task-def.json")))),
            Vec::<String>::new()
        );
    }

    #[test]
    fn everything_that_does_not_fit_is_told_with_its_place() {
        let text = r#"{"desiredCount": "3", "launchType": "FARGAT", "propagateTags": "", "events": [1], "netwrok": {},
  "networkConfiguration": {"awsvpcConfiguration": {"subnet": ["s"], "assignPublicIp": "DISABLED"}},
  "vpcLatticeConfigurations": [{"roleArn": "r", "portName": 80}]}"#;
        let document = Document::read("service.json", text.as_bytes()).expect("JSON");
        assert_eq!(
            told(service(&document)),
            [
                "service.json:1:18: `desiredCount` must be an integer [/desiredCount]",
                "service.json:1:37: `FARGAT` is no `launchType` [/launchType] | did you mean `FARGATE`?",
                "service.json:2:51: `subnets` is required [/networkConfiguration/awsvpcConfiguration/subnets]",
                "service.json:2:62: `subnet` is no member that ECS knows here, and is left out [/networkConfiguration/awsvpcConfiguration/subnet] | did you mean `subnets`?",
                "service.json:3:32: `targetGroupArn` is required [/vpcLatticeConfigurations/0/targetGroupArn]",
                "service.json:3:61: `portName` must be a string [/vpcLatticeConfigurations/0/portName]",
            ]
        );
        let text = r#"{"taskDefinition": {"family": "f", "revision": 3, "status": "X", "containerDefinitions": [{"name": "web", "portMappings": [{"containerPort": "80"}]}]}}"#;
        let document = Document::read("task.json", text.as_bytes()).expect("JSON");
        assert_eq!(
            told(task_definition(&document)),
            ["task.json:1:142: `containerPort` must be an integer [/containerDefinitions/0/portMappings/0/containerPort]"]
        );
    }
}
