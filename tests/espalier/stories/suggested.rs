//! The commands that people are told: whatever is suggested works, and what would be refused is not suggested.

use serde_json::json;

use super::{STEPS, broken_worlds::config};
use crate::harness::{CONFIG, Story, Told};

/// What `status` suggests after such words, run as it is printed.
const SUGGESTED: &str = r#"
    suggested() { espalier status --lattice-service myservice | sed -n "s/^ *to $1: espalier //p"; }
    does() { local command; read -ra command <<<"$(suggested "$1")"; espalier "${command[@]}"; }
"#;

fn lacks(told: &Told, what: &str) {
    assert!(!told.run.stdout.contains(what) && !told.run.stderr.contains(what), "{}\n{}", told.run.stdout, told.run.stderr);
}

#[test]
fn a_hold_whose_time_is_over_is_not_to_be_promoted() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"{SUGGESTED}
        exits 0 deploy --steps 5%:30s,hold:1h,100%:30s --settle 30s >"$FOLDER/first"
        later 4000
        exits 5 deploy --image web=nginx:2
        exits 0 espalier status --lattice-service myservice
        exits 0 does "go back"
        "#
    ));
    let told = told
        .ends_with(0)
        .complains("is held: nobody promoted it by")
        .says("its time ended at")
        .says("to go back: espalier abort");
    lacks(&told, "espalier promote");
    lacks(&told, "to go on");
    assert_eq!(told.world.actions(), story.untold().actions());

    // One that goes on by itself is gone on with.
    let told = story.script(&format!(
        r#"{SUGGESTED}
        exits 0 deploy --steps 5%:30s,hold:1h:continue,100%:30s --settle 30s --retire-after 30s >"$FOLDER/first"
        later 4000
        exits 5 deploy --image web=nginx:2
        exits 0 does "go on"
        "#
    ));
    let told =
        told.ends_with(0).complains("hint: go on with it: espalier resume --traffic-target").says("promoted (steps-passed)");
    lacks(&told, "espalier promote");
}

/// What it runs is in its config alone, and so is what it is judged by.
#[test]
fn a_hold_that_takes_its_config_says_so() {
    let rollout = json!({
        "steps": [{ "weight": "5%", "bake": "30s" }, { "hold": { "timeout": "4h" } }, { "weight": "100%", "bake": "30s" }],
        "settle": "30s", "retire_after": "30s",
    });
    let judged = json!({ "metrics": [{ "name": "errors", "metric": "error-rate", "max": "5%" }] });
    for more in [json!({ "hooks": { "before_shift": "true" } }), json!({ "analysis": judged })] {
        let story = Story::of(&json!({ "load": [{ "rps": 100 }] }));
        let mut more = more;
        more["rollout"] = rollout.clone();
        config(&story, &more);
        let told = story.script(&format!(
            r#"{SUGGESTED}
            exits 0 espalier deploy -c "$FOLDER/espalier.yml"
            exits 0 espalier status --lattice-service myservice
            exits 5 does "go on"
            cd "$FOLDER"
            exits 0 does "go on"
            "#
        ));
        told.ends_with(0)
            .says("it waits to be promoted to step 2 of 2 (100%), with the config that it began with, until")
            .says("going on takes the config that it began with, `-c FILE` where that is not espalier.yml, and hooks that were flags")
            .says("    (going on takes the config")
            .complains("give that config (`--config`)")
            .complains("or roll it back: espalier abort --traffic-target arn:")
            .says("promoted (steps-passed)");
    }
}

/// The old slot is kept for as long as was asked for, and its job renews its lease meanwhile.
#[test]
fn a_job_that_waits_to_retire_the_old_slot_is_not_called_about_to_end() {
    let hangs = json!([{ "operations": ["ecs:DescribeServices"], "after": 400, "nth": 1, "effect": "hang" }]);
    let story = Story::of(&json!({ "faults": hangs }));
    let told = story.script(&format!(
        r#"{SUGGESTED}
        begins deploy -c {CONFIG} {STEPS} --retire-after 10m
        exits 5 deploy --image web=nginx:1.30
        exits 5 deploy --image web=nginx:1.30 --on-existing rollback-first
        exits 5 espalier resume --lattice-service myservice
        exits 0 espalier abort --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 espalier recover --lattice-service myservice
        exits 0 espalier status --lattice-service myservice
        exits 0 does "finish it"
        "#
    ));
    let told = told
        .ends_with(0)
        .complains("is promoted, and its job keeps the tasks of the slot that served before until 2026-11-22T00:1")
        .complains("or go back to what was stable before: espalier rollback --traffic-target arn:")
        .says("there is nothing to abort; `espalier rollback` goes back to what was stable before")
        .says("it is promoted\nto finish it, as the next sweep does: espalier resume --traffic-target arn:");
    lacks(&told, "at the latest after");
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (3, 0));
}

#[test]
fn what_is_stuck_is_not_rolled_back_for_a_release_and_told_how_to_go_back() {
    let story = Story::within("drift");
    let told = story.script(&format!(
        r#"{SUGGESTED}
        exits 4 deploy >"$FOLDER/first"
        exits 5 deploy --image web=nginx:1.30 --on-existing rollback-first
        exits 0 does "go back"
        "#
    ));
    let told = told.ends_with(0).complains("is not rolled back by itself: it is stuck").complains("--to TARGET_GROUP");
    lacks(&told, "cannot be resumed");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
}

#[test]
fn after_a_first_release_nobody_is_sent_to_go_back() {
    let script = format!(
        r#"
        begins deploy -c {CONFIG}
        exits 0 espalier status --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 espalier resume -c {CONFIG}
        exits 0 espalier abort --lattice-service myservice
        "#
    );
    let hangs = json!([{ "operations": ["vpc-lattice:ListTargets"], "share_at_least": 100, "nth": 2, "effect": "hang" }]);
    let empty = json!({
        "ecs_services": [], "faults": hangs,
        "lattice": { "services": [{
            "name": "myservice", "id": "svc-12345678901234567",
            "listeners": [{ "name": "http-80", "id": "listener-12345678901234567", "port": 80, "default_action": { "fixed_response": 404 } }],
        }] },
    });
    let told = Story::of(&empty).script(&script).ends_with(0).says("it has ended: there is nothing to abort\n");
    lacks(&told, "step 1 of");
}
