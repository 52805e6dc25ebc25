//! Rolling deployments with time: good ones, bad ones, and what the circuit breaker does.

use serde_json::{Value, json};

use super::asking::{
    GROUP, addresses, ask, definition, lattice, messages, pass, refused, register, service, with_candidate, world,
};
use crate::sandbox::{
    ecs,
    lattice::{Health, target_health},
    scenario::Exit,
    world::World,
};

fn update(world: &mut World, member: &str, value: Value) -> Value {
    let mut body = json!({ "cluster": "my-cluster", "service": "myservice" });
    body[member] = value;
    ask(world, "UpdateService", body)["service"].clone()
}

#[test]
fn new_tasks_start_all_at_once_and_old_ones_go_when_the_new_are_healthy() {
    let mut world = world();
    let revision = register(&mut world, "myservice:2");
    let answer = update(&mut world, "taskDefinition", json!(revision));
    assert_eq!(answer["taskDefinition"], revision);
    let (new, old) = (&answer["deployments"][0], &answer["deployments"][1]);
    assert_eq!(
        (&new["status"], &new["rolloutState"], &new["runningCount"]),
        (&json!("PRIMARY"), &json!("IN_PROGRESS"), &json!(0))
    );
    assert_eq!((&old["status"], &old["runningCount"]), (&json!("ACTIVE"), &json!(3)));
    assert_eq!(new["rolloutStateReason"], format!("ECS deployment {} in progress.", new["id"].as_str().unwrap()));
    assert_eq!(new["vpcLatticeConfigurations"], lattice(GROUP), "what is not given is kept");
    pass(&mut world, 2);
    assert_eq!(service(&mut world, "myservice")["pendingCount"], 3);
    pass(&mut world, 10);
    let running = service(&mut world, "myservice");
    assert_eq!(running["runningCount"], 6, "registered, and not healthy yet");
    assert_eq!(running["deployments"][0]["rolloutState"], "IN_PROGRESS");
    let mut least = 6;
    for _ in 0..120 {
        pass(&mut world, 1);
        let healthy = addresses(&mut world, "myservice");
        let healthy = healthy.iter().filter(|ip| target_health(&world, GROUP, ip, 80) == Some(Health::Healthy)).count();
        least = least.min(healthy);
    }
    assert_eq!(least, 3, "never fewer healthy ones than desired");
    let done = service(&mut world, "myservice");
    assert_eq!(done["deployments"].as_array().unwrap().len(), 1);
    let deployment = &done["deployments"][0];
    assert_eq!((&deployment["rolloutState"], &deployment["runningCount"]), (&json!("COMPLETED"), &json!(3)));
    assert_eq!(deployment["rolloutStateReason"], format!("ECS deployment {} completed.", deployment["id"].as_str().unwrap()));
    let messages = messages(&done);
    for text in [
        "has started 3 tasks: (task ",
        "registered 3 targets in (target-group ",
        "deregistered ",
        "has begun draining connections on ",
        "has stopped ",
        "deployment completed.",
        "has reached a steady state.",
    ] {
        assert!(messages.iter().any(|message| message.contains(text)), "{text}: {messages:#?}");
    }
}

#[test]
fn only_what_deploys_makes_a_deployment() {
    let mut world = world();
    let first = service(&mut world, "myservice")["deployments"][0]["id"].clone();
    for (member, value) in [
        ("desiredCount", json!(3)),
        ("healthCheckGracePeriodSeconds", json!(5)),
        ("deploymentConfiguration", json!({ "minimumHealthyPercent": 50 })),
        ("taskDefinition", json!("myservice:1")),
        ("vpcLatticeConfigurations", lattice(GROUP)),
        ("forceNewDeployment", json!(false)),
    ] {
        let answer = update(&mut world, member, value);
        assert_eq!(answer["deployments"][0]["id"], first, "{member}");
    }
    let kept = service(&mut world, "myservice")["deploymentConfiguration"].clone();
    assert_eq!((&kept["minimumHealthyPercent"], &kept["maximumPercent"]), (&json!(50), &json!(200)));
    let forced = update(&mut world, "forceNewDeployment", json!(true));
    assert_ne!(forced["deployments"][0]["id"], first);
    let removed = update(&mut world, "vpcLatticeConfigurations", json!([]));
    assert!(removed["deployments"][0].get("vpcLatticeConfigurations").is_none());
    assert_eq!(removed["deployments"][1]["vpcLatticeConfigurations"], lattice(GROUP));
    pass(&mut world, 200);
    let done = service(&mut world, "myservice");
    assert_eq!((&done["runningCount"], done["deployments"].as_array().unwrap().len()), (&json!(3), 1));
    let ips = addresses(&mut world, "myservice");
    assert!(ips.iter().all(|ip| target_health(&world, GROUP, ip, 80).is_none()), "registered nowhere any more");
}

