//! Signals, killed jobs, and other jobs.
//!
//! `blocked-at-5` never answers one call once the candidate has 5 %: the release stands still there, and whoever sends it a signal
//! then knows what it hits.

use super::AT_FIVE;
use crate::harness::{CONFIG, Story};

#[test]
fn a_cancelled_job_puts_the_weights_back() {
    for signal in ["INT", "TERM"] {
        let story = Story::within_file("blocked-at-5");
        let told = story.script(&format!("exits 3 stopped {signal} '{AT_FIVE}' deploy -c {CONFIG}"));
        let told = told.ends_with(0).says("rolled-back (cancelled)");
        assert_eq!(told.world.weights_of("myservice-b")[..3], [0, 5, 0], "SIG{signal}");
        for action in told.world.actions().values() {
            assert_eq!(action["forward"]["myservice-a"], 100, "SIG{signal}: {action}");
        }
        assert_eq!(told.world.check().1, "cancelled", "SIG{signal}");
    }
}

#[test]
fn what_a_killed_runner_leaves_behind_is_refused_by_the_next_release_and_rolled_back_by_abort() {
    let story = Story::within_file("blocked-at-5");
    let told = story.script(&format!(
        r#"
        exits 137 stopped KILL '{AT_FIVE}' deploy -c {CONFIG}
        exits 5 deploy
        exits 0 espalier status --lattice-service myservice
        exits 0 espalier abort --lattice-service myservice --reason "the runner is gone"
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told
        .ends_with(0)
        .says("default action of http-80: myservice-a 95, myservice-b 5")
        .says("the runner is gone")
        .complains("espalier abort");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}

#[test]
fn a_release_that_another_job_aborts_ends_superseded_without_another_write() {
    let story = Story::within_file("blocked-at-5");
    // The release stands still while the other job works, and goes on after it.
    let told = story.script(&format!(
        r#"
        mkfifo "$FOLDER/said"
        deploy >"$FOLDER/said" &
        exec 3<"$FOLDER/said"
        while IFS= read -r line <&3; do case "$line" in *"{AT_FIVE}"*) break ;; esac; done
        exits 0 espalier abort --lattice-service myservice
        cat <&3
        exits 5 wait $!
        "#
    ));
    let told = told.ends_with(0).says("superseded");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
}
