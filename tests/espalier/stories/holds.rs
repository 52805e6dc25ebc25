//! Holds: a job that ends, and the others that go on from there.

use super::STEPS;
use crate::harness::{CONFIG, Story, root};

/// Two holds; nobody comes to the second, which goes on by itself.
const HELD: &str = "--steps 5%:30s,hold:4h,50%:30s,hold:2h:continue,100%:30s --settle 30s --retire-after 30s";

#[test]
fn a_held_release_is_promoted_from_other_jobs() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 deploy {HELD}
        exits 5 deploy
        exits 0 espalier status --lattice-service myservice
        exits 5 espalier promote --lattice-service myservice --rollout-id 20200101T000000Z-00000000
        exits 5 espalier promote --lattice-service myservice --step 3
        exits 5 espalier promote -c {CONFIG}
        exits 0 espalier resume --lattice-service myservice
        export ESPALIER_STEPS=5%:30s,hold:4h,50%:30s,hold:2h:continue,100%:30s ESPALIER_SETTLE=30s ESPALIER_RETIRE_AFTER=30s
        exits 0 espalier promote -c {CONFIG} --dry-run
        exits 0 espalier promote -c {CONFIG} --full --dry-run
        unset ESPALIER_STEPS ESPALIER_SETTLE ESPALIER_RETIRE_AFTER
        later 7200
        exits 0 espalier promote --lattice-service myservice --step 2
        exits 0 espalier promote --lattice-service myservice --full
        exits 5 espalier promote --lattice-service myservice
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told
        .ends_with(0)
        .says("it waits to be promoted to step 2 of 3 (50%)")
        .says("$ espalier promote --traffic-target arn:aws:vpc-lattice:")
        .says("exit code 0, held (hold): another job goes on from here")
        .says("(deploy): held, before step 2 of 3, until")
        .complains("is not there any more")
        .complains("it waits before step 2, not before step 3")
        .complains("plans something else than rollout")
        .complains(": `steps` is 5%:2m,25%:5m,100%:10m, not 5%:30s,hold:4h,50%:30s,hold:2h:continue,100%:30s; `settle` is 1m 30s, not 30s")
        .complains("by variables or the action's inputs: ESPALIER_STEPS=5%:30s,hold:4h,50%:30s,hold:2h:continue,100%:30s ESPALIER_SETTLE=30s")
        .says("would go on: 50%:30s,hold:2h:continue,100%:30s")
        .says("would go on: 50%:30s,100%:30s")
        .complains("it is not held: it is over");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 50, 100]);
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (3, 0), "retired by the last job");
}

#[test]
fn a_held_release_asks_for_action_with_the_commands_and_the_deadline() {
    let told = Story::within("held").script(&format!("exits 0 deploy {HELD}")).ends_with(0);
    let (status, conclusion, title) = told.world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "action_required"));
    assert!(title.contains("held at 5%: it waits to be promoted to step 2 of 3 (50%) until"), "{title}");
    let comment = &told.world.comments()[0];
    assert!(
        comment.contains("espalier promote --traffic-target") && comment.contains("espalier abort --traffic-target"),
        "{comment}"
    );
}

#[test]
fn the_sweep_looks_after_held_releases() {
    let story = Story::within("held");
    // In this world the candidate turns unhealthy after an hour.
    let told = story.script(&format!(
        r#"
        exits 0 deploy {HELD}
        exits 0 espalier resume --all
        later 3600
        exits 3 espalier resume --all
        exits 0 espalier resume --all
        "#
    ));
    let told =
        told.ends_with(0).says("the candidate had 5% of the traffic and no healthy target").says("nothing else is under way");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!(told.world.tasks("myservice-green"), 0);
}

#[test]
fn the_plan_and_the_log_tell_of_holds() {
    let told = Story::within("promoted").script(&format!("exits 0 deploy {HELD} --dry-run\nexits 0 deploy {HELD}")).ends_with(0);
    told.says("step 1: 5% of the requests, settle 30s, watch 30s")
        .says("step 2: after a hold of 4h (it is rolled back where nobody promotes it), 50% of the requests, settle 30s, watch 30s")
        .says("; after 45m it is rolled back; holds do not count")
        .says("  steps 5% for 30s, 50% for 30s after a hold of 4h, 100% for 30s after a hold of 2h, each after 30s to settle: 3m at least, holds not counted")
        .says("it is held; to go on: espalier promote --traffic-target");
}

