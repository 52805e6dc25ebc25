//! Whole scenarios by hand over the wire: what a release sees of ECS and VPC Lattice together.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    control,
    route::{self, Outcome},
    scenario::{self, Behaviour},
    wire::Request,
    world::World,
};

const LISTENER: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567";
const A: &str = "tg-12345678901234567";

fn send(world: &mut World, method: &str, path: &str, target: Option<&str>, body: &Value) -> Value {
    let mut headers = http::HeaderMap::new();
    if let Some(operation) = target {
        headers.insert("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}").parse().unwrap());
    }
    let body = body.to_string().into();
    let request = Request { method: method.parse().unwrap(), path: path.to_owned(), query: String::new(), headers, body };
    match route::answer(world, &request) {
        Outcome::Reply(reply) => {
            assert!(reply.status < 300, "{method} {path} {target:?}: {} {}", reply.status, reply.value());
            reply.value()
        }
        other @ (Outcome::Never | Outcome::Closed) => panic!("{method} {path}: {other:?}"),
    }
}

fn pass(world: &mut World, secs: u64) {
    let until = world.now + Duration::from_secs(secs);
    world.advance(until);
}

/// Creates the candidate's group and ECS service beside the stable one's, at weight 0; its group's id.
fn stand_up_candidate(world: &mut World) -> String {
    let config = json!({
        "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678",
        "healthCheck": {"path": "/health", "healthCheckIntervalSeconds": 10, "healthyThresholdCount": 2},
    });
    let group = send(world, "POST", "/targetgroups", None, &json!({"name": "myservice-b", "type": "IP", "config": config}));
    pass(world, 2);
    let id = group["id"].as_str().unwrap().to_owned();
    split(world, &id, 0);
    let stable = &scenario::load("promoted").unwrap().ecs_services[0];
    let mut definition = stable.task_definition.clone();
    definition["containerDefinitions"][0]["image"] = json!("nginx:latest");
    let registered = send(world, "POST", "/", Some("RegisterTaskDefinition"), &definition);
    let mut service = stable.definition.clone();
    service["cluster"] = json!("my-cluster");
    service["serviceName"] = json!("myservice-green");
    service["desiredCount"] = json!(3);
    service["taskDefinition"] = registered["taskDefinition"]["taskDefinitionArn"].clone();
    service["vpcLatticeConfigurations"][0]["targetGroupArn"] = group["arn"].clone();
    send(world, "POST", "/", Some("CreateService"), &service);
    id
}

/// Writes a split on both traffic targets.
fn split(world: &mut World, candidate: &str, percent: u32) {
    let action = json!({"forward": {"targetGroups": [
        {"targetGroupIdentifier": A, "weight": 100 - percent}, {"targetGroupIdentifier": candidate, "weight": percent},
    ]}});
    send(world, "PATCH", &format!("{LISTENER}/rules/rule-12345678901234567"), None, &json!({"action": action}));
    send(world, "PATCH", LISTENER, None, &json!({"defaultAction": action}));
}

