//! awsJson 1.0 and 1.1: `X-Amz-Target` is the operation, the body is all its members.

use serde_json::{Map, Value, json};

use super::{Call, Refusal};
use crate::{
    models::{Operation, Service},
    sandbox::wire::{Reply, Request},
};

pub(super) fn decode(service: &'static Service, operation: &'static Operation, request: &Request) -> Result<Call, Refusal> {
    let input = if request.body.is_empty() {
        json!({})
    } else {
        let body = serde_json::from_slice::<Value>(&request.body).ok();
        body.ok_or_else(|| Refusal::new("SerializationException", "The request body cannot be parsed as JSON."))?
    };
    let access_key = super::dispatch::access_key(request);
    Ok(Call { service: service.name, operation: &operation.name, input, labels: Vec::new(), access_key })
}

fn version(service: Option<&Service>) -> &str {
    service.and_then(|service| service.json_version.as_deref()).unwrap_or("1.1")
}

pub(super) fn encode(service: &Service, answer: &Value) -> Reply {
    Reply::json(200, answer).with("content-type", format!("application/x-amz-json-{}", version(Some(service))))
}

pub(super) fn refuse(service: Option<&Service>, refusal: &Refusal) -> Reply {
    let mut body = Map::new();
    body.insert("__type".to_owned(), Value::String(refusal.code.to_owned()));
    // The models disagree on how the text is called.
    let named =
        service.and_then(|service| service.shape(refusal.code)).is_some_and(|shape| shape.members.contains_key("Message"));
    body.insert(if named { "Message" } else { "message" }.to_owned(), Value::String(refusal.message.clone()));
    body.extend(refusal.extra());
    let reply = Reply::json(refusal.http_status(service), &Value::Object(body))
        .with("content-type", format!("application/x-amz-json-{}", version(service)))
        .with("x-amzn-errortype", refusal.code);
    let reply = match service.and_then(|service| refusal.query_error(service)) {
        Some(old) => reply.with("x-amzn-query-error", old),
        None => reply,
    };
    refusal.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()))
}