/// The comment, the check run and its log are those of the job that held, and every later job tells what had passed before it.
#[test]
fn later_jobs_tell_where_the_release_stood() {
    let story = Story::within("promoted");
    let then = |more: &str| story.script(&format!("exits 0 deploy {HELD}\n{more}")).ends_with(0);
    let told = then("later 600\nexits 0 espalier resume --all").says("⏸️ myservice:2 held at 5%");
    let comment = told.world.comments().concat();
    for part in [
        "`█████████░`\u{a0}95%",
        "| passed | +00:32 to +01:32 | 3 of 3 healthy at each of 5 looks |",
        "| 50% for 30s, after a hold of 4h | still ahead |",
    ] {
        assert!(comment.contains(part), "{part}\n{comment}");
    }
    assert!(told.world.check().2.contains("held at 5%"), "{:?}", told.world.check());

    let aborted = "| · | 50% for 30s, after a hold of 4h | not reached |";
    let promoted = "| ✔ | 50% for 30s, after a hold of 4h | passed | +00:";
    for (verb, second) in [("abort", aborted), ("promote", promoted)] {
        let comment = then(&format!("exits 0 espalier {verb} --lattice-service myservice")).world.comments().concat();
        let first = "| ✔ | 5% for 30s | passed before this job |  |  |";
        assert!(comment.contains(first) && comment.contains(second), "{verb}\n{comment}");
    }
}

#[test]
fn a_hold_that_nobody_ends_does_what_it_says() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        "exits 0 deploy {HELD}\nlater 14500\nexits 5 espalier promote --lattice-service myservice\nexits 3 espalier resume --all"
    ));
    let told = told.ends_with(0).says("nobody promoted it by").complains("its hold ended at");
    assert_eq!(told.world.actions(), story.untold().actions());

    let goes_on = "exits 0 deploy --steps 5%:30s,hold:1h:continue,100%:30s --settle 30s --retire-after 30s\nlater 3700\nexits 0 espalier resume --all";
    let told = story.script(goes_on).ends_with(0).says("promoted (steps-passed)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100]);
}

/// What it is judged by is in its config alone: whoever has that goes on, and is told so.
#[test]
fn a_judged_hold_goes_on_by_itself_only_with_its_config() {
    let story = Story::of(&serde_json::json!({ "load": [{ "rps": 100 }] }));
    let seed = root().join("tests/fixtures/seed");
    let config = std::fs::read_to_string(seed.join("espalier.yml")).expect("the seed");
    let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display()));
    let (config, _) = config.split_once("\n  steps:").expect("steps");
    let steps = "[{ weight: 5%, bake: 1m }, { hold: { timeout: 1h, on_timeout: continue } }, { weight: 100%, bake: 1m }]";
    let judged = |most: &str| {
        format!("{config}\n  steps: {steps}\nanalysis: {{ metrics: [{{ name: errors, metric: error-rate, max: {most} }}] }}\n")
    };
    story.write("release.yml", &judged("1%"));
    story.write("other.yml", &judged("2%"));
    let then = |commands: &str| {
        let told = story.script(&format!("exits 0 espalier deploy -c \"$FOLDER/release.yml\"\nlater 3700\n{commands}"));
        told.ends_with(0).says("then `espalier resume` with its config goes on, and a sweep without it rolls it back")
    };
    for resume in ["--lattice-service myservice", "--all"] {
        let told = then(&format!("exits 0 espalier resume {resume} -c \"$FOLDER/release.yml\"")).says("promoted (steps-passed)");
        assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100], "{resume}");
        let comment = told.world.comments().concat();
        assert!(comment.contains("errors"), "it is judged\n{comment}");
    }
    let refused = "exits 5 espalier resume --lattice-service myservice\nexits 5 espalier resume --lattice-service myservice -c \"$FOLDER/other.yml\"";
    let told = then(&format!("{refused}\nexits 3 espalier resume --all")).says("nobody promoted it by");
    assert_eq!(told.world.actions(), story.untold().actions());
    then("exits 3 espalier resume --all -c \"$FOLDER/other.yml\"").says("nobody promoted it by");
}

#[test]
fn a_cancelled_job_that_holds_leaves_the_weights_for_another_one() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG} --on-cancel hold {STEPS}
        kill -INT $!
        exits 0 ends
        exits 0 espalier recover --lattice-service myservice
        exits 0 espalier resume --lattice-service myservice
        "#
    ));
    let told =
        told.ends_with(0).says("held (cancelled)").says("it is held, as it was meant to be").says("promoted (steps-passed)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100]);
}
