//! What is asked of Application Auto Scaling, against a server on loopback.

use serde_json::{Value, json};

use super::{
    fault::FaultKind,
    lattice::{action::NamedGroup, ids::TargetGroupArn},
    slots::{Launch, Slot, Slots},
    testing::{Asked, asked, heard, ok, refused, with_aws},
};
use crate::{
    rollout::{
        machine::{Role, Steer},
        scaling::{Scaling, Suspended},
    },
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);

fn slot(name: &str, number: u32) -> Slot {
    let arn = format!("arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-{number:017}");
    let group_arn = TargetGroupArn::of(&arn);
    let id = group_arn.id();
    Slot {
        name: name.to_owned(),
        group: NamedGroup { name: name.to_owned(), id },
        group_arn,
        ecs_service: Some(name.to_owned()),
        task_definition: None,
    }
}

fn slots() -> Slots {
    Slots {
        cluster: Some("arn:aws:ecs:eu-central-1:123456789012:cluster/my-cluster".to_owned()),
        targets: Vec::new(),
        stable: Some(slot("blue", 1)),
        candidate: slot("green", 2),
        launch: Launch::Nothing,
        unchecked: false,
    }
}

/// People had suspended scaling out.
const SCALING: Scaling =
    Scaling { min: 2, max: 10, suspended: Suspended { scale_in: false, scale_out: true, scheduled: false }, held: true };

fn suspended(scale_in: bool, scale_out: bool, scheduled: bool) -> Value {
    json!({
        "DynamicScalingInSuspended": scale_in,
        "DynamicScalingOutSuspended": scale_out,
        "ScheduledScalingSuspended": scheduled,
    })
}

/// Bounds that do not rest are whoever's who set them since; a stopped side goes on resting.
#[test]
fn a_side_is_woken_with_its_minimum_where_it_rests_and_has_tasks() {
    for ((min, max), tasks, register) in [
        ((0, 10), 3, Some(json!(2))),
        // In the evening it may have no more than that.
        ((0, 1), 3, Some(json!(1))),
        // In the morning it has to have that many.
        ((10, 20), 10, Some(Value::Null)),
        ((0, 10), 0, None),
    ] {
        with_aws(
            move |asked: &Asked, _| {
                Some(match asked.what.as_str() {
                    "DescribeScalableTargets" => {
                        let id = asked.json()["ResourceIds"][0].clone();
                        ok(json!({ "ScalableTargets": [{ "ResourceId": id, "MinCapacity": min, "MaxCapacity": max }] }))
                    }
                    "DescribeServices" => ok(json!({ "services": [{
                        "serviceName": "green", "serviceArn": "arn:aws:ecs:eu-central-1:123456789012:service/my-cluster/green",
                        "status": "ACTIVE", "desiredCount": tasks, "runningCount": tasks, "taskDefinition": "green:1",
                    }] })),
                    _ => ok("{}"),
                })
            },
            async move |aws, log| {
                slots().steer(&aws, Steer::Wake(Role::Candidate), SCALING, NOW).await.expect("done");
                let asked = asked(&log);
                let registered = asked.iter().find(|asked| asked.what == "RegisterScalableTarget").map(Asked::json);
                assert_eq!(registered.as_ref().map(|body| body["MinCapacity"].clone()), register, "{min} to {max}, {tasks}");
                if let Some(body) = registered {
                    assert_eq!(body["SuspendedState"], suspended(false, true, false));
                }
            },
        );
    }
}

