//! Worlds in which a release would fail, and each told by its code; and what stories of `verify` are made of.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{capacity, with_rules};
use crate::harness::{Story, Told, root};

/// The seed's config with other members, or without those that are null; paths that hold in the story's folder.
pub(super) fn config(story: &Story, more: &Value) -> String {
    let seed = root().join("tests/fixtures/seed");
    let definition = |name: &str| seed.join(name).to_str().expect("UTF-8").to_owned();
    let mut config = json!({
        "region": "ap-northeast-1", "cluster": "my-cluster", "service": "myservice",
        "service_definition": definition("ecs-service-def.json"), "task_definition": definition("ecs-task-def.json"),
        "jq": "del(.serviceConnectConfiguration)",
        "lattice": {
            "service": "myservice", "listener": "http-80", "infrastructure_role": "ecsInfrastructureRole",
            "slots": {
                "a": { "ecs_service": "myservice", "target_group": "myservice-a" },
                "b": { "ecs_service": "myservice-green", "target_group": "myservice-b" },
            },
        },
    });
    merge(&mut config, more);
    story.write("espalier.yml", &config.to_string())
}

pub(super) fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                if value.is_null() {
                    into.remove(name);
                } else {
                    merge(into.entry(name.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (into, more) => *into = more.clone(),
    }
}

/// `verify` in such a world, of such a config.
pub(super) fn verify(world: &Value, more: &Value, arguments: &[&str]) -> Told {
    let story = Story::of(world);
    let config = config(&story, more);
    story.run(&[&["verify", "-c", &config], arguments].concat())
}

/// The findings of a run that told them as JSON: level and code of each.
pub(super) fn findings(told: &Told) -> BTreeSet<(String, String)> {
    let said: Value = serde_json::from_str(&told.run.stdout).unwrap_or_else(|error| {
        panic!("{error}\n{}{}", told.run.stdout, told.run.stderr);
    });
    let text = |finding: &Value, member: &str| finding[member].as_str().expect("a text").to_owned();
    let list = said["findings"].as_array().expect("findings");
    list.iter().map(|finding| (text(finding, "level"), text(finding, "code"))).collect()
}

fn forward(weights: &Value) -> Value {
    json!({ "forward": weights })
}

/// The target group of the base world, with other members in its config.
fn group(name: &str, id: &str, more: &Value) -> Value {
    let mut group = json!({
        "name": name, "id": id,
        "config": {
            "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678",
            "healthCheck": { "enabled": true, "path": "/health", "healthCheckIntervalSeconds": 10, "healthyThresholdCount": 2, "unhealthyThresholdCount": 2 },
        },
    });
    merge(&mut group, more);
    group
}

pub(super) fn group_a(more: &Value) -> Value {
    group("myservice-a", "tg-12345678901234567", more)
}

pub(super) fn group_b(more: &Value) -> Value {
    group("myservice-b", "tg-0b000000000000000", more)
}

/// The Lattice service of the base world with these actions of its rule and of its listener.
pub(super) fn service(rule: &Value, default: &Value) -> Value {
    json!({
        "name": "myservice", "id": "svc-12345678901234567",
        "listeners": [{
            "name": "http-80", "id": "listener-12345678901234567", "port": 80, "default_action": default,
            "rules": [{
                "name": "api", "id": "rule-12345678901234567", "priority": 10,
                "match": { "httpMatch": { "pathMatch": { "match": { "prefix": "/api" } } } }, "action": rule,
            }],
        }],
    })
}

pub(super) fn stable() -> Value {
    forward(&json!({ "myservice-a": 100 }))
}

pub(super) fn roles(deployer: &Value, infrastructure: &Value) -> Value {
    json!({ "iam": { "roles": { "deployer": deployer, "ecsInfrastructureRole": infrastructure } } })
}

/// A world in which ECS itself moves the weights of the rule, for a service of this name.
pub(super) fn managed(name: &str) -> Value {
    let arn = |path: &str| format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:{path}");
    let listener = "service/svc-12345678901234567/listener/listener-12345678901234567";
    let base = |name: &str, entry: Value, more: Value| {
        let mut definition = json!({
            "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"], "securityGroups": ["sg-12345678"] } },
            "vpcLatticeConfigurations": [entry],
        });
        merge(&mut definition, &more);
        json!({
            "name": name, "desired": 3, "definition": definition,
            "task_definition": {
                "family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
                "containerDefinitions": [{
                    "name": "web", "image": "myservice:1", "essential": true,
                    "portMappings": [{ "name": "http", "containerPort": 80, "protocol": "tcp" }],
                }],
            },
        })
    };
    let plain = json!({ "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole", "targetGroupArn": arn("targetgroup/tg-12345678901234567"), "portName": "http" });
    let mut entry = plain.clone();
    entry["advancedConfiguration"] = json!({
        "alternateTargetGroupArn": arn("targetgroup/tg-0b000000000000000"),
        "productionListenerRule": arn(&format!("{listener}/rule/rule-12345678901234567")),
    });
    let strategy = json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 } });
    let mut services = vec![base(name, entry, strategy)];
    if name != "myservice" {
        services.push(base("myservice", plain, json!({})));
    }
    let both = forward(&json!({ "myservice-a": 100, "myservice-b": 0 }));
    json!({
        "lattice": { "target_groups": [group_a(&json!({})), group_b(&json!({}))], "services": [service(&both, &stable())] },
        "ecs_services": services,
    })
}

