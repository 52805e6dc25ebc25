//! The verbs against a server on loopback: what is asked, and what becomes of the answers.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_vpclattice::config::{retry::RetryConfig, timeout::TimeoutConfig};
use serde_json::json;

use super::{
    action::Action,
    groups::{GroupStatus, TargetStatus},
    ids::TargetGroupId,
    resolve::ResolveError,
    traffic::{LatticeService, TrafficTarget},
};
use crate::aws::{
    fault::FaultKind,
    testing::{Answer, Asked, asked, aws_at, heard, ok, refused, with_aws},
};

const ACCOUNT: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012";

fn id(kind: &str, number: u32) -> String {
    format!("{kind}-{number:017}")
}

fn listener_arn(listener: u32) -> String {
    format!("{ACCOUNT}:service/{}/listener/{}", id("svc", 1), id("listener", listener))
}

fn rule_arn(listener: u32, rule: u32) -> String {
    format!("{}/rule/{}", listener_arn(listener), id("rule", rule))
}

fn rule(listener: u32, rule: u32) -> TrafficTarget {
    TrafficTarget::from_arn(&rule_arn(listener, rule)).expect("an ARN")
}

fn default_of(listener: u32) -> TrafficTarget {
    TrafficTarget::from_arn(&listener_arn(listener)).expect("an ARN")
}

fn forward(stable: u16, candidate: u16) -> Action {
    Action::Forward(vec![(TargetGroupId::of(&id("tg", 1)), stable), (TargetGroupId::of(&id("tg", 2)), candidate)])
}

fn forward_json(stable: u16, candidate: u16) -> serde_json::Value {
    // Ids and ARNs are answered alike.
    let arn = format!("{ACCOUNT}:targetgroup/{}", id("tg", 2));
    json!({ "forward": { "targetGroups": [
        { "targetGroupIdentifier": id("tg", 1), "weight": stable },
        { "targetGroupIdentifier": arn, "weight": candidate },
    ] } })
}

fn service() -> LatticeService {
    LatticeService {
        id: id("svc", 1).parse().expect("an id"),
        arn: format!("{ACCOUNT}:service/{}", id("svc", 1)),
        name: "app".to_owned(),
    }
}

#[test]
fn a_service_is_found_by_name_on_a_later_page_and_an_absent_one_lists_what_there_is() {
    let script = |asked: &Asked, _| {
        let summary = |number: u32, name: &str| json!({ "id": id("svc", number), "name": name, "arn": format!("{ACCOUNT}:service/{}", id("svc", number)) });
        Some(if asked.what.contains("nextToken=two") {
            ok(json!({ "items": [summary(2, "myservice")] }))
        } else {
            ok(json!({ "items": [summary(1, "other")], "nextToken": "two" }))
        })
    };
    with_aws(script, async |aws, log| {
        let found = aws.lattice.resolve_service("myservice").await.expect("found");
        assert_eq!(found.id.as_str(), id("svc", 2));
        assert_eq!(heard(&log), ["GET /services?maxResults=100", "GET /services?maxResults=100&nextToken=two"]);
        let by_arn = aws.lattice.resolve_service(&format!("{ACCOUNT}:service/{}", id("svc", 1))).await.expect("found");
        assert_eq!(by_arn.name, "other");
        let absent = aws.lattice.resolve_service("myservise").await.expect_err("absent");
        assert!(
            matches!(&absent, ResolveError::Absent { candidates, .. } if candidates[..] == ["myservice", "other"]),
            "{absent}"
        );
    });
}

