//! From the Host header to a target group.

use std::time::Duration;

use serde_json::json;

use super::asking::{WEB, ask, counts, group, listener, pass, request, shares, split, world};
use crate::sandbox::{dataplane, route, scenario, world::World};

#[test]
fn the_host_header_picks_the_service() {
    let mut world = split(&[group("a", 1, &["i-1"])], &[("a", 1)], json!({}));
    let table = [
        (WEB.to_owned(), 200),
        (WEB.to_uppercase(), 200),
        (format!("{WEB}:80"), 200),
        (format!("{WEB}:4711"), 200),
        ("web".to_owned(), 404),
        ("127.0.0.1:4711".to_owned(), 404),
        (String::new(), 404),
    ];
    for (host, status) in table {
        let reply = ask(&mut world, &host, "/services");
        assert_eq!(reply.status, status, "{host}: {}", reply.value());
    }
    let tunnel = dataplane::answer(&mut world, &request("CONNECT", WEB, "", &[]));
    assert_eq!(tunnel.status, 501, "{}", tunnel.value());
}

#[test]
fn the_port_picks_the_listener_and_http_listens_otherwise() {
    let fixed = |status: u16| json!({ "fixed_response": status });
    let listeners =
        [listener("tls", "HTTPS", 443, fixed(500), json!([])), listener("plain", "HTTP", 8080, fixed(404), json!([]))];
    let mut both = world(&[], &listeners, json!({}));
    assert_eq!(ask(&mut both, WEB, "/").status, 404, "HTTP goes first");
    assert_eq!(ask(&mut both, &format!("{WEB}:443"), "/").status, 500);
    assert_eq!(ask(&mut both, &format!("{WEB}:8080"), "/").status, 404);
    let mut tls = world(&[], &listeners[..1], json!({}));
    assert_eq!(ask(&mut tls, WEB, "/").status, 500, "in clear text");
    let mut none = world(&[], &[], json!({}));
    let reply = ask(&mut none, WEB, "/");
    assert_eq!((reply.status, reply.value()["message"].as_str().unwrap().contains("nothing listens")), (404, true));
    let forward = json!({ "forward": { "a": 1 } });
    let passed = [listener("tls", "TLS_PASSTHROUGH", 443, forward, json!([]))];
    let mut passed = world(&[group("a", 1, &["i-1"])], &passed, json!({}));
    let reply = ask(&mut passed, WEB, "/");
    assert_eq!((reply.status, reply.value()["message"].as_str().unwrap().contains("TLS_PASSTHROUGH")), (501, true));
}

#[test]
fn rules_go_by_priority_and_the_default_rule_goes_last() {
    let rule = |name: &str, priority: u32, matching: serde_json::Value, group: &str| json!({"name": name, "priority": priority, "match": {"httpMatch": matching}, "action": {"forward": {group: 1}}});
    let rules = json!([
        rule("wide", 20, json!({"pathMatch": {"match": {"prefix": "/api"}}}), "b"),
        rule("narrow", 10, json!({"pathMatch": {"match": {"prefix": "/api/v2"}}}), "c"),
        rule("tester", 5, json!({"headerMatches": [{"name": "x-test", "match": {"exact": "yes"}}]}), "d"),
    ]);
    let groups = ["a", "b", "c", "d"].map(|name| group(name, u32::from(name.as_bytes()[0]), &["i-1"]));
    let mut world = world(&groups, &[listener("http", "HTTP", 80, json!({ "forward": { "a": 1 } }), rules)], json!({}));
    let table = [
        ("/", None, "a"),
        ("/api/v1", None, "b"),
        ("/api/v2/x", None, "c"),
        ("/api/v2", Some("yes"), "d"),
        ("/", Some("no"), "a"),
    ];
    for (path, header, wanted) in table {
        let headers: Vec<_> = header.map(|value| ("x-test", value)).into_iter().collect();
        let reply = dataplane::answer(&mut world, &request("GET", WEB, path, &headers));
        assert_eq!(reply.value()["target_group"], wanted, "{path} {header:?}");
    }
}

#[test]
fn weights_are_kept_exactly_and_a_weight_of_nothing_gets_nothing() {
    let groups = [group("a", 1, &["i-1"]), group("b", 2, &["i-2"]), group("c", 3, &["i-3"])];
    let mut world = split(&groups, &[("a", 20), ("b", 10), ("c", 0)], json!({}));
    assert_eq!(shares(&mut world, 30), counts(&[("i-1:8080", 20), ("i-2:8080", 10)]));
    let mut none = split(&groups, &[("a", 0)], json!({ "knobs": { "all_zero_status": 500 } }));
    assert_eq!(ask(&mut none, WEB, "/").status, 500);
}

