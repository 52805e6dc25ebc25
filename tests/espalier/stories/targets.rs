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
    let told = story.deploy(&QUICK).ends_with(3).says("(refused)").says("rule-30");
    assert_eq!(told.world.weights_of("myservice-b").iter().max(), Some(&5), "the others were written");
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}

#[test]
fn where_one_rule_cannot_be_put_back_either_its_command_is_told() {
    let told = batches("partial", 30, 1_000_000).deploy(&QUICK).ends_with(4).says("(not-restored)");
    let actions = told.world.actions();
    for (place, action) in &actions {
        assert_eq!(action["forward"]["myservice-a"], 100, "{place}: nothing of it was written, or it is back");
    }
    told.says("rule-30");
}
