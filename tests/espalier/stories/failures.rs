//! Releases that end rolled back, or in a person's hands.

use serde_json::json;

use super::QUICK;
use crate::harness::{CONFIG, Story, Told};

/// Until a quarter of the traffic, where the scenarios' candidates fail, and beyond.
const THREE: [&str; 4] = ["--steps", "5%:30s,25%:1m,100%:1m", "--settle", "30s"];

/// Every traffic target as at the start, the candidate gone, the check red.
#[track_caller]
fn is_rolled_back(story: &Story, told: &Told) {
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.desired("myservice-green")), (0, Some(0)));
    assert_eq!((told.world.tasks("myservice"), told.world.desired("myservice")), (3, Some(3)));
    let (status, conclusion, _) = told.world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "failure"));
}

/// Both traffic targets' commands, which the AWS CLI understands.
#[track_caller]
fn tells_how_to_finish_by_hand(told: Told) {
    let put_back = r#"{"forward":{"targetGroups":[{"targetGroupIdentifier":"tg-12345678901234567","weight":100}]}}"#;
    told.says("STUCK")
        .says(&format!(
            "$ aws vpc-lattice update-rule --service-identifier svc-12345678901234567 --listener-identifier \
             listener-12345678901234567 --rule-identifier rule-12345678901234567 --action '{put_back}'"
        ))
        .says(&format!(
            "$ aws vpc-lattice update-listener --service-identifier svc-12345678901234567 --listener-identifier \
             listener-12345678901234567 --default-action '{put_back}'"
        ));
}

#[test]
fn a_candidate_that_turns_unhealthy_is_rolled_back_by_itself() {
    let story = Story::within("candidate-unhealthy");
    let told = story.deploy(&THREE).ends_with(3).says("the candidate had 25% of the traffic and no healthy target");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 0]);
    is_rolled_back(&story, &told);
}

#[test]
fn a_candidate_that_is_never_healthy_gets_no_traffic() {
    let story = Story::within("never-healthy");
    let told = story.deploy(&QUICK).ends_with(3).says("Task failed VPC Lattice health checks");
    assert_eq!(told.world.weights_of("myservice-b"), [0]);
    is_rolled_back(&story, &told);
}

#[test]
fn a_candidate_whose_tasks_crash_gets_no_traffic() {
    let story = Story::within("crash-loop");
    let told = story.deploy(&QUICK).ends_with(3).says("Essential container in task exited (exit code 1)");
    assert_eq!(told.world.weights_of("myservice-b"), [0]);
    is_rolled_back(&story, &told);
}

/// Argo Rollouts glues its causes into a text; Flagger and ECS go back without one. Here each has a code, and is told wherever somebody
/// looks: in the log, the comment, the check, the summary, the outputs and the journal.
#[test]
fn argo_7_c16_whatever_rolls_back_says_why_wherever_somebody_looks() {
    let back = json!({ "set-action": { "forward": { "initial": 100 } } });
    let back = json!({ "share_at_least": 5, "at": 5, "listener": "http-80", "rule": "api", "do": back });
    let refused = json!({ "operations": ["vpc-lattice:UpdateRule"], "nth": 2, "effect": "denied" });
    let metrics = "tests/fixtures/seed/metrics.yml";
    let table = [
        (
            Story::within("candidate-unhealthy"),
            CONFIG,
            &THREE[..],
            "no-healthy-targets",
            "25% of the traffic and no healthy target",
        ),
        (Story::within("never-healthy"), CONFIG, &QUICK, "deployment-failed", "Task failed VPC Lattice health checks"),
        (Story::within("crash-loop"), CONFIG, &QUICK, "deployment-failed", "ECS gave up the candidate's deployment"),
        (Story::within("error-rate-5pct"), metrics, &[], "analysis-failed", "(above 1%), with 5% of the traffic"),
        (Story::of(&json!({ "people": [back] })), CONFIG, &QUICK, "aborted", "aborted by "),
        (
            Story::of(&json!({ "faults": [refused] })),
            CONFIG,
            &QUICK,
            "refused",
            "step 1 failed: UpdateRule: AccessDeniedException",
        ),
    ];
    for (story, config, steps, code, why) in table {
        let [outputs, summary, temp] = ["outputs", "summary.md", ""].map(|name| story.path(name));
        let story = story.with("GITHUB_OUTPUT", outputs).with("GITHUB_STEP_SUMMARY", summary).with("RUNNER_TEMP", temp);
        let told = story.run(&[&["deploy", "-c", config], steps].concat()).ends_with(3);
        let told = told.says(&format!("({code})")).says(why);
        let (outputs, summary, comment) = (story.read("outputs"), story.read("summary.md"), told.world.comments().remove(0));
        let output = |name: &str| outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
        assert_eq!((output("outcome"), output("reason")), ("rolled-back", code), "{outputs}");
        assert!(comment.contains(why) && summary.contains(why), "{code}: {comment}\n{summary}");
        assert!(told.world.check_text().contains(why), "{code}: {}", told.world.check_text());
        let journal = std::fs::read_to_string(output("journal")).expect("a journal");
        let coded = format!("\"code\":\"{code}\"");
        for event in ["\"rolling-back\"", "\"finished\""] {
            assert!(journal.lines().any(|line| line.contains(event) && line.contains(&coded)), "{code}: {event} in\n{journal}");
        }
    }
}

