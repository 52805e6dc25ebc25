//! The bodies that ECS is sent.

use super::*;

const TARGET: ServiceTarget<'_> =
    ServiceTarget { cluster: "my-cluster", ecs_service: "myservice-b", task_definition_arn: "arn:td:2", desired_count: 5 };

fn read(text: &str) -> Document {
    Document::read("f.json", text.as_bytes()).expect("JSON")
}

#[test]
fn the_seed_becomes_both_requests() {
    let seed = read(include_str!("../../tests/fixtures/seed/ecs-service-def.json"));
    let create = create_service(&seed, TARGET);
    assert_eq!(create.body["serviceName"], "myservice-b");
    assert_eq!(create.body["desiredCount"], 5);
    assert_eq!(create.body["launchType"], "FARGATE");
    assert_eq!(create.body["deploymentConfiguration"], json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}}));
    assert!(create.body.get("vpcLatticeConfiguration").is_none(), "not an ECS field");

    let update = update_service(&seed, TARGET);
    assert_eq!(update.body["service"], "myservice-b");
    assert!(update.body.get("serviceName").is_none() && update.body.get("launchType").is_none());
    assert!(update.notes.iter().any(|note| note.contains("`launchType`")), "{:?}", update.notes);
    assert_eq!(update.body["loadBalancers"], json!([]));
    assert_eq!(update.body["serviceConnectConfiguration"]["namespace"], "my-namespace");
}

#[test]
fn ecs_does_not_roll_back_and_what_is_gone_is_cleared() {
    let definition = read(
        r#"{"deploymentConfiguration": {"maximumPercent": 150, "deploymentCircuitBreaker": {"enable": false, "rollback": true, "resetOnHealthyTask": false},
            "alarms": {"alarmNames": ["a"], "enable": true, "rollback": true}}, "propagateTags": "", "platformVersion": null, "netwrokConfiguration": {}}"#,
    );
    let update = update_service(&definition, TARGET);
    let deployment = &update.body["deploymentConfiguration"];
    assert_eq!(deployment["deploymentCircuitBreaker"], json!({"enable": true, "rollback": false, "resetOnHealthyTask": false}));
    assert_eq!((&deployment["alarms"]["rollback"], &deployment["maximumPercent"]), (&json!(false), &json!(150)));
    assert_eq!(update.body["serviceConnectConfiguration"], json!({"enabled": false}));
    assert!(update.body.get("propagateTags").is_none() && update.body.get("platformVersion").is_none());
    assert!(update.notes.iter().any(|note| note.ends_with("did you mean `networkConfiguration`?")), "{:?}", update.notes);
}

#[test]
fn what_the_service_has_and_the_definition_does_not_is_taken_away() {
    let described = json!({"enableExecuteCommand": true, "propagateTags": "SERVICE", "placementStrategy": [], "launchType": "FARGATE",
        "deploymentConfiguration": {"maximumPercent": 150}, "healthCheckGracePeriodSeconds": 0,
        "deployments": [{"volumeConfigurations": [{"name": "v"}]}]});
    let mut update = update_service(&read(r#"{"propagateTags": "TASK_DEFINITION"}"#), TARGET).body;
    clear(&mut update, &described);
    assert_eq!((&update["enableExecuteCommand"], &update["volumeConfigurations"]), (&json!(false), &json!([])));
    assert_eq!(
        (&update["propagateTags"], &update["deploymentConfiguration"]["maximumPercent"]),
        (&json!("TASK_DEFINITION"), &json!(200))
    );
    assert_eq!(update["deploymentConfiguration"]["deploymentCircuitBreaker"], json!({"enable": true, "rollback": false}));
    for name in ["placementStrategy", "healthCheckGracePeriodSeconds", "launchType"] {
        assert!(update.get(name).is_none(), "{name}");
    }
}

#[test]
fn a_described_task_definition_can_be_registered_again() {
    let described = read(
        r#"{"taskDefinition": {"taskDefinitionArn": "arn", "family": "f", "revision": 3, "status": "ACTIVE", "ipcMode": "", "cpu": "256",
            "containerDefinitions": [{"name": "web", "image": "nginx:1", "versionConsistency": "", "command": null, "environment": [{"name": "A", "value": ""}]}, {"name": "log", "image": "l:1"}]},
           "tags": [{"key": "k", "value": "v"}]}"#,
    );
    let images = [("web".to_owned(), "nginx:2".to_owned())];
    let request = register_task_definition(&described, &images, &[]).expect("a request");
    assert_eq!(
        request.body,
        json!({"family": "f", "cpu": "256", "tags": [{"key": "k", "value": "v"}], "containerDefinitions": [
            {"name": "web", "image": "nginx:2", "environment": [{"name": "A", "value": ""}]}, {"name": "log", "image": "l:1"}]})
    );
    assert_eq!(request.notes.len(), 3);
}

#[test]
fn an_unknown_container_lists_those_there_are() {
    let task = read(include_str!("../../tests/fixtures/seed/ecs-task-def.json"));
    let told = register_task_definition(&task, &[("app".to_owned(), "x".to_owned())], &[]).expect_err("refused");
    assert_eq!(told[0].to_string(), "--image: no container in f.json has the name `app`; the names there are: `web`");
    assert!(register_task_definition(&read("{}"), &[], &[]).is_err_and(|errors| errors.len() == 2));
}

#[test]
fn variables_take_the_place_of_variables_and_secrets() {
    let task = read(
        r#"{"family": "f", "containerDefinitions": [
            {"name": "web", "image": "w", "environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "B", "valueFrom": "arn"}]},
            {"name": "log", "image": "l"}]}"#,
    );
    let variable = |container: Option<&str>, name: &str| Variable {
        container: container.map(str::to_owned),
        name: name.to_owned(),
        value: "2".to_owned(),
    };
    let body = register_task_definition(&task, &[], &[variable(Some("web"), "A"), variable(Some("web"), "B")]).expect("set").body;
    let web = &body["containerDefinitions"][0];
    assert_eq!(web["environment"], json!([{"name": "A", "value": "2"}, {"name": "B", "value": "2"}]));
    assert_eq!((&web["secrets"], &body["containerDefinitions"][1].get("environment")), (&json!([]), &None));
    let told = register_task_definition(&task, &[], &[variable(None, "A"), variable(Some("app"), "A")]).expect_err("refused");
    assert_eq!(
        told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "--env: which container gets `A`? There are `web` and `log`",
            "--env: no container in f.json has the name `app`; the names there are: `web` and `log`",
        ]
    );
}