/// Security groups, each with addresses that it lets in on a port. One named `sg-0a0a0a0a` guards the clients' VPC.
fn guarded(groups: &[(&str, &str, u16)]) -> Value {
    let group = |(id, range, port): &(&str, &str, u16)| json!({ "id": id, "ingress": [{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": range }] }] });
    let clients: Vec<&str> = groups.iter().map(|(id, ..)| *id).filter(|id| *id == "sg-0a0a0a0a").collect();
    let vpc = json!({ "vpc": "vpc-12345678", "security_groups": clients });
    let network = json!({ "name": "my-service-network", "services": ["myservice"], "vpcs": [vpc] });
    json!({ "security_groups": groups.iter().map(group).collect::<Vec<_>>(), "lattice": { "service_networks": [network] } })
}

#[test]
fn every_broken_world_is_told_by_its_code() {
    let no = json!({});
    let quota: Vec<Value> =
        (1..=9).map(|n| group(&format!("other-{n}"), &format!("tg-0000000000000000{n}"), &json!({}))).collect();
    let all: serde_json::Map<String, Value> =
        (1..=9).map(|n| (format!("other-{n}"), json!(0))).chain([("myservice-a".to_owned(), json!(100))]).collect();
    let many_tags: serde_json::Map<String, Value> = (0..49).map(|n| (format!("tag-{n}"), json!("x"))).collect();
    let mut tagged = service(&stable(), &stable());
    tagged["listeners"][0]["rules"][0]["tags"] = json!(many_tags);
    let mut two_listeners = service(&stable(), &stable());
    let mut other = two_listeners["listeners"][0].clone();
    merge(&mut other, &json!({ "name": "http-81", "id": "listener-0b000000000000000", "port": 81 }));
    other["rules"][0]["id"] = json!("rule-0b000000000000000");
    two_listeners["listeners"].as_array_mut().expect("a list").push(other);
    let elsewhere = "arn:aws:vpc-lattice:ap-northeast-1:210987654321:targetgroup/tg-12345678901234567";
    let another_region = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-12345678901234567";
    let slot_b = |name: &str| json!({ "lattice": { "slots": { "b": { "target_group": name } } } });
    let slot_a = |name: &str| json!({ "lattice": { "slots": { "a": { "ecs_service": name } } } });
    let elsewhere_filled = no_tasks();
    let may_all = json!({ "policies": [{ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }] });
    let to_tasks = json!({ "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
    let denied = json!({ "policies": [{ "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" }, { "Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*" },
    ] }] });
    let untagged =
        json!({ "policies": [{ "Statement": [{ "Effect": "Allow", "NotAction": "ecs:TagResource", "Resource": "*" }] }] });
    let conditional = json!({ "policies": [{ "Statement": [
        { "Effect": "Allow", "NotAction": "vpc-lattice:UpdateRule", "Resource": "*" },
        { "Effect": "Allow", "Action": "vpc-lattice:UpdateRule", "Resource": "*", "Condition": { "StringEquals": { "aws:ResourceTag/team": "a" } } },
    ] }] });
    let groups = |a: &Value, b: &Value| json!({ "lattice": { "target_groups": [group_a(a), group_b(b)] } });
    let with = |service: Value| json!({ "lattice": { "target_groups": [group_a(&json!({})), group_b(&json!({}))], "services": [service] } });
    let fault = |operation: &str, effect: &str| json!({ "faults": [{ "operations": [operation], "effect": effect }] });

    let table: Vec<(&str, i32, &str, Value, Value)> = vec![
        ("no-health-check", 2, "error", groups(&json!({ "config": { "healthCheck": { "enabled": false } } }), &no), no.clone()),
        (
            "weak-health-check",
            0,
            "warning",
            groups(&json!({ "config": { "healthCheck": { "matcher": { "httpCode": "200-499" } } } }), &no),
            no.clone(),
        ),
        ("target-groups-differ", 2, "error", groups(&no, &json!({ "config": { "vpcIdentifier": "vpc-87654321" } })), no.clone()),
        ("target-group-state", 2, "error", groups(&no, &json!({ "type": "INSTANCE" })), no.clone()),
        (
            "weights-split",
            2,
            "error",
            with(service(&forward(&json!({ "myservice-a": 50, "myservice-b": 50 })), &stable())),
            no.clone(),
        ),
        ("slots-disagree", 2, "error", with(service(&forward(&json!({ "myservice-b": 100 })), &stable())), no.clone()),
        (
            "third-group",
            2,
            "error",
            json!({ "lattice": {
                "target_groups": [group_a(&no), group("third", "tg-0c000000000000000", &no)],
                "services": [service(&forward(&json!({ "myservice-a": 50, "third": 50 })), &stable())],
            } }),
            no.clone(),
        ),
        ("not-found", 2, "error", no.clone(), json!({ "lattice": { "service": "myservise" } })),
        ("not-found", 2, "error", no.clone(), json!({ "lattice": { "rules": ["nope"] } })),
        ("not-found", 2, "error", no.clone(), json!({ "lattice": { "listener": "http-81" } })),
        ("not-found", 2, "error", no.clone(), slot_b("tg-0d000000000000000")),
        ("not-found", 2, "error", no.clone(), json!({ "cluster": "gone" })),
        ("stable-ecs-service", 2, "error", no.clone(), slot_a("nosuch")),
        ("stable-ecs-service", 0, "warning", elsewhere_filled, slot_a("nosuch")),
        (
            "not-moving",
            0,
            "warning",
            with(service(&json!({ "fixed_response": 404 }), &stable())),
            json!({ "lattice": { "rules": ["api", "default"] } }),
        ),
        ("managed-by-ecs", 2, "error", managed("myservice"), no.clone()),
        ("managed-by-ecs", 2, "error", managed("neighbour"), no.clone()),
        ("malformed-name", 2, "error", no.clone(), json!({ "lattice": { "service": "No Name" } })),
        ("ambiguous-name", 2, "error", with(two_listeners), json!({ "lattice": { "listener": null, "rules": ["api"] } })),
        ("other-account", 2, "error", no.clone(), slot_b(elsewhere)),
        ("other-account", 2, "error", no.clone(), json!({ "lattice": { "service": another_region } })),
        ("too-few-tags", 2, "error", with(tagged), no.clone()),
        (
            "quota",
            2,
            "error",
            json!({ "lattice": {
                "target_groups": quota.into_iter().chain([group_a(&no)]).collect::<Vec<_>>(),
                "services": [service(&stable(), &forward(&json!(all)))],
            } }),
            json!({ "lattice": { "rules": ["api"] } }),
        ),
        ("quota", 0, "warning", with_rules(1..=9, &no), no.clone()),
        ("test-rule", 2, "error", with_rules(1..=10, &no), json!({ "lattice": { "test_rule": { "header": { "x-t": "1" } } } })),
        ("service-network", 0, "warning", json!({ "lattice": { "service_networks": [] } }), no.clone()),
        ("security-group", 2, "error", guarded(&[("sg-12345678", "10.0.0.0/8", 80)]), no.clone()),
        ("security-group", 2, "error", guarded(&[("sg-12345678", "0.0.0.0/0", 8080)]), no.clone()),
        ("security-group", 2, "error", guarded(&[("sg-87654321", "0.0.0.0/0", 80)]), no.clone()),
        (
            "security-group",
            0,
            "warning",
            guarded(&[("sg-12345678", "0.0.0.0/0", 80), ("sg-0a0a0a0a", "10.0.0.0/8", 443)]),
            no.clone(),
        ),
        ("not-checked", 0, "note", fault("ec2:DescribeSecurityGroups", "denied"), no.clone()),
        ("infrastructure-role-missing", 2, "error", json!({ "iam": { "roles": { "deployer": may_all } } }), no.clone()),
        ("infrastructure-role-trust", 2, "error", roles(&may_all, &json!({ "trust": to_tasks })), no.clone()),
        ("infrastructure-role-permissions", 2, "error", roles(&may_all, &json!({ "policies": [] })), no.clone()),
        ("permission-denied", 2, "error", roles(&denied, &no), no.clone()),
        (
            "permission-denied",
            2,
            "error",
            roles(&untagged, &no),
            json!({ "jq": "del(.serviceConnectConfiguration) | .tags = [{key: \"team\", value: \"a\"}]" }),
        ),
        ("permission-unknown", 0, "warning", roles(&conditional, &no), no.clone()),
        ("metric-unreadable", 2, "error", fault("cloudwatch:GetMetricData", "denied"), a_metric("HTTPCode_5XX_Count")),
        ("metric-unreadable", 0, "warning", fault("cloudwatch:GetMetricData", "error500"), a_metric("HTTPCode_5XX_Count")),
        ("alarm-missing", 2, "error", no.clone(), json!({ "analysis": { "alarms": ["5xx"] } })),
        (
            "alarm-on",
            2,
            "error",
            json!({ "alarms": [{ "name": "5xx", "state": "ALARM" }] }),
            json!({ "analysis": { "alarms": ["5xx"] } }),
        ),
        ("aws-refused", 2, "error", fault("ecs:DescribeServices", "error500"), no.clone()),
        ("autoscaling", 2, "error", fault("application-autoscaling:DescribeScalableTargets", "denied"), no.clone()),
        ("autoscaling", 0, "warning", capacity::scales_itself(), no.clone()),
        ("not-checked", 0, "note", fault("vpc-lattice:GetService", "denied"), no.clone()),
        ("permissions-unchecked", 0, "note", fault("iam:SimulatePrincipalPolicy", "denied"), no.clone()),
        ("config", 2, "error", no.clone(), json!({ "latice": {} })),
        ("definition", 2, "error", no.clone(), json!({ "jq": "nope" })),
        ("definition", 2, "error", no.clone(), json!({ "task_definition": "gone.json" })),
    ];
    for (code, exit, level, world, more) in table {
        is_told(code, (exit, level), &world, &more);
    }
}

/// Public repositories are full of names that Lattice has never published, and of dimensions of nothing: without a word they would be no data
/// until the deadline.
#[test]
fn lattice_3_metrics_that_there_are_none_of_are_told_beforehand() {
    let (no, of) = (json!({}), |metric: Value| json!({ "analysis": { "metrics": [metric] } }));
    let expression = json!({ "name": "it", "expression": "${HTTPCode_Target_5XX_Count} * 2", "max": 1 });
    let misspelt = json!({
        "name": "cpu", "metric": "CPUUtilization", "namespace": "AWS/ECS", "stat": "average", "max": 80,
        "dimensions": { "Cluster": "${cluster}", "ServiceName": "${ecs_service}" },
    });
    for invented in ["RequestCount", "TargetResponseTime", "HealthyTargetCount"] {
        is_told("config", (2, "error"), &no, &a_metric(invented));
    }
    is_told("metric-unknown", (2, "error"), &no, &of(expression));
    is_told("metric-unpublished", (0, "warning"), &no, &a_metric("HTTPCode_5XX_Count"));
    is_told("metric-unpublished", (0, "warning"), &no, &of(misspelt));
}

/// A config that is judged by one metric of the target group's.
fn a_metric(name: &str) -> Value {
    json!({ "analysis": { "metrics": [{ "name": "it", "metric": name, "stat": "Sum", "max": 1 }] } })
}

/// A world, with this config besides, is told by this code and at this level; nothing is written.
#[track_caller]
fn is_told(code: &str, (exit, level): (i32, &str), world: &Value, more: &Value) {
    let told = verify(world, more, &["--format", "json"]);
    let found = findings(&told);
    let all = format!("{code} in {world} with {more}: {}{}", told.run.stdout, told.run.stderr);
    assert!(found.contains(&(level.to_owned(), code.to_owned())), "{all}");
    assert_eq!(told.run.code, exit, "{all}");
    assert_eq!(found.iter().any(|(level, _)| level == "error"), exit == 2, "{all}");
    assert_eq!(told.world.writes(), [""; 0], "{code}");
}

/// What serves are targets that no ECS service has registered.
fn no_tasks() -> Value {
    let target = json!({ "targets": [{ "id": "10.0.0.9" }] });
    json!({ "lattice": { "target_groups": [group_a(&target), group_b(&json!({}))] }, "ecs_services": [] })
}

#[test]
fn a_release_names_the_ecs_service_that_serves() {
    let other = json!({ "lattice": { "slots": { "a": { "ecs_service": "nosuch" } } } });
    let story = Story::of(&json!({}));
    let mistyped = config(&story, &other);
    let told = story.run(&["deploy", "-c", &mistyped]).ends_with(2);
    let told = told
        .complains("there is no ECS service nosuch in my-cluster, and slot a serves: its target group is myservice-a, which myservice fills")
        .complains("write `ecs_service: myservice` for slot a");
    assert_eq!(told.world.state(), story.untold().state());

    // It may be meant: what serves before the first release need not be ECS's.
    let story = Story::of(&no_tasks());
    let meant = config(&story, &other);
    let told = story.run(&["deploy", "-c", &meant, "--dry-run"]).ends_with(0);
    told
        .says("would release myservice: what serves in slot a keeps serving")
        .says("nobody stops what is registered in myservice-a")
        .says("note: there is no ECS service nosuch in my-cluster, and slot a serves: its target group is myservice-a. Nobody stops");
}
