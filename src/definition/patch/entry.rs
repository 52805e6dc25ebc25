//! Which target group, role and port the definition's Lattice entry gets, and from where.

use super::apply::PatchRequest;
use crate::definition::{
    arn::{self, Arn},
    finding::{Finding, Given, Place, list},
    ports,
    read::{Document, Node, Value},
};

pub(super) const LIST: &str = "vpcLatticeConfigurations";
pub(super) const SINGULAR: &str = "vpcLatticeConfiguration";

/// An entry of `vpcLatticeConfigurations`, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatticeEntry {
    /// The target group that ECS registers the tasks in.
    pub target_group_arn: String,
    /// The infrastructure role.
    pub role_arn: String,
    /// The name of the port mapping.
    pub port_name: String,
}

impl LatticeEntry {
    /// Whether a definition has this entry.
    pub(super) fn is_in(&self, definition: &Node) -> bool {
        definition.get(LIST).map_or(&[][..], Node::elements).iter().any(|entry| {
            let says = |name: &str, text: &str| entry.get(name).and_then(Node::as_str) == Some(text);
            says("targetGroupArn", &self.target_group_arn) && says("roleArn", &self.role_arn) && says("portName", &self.port_name)
        })
    }
}

/// Finds everything that the entry needs; no entry when the definition switches Lattice off and no flag switches it on.
pub(super) fn resolve(request: &PatchRequest<'_>) -> Result<(Option<LatticeEntry>, Vec<Finding>), Vec<Finding>> {
    let definition = request.service_definition;
    let (entries, mut errors) = entries(definition);
    let (singular, mut warnings) = singular(definition, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let switched_off =
        singular.and_then(|singular| singular.get("enabled")).filter(|enabled| enabled.value == Value::Bool(false));
    if let Some(enabled) = switched_off {
        let at = format!("/{SINGULAR}/enabled");
        if request.target_group.is_none() && entries.is_empty() {
            let message = "`\"enabled\": false` leaves this ECS service out of Lattice: no entry is written";
            warnings
                .push(definition.warning(enabled, at, message).hint("give `--target-group`, or remove the object, to put it in"));
            return Ok((None, warnings));
        }
        let message = "`\"enabled\": false` is overruled: a target group is given for this ECS service";
        warnings.push(definition.warning(enabled, at, message));
    }

    let source = Source {
        request,
        definition,
        entry: chosen(request, &entries).map_err(|finding| vec![finding])?,
        entries: &entries,
        singular,
    };
    let port = source.port().map_err(|finding| errors.push(finding)).ok();
    let target_group = source.target_group().map_err(|finding| errors.push(finding)).ok();
    let checked = target_group.as_ref().and_then(|given| arn::target_group(given).map_err(|finding| errors.push(finding)).ok());
    let role = source.role(checked).map_err(|finding| errors.push(finding)).ok();
    match (port, target_group, role.flatten()) {
        (Some(port_name), Some(target_group), Some(role_arn)) if errors.is_empty() => {
            Ok((Some(LatticeEntry { target_group_arn: target_group.text, role_arn, port_name }), warnings))
        }
        _ => Err(errors),
    }
}

/// The entries there are, with an error for each that is no entry.
fn entries(definition: &Document) -> (Vec<&Node>, Vec<Finding>) {
    let mut errors = Vec::new();
    let Some(list) = definition.root.get(LIST).filter(|list| !list.is_null()) else { return (Vec::new(), errors) };
    if !matches!(list.value, Value::Array(_)) {
        let message = format!("`{LIST}` is a list of {{roleArn, targetGroupArn, portName}}, this is {}", list.kind());
        errors.push(definition.error(list, format!("/{LIST}"), message).hint("put the object in brackets"));
    }
    for (index, entry) in list.elements().iter().enumerate() {
        if entry.get("portName").and_then(Node::as_str).is_none() {
            let message = format!("this entry of `{LIST}` has no `portName`");
            errors.push(
                definition.error(entry, format!("/{LIST}/{index}"), message).hint("add the name of the port mapping it is for"),
            );
        }
    }
    (list.elements().iter().collect(), errors)
}

/// The object that people write by hand, with what is to be said about it.
fn singular<'d>(definition: &'d Document, errors: &mut Vec<Finding>) -> (Option<&'d Node>, Vec<Finding>) {
    let mut warnings = Vec::new();
    let Some(singular) = definition.root.get(SINGULAR) else { return (None, warnings) };
    let Value::Object(members) = &singular.value else {
        if !singular.is_null() {
            let message = format!("`{SINGULAR}` is not an ECS field, and {} cannot be translated into one", singular.kind());
            errors.push(definition.error(singular, format!("/{SINGULAR}"), message).hint(format!("write `{LIST}`, a list")));
        }
        return (None, warnings);
    };
    let message = format!("`{SINGULAR}` is not an ECS field, ECS has the list `{LIST}`: translated into an entry of it");
    warnings.push(
        definition
            .warning(singular, format!("/{SINGULAR}"), message)
            .hint("`espalier patch --in-place` writes the translation into the file, and what `jq` changes"),
    );
    for member in members {
        let reason = match member.name.as_str() {
            "enabled" | "targetGroupArn" | "roleArn" | "portName" => continue,
            "serviceArn" => "ECS registers tasks in the target group, and the Lattice service is found from that",
            _ => "no entry of the list has a member of this name",
        };
        let message = format!("`{}` is left out: {reason}", member.name);
        warnings.push(definition.warning(&member.node, format!("/{SINGULAR}/{}", member.name), message));
    }
    (Some(singular), warnings)
}

