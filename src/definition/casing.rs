//! The names of members as ECS spells them, whatever their case in the file: ecspresso and CloudFormation take `ContainerDefinitions`
//! for `containerDefinitions`, and so does this. Keys that people choose (labels, log options, drivers' options) stay as they are.

use std::sync::LazyLock;

use super::{
    finding::{Finding, list},
    read::{Document, Member, Node, Value},
};
use crate::models::{self, Kind, Shape};

/// Which of the two definitions a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A service definition.
    Service,
    /// A task definition, in the wrapper of `describe-task-definition` or without.
    Task,
}

/// Every name of a member that a definition can have, sorted: most files have no others, and ECS's whole model need not be read to
/// see that. A test holds it against the model.
const NAMES: &str = include_str!("member-names.txt");
/// The members whose keys are anybody's.
const FREE: [&str; 4] = ["dockerLabels", "driverOpts", "labels", "options"];
/// Members that are no members of ECS's, and are known here all the same.
const BESIDE: [&str; 4] = ["containerName", "containerPort", "enabled", SINGULAR];
const SINGULAR: &str = "vpcLatticeConfiguration";

/// The same document with ECS's own names in the place of those that differ only in case. Its text is as it was; what is to be said
/// stands in its warnings.
///
/// # Errors
/// Members that differ only in case from each other: which of them counts nobody could tell.
pub fn canonical(mut document: Document, definition: Definition) -> Result<Document, Vec<Finding>> {
    if !is_odd(&document.root, &mut Vec::new()) {
        return Ok(document);
    }
    let mut root = std::mem::replace(&mut document.root, Value::Null.into());
    let mut renaming = Renaming { document: &document, renamed: Vec::new(), errors: Vec::new() };
    let shapes = match definition {
        Definition::Service => &SERVICE[..],
        Definition::Task if is_wrapped(&root) => &WRAPPER[..],
        Definition::Task => &TASK[..],
    };
    renaming.members(&mut root, "", &Names::of(shapes));
    let Renaming { renamed, errors, .. } = renaming;
    document.root = root;
    if !errors.is_empty() {
        return Err(errors);
    }
    if let [(first, pointer, span), others @ ..] = renamed.as_slice() {
        let at = Node { value: Value::Null, span: span.clone() };
        let more = match others.len() {
            0 => String::new(),
            1 => ", and one other".to_owned(),
            many => format!(", and {many} others"),
        };
        let message = format!("{first}{more}: ECS's own spelling is another, the case of names does not count here");
        document.warnings.push(document.warning(&at, pointer.clone(), message));
    }
    Ok(document)
}

const SERVICE: [&str; 3] = ["CreateServiceRequest", "UpdateServiceRequest", "Service"];
const TASK: [&str; 2] = ["RegisterTaskDefinitionRequest", "TaskDefinition"];
const WRAPPER: [&str; 1] = ["DescribeTaskDefinitionResponse"];

fn is_wrapped(root: &Node) -> bool {
    matches!(&root.value, Value::Object(members) if members.iter().any(|member| member.name.eq_ignore_ascii_case("taskDefinition")))
}

/// Whether some name is none of ECS's. A definition has few names, over and over: those that were `met` need not be looked up.
fn is_odd<'d>(node: &'d Node, met: &mut Vec<&'d str>) -> bool {
    match &node.value {
        Value::Object(members) => members.iter().any(|member| {
            let name = member.name.as_str();
            if !met.contains(&name) {
                if !is_known(name) {
                    return true;
                }
                met.push(name);
            }
            !FREE.contains(&name) && is_odd(&member.node, met)
        }),
        Value::Array(elements) => elements.iter().any(|element| is_odd(element, met)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether it is a line of [`NAMES`].
fn is_known(name: &str) -> bool {
    static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| NAMES.lines().collect());
    SORTED.binary_search(&name).is_ok()
}

/// The members of one place: those of all these shapes.
struct Names(Vec<&'static Shape>);

impl Names {
    fn of(shapes: &[&str]) -> Self {
        let ecs = models::service("ecs");
        Self(shapes.iter().filter_map(|name| ecs?.shape(name)).collect())
    }

    /// The name as ECS has it, and the shape of what stands there.
    fn find(&self, name: &str) -> Option<(&'static str, Option<&'static Shape>)> {
        let ecs = models::service("ecs")?;
        let exact = self.0.iter().find_map(|shape| shape.members.get_key_value(name));
        let found = exact.or_else(|| {
            let mut all = self.0.iter().flat_map(|shape| &shape.members);
            all.find(|(known, _)| known.eq_ignore_ascii_case(name))
        });
        let by_hand = || {
            let known = BESIDE.iter().find(|known| known.eq_ignore_ascii_case(name))?;
            Some((*known, ecs.shape("VpcLatticeConfiguration").filter(|_| *known == SINGULAR)))
        };
        found.map(|(known, member)| (known.as_str(), ecs.shape(&member.shape))).or_else(by_hand)
    }
}

struct Renaming<'d> {
    document: &'d Document,
    /// In words, with pointer and place of the name.
    renamed: Vec<(String, String, std::ops::Range<usize>)>,
    errors: Vec<Finding>,
}

impl Renaming<'_> {
    fn members(&mut self, node: &mut Node, pointer: &str, names: &Names) {
        let Value::Object(members) = &mut node.value else { return };
        for member in members.iter_mut() {
            let Some((name, shape)) = names.find(&member.name) else { continue };
            let inner = format!("{pointer}/{name}");
            if name != member.name {
                self.renamed.push((format!("`{}` is read as `{name}`", member.name), inner.clone(), member.span.clone()));
                name.clone_into(&mut member.name);
            }
            if let Some(shape) = shape {
                self.value(&mut member.node, &inner, shape);
            }
        }
        self.twice(members, pointer);
    }

    fn value(&mut self, node: &mut Node, pointer: &str, shape: &'static Shape) {
        let of = |member: &Option<models::Member>| models::service("ecs")?.shape(&member.as_ref()?.shape);
        match (shape.kind, &mut node.value) {
            (Kind::Structure, _) => self.members(node, pointer, &Names(vec![shape])),
            (Kind::List, Value::Array(elements)) => {
                let Some(shape) = of(&shape.member) else { return };
                for (index, element) in elements.iter_mut().enumerate() {
                    self.value(element, &format!("{pointer}/{index}"), shape);
                }
            }
            // Keys of maps are nobody's but the author's, and what is wrong is for others to tell.
            _ => {}
        }
    }

    /// Two names that were different are one now.
    fn twice(&mut self, members: &[Member], pointer: &str) {
        for (index, member) in members.iter().enumerate() {
            let Some(first) = members[..index].iter().find(|first| first.name == member.name) else { continue };
            let spelt =
                |member: &Member| self.document.text.get(member.span.clone()).unwrap_or_default().trim_matches('"').to_owned();
            let at = Node { value: Value::Null, span: member.span.clone() };
            let message =
                format!("{} are the same member for ECS: names differ in case only", list(&[spelt(first), spelt(member)]));
            let error = self.document.error(&at, format!("{pointer}/{}", member.name), message);
            let place = self.document.place(first.span.start);
            let where_first = place.map_or_else(String::new, |place| format!(", the first stands in line {}", place.line));
            self.errors.push(error.hint(format!("keep one of the two{where_first}")));
        }
    }
}