/// ECS's own verdict on the deployment, long before the time is over that the candidate's tasks are given.
#[test]
fn a_deployment_that_ecs_gives_up_is_rolled_back_at_once() {
    let story = Story::within("crash-loop");
    let told = story.deploy(&QUICK).ends_with(3).says("(deployment-failed)").says("ECS gave up the candidate's deployment");
    let began = told.world.times_of("CreateService")[0];
    let ended = told.world.times_of("UpdateService").into_iter().max().expect("its tasks are stopped");
    assert!(ended - began < 600_000, "{began} {ended}");
}

/// The kernel kills tasks that have served: ECS counts none of them as failed.
#[test]
fn why_tasks_stopped_that_had_served_is_told() {
    let exits = json!({ "after": 150, "code": 137, "reason": "OutOfMemoryError: Container killed due to memory usage" });
    let story = Story::of(&json!({ "images": { "*": { "exits": exits } } }));
    let told = story.deploy(&["--steps", "5%:3m,100%:3m", "--settle", "30s"]).ends_with(3).says("(no-healthy-targets)");
    let told =
        told.says("no healthy target (3 × Essential container in task exited (exit code 137): OutOfMemoryError: Container");
    let comment = told.world.comments().remove(0);
    assert!(comment.contains("- 3 tasks stopped: ") && comment.contains("exit code 137"), "{comment}");
    assert!(told.world.check().1 == "failure");
    is_rolled_back(&story, &told);
}

/// All of a candidate's tasks exit at once while it serves, and ECS has started others in their place by the next look: their targets are
/// healthy then, or not checked yet.
#[test]
fn tasks_that_exit_between_two_looks_are_told_of_though_ecs_has_replaced_them() {
    for (registration, healthy) in [(1, "3 of 3 healthy (3 draining)"), (12, "0 of 3 healthy (3 starting, 3 draining)")] {
        let images = json!({ "*": { "exits": { "after": 118, "code": 1 }, "starts_after": 3 }, "myservice:1": {} });
        let story = Story::of(&json!({ "images": images, "knobs": { "registration": registration } }));
        let told = story.deploy(&["--steps", "100%:1m", "--retire-after", "never"]).ends_with(3).says(healthy);
        let why = "no healthy target (3 × Essential container in task exited (exit code 1))";
        let told = told.says("(no-healthy-targets)").says(why);
        assert_eq!(told.world.weights_of("myservice-b"), [0, 100, 0]);
        let comment = told.world.comments().remove(0);
        assert!(comment.contains("- 3 tasks stopped: ") && comment.contains("exit code 1"), "{comment}");
        is_rolled_back(&story, &told);
    }
}

#[test]
fn weights_that_somebody_else_sets_are_left_alone() {
    let told = Story::within("drift").deploy(&QUICK).ends_with(4).says("expected stable 95 / candidate 5, found myservice-b 30");
    let actions = told.world.actions();
    assert_eq!(actions["http-80/api"]["forward"]["myservice-b"], 30, "as the person left it");
    assert_eq!(actions["http-80/default"]["forward"]["myservice-b"], 5);
    assert_eq!(told.world.tasks("myservice-green"), 3, "what has traffic keeps its tasks");
    tells_how_to_finish_by_hand(told);
}

#[test]
fn a_rollback_that_aws_refuses_is_told_loudly() {
    let told = Story::within("stuck").deploy(&THREE).ends_with(4).says("AccessDeniedException");
    assert_eq!(told.world.actions()["http-80/api"]["forward"]["myservice-b"], 25);
    assert_eq!(told.world.check().1, "failure");
    assert!(told.world.comments()[0].contains("aws vpc-lattice update-rule"), "the comment has the commands too");
    tells_how_to_finish_by_hand(told);
}
