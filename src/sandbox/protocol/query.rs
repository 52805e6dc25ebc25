//! The query protocol: a form in, XML out; and EC2's variant of it, whose names on the wire are not the members' own and whose
//! lists stand in nothing.

use serde_json::{Map, Value};

use super::{Call, Refusal, form};
use crate::{
    models::{Kind, Member, Operation, Service},
    sandbox::wire::{Reply, Request},
};

/// More steps than any name of the models has; a name with more stays one, and validation does not know it.
const DEEPEST: usize = 32;

pub(super) fn decode(service: &'static Service, operation: &'static Operation, request: &Request) -> Result<Call, Refusal> {
    let fields = form::pairs(&String::from_utf8_lossy(&request.body));
    let mut input = Map::new();
    for (name, value) in fields.into_iter().filter(|(name, _)| name != "Action" && name != "Version") {
        if name.split('.').count() > DEEPEST {
            input.insert(name, Value::String(value));
        } else {
            place(&mut input, &name, value);
        }
    }
    let shape = operation.input.as_deref();
    let input = shape.map_or_else(|| Value::Object(Map::new()), |shape| typed(service, shape, Value::Object(input)));
    let access_key = super::dispatch::access_key(request);
    Ok(Call { service: service.name, operation: &operation.name, input, labels: Vec::new(), access_key })
}

/// Puts `a.member.1.b=x` where it belongs, everything still as maps and text.
fn place(into: &mut Map<String, Value>, name: &str, value: String) {
    let Some((first, rest)) = name.split_once('.') else {
        into.insert(name.to_owned(), Value::String(value));
        return;
    };
    let inner = into.entry(first.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        place(inner, rest, value);
    }
}

/// Text as the kinds of value that the shape names; what is not one stays text, for validation to tell.
fn typed(service: &Service, shape: &str, value: Value) -> Value {
    let Some(shape) = service.shape(shape) else { return value };
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let typed_member = |(name, member): (String, Value)| {
                let known = if service.is_ec2() {
                    shape.members.iter().find(|(known, member)| asked_as(known, member) == name)
                } else {
                    shape.members.get_key_value(&name)
                };
                match known {
                    Some((known, of)) => (known.clone(), typed(service, &of.shape, member)),
                    None => (name, member),
                }
            };
            Value::Object(members.into_iter().map(typed_member).collect())
        }
        (Kind::List, Value::Object(mut members)) => {
            let items = if service.is_ec2() { Some(Value::Object(members.clone())) } else { members.remove("member") };
            let Some(Value::Object(items)) = items else { return Value::Object(members) };
            let mut items: Vec<_> = items.into_iter().map(|(index, item)| (index.parse::<u64>().unwrap_or(0), item)).collect();
            items.sort_by_key(|(index, _)| *index);
            let of = shape.member.as_ref().map_or("", |member| member.shape.as_str());
            Value::Array(items.into_iter().map(|(_, item)| typed(service, of, item)).collect())
        }
        // An empty list is written as one empty field.
        (Kind::List, Value::String(text)) if text.is_empty() => Value::Array(Vec::new()),
        (Kind::Integer | Kind::Long, Value::String(text)) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        (Kind::Float | Kind::Double, Value::String(text)) => text.parse::<f64>().map_or(Value::String(text), Value::from),
        (Kind::Boolean, Value::String(text)) if text == "true" => Value::Bool(true),
        (Kind::Boolean, Value::String(text)) if text == "false" => Value::Bool(false),
        (_, value) => value,
    }
}

/// A member's name in a request of EC2's (botocore, `EC2Serializer`).
fn asked_as(name: &str, member: &Member) -> String {
    let capital = |name: &str| name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
    member.query_name.clone().unwrap_or_else(|| member.location_name.as_deref().map_or_else(|| name.to_owned(), capital))
}

pub(super) fn encode(service: &Service, operation: &Operation, request: &str, answer: &Value) -> Reply {
    let name = &operation.name;
    let mut body = String::new();
    if let Some(shape) = &operation.output {
        write(service, shape, answer, &mut body);
    }
    if let Some(wrapper) = &operation.result_wrapper {
        body = format!("<{wrapper}>{body}</{wrapper}>");
    }
    let space = service.xml_namespace.as_deref().unwrap_or_default();
    if service.is_ec2() {
        return xml(200, format!("<{name}Response xmlns=\"{space}\"><requestId>{request}</requestId>{body}</{name}Response>"));
    }
    xml(
        200,
        format!(
            "<{name}Response xmlns=\"{space}\">{body}<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>\
             </{name}Response>"
        ),
    )
}

