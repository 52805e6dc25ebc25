//! Requests are held against the service model before anything looks at them.
//!
//! The real front end ignores members that it does not know. Here they are refused by name, because a field that is
//! silently dropped (`vpcLatticeConfiguration` in the singular is the one people write) is what this sandbox is to catch.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use super::refusal::Refusal;

enum Kind {
    String,
    Boolean,
    Integer { max: i64 },
    Number,
    List(Box<Self>),
    Map(Box<Self>),
    Enum(Vec<&'static str>),
    Structure(&'static str),
}

struct Member {
    name: &'static str,
    required: bool,
    kind: Kind,
}

static SHAPES: LazyLock<BTreeMap<&'static str, Vec<Member>>> = LazyLock::new(|| {
    let mut shapes = BTreeMap::new();
    let mut name = "";
    for line in include_str!("shapes.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some(member) = line.strip_prefix("  ") else {
            name = line;
            shapes.insert(name, Vec::new());
            continue;
        };
        let (member, kind) = member.split_once(' ').unwrap_or((member, "string"));
        let required = member.ends_with('*');
        let member = Member { name: member.trim_end_matches('*'), required, kind: kind_of(kind) };
        shapes.entry(name).or_default().push(member);
    }
    shapes
});

fn kind_of(text: &'static str) -> Kind {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Kind::List(Box::new(kind_of(inner)));
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return Kind::Map(Box::new(kind_of(inner)));
    }
    match text {
        "string" => Kind::String,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer { max: i64::from(i32::MAX) },
        "long" => Kind::Integer { max: i64::MAX },
        "double" | "float" | "timestamp" => Kind::Number,
        _ if text.contains('|') => Kind::Enum(text.split('|').filter(|value| !value.is_empty()).collect()),
        _ => Kind::Structure(text),
    }
}

/// Holds a request body against its operation's shape. All findings are in the one message, as ECS prints them.
pub(crate) fn check(operation: &str, body: &Value) -> Result<(), Refusal> {
    let mut findings = Vec::new();
    let Some((shape, _)) = SHAPES.get_key_value(operation) else {
        return Err(Refusal::named("UnknownOperationException", format!("Unknown operation {operation}")));
    };
    structure(shape, body, "", &mut findings)?;
    match findings.len() {
        0 => Ok(()),
        1 => Err(Refusal::invalid(format!("1 validation error detected: {}", findings.concat()))),
        many => Err(Refusal::invalid(format!("{many} validation errors detected: {}", findings.join("; ")))),
    }
}

fn structure(shape: &str, value: &Value, path: &str, findings: &mut Vec<String>) -> Result<(), Refusal> {
    let Value::Object(object) = value else { return Err(serialization("a structure", value, path)) };
    let members = SHAPES.get(shape).map(Vec::as_slice).unwrap_or_default();
    for member in members {
        let place = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
        match object.get(member.name) {
            // A JSON null is an absent member in awsJson.
            None | Some(Value::Null) if member.required => {
                findings.push(format!("Value null at '{place}' failed to satisfy constraint: Member must not be null"));
            }
            None | Some(Value::Null) => {}
            Some(given) => one(&member.kind, given, &place, findings)?,
        }
    }
    for name in object.keys().filter(|name| members.iter().all(|member| member.name != *name)) {
        let place = if path.is_empty() { "input".to_owned() } else { path.to_owned() };
        let known = members.iter().map(|member| member.name).collect::<Vec<_>>().join(", ");
        findings.push(format!("Unknown parameter in {place}: \"{name}\", must be one of: {known}"));
    }
    Ok(())
}

