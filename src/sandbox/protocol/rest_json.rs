//! restJson1: the path and the method are the operation; labels, query and body are its members. What stands in the path, the query
//! and the headers is the same in restXml.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{Call, Refusal, form};
use crate::{
    models::{Kind, Operation, Place, Service},
    sandbox::wire::{Reply, Request},
};

/// The operation that a method and a path mean, with its labels. Segments are divided before they are decoded: an ARN is one
/// segment, percent-encoded.
pub(super) fn find(service: &'static Service, request: &Request) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let mut candidates = service.operations.values().filter(|operation| operation.method == request.method.as_str());
    candidates.find_map(|operation| labels(&operation.uri, &request.path).map(|labels| (operation, labels)))
}

fn labels(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    // One of Route 53's routes ends in a slash, which it does not insist on.
    let template = template.strip_suffix('/').unwrap_or(template);
    let mut given = path.strip_suffix('/').filter(|_| path.ends_with("/rrset/")).unwrap_or(path).split('/');
    let mut found = Vec::new();
    for wanted in template.split('/') {
        let segment = given.next()?;
        match wanted.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) if !segment.is_empty() => {
                found.push((label, percent_decode_str(segment).decode_utf8_lossy().into_owned()));
            }
            _ if wanted != segment => return None,
            _ => {}
        }
    }
    given.next().is_none().then_some(found)
}

/// The members of a request: those of the body, the labels, and those of the query.
pub(super) fn decode(
    service: &'static Service,
    operation: &'static Operation,
    labels: Vec<(&'static str, String)>,
    request: &Request,
) -> Result<Call, Refusal> {
    let body = if request.body.is_empty() { json!({}) } else { read(&request.body)? };
    let Value::Object(mut input) = body else { return Err(unreadable()) };
    let shape = operation.input.as_deref().and_then(|shape| service.shape(shape));
    let members = || shape.into_iter().flat_map(|shape| &shape.members);
    // A member that belongs to the path or the query has no place in the body.
    let displaced: Vec<_> = members().filter(|(name, member)| member.place.is_some() && input.contains_key(*name)).collect();
    if let Some((name, _)) = displaced.first() {
        return Err(
            Refusal::new("ValidationException", format!("{name} is not a member of the body.")).with("reason", "cannotParse")
        );
    }
    outside(service, operation, &labels, request, &mut input);
    let access_key = super::dispatch::access_key(request);
    let labels = labels.into_iter().map(|(_, label)| label).collect();
    Ok(Call { service: service.name, operation: &operation.name, input: Value::Object(input), labels, access_key })
}

/// Puts the members in that do not stand in the body.
pub(super) fn outside(
    service: &'static Service,
    operation: &Operation,
    labels: &[(&'static str, String)],
    request: &Request,
    input: &mut Map<String, Value>,
) {
    let shape = operation.input.as_deref().and_then(|shape| service.shape(shape));
    let query = form::pairs(&request.query);
    for (name, member) in shape.into_iter().flat_map(|shape| &shape.members) {
        let wire = member.location_name.as_deref().unwrap_or(name);
        match member.place {
            Some(Place::Uri) => {
                if let Some((_, label)) = labels.iter().find(|(label, _)| *label == wire) {
                    input.insert(name.clone(), Value::String(label.clone()));
                }
            }
            Some(Place::Querystring) => {
                let mut values = query.iter().filter(|(key, _)| key == wire).map(|(_, value)| value.as_str()).peekable();
                if values.peek().is_some() {
                    input.insert(name.clone(), typed(service, &member.shape, values));
                }
            }
            Some(Place::Header) => {
                if let Some(value) = request.header(wire) {
                    input.insert(name.clone(), typed(service, &member.shape, std::iter::once(value)));
                }
            }
            Some(Place::StatusCode) | None => {}
        }
    }
}

fn read(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    Refusal::new("ValidationException", "The request body cannot be parsed as JSON.").with("reason", "cannotParse")
}

/// Text of the query as the kind of value that its shape is; left as text where it is not one, for validation to tell.
fn typed<'a>(service: &Service, shape: &str, mut values: impl Iterator<Item = &'a str>) -> Value {
    let Some(shape) = service.shape(shape) else { return Value::Null };
    match shape.kind {
        Kind::List => values.map(|value| Value::String(value.to_owned())).collect(),
        Kind::Integer | Kind::Long => {
            let text = values.next().unwrap_or_default();
            text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from)
        }
        Kind::Boolean => match values.next() {
            Some("true") => Value::Bool(true),
            Some("false") => Value::Bool(false),
            other => Value::String(other.unwrap_or_default().to_owned()),
        },
        Kind::Structure | Kind::Map | Kind::String | Kind::Float | Kind::Double | Kind::Timestamp | Kind::Blob => {
            Value::String(values.next().unwrap_or_default().to_owned())
        }
    }
}

pub(super) fn encode(operation: &Operation, answer: Value) -> Reply {
    let empty = answer.as_object().is_none_or(Map::is_empty);
    if operation.status == 204 || (empty && operation.output.is_none()) {
        return Reply::empty(operation.status);
    }
    Reply::json(operation.status, &answer)
}

pub(super) fn refuse(service: &Service, refusal: &Refusal) -> Reply {
    let mut body: Map<_, _> = refusal.extra().collect();
    body.insert("message".to_owned(), Value::String(refusal.message.clone()));
    let reply = Reply::json(refusal.http_status(Some(service)), &Value::Object(body)).with("x-amzn-errortype", refusal.code);
    refusal.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()))
}
