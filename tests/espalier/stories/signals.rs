//! Signals that come while a write is under way, and while AWS does not answer (DESIGN §5 rule 12); and a terminal that stands still.

use serde_json::{Value, json};

use super::STEPS;
use crate::harness::{CONFIG, Story};

/// From the first 5 % on.
fn from_5(operations: &[&str], which: (&str, u64), effect: Value) -> Story {
    let mut fault = json!({ "operations": operations, "share_at_least": 5, "effect": effect });
    fault[which.0] = which.1.into();
    Story::of(&json!({ "faults": [fault] }))
}

#[test]
fn a_signal_in_the_middle_of_a_weight_write_puts_the_weights_back_after_it() {
    // The write is given up, or it was done and its answer is lost.
    for (effect, awaited) in [(json!("hang"), "Hang"), (json!({ "late-write": 0 }), "LateWrite")] {
        let story = from_5(&["vpc-lattice:UpdateRule"], ("nth", 1), effect);
        let told = story.script(&format!(
            r#"
            AWAITED={awaited} begins deploy -c {CONFIG}
            kill -INT $!
            exits 3 ends
            "#
        ));
        let told = told.ends_with(0).says("(cancelled)");
        assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 0], "{awaited}");
        assert_eq!(told.world.check().1, "cancelled", "{awaited}");
        for action in told.world.actions().values() {
            assert_eq!(action["forward"]["myservice-a"], 100, "{awaited}: {action}");
        }
    }
}

#[test]
fn a_weight_write_that_is_never_answered_cancels_nothing() {
    for effect in [json!("hang"), json!({ "late-write": 0 })] {
        let story = from_5(&["vpc-lattice:UpdateRule"], ("nth", 1), effect.clone());
        let told = story.deploy(&STEPS.split(' ').collect::<Vec<_>>()).ends_with(0).says("promoted (steps-passed)");
        let mut climbed = told.world.weights_of("myservice-b");
        climbed.dedup();
        assert_eq!(climbed.last(), Some(&100), "{effect}");
        assert!(climbed.is_sorted(), "{effect}: {climbed:?}");
    }
}

#[test]
fn a_second_signal_makes_nothing_worse() {
    // The first write that puts something back is never answered: time for the second signal.
    let story = Story::of(&json!({ "faults": [
        { "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" },
        { "operations": ["vpc-lattice:UpdateRule"], "share_at_least": 5, "nth": 1, "effect": { "late-write": 0 } },
    ] }));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -INT $!
        until [[ "$(asks GET world "")" == *": LateWrite"* ]]; do kill -0 $! || exit 99; done
        kill -TERM $!
        kill -INT $!
        exits 3 ends
        "#
    ));
    let told = told.ends_with(0).says("(cancelled)");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
    assert_eq!(told.run.stdout.matches("rolling back: ").count(), 1, "{}", told.run.stdout);
    for action in told.world.actions().values() {
        assert_eq!(action["forward"]["myservice-a"], 100);
    }
}

/// What is left is the next job's, at once.
#[test]
fn a_job_that_is_killed_while_aws_takes_no_weights_leaves_no_lease() {
    let story = from_5(&["vpc-lattice:UpdateRule", "vpc-lattice:UpdateListener"], ("from", 1), json!("hang"));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG} {STEPS}
        exits 0 espalier resume --all --dry-run
        kill -INT $!
        until [[ "$(asks GET world "")" == *' ended"'* ]]; do kill -0 $! || exit 99; done
        kill -KILL $!
        exits 137 ends
        exits 0 espalier resume --all --dry-run
        "#
    ));
    let told = told.ends_with(0).says("a job holds it until").says("would be rolled back");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&5));
}

#[test]
fn a_reader_that_stands_still_keeps_no_rollback_waiting() {
    let story = Story::within("candidate-unhealthy");
    let told = story.script(&format!(
        r#"
        mkfifo "$FOLDER/pipe"
        exec 7<>"$FOLDER/pipe"
        dd if=/dev/zero of="$FOLDER/pipe" bs=4096 count=1024 oflag=nonblock 2>/dev/null
        "$ESPALIER" deploy -c {CONFIG} >"$FOLDER/pipe" &
        job=$!
        until "$ESPALIER" status --lattice-service myservice --format json | grep -q closed; do kill -0 $job || exit 99; done
        echo "everything is back"
        cat <&7 >"$FOLDER/read" &
        reader=$!
        exits 3 wait $job
        echo "all is read" >&7
        until grep -qa "all is read" "$FOLDER/read"; do kill -0 $reader || exit 99; done
        kill $reader
        "#
    ));
    let told = told.ends_with(0).says("everything is back");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 0]);
    assert!(story.read("read").contains("exit code 3, rolled-back"), "and nothing is lost");
}
