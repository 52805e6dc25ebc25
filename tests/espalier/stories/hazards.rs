//! What other people and lost answers do to a release: each of these once ended with traffic where it did not belong.

use serde_json::json;

use super::STEPS;
use crate::harness::{CONFIG, Story};

#[test]
fn a_group_that_serves_and_is_in_neither_slot_is_not_taken_for_nothing_serving() {
    let story = Story::within_file("legacy");
    let told = story.deploy(&["--rules", "default"]).ends_with(5).complains("which is in neither slot");
    assert_eq!(told.world.state(), story.untold().state());
}

#[test]
fn a_write_that_lands_after_the_rollback_is_undone_before_the_candidate_is_stopped() {
    let story = Story::within_file("late-write");
    let told = story.deploy(&[]).ends_with(3);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}

#[test]
fn weights_that_somebody_sets_after_the_rollback_keep_the_candidates_tasks() {
    let told = Story::within_file("edited-after-rollback").deploy(&[]).ends_with(4).says("(drifted)");
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (3, 3), "both sides serve");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&40), "what somebody set stays");
}

#[test]
fn a_rule_that_is_deleted_in_mid_release_does_not_keep_the_others_from_being_restored() {
    for scenario in ["rule-deleted", "rule-deleted-and-throttled"] {
        let told = Story::within_file(scenario).deploy(&[]).ends_with(4).says("is gone");
        let told = told.says("rule api (priority 10) of http-80 is gone: whoever makes it again gives it myservice-a");
        assert!(!told.run.stdout.contains("update-rule"), "it cannot work: {}", told.run.stdout);
        let actions = told.world.actions();
        assert_eq!(actions.len(), 1, "{scenario}: {actions:?}");
        for action in actions.values() {
            let weights = (&action["forward"]["myservice-a"], &action["forward"]["myservice-b"]);
            assert_eq!(weights, (&100.into(), &0.into()), "{scenario}: {action}");
        }
    }
}

#[test]
fn an_abort_restores_a_rule_whose_tags_were_removed() {
    let story = Story::within_file("tags-lost");
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    assert_eq!(told.world.actions(), story.untold().actions());
}

#[test]
fn rollback_leaves_what_a_person_settled_by_hand() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        exits 0 espalier abort --lattice-service myservice --to myservice-a
        exits 5 espalier rollback --lattice-service myservice
        exits 0 espalier status --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).complains("records no revision that was stable before");
    for action in told.world.actions().values() {
        assert_eq!((&action["forward"]["myservice-a"], &action["forward"]["myservice-b"]), (&100.into(), &0.into()), "{action}");
    }
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (3, 3));
}

/// Harness asks which side is which, since 60/40 does not tell; and nothing tells who would want it back.
#[test]
fn harness_1_a_split_that_no_record_explains_is_never_adopted() {
    let splits = json!({ "set-action": { "forward": { "initial": 60, "added": 40 } } });
    let story = Story::of(&json!({ "people": [{ "at": 3000, "listener": "http-80", "rule": "api", "do": splits }] }));
    let told = story.script(&format!(
        r#"
        exits 0 espalier deploy -c {CONFIG} {STEPS}
        later 3000
        exits 5 espalier deploy -c {CONFIG} {STEPS} --force
        "#
    ));
    let told = told.ends_with(0).complains("no record says why: it is never adopted");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&40), "what somebody set stays");
}

/// DESIGN §5 rule 3: before our first write drift is a refusal.
#[test]
fn what_somebody_sets_while_a_release_claims_its_record_is_left_alone() {
    let edit = json!({ "set-action": { "fixed_response": 500 } });
    let story = Story::of(&json!({ "people": [{ "at": 1, "listener": "http-80", "rule": "api", "do": edit }] }));
    let told = story.deploy(&[]).ends_with(5).complains("what it was when the release began");
    let actions: Vec<_> = told.world.actions().into_values().collect();
    assert!(actions.iter().any(|action| action["fixed_response"] == 500), "{actions:?}");
    assert_eq!(told.world.tasks("myservice-green"), 0, "nothing was started");
}
