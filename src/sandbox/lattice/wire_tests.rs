//! VPC Lattice's resources on the wire: requests as bytes and paths, replies as status, error header and JSON; no sockets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{
    route::{self, Outcome},
    scenario,
    wire::{Reply, Request},
    world::World,
};

const SERVICE: &str = "/services/svc-12345678901234567";
const LISTENER: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567";
pub(super) const RULE: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";
pub(super) const GROUP_A: &str = "tg-12345678901234567";

pub(super) fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

pub(super) fn send(world: &mut World, method: &str, uri: &str, body: Value) -> Reply {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let request = Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: http::HeaderMap::new(),
        body: if body.is_null() { bytes::Bytes::new() } else { body.to_string().into() },
    };
    match route::answer(world, &request) {
        Outcome::Reply(reply) => reply,
        other @ (Outcome::Never | Outcome::Closed) => panic!("{method} {uri}: {other:?}"),
    }
}

pub(super) fn get(world: &mut World, uri: &str) -> Value {
    let reply = send(world, "GET", uri, Value::Null);
    assert_eq!(reply.status, 200, "{uri}: {}", reply.value());
    reply.value()
}

pub(super) fn pass(world: &mut World, secs: u64) {
    let until = world.now + Duration::from_secs(secs);
    world.advance(until);
}

#[track_caller]
pub(super) fn refused(reply: &Reply, status: u16, code: &str) -> Value {
    let header = reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").map(|(_, value)| value.as_str());
    assert_eq!((reply.status, header), (status, Some(code)), "{}", reply.value());
    assert!(reply.value()["message"].is_string());
    reply.value()
}

