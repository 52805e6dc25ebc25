//! Properties of writing over a text, and the cases that people look at.

use proptest::prelude::*;

use super::write;
use crate::definition::read::{Document, Member, Node, Value};

fn read(text: &str) -> Document {
    Document::read("f.json", text.as_bytes()).expect("JSON")
}

fn over(old: &str, new: &str) -> String {
    write(&read(old), &read(new).root.value)
}

#[test]
fn a_new_member_follows_the_files_style() {
    assert_eq!(
        over("{\n    \"a\": 1\n}\n", r#"{"a":1,"b":[{"c":2}]}"#),
        "{\n    \"a\": 1,\n    \"b\": [\n        {\n            \"c\": 2\n        }\n    ]\n}\n"
    );
    assert_eq!(
        over("{\r\n\t\"a\" : 1\r\n}", r#"{"a":1,"b":{"c":2}}"#),
        "{\r\n\t\"a\" : 1,\r\n\t\"b\" : {\r\n\t\t\"c\" : 2\r\n\t}\r\n}"
    );
    assert_eq!(over(r#"{"a":1}"#, r#"{"a":1,"b":{"c":[2,3]}}"#), r#"{"a":1,"b":{"c":[2,3]}}"#);
    assert_eq!(over(r#"{"a": 1}"#, r#"{"a":1,"b":[2,3]}"#), r#"{"a": 1, "b": [2, 3]}"#);
    assert_eq!(over("{\n  \"a\": {}\n}", r#"{"a":{"b":1}}"#), "{\n  \"a\": {\n    \"b\": 1\n  }\n}");
    assert_eq!(over("{}\n", r#"{"b":1}"#), "{\"b\": 1}\n");
}

#[test]
fn untouched_members_keep_their_bytes_and_order() {
    let old = "{\n  \"z\": 1.50,\n  \"list\": [ { \"k\":\"v\" } , {\"k\": \"w\"} ],\n  \"gone\": true,\n  \"\\u0061\": 1e2\n}\n";
    let new = r#"{"a":100,"z":1.5,"list":[{"k":"v"},{"k":"w"},{"k":"x"}],"n":null}"#;
    assert_eq!(
        over(old, new),
        "{\n  \"z\": 1.50,\n  \"list\": [ { \"k\":\"v\" } , {\"k\": \"w\"}, {\"k\": \"x\"} ],\n  \"\\u0061\": 1e2,\n  \"n\": null\n}\n"
    );
}

#[test]
fn removing_takes_the_comma_with_it() {
    let old = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}";
    assert_eq!(over(old, r#"{"b":2,"c":3}"#), "{\n  \"b\": 2,\n  \"c\": 3\n}");
    assert_eq!(over(old, r#"{"a":1,"b":2}"#), "{\n  \"a\": 1,\n  \"b\": 2\n}");
    assert_eq!(over(old, "{}"), "{}");
    assert_eq!(over("[1, 2,  3]", "[1,3]"), "[1,  3]");
    assert_eq!(over("[\n  \"a\",\n  \"c\"\n]", r#"["a","b","c"]"#), "[\n  \"a\",\n  \"b\",\n  \"c\"\n]");
}

#[test]
fn a_changed_element_is_changed_in_place() {
    let old = "[\n  {\"name\": \"web\",   \"image\": \"a\"},\n  {\"name\": \"log\"}\n]";
    assert_eq!(over(old, r#"[{"name":"web","image":"b"},{"name":"log"}]"#), old.replace("\"a\"", "\"b\""));
}

fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![any::<i32>().prop_map(|n| n.to_string()), any::<i16>().prop_map(|n| format!("{n}.50e1"))];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(Value::Number),
        "[a-c\"\\\\\n é😀]{0,4}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let object = prop::collection::btree_map("[a-f]{1,2}", inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner.prop_map(Node::from), 0..5).prop_map(Value::Array),
            object.prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| Member { name, span: 0..0, node: value.into() }).collect())
            }),
        ]
    })
}

/// Lays a value out with arbitrary white space, as people and other programs do.
fn lay_out(value: &Value, gaps: &mut impl Iterator<Item = &'static str>) -> String {
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Null => return "null".into(),
        Value::Bool(value) => return value.to_string(),
        Value::Number(text) => return text.clone(),
        Value::String(text) => return serde_json::Value::from(text.as_str()).to_string(),
        Value::Array(elements) => ('[', ']', elements.iter().map(|node| lay_out(&node.value, gaps)).collect()),
        Value::Object(members) => {
            let parts = members.iter().map(|member| {
                let (before, after) = (gaps.next().unwrap_or(""), gaps.next().unwrap_or(""));
                format!("\"{}\"{before}:{after}{}", member.name, lay_out(&member.node.value, gaps))
            });
            ('{', '}', parts.collect())
        }
    };
    let mut gap = || gaps.next().unwrap_or("");
    let parts: Vec<String> = parts.into_iter().map(|part| format!("{}{part}{}", gap(), gap())).collect();
    format!("{open}{}{close}", parts.join(","))
}

fn text_of(value: &Value, seed: &[u8]) -> String {
    const GAPS: [&str; 6] = ["", " ", "\n", "\n  ", "\r\n\t", "  "];
    let mut gaps = seed.iter().cycle().map(|byte| GAPS[usize::from(*byte) % GAPS.len()]).take(10_000);
    format!("{}\n", lay_out(value, &mut gaps))
}

proptest! {
    #[test]
    fn nothing_changed_is_the_same_bytes(value in value(), seed in prop::collection::vec(any::<u8>(), 1..20)) {
        let text = text_of(&value, &seed);
        prop_assert_eq!(write(&read(&text), &value), text);
    }

    #[test]
    fn the_result_reads_back_as_the_new_value(old in value(), new in value(), seed in prop::collection::vec(any::<u8>(), 1..20)) {
        let written = write(&read(&text_of(&old, &seed)), &new);
        prop_assert_eq!(&read(&written).root.value, &new);
        // Writing the same again changes nothing: patching twice is patching once.
        prop_assert_eq!(write(&read(&written), &new), written);
    }

    #[test]
    fn members_that_stay_keep_their_bytes(value in value(), added in value(), seed in prop::collection::vec(any::<u8>(), 1..20)) {
        if let Value::Object(members) = &value {
            let text = text_of(&value, &seed);
            let old = read(&text);
            let mut more = members.clone();
            more.push(Member { name: "added".into(), span: 0..0, node: added.into() });
            let written = read(&write(&old, &Value::Object(more)));
            let bytes = |document: &Document, name: &str| document.root.get(name).map(|node| document.text[node.span.clone()].to_owned());
            for member in members {
                prop_assert_eq!(bytes(&old, &member.name), bytes(&written, &member.name));
            }
        }
    }
}
