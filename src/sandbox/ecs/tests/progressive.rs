//! Blue/green, linear and canary deployments over the wire.

use serde_json::{Value, json};

use super::asking::{GROUP, ROLE, ask, pass, refused, register, service, with_candidate, world};
use crate::sandbox::{lattice, world::World};

const RULE: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/\
                    listener-12345678901234567/rule/rule-12345678901234567";
const LISTENER: &str =
    "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/listener-12345678901234567";

/// A second group, in the rule with weight 0; its ARN.
fn alternate(world: &mut World) -> String {
    let config = json!({
        "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678",
        "healthCheck": { "path": "/health", "healthCheckIntervalSeconds": 10, "healthyThresholdCount": 2 },
    });
    let request = crate::sandbox::wire::Request {
        method: http::Method::POST,
        path: "/targetgroups".to_owned(),
        query: String::new(),
        headers: http::HeaderMap::new(),
        body: json!({ "name": "myservice-b", "type": "IP", "config": config }).to_string().into(),
    };
    let arn = crate::sandbox::route::perform(world, &request).value()["arn"].as_str().unwrap().to_owned();
    pass(world, 10);
    for rule in [RULE, LISTENER] {
        lattice::forward(world, rule, &[(GROUP, 100), (&arn, 0)]).unwrap();
    }
    arn
}

fn configurations(alternate: &str, rule: &str) -> Value {
    let advanced = json!({ "alternateTargetGroupArn": alternate, "productionListenerRule": rule });
    json!([{ "roleArn": ROLE, "targetGroupArn": GROUP, "portName": "http", "advancedConfiguration": advanced }])
}

/// What `UpdateService` takes to deploy revision 2 this way.
fn deployment(alternate: &str, revision: &str, configuration: Value) -> Value {
    json!({
        "cluster": "my-cluster", "service": "myservice", "taskDefinition": revision,
        "vpcLatticeConfigurations": configurations(alternate, RULE), "deploymentConfiguration": configuration,
    })
}

fn blue_green() -> Value {
    json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 })
}