pub(super) fn new_group(world: &mut World, name: &str) -> String {
    let config = json!({"port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
    let reply = send(world, "POST", "/targetgroups", json!({"name": name, "type": "IP", "config": config}));
    assert_eq!(reply.status, 201, "{}", reply.value());
    pass(world, 2);
    reply.value()["id"].as_str().unwrap().to_owned()
}

pub(super) fn forward(groups: &[(&str, u32)]) -> Value {
    let groups: Vec<_> = groups.iter().map(|(id, weight)| json!({"targetGroupIdentifier": id, "weight": weight})).collect();
    json!({"forward": {"targetGroups": groups}})
}

fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}

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
fn a_service_becomes_active_and_can_then_be_associated() {
    let mut world = world();
    let reply = send(&mut world, "POST", "/services", json!({"name": "other", "clientToken": "t1", "tags": {"team": "a b"}}));
    assert_eq!((reply.status, &reply.value()["status"]), (201, &json!("CREATE_IN_PROGRESS")));
    let id = reply.value()["id"].as_str().unwrap().to_owned();
    assert!(reply.value()["dnsEntry"]["domainName"].as_str().unwrap().starts_with("other-"));
    let association = json!({"serviceIdentifier": id, "serviceNetworkIdentifier": "sn-12345678901234567"});
    let early = send(&mut world, "POST", "/servicenetworkserviceassociations", association.clone());
    assert!(refused(&early, 409, "ConflictException")["message"].as_str().unwrap().contains("CREATE_IN_PROGRESS"));
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &format!("/services/{id}"))["status"], "ACTIVE");
    let made = send(&mut world, "POST", "/servicenetworkserviceassociations", association.clone());
    assert_eq!((made.status, &made.value()["status"]), (200, &json!("CREATE_IN_PROGRESS")));
    refused(&send(&mut world, "POST", "/servicenetworkserviceassociations", association), 409, "ConflictException");
    refused(&send(&mut world, "DELETE", &format!("/services/{id}"), Value::Null), 409, "ConflictException");
    let listed = get(&mut world, "/servicenetworkserviceassociations?serviceNetworkIdentifier=sn-12345678901234567");
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    pass(&mut world, 2);
    let association = made.value()["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&mut world, "DELETE", &format!("/servicenetworkserviceassociations/{association}"), Value::Null).status, 200);
    pass(&mut world, 2);
    let gone = send(&mut world, "DELETE", &format!("/services/{id}"), Value::Null);
    assert_eq!((gone.status, &gone.value()["status"]), (200, &json!("DELETE_IN_PROGRESS")));
    pass(&mut world, 2);
    refused(&send(&mut world, "GET", &format!("/services/{id}"), Value::Null), 404, "ResourceNotFoundException");
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
fn a_target_group_has_lattices_defaults_and_is_guarded_while_in_use() {
    let mut world = world();
    let config =
        json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678", "healthCheck": {"path": "/up", "healthyThresholdCount": 0}});
    let reply = send(&mut world, "POST", "/targetgroups", json!({"name": "second", "type": "IP", "config": config}));
    let made = reply.value();
    assert_eq!((reply.status, &made["status"], &made["config"]["port"]), (201, &json!("CREATE_IN_PROGRESS"), &json!(80)));
    let check = &made["config"]["healthCheck"];
    assert_eq!((&check["enabled"], &check["healthCheckIntervalSeconds"]), (&json!(true), &json!(30)));
    assert_eq!(
        (&check["healthyThresholdCount"], &check["path"], &check["matcher"]["httpCode"]),
        (&json!(5), &json!("/up"), &json!("200"))
    );
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/targetgroups/{id}");
    refused(&send(&mut world, "PATCH", RULE, json!({"action": forward(&[(&id, 1)])})), 409, "ConflictException");
    refused(&send(&mut world, "DELETE", &path, Value::Null), 409, "ConflictException");
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &path)["serviceArns"], json!([]));
    assert_eq!(send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 1), (&id, 0)])})).status, 200);
    assert_eq!(get(&mut world, &path)["serviceArns"].as_array().unwrap().len(), 1);
    refused(&send(&mut world, "DELETE", &path, Value::Null), 409, "ConflictException");
    let updated = send(&mut world, "PATCH", &path, json!({"healthCheck": {"healthCheckIntervalSeconds": 5}}));
    assert_eq!(updated.value()["config"]["healthCheck"]["path"], "/up", "members left out stay as they were");
    refused(
        &send(&mut world, "PATCH", &path, json!({"healthCheck": {"healthCheckIntervalSeconds": 3}})),
        400,
        "ValidationException",
    );
    assert_eq!(send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 1)])})).status, 200);
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).value()["status"], "DELETE_IN_PROGRESS");
    refused(
        &send(&mut world, "POST", "/targetgroups", json!({"name": "third", "type": "IP", "config": {}})),
        400,
        "ValidationException",
    );
}

#[test]
fn rules_are_listed_without_actions_and_the_default_one_is_only_read() {
    let mut world = world();
    let rules = get(&mut world, &format!("{LISTENER}/rules"));
    let rules = rules["items"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule.get("action").is_none() && rule.get("match").is_none()));
    let default = rules.iter().find(|rule| rule["isDefault"] == true).unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("{LISTENER}/rules/{default}");
    assert_eq!(get(&mut world, &path)["action"], forward(&[(GROUP_A, 100)]));
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    refused(&send(&mut world, "PATCH", &path, json!({"action": fixed})), 400, "ValidationException");
    refused(&send(&mut world, "DELETE", &path, Value::Null), 400, "ValidationException");
    let updated = send(&mut world, "PATCH", LISTENER, json!({"defaultAction": fixed}));
    assert_eq!((updated.status, &updated.value()["defaultAction"]), (200, &fixed));
    assert_eq!(get(&mut world, &path)["action"], fixed);
    assert_eq!(get(&mut world, LISTENER)["defaultAction"], fixed);
    refused(
        &send(&mut world, "PATCH", LISTENER, json!({"defaultAction": {"fixedResponse": {"statusCode": 503}}})),
        400,
        "ValidationException",
    );
}