#[test]
fn what_people_had_suspended_stays_so_and_is_given_back() {
    let cases = [
        (Steer::GiveBack(Role::Stable), "blue", Value::Null, suspended(false, true, false)),
        (Steer::Rest(Role::Candidate), "green", json!(0), suspended(false, true, true)),
    ];
    for (steer, service, min, state) in cases {
        with_aws(
            |_: &Asked, _| Some(ok("{}")),
            async move |aws, log| {
                slots().steer(&aws, steer, SCALING, NOW).await.expect("done");
                let [asked] = &asked(&log)[..] else { panic!("not one call for {steer:?}") };
                let body = asked.json();
                assert_eq!(asked.what, "RegisterScalableTarget", "{steer:?}");
                assert_eq!(body["ResourceId"], format!("service/my-cluster/{service}"), "{steer:?}");
                assert_eq!((&body["MinCapacity"], &body["MaxCapacity"]), (&min, &Value::Null), "{steer:?}");
                assert_eq!(body["SuspendedState"], state, "{steer:?}");
                let command = slots().steer_command(steer, SCALING).expect("a command");
                assert!(command.contains(&format!("--resource-id service/my-cluster/{service}")), "{command}");
                assert_eq!(command.contains("--min-capacity 0"), min == json!(0), "{command}");
            },
        );
    }
    assert_eq!(slots().steer_command(Steer::Equip, SCALING), None);
}

/// Who was brought back from its rest by hand has its minimum again with the release that finds it so.
#[test]
fn stable_is_held_with_its_bounds_and_with_its_minimum_where_it_rests() {
    for (bounds, register) in [
        (Some((2, 10)), Some(Value::Null)),
        (Some((1, 10)), Some(Value::Null)),
        (Some((0, 10)), Some(json!(2))),
        (Some((0, 1)), Some(json!(1))),
        (None, None),
    ] {
        let script = move |asked: &Asked, _: usize| {
            let target = |(min, max)| json!({ "ResourceId": "service/my-cluster/blue", "MinCapacity": min, "MaxCapacity": max });
            Some(ok(match asked.what.as_str() {
                "DescribeScalableTargets" => json!({ "ScalableTargets": bounds.map(target).into_iter().collect::<Vec<_>>() }),
                _ => json!({}),
            }))
        };
        with_aws(script, async move |aws, log| {
            slots().steer(&aws, Steer::Hold, SCALING, NOW).await.expect("done");
            let asked = asked(&log);
            let registered = asked.iter().find(|asked| asked.what == "RegisterScalableTarget").map(Asked::json);
            assert_eq!(registered.as_ref().map(|body| body["MinCapacity"].clone()), register, "{bounds:?}");
            if let Some(body) = registered {
                assert_eq!((&body["ResourceId"], &body["MaxCapacity"]), (&json!("service/my-cluster/blue"), &Value::Null));
                assert_eq!(body["SuspendedState"], suspended(true, true, false));
            }
        });
    }
    let command = slots().steer_command(Steer::Hold, SCALING).expect("a command");
    assert!(command.contains("--resource-id service/my-cluster/blue") && !command.contains("--min-capacity"), "{command}");
}

#[test]
fn where_nothing_scales_a_service_any_more_there_is_nothing_to_give_back() {
    for (there, done) in [(false, true), (true, false)] {
        let script = move |asked: &Asked, _: usize| {
            let target = json!({
                "ServiceNamespace": "ecs", "ResourceId": "service/my-cluster/blue", "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": 1, "MaxCapacity": 2, "RoleARN": "r", "CreationTime": 1.0,
            });
            Some(match asked.what.as_str() {
                "RegisterScalableTarget" => refused(400, "ValidationException", "MinCapacity is required"),
                _ => ok(json!({ "ScalableTargets": if there { vec![target] } else { Vec::new() } })),
            })
        };
        with_aws(script, async move |aws, log| {
            let answer = slots().steer(&aws, Steer::GiveBack(Role::Stable), SCALING, NOW).await;
            assert_eq!(answer.is_ok(), done, "{answer:?}");
            assert_eq!(heard(&log), ["RegisterScalableTarget", "DescribeScalableTargets"]);
        });
    }
}