#[test]
fn traffic_targets_are_rules_in_order_and_the_default_action_by_its_listener() {
    let script = |asked: &Asked, _| {
        let (listener, rules) = (format!("/listeners/{}", id("listener", 1)), "/rules?");
        let what = asked.what.as_str();
        Some(if what.ends_with("/listeners?maxResults=100") {
            ok(json!({ "items": [{ "id": id("listener", 1), "name": "http-80", "arn": listener_arn(1) }] }))
        } else if what.contains(rules) {
            let rule = |number: u32, priority: u32| json!({ "id": id("rule", number), "arn": rule_arn(1, number), "name": format!("rule{number}"), "priority": priority, "isDefault": false });
            ok(
                json!({ "items": [rule(1, 20), rule(2, 10), rule(3, 30), { "id": id("rule", 9), "arn": rule_arn(1, 9), "name": "default", "isDefault": true }] }),
            )
        } else if what.ends_with(&id("rule", 3)) {
            refused(404, "ResourceNotFoundException", "gone since it was listed")
        } else if what.ends_with(&id("rule", 2)) {
            ok(json!({ "action": { "forward": { "targetGroups": [{ "targetGroupIdentifier": id("tg", 1) }] } } }))
        } else if what.contains("/rules/") {
            ok(json!({ "action": forward_json(95, 5) }))
        } else if what.ends_with(&listener) {
            ok(json!({ "defaultAction": { "fixedResponse": { "statusCode": 404 } } }))
        } else {
            refused(400, "ValidationException", what)
        })
    };
    with_aws(script, async |aws, log| {
        let [found, others] = aws.lattice.traffic_targets_of(&service().id, Some("http-80")).await.expect("targets");
        let shown: Vec<(String, String)> =
            found.iter().map(|(target, action)| (target.label(), action.to_text().expect("known"))).collect();
        let [one, two] = [1, 2].map(|group| id("tg", group));
        assert_eq!(
            shown,
            [
                ("rule rule2 (priority 10) of http-80".to_owned(), format!("forward {one}=100")),
                ("rule rule1 (priority 20) of http-80".to_owned(), format!("forward {one}=95 {two}=5")),
                ("default action of http-80".to_owned(), "fixed 404".to_owned()),
            ]
        );
        assert_eq!(found[2].0.arn(), listener_arn(1));
        assert!(others.is_empty(), "there is no other listener");
        assert!(!heard(&log).iter().any(|what| what.ends_with(&id("rule", 9))), "the default rule is not asked for");
        let absent = aws.lattice.traffic_targets_of(&service().id, Some("https")).await.expect_err("absent");
        assert_eq!(absent.to_string(), "there is no listener `https`: there is http-80");
    });
}

#[test]
fn actions_are_read_in_order_and_what_is_gone_is_none() {
    let script = |asked: &Asked, _| {
        Some(if asked.what.contains(&id("rule", 1)) {
            refused(404, "ResourceNotFoundException", "gone")
        } else if asked.what.contains(&id("rule", 2)) {
            refused(403, "AccessDeniedException", "not yours")
        } else if asked.what.contains(&id("rule", 3)) {
            ok(json!({ "action": { "mirror": { "to": "somewhere" } } }))
        } else {
            ok(json!({ "defaultAction": forward_json(100, 0) }))
        })
    };
    with_aws(script, async |aws, _| {
        let read = aws.lattice.read_actions(&[rule(1, 1), default_of(1), rule(1, 2), rule(1, 3)]).await;
        assert_eq!((read[0].clone(), read[1].clone()), (Ok(None), Ok(Some(forward(100, 0)))));
        assert_eq!(read[2].as_ref().map_err(|fault| fault.kind), Err(FaultKind::Denied));
        assert!(matches!(read[3], Ok(Some(Action::Other))), "a kind of action that does not exist yet");
    });
}

fn write_script(asked: &Asked, _: usize) -> Option<Answer> {
    Some(if asked.what.ends_with("/rules") { ok(json!({ "successful": [], "unsuccessful": [] })) } else { ok("{}") })
}

#[test]
fn lattice_5_one_write_for_each_listener_and_kind() {
    with_aws(write_script, async |aws, log| {
        let targets = [rule(1, 1), rule(2, 3), default_of(1), rule(1, 2)];
        let writes = targets.map(|target| (target, forward(75, 25)));
        aws.lattice.write_actions(&writes).await.expect("written");
        let mut heard = heard(&log);
        heard.sort();
        let service = format!("PATCH /services/{}/listeners", id("svc", 1));
        let [one, two] = [1, 2].map(|listener| id("listener", listener));
        assert_eq!(
            heard,
            [format!("{service}/{one}"), format!("{service}/{one}/rules"), format!("{service}/{two}/rules/{}", id("rule", 3))]
        );
        let batch = asked(&log).into_iter().find(|asked| asked.what.ends_with("/rules")).expect("a batch").json();
        let action = json!({ "forward": { "targetGroups": [
            { "targetGroupIdentifier": id("tg", 1), "weight": 75 }, { "targetGroupIdentifier": id("tg", 2), "weight": 25 },
        ] } });
        assert_eq!(
            batch,
            json!({ "rules": [
            { "ruleIdentifier": id("rule", 1), "action": action }, { "ruleIdentifier": id("rule", 2), "action": action },
        ] })
        );
    });
}

#[test]
fn eleven_rules_take_two_batches_and_a_single_one_is_no_batch() {
    with_aws(write_script, async |aws, log| {
        let writes: Vec<_> = (1..=21).map(|number| (rule(1, number), forward(75, 25))).collect();
        aws.lattice.write_actions(&writes).await.expect("written");
        let sizes: Vec<_> = asked(&log).iter().map(|asked| asked.json()["rules"].as_array().map(Vec::len)).collect();
        assert_eq!(sizes, [Some(10), Some(10), None]);
    });
}

