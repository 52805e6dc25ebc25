//! Entries that name a container and its port, as load balancers' do, instead of the port mapping's name.

use super::{
    apply::PatchRequest,
    entry::{LIST, target_groups_in},
};
use crate::definition::{
    finding::Finding,
    ports,
    read::{Document, Member, Node, Value},
};

/// The service definition with the names of ports in place of containers and ports, where there were such; and what is to be said
/// about it.
///
/// # Errors
/// Ports that no mapping of the task definition has, or that have no name: each with its place.
pub(super) fn ports(request: &PatchRequest<'_>) -> Result<(Option<Document>, Vec<Finding>), Vec<Finding>> {
    let definition = request.service_definition;
    let Some(list) = definition.root.get(LIST) else { return Ok((None, Vec::new())) };
    let is_one = |entry: &Node| entry.get("portName").is_none() && entry.get("containerPort").is_some();
    if !list.elements().iter().any(is_one) {
        return Ok((None, Vec::new()));
    }
    let (mut warnings, mut errors, mut mended) = (Vec::new(), Vec::new(), Vec::new());
    for (index, entry) in list.elements().iter().enumerate() {
        if !is_one(entry) {
            mended.push(entry.clone());
            continue;
        }
        let pointer = format!("/{LIST}/{index}");
        match name_of(request, entry) {
            Ok(name) => {
                let message = format!(
                    "`{LIST}` has no `containerName` and `containerPort`, it names ports: taken for `\"portName\": \"{name}\"`"
                );
                let hint = "`espalier patch --in-place` writes that into the file";
                warnings.push(definition.warning(entry, pointer, message).hint(hint));
                mended.push(with_name(entry, &name));
            }
            Err((message, hint)) => errors.push(definition.error(entry, pointer, message).hint(hint)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut document = definition.clone();
    if let Value::Object(members) = &mut document.root.value
        && let Some(member) = members.iter_mut().find(|member| member.name == LIST)
    {
        member.node.value = Value::Array(mended);
    }
    debug_assert_eq!(target_groups_in(&document), target_groups_in(definition), "only the ports change");
    Ok((Some(document), warnings))
}

/// The name of the port that an entry means; or what is wrong, and what to do.
fn name_of(request: &PatchRequest<'_>, entry: &Node) -> Result<String, (String, String)> {
    let container = entry.get("containerName").and_then(Node::as_str);
    let port = entry.get("containerPort").map(Node::to_json).and_then(|port| port.as_u64());
    let Some(port) = port else {
        return Err((
            "`containerPort` is not a port".to_owned(),
            "write `\"portName\"`, the name of the port mapping".to_owned(),
        ));
    };
    let shown =
        container.map_or_else(|| format!("port {port}"), |container| format!("port {port} of the container `{container}`"));
    let Some(task) = request.task_definition else {
        let hint = "give `--task-definition FILE` to have it looked up, or write `\"portName\"`";
        return Err((format!("which port mapping is {shown}?"), hint.to_owned()));
    };
    let mappings = ports::mappings(ports::task_definition(task));
    let of_it = |(name, mapping): &(Option<&str>, &Node)| {
        container.is_none_or(|container| Some(container) == *name)
            && mapping.get("containerPort").map(Node::to_json).and_then(|port| port.as_u64()) == Some(port)
    };
    let found: Vec<_> = mappings.iter().filter(|mapping| of_it(mapping)).collect();
    match found.as_slice() {
        [] => Err((
            format!("no port mapping in {} is {shown}", task.file),
            "write `\"portName\"`, the name of the port mapping".to_owned(),
        )),
        [(_, mapping)] => mapping.get("name").and_then(Node::as_str).map(str::to_owned).ok_or_else(|| {
            (
                format!("the port mapping of {shown} in {} has no name, and Lattice needs one", task.file),
                "add `\"name\": \"http\"` to it".to_owned(),
            )
        }),
        [_, _, ..] => Err((
            format!("several port mappings in {} are {shown}", task.file),
            "write `\"portName\"` of the one that is meant".to_owned(),
        )),
    }
}

fn with_name(entry: &Node, name: &str) -> Node {
    let Value::Object(members) = &entry.value else { return entry.clone() };
    let mut members: Vec<Member> =
        members.iter().filter(|member| !["containerName", "containerPort"].contains(&member.name.as_str())).cloned().collect();
    members.push(Member { name: "portName".to_owned(), span: entry.span.clone(), node: Value::String(name.to_owned()).into() });
    Node { value: Value::Object(members), span: entry.span.clone() }
}