fn one(kind: &Kind, value: &Value, path: &str, findings: &mut Vec<String>) -> Result<(), Refusal> {
    match kind {
        Kind::String if !value.is_string() => Err(serialization("a String", value, path)),
        Kind::Boolean if !value.is_boolean() => Err(serialization("a Boolean", value, path)),
        Kind::Number if !value.is_number() => Err(serialization("a Double", value, path)),
        Kind::Integer { max } if !value.as_i64().is_some_and(|number| number <= *max && number >= -max - 1) => {
            Err(serialization(if *max > i64::from(i32::MAX) { "a Long" } else { "an Integer" }, value, path))
        }
        Kind::String | Kind::Boolean | Kind::Number | Kind::Integer { .. } => Ok(()),
        Kind::Enum(values) => {
            let Some(given) = value.as_str() else { return Err(serialization("a String", value, path)) };
            if !values.contains(&given) {
                let set = values.join(", ");
                findings.push(format!(
                    "Value '{given}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: [{set}]"
                ));
            }
            Ok(())
        }
        Kind::List(inner) => {
            let Value::Array(items) = value else { return Err(serialization("a list", value, path)) };
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| one(inner, item, &format!("{path}[{index}]"), findings))
        }
        Kind::Map(inner) => {
            let Value::Object(entries) = value else { return Err(serialization("a map", value, path)) };
            entries.iter().try_for_each(|(key, item)| one(inner, item, &format!("{path}.{key}"), findings))
        }
        Kind::Structure(shape) => structure(shape, value, path, findings),
    }
}

fn serialization(wanted: &str, value: &Value, path: &str) -> Refusal {
    let got = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    let place = if path.is_empty() { "the request" } else { path };
    Refusal::named("SerializationException", format!("{got} can not be converted to {wanted} at {place}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_structure_that_the_table_names_is_in_the_table() {
        fn names(kind: &Kind, into: &mut Vec<&'static str>) {
            match kind {
                Kind::List(inner) | Kind::Map(inner) => names(inner, into),
                Kind::Structure(name) => into.push(name),
                Kind::String | Kind::Boolean | Kind::Integer { .. } | Kind::Number | Kind::Enum(_) => {}
            }
        }
        let mut named = Vec::new();
        SHAPES.values().flatten().for_each(|member| names(&member.kind, &mut named));
        assert!(named.len() > 50);
        for name in named {
            assert!(SHAPES.contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_singular_lattice_field_is_refused_by_name() {
        let body = json!({ "serviceName": "x", "vpcLatticeConfiguration": { "enabled": true } });
        let refusal = check("CreateService", &body).unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException");
        assert!(refusal.message.contains("\"vpcLatticeConfiguration\""), "{}", refusal.message);
        assert!(refusal.message.contains("vpcLatticeConfigurations"), "{}", refusal.message);
    }

    #[test]
    fn all_findings_are_told_at_once_with_their_places() {
        let body = json!({ "launchType": "MOON", "vpcLatticeConfigurations": [{ "roleArn": "r", "portName": null }] });
        let message = check("CreateService", &body).unwrap_err().message;
        assert!(message.starts_with("4 validation errors detected: "), "{message}");
        for place in ["'serviceName'", "'launchType'", "[0].targetGroupArn'", "[0].portName'"] {
            assert!(message.contains(place), "{place}: {message}");
        }
    }

    #[test]
    fn a_wrong_type_does_not_deserialize() {
        for (body, text) in [
            (json!({ "service": "x", "desiredCount": "3" }), "STRING_VALUE can not be converted to an Integer at desiredCount"),
            (json!({ "service": "x", "desiredCount": 3_000_000_000_u64 }), "NUMBER_VALUE can not be converted to an Integer"),
            (json!({ "service": 7 }), "NUMBER_VALUE can not be converted to a String at service"),
            (
                json!({ "service": "x", "tags": [] , "vpcLatticeConfigurations": {} }),
                "START_OBJECT can not be converted to a list",
            ),
            (json!([]), "START_ARRAY can not be converted to a structure"),
        ] {
            let refusal = check("UpdateService", &body).unwrap_err();
            assert_eq!(refusal.code, "SerializationException");
            assert!(refusal.message.contains(text), "{}", refusal.message);
        }
        assert_eq!(check("UpdateService", &json!({ "service": "x", "desiredCount": null })), Ok(()));
        assert_eq!(check("Nothing", &json!({})).unwrap_err().code, "UnknownOperationException");
    }
}