#[test]
fn unsuccessful_rules_of_a_batch_are_a_fault_that_names_them() {
    let script = |asked: &Asked, _| {
        Some(if asked.what.ends_with("/rules") {
            ok(json!({ "successful": [{ "id": id("rule", 1) }], "unsuccessful": [
                { "ruleIdentifier": id("rule", 2), "failureCode": "ConflictException", "failureMessage": "busy" },
            ] }))
        } else {
            ok("{}")
        })
    };
    with_aws(script, async |aws, _| {
        let writes = [rule(1, 1), rule(1, 2)].map(|target| (target, forward(75, 25)));
        let fault = aws.lattice.write_actions(&writes).await.expect_err("one is not written");
        assert_eq!((fault.kind, fault.may_have_happened), (FaultKind::Conflict { permanent: false }, true));
        let (rule, listener) = (id("rule", 2), id("listener", 1));
        assert_eq!(
            fault.to_string(),
            format!("BatchUpdateRule: ConflictException: busy (not written: rule {rule} of {listener})")
        );
    });
}

#[test]
fn weight_writes_are_sent_once_and_what_was_not_answered_may_have_happened() {
    with_aws(
        |_, _| Some(refused(429, "ThrottlingException", "Rate exceeded")),
        async |aws, log| {
            let fault = aws.lattice.write_actions(&[(rule(1, 1), forward(75, 25))]).await.expect_err("throttled");
            assert_eq!((fault.kind, fault.may_have_happened), (FaultKind::Throttled, false));
            assert_eq!(heard(&log).len(), 1, "repeating a write is the machine's decision");
        },
    );
    with_aws(
        |_, _| None,
        async |aws, log| {
            let fault = aws.lattice.write_actions(&[(default_of(1), forward(75, 25))]).await.expect_err("no answer");
            assert!(fault.may_have_happened, "{fault:?}");
            assert_eq!(heard(&log).len(), 1);
        },
    );
}

#[tokio::test]
async fn weights_are_given_two_seconds_and_reads_are_repeated() {
    let lattice = aws_at("http://127.0.0.1:1").await.lattice;
    let attempts = |client: &aws_sdk_vpclattice::Client| client.config().retry_config().map(RetryConfig::max_attempts);
    assert_eq!((attempts(&lattice.weights), attempts(&lattice.reads)), (Some(1), Some(5)));
    let timeout =
        |client: &aws_sdk_vpclattice::Client| client.config().timeout_config().and_then(TimeoutConfig::operation_timeout);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!((timeout(&lattice.weights), timeout(&lattice.reads)), (seconds(2), seconds(20)));
}

#[tokio::test]
async fn where_nobody_listens_nothing_has_happened() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let aws = aws_at(&url).await;
    let fault = aws.lattice.write_actions(&[(rule(1, 1), forward(75, 25))]).await.expect_err("nobody listens");
    assert_eq!((fault.kind, fault.may_have_happened), (FaultKind::Unreachable, false), "{fault}");
}

#[test]
fn argo_2_a_write_that_happened_beside_one_that_did_not_is_told() {
    let script = |asked: &Asked, _| {
        Some(if asked.what.contains("/rules/") { refused(403, "AccessDeniedException", "not yours") } else { ok("{}") })
    };
    with_aws(script, async |aws, _| {
        let fault =
            aws.lattice.write_actions(&[(rule(1, 1), forward(75, 25)), (default_of(1), forward(75, 25))]).await.expect_err("one");
        assert_eq!((fault.kind, fault.may_have_happened), (FaultKind::Denied, true));
    });
}

#[test]
fn c9_all_zeros_and_unknown_actions_are_never_sent() {
    with_aws(write_script, async |aws, log| {
        for action in [forward(0, 0), Action::Other, Action::Forward(Vec::new())] {
            let fault =
                aws.lattice.write_actions(&[(rule(1, 1), forward(1, 0)), (rule(1, 2), action)]).await.expect_err("never sent");
            assert_eq!((fault.kind, fault.may_have_happened), (FaultKind::Invalid, false));
        }
        assert!(heard(&log).is_empty());
    });
}

