//! Parameters over the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{protocol::testing::ask_json, scenario, world::World};

fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

/// The answer, or code and text of the error.
fn ask(world: &mut World, operation: &str, body: &Value) -> Result<Value, (String, String)> {
    let reply = ask_json(world, "ssm", operation, body);
    let answer = reply.value();
    if reply.status == 200 {
        return Ok(answer);
    }
    assert_eq!(reply.status, 400, "{answer}");
    Err((answer["__type"].as_str().unwrap().to_owned(), answer["message"].as_str().unwrap().to_owned()))
}

fn code(world: &mut World, operation: &str, body: &Value) -> String {
    ask(world, operation, body).unwrap_err().0
}

#[test]
fn a_lock_is_taken_once_and_taken_over_by_overwriting() {
    let mut world = world();
    let put = |world: &mut World, value: &str, more: &Value| {
        let mut body = json!({"Name": "/espalier/lock", "Value": value, "Type": "String"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(world, "PutParameter", &body)
    };
    assert_eq!(put(&mut world, "one", &json!({})), Ok(json!({"Version": 1, "Tier": "Standard"})));
    let (code, text) = put(&mut world, "two", &json!({"Overwrite": false})).unwrap_err();
    assert_eq!(code, "ParameterAlreadyExists");
    assert!(text.starts_with("The parameter already exists."), "{text}");
    let now = world.now;
    world.advance(now + Duration::from_secs(3600));
    let found = ask(&mut world, "GetParameter", &json!({"Name": "/espalier/lock"})).unwrap()["Parameter"].clone();
    assert_eq!((&found["Value"], &found["LastModifiedDate"]), (&json!("one"), &json!(now.as_secs() as f64)), "nothing expires");
    assert_eq!(put(&mut world, "two", &json!({"Overwrite": true})).unwrap()["Version"], 2);
    assert_eq!(ask(&mut world, "DeleteParameter", &json!({"Name": "/espalier/lock"})), Ok(json!({})));
    assert_eq!(put(&mut world, "three", &json!({})).unwrap()["Version"], 1, "free again");
}

#[test]
fn a_parameter_is_found_by_name_version_and_arn() {
    let mut world = world();
    for value in ["one", "two"] {
        let body = json!({"Name": "/a/b", "Value": value, "Type": "String", "Overwrite": true});
        ask(&mut world, "PutParameter", &body).unwrap();
    }
    ask(&mut world, "PutParameter", &json!({"Name": "plain", "Value": "p", "Type": "String"})).unwrap();
    let arn = "arn:aws:ssm:ap-northeast-1:123456789012:parameter";
    let table = [
        ("/a/b".to_owned(), "two"),
        ("/a/b:1".to_owned(), "one"),
        (format!("{arn}/a/b"), "two"),
        (format!("{arn}/a/b:1"), "one"),
        (format!("{arn}/plain"), "p"),
    ];
    for (name, value) in table {
        let found = ask(&mut world, "GetParameter", &json!({"Name": name})).unwrap();
        assert_eq!(found["Parameter"]["Value"], value, "{name}");
    }
    let table = [
        ("/a/b:3", "ParameterVersionNotFound"),
        ("/a/b:label", "ParameterVersionNotFound"),
        ("/a", "ParameterNotFound"),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/a/b", "ParameterNotFound"),
    ];
    for (name, expected) in table {
        assert_eq!(code(&mut world, "GetParameter", &json!({"Name": name})), expected, "{name}");
    }
    let several = ask(&mut world, "GetParameters", &json!({"Names": ["/a/b:1", "/no", "plain"]})).unwrap();
    let values: Vec<_> = several["Parameters"].as_array().unwrap().iter().map(|found| found["Value"].clone()).collect();
    assert_eq!((values, &several["InvalidParameters"]), (vec![json!("one"), json!("p")], &json!(["/no"])));
}

#[test]
fn what_a_parameter_cannot_be_is_refused() {
    let deep = "/a".repeat(16);
    let (long, longest) = ("x".repeat(4097), "x".repeat(8193));
    let table = [
        (json!({"Name": "/aws/x", "Value": "v", "Type": "String"}), "AccessDeniedException"),
        (json!({"Name": "ssm-x", "Value": "v", "Type": "String"}), "ValidationException"),
        (json!({"Name": "/a b", "Value": "v", "Type": "String"}), "ValidationException"),
        (json!({"Name": "a/b", "Value": "v", "Type": "String"}), "ValidationException"),
        (json!({"Name": deep, "Value": "v", "Type": "String"}), "HierarchyLevelLimitExceededException"),
        (json!({"Name": "a", "Value": "v"}), "ValidationException"),
        (json!({"Name": "a", "Value": "", "Type": "String"}), "ValidationException"),
        (json!({"Name": "a", "Value": "v", "Type": "Text"}), "ValidationException"),
        (json!({"Name": "a", "Value": "v", "Type": "String", "KeyId": "alias/a"}), "ValidationException"),
        (json!({"Name": "a", "Value": long, "Type": "String"}), "ValidationException"),
        (json!({"Name": "a", "Value": longest, "Type": "String", "Tier": "Advanced"}), "ValidationException"),
        (json!({"Name": "a", "Value": "v", "Type": "String", "DataType": "aws:ec2:image"}), "ValidationException"),
        (json!({"Name": "a", "Value": "v", "Type": "String", "Policies": "[]"}), "InvalidPolicyTypeException"),
        (json!({"Name": "a", "Value": "v", "Type": "String", "AllowedPattern": "^[0-9]+$"}), "ParameterPatternMismatchException"),
        (json!({"Name": "a", "Value": "v", "Type": "String", "AllowedPattern": "("}), "InvalidAllowedPatternException"),
        (json!({"Name": "old", "Value": "v", "Type": "StringList", "Overwrite": true}), "HierarchyTypeMismatchException"),
        (json!({"Name": "old", "Value": "v", "Overwrite": true, "Tier": "Standard"}), "ValidationException"),
    ];
    let mut world = world();
    let old = json!({"Name": "old", "Value": long, "Type": "String", "Tier": "Intelligent-Tiering"});
    assert_eq!(ask(&mut world, "PutParameter", &old).unwrap()["Tier"], "Advanced");
    for (body, expected) in table {
        assert_eq!(code(&mut world, "PutParameter", &body), expected, "{body}");
    }
    assert_eq!(code(&mut world, "DeleteParameter", &json!({"Name": "a"})), "ParameterNotFound");
    assert_eq!(code(&mut world, "GetParameters", &json!({"Names": ["a", "a"]})), "ValidationException");
}

#[test]
fn the_last_hundred_versions_are_kept() {
    let mut world = world();
    for number in 1..=101 {
        let body = json!({"Name": "a", "Value": number.to_string(), "Type": "SecureString", "Overwrite": true});
        assert_eq!(ask(&mut world, "PutParameter", &body).unwrap()["Version"], number);
    }
    assert_eq!(code(&mut world, "GetParameter", &json!({"Name": "a:1"})), "ParameterVersionNotFound");
    let get = |world: &mut World, decrypted: bool| {
        let found = ask(world, "GetParameter", &json!({"Name": "a:2", "WithDecryption": decrypted})).unwrap();
        found["Parameter"]["Value"].clone()
    };
    assert_eq!(get(&mut world, true), "2");
    assert_ne!(get(&mut world, false), "2");
}
