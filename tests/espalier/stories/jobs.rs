//! Jobs that are gone, newer ones that find what they left, and rollbacks long after.

use serde_json::{Value, json};

use super::{QUICKLY, STEPS, with_rules};
use crate::harness::{CONFIG, Story};

#[test]
fn a_release_whose_runner_was_lost_is_gone_on_with() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        exits 5 espalier resume -c {CONFIG}
        later 200
        exits 0 espalier resume -c {CONFIG}
        exits 0 espalier resume -c {CONFIG}
        "#
    ));
    let told = told.ends_with(0).complains("another job holds it until").says("promoted (steps-passed)").says("it has ended");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 100]);
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (3, 0));
}

#[test]
fn the_sweep_rolls_back_what_no_job_holds_any_more() {
    let story = Story::within_file("blocked-at-5");
    let scheduled = story.write("schedule.json", r#"{ "schedule": "*/5 * * * *" }"#);
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        exits 0 espalier resume --all
        later 200
        export GITHUB_EVENT_NAME=schedule GITHUB_EVENT_PATH={scheduled} GITHUB_SHA={main}
        exits 0 espalier resume --all --dry-run
        exits 3 espalier resume --all
        "#,
        main = "ab".repeat(20)
    ));
    let told = told.ends_with(0).says("a job holds it until").says("would be rolled back").says("rolled-back (job-lost)");
    // It is told where the release was begun, though the sweep is about no pull request.
    let comments = told.world.comments();
    assert!(comments.len() == 1 && comments[0].contains("rolled back"), "{comments:#?}");
    assert_eq!(told.world.check().1, "failure");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!(told.world.tasks("myservice-green"), 0);
}

#[test]
fn c11_a_newer_release_rolls_a_running_one_back_first_and_inherits_stable() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG}
        exits 0 deploy --on-existing rollback-first --image web=nginx:1.29 {STEPS}
        exits 5 ends
        "#
    ));
    let told = told.ends_with(0).says("aborted by a newer release of myservice").says("promoted (steps-passed)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0, 5, 100], "from stable on, not from where the other one stood");
    assert_eq!(told.world.revision("myservice-green"), "myservice:3");
}

#[test]
fn a_job_that_runs_again_resumes_its_own_release_but_no_other() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 5 deploy --on-existing resume --image web=nginx:1.29
        exits 0 deploy --on-existing resume
        "#
    ));
    let told = told.ends_with(0).complains("which is not what this job releases").says("promoted (steps-passed)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 100]);
    assert_eq!(told.world.revision("myservice-green"), "myservice:2", "nothing was registered twice");
}

#[test]
fn rollback_registers_an_inactive_task_definition_again_after_a_rejected_release_in_between() {
    // The third release goes into the slot of the first one, and fails there.
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        asks POST events '{{"faults": [{{"operations": ["ecs:UpdateService"], "nth": 1, "effect": "denied"}}]}}' >/dev/null
        exits 3 deploy --image web=nginx:1.29 {QUICKLY}
        ecs DeregisterTaskDefinition '{{"taskDefinition": "myservice:1"}}' >/dev/null
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told
        .ends_with(0)
        .says("myservice:1 is INACTIVE: the same was registered again as myservice:4")
        .says("network, scaling and every other setting of the ECS service stay as they are now");
    assert_eq!(told.world.revision("myservice"), "myservice:4");
    for action in told.world.actions().values() {
        assert_eq!(action["forward"]["myservice-a"], 100, "{action}");
    }
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (3, 0));
}

#[test]
fn a_killed_rollback_is_taken_up_again() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        asks POST events '{{"faults": [{{"operations": ["vpc-lattice:UpdateListener"], "nth": 1, "effect": "hang"}}]}}' >/dev/null
        begins rollback --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        exits 5 espalier rollback --lattice-service myservice
        later 200
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).complains("another job holds it until").says("rolled-back (rolled-back-by-request)");
    for action in told.world.actions().values() {
        assert_eq!((&action["forward"]["myservice-a"], &action["forward"]["myservice-b"]), (&100.into(), &0.into()), "{action}");
    }
}

/// The calls to AWS that a world has seen, in their order.
fn calls(world: &str) -> Vec<String> {
    let body = world.split_once("\r\n\r\n").map_or(world, |(_, body)| body);
    let world: Value = serde_json::from_str(body).expect("JSON");
    let what = |line: &Value| line["what"].as_str().unwrap_or_default().to_owned();
    let calls = world["log"].as_array().expect("a log").iter().map(what);
    calls.filter(|what| what.starts_with("ecs:") || what.starts_with("vpc-lattice:")).collect()
}

/// DESIGN §8: at most five calls before the traffic of one recorded traffic target is back, one more for each further one.
#[test]
fn traffic_is_back_within_a_few_calls() {
    let of_holder = r#"--traffic-target "$(espalier status --lattice-service myservice --format json | sed -n 's/.*"\(arn:[^"]*rule-[^"]*\)".*/\1/p' | head -n1)""#;
    for (targets, verb, which, most) in [
        (1, "abort", "--lattice-service myservice", 5),
        (2, "abort", "--lattice-service myservice", 7),
        // One more than DESIGN §8 says: how much serves now is read too, at the same time as what is to serve again.
        (1, "rollback", of_holder, 6),
    ] {
        let mut world = with_rules([10], &json!({}));
        if targets == 1 {
            world["lattice"]["services"][0]["listeners"][0]["default_action"] = json!({ "fixed_response": 404 });
        }
        let story = Story::of(&world);
        let before = if verb == "abort" {
            "exits 0 deploy --steps 5%:30s,hold:1h,100%:30s --settle 30s".to_owned()
        } else {
            format!(r#"exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}"#)
        };
        let told = story.script(&format!(
            r#"
            {before}
            which=({which})
            asks GET world "" >"$FOLDER/before"
            exits 0 espalier {verb} "${{which[@]}}"
            asks GET world "" >"$FOLDER/after"
            "#
        ));
        told.ends_with(0);
        let known = calls(&story.read("before")).len();
        let made = &calls(&story.read("after"))[known..];
        let writes = |what: &String| what.contains("Update");
        let back = made.iter().enumerate().filter(|(_, what)| writes(what)).nth(targets - 1).map(|(index, _)| index + 1);
        let back = back.unwrap_or_else(|| panic!("no weights were written: {made:?}"));
        assert!(back <= most, "{verb} {which}: {back} calls, {:?}", &made[..back]);
    }
}