/// The ARNs of target groups that the definition already names, for callers who were given only a target group's id.
#[must_use]
pub fn target_groups_in(service_definition: &Document) -> Vec<&str> {
    let root = &service_definition.root;
    let entries = root.get(LIST).map_or(&[][..], Node::elements);
    let all = entries.iter().chain(root.get(SINGULAR));
    all.filter_map(|entry| entry.get("targetGroupArn")?.as_str()).collect()
}

/// The entry that is to be updated, if there is one.
fn chosen<'d>(request: &PatchRequest<'_>, entries: &[&'d Node]) -> Result<Option<&'d Node>, Finding> {
    let says = |entry: &Node, name: &str, given: &Option<Given>| {
        given.as_ref().is_none_or(|given| entry.get(name).and_then(Node::as_str) == Some(&given.text))
    };
    let of_port: Vec<&Node> = entries.iter().copied().filter(|entry| says(entry, "portName", &request.port_name)).collect();
    let exact: Vec<&Node> =
        of_port.iter().copied().filter(|entry| says(entry, "targetGroupArn", &request.target_group)).collect();
    match (of_port.as_slice(), exact.as_slice()) {
        ([], _) => Ok(None),
        ([entry], _) | (_, [entry]) => Ok(Some(entry)),
        ([first, ..], _) => {
            let definition = request.service_definition;
            let ports: Vec<&str> = of_port.iter().filter_map(|entry| entry.get("portName")?.as_str()).collect();
            let message = format!("`{LIST}` has {} entries that could be meant, for the ports {}", of_port.len(), list(&ports));
            let hint = "say which one: `--port-name` names its port, `--target-group` its target group";
            Err(definition.error(first, format!("/{LIST}"), message).hint(hint))
        }
    }
}

/// Where the parts of the entry are looked for.
struct Source<'r> {
    request: &'r PatchRequest<'r>,
    definition: &'r Document,
    entry: Option<&'r Node>,
    entries: &'r [&'r Node],
    singular: Option<&'r Node>,
}

