//! The built-in edit. It is the same as the jq filter with which it is tested, and needs no compiling of filters at every start.

use super::entry::{LIST, LatticeEntry, SINGULAR};
use crate::definition::read::{Member, Node, Value};

/// A definition with its Lattice entry, where it is to have one.
///
/// ECS has one list for this, `vpcLatticeConfigurations`, with one entry per target group and port. The entry for our port is
/// updated in place and keeps whatever else it says (its `advancedConfiguration`, for one); other entries stay; where there is none,
/// one is added at the end. The object `vpcLatticeConfiguration` (singular) that some write by hand is no ECS field and goes.
pub(super) fn put(definition: &Value, entry: Option<&LatticeEntry>) -> Value {
    let Value::Object(members) = definition else { return definition.clone() };
    let mut members: Vec<Member> = members.iter().filter(|member| member.name != SINGULAR).cloned().collect();
    if let Some(entry) = entry {
        let list = member(&mut members, LIST);
        if !matches!(list.value, Value::Array(_)) {
            list.value = Value::Array(Vec::new());
        }
        if let Value::Array(entries) = &mut list.value {
            among(entries, entry);
        }
    }
    Value::Object(members)
}

fn among(entries: &mut Vec<Node>, entry: &LatticeEntry) {
    let of_our_port = |node: &Node| says(node, "portName", &entry.port_name);
    let ours = |node: &Node| of_our_port(node) && says(node, "targetGroupArn", &entry.target_group_arn);
    let is_there = entries.iter().any(ours);
    let same = |node: &&mut Node| if is_there { ours(node) } else { of_our_port(node) };
    let mut found = false;
    for node in entries.iter_mut().filter(same) {
        found = true;
        complete(node, entry);
    }
    if !found {
        let mut new = Value::Object(Vec::new()).into();
        complete(&mut new, entry);
        entries.push(new);
    }
}

fn says(node: &Node, name: &str, text: &str) -> bool {
    node.get(name).and_then(Node::as_str) == Some(text)
}

/// Gives an entry its three members, and leaves the others.
fn complete(node: &mut Node, entry: &LatticeEntry) {
    let Value::Object(members) = &mut node.value else { return };
    for (name, text) in
        [("roleArn", &entry.role_arn), ("targetGroupArn", &entry.target_group_arn), ("portName", &entry.port_name)]
    {
        member(members, name).value = Value::String(text.clone());
    }
}

/// The member of that name, which is null at the end where there was none.
fn member<'m>(members: &'m mut Vec<Member>, name: &str) -> &'m mut Node {
    let at = members.iter().position(|member| member.name == name).unwrap_or(members.len());
    if at == members.len() {
        members.push(Member { name: name.to_owned(), span: 0..0, node: Value::Null.into() });
    }
    &mut members[at].node
}
