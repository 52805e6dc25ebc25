//! Signals, killed jobs, and other jobs.
//!
//! `blocked-at-5` never answers one call once the candidate has 5 %: the release stands still there, and whoever sends it a signal
//! then knows what it hits.

use crate::harness::{CONFIG, Story};

#[test]
fn a_cancelled_job_puts_the_weights_back() {
    for signal in ["INT", "TERM"] {
        let story = Story::within_file("blocked-at-5");
        let told = story.script(&format!("begins deploy -c {CONFIG}\nkill -{signal} $!\nexits 3 ends"));
        let told = told.ends_with(0).says("(cancelled)");
        assert_eq!(told.world.weights_of("myservice-b")[..3], [0, 5, 0], "SIG{signal}");
        for action in told.world.actions().values() {
            assert_eq!(action["forward"]["myservice-a"], 100, "SIG{signal}: {action}");
        }
        assert_eq!(told.world.check().1, "cancelled", "SIG{signal}");
    }
}

#[test]
fn flagger_b13_what_a_killed_runner_leaves_behind_is_refused_by_the_next_release_and_rolled_back_by_abort() {
    let story = Story::within_file("blocked-at-5");
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
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
    // The release stands still until its call is given up, five seconds later; by then the other job is done.
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        exits 0 espalier abort --lattice-service myservice
        exits 5 ends
        "#
    ));
    let told = told.ends_with(0).says("superseded");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
}