#[test]
fn a_group_that_is_in_no_rule_keeps_the_deployment_waiting_until_it_is() {
    let mut world = world();
    let group = crate::sandbox::route::perform(
        &mut world,
        &crate::sandbox::wire::Request {
            method: http::Method::POST,
            path: "/targetgroups".to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: json!({ "name": "lonely", "type": "IP", "config": { "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678" } })
                .to_string()
                .into_bytes()
                .into(),
        },
    );
    let arn = group.value()["arn"].as_str().unwrap().to_owned();
    pass(&mut world, 10);
    let mut body = definition("second", "myservice:1");
    body["vpcLatticeConfigurations"] = lattice(&arn);
    ask(&mut world, "CreateService", body);
    pass(&mut world, 300);
    let waiting = service(&mut world, "second");
    assert_eq!(waiting["runningCount"], 3);
    assert_eq!(waiting["deployments"][0]["rolloutState"], "IN_PROGRESS");
    let ip = addresses(&mut world, "second")[0].clone();
    assert_eq!(target_health(&world, &arn, &ip, 80), Some(Health::Unused));
}

#[test]
fn tasks_that_never_get_healthy_are_replaced_and_the_old_ones_stay() {
    let mut world = with_candidate(|behaviour| behaviour.healthy = false);
    let revision = register(&mut world, "myservice:2");
    update(&mut world, "taskDefinition", json!(revision));
    pass(&mut world, 100);
    let failing = service(&mut world, "myservice");
    let (new, old) = (&failing["deployments"][0], &failing["deployments"][1]);
    assert_eq!((&new["rolloutState"], &new["failedTasks"]), (&json!("IN_PROGRESS"), &json!(3)));
    assert_eq!(old["runningCount"], 3);
    let messages = messages(&failing);
    assert!(messages.iter().any(|m| m.contains("(port 80) is unhealthy in (target-group ")), "{messages:#?}");
    assert!(messages.iter().any(|m| m.contains("unable to consistently start tasks")), "{messages:#?}");
    let stopped =
        ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "desiredStatus": "STOPPED" }))["taskArns"].clone();
    let task = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopped }))["tasks"][0].clone();
    assert!(task["stoppedReason"].as_str().unwrap().contains("health checks"), "{task}");
    pass(&mut world, 600);
    let failing = service(&mut world, "myservice");
    assert!(failing["deployments"][0]["failedTasks"].as_u64().unwrap() >= 6, "it goes on without a breaker");
    assert_eq!(failing["deployments"][1]["runningCount"], 3);
}

fn crash(after: u64) -> World {
    with_candidate(|behaviour| behaviour.exits = Some(Exit { after, code: 137, reason: Some("OutOfMemoryError".to_owned()) }))
}

fn breaker(rollback: bool) -> Value {
    json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } })
}

#[test]
fn the_circuit_breaker_rolls_back_to_the_last_completed_deployment() {
    let mut world = crash(2);
    let first = service(&mut world, "myservice")["deployments"][0]["id"].as_str().unwrap().to_owned();
    update(&mut world, "deploymentConfiguration", breaker(true));
    let revision = register(&mut world, "myservice:2");
    update(&mut world, "taskDefinition", json!(revision));
    pass(&mut world, 15);
    let stopped =
        ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "desiredStatus": "STOPPED" }))["taskArns"].clone();
    let back = service(&mut world, "myservice");
    let (new, failed) = (&back["deployments"][0], &back["deployments"][1]);
    assert_eq!(new["rolloutStateReason"], format!("ECS deployment circuit breaker: rolling back to deploymentId {first}."));
    assert_eq!(failed["rolloutState"], "FAILED");
    assert_eq!(failed["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");
    assert!(back["taskDefinition"].as_str().unwrap().ends_with(":1"));
    pass(&mut world, 300);
    let done = service(&mut world, "myservice");
    assert_eq!(done["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(done["deployments"][0]["rolloutState"], "COMPLETED");
    assert_ne!(done["deployments"][0]["id"], first);
    assert!(messages(&done).iter().any(|m| m.ends_with("deployment failed: tasks failed to start.")));
    assert!(messages(&done).iter().any(|m| m.contains(&format!("rolling back to deployment {first}"))));
    let task = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopped }))["tasks"][0].clone();
    assert_eq!(
        (&task["stopCode"], &task["stoppedReason"]),
        (&json!("EssentialContainerExited"), &json!("Essential container in task exited"))
    );
    assert_eq!((&task["containers"][0]["exitCode"], &task["containers"][0]["reason"]), (&json!(137), &json!("OutOfMemoryError")));
    let listed = ask(&mut world, "ListServiceDeployments", json!({ "cluster": "my-cluster", "service": "myservice" }));
    let brief = &listed["serviceDeployments"][0];
    assert_eq!(brief["status"], "ROLLBACK_SUCCESSFUL");
    let arns = json!({ "serviceDeploymentArns": [brief["serviceDeploymentArn"]] });
    let whole = ask(&mut world, "DescribeServiceDeployments", arns)["serviceDeployments"][0].clone();
    assert_eq!(whole["deploymentCircuitBreaker"], json!({ "status": "TRIGGERED", "failureCount": 3, "threshold": 3 }));
    assert!(whole["rollback"]["serviceRevisionArn"].as_str().unwrap().contains(":service-revision/my-cluster/myservice/"));
}

