//! A report gives the reason that it really was, and tells nothing that did not happen.

use serde_json::{Value, json};

use super::broken_worlds::{config, verify};
use crate::harness::{Story, Told};

/// A release in such a world, by the seed's config with this besides.
fn released(world: &Value, more: &Value) -> Told {
    let story = Story::of(world);
    let config = config(&story, more);
    story.run(&["deploy", "-c", &config, "--steps", "25%:2m,100%:2m", "--settle", "30s", "--retire-after", "never"])
}

#[test]
fn what_a_write_was_refused_by_is_not_why_a_rollout_is_late_once_the_weights_show() {
    let lost = json!([{ "operations": ["vpc-lattice:UpdateListener"], "nth": 2, "effect": "drop-after-write" }]);
    let judged =
        json!({ "timeout": "12m", "analysis": { "metrics": [{ "name": "errors", "metric": "error-rate", "max": "1%" }] } });
    let told = released(&json!({ "name": "promoted", "load": [], "faults": lost }), &judged);
    let told = told.ends_with(3).says("will be repeated").says("(inconclusive)");
    assert!(!told.run.stdout.contains("(refused)"), "{}", told.run.stdout);
}

#[test]
fn why_tasks_cannot_be_placed_is_told_in_the_words_of_ecs() {
    let full = json!({ "name": "promoted", "images": { "*": { "placement_fails": "RESOURCE:MEMORY" } } });
    let told = released(&full, &json!({})).ends_with(3);
    told.says("ECS was unable to place a task. Reason: RESOURCE:MEMORY").says("or could not be started");
}

#[test]
fn a_test_rule_that_cannot_be_made_is_not_told_to_be_taken_away() {
    let denied = json!([{ "operations": ["vpc-lattice:CreateRule"], "effect": "denied" }]);
    let rule = json!({ "lattice": { "test_rule": { "header": { "x-espalier-test": "1" } } } });
    let told = released(&json!({ "name": "promoted", "faults": denied }), &rule).ends_with(3);
    let told = told.says("opening the test rule failed: CreateRule");
    for what in ["taken away", "attaching the candidate's target group failed", "are stopped", "stopping the tasks"] {
        assert!(!told.run.stdout.contains(what), "{what} is in\n{}", told.run.stdout);
    }
}

#[test]
fn a_hook_that_never_ran_did_not_run_for_too_long() {
    let full = json!({ "name": "promoted", "images": { "*": { "placement_fails": "RESOURCE:ENI" } } });
    let hook = json!({ "hooks": { "before_release": { "run_task": { "command": ["./migrate"] } } } });
    let told = released(&full, &hook).ends_with(3).says("it could not be started: ");
    let told = told.says("RESOURCE:ENI, until its limit of 5m");
    assert!(!told.run.stdout.contains("ran longer"), "{}", told.run.stdout);
}

#[test]
fn a_hook_in_a_container_that_there_is_not_is_told_beforehand() {
    let hook = json!({ "hooks": { "before_shift": { "run_task": { "command": ["./probe"], "container": "nope" } } } });
    let what = "there is no container `nope` beside web in the released task definition, which this hook is to run";
    let told = released(&json!({ "name": "promoted" }), &hook).ends_with(2).complains(what);
    assert!(told.world.writes().is_empty(), "{:?}", told.world.writes());
    verify(&json!({ "name": "promoted" }), &hook, &[]).ends_with(2).says(what);
}

#[test]
fn an_expression_that_cannot_be_read_is_named_as_the_config_names_it() {
    let metric = json!({ "name": "ratio", "expression": "m1/m2", "max": 1 });
    let world = json!({ "name": "promoted", "load": [{ "rps": 10 }] });
    let told = released(&world, &json!({ "analysis": { "metrics": [metric] } })).ends_with(2);
    told.complains("Error in expression 'ratio': Undefined reference 'm1'");
}

#[test]
fn an_expression_of_a_metric_that_lattice_has_not_is_refused_before_the_release() {
    let metric = json!({ "name": "errors", "expression": "${HTTPCode_Target_5XX_Count} * 2", "max": 1 });
    let world = json!({ "name": "promoted", "load": [{ "rps": 10 }] });
    let told = released(&world, &json!({ "analysis": { "metrics": [metric] } })).ends_with(2);
    let told = told.complains("metric errors: Lattice publishes no `HTTPCode_Target_5XX_Count` for target groups");
    assert!(told.complains("did you mean `HTTPCode_5XX_Count`?").world.writes().is_empty());
}

/// What is only reported decides nothing, so that no step waits for it.
#[test]
fn a_dry_run_says_whether_a_step_waits_for_its_metrics() {
    let of = |report_only: bool| {
        let metric = json!({ "name": "errors", "metric": "error-rate", "max": "1%", "report_only": report_only });
        let story = Story::within("promoted");
        let config = config(&story, &json!({ "analysis": { "metrics": [metric] } }));
        story.run(&["deploy", "-c", &config, "--dry-run"]).ends_with(0)
    };
    of(false).says("a step passes when those of its whole time are in");
    of(true).says("a step shows those that are in before it ends");
}

#[test]
fn what_fails_for_want_of_data_says_that_it_was_told_to() {
    let metric = json!({ "name": "errors", "metric": "error-rate", "max": "1%", "on_no_data": "fail" });
    let told = released(&json!({ "name": "promoted", "load": [] }), &json!({ "analysis": { "metrics": [metric] } })).ends_with(3);
    let told = told.says("errors (nothing was measured), which fails by `on_no_data: fail`, with 25% of the traffic");
    told.says("Nothing was measured that says that the candidate is bad");
}

#[test]
fn after_drift_it_says_what_goes_on_from_there() {
    let drifts = |on_drift: &str| Story::within("drift").run(&["deploy", "-c", crate::harness::CONFIG, "--on-drift", on_drift]);
    drifts("stop").ends_with(4).says("Then run `abort`: it puts back what was before, and closes the rollout");
    drifts("restore").ends_with(3).says("find it and stop it, then release again");
}
