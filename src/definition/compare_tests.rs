//! What differs, and what does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What describe-task-definition prints for the seed's task definition.
fn described() -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:7", "revision": 7, "status": "ACTIVE",
        "family": "myservice", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole", "volumes": [], "placementConstraints": [],
        "containerDefinitions": [{
            "name": "web", "image": "nginx:latest", "cpu": 0, "essential": true, "environment": [], "mountPoints": [], "volumesFrom": [],
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http", "appProtocol": "http"}],
            "systemControls": []
        }]
    })
}

fn seed() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/seed/ecs-task-def.json")).expect("JSON")
}

fn pointers(given: &Value, described: &Value) -> Vec<String> {
    says(given, described).into_iter().map(|difference| difference.pointer).collect()
}

#[test]
fn the_seed_is_what_ecs_prints_for_it() {
    assert_eq!(pointers(&seed(), &described()), [""; 0]);
}

#[test]
fn a_change_is_named_and_silence_changes_nothing() {
    let mut given = seed();
    given["containerDefinitions"][0]["image"] = "nginx:1.27".into();
    given["containerDefinitions"][0]["environment"] = json!([{"name": "A", "value": "1"}]);
    given["cpu"] = "512".into();
    assert_eq!(pointers(&given, &described()), ["/containerDefinitions/0/image", "/containerDefinitions/0/environment", "/cpu"]);
    assert_eq!(pointers(&json!({"serviceConnectConfiguration": {"enabled": false}}), &json!({})), [""; 0]);
}

#[test]
fn defaults_units_and_order_make_no_difference() {
    let given = json!({
        "cpu": ".25 vCPU", "memory": "0.5GB", "networkMode": "awsvpc", "volumes": [],
        "containerDefinitions": [{"name": "web", "cpu": 0, "essential": true, "command": [], "dockerLabels": {},
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}], "healthCheck": {"command": ["x"], "retries": 3}}]
    });
    let described = json!({
        "cpu": "256", "memory": "512", "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "web", "portMappings": [{"containerPort": 80}],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "healthCheck": {"command": ["x"]}}]
    });
    assert_eq!(pointers(&given, &described), [""; 0]);
    let mut other = described;
    other["containerDefinitions"][0]["environment"][1]["value"] = "3".into();
    assert_eq!(pointers(&given, &other), ["/containerDefinitions/0/environment/0/value"]);
}

#[test]
fn what_the_file_does_not_name_any_more_is_gone() {
    let mut described = described();
    described["containerDefinitions"][0]["stopTimeout"] = 30.into();
    described["containerDefinitions"][0]["portMappings"][0]["appProtocol"] = "http2".into();
    described["containerDefinitions"][0]["dockerLabels"] = json!({"a/b": "", "keep": "1"});
    described["taskRoleArn"] = "arn:role".into();
    described["runtimePlatform"] = json!({"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"});
    let mut given = seed();
    given["containerDefinitions"][0]["dockerLabels"] = json!({"keep": "1"});
    given["taskRoleArn"] = Value::Null;
    assert_eq!(
        pointers(&given, &described),
        [
            "/taskRoleArn",
            "/runtimePlatform",
            "/containerDefinitions/0/stopTimeout",
            "/containerDefinitions/0/portMappings/0/appProtocol",
            "/containerDefinitions/0/dockerLabels/a~1b",
        ]
    );
}

#[test]
fn of_a_service_only_what_a_release_takes_away_is_gone() {
    let printed = json!({
        "serviceArn": "arn", "status": "ACTIVE", "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": ["sg"], "assignPublicIp": "DISABLED"}},
        "loadBalancers": [], "placementStrategy": [], "enableExecuteCommand": false, "propagateTags": "NONE",
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100, "bakeTimeInMinutes": 0, "strategy": "ROLLING",
            "deploymentCircuitBreaker": {"enable": true}, "alarms": {"alarmNames": [], "enable": false, "rollback": false}},
        "healthCheckGracePeriodSeconds": 0, "schedulingStrategy": "REPLICA", "serviceConnectConfiguration": {"enabled": false},
    });
    let given = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}});
    assert_eq!(pointers(&given, &printed), [""; 0]);
    let mut told = printed;
    told["enableExecuteCommand"] = true.into();
    told["loadBalancers"] = json!([{"targetGroupArn": "arn"}]);
    told["deploymentConfiguration"]["maximumPercent"] = 150.into();
    told["serviceConnectConfiguration"] = json!({"enabled": true, "namespace": "n"});
    let gone = ["/loadBalancers", "/enableExecuteCommand", "/deploymentConfiguration", "/serviceConnectConfiguration"];
    assert_eq!(pointers(&given, &told), gone);
}