/// The names that the members of a definition have by ECS's model.
#[cfg(test)]
fn of_the_model() -> std::collections::BTreeSet<String> {
    use std::collections::BTreeSet;

    let ecs = models::service("ecs").expect("ECS");
    let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut left: Vec<&str> = SERVICE.iter().chain(&TASK).chain(&WRAPPER).copied().collect();
    while let Some(name) = left.pop() {
        if !seen.insert(name) {
            continue;
        }
        let shape = ecs.shape(name).expect("a shape");
        names.extend(shape.members.keys().cloned());
        let parts = shape.members.values().chain(&shape.member).chain(&shape.value);
        left.extend(parts.map(|part| part.shape.as_str()));
    }
    names.extend(BESIDE.map(str::to_owned));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::members;

    fn read(text: &str) -> Document {
        Document::read("f.json", text.as_bytes()).expect("JSON")
    }

    fn told(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|finding| format!("{finding} [{}]", finding.pointer)).collect()
    }

    #[test]
    fn the_names_are_those_of_the_model() {
        let made = of_the_model().into_iter().map(|name| format!("{name}\n")).collect::<String>();
        assert_eq!(made, NAMES, "member-names.txt is to be:\n{made}");
        assert!(members::service().chain(members::task_definition()).all(|name| NAMES.lines().any(|known| known == name)));
    }

    #[test]
    fn names_in_any_case_are_ecss_and_chosen_keys_stay() {
        let text = r#"{"TaskDefinition": {"Family": "f", "containerdefinitions": [
  {"Name": "web", "DockerLabels": {"Name": "x", "name": "y"}, "LogConfiguration": {"LogDriver": "awslogs", "Options": {"Name": "z"}},
   "Environment": [{"Name": "PATH", "Value": "Value"}], "Unknown": {"Name": 1}}]}}"#;
        let document = canonical(read(text), Definition::Task).expect("one of each");
        assert_eq!(
            document.root.to_json(),
            serde_json::json!({"taskDefinition": {"family": "f", "containerDefinitions": [
                {"name": "web", "dockerLabels": {"Name": "x", "name": "y"}, "logConfiguration": {"logDriver": "awslogs", "options": {"Name": "z"}},
                 "environment": [{"name": "PATH", "value": "Value"}], "Unknown": {"Name": 1}}]}})
        );
        assert_eq!(document.text, text);
        assert_eq!(
            told(&document.warnings),
            [
                "f.json:1:2: `TaskDefinition` is read as `taskDefinition`, and 10 others: ECS's own spelling is another, the case of names does not count here [/taskDefinition]"
            ]
        );
        let plain = canonical(read(r#"{"family": "f"}"#), Definition::Task).expect("plain");
        assert_eq!(plain.warnings, []);
    }

    #[test]
    fn names_that_differ_in_case_only_are_told_with_both_places() {
        let text = "{\n  \"serviceName\": \"a\",\n  \"ServiceName\": \"b\",\n  \"networkConfiguration\": {\"AwsvpcConfiguration\": {}, \"awsvpcConfiguration\": {}}\n}";
        let errors = canonical(read(text), Definition::Service).expect_err("refused");
        assert_eq!(
            told(&errors),
            [
                "f.json:4:55: `AwsvpcConfiguration` and `awsvpcConfiguration` are the same member for ECS: names differ in case only [/networkConfiguration/awsvpcConfiguration]",
                "f.json:3:3: `serviceName` and `ServiceName` are the same member for ECS: names differ in case only [/serviceName]",
            ]
        );
        assert_eq!(errors[1].hint.as_deref(), Some("keep one of the two, the first stands in line 2"));
    }
}