impl Source<'_> {
    fn given(&self, node: &Node) -> Option<Given> {
        let file = &self.definition.file;
        let from = match self.definition.place(node.span.start) {
            Some(Place { line, column }) => format!("{file}:{line}:{column}"),
            None => file.clone(),
        };
        Some(Given::new(node.as_str()?, from))
    }

    /// A member of the chosen entry, else of the object written by hand.
    fn written(&self, name: &str) -> Option<Given> {
        let places = [self.entry, self.singular];
        places.into_iter().flatten().find_map(|place| self.given(place.get(name)?))
    }

    fn target_group(&self) -> Result<Given, Finding> {
        if let Some(given) = &self.request.target_group {
            return Ok(given.clone());
        }
        let by_hand = self.singular.and_then(|singular| self.given(singular.get("targetGroupArn")?));
        let in_list = self.entry.and_then(|entry| self.given(entry.get("targetGroupArn")?));
        match (by_hand, in_list) {
            (Some(by_hand), Some(in_list)) if by_hand.text != in_list.text => {
                Err(Finding::error(by_hand.from, format!("`{SINGULAR}` and `{LIST}` name different target groups"))
                    .hint(format!("remove `{SINGULAR}`, or say which one with `--target-group`")))
            }
            (Some(given), _) | (None, Some(given)) => Ok(given),
            (None, None) => {
                Err(Finding::error(&self.definition.file, "no target group: neither a flag nor the definition names one")
                    .hint(format!("give `--target-group {}`", arn::TARGET_GROUP_FORM)))
            }
        }
    }

    fn role(&self, target_group: Option<Arn<'_>>) -> Result<Option<String>, Finding> {
        // Another entry's role does as well, if all have the same.
        let others = || {
            let mut roles = self.entries.iter().filter_map(|entry| self.given(entry.get("roleArn")?));
            let first = roles.next()?;
            roles.all(|role| role.text == first.text).then_some(first)
        };
        let given = self.request.infrastructure_role.clone().or_else(|| self.written("roleArn")).or_else(others);
        let Some(given) = given else {
            return Err(Finding::error(&self.definition.file, "no infrastructure role: ECS needs one to register tasks in a target group")
                .hint("give `--infrastructure-role NAME`, a role that ecs.amazonaws.com may assume with the policy AmazonECSInfrastructureRolePolicyForVpcLattice"));
        };
        // Without a target group there is no account for a name; that has been told already.
        target_group.map(|target_group| arn::role(&given, target_group)).transpose()
    }

    fn port(&self) -> Result<String, Finding> {
        let named = self.request.task_definition.map(|document| ports::named(ports::task_definition(document)));
        let given = self.request.port_name.clone().or_else(|| self.written("portName"));
        if let Some(given) = given {
            return self.known_port(given, named.as_deref());
        }
        let from_service_connect = ports::of_service_connect(&self.definition.root);
        if let [only] = from_service_connect.as_slice() {
            return self.known_port(
                Given::new(*only, format!("{} (serviceConnectConfiguration)", self.definition.file)),
                named.as_deref(),
            );
        }
        let candidates = if from_service_connect.is_empty() { named.clone().unwrap_or_default() } else { from_service_connect };
        match (candidates.as_slice(), named) {
            ([only], Some(_)) => Ok((*only).to_owned()),
            ([], Some(_)) => {
                let file = self.request.task_definition.map_or("", |document| document.file.as_str());
                Err(Finding::error(file, "no port mapping has a name, and Lattice needs one")
                    .hint("add `\"name\": \"http\"` to the port mapping that receives the traffic"))
            }
            ([], None) => Err(Finding::error(
                &self.definition.file,
                "no port name: the definition does not say which port receives the traffic",
            )
            .hint("give `--port-name NAME`, the name of a port mapping, or `--task-definition FILE` to have it looked up")),
            (several, _) => Err(Finding::error(
                &self.definition.file,
                format!("which port receives the traffic? There are {}", list(several)),
            )
            .hint("give `--port-name` with one of them")),
        }
    }

    fn known_port(&self, given: Given, named: Option<&[&str]>) -> Result<String, Finding> {
        match named {
            Some(names) if !names.contains(&given.text.as_str()) => {
                let file = self.request.task_definition.map_or("", |document| document.file.as_str());
                let message =
                    format!("no port mapping in {file} has the name `{}`; the names there are: {}", given.text, list(names));
                Err(Finding::error(given.from, message).hint("use one of them, or add `\"name\"` to the port mapping"))
            }
            Some(_) | None => Ok(given.text),
        }
    }
}

/// A warning when something else in the definitions lives in another account or region than the target group: seldom meant.
pub(super) fn elsewhere(request: &PatchRequest<'_>, entry: Option<&LatticeEntry>) -> Option<Finding> {
    let target_group = Arn::parse(&entry?.target_group_arn)?;
    [Some(request.service_definition), request.task_definition].into_iter().flatten().find_map(|document| {
        let mut stack = vec![&document.root];
        while let Some(node) = stack.pop() {
            match &node.value {
                // What the Lattice entries say is about to be replaced, or is another entry's business.
                Value::Object(members) => {
                    stack.extend(
                        members
                            .iter()
                            .rev()
                            .filter(|member| member.name != LIST && member.name != SINGULAR)
                            .map(|member| &member.node),
                    );
                }
                Value::Array(elements) => stack.extend(elements.iter().rev()),
                Value::String(text) => {
                    if let Some(difference) = differs(text, target_group) {
                        let hint = "ECS, its roles and the target group live in one account and region";
                        return Some(document.warning(node, "", format!("`{text}` is {difference}")).hint(hint));
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        None
    })
}

fn differs(text: &str, target_group: Arn<'_>) -> Option<String> {
    let arn = Arn::parse(text)?;
    let ours = ["ecs", "ec2", "elasticloadbalancing", "servicediscovery", "vpc-lattice"];
    let Arn { region, account, .. } = target_group;
    if ours.contains(&arn.service) && arn.region != region {
        return Some(format!("in the region {}, the target group in {region}", arn.region));
    }
    let is_ours = ours.contains(&arn.service) || (arn.service == "iam" && arn.account != "aws");
    (is_ours && arn.account != account).then(|| format!("in the account {}, the target group in {account}", arn.account))
}