#[test]
fn order_counts_where_ecs_keeps_it() {
    assert_eq!(pointers(&json!({"command": ["a", "b"]}), &json!({"command": ["b", "a"]})), ["/command/0", "/command/1"]);
    assert_eq!(pointers(&json!({"subnets": ["a", "b"]}), &json!({"subnets": ["b", "a"]})), [""; 0]);
}

#[test]
fn floating_images_are_those_without_a_fixed_meaning() {
    let images = [
        "nginx",
        "nginx:latest",
        "localhost:5000/nginx",
        "nginx:1.27",
        "nginx@sha256:ab",
        "r.example/x:latest@sha256:ab",
        "r:443/x:v1",
    ];
    let containers: Vec<Value> = images.iter().map(|image| json!({"image": image})).collect();
    assert_eq!(floating_images(&json!({"containerDefinitions": containers})), ["nginx", "nginx:latest", "localhost:5000/nginx"]);
}

/// A task definition without a single default: whatever is taken out of it is missed.
fn full() -> Value {
    json!({
        "family": "web", "networkMode": "awsvpc", "cpu": "512", "memory": "1024", "taskRoleArn": "arn:t", "executionRoleArn": "arn:e",
        "pidMode": "task", "requiresCompatibilities": ["FARGATE"], "enableFaultInjection": true,
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
        "ephemeralStorage": {"sizeInGiB": 30}, "proxyConfiguration": {"type": "APPMESH", "containerName": "envoy"},
        "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/x", "transitEncryption": "ENABLED"}}],
        "containerDefinitions": [{
            "name": "web", "image": "nginx:1", "cpu": 256, "memoryReservation": 64, "essential": false, "user": "1", "workingDirectory": "/w",
            "command": ["a"], "entryPoint": ["b"], "stopTimeout": 30, "readonlyRootFilesystem": true, "versionConsistency": "disabled",
            "portMappings": [{"containerPort": 80, "hostPort": 81, "protocol": "udp", "name": "http", "appProtocol": "http2"}],
            "environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "S", "valueFrom": "arn:s"}],
            "dockerLabels": {"protocol": "tcp", "a/b~c": "d"}, "mountPoints": [{"containerPath": "/d", "sourceVolume": "data", "readOnly": true}],
            "healthCheck": {"command": ["c"], "interval": 7, "timeout": 4, "retries": 2, "startPeriod": 9},
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "mode": "non-blocking"}},
            "linuxParameters": {"initProcessEnabled": true}, "dependsOn": [{"containerName": "x", "condition": "HEALTHY"}],
            "restartPolicy": {"enabled": false, "restartAttemptPeriod": 60}
        }]
    })
}

/// Every member of every object in it, as a JSON pointer; but for the names by which elements of lists find each other.
fn members_of(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let inner = within(pointer, name);
                if !["name", "containerPath", "containerPort"].contains(&name.as_str()) {
                    found.push(inner.clone());
                }
                members_of(value, &inner, found);
            }
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| members_of(value, &format!("{pointer}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without(mut value: Value, pointers: &[String]) -> Value {
    for pointer in pointers {
        let (parent, name) = pointer.rsplit_once('/').expect("a member");
        if let Some(Value::Object(members)) = value.pointer_mut(parent) {
            members.shift_remove(&name.replace("~1", "/").replace("~0", "~"));
        }
    }
    value
}

#[test]
fn nothing_that_is_taken_out_is_missed() {
    let mut all = Vec::new();
    members_of(&full(), "", &mut all);
    assert!(all.len() > 50, "{}", all.len());
    assert_eq!(pointers(&full(), &full()), [""; 0]);
    for pointer in all {
        let given = without(full(), std::slice::from_ref(&pointer));
        assert_eq!(pointers(&given, &full()), [pointer]);
    }
}

proptest! {
    /// Whatever is taken out, put in and changed at once: each shows, and what is shown leads from the one to the other.
    #[test]
    fn several_are_told_together(places in prop::collection::vec(any::<prop::sample::Index>(), 1..8), turned in any::<bool>()) {
        let mut all = Vec::new();
        members_of(&full(), "", &mut all);
        let mut gone: Vec<String> = places.iter().map(|place| place.get(&all).clone()).collect();
        gone.sort();
        gone.dedup();
        let outermost: Vec<String> =
            gone.iter().filter(|one| !gone.iter().any(|other| one.starts_with(&format!("{other}/")))).cloned().collect();
        let (given, described) = if turned { (full(), without(full(), &gone)) } else { (without(full(), &gone), full()) };
        let differences = says(&given, &described);
        let mut told: Vec<String> = differences.iter().map(|difference| difference.pointer.clone()).collect();
        told.sort();
        prop_assert_eq!(&told, &outermost);
        let change = super::super::change::Change::new("x".to_owned(), &given, differences, &std::collections::BTreeSet::new());
        // What ECS leaves out is shown as the default that it stands for.
        if !turned {
            prop_assert_eq!(change.before, described);
        }
        prop_assert_eq!(change.after, given);
    }
}