/// The newest service deployment.
fn newest(world: &mut World) -> Value {
    let listed = ask(world, "ListServiceDeployments", json!({ "cluster": "my-cluster", "service": "myservice" }));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    let found = ask(world, "DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
    found["serviceDeployments"][0].clone()
}

/// The weight of the first group in the rule, and of the second.
fn weights(world: &World) -> (u32, u32) {
    let weights = lattice::forwards(world, RULE).unwrap().unwrap();
    let of = |first: bool| weights.iter().find(|(arn, _)| (arn == GROUP) == first).unwrap().1;
    (of(true), of(false))
}

/// Goes on until a deployment is somewhere else than it was; where.
fn next_stage(world: &mut World) -> String {
    let before = newest(world)["lifecycleStage"].clone();
    for _ in 0..3600 {
        pass(world, 1);
        let now = newest(world);
        if now["lifecycleStage"] != before || now["finishedAt"].is_number() {
            return now["lifecycleStage"].as_str().unwrap_or_default().to_owned();
        }
    }
    panic!("it stays in {before}: {}", newest(world));
}

#[test]
fn blue_green_shifts_all_traffic_at_once_bakes_and_swaps_the_roles() {
    let mut world = world();
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "UpdateService", deployment(&other, &revision, blue_green()));
    assert_eq!(newest(&mut world)["status"], "PENDING");
    pass(&mut world, 1);
    let started = newest(&mut world);
    assert_eq!((&started["status"], &started["lifecycleStage"]), (&json!("IN_PROGRESS"), &json!("SCALE_UP")));
    let mut stages = vec!["SCALE_UP".to_owned()];
    let begun = world.now;
    while newest(&mut world)["status"] == "IN_PROGRESS" {
        stages.push(next_stage(&mut world));
        match stages.last().map(String::as_str) {
            Some("POST_SCALE_UP") => {
                assert_eq!(weights(&world), (100, 0));
                assert_eq!(service(&mut world, "myservice")["runningCount"], 6, "both sides run");
            }
            Some("PRODUCTION_TRAFFIC_SHIFT" | "BAKE_TIME") => assert_eq!(weights(&world), (0, 100)),
            _ => {}
        }
    }
    stages.dedup();
    assert_eq!(stages, ["SCALE_UP", "POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]);
    let took = world.now.since(begun).as_secs();
    assert!((180 + 90 + 300..180 + 90 + 300 + 150).contains(&took), "{took}");
    let done = newest(&mut world);
    assert_eq!(done["status"], "SUCCESSFUL");
    assert_eq!(done["targetServiceRevision"]["requestedProductionTrafficWeight"], 100.0);
    assert_eq!(done["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0.0);
    let after = service(&mut world, "myservice");
    assert_eq!((&after["runningCount"], after["deployments"].as_array().unwrap().len()), (&json!(3), 1));
    let arn = done["targetServiceRevision"]["arn"].clone();
    let revisions = ask(&mut world, "DescribeServiceRevisions", json!({ "serviceRevisionArns": [arn] }));
    let resolved = json!({ "vpcLatticeConfigurations": [{ "targetGroupArn": other, "productionListenerRule": RULE }] });
    assert_eq!(revisions["serviceRevisions"][0]["resolvedConfiguration"], resolved);
    // And back again: what serves is read from the rule.
    let again = json!({ "cluster": "my-cluster", "service": "myservice", "forceNewDeployment": true });
    ask(&mut world, "UpdateService", again);
    pass(&mut world, 3600);
    assert_eq!((newest(&mut world)["status"].clone(), weights(&world)), (json!("SUCCESSFUL"), (100, 0)));
}

#[test]
fn canary_and_linear_go_in_steps_to_a_tenth_of_a_percent() {
    let canary = json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 12.5, "canaryBakeTimeInMinutes": 2 } });
    let linear = json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 40.0, "stepBakeTimeInMinutes": 1 } });
    for (configuration, steps) in
        [(canary, vec![(100, 0), (875, 125), (0, 100)]), (linear, vec![(100, 0), (60, 40), (20, 80), (0, 100)])]
    {
        let mut world = world();
        let other = alternate(&mut world);
        let revision = register(&mut world, "myservice:2");
        ask(&mut world, "UpdateService", deployment(&other, &revision, configuration));
        let mut seen = Vec::new();
        for _ in 0..1500 {
            pass(&mut world, 1);
            seen.push(weights(&world));
        }
        seen.dedup();
        assert_eq!(seen, steps);
        assert_eq!(newest(&mut world)["status"], "SUCCESSFUL");
    }
}

#[test]
fn a_listener_can_be_the_production_rule_and_a_test_rule_goes_first() {
    let mut world = world();
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    let mut body = deployment(&other, &revision, blue_green());
    body["vpcLatticeConfigurations"] = configurations(&other, LISTENER);
    body["vpcLatticeConfigurations"][0]["advancedConfiguration"]["testListenerRule"] = json!(RULE);
    ask(&mut world, "UpdateService", body);
    while newest(&mut world)["lifecycleStage"] != "TEST_TRAFFIC_SHIFT" {
        pass(&mut world, 1);
    }
    assert_eq!(weights(&world), (0, 100));
    assert_eq!(lattice::forwards(&world, LISTENER).unwrap().unwrap(), [(GROUP.to_owned(), 100), (other.clone(), 0)]);
    assert_eq!(newest(&mut world)["targetServiceRevision"]["requestedTestTrafficWeight"], 100.0);
    pass(&mut world, 1800);
    assert_eq!(newest(&mut world)["status"], "SUCCESSFUL");
    assert_eq!(lattice::forwards(&world, LISTENER).unwrap().unwrap(), [(GROUP.to_owned(), 0), (other, 100)]);
}