#[test]
fn actions_are_held_against_the_world() {
    let mut world = world();
    let b = new_group(&mut world, "myservice-b");
    let update = |world: &mut World, action: Value| send(world, "PATCH", RULE, json!({"action": action}));
    let missing = forward(&[("tg-00000000000000000", 1)]);
    assert_eq!(refused(&update(&mut world, missing), 404, "ResourceNotFoundException")["resourceType"], "TARGET_GROUP");
    refused(&update(&mut world, forward(&[(GROUP_A, 1), (GROUP_A, 2)])), 400, "ValidationException");
    let unweighted = json!({"forward": {"targetGroups": [{"targetGroupIdentifier": GROUP_A}, {"targetGroupIdentifier": b}]}});
    refused(&update(&mut world, unweighted), 400, "ValidationException");
    let alone = json!({"forward": {"targetGroups": [{"targetGroupIdentifier": b}]}});
    assert_eq!(update(&mut world, alone).value()["action"], forward(&[(&b, 100)]), "alone it weighs 100");
    refused(&update(&mut world, json!({"forward": {"targetGroups": []}})), 400, "ValidationException");
    // Another service may not use it.
    let other = send(&mut world, "POST", "/services", json!({"name": "other"})).value()["id"].as_str().unwrap().to_owned();
    let listener = json!({"name": "http-80", "protocol": "HTTP", "defaultAction": forward(&[(&b, 1)])});
    refused(&send(&mut world, "POST", &format!("/services/{other}/listeners"), listener), 409, "ConflictException");
    world.scenario.knobs.all_zero_weights = false;
    refused(&update(&mut world, forward(&[(GROUP_A, 0)])), 400, "ValidationException");
}

#[test]
fn rules_are_created_within_priority_name_and_quota() {
    let mut world = world();
    let rule = |number: u32| {
        let matching = json!({"httpMatch": {"pathMatch": {"match": {"exact": format!("/{number}")}}}});
        json!({"name": format!("rule{number}"), "match": matching, "priority": number, "action": forward(&[(GROUP_A, 1)])})
    };
    let path = format!("{LISTENER}/rules");
    refused(&send(&mut world, "POST", &path, rule(10)), 409, "ConflictException");
    for number in 11..20 {
        assert_eq!(send(&mut world, "POST", &path, rule(number)).status, 201);
    }
    let full = refused(&send(&mut world, "POST", &path, rule(20)), 402, "ServiceQuotaExceededException");
    assert_eq!((&full["resourceType"], &full["serviceCode"]), (&json!("RULE"), &json!("vpc-lattice")));
    let first = get(&mut world, &format!("{path}?maxResults=4"));
    assert_eq!(first["items"].as_array().unwrap().len(), 4);
    let token = first["nextToken"].as_str().unwrap();
    let last = get(&mut world, &format!("{path}?maxResults=100&nextToken={token}"));
    assert_eq!((last["items"].as_array().unwrap().len(), last.get("nextToken")), (7, None));
    let new = last["items"][6]["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&mut world, "DELETE", &format!("{path}/{new}"), Value::Null).status, 204);
    refused(&send(&mut world, "GET", &format!("{path}?maxResults=0"), Value::Null), 400, "ValidationException");
}

#[test]
fn a_batch_swaps_priorities_and_lists_what_failed() {
    let mut world = world();
    let matching = json!({"httpMatch": {"method": "GET"}});
    let second = json!({"name": "second", "match": matching, "priority": 20, "action": forward(&[(GROUP_A, 1)])});
    let made = send(&mut world, "POST", &format!("{LISTENER}/rules"), second).value();
    let id = made["id"].as_str().unwrap();
    let rules = json!([
        {"ruleIdentifier": "rule-12345678901234567", "priority": 20},
        {"ruleIdentifier": id, "priority": 10},
        {"ruleIdentifier": "rule-00000000000000000", "priority": 30},
    ]);
    let reply = send(&mut world, "PATCH", &format!("{LISTENER}/rules"), json!({"rules": rules}));
    assert_eq!(reply.status, 200);
    let body = reply.value();
    assert_eq!(body["successful"].as_array().unwrap().len(), 2);
    assert_eq!(body["unsuccessful"][0]["failureCode"], "ResourceNotFoundException");
    assert_eq!(get(&mut world, RULE)["priority"], 20);
    assert_eq!(get(&mut world, &format!("{LISTENER}/rules/{id}"))["priority"], 10);
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