fn statuses(world: &mut World, group: &str) -> Vec<String> {
    let listed = send(world, "POST", &format!("/targetgroups/{group}/listtargets"), None, &json!({}));
    listed["items"].as_array().unwrap().iter().map(|target| target["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_base_world_is_steady_and_stays_so() {
    let mut world = World::new(scenario::load("promoted").unwrap());
    assert_eq!(statuses(&mut world, A), ["HEALTHY"; 3]);
    pass(&mut world, 3600);
    assert_eq!(statuses(&mut world, A), ["HEALTHY"; 3]);
    let noise: Vec<_> = world.log.iter().filter(|line| line.what == "target" && line.at > world.scenario.start).collect();
    assert!(noise.is_empty(), "{noise:?}");
}

/// Checks that would find nothing new are not done, and those that find something are on time: every 10 seconds from the start.
#[test]
fn health_checks_rest_while_nothing_stirs_and_find_what_comes_with_age() {
    let mut scenario = scenario::load("promoted").unwrap();
    let image = Behaviour { healthy_for: Some(130), ..Behaviour::default() };
    scenario.images.insert("myservice:1".to_owned(), image);
    let mut world = World::new(scenario);
    let start = world.now;
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let mut steps = 0;
    while world.step(at(125)) {
        steps += 1;
    }
    assert!(steps <= 4, "{steps} steps for twelve checks of each target");
    world.advance(at(200));
    let lines = world.log.iter().filter(|line| line.what == "target" && line.at > start && line.summary.contains("→"));
    let turns: Vec<_> = lines.map(|line| (line.at.since(start).as_secs(), line.summary.contains("→ UNHEALTHY"))).collect();
    assert_eq!(turns.iter().filter(|line| **line == (140, true)).count(), 3, "the second check that fails: {turns:?}");
    assert!(turns.iter().all(|(at, _)| *at >= 140), "{turns:?}");
}

#[test]
fn a_good_candidate_becomes_healthy_at_weight_0_and_stays_healthy_with_all_the_traffic() {
    let mut world = World::new(scenario::load("promoted").unwrap());
    let b = stand_up_candidate(&mut world);
    pass(&mut world, 120);
    assert_eq!(statuses(&mut world, &b), ["HEALTHY"; 3]);
    split(&mut world, &b, 100);
    pass(&mut world, 600);
    assert_eq!(statuses(&mut world, &b), ["HEALTHY"; 3]);
    // Retiring: the old tasks drain and go.
    send(
        &mut world,
        "POST",
        "/",
        Some("UpdateService"),
        &json!({"cluster": "my-cluster", "service": "myservice", "desiredCount": 0}),
    );
    pass(&mut world, 30);
    assert_eq!(statuses(&mut world, A), ["DRAINING"; 3]);
    pass(&mut world, 120);
    assert!(statuses(&mut world, A).is_empty());
}

#[test]
fn the_unhealthy_candidate_turns_at_a_quarter_and_not_before_the_data_plane_follows() {
    let mut world = World::new(scenario::load("candidate-unhealthy").unwrap());
    let b = stand_up_candidate(&mut world);
    pass(&mut world, 120);
    split(&mut world, &b, 5);
    pass(&mut world, 300);
    assert_eq!(statuses(&mut world, &b), ["HEALTHY"; 3]);
    split(&mut world, &b, 25);
    pass(&mut world, 29);
    assert_eq!(statuses(&mut world, &b), ["HEALTHY"; 3]);
    // The data plane follows in a second; then two checks have to fail.
    pass(&mut world, 1 + 20);
    assert_eq!(statuses(&mut world, &b), ["UNHEALTHY"; 3]);
    assert_eq!(statuses(&mut world, A), ["HEALTHY"; 3]);
}

#[test]
fn the_bad_candidates_of_the_other_scenarios_never_get_healthy() {
    for name in ["never-healthy", "crash-loop"] {
        let mut world = World::new(scenario::load(name).unwrap());
        let b = stand_up_candidate(&mut world);
        for _ in 0..60 {
            pass(&mut world, 10);
            let seen = statuses(&mut world, &b);
            assert!(name == "crash-loop" || !seen.contains(&"HEALTHY".to_owned()), "{name}: {seen:?}");
            assert!(seen.iter().filter(|status| *status == "HEALTHY").count() < 3, "{name}: {seen:?}");
        }
        assert_eq!(statuses(&mut world, A), ["HEALTHY"; 3], "{name}: what is stable stays");
    }
}

#[test]
fn when_it_is_stuck_nobody_may_write_weights_once_both_traffic_targets_are_at_a_quarter() {
    let mut world = World::new(scenario::load("stuck").unwrap());
    let b = stand_up_candidate(&mut world);
    split(&mut world, &b, 5);
    split(&mut world, &b, 25);
    let rollback = json!({"defaultAction": {"forward": {"targetGroups": [{"targetGroupIdentifier": A, "weight": 100}]}}});
    let body = rollback.to_string().into();
    let (method, query, headers) = (http::Method::PATCH, String::new(), http::HeaderMap::new());
    let request = Request { method, path: LISTENER.to_owned(), query, headers, body };
    let Outcome::Reply(reply) = route::answer(&mut world, &request) else { panic!("no reply") };
    assert_eq!(reply.status, 403);
}

#[test]
fn at_the_bootstrap_nothing_serves() {
    let mut world = World::new(scenario::load("bootstrap").unwrap());
    let snapshot = control::snapshot(&world);
    assert_eq!(snapshot["lattice"]["services"][0]["listeners"][0]["rules"][0]["action"], json!({"fixed_response": 404}));
    assert!(statuses(&mut world, A).is_empty());
}

#[test]
fn the_same_story_gives_the_same_world_to_the_letter() {
    let tell = || {
        let mut world = World::new(scenario::load("candidate-unhealthy").unwrap());
        let b = stand_up_candidate(&mut world);
        pass(&mut world, 120);
        split(&mut world, &b, 25);
        pass(&mut world, 600);
        control::snapshot(&world).to_string()
    };
    assert_eq!(tell(), tell());
}