fn group_json(number: u32, name: &str, status: &str) -> serde_json::Value {
    json!({
        "id": id("tg", number), "arn": format!("{ACCOUNT}:targetgroup/{}", id("tg", number)), "name": name, "type": "IP", "status": status,
        "config": {
            "port": 8080, "protocol": "HTTP", "protocolVersion": "HTTP1", "ipAddressType": "IPV4", "vpcIdentifier": "vpc-01234567",
            "healthCheck": { "enabled": true, "path": "/healthz", "healthCheckIntervalSeconds": 10, "matcher": { "httpCode": "200-299" } },
        },
        "serviceArns": ["arn:svc"],
    })
}

#[test]
fn a_group_is_found_by_name_and_its_like_is_made_once() {
    let script = |asked: &Asked, _| {
        Some(match asked.what.as_str() {
            "POST /targetgroups" => ok(group_json(3, "app-b", "CREATE_IN_PROGRESS")),
            what if what.starts_with("GET /targetgroups?") => {
                ok(json!({ "items": [group_json(9, "app-a", "DELETE_IN_PROGRESS"), group_json(1, "app-a", "ACTIVE")] }))
            }
            what if what.ends_with(&id("tg", 1)) => ok(group_json(1, "app-a", "ACTIVE")),
            _ => refused(404, "ResourceNotFoundException", "none"),
        })
    };
    with_aws(script, async |aws, log| {
        let model = aws.lattice.resolve_group("app-a").await.expect("asked").expect("there");
        assert_eq!((model.id.as_str(), model.port, &model.status), (id("tg", 1).as_str(), Some(8080), &GroupStatus::Active));
        assert!(model.health_checked && model.service_arns == ["arn:svc"]);
        assert_eq!(aws.lattice.resolve_group("app-z").await, Ok(None));
        assert_eq!(aws.lattice.resolve_group(&id("tg", 7)).await, Ok(None));
        assert!(matches!(aws.lattice.resolve_group("App Z").await, Err(ResolveError::Malformed(_))));

        let tags = BTreeMap::from([("espalier:owner".to_owned(), "app".to_owned())]);
        for _ in 0..2 {
            let made = aws.lattice.create_like("app-b", &model, &tags, "1").await.expect("made");
            assert_eq!((&made.status, made.named().name.as_str()), (&GroupStatus::CreateInProgress, "app-b"));
        }
        let bodies: Vec<_> = asked(&log).iter().filter(|asked| asked.what == "POST /targetgroups").map(Asked::json).collect();
        assert_eq!(bodies[0], bodies[1], "the token too");
        let body = &bodies[0];
        assert_eq!(body["config"], group_json(1, "app-a", "ACTIVE")["config"]);
        assert_eq!(
            (&body["name"], &body["type"], &body["tags"]),
            (&json!("app-b"), &json!("IP"), &json!({ "espalier:owner": "app" }))
        );
        assert!(body["clientToken"].as_str().is_some_and(|token| token.len() <= 64));
    });
}

#[test]
fn argo_5_targets_come_from_all_pages() {
    let script = |asked: &Asked, _| {
        Some(if asked.what.contains("nextToken") {
            ok(json!({ "items": [{ "id": "10.0.0.2", "port": 8080, "status": "RESTING" }] }))
        } else {
            let failing = json!({ "id": "10.0.0.1", "port": 8080, "status": "UNHEALTHY", "reasonCode": "HealthCheckFailed" });
            ok(json!({ "items": [failing], "nextToken": "two" }))
        })
    };
    with_aws(script, async |aws, _| {
        let arn = format!("{ACCOUNT}:targetgroup/{}", id("tg", 1)).parse().expect("an ARN");
        let targets = aws.lattice.list_targets(&arn).await.expect("targets");
        assert_eq!((targets[0].address.as_str(), targets[0].reason.as_deref()), ("10.0.0.1", Some("HealthCheckFailed")));
        assert_eq!(targets[1].status, TargetStatus::Other("RESTING".to_owned()));
    });
}

#[test]
fn tags_are_read_and_written() {
    let script =
        |asked: &Asked, _| Some(if asked.what.starts_with("GET") { ok(json!({ "tags": { "a": "1" } })) } else { ok("{}") });
    with_aws(script, async |aws, log| {
        let tags = aws.lattice.read_tags("arn:x/y").await.expect("tags");
        aws.lattice.write_tags("arn:x/y", &tags).await.expect("written");
        aws.lattice.write_tags("arn:x/y", &BTreeMap::new()).await.expect("nothing to write");
        assert_eq!(heard(&log), ["GET /tags/arn%3Ax%2Fy", "POST /tags/arn%3Ax%2Fy"]);
        assert_eq!(asked(&log)[1].json(), json!({ "tags": { "a": "1" } }));
    });
}
