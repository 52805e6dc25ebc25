//! The patch itself: the built-in edit, the user's filters, and the result over the old text.

use super::{
    entry::{self, LatticeEntry},
    mend,
    put::put,
};
use crate::definition::{
    casing::{Definition, canonical},
    filter::{self, Bindings},
    finding::{Finding, Given},
    ports,
    read::{Document, Member, Node, Value},
    write::write,
};

/// Everything a patch depends on. What is `None` is looked for in the definitions.
#[derive(Clone, Debug)]
pub struct PatchRequest<'a> {
    /// The service definition.
    pub service_definition: &'a Document,
    /// The task definition, where there is one: it has the names of the ports.
    pub task_definition: Option<&'a Document>,
    /// The ARN of the target group.
    pub target_group: Option<Given>,
    /// Name or ARN of the infrastructure role, which ECS uses to register tasks.
    pub infrastructure_role: Option<Given>,
    /// The name of the port mapping whose port receives the traffic.
    pub port_name: Option<Given>,
    /// The ECS service's name, for filters (`$lattice.service`); the definition's `serviceName` when `None`.
    pub ecs_service: Option<String>,
    /// Filters that run after the built-in edit, in order.
    pub filters: Vec<Given>,
    /// What filters see besides.
    pub seen: Seen,
}

/// What filters see besides the definition and `$lattice`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `$env`: the variables that the user lets them see.
    pub env: Vec<(String, String)>,
    /// `$git`: `sha`, `ref`, `repository`, `actor` and `run_id` of the job, each where it is known.
    pub git: Vec<(String, String)>,
    /// `$lattice.rules`: what a release moves, as it was before the release; none where AWS was not asked.
    pub rules: Vec<Weighted>,
}

/// A listener rule, or a listener's default, as filters see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// Its ARN; the listener's for a default.
    pub arn: String,
    /// The weights of its target groups, by id.
    pub weights: Vec<(String, u16)>,
}

/// What came of a patch.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The patched definition; places in it are those of its own text.
    pub document: Document,
    /// Whether its text differs from what was given.
    pub changed: bool,
    /// The Lattice entry that it has now; `None` when the definition says `"enabled": false` or a filter removed it.
    pub lattice: Option<LatticeEntry>,
    /// What the author should know.
    pub warnings: Vec<Finding>,
}

impl Patched {
    /// The security groups that its tasks get, by id.
    #[must_use]
    pub fn security_groups(&self) -> Vec<String> {
        let network = self.document.root.get("networkConfiguration").and_then(|network| network.get("awsvpcConfiguration"));
        let groups = network.and_then(|network| network.get("securityGroups")).map_or(&[][..], Node::elements);
        groups.iter().filter_map(Node::as_str).map(str::to_owned).collect()
    }
}

/// Patches a service definition.
///
/// # Errors
/// Everything that prevents it, all at once.
pub fn patch(request: &PatchRequest<'_>) -> Result<Patched, Vec<Finding>> {
    let given = request.service_definition;
    if !matches!(given.root.value, Value::Object(_)) {
        let finding = given.error(&given.root, "", format!("a service definition is an object, this is {}", given.root.kind()));
        return Err(vec![finding]);
    }
    let (mended, more) = mend::ports(request)?;
    let read = [Some(given), request.task_definition].into_iter().flatten();
    let mut warnings: Vec<Finding> = read.flat_map(|document| document.warnings.iter().cloned()).collect();
    warnings.extend(more);
    let request = &PatchRequest { service_definition: mended.as_ref().unwrap_or(given), ..request.clone() };
    let (entry, more) = entry::resolve(request)?;
    warnings.extend(more);
    let bindings = Bindings {
        lattice: lattice_variable(request, entry.as_ref()),
        env: object(&request.seen.env),
        git: object(&request.seen.git),
    };
    let mut value = put(&request.service_definition.root.value, entry.as_ref());
    for filter in &request.filters {
        value = filter::run(filter, &value, &bindings)?;
    }

    let text = write(given, &value);
    let changed = text != given.text;
    let document = Document::read(&given.file, text.as_bytes()).map_err(|finding| vec![finding])?;
    // Members that stood there keep their own spelling in the text.
    let mut document = canonical(document, Definition::Service)?;
    document.warnings.clear();
    document.secrets.clone_from(&given.secrets);
    let lattice = entry.filter(|entry| entry.is_in(&document.root));
    warnings.extend(entry::elsewhere(request, lattice.as_ref()));
    Ok(Patched { document, changed, lattice, warnings })
}

/// A task definition, edited by a filter that sees the same but for `$lattice`.
///
/// # Errors
/// The filter fails, or makes something else of it.
pub fn edited(task: Document, filter: Option<&Given>, seen: &Seen) -> Result<Document, Vec<Finding>> {
    let Some(filter) = filter else { return Ok(task) };
    let bindings = Bindings { lattice: Value::Null, env: object(&seen.env), git: object(&seen.git) };
    let value = filter::run(filter, &task.root.value, &bindings)?;
    let text = write(&task, &value);
    let document = Document::read(&task.file, text.as_bytes()).map_err(|finding| vec![finding])?;
    let mut document = canonical(document, Definition::Task)?;
    document.warnings.clear();
    document.secrets.clone_from(&task.secrets);
    Ok(document)
}

fn object(pairs: &[(String, String)]) -> Value {
    let member =
        |(name, value): &(String, String)| Member { name: name.clone(), span: 0..0, node: Value::String(value.clone()).into() };
    Value::Object(pairs.iter().map(member).collect())
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.map(|(name, value)| Member { name: name.to_owned(), span: 0..0, node: value.into() }).into())
}

/// `$lattice`, as filters see it.
fn lattice_variable(request: &PatchRequest<'_>, entry: Option<&LatticeEntry>) -> Value {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::String(text.to_owned()));
    let service = request.ecs_service.as_deref().or_else(|| request.service_definition.root.get("serviceName")?.as_str());
    let port = entry.and_then(|entry| ports::number(ports::task_definition(request.task_definition?), &entry.port_name));
    // A rule's ARN begins with its listener's, and that with its service's.
    let rules = &request.seen.rules;
    let service_arn = rules.first().and_then(|rule| rule.arn.split("/listener/").next());
    let rule = |rule: &Weighted| {
        let weights = rule.weights.iter().map(|(group, weight)| Member {
            name: group.clone(),
            span: 0..0,
            node: Value::Number(weight.to_string()).into(),
        });
        members([("arn", text(Some(&rule.arn))), ("weights", Value::Object(weights.collect()))]).into()
    };
    members([
        ("target_group_arn", text(entry.map(|entry| entry.target_group_arn.as_str()))),
        ("role_arn", text(entry.map(|entry| entry.role_arn.as_str()))),
        ("port_name", text(entry.map(|entry| entry.port_name.as_str()))),
        ("port", port.map_or(Value::Null, |port| port.value.clone())),
        ("service", text(service)),
        ("service_arn", text(service_arn)),
        ("rules", Value::Array(rules.iter().map(rule).collect())),
    ])
}
