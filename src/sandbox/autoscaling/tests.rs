//! Targets, policies and activities over the wire, and what happens to desired counts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{
    protocol::testing::ask_json,
    scenario::{self, Demand, Scenario, TargetSeed},
    world::World,
};

const RESOURCE: &str = "service/my-cluster/myservice";

fn world_with(change: impl FnOnce(&mut Scenario)) -> World {
    let mut scenario = scenario::load("promoted").unwrap();
    change(&mut scenario);
    World::new(scenario)
}

fn world() -> World {
    world_with(|_| {})
}

/// A request about the service, with these members besides.
fn about(more: Value) -> Value {
    let mut body = json!({ "ServiceNamespace": "ecs", "ResourceId": RESOURCE, "ScalableDimension": "ecs:service:DesiredCount" });
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

fn ask(world: &mut World, operation: &str, body: Value) -> Value {
    let reply = ask_json(world, "application-autoscaling", operation, &body);
    assert_eq!(reply.status, 200, "{operation}: {}", reply.value());
    reply.value()
}

fn refused(world: &mut World, operation: &str, body: Value) -> (String, String) {
    let reply = ask_json(world, "application-autoscaling", operation, &body);
    assert_eq!(reply.status, 400, "{operation}: {}", reply.value());
    let member = |name: &str| reply.value()[name].as_str().unwrap_or_default().to_owned();
    (member("__type"), member("Message"))
}

fn pass(world: &mut World, seconds: u64) {
    let until = world.now + Duration::from_secs(seconds);
    world.advance(until);
}

fn desired(world: &mut World) -> u64 {
    let body = json!({ "cluster": "my-cluster", "services": ["myservice"] });
    ask_json(world, "ecs", "DescribeServices", &body).value()["services"][0]["desiredCount"].as_u64().unwrap()
}

fn tracking(more: Value) -> Value {
    let mut configuration = json!({
        "TargetValue": 50.0, "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
    });
    for (member, value) in more.as_object().unwrap() {
        configuration[member] = value.clone();
    }
    json!({ "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": configuration })
}

/// A target of 2 to 10 with a policy that finds these counts right, each from its second on.
fn demanding(demand: &[(u64, u32)]) -> World {
    world_with(|scenario| {
        let policies = vec![tracking(json!({}))];
        scenario.scaling.targets =
            vec![TargetSeed { service: "myservice".to_owned(), min: 2, max: 10, policies, ..TargetSeed::default() }];
        let entry = |(at, desired): &(u64, u32)| Demand {
            at: *at,
            desired: *desired,
            service: "myservice".to_owned(),
            share_at_least: None,
        };
        scenario.scaling.demand = demand.iter().map(entry).collect();
    })
}

#[test]
fn a_target_keeps_what_an_update_leaves_out() {
    let mut world = world();
    let made = ask(&mut world, "RegisterScalableTarget", about(json!({ "MinCapacity": 1, "MaxCapacity": 10 })));
    let arn = made["ScalableTargetARN"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:application-autoscaling:ap-northeast-1:123456789012:scalable-target/"), "{arn}");
    let suspended = json!({ "SuspendedState": { "DynamicScalingInSuspended": true } });
    assert_eq!(ask(&mut world, "RegisterScalableTarget", about(suspended))["ScalableTargetARN"], arn);
    let shown = ask(&mut world, "DescribeScalableTargets", json!({ "ServiceNamespace": "ecs", "ResourceIds": [RESOURCE] }));
    let target = &shown["ScalableTargets"][0];
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(1), &json!(10)));
    let flags = json!({
        "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
    });
    assert_eq!(target["SuspendedState"], flags);
    assert!(target["RoleARN"].as_str().unwrap().ends_with("/AWSServiceRoleForApplicationAutoScaling_ECSService"));
    ask(&mut world, "DeregisterScalableTarget", about(json!({})));
    let (code, message) = refused(&mut world, "DeregisterScalableTarget", about(json!({})));
    assert_eq!(code, "ObjectNotFoundException");
    assert!(message.contains(RESOURCE), "{message}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut world = world();
    for (body, text) in [
        (about(json!({ "MinCapacity": 1 })), "are required"),
        (about(json!({ "MinCapacity": 3, "MaxCapacity": 2 })), "cannot be less than minimum"),
        (about(json!({ "MinCapacity": -1, "MaxCapacity": 2 })), "greater than or equal to 0"),
        (about(json!({ "MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "service/my-cluster/nobody" })), "doesn't exist"),
        (about(json!({ "MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "myservice" })), "service/CLUSTER_NAME/SERVICE_NAME"),
        (about(json!({ "MinCapacity": 1, "MaxCapacity": 2, "ServiceNamespace": "dynamodb" })), "ECS only"),
        (about(json!({ "MinCapacity": 1, "MaxCapacity": 2, "ServiceNamespace": "nothing" })), "enum value set"),
    ] {
        let (code, message) = refused(&mut world, "RegisterScalableTarget", body);
        assert_eq!(code, "ValidationException", "{message}");
        assert!(message.contains(text), "{message}");
    }
    assert_eq!(refused(&mut world, "PutScalingPolicy", about(tracking(json!({})))).0, "ObjectNotFoundException");
    let body = json!({ "ServiceNamespace": "ecs", "NextToken": "x" });
    assert_eq!(refused(&mut world, "DescribeScalableTargets", body).0, "InvalidNextTokenException");
}

#[test]
fn bounds_move_the_desired_count_at_once_and_tell_of_it() {
    let mut world = world();
    ask(&mut world, "RegisterScalableTarget", about(json!({ "MinCapacity": 5, "MaxCapacity": 10 })));
    assert_eq!(desired(&mut world), 5);
    let activities = |world: &mut World| {
        ask(world, "DescribeScalingActivities", json!({ "ServiceNamespace": "ecs" }))["ScalingActivities"].clone()
    };
    let first = activities(&mut world)[0].clone();
    assert_eq!((&first["StatusCode"], &first["Cause"]), (&json!("InProgress"), &json!("minimum capacity was set to 5")));
    assert_eq!(first["Description"], "Setting desired count to 5.");
    pass(&mut world, 60);
    let done = activities(&mut world)[0].clone();
    assert_eq!(done["StatusCode"], "Successful");
    assert!(done["EndTime"].as_f64().unwrap() > done["StartTime"].as_f64().unwrap());
    ask(&mut world, "RegisterScalableTarget", about(json!({ "MinCapacity": 1, "MaxCapacity": 2 })));
    assert_eq!(desired(&mut world), 2);
    assert_eq!(activities(&mut world)[0]["Cause"], "maximum capacity was set to 2");
}

#[test]
fn suspension_holds_the_bounds_back_until_it_is_taken_back_and_the_knob_says_otherwise() {
    let suspended = |on: bool| json!({ "SuspendedState": { "DynamicScalingInSuspended": on, "DynamicScalingOutSuspended": on } });
    let mut world = world();
    let mut body = about(suspended(true));
    (body["MinCapacity"], body["MaxCapacity"]) = (json!(5), json!(9));
    ask(&mut world, "RegisterScalableTarget", body.clone());
    pass(&mut world, 600);
    assert_eq!(desired(&mut world), 3);
    ask(&mut world, "RegisterScalableTarget", about(suspended(false)));
    assert_eq!(desired(&mut world), 5);
    let mut world = world_with(|scenario| scenario.knobs.suspension_holds_bounds = false);
    ask(&mut world, "RegisterScalableTarget", body);
    assert_eq!(desired(&mut world), 5);
}

#[test]
fn a_policy_follows_the_demand_within_the_bounds() {
    let mut world = demanding(&[(100, 6), (400, 50), (800, 1)]);
    pass(&mut world, 99);
    assert_eq!(desired(&mut world), 3);
    pass(&mut world, 90);
    assert_eq!(desired(&mut world), 6);
    pass(&mut world, 300);
    assert_eq!(desired(&mut world), 10);
    pass(&mut world, 400);
    assert_eq!(desired(&mut world), 2);
    let shown = ask(&mut world, "DescribeScalingActivities", about(json!({})));
    let causes =
        shown["ScalingActivities"].as_array().unwrap().iter().map(|one| one["Cause"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(causes.len(), 3);
    assert!(causes[0].starts_with("monitor alarm TargetTracking-service/my-cluster/myservice-AlarmLow-"), "{causes:?}");
    assert!(causes[2].contains("-AlarmHigh-") && causes[2].ends_with(" in state ALARM triggered policy cpu"), "{causes:?}");
}

#[test]
fn scaling_in_waits_while_it_is_suspended_and_is_made_up_for_afterwards() {
    let mut world = demanding(&[(0, 6), (200, 2)]);
    pass(&mut world, 120);
    assert_eq!(desired(&mut world), 6);
    let suspended = |on: bool| about(json!({ "SuspendedState": { "DynamicScalingInSuspended": on } }));
    ask(&mut world, "RegisterScalableTarget", suspended(true));
    pass(&mut world, 1200);
    assert_eq!(desired(&mut world), 6, "suspended");
    ask(&mut world, "RegisterScalableTarget", suspended(false));
    pass(&mut world, 120);
    assert_eq!(desired(&mut world), 2, "given back");
}

#[test]
fn scaling_in_waits_for_a_deployment_and_scaling_out_does_not() {
    let mut world = demanding(&[(60, 2)]);
    let force = json!({ "cluster": "my-cluster", "service": "myservice", "forceNewDeployment": true });
    assert_eq!(ask_json(&mut world, "ecs", "UpdateService", &force).status, 200);
    pass(&mut world, 61);
    assert_eq!(desired(&mut world), 3, "the deployment is in progress");
    pass(&mut world, 300);
    assert_eq!(desired(&mut world), 2);
    let mut world = demanding(&[(0, 7)]);
    assert_eq!(ask_json(&mut world, "ecs", "UpdateService", &force).status, 200);
    pass(&mut world, 61);
    assert_eq!(desired(&mut world), 7);
}

#[test]
fn policies_are_replaced_by_name_and_go_with_their_target() {
    let mut world = world();
    ask(&mut world, "RegisterScalableTarget", about(json!({ "MinCapacity": 1, "MaxCapacity": 10 })));
    let made = ask(&mut world, "PutScalingPolicy", about(tracking(json!({}))));
    assert_eq!(made["Alarms"].as_array().unwrap().len(), 2);
    let again = ask(&mut world, "PutScalingPolicy", about(tracking(json!({ "DisableScaleIn": true }))));
    assert_eq!(again["PolicyARN"], made["PolicyARN"]);
    let step = json!({ "PolicyName": "steps", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{ "MetricIntervalLowerBound": 0, "ScalingAdjustment": 1 }],
    }});
    assert_eq!(ask(&mut world, "PutScalingPolicy", about(step))["Alarms"], json!([]));
    let shown = ask(&mut world, "DescribeScalingPolicies", json!({ "ServiceNamespace": "ecs", "PolicyNames": ["cpu"] }));
    assert_eq!(shown["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"], true);
    assert_eq!(shown["ScalingPolicies"].as_array().unwrap().len(), 1);
    for (bad, text) in [
        (json!({ "PolicyName": "x", "PolicyType": "StepScaling" }), "StepScalingPolicyConfiguration"),
        (json!({ "PolicyName": "x", "PolicyType": "PredictiveScaling" }), "predictive"),
        (tracking(json!({ "PredefinedMetricSpecification": null })), "Exactly one"),
    ] {
        let (code, message) = refused(&mut world, "PutScalingPolicy", about(bad));
        assert_eq!(code, "ValidationException");
        assert!(message.contains(text), "{message}");
    }
    ask(&mut world, "DeleteScalingPolicy", about(json!({ "PolicyName": "steps" })));
    assert_eq!(refused(&mut world, "DeleteScalingPolicy", about(json!({ "PolicyName": "steps" }))).0, "ObjectNotFoundException");
    ask(&mut world, "DeregisterScalableTarget", about(json!({})));
    assert_eq!(ask(&mut world, "DescribeScalingPolicies", json!({ "ServiceNamespace": "ecs" }))["ScalingPolicies"], json!([]));
}

#[test]
fn scheduled_actions_are_kept_by_name_and_go_with_their_target() {
    let mut world = world();
    let night = json!({
        "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)",
        "ScalableTargetAction": { "MinCapacity": 1, "MaxCapacity": 2 },
    });
    assert_eq!(refused(&mut world, "PutScheduledAction", about(night.clone())).0, "ObjectNotFoundException");
    ask(&mut world, "RegisterScalableTarget", about(json!({ "MinCapacity": 1, "MaxCapacity": 10 })));
    let (code, message) = refused(&mut world, "PutScheduledAction", about(json!({ "ScheduledActionName": "night" })));
    assert_eq!(code, "ValidationException");
    assert!(message.contains("Schedule is required"), "{message}");
    ask(&mut world, "PutScheduledAction", about(night));
    ask(&mut world, "PutScheduledAction", about(json!({ "ScheduledActionName": "night", "Timezone": "Asia/Tokyo" })));
    let shown = |world: &mut World| {
        ask(world, "DescribeScheduledActions", json!({ "ServiceNamespace": "ecs", "ResourceId": RESOURCE }))["ScheduledActions"]
            .clone()
    };
    let action = shown(&mut world)[0].clone();
    assert_eq!((&action["Schedule"], &action["Timezone"]), (&json!("cron(0 22 * * ? *)"), &json!("Asia/Tokyo")));
    assert!(action["ScheduledActionARN"].as_str().unwrap().ends_with(":scheduledActionName/night"));
    ask(&mut world, "DeleteScheduledAction", about(json!({ "ScheduledActionName": "night" })));
    let gone = refused(&mut world, "DeleteScheduledAction", about(json!({ "ScheduledActionName": "night" })));
    assert_eq!(gone.0, "ObjectNotFoundException");
    assert_eq!(shown(&mut world), json!([]));
}