/// A value's inside as XML, for this protocol and for restXml.
pub(super) fn write(service: &Service, shape: &str, value: &Value, into: &mut String) {
    let Some(shape) = service.shape(shape) else { return };
    let mut element = |name: &str, of: &str, value: &Value| {
        into.push_str(&format!("<{name}>"));
        write(service, of, value, into);
        into.push_str(&format!("</{name}>"));
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                if let Some(known) = shape.members.get(name) {
                    element(known.location_name.as_deref().unwrap_or(name), &known.shape, member);
                }
            }
        }
        Value::Array(items) => {
            let of = shape.member.as_ref().map_or("", |member| member.shape.as_str());
            let of_list = shape.member.as_ref().and_then(|member| member.location_name.as_deref());
            let name = if service.is_ec2() { "item" } else { of_list.unwrap_or("member") };
            items.iter().for_each(|item| element(name, of, item));
        }
        Value::String(text) => into.push_str(&escaped(text)),
        Value::Number(seconds) if shape.kind == Kind::Timestamp => {
            let since = std::time::Duration::try_from_secs_f64(seconds.as_f64().unwrap_or_default()).unwrap_or_default();
            into.push_str(&(crate::clock::Timestamp::default() + since).to_string());
        }
        Value::Bool(_) | Value::Number(_) => into.push_str(&value.to_string()),
        Value::Null => {}
    }
}

pub(super) fn refuse(service: &Service, request: &str, refusal: &Refusal) -> Reply {
    let code = refusal.query_code(service);
    let status = refusal.http_status(Some(service));
    let kind = if status >= 500 { "Receiver" } else { "Sender" };
    let (message, space) = (escaped(&refusal.message), service.xml_namespace.as_deref().unwrap_or_default());
    if service.is_ec2() {
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        return xml(status, format!("<Response><Errors>{error}</Errors><RequestID>{request}</RequestID></Response>"));
    }
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"{space}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{request}</RequestId></ErrorResponse>"
        ),
    )
}

pub(super) fn xml(status: u16, body: String) -> Reply {
    Reply { status, headers: Vec::new(), body: body.into_bytes() }.with("content-type", "text/xml")
}

/// Text between tags. XML 1.0 has no way to write most control characters.
fn escaped(text: &str) -> String {
    let plain = |c: char| if c.is_control() && !matches!(c, '\t' | '\n') { '\u{fffd}' } else { c };
    let text: String = text.chars().map(plain).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::{decode, encode};
    use crate::{models, sandbox::wire::Request};

    #[test]
    fn a_form_becomes_members_and_an_answer_becomes_xml() {
        let service = models::service("cloudwatch").unwrap();
        let form = "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.2=b&AlarmNames.member.1=a&MaxRecords=5&Odd=1";
        let request = Request {
            method: http::Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: Bytes::from(form),
        };
        let operation = &service.operations["DescribeAlarms"];
        let call = decode(service, operation, &request).unwrap();
        assert_eq!(call.input, json!({"AlarmNames": ["a", "b"], "MaxRecords": 5, "Odd": "1"}));
        let answer = json!({"MetricAlarms": [{"AlarmName": "a<b", "StateUpdatedTimestamp": 60}]});
        let text = String::from_utf8(encode(service, operation, "id", &answer).body).unwrap();
        assert!(text.contains(
            "<DescribeAlarmsResult><MetricAlarms><member><AlarmName>a&lt;b</AlarmName>\
             <StateUpdatedTimestamp>1970-01-01T00:01:00.000Z</StateUpdatedTimestamp></member></MetricAlarms></DescribeAlarmsResult>"
        ) || text.contains("1970-01-01T00:01:00Z"), "{text}");
    }

    #[test]
    fn names_without_end_are_nobodys_and_control_characters_no_xml() {
        let service = models::service("cloudwatch").unwrap();
        let operation = &service.operations["DescribeAlarms"];
        let form = format!("Action=DescribeAlarms&{}=1", vec!["a"; 100_000].join("."));
        let request = Request {
            method: http::Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: Bytes::from(form),
        };
        let call = decode(service, operation, &request).unwrap();
        assert!(call.input.as_object().unwrap().values().all(|value| value == "1"));
        assert_eq!(super::escaped("a\u{1}<\n"), "a\u{fffd}&lt;\n");
    }
}
