//! Weights that ECS moves by itself: nobody else moves them beside it (exit 5).

use serde_json::{Value, json};

use super::broken_worlds::{config, findings, group_a, group_b, managed, merge, service, stable};
use crate::harness::{CONFIG, Story};

/// The service's next deployment is to be a canary that ECS moves.
fn canary(ecs_service: &str) -> String {
    let arn = |path: &str| format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:{path}");
    let rule = "service/svc-12345678901234567/listener/listener-12345678901234567/rule/rule-12345678901234567";
    let (a, b) = (arn("targetgroup/tg-12345678901234567"), arn("targetgroup/tg-0b000000000000000"));
    let (group, alternate) = if ecs_service == "myservice" { (a, b) } else { (b, a) };
    let update = json!({
        "cluster": "my-cluster", "service": ecs_service,
        "deploymentConfiguration": {
            "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 5, "canaryBakeTimeInMinutes": 5 },
        },
        "vpcLatticeConfigurations": [{
            "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole", "targetGroupArn": group, "portName": "http",
            "advancedConfiguration": { "alternateTargetGroupArn": alternate, "productionListenerRule": arn(rule) },
        }],
    });
    format!("ecs UpdateService '{update}' >/dev/null")
}

/// Both groups are there, and no record yet.
fn world() -> Value {
    json!({
        "lattice": { "target_groups": [group_a(&json!({})), group_b(&json!({}))], "services": [service(&stable(), &stable())] },
    })
}

/// `verify` calls it an error; whoever releases all the same is refused before anything is written.
#[test]
fn a_release_beside_weights_that_ecs_moves_is_refused_before_any_write() {
    let story = Story::of(&managed("myservice"));
    let told = story.deploy(&[]).ends_with(5).complains("ECS moves the weights of myservice itself");
    assert_eq!(told.world.state(), story.untold().state());
}

/// In the middle of its canary the weights are ECS's: nobody is sent to settle them.
#[test]
fn a_split_that_ecs_is_moving_is_called_that() {
    let mut world = managed("myservice");
    let split = json!({ "forward": { "myservice-a": 95, "myservice-b": 5 } });
    merge(&mut world["lattice"]["services"][0], &service(&split, &stable()));
    let story = Story::of(&world);
    let told = story.deploy(&[]).ends_with(5).complains("ECS moves the weights of myservice itself (BLUE_GREEN)");
    assert!(!told.run.stderr.contains("abort --to"), "{}", told.run.stderr);
    assert_eq!(told.world.state(), story.untold().state());
    let verified = story.run(&["verify", "-c", CONFIG, "--format", "json"]).ends_with(2);
    assert!(findings(&verified).contains(&("error".to_owned(), "managed-by-ecs".to_owned())), "{}", verified.run.stdout);
}

/// A shift knows of no ECS services but by the config's slots.
#[test]
fn a_shift_of_weights_that_ecs_moves_is_refused_before_any_write() {
    let story = Story::of(&managed("myservice"));
    let config = config(&story, &json!({}));
    let steps = ["--steps", "100%:30s", "--settle", "30s"];
    for groups in [&[][..], &["--from", "tg-12345678901234567", "--to", "myservice-b"]] {
        let told = story.run(&[&["shift", "-c", &config], groups, &steps[..]].concat()).ends_with(5);
        let told = told.complains("ECS moves the weights of myservice itself (BLUE_GREEN)");
        assert!(told.world.writes().is_empty(), "{:?}", told.world.writes());
    }
}

/// Whoever would go on is refused, whoever goes back is not.
#[test]
fn a_held_release_does_not_go_on_beside_weights_that_ecs_moves() {
    for ecs_service in ["myservice", "myservice-green"] {
        let managed = canary(ecs_service);
        let told = Story::of(&world()).script(&format!(
            r#"
            exits 0 deploy --steps 5%:30s,hold:4h,100%:30s --settle 30s
            {managed}
            exits 5 espalier promote --lattice-service myservice
            exits 5 espalier promote --lattice-service myservice --dry-run
            exits 0 espalier abort --lattice-service myservice --dry-run
            later 14500
            exits 3 espalier resume --all
            "#
        ));
        let told = told.ends_with(0).complains(&format!("ECS moves the weights of {ecs_service} itself (CANARY)"));
        assert!(!told.world.weights_of("myservice-b").contains(&100), "{:?}", told.world.weights_of("myservice-b"));
    }
    // One that would go on by itself goes back too.
    let managed = canary("myservice-green");
    let told = Story::of(&world()).script(&format!(
        "exits 0 deploy --steps 5%:30s,hold:1h:continue,100%:30s --settle 30s\nlater 3700\n{managed}\nexits 5 espalier resume --lattice-service myservice\nexits 0 espalier resume --all --dry-run\nexits 3 espalier resume --all"
    ));
    let told =
        told.says("would be rolled back").ends_with(0).complains("ECS moves the weights of myservice-green itself (CANARY)");
    assert!(!told.world.weights_of("myservice-b").contains(&100), "{:?}", told.world.weights_of("myservice-b"));
}