#[test]
fn the_candidate_gets_what_stable_has_with_its_own_metrics_and_nothing_twice() {
    let policy = |name: &str, service: &str| {
        json!({
            "PolicyARN": "arn", "PolicyName": name, "ServiceNamespace": "ecs", "ResourceId": "r", "CreationTime": 1.0,
            "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "TargetTrackingScaling", "Alarms": [],
            "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 5.0, "CustomizedMetricSpecification": {
                "MetricName": "Depth", "Namespace": "App", "Statistic": "Average", "OfTomorrow": true,
                "Dimensions": [{ "Name": "ServiceName", "Value": service }, { "Name": "Queue", "Value": "jobs" }],
            } },
        })
    };
    let balanced = json!({
        "PolicyARN": "arn", "PolicyName": "balanced", "ServiceNamespace": "ecs", "ResourceId": "r", "CreationTime": 1.0,
        "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 5.0, "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/x/targetgroup/y",
        } },
    });
    let script = move |asked: &Asked, _: usize| {
        let of_stable = asked.json()["ResourceId"] == "service/my-cluster/blue";
        Some(ok(match (asked.what.as_str(), of_stable) {
            ("DescribeScalableTargets", _) => json!({ "ScalableTargets": [] }),
            ("DescribeScalingPolicies", true) => {
                json!({ "ScalingPolicies": [policy("depth", "blue"), policy("same", "blue"), balanced.clone()] })
            }
            ("DescribeScalingPolicies", false) => json!({ "ScalingPolicies": [policy("same", "green")] }),
            ("DescribeScheduledActions", _) => json!({ "ScheduledActions": [] }),
            _ => json!({}),
        }))
    };
    with_aws(script, async |aws, log| {
        slots().steer(&aws, Steer::Equip, SCALING, NOW).await.expect("done");
        let written: Vec<Asked> = asked(&log).into_iter().filter(|asked| !asked.what.starts_with("Describe")).collect();
        assert_eq!(
            written.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(),
            ["RegisterScalableTarget", "PutScalingPolicy"]
        );
        let (bounds, policy) = (written[0].json(), written[1].json());
        // Stable's target is gone: what was recorded counts.
        assert_eq!((&bounds["MinCapacity"], &bounds["MaxCapacity"]), (&json!(2), &json!(10)));
        assert_eq!(bounds["SuspendedState"], suspended(true, true, false));
        assert_eq!((&policy["PolicyName"], &policy["ResourceId"]), (&json!("depth"), &json!("service/my-cluster/green")));
        let metric = &policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"];
        assert_eq!((&metric["Dimensions"][0]["Value"], &metric["Dimensions"][1]["Value"]), (&json!("green"), &json!("jobs")));
        assert_eq!(metric["OfTomorrow"], true, "what the SDK does not know is copied too");
        assert_eq!((&policy["PolicyARN"], &policy["Alarms"]), (&Value::Null, &Value::Null));
    });
}

#[test]
fn a_parameter_is_asked_for_in_a_signed_request() {
    let script = |asked: &Asked, _: usize| {
        Some(match asked.what.as_str() {
            "PutParameter" => refused(400, "ParameterAlreadyExists", "The parameter already exists."),
            "GetParameter" => ok(json!({ "Parameter": { "Name": "/espalier/x", "Value": "id 5" } })),
            _ => refused(400, "ParameterNotFound", "Parameter not found."),
        })
    };
    with_aws(script, async |aws, log| {
        let now = crate::time::Timestamp::from_secs(1_795_309_200);
        let fault = aws.parameters.put("/espalier/x", "id 5", false, now).await.expect_err("there is one");
        assert_eq!((fault.code.as_deref(), fault.may_have_happened), (Some("ParameterAlreadyExists"), false));
        assert_ne!(fault.kind, FaultKind::Denied);
        assert_eq!(aws.parameters.get("/espalier/x", now).await, Ok(Some("id 5".to_owned())));
        assert_eq!(aws.parameters.delete("/espalier/x", now).await, Ok(()));
        let asked = asked(&log);
        assert_eq!(asked[0].json(), json!({ "Name": "/espalier/x", "Value": "id 5", "Type": "String", "Overwrite": false }));
        assert_eq!(asked[0].header("x-amz-target"), "AmazonSSM.PutParameter");
        let signature = asked[0].header("authorization");
        assert!(signature.contains("/20261122/eu-central-1/ssm/aws4_request"), "{signature}");
        assert!(signature.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target"), "{signature}");
    });
}
