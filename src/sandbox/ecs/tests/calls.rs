//! Clusters, deleted task definitions, `RunTask`, stopped deployments and deployment alarms over the wire.

use serde_json::{Value, json};

use super::asking::{ask, definition, pass, refused, register, service, with_candidate, world};
use crate::sandbox::{protocol::testing::ask_json, scenario::Exit, world::World};

fn run(more: Value) -> Value {
    let mut body = json!({
        "cluster": "my-cluster", "taskDefinition": "myservice", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"] } },
    });
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

fn task(world: &mut World, arn: &Value) -> Value {
    ask(world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": [arn] }))["tasks"][0].clone()
}

#[test]
fn a_cluster_goes_when_nothing_is_left_in_it() {
    let mut world = world();
    ask(&mut world, "CreateCluster", json!({ "clusterName": "other", "tags": [{ "key": "a", "value": "b" }] }));
    let arns = ask(&mut world, "ListClusters", json!({ "maxResults": 1 }));
    assert_eq!(arns["clusterArns"], json!(["arn:aws:ecs:ap-northeast-1:123456789012:cluster/my-cluster"]));
    let rest = ask(&mut world, "ListClusters", json!({ "nextToken": arns["nextToken"] }));
    assert_eq!(rest["clusterArns"].as_array().unwrap().len(), 1);
    let plain = ask(&mut world, "DescribeClusters", json!({ "clusters": ["other"] }))["clusters"][0].clone();
    assert_eq!((&plain["tags"], &plain["settings"]), (&json!([]), &json!([])), "not asked for");
    let include = json!({ "clusters": ["my-cluster"], "include": ["STATISTICS", "SETTINGS"] });
    let asked = ask(&mut world, "DescribeClusters", include)["clusters"][0].clone();
    assert_eq!(asked["statistics"][0], json!({ "name": "runningFargateTasksCount", "value": "3" }));
    assert_eq!(ask(&mut world, "DeleteCluster", json!({ "cluster": "other" }))["cluster"]["status"], "INACTIVE");
    assert_eq!(refused(&mut world, "ListServices", json!({ "cluster": "other" })).1, "The referenced cluster was inactive.");
    assert_eq!(refused(&mut world, "DeleteCluster", json!({ "cluster": "my-cluster" })).0, "ClusterContainsServicesException");
    ask(&mut world, "CreateCluster", json!({ "clusterName": "other" }));
    ask(&mut world, "RunTask", run(json!({ "cluster": "other" })));
    assert_eq!(refused(&mut world, "DeleteCluster", json!({ "cluster": "other" })).0, "ClusterContainsTasksException");
}

#[test]
fn families_are_listed_by_prefix_and_by_whether_they_live() {
    let mut world = world();
    let families = |world: &mut World, body: Value| ask(world, "ListTaskDefinitionFamilies", body)["families"].clone();
    let container = json!({ "name": "web", "image": "web:1", "memory": 128 });
    ask(&mut world, "RegisterTaskDefinition", json!({ "family": "other", "containerDefinitions": [container] }));
    assert_eq!(families(&mut world, json!({})), json!(["myservice", "other"]));
    assert_eq!(families(&mut world, json!({ "familyPrefix": "my" })), json!(["myservice"]));
    ask(&mut world, "DeregisterTaskDefinition", json!({ "taskDefinition": "other:1" }));
    assert_eq!(families(&mut world, json!({ "status": "INACTIVE" })), json!(["other"]));
    assert_eq!(families(&mut world, json!({ "status": "ACTIVE" })), json!(["myservice"]));
    let asked = json!({ "taskDefinitions": ["other:1", "myservice:1", "nobody:7"] });
    let answer = ask(&mut world, "DeleteTaskDefinitions", asked);
    assert_eq!(answer["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    let reasons = answer["failures"].as_array().unwrap().iter().map(|failure| failure["reason"].as_str().unwrap());
    assert_eq!(reasons.collect::<Vec<_>>(), ["TASK_DEFINITION_NOT_DEREGISTERED", "TASK_DEFINITION_NOT_FOUND"]);
    let listed = ask(&mut world, "ListTaskDefinitions", json!({ "status": "DELETE_IN_PROGRESS" }));
    assert_eq!(listed["taskDefinitionArns"].as_array().unwrap().len(), 1);
    assert_eq!(refused(&mut world, "DeregisterTaskDefinition", json!({ "taskDefinition": "myservice" })).0, "ClientException");
}

#[test]
fn tasks_run_until_they_end_and_know_who_started_them() {
    let mut world = with_candidate(|behaviour| behaviour.exits = Some(Exit { after: 30, code: 3, reason: None }));
    let revision = register(&mut world, "job:1");
    let overrides = json!({ "containerOverrides": [{ "name": "web", "command": ["migrate"] }], "cpu": "512" });
    let more = json!({
        "taskDefinition": revision, "count": 2, "startedBy": "ci/7", "overrides": overrides, "clientToken": "once",
        "tags": [{ "key": "a", "value": "b" }],
    });
    let answer = ask(&mut world, "RunTask", run(more.clone()));
    assert_eq!((answer["tasks"].as_array().unwrap().len(), &answer["failures"]), (2, &json!([])));
    let first = answer["tasks"][0].clone();
    assert_eq!((&first["lastStatus"], &first["group"]), (&json!("PROVISIONING"), &json!("family:myservice")));
    assert_eq!((&first["startedBy"], &first["cpu"]), (&json!("ci/7"), &json!("512")));
    assert_eq!((&first["launchType"], &first["platformVersion"]), (&json!("FARGATE"), &json!("1.4.0")));
    assert_eq!(first["overrides"]["containerOverrides"], overrides["containerOverrides"]);
    assert_eq!(first["tags"], json!([{ "key": "a", "value": "b" }]));
    let again = ask(&mut world, "RunTask", run(more.clone()));
    assert_eq!(again["tasks"][1]["taskArn"], answer["tasks"][1]["taskArn"], "the same token and request");
    let mut other = more;
    other["count"] = json!(1);
    assert_eq!(refused(&mut world, "RunTask", run(other)).0, "ConflictException");
    let by = ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "startedBy": "ci/7" }));
    assert_eq!(by["taskArns"].as_array().unwrap().len(), 2);
    pass(&mut world, 11);
    assert_eq!(task(&mut world, &first["taskArn"])["lastStatus"], "RUNNING");
    pass(&mut world, 60);
    let ended = task(&mut world, &first["taskArn"]);
    assert_eq!((&ended["lastStatus"], &ended["stopCode"]), (&json!("STOPPED"), &json!("EssentialContainerExited")));
    assert_eq!(ended["stoppedReason"], "Essential container in task exited");
    assert_eq!(ended["containers"][0]["exitCode"], 3);
    assert_eq!(service(&mut world, "myservice")["runningCount"], 3);
}

#[test]
fn what_cannot_be_run_is_refused_or_a_failure() {
    let mut world = with_candidate(|behaviour| behaviour.placement_fails = Some("RESOURCE:ENI".to_owned()));
    for (more, text) in [
        (json!({ "count": 11 }), "between 1 and 10"),
        (json!({ "overrides": { "containerOverrides": [{ "name": "nobody" }] } }), "nobody is not a container"),
        (json!({ "startedBy": "a b" }), "startedBy"),
        (json!({ "networkConfiguration": null }), "Network Configuration must be provided"),
        (json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] }), "both a launch type"),
    ] {
        let (code, message) = refused(&mut world, "RunTask", run(more));
        assert_eq!(code, "InvalidParameterException", "{message}");
        assert!(message.contains(text), "{message}");
    }
    let revision = register(&mut world, "myservice:2");
    let answer = ask(&mut world, "RunTask", run(json!({ "taskDefinition": revision, "count": 2 })));
    assert_eq!(answer, json!({ "tasks": [], "failures": [{ "reason": "RESOURCE:ENI" }, { "reason": "RESOURCE:ENI" }] }));
    ask(&mut world, "DeregisterTaskDefinition", json!({ "taskDefinition": "myservice:2" }));
    assert!(refused(&mut world, "RunTask", run(json!({ "taskDefinition": "myservice:2" }))).1.contains("inactive"));
}