#[test]
fn an_answer_says_where_it_comes_from() {
    let mut world = split(&[group("a", 1, &["i-1"])], &[("a", 1)], json!({}));
    let named = dataplane::answer(&mut world, &request("GET", WEB, "/x", &[("x-amzn-requestid", &"n".repeat(600))]));
    let header = |name: &str| named.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone());
    let arn = "arn:aws:vpc-lattice:eu-north-1:123456789012:";
    let shown = format!(
        "ServiceArn={arn}service/svc-00000000000000001;ServiceNetworkArn={arn}servicenetwork/sn-00000000000000009;\
         TargetGroupArn={arn}targetgroup/tg-00000000000000001"
    );
    assert_eq!(header("x-amzn-lattice-target"), Some(shown.clone()));
    assert_eq!(header("x-amzn-requestid"), Some("n".repeat(512)), "echoed, and cut");
    let body = named.value();
    assert_eq!((&body["target_group"], &body["target"]), (&json!("a"), &json!("i-1:8080")));
    assert_eq!((&body["target_group_id"], &body["latency_ms"]), (&json!("tg-00000000000000001"), &json!(20.0)));
    assert_eq!(body["headers"]["x-amzn-lattice-target"], shown);
    assert_eq!((&body["headers"]["x-forwarded-port"], &body["headers"]["x-forwarded-proto"]), (&json!("80"), &json!("http")));
    let unnamed = ask(&mut world, WEB, "/");
    assert!(unnamed.headers.iter().any(|(name, value)| name == "x-amzn-requestid" && value.ends_with("-000000000002")));
    let last = world.dataplane.recent().next_back().unwrap();
    assert_eq!((last.service.as_str(), last.rule.as_deref(), last.status), ("web", Some("default"), 200));
    assert_eq!((last.target_group.as_deref(), last.target.as_deref()), (Some("a"), Some("i-1:8080")));
}

#[test]
fn a_service_that_asks_for_iam_lets_nobody_in_without_a_policy() {
    let mut world = World::new(scenario::load("promoted").unwrap());
    let created = json!({"name": "guarded", "authType": "AWS_IAM"}).to_string();
    let create = route::perform(&mut world, &post("/services", &created)).value();
    let path = format!("/services/{}/listeners", create["id"].as_str().unwrap());
    pass(&mut world, 5);
    let listener = json!({"name": "http", "protocol": "HTTP", "defaultAction": {"fixedResponse": {"statusCode": 404}}});
    route::perform(&mut world, &post(&path, &listener.to_string()));
    pass(&mut world, 30);
    let reply = ask(&mut world, create["dnsEntry"]["domainName"].as_str().unwrap(), "/x");
    let said = String::from_utf8(reply.body).unwrap();
    assert_eq!(reply.status, 403);
    assert!(
        said.starts_with("AccessDeniedException: User: anonymous is not authorized to perform: vpc-lattice-svcs:Invoke"),
        "{said}"
    );
}

fn post(path: &str, body: &str) -> crate::sandbox::wire::Request {
    let mut request = request("POST", "sandbox", path, &[]);
    request.body = body.to_owned().into();
    request
}

#[test]
fn a_written_weight_is_followed_after_the_propagation_delay() {
    let mut world = World::new(scenario::load("promoted").unwrap());
    let host = "myservice-12345678901234567.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws";
    let first = ask(&mut world, host, "/api/x").value();
    let second = ask(&mut world, host, "/api/x").value();
    assert_eq!((&first["target_group"], &first["revision"]), (&json!("myservice-a"), &json!("myservice:1")));
    assert_ne!(first["target"], second["target"], "in turn");
    let rule = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";
    let mut update = post(rule, &json!({"action": {"fixedResponse": {"statusCode": 404}}}).to_string());
    update.method = http::Method::PATCH;
    assert_eq!(route::perform(&mut world, &update).status, 200);
    assert_eq!(ask(&mut world, host, "/api").status, 200, "not before the delay");
    world.advance(world.now + Duration::from_millis(29_999));
    assert_eq!(ask(&mut world, host, "/api").status, 200);
    world.advance(world.now + Duration::from_millis(1));
    assert_eq!(ask(&mut world, host, "/api").status, 404);
    assert_eq!(ask(&mut world, host, "/").status, 200, "the default action is another traffic target");
}
