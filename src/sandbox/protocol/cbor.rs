//! rpc-v2-cbor: the operation is in the path, members are CBOR. Written after the Smithy RPC v2 CBOR specification.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value, json};

use super::{Call, Refusal};
use crate::{
    models::{Kind, Operation, Service},
    sandbox::wire::{Reply, Request},
};

/// The tag of seconds since 1970 (RFC 8949 §3.4.2), which is how the protocol writes timestamps.
const EPOCH: u64 = 1;
/// Deeper than any shape of the models.
const DEEPEST: usize = 64;

pub(super) fn decode(service: &'static Service, operation: &'static Operation, request: &Request) -> Result<Call, Refusal> {
    let input = if request.body.is_empty() { json!({}) } else { read(&request.body)? };
    let access_key = super::dispatch::access_key(request);
    Ok(Call { service: service.name, operation: &operation.name, input, labels: Vec::new(), access_key })
}

fn read(body: &[u8]) -> Result<Value, Refusal> {
    let unreadable = || Refusal::new("SerializationException", "The request body cannot be parsed as CBOR.");
    let mut rest = body;
    let value = ciborium::de::from_reader_with_recursion_limit::<Cbor, _>(&mut rest, DEEPEST).map_err(|_| unreadable())?;
    if rest.is_empty() { json_of(value).ok_or_else(unreadable) } else { Err(unreadable()) }
}

/// CBOR as JSON: blobs as base64, timestamps as seconds. None for what the protocol does not know.
fn json_of(value: Cbor) -> Option<Value> {
    use base64::Engine as _;
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Integer(number) => match i64::try_from(i128::from(number)) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(u64::try_from(i128::from(number)).ok()?),
        },
        Cbor::Float(number) => Value::Number(Number::from_f64(number)?),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => Value::String(base64::engine::general_purpose::STANDARD.encode(bytes)),
        Cbor::Tag(EPOCH, seconds) => json_of(*seconds)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(json_of).collect::<Option<_>>()?),
        Cbor::Map(entries) => {
            let mut object = Map::new();
            for (key, entry) in entries {
                let Cbor::Text(key) = key else { return None };
                object.insert(key, json_of(entry)?);
            }
            Value::Object(object)
        }
        Cbor::Tag(..) | _ => return None,
    })
}

/// JSON as CBOR, guided by the shape: what the model calls a timestamp or a float is written as one.
fn cbor_of(service: &Service, shape: Option<&str>, value: &Value) -> Cbor {
    let shape = shape.and_then(|name| service.shape(name));
    let inner = |member: Option<&crate::models::Member>, value: &Value| {
        cbor_of(service, member.map(|member| member.shape.as_str()), value)
    };
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) => {
            let float = Cbor::Float(number.as_f64().unwrap_or_default());
            match shape.map(|shape| shape.kind) {
                Some(Kind::Timestamp) => Cbor::Tag(EPOCH, Box::new(float)),
                Some(Kind::Float | Kind::Double) => float,
                _ => number.as_i64().map_or(float, |number| Cbor::Integer(number.into())),
            }
        }
        Value::Array(items) => {
            let member = shape.and_then(|shape| shape.member.as_ref());
            Cbor::Array(items.iter().map(|item| inner(member, item)).collect())
        }
        Value::Object(entries) => {
            let member = |name: &str| shape.and_then(|shape| shape.members.get(name).or(shape.value.as_ref()));
            let entries = entries.iter().filter(|(_, entry)| !entry.is_null());
            Cbor::Map(entries.map(|(name, entry)| (Cbor::Text(name.clone()), inner(member(name), entry))).collect())
        }
    }
}

fn written(status: u16, value: &Cbor) -> Reply {
    let mut body = Vec::new();
    // Into memory: there is nothing that could fail.
    let _written = ciborium::into_writer(value, &mut body);
    let reply = Reply { status, headers: Vec::new(), body };
    reply.with("content-type", "application/cbor").with("smithy-protocol", "rpc-v2-cbor")
}

pub(super) fn encode(service: &Service, operation: &Operation, answer: &Value) -> Reply {
    written(200, &cbor_of(service, operation.output.as_deref(), answer))
}

pub(super) fn refuse(service: &Service, refusal: &Refusal) -> Reply {
    let named = service.shape(refusal.code).is_some_and(|shape| shape.members.contains_key("Message"));
    let mut body = Map::new();
    body.insert("__type".to_owned(), Value::String(format!("com.amazonaws.{}#{}", service.name, refusal.code)));
    body.insert(if named { "Message" } else { "message" }.to_owned(), Value::String(refusal.message.clone()));
    body.extend(refusal.extra());
    let reply = written(refusal.http_status(Some(service)), &cbor_of(service, Some(refusal.code), &Value::Object(body)));
    let reply = match refusal.query_error(service) {
        Some(old) => reply.with("x-amzn-query-error", old),
        None => reply,
    };
    refusal.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Cbor, cbor_of, read};
    use crate::models;

    #[test]
    fn indefinite_maps_and_tagged_times_are_read() {
        // {_ "StartTime": 1(1795305600), "Values": [_ 0.5]}, as the Rust SDK writes them.
        let mut body = vec![0xbf, 0x69];
        body.extend(b"StartTime");
        body.extend([0xc1, 0x1a, 0x6b, 0x02, 0x2d, 0x00, 0x66]);
        body.extend(b"Values");
        body.extend([0x9f, 0xf9, 0x38, 0x00, 0xff, 0xff]);
        assert_eq!(read(&body).unwrap(), json!({"StartTime": 1_795_304_704, "Values": [0.5]}));
        for broken in [&b"\xbf"[..], b"\xa1\x01\x02", b"\xff", b"", b"\xa0\xa0"] {
            assert!(read(broken).is_err(), "{broken:?}");
        }
        assert!(read(&[0x81; 10_000]).is_err(), "nested without end");
    }

    #[test]
    fn an_answer_is_written_as_its_shape_says() {
        let cloudwatch = models::service("cloudwatch").unwrap();
        let answer = json!({"MetricDataResults": [{"Id": "a", "Timestamps": [60], "Values": [1]}], "NextToken": null});
        let Cbor::Map(entries) = cbor_of(cloudwatch, Some("GetMetricDataOutput"), &answer) else { panic!() };
        assert_eq!(entries.len(), 1);
        let text = format!("{entries:?}");
        assert!(text.contains("Tag(1, Float(60.0))") && text.contains("Float(1.0)"), "{text}");
    }
}