#[test]
fn another_command_ends_as_the_scenario_says_or_well() {
    let mut world = with_candidate(|behaviour| {
        behaviour.commands.insert("./probe --all".to_owned(), Exit { after: 5, code: 4, reason: None });
    });
    let revision = register(&mut world, "job:1");
    for (command, code) in [(json!(["./probe", "--all"]), 4), (json!(["./other"]), 0)] {
        let overrides = json!({ "containerOverrides": [{ "name": "web", "command": command }] });
        let asked = run(json!({ "taskDefinition": revision, "overrides": overrides }));
        let arn = ask(&mut world, "RunTask", asked)["tasks"][0]["taskArn"].clone();
        pass(&mut world, 60);
        assert_eq!(task(&mut world, &arn)["containers"][0]["exitCode"], code, "{command}");
    }
    let arn = ask(&mut world, "RunTask", run(json!({ "taskDefinition": revision })))["tasks"][0]["taskArn"].clone();
    pass(&mut world, 600);
    assert_eq!(task(&mut world, &arn)["lastStatus"], "RUNNING", "its own command serves");
}

#[test]
fn a_run_task_is_stopped_by_whoever_asks() {
    let mut world = world();
    let arn = ask(&mut world, "RunTask", run(json!({})))["tasks"][0]["taskArn"].clone();
    pass(&mut world, 20);
    let stopped =
        ask(&mut world, "StopTask", json!({ "cluster": "my-cluster", "task": arn, "reason": "enough" }))["task"].clone();
    assert_eq!((&stopped["desiredStatus"], &stopped["stopCode"]), (&json!("STOPPED"), &json!("UserInitiated")));
    pass(&mut world, 20);
    assert_eq!(task(&mut world, &arn)["lastStatus"], "STOPPED");
}