#[test]
fn a_rule_of_another_shape_fails_the_deployment_at_its_start() {
    for (weights, text) in [
        ((90, 10), "should have exactly one target group serving traffic but found 2 target groups which are serving traffic"),
        ((0, 0), "found 0 target groups which are serving traffic"),
        ((50, 0), "100 and 0"),
    ] {
        let mut world = world();
        let other = alternate(&mut world);
        let revision = register(&mut world, "myservice:2");
        lattice::forward(&mut world, RULE, &[(GROUP, weights.0), (&other, weights.1)]).unwrap();
        ask(&mut world, "UpdateService", deployment(&other, &revision, blue_green()));
        pass(&mut world, 60);
        let failed = newest(&mut world);
        assert_eq!(failed["status"], "ROLLBACK_SUCCESSFUL");
        assert!(failed["statusReason"].as_str().unwrap().contains(text), "{failed}");
        assert_eq!(self::weights(&world), weights, "not touched");
        let kept = service(&mut world, "myservice");
        assert!(kept["taskDefinition"].as_str().unwrap().ends_with("myservice:1"));
        assert_eq!(kept["runningCount"], 3);
    }
}

#[test]
fn what_ecs_or_the_sandbox_does_not_do_is_refused_at_once() {
    let mut world = world();
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    let good = deployment(&other, &revision, blue_green());
    let hook = |hook: Value| json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [hook] });
    for (member, value, code, text) in [
        (
            "vpcLatticeConfigurations",
            super::asking::lattice(GROUP),
            "InvalidParameterException",
            "advancedConfiguration field is required",
        ),
        ("vpcLatticeConfigurations", json!([]), "UnsupportedFeatureException", "VPC Lattice configurations only"),
        ("vpcLatticeConfigurations", configurations(GROUP, RULE), "InvalidParameterException", "another target group"),
        (
            "vpcLatticeConfigurations",
            configurations(&other, &format!("{LISTENER}/rule/rule-00000000000000000")),
            "InvalidParameterException",
            "does not exist",
        ),
        (
            "deploymentConfiguration",
            json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.05 } }),
            "InvalidParameterException",
            "canaryPercent",
        ),
        (
            "deploymentConfiguration",
            json!({ "strategy": "CANARY", "linearConfiguration": { "stepPercent": 10.0 } }),
            "InvalidParameterException",
            "only valid when",
        ),
        (
            "deploymentConfiguration",
            hook(json!({ "targetType": "AWS_LAMBDA", "lifecycleStages": ["POST_SCALE_UP"] })),
            "UnsupportedFeatureException",
            "Lambda",
        ),
        (
            "deploymentConfiguration",
            hook(json!({ "targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"] })),
            "InvalidParameterException",
            "not supported at the stage",
        ),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        let (given, message) = refused(&mut world, "UpdateService", bad);
        assert_eq!(given, code, "{message}");
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn a_bad_green_trips_the_breaker_before_any_traffic() {
    let mut world = with_candidate(|behaviour| behaviour.healthy = false);
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    let mut configuration = blue_green();
    configuration["deploymentCircuitBreaker"] = json!({ "enable": true, "rollback": true });
    ask(&mut world, "UpdateService", deployment(&other, &revision, configuration));
    pass(&mut world, 900);
    let failed = newest(&mut world);
    assert_eq!(
        (&failed["status"], &failed["deploymentCircuitBreaker"]["status"]),
        (&json!("ROLLBACK_SUCCESSFUL"), &json!("TRIGGERED"))
    );
    assert_eq!(failed["rollback"]["serviceRevisionArn"], failed["sourceServiceRevisions"][0]["arn"]);
    assert_eq!(weights(&world), (100, 0));
    let kept = service(&mut world, "myservice");
    assert_eq!((&kept["runningCount"], kept["deployments"].as_array().unwrap().len()), (&json!(3), 1));
}