#[test]
fn without_rollback_a_failed_deployment_starts_nothing_more_and_the_old_tasks_serve() {
    let mut world = crash(2);
    update(&mut world, "deploymentConfiguration", breaker(false));
    let revision = register(&mut world, "myservice:2");
    update(&mut world, "taskDefinition", json!(revision));
    pass(&mut world, 300);
    let failed = service(&mut world, "myservice");
    assert_eq!(failed["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!((&failed["deployments"][0]["desiredCount"], &failed["deployments"][0]["failedTasks"]), (&json!(0), &json!(3)));
    assert_eq!(failed["deployments"][1]["runningCount"], 3);
    let before = failed;
    pass(&mut world, 600);
    assert_eq!(service(&mut world, "myservice"), before);
}

#[test]
fn images_that_cannot_be_pulled_stop_tasks_and_other_reasons_place_none() {
    let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found";
    let mut world = with_candidate(|behaviour| behaviour.placement_fails = Some(reason.to_owned()));
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    pass(&mut world, 30);
    let stopped =
        ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "desiredStatus": "STOPPED" }))["taskArns"].clone();
    let task = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopped }))["tasks"][0].clone();
    assert_eq!((&task["stopCode"], &task["stoppedReason"]), (&json!("TaskFailedToStart"), &json!(reason)));
    assert!(task["containers"][0].get("exitCode").is_none());

    let reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    let mut world = with_candidate(|behaviour| behaviour.placement_fails = Some(reason.to_owned()));
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    pass(&mut world, 1000);
    let failing = service(&mut world, "second");
    assert!(messages(&failing).iter().any(|m| m == &format!("(service second) was unable to place a task. Reason: {reason}.")));
    let failures = failing["deployments"][0]["failedTasks"].as_u64().unwrap();
    assert!((6..60).contains(&failures), "ever more slowly: {failures}");
    assert_eq!(addresses(&mut world, "second").len(), 0);
}

#[test]
fn a_new_deployment_supersedes_the_one_under_way() {
    let mut world = world();
    let (second, third) = (register(&mut world, "myservice:2"), register(&mut world, "myservice:3"));
    update(&mut world, "taskDefinition", json!(second));
    pass(&mut world, 5);
    update(&mut world, "taskDefinition", json!(third));
    let body = json!({ "cluster": "my-cluster", "service": "myservice", "status": ["STOPPED"] });
    let listed = ask(&mut world, "ListServiceDeployments", body);
    assert_eq!(listed["serviceDeployments"].as_array().unwrap().len(), 1);
    pass(&mut world, 300);
    let done = service(&mut world, "myservice");
    assert_eq!((done["deployments"].as_array().unwrap().len(), &done["runningCount"]), (1, &json!(3)));
    assert_eq!(done["taskDefinition"], third);
    ask(&mut world, "DeregisterTaskDefinition", json!({ "taskDefinition": second }));
    let body = json!({ "cluster": "my-cluster", "service": "myservice", "taskDefinition": second });
    assert_eq!(refused(&mut world, "UpdateService", body).0, "ClientException");
}

#[test]
fn the_same_requests_at_the_same_times_give_the_same_world() {
    let run = || {
        let mut world = crash(4);
        let revision = register(&mut world, "myservice:2");
        update(&mut world, "taskDefinition", json!(revision));
        pass(&mut world, 500);
        ecs::snapshot(&world)
    };
    assert_eq!(run(), run());
    // In one stride or second by second: time is made of events.
    let mut world = crash(4);
    let revision = register(&mut world, "myservice:2");
    update(&mut world, "taskDefinition", json!(revision));
    (0..500).for_each(|_| pass(&mut world, 1));
    assert_eq!(ecs::snapshot(&world), run());
}
