//! Several traffic targets in one release: a batch of rules and a default action, which move together.

use serde_json::json;

use super::{QUICK, with_rules};
use crate::harness::Story;

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
