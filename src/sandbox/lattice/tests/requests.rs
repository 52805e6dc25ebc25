//! What every request has in common: identifiers, tokens, findings, tags.

use serde_json::{Value, json};

use super::asking::{
    GROUP_A, LISTENER, RULE, SERVICE, conflict, encoded, forward, get, id, invalid, missing, refused, send, world,
};
use crate::sandbox::{scenario::TokenMismatch, wire::Request};

#[test]
fn an_arn_is_one_encoded_segment_and_means_the_same_as_the_id() {
    let mut world = world();
    let by_id = get(&mut world, RULE);
    let service = encoded("arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567");
    let rule = encoded(by_id["arn"].as_str().unwrap());
    let by_arn = get(&mut world, &format!("/services/{service}/listeners/listener-12345678901234567/rules/{rule}"));
    assert_eq!(by_id, by_arn);
    assert_eq!(by_id["match"]["httpMatch"]["pathMatch"]["match"]["prefix"], "/api");
    assert_eq!((by_id["priority"].as_u64(), by_id["isDefault"].as_bool()), (Some(10), Some(false)));
}

#[test]
fn names_are_no_identifiers_and_what_is_not_there_is_not_found() {
    let mut world = world();
    let body = refused(&send(&mut world, "GET", "/services/myservice", Value::Null), 400, "ValidationException");
    assert_eq!(body["reason"], "fieldValidationFailed");
    assert_eq!(body["fieldList"][0]["name"], "serviceIdentifier");
    let reply = send(&mut world, "GET", "/services/svc-00000000000000000", Value::Null);
    let body = refused(&reply, 404, "ResourceNotFoundException");
    assert_eq!((&body["resourceType"], &body["resourceId"]), (&json!("SERVICE"), &json!("svc-00000000000000000")));
    refused(&send(&mut world, "GET", "/resourcegateways", Value::Null), 404, "UnknownOperationException");
    assert!(world.log.iter().any(|line| line.what.contains("resourcegateways")));
}

#[test]
fn a_client_token_gives_the_same_answer_or_a_conflict() {
    let mut world = world();
    let body = json!({"name": "other", "clientToken": "t1"});
    let first = send(&mut world, "POST", "/services", body.clone());
    assert_eq!(send(&mut world, "POST", "/services", body), first);
    refused(&send(&mut world, "POST", "/services", json!({"name": "third", "clientToken": "t1"})), 409, "ConflictException");
    refused(&send(&mut world, "POST", "/services", json!({"name": "other"})), 409, "ConflictException");
}

#[test]
fn all_findings_are_listed_at_once() {
    let mut world = world();
    let reply = send(&mut world, "POST", "/targetgroups", json!({"name": "-A-", "type": "HOST", "colour": "blue"}));
    let body = refused(&reply, 400, "ValidationException");
    let names: Vec<_> = body["fieldList"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["name", "type", "colour"]);
    let reply = send(&mut world, "PATCH", RULE, json!({"priority": 0, "action": forward(&[(GROUP_A, 1000)])}));
    let body = refused(&reply, 400, "ValidationException");
    assert_eq!(body["fieldList"].as_array().unwrap().len(), 2);
    let mut request = Request {
        method: http::Method::POST,
        path: "/services".to_owned(),
        query: String::new(),
        headers: http::HeaderMap::new(),
        body: "{".into(),
    };
    assert_eq!(crate::sandbox::route::perform(&mut world, &request).value()["reason"], "cannotParse");
    request.body = "[]".into();
    assert_eq!(crate::sandbox::route::perform(&mut world, &request).status, 400);
}

#[test]
fn tags_hold_what_aws_lets_them_hold() {
    let mut world = world();
    let arn = get(&mut world, RULE)["arn"].as_str().unwrap().to_owned();
    let path = format!("/tags/{}", encoded(&arn));
    let tags = json!({"espalier:step": "a 1_.:/=+-@", "k2": ""});
    assert_eq!(send(&mut world, "POST", &path, json!({"tags": tags})).status, 200);
    assert_eq!(get(&mut world, &path)["tags"], tags);
    for (key, value) in [("ok", "{\"json\"}"), ("ok", "a,b"), ("", "empty key"), ("aws:x", "reserved"), ("ok", &"x".repeat(257))]
    {
        refused(&send(&mut world, "POST", &path, json!({"tags": {key: value}})), 400, "ValidationException");
    }
    let many: serde_json::Map<_, _> = (0..48).map(|number| (format!("n{number}"), json!("x"))).collect();
    assert_eq!(send(&mut world, "POST", &path, json!({"tags": many})).status, 200);
    refused(&send(&mut world, "POST", &path, json!({"tags": {"one-more": "x"}})), 400, "ValidationException");
    assert_eq!(send(&mut world, "POST", &path, json!({"tags": {"k2": "replaced"}})).status, 200, "no new key");
    assert_eq!(send(&mut world, "DELETE", &format!("{path}?tagKeys=espalier%3Astep&tagKeys=n0"), Value::Null).status, 200);
    let left = get(&mut world, &path);
    assert_eq!((left["tags"].as_object().unwrap().len(), left["tags"].get("espalier:step")), (48, None));
    refused(&send(&mut world, "GET", &format!("{path}0"), Value::Null), 404, "ResourceNotFoundException");
    for (uri, body) in [(SERVICE, Value::Null), (LISTENER, Value::Null), (&*format!("/targetgroups/{GROUP_A}"), Value::Null)] {
        let arn = send(&mut world, "GET", uri, body).value()["arn"].as_str().unwrap().to_owned();
        let path = format!("/tags/{}", encoded(&arn));
        assert_eq!(send(&mut world, "POST", &path, json!({"tags": {"a": "b"}})).status, 200);
        assert_eq!(get(&mut world, &path)["tags"]["a"], "b");
    }
}

