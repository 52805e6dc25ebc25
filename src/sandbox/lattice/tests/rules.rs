//! Listeners, rules and actions.

use serde_json::{Value, json};

use super::asking::{
    GROUP_A, LISTENER, RULE, conflict, forward, get, id, invalid, missing, new_group, new_service, pass, refused, send, world,
};
use crate::sandbox::world::World;

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

/// A listener with TLS passed through, and what it forwards to.
fn passing(world: &mut World) -> (String, String) {
    let service = new_service(world, json!({"name": "passing", "customDomainName": "passing.example.com"}));
    let config = json!({"port": 443, "protocol": "TCP", "vpcIdentifier": "vpc-12345678"});
    let group = id(&send(world, "POST", "/targetgroups", json!({"name": "passing", "type": "IP", "config": config})));
    pass(world, 2);
    (format!("/services/{service}/listeners"), group)
}

#[test]
fn tls_that_passes_through_needs_a_domain_a_tcp_group_and_no_rules() {
    let mut world = world();
    let (listeners, tcp) = passing(&mut world);
    let listener = |action: Value| json!({"name": "tls", "protocol": "TLS_PASSTHROUGH", "port": 443, "defaultAction": action});
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    invalid(&send(&mut world, "POST", &listeners, listener(fixed.clone())), "defaultAction");
    let http = new_group(&mut world, "myservice-b");
    let body = refused(&send(&mut world, "POST", &listeners, listener(forward(&[(&http, 1)]))), 400, "ValidationException");
    assert_eq!(body["reason"], "other");
    let plain = new_service(&mut world, json!({"name": "plain"}));
    let reply = send(&mut world, "POST", &format!("/services/{plain}/listeners"), listener(forward(&[(&tcp, 1)])));
    invalid(&reply, "protocol");
    let mut portless = listener(forward(&[(&tcp, 1)]));
    portless.as_object_mut().unwrap().remove("port");
    invalid(&send(&mut world, "POST", &listeners, portless), "port");
    let made = id(&send(&mut world, "POST", &listeners, listener(forward(&[(&tcp, 1)]))));
    let matching = json!({"httpMatch": {"method": "GET"}});
    let rule = json!({"name": "one", "priority": 1, "match": matching, "action": fixed});
    refused(&send(&mut world, "POST", &format!("{listeners}/{made}/rules"), rule), 400, "ValidationException");
    // No other listener takes the TCP group, not even of the same service.
    let web = json!({"name": "web", "protocol": "HTTP", "defaultAction": forward(&[(&tcp, 1)])});
    refused(&send(&mut world, "POST", &listeners, web), 400, "ValidationException");
}

#[test]
fn listeners_have_their_protocols_port_and_each_name_and_port_once() {
    let mut world = world();
    let service = new_service(&mut world, json!({"name": "other"}));
    let listeners = format!("/services/{service}/listeners");
    let fixed = json!({"fixedResponse": {"statusCode": 500}});
    let make = |world: &mut World, name: &str, protocol: &str| {
        send(world, "POST", &listeners, json!({"name": name, "protocol": protocol, "defaultAction": fixed}))
    };
    let first = make(&mut world, "secure", "HTTPS");
    assert_eq!((first.status, &first.value()["port"]), (201, &json!(443)));
    conflict(&make(&mut world, "second", "HTTPS"), "LISTENER", &id(&first));
    conflict(&make(&mut world, "secure", "HTTP"), "LISTENER", &id(&first));
    assert_eq!(make(&mut world, "plain", "HTTP").value()["port"], 80);
    let path = format!("{listeners}/{}", id(&first));
    let reply = send(&mut world, "PATCH", &path, json!({"defaultAction": fixed, "port": 81}));
    assert_eq!(refused(&reply, 400, "ValidationException")["fieldList"][0]["name"], "port", "only the default action changes");
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).status, 204);
    missing(&send(&mut world, "GET", &path, Value::Null), "LISTENER");
    let young = id(&send(&mut world, "POST", "/services", json!({"name": "young"})));
    let early = send(
        &mut world,
        "POST",
        &format!("/services/{young}/listeners"),
        json!({"name": "web", "protocol": "HTTP", "defaultAction": fixed}),
    );
    assert!(conflict(&early, "SERVICE", &young).ends_with("status: CREATE_IN_PROGRESS."));
}

#[test]
fn a_rule_of_another_listener_or_service_is_not_found() {
    let mut world = world();
    let other = new_service(&mut world, json!({"name": "other"}));
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    let body = json!({"name": "web", "protocol": "HTTP", "defaultAction": fixed});
    let listener = id(&send(&mut world, "POST", &format!("/services/{other}/listeners"), body));
    missing(
        &send(&mut world, "GET", &format!("/services/{other}/listeners/listener-12345678901234567"), Value::Null),
        "LISTENER",
    );
    for rule in [
        "rule-12345678901234567",
        "arn%3Aaws%3Avpc-lattice%3Aap-northeast-1%3A123456789012%3Aservice%2Fsvc-12345678901234567%2Flistener%2Flistener-12345678901234567%2Frule%2Frule-12345678901234567",
    ] {
        let path = format!("/services/{other}/listeners/{listener}/rules/{rule}");
        missing(&send(&mut world, "GET", &path, Value::Null), "RULE");
        missing(&send(&mut world, "PATCH", &path, json!({"priority": 3})), "RULE");
        missing(&send(&mut world, "DELETE", &path, Value::Null), "RULE");
    }
}

