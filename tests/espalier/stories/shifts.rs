//! `shift`: only the weights.

use serde_json::json;

use super::QUICKLY;
use crate::harness::Story;

const STEPS: [&str; 4] = ["--steps", "5%:30s,25%:30s,100%:30s", "--settle", "30s"];
const FROM: [&str; 5] = ["shift", "--lattice-service", "myservice", "--from", "myservice-a"];

#[test]
fn traffic_moves_from_one_target_group_to_another() {
    let story = Story::within_file("three-services");
    let told = story.run(&[&FROM[..], &["--to", "good"], &STEPS].concat()).ends_with(0).says("good promoted");
    told.world.forwards(&[("myservice-a", 0), ("good", 100)]);
    assert_eq!(told.world.weights_of("good"), [0, 5, 25, 100]);
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("good")), (3, 3), "tasks are not its business");
    assert!(told.world.writes().iter().all(|write| write.starts_with("vpc-lattice:")), "{:?}", told.world.writes());
}

#[test]
fn a_target_group_that_turns_unhealthy_loses_its_traffic() {
    let story = Story::within_file("three-services");
    let told = story.run(&[&FROM[..], &["--to", "leaky"], &STEPS].concat()).ends_with(3).says("no-healthy-targets");
    assert_eq!(told.world.weights_of("leaky"), [0, 5, 25, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!(told.world.tasks("leaky"), 3);
}

#[test]
fn what_has_all_traffic_already_is_not_shifted() {
    let story = Story::within_file("three-services");
    let told = story.script(
        r#"
        to_good() { espalier shift --lattice-service myservice --from myservice-a --to good --steps 100%:30s --settle 30s; }
        exits 0 to_good >"$FOLDER/first"
        exits 0 to_good
        "#,
    );
    told.ends_with(0).says("(nothing-changed)");
}

#[test]
fn a_shift_can_be_gone_back_on() {
    let story = Story::within_file("three-services");
    let told = story.script(
        r#"
        exits 0 espalier shift --lattice-service myservice --from myservice-a --to good --steps 100%:30s --settle 30s
        exits 0 espalier rollback --lattice-service myservice
        exits 0 espalier status --lattice-service myservice
        "#,
    );
    told.ends_with(0).says("(rollback): closed (went back 2026-").world.forwards(&[("myservice-a", 100), ("good", 0)]);
}

/// The slot that the release before has retired is started again, though the record that says so is that of a shift, which knows no ECS
/// services.
#[test]
fn a_rollback_after_a_shift_that_was_rolled_back_goes_back_on_the_release_before() {
    let story = Story::within_file("three-services");
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        exits 3 espalier shift --lattice-service myservice --from myservice-b --to leaky --steps 25%:1m,100%:1m --settle 30s
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).says("myservice:1 is stable now");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!(told.world.tasks("myservice"), 3);
}

/// A shift records no number of tasks, and nothing grows for it: what has become too small for what serves is waited for, and told.
#[test]
fn a_shift_is_gone_back_on_once_the_group_before_has_as_many_healthy_targets() {
    let story = Story::within_file("three-services");
    let told = story.script(
        r#"
        sized() {
          ecs UpdateService '{"cluster": "my-cluster", "service": "myservice", "desiredCount": '"$1"'}' >/dev/null
          later 600
        }
        exits 0 espalier shift --lattice-service myservice --from myservice-a --to good --steps 100%:30s --settle 30s
        sized 1
        exits 3 espalier rollback --lattice-service myservice
        exits 0 espalier status --lattice-service myservice
        sized 3
        exits 0 espalier rollback --lattice-service myservice
        "#,
    );
    told.ends_with(0)
        .says("myservice-a has 1 healthy target, and it takes 3 to replace what serves")
        .says("`espalier abort --lattice-service svc-12345678901234567 --to tg-12345678901234567` does not wait")
        .says("1 of 3 tasks of the candidate were running and healthy after 5m")
        .says("myservice-a 0, good 100")
        .world
        .forwards(&[("myservice-a", 100), ("good", 0)]);
}

#[test]
fn a_shift_that_does_not_begin_concludes_its_check() {
    let told = Story::within_file("three-services").run(&[&FROM[..], &["--to", "goood"], &STEPS].concat()).ends_with(2);
    let (status, conclusion, title) = told.world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "failure"));
    assert_eq!(title, "goood was not released: the request is invalid: there is no target group goood");
    let told = Story::within_file("three-services").run(&[&FROM[..], &["--to", "good"], &STEPS].concat()).ends_with(0);
    assert_eq!(told.world.check().1, "success");
}

/// Lattice checks no functions and no load balancers: what cannot be turned on is not advised.
#[test]
fn the_way_out_of_a_missing_health_check_is_one_that_the_group_has() {
    let function = |name: &str, id: &str| json!({ "name": name, "id": id, "type": "LAMBDA", "config": {} });
    let service = json!({
        "name": "myservice", "id": "svc-12345678901234567",
        "listeners": [{
            "name": "http-80", "id": "listener-12345678901234567", "port": 80, "protocol": "HTTP",
            "default_action": { "forward": { "old": 100 } },
        }],
    });
    let groups = json!([function("old", "tg-0a0a0a0a0a0a0a0a0"), function("new", "tg-0b0b0b0b0b0b0b0b0")]);
    let story = Story::of(&json!({
        "lattice": { "service_networks": [], "target_groups": groups, "services": [service] }, "ecs_services": [],
    }));
    let told = story.run(&["shift", "--lattice-service", "myservice", "--from", "old", "--to", "new"]).ends_with(2);
    let told = told.complains("the target group old of slot old has no health check").complains(
        "hint: Lattice has none for groups of type LAMBDA: let metrics or alarms judge alone: `analysis: { health: unchecked }`",
    );
    assert!(!told.run.stderr.contains("update-target-group"), "{}", told.run.stderr);
}

/// The Gateway API Controller leaves a group out that is not there, and the others get its requests.
#[test]
fn gateway_6_a_group_that_is_not_there_is_told_and_nothing_is_written() {
    let story = Story::within_file("three-services");
    let told = story.run(&[&FROM[..], &["--to", "gone"], &STEPS].concat()).ends_with(2).complains("gone");
    assert_eq!(told.world.state(), story.untold().state());
    assert!(told.world.writes().is_empty(), "{:?}", told.world.writes());
}