#[test]
fn stopped_while_it_bakes_it_gives_the_traffic_back() {
    let mut world = world();
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "UpdateService", deployment(&other, &revision, blue_green()));
    while newest(&mut world)["lifecycleStage"] != "BAKE_TIME" {
        pass(&mut world, 1);
    }
    let arn = newest(&mut world)["serviceDeploymentArn"].clone();
    ask(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_REQUESTED");
    pass(&mut world, 2);
    assert_eq!((newest(&mut world)["status"].clone(), weights(&world)), (json!("ROLLBACK_IN_PROGRESS"), (100, 0)));
    assert_eq!(service(&mut world, "myservice")["runningCount"], 6, "green runs on while the weights settle");
    pass(&mut world, 200);
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_SUCCESSFUL");
    let (code, _) = refused(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(code, "ConflictException");
    let kept = service(&mut world, "myservice");
    assert_eq!((&kept["runningCount"], kept["deployments"][0]["rolloutState"].as_str()), (&json!(3), Some("COMPLETED")));
}

#[test]
fn a_pause_waits_for_its_action_or_its_timeout() {
    let hook = |stage: &str, action: &str| {
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [
            { "targetType": "PAUSE", "lifecycleStages": [stage], "timeoutConfiguration": { "timeoutInMinutes": 60, "action": action } },
        ]})
    };
    let awaiting = |world: &mut World| {
        for _ in 0..1200 {
            pass(world, 1);
            let found = newest(world);
            if found["lifecycleHookDetails"][0]["status"] == "AWAITING_ACTION" {
                return found;
            }
        }
        panic!("no pause: {}", newest(world));
    };
    for (act, timeout, status, end) in [
        (Some("CONTINUE"), "ROLLBACK", "SUCCEEDED", "SUCCESSFUL"),
        (Some("ROLLBACK"), "CONTINUE", "FAILED", "ROLLBACK_SUCCESSFUL"),
        (None, "CONTINUE", "TIMED_OUT", "SUCCESSFUL"),
        (None, "ROLLBACK", "TIMED_OUT", "ROLLBACK_SUCCESSFUL"),
    ] {
        let mut world = world();
        let other = alternate(&mut world);
        let revision = register(&mut world, "myservice:2");
        ask(&mut world, "UpdateService", deployment(&other, &revision, hook("PRE_PRODUCTION_TRAFFIC_SHIFT", timeout)));
        let paused = awaiting(&mut world);
        assert_eq!((&paused["lifecycleStage"], weights(&world)), (&json!("PRODUCTION_TRAFFIC_SHIFT"), (100, 0)));
        let hook = paused["lifecycleHookDetails"][0]["hookId"].clone();
        let arn = paused["serviceDeploymentArn"].clone();
        let (_, message) =
            refused(&mut world, "ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": "nobody" }));
        assert!(message.starts_with("Provided hookId is either completed, unavailable"), "{message}");
        match act {
            Some(action) => {
                let body = json!({ "serviceDeploymentArn": arn, "hookId": hook, "action": action });
                ask(&mut world, "ContinueServiceDeployment", body);
            }
            None => pass(&mut world, 3600),
        }
        pass(&mut world, 600);
        let done = newest(&mut world);
        assert_eq!((&done["status"], &done["lifecycleHookDetails"][0]["status"]), (&json!(end), &json!(status)));
        let (_, message) =
            refused(&mut world, "ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": hook }));
        assert!(message.contains("terminal states"), "{message}");
    }
}

#[test]
fn a_newer_deployment_reconciles_what_an_abandoned_one_left() {
    let mut world = world();
    let other = alternate(&mut world);
    let revision = register(&mut world, "myservice:2");
    let canary = json!({ "strategy": "CANARY" });
    ask(&mut world, "UpdateService", deployment(&other, &revision, canary));
    while weights(&world) != (95, 5) {
        pass(&mut world, 1);
    }
    let next = register(&mut world, "myservice:3");
    ask(&mut world, "UpdateService", json!({ "cluster": "my-cluster", "service": "myservice", "taskDefinition": next }));
    pass(&mut world, 2);
    let current = newest(&mut world);
    assert_eq!((&current["lifecycleStage"], weights(&world)), (&json!("RECONCILE_SERVICE"), (100, 0)));
    assert_eq!(current["sourceServiceRevisions"].as_array().unwrap().len(), 2);
    pass(&mut world, 3600);
    assert_eq!((newest(&mut world)["status"].clone(), weights(&world)), (json!("SUCCESSFUL"), (0, 100)));
    let after = service(&mut world, "myservice");
    assert!(after["taskDefinition"].as_str().unwrap().ends_with("myservice:3"));
    assert_eq!((&after["runningCount"], after["deployments"].as_array().unwrap().len()), (&json!(3), 1));
}