#[test]
fn a_match_must_be_able_to_match() {
    let mut world = world();
    let rule = |matching: Value| json!({"name": "one", "priority": 1, "match": {"httpMatch": matching}, "action": forward(&[(GROUP_A, 1)])});
    let header = |name: &str| json!([{"name": name, "match": {"exact": "x"}}]);
    for (matching, member) in [
        (json!({}), "match.httpMatch"),
        (json!({"method": "GET it"}), "match.httpMatch.method"),
        (json!({"headerMatches": header("x y")}), "match.httpMatch.headerMatches[0].name"),
        (json!({"headerMatches": header("x:y")}), "match.httpMatch.headerMatches[0].name"),
        (json!({"headerMatches": []}), "match.httpMatch.headerMatches"),
        (json!({"pathMatch": {"match": {"prefix": "api"}}}), "match.httpMatch.pathMatch.match.prefix"),
        (json!({"pathMatch": {"match": {}}}), "match.httpMatch.pathMatch.match"),
    ] {
        invalid(&send(&mut world, "POST", &format!("{LISTENER}/rules"), rule(matching.clone())), member);
        invalid(&send(&mut world, "PATCH", RULE, json!({"match": {"httpMatch": matching}})), member);
    }
    assert_eq!(
        send(&mut world, "POST", &format!("{LISTENER}/rules"), rule(json!({"headerMatches": header("X-Test")}))).status,
        201
    );
}

#[test]
fn priorities_stay_unique_whatever_of_a_batch_fails() {
    let mut world = world();
    let make = |world: &mut World, name: &str, priority: u32| {
        let matching = json!({"httpMatch": {"method": "GET"}});
        let rule = json!({"name": name, "match": matching, "priority": priority, "action": forward(&[(GROUP_A, 1)])});
        id(&send(world, "POST", &format!("{LISTENER}/rules"), rule))
    };
    let (second, third) = (make(&mut world, "second", 20), make(&mut world, "third", 30));
    let first = "rule-12345678901234567";
    let bad = json!({"fixedResponse": {"statusCode": 503}});
    let batch = json!({"rules": [
        // Wants the priority of a rule that keeps it, because that one's own update fails.
        {"ruleIdentifier": third, "priority": 10},
        {"ruleIdentifier": second, "priority": 30},
        {"ruleIdentifier": first, "priority": 20, "action": bad},
        {"ruleIdentifier": first, "action": bad},
    ]});
    let reply = send(&mut world, "PATCH", &format!("{LISTENER}/rules"), batch);
    let body = reply.value();
    assert_eq!((reply.status, &body["successful"]), (200, &json!([])));
    let failed: Vec<_> =
        body["unsuccessful"].as_array().unwrap().iter().map(|failure| failure["failureCode"].as_str().unwrap()).collect();
    assert_eq!(failed, ["ConflictException", "ConflictException", "ValidationException", "ValidationException"]);
    let twice = json!({"rules": [{"ruleIdentifier": second, "priority": 21}, {"ruleIdentifier": second, "priority": 22}]});
    let body = send(&mut world, "PATCH", &format!("{LISTENER}/rules"), twice).value();
    assert_eq!(
        (&body["successful"][0]["priority"], &body["unsuccessful"][0]["failureCode"]),
        (&json!(21), &json!("ValidationException"))
    );
    let listed = get(&mut world, &format!("{LISTENER}/rules"));
    let mut priorities: Vec<_> =
        listed["items"].as_array().unwrap().iter().filter_map(|rule| rule["priority"].as_u64()).collect();
    priorities.sort_unstable();
    assert_eq!(priorities, [10, 21, 30]);
    let missing_rule = json!({"rules": [{"ruleIdentifier": "rule-00000000000000000"}]});
    assert_eq!(send(&mut world, "PATCH", &format!("{LISTENER}/rules"), missing_rule).status, 200);
}

#[test]
fn an_update_must_not_take_another_rules_priority() {
    let mut world = world();
    let matching = json!({"httpMatch": {"method": "GET"}});
    let rule = json!({"name": "second", "match": matching, "priority": 20, "action": forward(&[(GROUP_A, 1)])});
    let second = id(&send(&mut world, "POST", &format!("{LISTENER}/rules"), rule));
    conflict(&send(&mut world, "PATCH", RULE, json!({"priority": 20})), "RULE", &second);
    assert_eq!(send(&mut world, "PATCH", RULE, json!({"priority": 10})).status, 200, "its own");
}
