//! Services as they stand, scale, and are deleted; their tasks; and what answers behind an address.

use serde_json::json;

use super::asking::{
    GROUP, addresses, ask, definition, lattice, messages, pass, refused, register, service, with_candidate, world, world_with,
};
use crate::sandbox::{
    ecs,
    lattice::{Health, target_health},
};

#[test]
fn the_scenario_starts_steady_with_running_tasks_and_healthy_targets() {
    let mut world = world();
    let service = service(&mut world, "myservice");
    assert_eq!(service["serviceArn"], "arn:aws:ecs:ap-northeast-1:123456789012:service/my-cluster/myservice");
    assert_eq!(service["taskDefinition"], "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:1");
    assert_eq!((&service["desiredCount"], &service["runningCount"], &service["pendingCount"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(service["schedulingStrategy"], "REPLICA");
    assert_eq!(service["deploymentConfiguration"]["maximumPercent"], 200);
    assert_eq!(service["platformVersion"], "LATEST");
    for empty in ["loadBalancers", "serviceRegistries", "placementConstraints"] {
        assert_eq!(service[empty], json!([]), "{empty}");
    }
    assert!(service.get("vpcLatticeConfigurations").is_none(), "it stands in the deployments");
    let deployment = &service["deployments"][0];
    assert_eq!((&deployment["status"], &deployment["rolloutState"]), (&json!("PRIMARY"), &json!("COMPLETED")));
    assert_eq!(deployment["vpcLatticeConfigurations"], lattice(GROUP));
    assert_eq!(deployment["platformVersion"], "1.4.0");
    let id = deployment["id"].as_str().unwrap().strip_prefix("ecs-svc/").unwrap();
    assert!(id.len() == 19 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let addresses = addresses(&mut world, "myservice");
    assert_eq!(addresses, ["10.0.1.10", "10.0.1.11", "10.0.1.12"]);
    for ip in &addresses {
        assert_eq!(target_health(&world, GROUP, ip, 80), Some(Health::Healthy));
        assert_eq!(ecs::answer(&world, ip, 80).unwrap().status, 200);
        assert_eq!(ecs::answer(&world, ip, 81), None);
    }
    let before = service.clone();
    pass(&mut world, 600);
    assert_eq!(super::asking::service(&mut world, "myservice"), before, "nothing happens by itself");
}

#[test]
fn scaling_out_and_in_is_no_deployment_and_takes_the_newest_first() {
    let mut world = world();
    let before = service(&mut world, "myservice")["deployments"][0]["id"].clone();
    let scale = |count: u32| json!({ "cluster": "my-cluster", "service": "myservice", "desiredCount": count });
    ask(&mut world, "UpdateService", scale(5));
    pass(&mut world, 60);
    let grown = service(&mut world, "myservice");
    assert_eq!((&grown["runningCount"], &grown["deployments"][0]["id"]), (&json!(5), &before));
    assert!(messages(&grown)[0].contains("has reached a steady state"), "{:?}", messages(&grown));
    assert_eq!(addresses(&mut world, "myservice").len(), 5);
    ask(&mut world, "UpdateService", scale(2));
    pass(&mut world, 2);
    let shrunk = service(&mut world, "myservice");
    assert_eq!(shrunk["runningCount"], 2);
    assert_eq!(addresses(&mut world, "myservice"), ["10.0.1.10", "10.0.1.11"]);
    assert!(messages(&shrunk).iter().any(|m| m.contains("deregistered 3 targets in (target-group")), "{:?}", messages(&shrunk));
    // While it drains, the application still answers; afterwards the task stops and the target is gone.
    assert_eq!(target_health(&world, GROUP, "10.0.1.14", 80), Some(Health::Draining));
    assert!(ecs::answer(&world, "10.0.1.14", 80).is_some());
    let stopping =
        ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster", "desiredStatus": "STOPPED" }))["taskArns"].clone();
    let tasks = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopping }))["tasks"].clone();
    assert_eq!(tasks[0]["lastStatus"], "DEACTIVATING");
    pass(&mut world, 70);
    assert_eq!(target_health(&world, GROUP, "10.0.1.14", 80), None);
    assert!(ecs::answer(&world, "10.0.1.14", 80).is_none());
    let tasks = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopping }))["tasks"].clone();
    assert_eq!(tasks[0]["lastStatus"], "STOPPED");
    assert_eq!(tasks[0]["stopCode"], "ServiceSchedulerInitiated");
    assert!(tasks[0]["stoppedReason"].as_str().unwrap().starts_with("Scaling activity initiated by (deployment ecs-svc/"));
    assert_eq!(tasks[0]["containers"][0]["exitCode"], 0);
    pass(&mut world, 60 * 60 - 30);
    let remembered = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopping }));
    assert_eq!(remembered["tasks"].as_array().unwrap().len(), 3);
    pass(&mut world, 60);
    let forgotten = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": stopping }));
    assert_eq!(forgotten["failures"].as_array().unwrap().len(), 3);
}

