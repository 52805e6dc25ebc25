//! restXml: as restJson1, with XML in the body. Errors are those of the query protocol.

use serde_json::{Map, Value};
use xmlparser::{ElementEnd, Token, Tokenizer};

use super::{Call, Refusal, query, rest_json};
use crate::{
    models::{Kind, Operation, Service},
    sandbox::wire::{Reply, Request},
};

/// More elements in each other than any request has.
const DEEPEST: usize = 32;

/// An element: its text and what is in it.
#[derive(Default)]
struct Element {
    name: String,
    text: String,
    inside: Vec<Self>,
}

/// The members of a request: those of the body, the labels, and those of the query.
pub(super) fn decode(
    service: &'static Service,
    operation: &'static Operation,
    labels: Vec<(&'static str, String)>,
    request: &Request,
) -> Result<Call, Refusal> {
    let mut input = Map::new();
    if let Some(shape) = operation.input.as_deref().filter(|_| !request.body.is_empty()) {
        let root = std::str::from_utf8(&request.body).ok().and_then(read).ok_or_else(unreadable)?;
        // The root is called as the shape is.
        if root.name != shape {
            return Err(unreadable());
        }
        if let Value::Object(members) = value(service, shape, root) {
            input = members;
        }
    }
    rest_json::outside(service, operation, &labels, request, &mut input);
    let access_key = super::dispatch::access_key(request);
    let labels = labels.into_iter().map(|(_, label)| label).collect();
    Ok(Call { service: service.name, operation: &operation.name, input: Value::Object(input), labels, access_key })
}

fn unreadable() -> Refusal {
    Refusal::new("InvalidInput", "Invalid XML ; the body is not the request that it is sent as")
}

/// The root of a document; none where it is not one.
fn read(xml: &str) -> Option<Element> {
    let mut open = vec![Element::default()];
    for token in Tokenizer::from(xml) {
        match token.ok()? {
            Token::ElementStart { local, .. } => open.push(Element { name: local.to_string(), ..Element::default() }),
            Token::Text { text } => open.last_mut()?.text.push_str(&unescaped(text.as_str())),
            Token::Cdata { text, .. } => open.last_mut()?.text.push_str(text.as_str()),
            Token::ElementEnd { end: ElementEnd::Open, .. } => {}
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => {
                let closed = open.pop()?;
                open.last_mut()?.inside.push(closed);
            }
            Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::Comment { .. }
            | Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. }
            | Token::Attribute { .. } => {}
        }
        if open.len() > DEEPEST {
            return None;
        }
    }
    let mut whole = open.pop().filter(|_| open.is_empty())?;
    whole.inside.pop().filter(|_| whole.inside.is_empty())
}

/// The entities that every XML has; the ampersand last, so that none is made of two.
fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// An element as the kind of value that its shape is; what is not one stays text, for validation to tell.
fn value(service: &Service, shape: &str, element: Element) -> Value {
    let Some(shape) = service.shape(shape) else { return Value::String(element.text) };
    let text = element.text.trim();
    match shape.kind {
        Kind::Structure => {
            let member = |inner: Element| {
                let named = |(name, member): &(&String, &crate::models::Member)| {
                    member.location_name.as_deref().unwrap_or(name) == inner.name
                };
                match shape.members.iter().find(named) {
                    Some((name, known)) => (name.clone(), value(service, &known.shape, inner)),
                    None => (inner.name.clone(), Value::String(inner.text)),
                }
            };
            Value::Object(element.inside.into_iter().map(member).collect())
        }
        Kind::List => {
            let of = shape.member.as_ref().map_or("", |member| member.shape.as_str());
            element.inside.into_iter().map(|inner| value(service, of, inner)).collect()
        }
        Kind::Integer | Kind::Long => text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
        Kind::Float | Kind::Double => text.parse::<f64>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
        Kind::Boolean => text.parse::<bool>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
        Kind::Map | Kind::String | Kind::Timestamp | Kind::Blob => Value::String(element.text),
    }
}

pub(super) fn encode(service: &Service, operation: &Operation, answer: &Value) -> Reply {
    let Some(shape) = operation.output.as_deref() else { return Reply::empty(operation.status) };
    let (mut body, space) = (String::new(), service.xml_namespace.as_deref().unwrap_or_default());
    query::write(service, shape, answer, &mut body);
    query::xml(operation.status, format!("<?xml version=\"1.0\"?>\n<{shape} xmlns=\"{space}\">{body}</{shape}>"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read, value};
    use crate::models;

    #[test]
    fn a_document_becomes_members() {
        let service = models::service("route53").unwrap();
        let text = "<?xml version=\"1.0\"?><ChangeBatch xmlns=\"x\"><Comment>1 &lt;&amp;lt; 2</Comment><Changes><Change>\
                    <Action>UPSERT</Action><ResourceRecordSet><Name>a</Name><Type>A</Type><TTL>60</TTL><Weight>many</Weight><Odd>1</Odd>\
                    <AliasTarget><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>\
                    <ResourceRecords><ResourceRecord><Value>1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>\
                    </Changes></ChangeBatch>";
        let set = json!({
            "Name": "a", "Type": "A", "TTL": 60, "Weight": "many", "Odd": "1", "AliasTarget": {"EvaluateTargetHealth": true},
            "ResourceRecords": [{"Value": "1"}],
        });
        let expected = json!({"Comment": "1 <&lt; 2", "Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]});
        assert_eq!(value(service, "ChangeBatch", read(text).unwrap()), expected);
    }

    #[test]
    fn what_is_no_document_or_has_no_end_is_none() {
        for odd in [
            "",
            "text",
            "<a>",
            "<a></a><b></b>",
            "<a",
            &"<a>".repeat(100_000),
            &format!("{}{}", "<a>".repeat(40), "</a>".repeat(40)),
        ] {
            assert!(read(odd).is_none(), "{}", odd.chars().take(20).collect::<String>());
        }
    }
}
