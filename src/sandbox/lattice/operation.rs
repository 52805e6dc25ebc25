//! Which operation a request is, and the way every operation goes: find, validate, perform, answer.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{
    groups, listeners, members, networks,
    refusal::{Finding, Refusal},
    rules, services, shape, tags, targets,
};
use crate::sandbox::{
    wire::{Reply, Request},
    world::World,
};

/// A request, taken apart and validated.
pub(super) struct Call {
    /// The identifiers of the path, decoded.
    pub(super) labels: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Call {
    /// A label that validation has seen.
    pub(super) fn label(&self, index: usize) -> &str {
        self.labels.get(index).map_or("", String::as_str)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A string member of the body; empty when it is left out.
    pub(super) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

type Perform = fn(&mut World, &Call) -> Result<Reply, Refusal>;

/// An operation: its path with the id prefix of each label in braces, and what performs it.
struct Operation {
    name: &'static str,
    method: Method,
    path: &'static str,
    perform: Perform,
}

const fn op(name: &'static str, method: Method, path: &'static str, perform: Perform) -> Operation {
    Operation { name, method, path, perform }
}

const OPERATIONS: &[Operation] = &[
    op("CreateServiceNetwork", Method::POST, "/servicenetworks", networks::create),
    op("GetServiceNetwork", Method::GET, "/servicenetworks/{sn-}", networks::get),
    op("ListServiceNetworks", Method::GET, "/servicenetworks", networks::list),
    op("DeleteServiceNetwork", Method::DELETE, "/servicenetworks/{sn-}", networks::delete),
    op("CreateServiceNetworkServiceAssociation", Method::POST, "/servicenetworkserviceassociations", networks::associate),
    op(
        "GetServiceNetworkServiceAssociation",
        Method::GET,
        "/servicenetworkserviceassociations/{snsa-}",
        networks::get_association,
    ),
    op("ListServiceNetworkServiceAssociations", Method::GET, "/servicenetworkserviceassociations", networks::list_associations),
    op(
        "DeleteServiceNetworkServiceAssociation",
        Method::DELETE,
        "/servicenetworkserviceassociations/{snsa-}",
        networks::disassociate,
    ),
    op("CreateService", Method::POST, "/services", services::create),
    op("GetService", Method::GET, "/services/{svc-}", services::get),
    op("ListServices", Method::GET, "/services", services::list),
    op("DeleteService", Method::DELETE, "/services/{svc-}", services::delete),
    op("CreateListener", Method::POST, "/services/{svc-}/listeners", listeners::create),
    op("GetListener", Method::GET, "/services/{svc-}/listeners/{listener-}", listeners::get),
    op("ListListeners", Method::GET, "/services/{svc-}/listeners", listeners::list),
    op("UpdateListener", Method::PATCH, "/services/{svc-}/listeners/{listener-}", listeners::update),
    op("DeleteListener", Method::DELETE, "/services/{svc-}/listeners/{listener-}", listeners::delete),
    op("CreateRule", Method::POST, "/services/{svc-}/listeners/{listener-}/rules", rules::create),
    op("GetRule", Method::GET, "/services/{svc-}/listeners/{listener-}/rules/{rule-}", rules::get),
    op("ListRules", Method::GET, "/services/{svc-}/listeners/{listener-}/rules", rules::list),
    op("UpdateRule", Method::PATCH, "/services/{svc-}/listeners/{listener-}/rules/{rule-}", rules::update),
    op("BatchUpdateRule", Method::PATCH, "/services/{svc-}/listeners/{listener-}/rules", rules::update_batch),
    op("DeleteRule", Method::DELETE, "/services/{svc-}/listeners/{listener-}/rules/{rule-}", rules::delete),
    op("CreateTargetGroup", Method::POST, "/targetgroups", groups::create),
    op("GetTargetGroup", Method::GET, "/targetgroups/{tg-}", groups::get),
    op("ListTargetGroups", Method::GET, "/targetgroups", groups::list),
    op("UpdateTargetGroup", Method::PATCH, "/targetgroups/{tg-}", groups::update),
    op("DeleteTargetGroup", Method::DELETE, "/targetgroups/{tg-}", groups::delete),
    op("RegisterTargets", Method::POST, "/targetgroups/{tg-}/registertargets", targets::register),
    op("DeregisterTargets", Method::POST, "/targetgroups/{tg-}/deregistertargets", targets::deregister),
    op("ListTargets", Method::POST, "/targetgroups/{tg-}/listtargets", targets::list),
    op("ListTagsForResource", Method::GET, "/tags/{}", tags::list),
    op("TagResource", Method::POST, "/tags/{}", tags::tag),
    op("UntagResource", Method::DELETE, "/tags/{}", tags::untag),
];

/// The labels of a path that is this operation's. Segments are divided before they are decoded: an ARN is one segment.
fn labels(template: &str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let template: Vec<&str> = template.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    if template.len() != path.len() {
        return None;
    }
    let mut found = Vec::new();
    for (wanted, given) in template.into_iter().zip(path) {
        if wanted.starts_with('{') && !given.is_empty() {
            found.push((member_of(wanted), percent_decode_str(given).decode_utf8_lossy().into_owned()));
        } else if wanted != given {
            return None;
        }
    }
    Some(found)
}

/// The member that a label is, by the prefix of its ids.
fn member_of(label: &str) -> &'static str {
    match label {
        "{svc-}" => "serviceIdentifier",
        "{listener-}" => "listenerIdentifier",
        "{rule-}" => "ruleIdentifier",
        "{tg-}" => "targetGroupIdentifier",
        "{sn-}" => "serviceNetworkIdentifier",
        "{snsa-}" => "serviceNetworkServiceAssociationIdentifier",
        _ => "resourceArn",
    }
}

fn find(request: &Request) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let candidates = OPERATIONS.iter().filter(|operation| operation.method == request.method);
    candidates.into_iter().find_map(|operation| labels(operation.path, &request.path).map(|labels| (operation, labels)))
}

/// The operation's name, and whether it writes.
pub(crate) fn name(request: &Request) -> Option<(&'static str, bool)> {
    find(request).map(|(operation, _)| {
        let reads = operation.name.starts_with("Get") || operation.name.starts_with("List");
        (operation.name, !reads)
    })
}

/// Does what the request asks for, or says why not.
pub(crate) fn handle(world: &mut World, request: &Request) -> Reply {
    match perform(world, request) {
        Ok(reply) => reply,
        Err(refusal) => {
            let name = name(request).map_or("?", |(name, _)| name);
            world.note(format!("vpc-lattice:{name}"), format!("refused: {}: {}", refusal.code(), refusal.message()));
            refusal.reply()
        }
    }
}

fn perform(world: &mut World, request: &Request) -> Result<Reply, Refusal> {
    let Some((operation, labels)) = find(request) else {
        return Err(Refusal::Unknown(format!("VPC Lattice's {} {}", request.method, request.path)));
    };
    let call = read(operation, labels, request)?;
    let token = call.body["clientToken"].as_str().map(|token| (format!("{} {}", operation.name, request.path), token.to_owned()));
    if let Some((asked, reply)) = token.as_ref().and_then(|token| world.lattice.tokens.get(token)) {
        // AWS says only that the retry fails; which error it is has not been published.
        let other = "The client token was used before with other parameters.";
        return if *asked == call.body {
            Ok(reply.clone())
        } else {
            Err(Refusal::conflict("CLIENT_TOKEN", call.text("clientToken"), other))
        };
    }
    let reply = (operation.perform)(world, &call)?;
    if let Some(token) = token {
        world.lattice.tokens.insert(token, (call.body, reply.clone()));
    }
    Ok(reply)
}

fn read(operation: &'static Operation, labels: Vec<(&'static str, String)>, request: &Request) -> Result<Call, Refusal> {
    let query = query(&request.query);
    let mut body = Value::Object(Map::new());
    if !request.body.is_empty() && request.method != Method::GET && request.method != Method::DELETE {
        body = serde_json::from_slice(&request.body).map_err(|_| Refusal::Unreadable)?;
    }
    let mut found = Vec::new();
    let prefixes = operation.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    for ((member, label), prefix) in labels.iter().zip(prefixes) {
        let arn = label.starts_with("arn:") && label.split(':').nth(2) == Some("vpc-lattice") && label.len() <= 1224;
        if !(if prefix.is_empty() { arn } else { members::is_identifier(label, prefix) }) {
            found.push(Finding::new(*member, format!("{label} is not an identifier of this kind")));
        }
    }
    shape::check(&shape::Shape::Struct(members::body(operation.name)), &body, "", &mut found);
    for (name, value) in &query {
        let number = value.parse::<u64>().ok();
        if name == "maxResults" && !number.is_some_and(|number| (1..=100).contains(&number)) {
            found.push(Finding::new("maxResults", "must be an integer from 1 to 100"));
        }
    }
    if !found.is_empty() {
        return Err(Refusal::Fields(found));
    }
    let labels = labels.into_iter().map(|(_, label)| label).collect();
    Ok(Call { labels, query, body })
}

/// A query string as pairs, decoded.
pub(crate) fn query(raw: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(key, value)| (decode(key), decode(value))).collect()
}

/// One page of `items`, with the token of the next one. A token is the number of items before its page.
pub(super) fn page(call: &Call, items: Vec<Value>) -> Result<Reply, Refusal> {
    let size = call.query("maxResults").and_then(|size| size.parse().ok()).unwrap_or(100_usize);
    let from = match call.query("nextToken") {
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|from| from.parse::<usize>().ok())
            .filter(|from| *from <= items.len())
            .ok_or_else(|| Refusal::field("nextToken", "is not a token of this list"))?,
        None => 0,
    };
    let mut body = Map::new();
    if from + size < items.len() {
        body.insert("nextToken".to_owned(), Value::String(format!("page-{}", from + size)));
    }
    body.insert("items".to_owned(), items.into_iter().skip(from).take(size).collect());
    Ok(Reply::json(200, &Value::Object(body)))
}