#[test]
fn a_task_runs_its_course_from_provisioning_to_running() {
    let mut world = with_candidate(|behaviour| behaviour.starts_after = 20);
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    let status = |world: &mut crate::sandbox::world::World| {
        let tasks = ask(world, "ListTasks", json!({ "cluster": "my-cluster", "serviceName": "second" }))["taskArns"].clone();
        if tasks == json!([]) {
            return "none".to_owned();
        }
        let task = ask(world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": tasks }))["tasks"][0].clone();
        assert_eq!(task["group"], "service:second");
        assert_eq!(task["taskDefinitionArn"], revision);
        assert_eq!(task["startedBy"], service(world, "second")["deployments"][0]["id"]);
        task["lastStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&mut world), "none");
    pass(&mut world, 1);
    assert_eq!(status(&mut world), "PROVISIONING");
    assert_eq!(service(&mut world, "second")["pendingCount"], 3);
    pass(&mut world, 10);
    assert_eq!(status(&mut world), "PENDING");
    let ip = addresses(&mut world, "second")[0].clone();
    assert!(ecs::answer(&world, &ip, 80).is_none());
    pass(&mut world, 10);
    assert_eq!(status(&mut world), "RUNNING");
    assert!(ecs::answer(&world, &ip, 80).is_some());
    pass(&mut world, 2);
    assert_eq!(service(&mut world, "second")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn behaviours_change_what_an_address_answers() {
    let mut world = with_candidate(|behaviour| {
        (behaviour.healthy_for, behaviour.fails_after) = (Some(30), Some(60));
        (behaviour.error_rate, behaviour.latency_ms) = (12.5, 77);
    });
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    pass(&mut world, 11);
    let ip = addresses(&mut world, "second")[0].clone();
    let answer = ecs::answer(&world, &ip, 80).unwrap();
    assert_eq!((answer.status, answer.latency.as_millis()), (200, 77));
    assert!((answer.error_rate - 12.5).abs() < f64::EPSILON);
    pass(&mut world, 30);
    assert_eq!(ecs::answer(&world, &ip, 80).unwrap().status, 500);
    pass(&mut world, 30);
    assert_eq!(ecs::answer(&world, &ip, 80), None);
}

#[test]
fn an_application_may_fail_once_its_group_gets_so_much_of_the_traffic() {
    let answer = |limit: f64| {
        let mut world = world_with(|scenario| {
            scenario.images.get_mut("myservice:1").unwrap().unhealthy_above = Some(limit);
        });
        let ip = addresses(&mut world, "myservice")[0].clone();
        ecs::answer(&world, &ip, 80).unwrap().status
    };
    assert_eq!((answer(100.0), answer(100.5)), (500, 200));
}

#[test]
fn a_stopped_task_is_replaced_and_a_deleted_service_drains_away() {
    let mut world = world();
    let tasks = ask(&mut world, "ListTasks", json!({ "cluster": "my-cluster" }))["taskArns"].clone();
    let body = json!({ "cluster": "my-cluster", "task": tasks[0], "reason": "a test" });
    let stopped = ask(&mut world, "StopTask", body)["task"].clone();
    assert_eq!((&stopped["stopCode"], &stopped["stoppedReason"]), (&json!("UserInitiated"), &json!("a test")));
    pass(&mut world, 120);
    assert_eq!(service(&mut world, "myservice")["runningCount"], 3);
    let named = json!({ "cluster": "my-cluster", "service": "myservice" });
    assert!(refused(&mut world, "DeleteService", named).1.contains("scaled above 0"));
    let named = json!({ "cluster": "my-cluster", "service": "myservice", "force": true });
    assert_eq!(ask(&mut world, "DeleteService", named)["service"]["status"], "DRAINING");
    assert!(
        refused(&mut world, "UpdateService", json!({ "cluster": "my-cluster", "service": "myservice" })).0.contains("NotActive")
    );
    let again = definition("myservice", "myservice:1");
    assert!(refused(&mut world, "CreateService", again.clone()).1.contains("Draining"));
    pass(&mut world, 120);
    let gone = service(&mut world, "myservice");
    assert_eq!((&gone["status"], &gone["runningCount"], &gone["deployments"]), (&json!("INACTIVE"), &json!(0), &json!([])));
    assert_eq!(ask(&mut world, "CreateService", again)["service"]["status"], "ACTIVE");
}