#[test]
fn capacity_providers_come_from_the_cluster() {
    let mut world = world();
    let strategy = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let mut body = definition("spot", "myservice:1");
    body.as_object_mut().unwrap().remove("launchType");
    body["capacityProviderStrategy"] = strategy.clone();
    let made = ask(&mut world, "CreateService", body.clone())["service"].clone();
    assert_eq!((&made["capacityProviderStrategy"], made.get("launchType")), (&strategy, None));
    pass(&mut world, 20);
    let arns = ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "serviceName": "spot" }))["taskArns"].clone();
    let shown = task(&mut world, &arns[0]);
    assert_eq!((&shown["capacityProviderName"], &shown["launchType"]), (&json!("FARGATE_SPOT"), &json!("FARGATE")));
    // A change of the strategy alone is no new deployment.
    let change =
        json!({ "cluster": "my-cluster", "service": "spot", "capacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] });
    let updated = ask(&mut world, "UpdateService", change)["service"].clone();
    assert_eq!(updated["deployments"][0]["id"], made["deployments"][0]["id"]);
    body["serviceName"] = json!("other");
    body["capacityProviderStrategy"] = json!([{ "capacityProvider": "nobody" }]);
    assert!(refused(&mut world, "CreateService", body).1.contains("not associated with the cluster"));
}

/// The newest service deployment of `myservice`.
fn newest(world: &mut World) -> Value {
    let listed = ask(world, "ListServiceDeployments", json!({ "cluster": "my-cluster", "service": "myservice" }));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    ask(world, "DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }))["serviceDeployments"][0].clone()
}

#[test]
fn a_rolling_deployment_that_is_stopped_goes_back() {
    let mut world = with_candidate(|behaviour| behaviour.healthy = false);
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "UpdateService", json!({ "cluster": "my-cluster", "service": "myservice", "taskDefinition": revision }));
    pass(&mut world, 30);
    let current = newest(&mut world);
    assert_eq!((&current["status"], current.get("lifecycleStage")), (&json!("IN_PROGRESS"), None));
    let arn = current["serviceDeploymentArn"].clone();
    let (_, message) = refused(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }));
    assert!(message.contains("The valid values are ROLLBACK"), "{message}");
    ask(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_REQUESTED");
    // Asking again changes nothing.
    ask(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    pass(&mut world, 200);
    let done = newest(&mut world);
    assert_eq!(done["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(done["rollback"]["serviceRevisionArn"], done["sourceServiceRevisions"][0]["arn"]);
    assert!(service(&mut world, "myservice")["taskDefinition"].as_str().unwrap().ends_with("myservice:1"));
    let nobody = json!({ "serviceDeploymentArn": format!("{}x", arn.as_str().unwrap()) });
    assert_eq!(refused(&mut world, "StopServiceDeployment", nobody).0, "ServiceDeploymentNotFoundException");
}

#[test]
fn a_new_service_that_is_stopped_has_nothing_to_go_back_to() {
    let mut world = with_candidate(|behaviour| behaviour.starts_after = 1000);
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    let listed = ask(&mut world, "ListServiceDeployments", json!({ "cluster": "my-cluster", "service": "second" }));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    ask(&mut world, "StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    pass(&mut world, 10);
    let found = ask(&mut world, "DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
    assert_eq!(found["serviceDeployments"][0]["status"], "ROLLBACK_FAILED");
}

/// Sets the CloudWatch alarm `errors`, which is made where it is not there yet.
fn ring(world: &mut World, state: &str) {
    let alarm = json!({
        "AlarmName": "errors", "Namespace": "AWS/VpcLattice", "MetricName": "HTTPCode_5XX_Count", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    assert_eq!(ask_json(world, "cloudwatch", "PutMetricAlarm", &alarm).status, 200);
    let set = json!({ "AlarmName": "errors", "StateValue": state, "StateReason": "a test" });
    assert_eq!(ask_json(world, "cloudwatch", "SetAlarmState", &set).status, 200);
}

/// Deploys `myservice` with an alarm on its deployments.
fn alarmed(world: &mut World) {
    let alarms = json!({ "alarmNames": ["errors"], "enable": true, "rollback": true });
    let revision = register(world, "myservice:2");
    let body = json!({
        "cluster": "my-cluster", "service": "myservice", "taskDefinition": revision, "deploymentConfiguration": { "alarms": alarms },
    });
    ask(world, "UpdateService", body);
}

#[test]
fn an_alarm_that_goes_off_rolls_back() {
    let mut world = world();
    ring(&mut world, "OK");
    alarmed(&mut world);
    pass(&mut world, 30);
    assert_eq!(newest(&mut world)["alarms"]["status"], "MONITORING");
    ring(&mut world, "ALARM");
    pass(&mut world, 11);
    let current = newest(&mut world);
    assert_eq!((&current["status"], &current["alarms"]["status"]), (&json!("ROLLBACK_IN_PROGRESS"), &json!("TRIGGERED")));
    assert_eq!(current["alarms"]["triggeredAlarmNames"], json!(["errors"]));
    pass(&mut world, 300);
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_SUCCESSFUL");
    assert!(service(&mut world, "myservice")["taskDefinition"].as_str().unwrap().ends_with("myservice:1"));
}

#[test]
fn an_alarm_that_rings_at_the_start_is_ignored_for_the_whole_deployment() {
    let mut world = world();
    ring(&mut world, "ALARM");
    alarmed(&mut world);
    pass(&mut world, 30);
    assert_eq!(newest(&mut world)["alarms"]["status"], "DISABLED");
    ring(&mut world, "OK");
    pass(&mut world, 11);
    ring(&mut world, "ALARM");
    pass(&mut world, 300);
    assert_eq!(newest(&mut world)["status"], "SUCCESSFUL");
}

#[test]
fn a_rolling_deployment_with_alarms_bakes() {
    let mut world = world();
    alarmed(&mut world);
    pass(&mut world, 150);
    let baking = service(&mut world, "myservice");
    assert_eq!((&baking["runningCount"], &baking["deployments"][0]["rolloutState"]), (&json!(3), &json!("IN_PROGRESS")));
    pass(&mut world, 150);
    assert_eq!(newest(&mut world)["status"], "SUCCESSFUL");
    assert_eq!(newest(&mut world)["alarms"]["status"], "MONITORING_COMPLETE");
}
