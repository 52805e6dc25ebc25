//! Several traffic targets in one release: a batch of rules and a default action, which move together.

use serde_json::json;

use super::{QUICK, hooks::config_with, with_rules};
use crate::harness::{Story, Told};

/// What a batch of the listener's rules does while the world's time is between these seconds.
fn batches(effect: &str, after: u64, before: u64) -> Story {
    let fault = json!({ "operations": ["BatchUpdateRule"], "effect": effect, "after": after, "before": before });
    Story::of(&with_rules([10, 20, 30], &json!({ "faults": [fault] })))
}

#[test]
fn a_batch_that_is_done_in_part_is_repeated_until_all_of_it_is() {
    let told = batches("partial", 30, 60).deploy(&QUICK).ends_with(0).says("rule-30").says("will be repeated");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&100));
    let calls = told.world.writes();
    assert!(!calls.contains(&"vpc-lattice:UpdateRule".to_owned()), "one call for all rules of a listener: {calls:?}");
}

#[test]
fn where_one_rule_cannot_be_written_all_traffic_targets_are_put_back() {
    // From before the first step's weights until its writes are given up; then the way back is free.
    let story = batches("partial", 30, 152);
    let told = story
        .deploy(&QUICK)
        .ends_with(3)
        .says("(refused)")
        .says("step 1 failed: BatchUpdateRule: InternalServerException")
        .says("not written: rule rule-30");
    assert_eq!(told.world.weights_of("myservice-b").iter().max(), Some(&5), "the others were written");
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}

#[test]
fn where_one_rule_cannot_be_put_back_either_its_command_is_told() {
    // The candidate turns unhealthy once it has a quarter; from then on the batch's last rule cannot be written.
    let fault = json!({ "operations": ["BatchUpdateRule"], "effect": "partial", "after": 100 });
    let images = json!({ "*": { "unhealthy_above": 25 } });
    let story = Story::of(&with_rules([10, 20, 30], &json!({ "faults": [fault], "images": images })));
    let told = story.deploy(&["--steps", "5%:30s,25%:1m,100%:1m", "--settle", "30s"]).ends_with(4).says("(not-restored)");
    let weights = told.world.actions().into_iter().map(|(place, action)| (place, action["forward"]["myservice-b"].clone()));
    let left: Vec<_> = weights.filter(|(_, weight)| *weight != 0).collect();
    assert_eq!(left, [("http-80/rule-30".to_owned(), json!(25))], "all others are back");
    told.says("not written: rule rule-30").says("$ aws vpc-lattice update-rule --service-identifier svc-12345678901234567");
}

/// The release of a service with two listeners, each with a rule and a default action, all of them moved, with a test rule.
fn over_two_listeners(faults: &serde_json::Value) -> (Story, Told) {
    let mut world = with_rules([10], &json!({ "faults": faults }));
    let mut second = world["lattice"]["services"][0]["listeners"][0].clone();
    second["name"] = json!("http-81");
    second["id"] = json!("listener-0b000000000000000");
    second["port"] = json!(81);
    world["lattice"]["services"][0]["listeners"].as_array_mut().expect("listeners").push(second);
    let story = Story::of(&world);
    let path = config_with(&story, &json!({}), &json!({ "header": { "x-espalier-test": "1" } }));
    let mut config: serde_json::Value = serde_json::from_str(&story.read("espalier.yml")).expect("JSON");
    config["lattice"].as_object_mut().expect("members").remove("listener");
    story.write("espalier.yml", &config.to_string());
    let told = story.run(&[&["deploy", "-c", &path], &QUICK[..]].concat());
    (story, told)
}

fn times(told: &Told, write: &str) -> usize {
    told.world.writes().iter().filter(|call| *call == write).count()
}

#[test]
fn two_listeners_move_together_with_a_test_rule_on_each() {
    let (story, told) = over_two_listeners(&json!([]));
    let told = told.ends_with(0).says("the test rule is taken away");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.actions().keys().collect::<Vec<_>>(), story.untold().actions().keys().collect::<Vec<_>>());
    assert_eq!(told.world.actions().len(), 4);
    assert_eq!((times(&told, "vpc-lattice:CreateRule"), times(&told, "vpc-lattice:DeleteRule")), (2, 2));
    // Both listeners, for the group to be attached and for each of two steps.
    assert_eq!((times(&told, "vpc-lattice:UpdateRule"), times(&told, "vpc-lattice:UpdateListener")), (6, 6));
}

#[test]
fn where_one_listener_cannot_be_written_both_are_put_back() {
    // One of the two that write the second step.
    let (story, told) = over_two_listeners(&json!([{ "operations": ["UpdateRule"], "nth": 6, "effect": "denied" }]));
    let told = told.ends_with(3).says("(refused)").says("step 2 failed: UpdateRule");
    assert_eq!(told.world.weights_of("myservice-b").iter().max(), Some(&100), "the other one was written");
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((times(&told, "vpc-lattice:CreateRule"), times(&told, "vpc-lattice:DeleteRule")), (2, 2));
}

/// Both listeners of a service forward to slot a, or one answers by itself; the config moves one.
#[test]
fn a_listener_that_does_not_move_and_sends_requests_to_a_slot_is_told_beforehand() {
    let listener = |name: &str, id: &str, port: u32, action: &serde_json::Value| json!({ "name": name, "id": id, "port": port, "default_action": action });
    for first in [json!({ "forward": { "myservice-a": 100 } }), json!({ "fixed_response": 404 })] {
        let forwards = json!({ "forward": { "myservice-a": 100 } });
        let listeners = [
            listener("http-80", "listener-12345678901234567", 80, &first),
            listener("https-443", "listener-0b000000000000000", 8443, &forwards),
        ];
        let story = Story::of(&json!({ "lattice": { "services": [
            { "name": "myservice", "id": "svc-12345678901234567", "listeners": listeners },
        ] } }));
        let told = story.deploy(&QUICK).ends_with(2);
        let told =
            told.complains("default action of https-443 sends requests to slot a and is not among the traffic targets that move");
        assert_eq!((told.world.actions(), told.world.writes()), (story.untold().actions(), Vec::new()));
        let config = "tests/fixtures/seed/espalier.yml";
        story.run(&["verify", "-c", config]).ends_with(2).says("left-behind");
    }
}

/// A person sends the requests of another listener to slot a while the release runs.
#[test]
fn a_slot_that_another_listener_sends_requests_to_is_not_stopped() {
    let listener = |name: &str, id: &str, port: u32, action: &serde_json::Value| json!({ "name": name, "id": id, "port": port, "default_action": action });
    let listeners = [
        listener("http-80", "listener-12345678901234567", 80, &json!({ "forward": { "myservice-a": 100 } })),
        listener("https-443", "listener-0b000000000000000", 8443, &json!({ "fixed_response": 404 })),
    ];
    let sets = json!({ "set-action": { "forward": { "myservice-a": 100 } } });
    let story = Story::of(&json!({
        "lattice": { "services": [{ "name": "myservice", "id": "svc-12345678901234567", "listeners": listeners }] },
        "people": [{ "at": 60, "listener": "https-443", "do": sets }],
    }));
    let told = story.deploy(&QUICK).ends_with(0).says("promoted");
    let told = told
        .says("default action of https-443 still sends requests to its target group: the tasks of myservice are left running");
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (3, 3));
}
