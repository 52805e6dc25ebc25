//! The verbs against a server on loopback: what is asked, and what becomes of the answers.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::services::{ManagedByEcs, RolloutState};
use crate::aws::{
    fault::FaultKind,
    testing::{Asked, SECRET, asked, heard, ok, refused, with_aws},
};

fn service_json(name: &str) -> Value {
    json!({
        "serviceName": name, "serviceArn": format!("arn:aws:ecs:eu-central-1:123456789012:service/main/{name}"), "status": "ACTIVE",
        "desiredCount": 3, "runningCount": 2, "pendingCount": 1, "taskDefinition": "arn:td/app:8",
        "deploymentConfiguration": { "strategy": "CANARY" }, "deploymentController": { "type": "ECS" },
        "loadBalancers": [{ "targetGroupArn": "arn:tg" }], "serviceRegistries": [],
        "somethingNew": { "kept": 1.50 },
        "deployments": [
            { "id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "arn:td/app:7", "rolloutState": "FAILED", "rolloutStateReason": "no luck", "failedTasks": 4 },
            { "id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "arn:td/app:8", "rolloutState": "PAUSED", "desiredCount": 3,
              "serviceConnectConfiguration": { "enabled": true },
              "vpcLatticeConfigurations": [{ "roleArn": "arn:role", "targetGroupArn": "arn:tg/a", "portName": "http",
                "advancedConfiguration": { "alternateTargetGroupArn": "arn:tg/b", "productionListenerRule": "arn:rule" } }] },
        ],
    })
}

#[test]
fn services_come_in_the_order_of_their_names_with_all_that_aws_said() {
    let script = |_: &Asked, _| {
        let missing = json!({ "arn": "arn:…/none", "reason": "MISSING" });
        Some(ok(json!({ "services": [service_json("b"), service_json("a")], "failures": [missing] })))
    };
    with_aws(script, async |aws, log| {
        let found = aws.ecs.describe_services("main", &["a", "none", "b"]).await.expect("described");
        assert_eq!(
            found.iter().map(|service| service.as_ref().map(|service| service.name.as_str())).collect::<Vec<_>>(),
            [Some("a"), None, Some("b")]
        );
        assert_eq!(heard(&log), ["DescribeServices"]);
        let service = found[0].as_ref().expect("a");
        assert_eq!(service.raw, service_json("a"), "fields that the SDK does not know are kept");
        assert_eq!((service.desired, service.running, service.pending), (3, 2, 1));
        let newest = service.primary().expect("a deployment");
        assert_eq!((newest.id.as_str(), &newest.rollout_state), ("ecs-svc/2", &Some(RolloutState::Other("PAUSED".to_owned()))));
        assert_eq!(service.deployments[1].rollout_state, Some(RolloutState::Failed));
        assert_eq!((service.deployments[1].failed_tasks, service.deployments[1].rollout_reason.as_deref()), (4, Some("no luck")));
        assert_eq!((service.strategy.as_deref(), service.controller.as_deref()), (Some("CANARY"), Some("ECS")));
        assert_eq!(
            (&service.load_balancers[..], service.has_registries, service.has_service_connect),
            (&["arn:tg".to_owned()][..], false, true)
        );
        let lattice = &service.vpc_lattice[0];
        assert_eq!((lattice.target_group.as_str(), lattice.port_name.as_str()), ("arn:tg/a", "http"));
        let managed = ManagedByEcs {
            alternate_target_group: Some("arn:tg/b".to_owned()),
            production_rule: Some("arn:rule".to_owned()),
            test_rule: None,
        };
        assert_eq!(lattice.managed_by_ecs, Some(managed));
    });
}

#[test]
fn eleven_services_take_two_calls_and_a_failure_that_is_no_absence_is_a_fault() {
    let script = |asked: &Asked, _| {
        let names = asked.json()["services"].as_array().cloned().unwrap_or_default();
        let services: Vec<Value> = names.iter().filter_map(Value::as_str).map(service_json).collect();
        let denied = names.iter().any(|name| name == "denied");
        let failures = if denied { json!([{ "arn": "arn:denied", "reason": "ACCESS_DENIED" }]) } else { json!([]) };
        Some(ok(json!({ "services": services, "failures": failures })))
    };
    with_aws(script, async |aws, log| {
        let names: Vec<String> = (0..11).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = aws.ecs.describe_services("main", &names).await.expect("described");
        assert_eq!(found.iter().flatten().map(|service| service.name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!(heard(&log).len(), 2);
        let fault = aws.ecs.describe_services("main", &["denied"]).await.expect_err("denied");
        assert_eq!(fault.to_string(), "DescribeServices: ACCESS_DENIED: arn:denied");
    });
}

#[test]
fn definitions_are_sent_as_they_are_and_signed_so() {
    let script = |asked: &Asked, _| {
        Some(match asked.what.as_str() {
            "RegisterTaskDefinition" => ok(
                json!({ "taskDefinition": { "taskDefinitionArn": "arn:td/app:9", "family": "app", "revision": 9, "somethingNew": [1] } }),
            ),
            _ => ok(json!({ "service": service_json("app") })),
        })
    };
    with_aws(script, async |aws, log| {
        let body = json!({ "zeta": { "unknown": [1, 2.50, null] }, "family": "app", "containerDefinitions": [{ "name": "é", "neverHeardOf": true }] });
        let registered = aws.ecs.register_task_definition(&body).await.expect("registered");
        assert_eq!((registered.arn.as_str(), registered.short().as_str()), ("arn:td/app:9", "app:9"));
        assert_eq!(registered.raw["somethingNew"], json!([1]));
        let created = aws.ecs.create_service(&body).await.expect("created");
        let updated = aws.ecs.update_service(&body).await.expect("updated");
        assert_eq!((created.raw, updated.raw), (service_json("app"), service_json("app")));

        assert_eq!(heard(&log), ["RegisterTaskDefinition", "CreateService", "UpdateService"]);
        for asked in asked(&log) {
            assert_eq!(asked.body, body.to_string().as_bytes(), "not a byte more or less, in our order");
            assert_eq!(asked.header("content-length"), asked.body.len().to_string());
            assert_eq!(asked.header("authorization").rsplit("Signature=").next(), Some(signature(&asked).as_str()));
        }
    });
}

/// AWS Signature Version 4 of `POST /`, computed from what arrived.
fn signature(asked: &Asked) -> String {
    let authorization = asked.header("authorization");
    let part = |name: &str| authorization.split(name).nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    let (scope, signed) = (part("Credential=").split_once('/').expect("a scope").1, part("SignedHeaders="));
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", asked.header(name))).collect();
    let request = format!("POST\n/\n\n{headers}\n{signed}\n{}", hex(&Sha256::digest(&asked.body)));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", asked.header("x-amz-date"), hex(&Sha256::digest(request.as_bytes())));
    let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
    hex(&hmac(&key, text.as_bytes()))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_task_definition_comes_with_all_that_aws_said_or_is_not_found() {
    let script = |asked: &Asked, _| {
        Some(if asked.json()["taskDefinition"] == "app:9" {
            ok(
                json!({ "taskDefinition": { "taskDefinitionArn": "arn:td/app:9", "family": "app", "revision": 9, "x": 1 }, "tags": [] }),
            )
        } else {
            refused(400, "ClientException", "Unable to describe task definition.")
        })
    };
    with_aws(script, async |aws, _| {
        let found = aws.ecs.describe_task_definition("app:9").await.expect("there");
        assert_eq!((found.revision, &found.raw["x"]), (9, &json!(1)));
        let absent = aws.ecs.describe_task_definition("app:10").await.expect_err("not there");
        assert_eq!(absent.kind, FaultKind::NotFound);
    });
}

#[test]
fn sizing_sends_the_count_only() {
    with_aws(
        |_, _| Some(ok(json!({ "service": service_json("app") }))),
        async |aws, log| {
            aws.ecs.set_desired("main", "app", 0).await.expect("sized");
            assert_eq!(asked(&log)[0].json(), json!({ "cluster": "main", "service": "app", "desiredCount": 0 }));
        },
    );
}

#[test]
fn tasks_are_those_that_run_and_those_that_stopped_each_once_with_address_and_reason() {
    let script = |asked: &Asked, _| {
        let body = asked.json();
        Some(match (asked.what.as_str(), body["desiredStatus"].as_str(), body["nextToken"].as_str()) {
            ("ListTasks", Some("RUNNING"), None) => ok(json!({ "taskArns": ["arn:1"], "nextToken": "two" })),
            ("ListTasks", Some("RUNNING"), Some(_)) => ok(json!({ "taskArns": ["arn:2"] })),
            ("ListTasks", ..) => ok(json!({ "taskArns": ["arn:2", "arn:3"] })),
            _ => {
                let attached = json!([{ "type": "ElasticNetworkInterface", "details": [{ "name": "privateIPv4Address", "value": "10.0.0.1" }, { "name": "macAddress", "value": "x" }] }]);
                let contained =
                    json!([{ "networkInterfaces": [{ "privateIpv4Address": "10.0.0.2", "ipv6Address": "fd00::2" }] }]);
                let exited = json!([{ "exitCode": 0 }, { "exitCode": 137, "reason": "OutOfMemoryError" }]);
                ok(json!({ "tasks": [
                    { "taskArn": "arn:1", "taskDefinitionArn": "arn:td/app:8", "lastStatus": "RUNNING", "attachments": attached, "group": "service:app" },
                    { "taskArn": "arn:2", "taskDefinitionArn": "arn:td/app:8", "lastStatus": "RUNNING", "containers": contained },
                    { "taskArn": "arn:3", "lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited", "stopCode": "EssentialContainerExited", "startedAt": 1700000000, "stoppingAt": 1700000000.5, "stoppedAt": 1700000030.5, "containers": exited },
                ], "failures": [{ "arn": "arn:4", "reason": "MISSING" }] }))
            }
        })
    };
    with_aws(script, async |aws, log| {
        let tasks = aws.ecs.tasks("main", "app").await.expect("tasks");
        assert_eq!((&tasks[0].addresses[..], tasks[0].group.as_str()), (&["10.0.0.1".to_owned()][..], "service:app"));
        assert_eq!(tasks[1].addresses, ["10.0.0.2", "fd00::2"]);
        assert_eq!((tasks[2].exit_code, tasks[2].container_reason.as_deref()), (Some(137), Some("OutOfMemoryError")));
        // From when until when it served: it is said to have stopped only when all that it had is cleared away.
        let ran = tasks[2].exited().map(|(from, until)| until.since(from));
        assert_eq!((ran, tasks[1].exited()), (Some(Duration::from_millis(500)), None));
        assert!(tasks[2].is_stopped() && tasks[0].is_running());
        let described = asked(&log).pop().expect("a call").json();
        assert_eq!(described["tasks"], json!(["arn:1", "arn:2", "arn:3"]));
        assert_eq!(heard(&log).len(), 4);
        aws.ecs.running_tasks("main", "app").await.expect("tasks");
        assert_eq!(heard(&log).len(), 7);
    });
    with_aws(
        |_, _| Some(ok(json!({ "taskArns": [] }))),
        async |aws, log| {
            assert_eq!(aws.ecs.tasks("main", "app").await, Ok(Vec::new()));
            assert_eq!(heard(&log), ["ListTasks", "ListTasks"]);
        },
    );
}