#[test]
fn an_arn_of_another_region_or_account_is_somebody_elses() {
    let mut world = world();
    let ours = [
        ("services", "service/svc-12345678901234567", "SERVICE"),
        ("servicenetworks", "servicenetwork/sn-12345678901234567", "SERVICE_NETWORK"),
        ("targetgroups", "targetgroup/tg-12345678901234567", "TARGET_GROUP"),
    ];
    for (list, path, kind) in ours {
        let uri = |region: &str, account: &str| {
            format!("/{list}/{}", encoded(&format!("arn:aws:vpc-lattice:{region}:{account}:{path}")))
        };
        get(&mut world, &uri("ap-northeast-1", "123456789012"));
        missing(&send(&mut world, "GET", &uri("eu-west-1", "123456789012"), Value::Null), kind);
        missing(&send(&mut world, "DELETE", &uri("ap-northeast-1", "210987654321"), Value::Null), kind);
    }
}

#[test]
fn a_token_of_one_operation_says_nothing_to_another_and_its_mismatch_is_a_knob() {
    let mut world = world();
    let body = |name: &str| json!({"name": name, "clientToken": "t1"});
    let service = send(&mut world, "POST", "/services", body("other"));
    assert_eq!(send(&mut world, "POST", "/servicenetworks", body("other")).status, 201);
    conflict(&send(&mut world, "POST", "/services", body("third")), "CLIENT_TOKEN", "t1");
    world.scenario.knobs.token_mismatch = TokenMismatch::Validation;
    invalid(&send(&mut world, "POST", "/services", body("third")), "clientToken");
    assert_eq!(id(&send(&mut world, "POST", "/services", body("other"))), id(&service), "the same again is no mistake");
}

#[test]
fn tags_are_held_to_the_same_rules_from_the_start() {
    let mut world = world();
    let many: serde_json::Map<_, _> = (0..51).map(|number| (format!("n{number}"), json!("x"))).collect();
    let tags = [(json!({"aws:x": "y"}), "tags"), (json!({"ok": "a,b"}), "tags.ok"), (Value::Object(many), "tags")];
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    let network = "sn-12345678901234567";
    let matching = json!({"httpMatch": {"method": "GET"}});
    let rule = json!({"name": "one", "priority": 1, "match": matching, "action": fixed});
    let creations = [
        ("/services".to_owned(), json!({"name": "one"})),
        ("/servicenetworks".to_owned(), json!({"name": "one"})),
        ("/targetgroups".to_owned(), json!({"name": "one", "type": "LAMBDA"})),
        (format!("{SERVICE}/listeners"), json!({"name": "one", "protocol": "HTTPS", "defaultAction": fixed})),
        (format!("{LISTENER}/rules"), rule),
        (
            "/servicenetworkvpcassociations".to_owned(),
            json!({"serviceNetworkIdentifier": network, "vpcIdentifier": "vpc-12345678"}),
        ),
        (
            "/accesslogsubscriptions".to_owned(),
            json!({"resourceIdentifier": network, "destinationArn": "arn:aws:s3:::access-logs"}),
        ),
    ];
    for (uri, body) in creations {
        for (tags, member) in &tags {
            let mut body = body.clone();
            body["tags"] = tags.clone();
            invalid(&send(&mut world, "POST", &uri, body), member);
        }
        let mut body = body;
        body["tags"] = json!({"team": "a"});
        let made = send(&mut world, "POST", &uri, body);
        assert!(made.status < 300, "{uri}: {}", made.value());
        let path = format!("/tags/{}", encoded(made.value()["arn"].as_str().unwrap()));
        assert_eq!(get(&mut world, &path)["tags"], json!({"team": "a"}), "{uri}");
        assert_eq!(send(&mut world, "DELETE", &format!("{path}?tagKeys=nobody&tagKeys=team"), Value::Null).status, 200);
        assert_eq!(get(&mut world, &path)["tags"], json!({}), "{uri}");
    }
}
