//! Hooks: programs of the job and ECS tasks, run on the way of a release.

use serde_json::json;

use super::{QUICK, QUICKLY};
use crate::harness::{Story, root};

/// The seed's config with these hooks, in the story's own folder.
fn config(story: &Story, hooks: &serde_json::Value) -> String {
    config_with(story, hooks, &json!(null))
}

/// The same with a test rule.
pub(super) fn config_with(story: &Story, hooks: &serde_json::Value, test_rule: &serde_json::Value) -> String {
    config_at(story, "espalier.yml", hooks, test_rule)
}

/// The same under another name, for another job of the story.
pub(super) fn config_at(story: &Story, name: &str, hooks: &serde_json::Value, test_rule: &serde_json::Value) -> String {
    let seed = root().join("tests/fixtures/seed");
    let definition = |name: &str| seed.join(name).to_str().expect("UTF-8").to_owned();
    let mut config = json!({
        "region": "ap-northeast-1",
        "cluster": "my-cluster",
        "service": "myservice",
        "service_definition": definition("ecs-service-def.json"),
        "task_definition": definition("ecs-task-def.json"),
        "jq": "del(.serviceConnectConfiguration)",
        "lattice": {
            "service": "myservice",
            "listener": "http-80",
            "infrastructure_role": "ecsInfrastructureRole",
            "slots": {
                "a": { "ecs_service": "myservice", "target_group": "myservice-a" },
                "b": { "ecs_service": "myservice-green", "target_group": "myservice-b" },
            },
        },
        "hooks": hooks,
    });
    if !test_rule.is_null() {
        config["lattice"]["test_rule"] = test_rule.clone();
    }
    story.write(name, &config.to_string())
}

#[test]
fn a_hook_that_fails_rolls_back_and_the_comment_says_what_it_said() {
    let story = Story::within("promoted");
    let told = story.deploy(
        &[
            &QUICK[..],
            &["--hooks", "before_shift=echo 'the checkout is broken' >&2; exit 7"],
            &["--hooks", "on_rollback=echo \"told of $ESPALIER_OUTCOME_REASON\""],
        ]
        .concat(),
    );
    let told = told.ends_with(3).says("| the checkout is broken").says("exit code 7").says("| told of hook-failed");
    assert_eq!(told.world.weights_of("myservice-b"), [0], "not one request");
    assert_eq!(told.world.actions(), story.untold().actions());
    let comment = told.world.comments().concat();
    for part in [
        "**The before&#95;shift hook failed: exit code 7**",
        "```text\nthe checkout is broken\n```",
        "✖ | `before_shift`, step 1",
    ] {
        assert!(comment.contains(part), "`{part}` is not in\n{comment}");
    }
    assert_eq!(told.world.check().1, "failure");
}

#[test]
fn the_hook_on_a_rollback_comes_when_the_weights_are_back() {
    let story = Story::within("promoted");
    let told = story.deploy(
        &[
            &QUICK[..],
            &["--hooks", "after_step=test \"$ESPALIER_CANDIDATE_WEIGHT\" = 0"],
            &["--hooks", "on_rollback=\"$ESPALIER\" status --lattice-service myservice; exit 9"],
        ]
        .concat(),
    );
    told.ends_with(3)
        .says("|   rule api")
        .says("myservice-a 100, myservice-b 0")
        .says("the on_rollback hook failed (exit code 9): the weights are back all the same");
}

#[test]
fn a_hook_that_hangs_is_ended_at_its_limit() {
    let hooks = ["--hooks", "before_promote=echo waiting; exec sleep 600", "--hook-timeout", "1s"];
    let told = Story::within("promoted").deploy(&[&QUICK[..], &hooks].concat());
    let told = told.ends_with(3).says("| waiting").says("(hook-timed-out)").says("longer than its limit of 1s");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100, 0]);
}

#[test]
fn a_signal_while_a_hook_runs_puts_the_weights_back_and_ends_the_hook() {
    // The hook sends it, so that it is known when it comes; it would take ten minutes by itself.
    let hooks = ["--hooks", "before_shift=[ \"$ESPALIER_STEP\" = 1 ] || { kill -INT $PPID; exec sleep 600; }"];
    let told = Story::within("promoted").deploy(&[&QUICK[..], &hooks].concat()).ends_with(3).says("(cancelled)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
}

#[test]
fn a_smoke_test_in_the_services_own_network_decides() {
    let hooks = json!({ "before_shift": { "run_task": { "command": ["./smoke", "--quick"] } } });
    for (code, exit) in [(0, 0), (4, 3)] {
        let scenario = json!({ "name": "promoted", "images": { "*": { "commands": { "./smoke --quick": { "after": 20, "code": code } } } } });
        let story = Story::of(&scenario);
        let config = config(&story, &hooks);
        let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat()).ends_with(exit).says("| started arn:aws:ecs:");
        let started = told.world.writes().iter().filter(|write| *write == "ecs:RunTask").count();
        assert_eq!(started, if code == 0 { 2 } else { 1 }, "once for each step");
        if code != 0 {
            assert_eq!(told.world.weights_of("myservice-b"), [0]);
            let comment = told.world.comments().concat();
            assert!(comment.contains("exit code 4: Essential container in task exited"), "{comment}");
        }
    }
}

#[test]
fn health_is_judged_while_a_task_hangs_and_the_task_is_stopped() {
    let hooks = json!({ "after_step": { "run_task": { "command": ["./hang"] } }, "timeout": "30m" });
    let behaviour = json!({ "healthy_for": 300, "commands": { "./hang": { "after": 86400 } } });
    let story = Story::of(&json!({ "name": "promoted", "images": { "*": behaviour } }));
    let config = config(&story, &hooks);
    let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat()).ends_with(3).says("(no-healthy-targets)");
    let writes = told.world.writes();
    let since = writes.iter().skip_while(|write| *write != "ecs:RunTask").filter(|write| !write.ends_with("TagResource"));
    let order: Vec<_> = since.take(4).map(String::as_str).collect();
    let [started, _, _, stopped] = order.as_slice() else { panic!("{order:?}") };
    assert_eq!((*started, *stopped), ("ecs:RunTask", "ecs:StopTask"), "weights first: {order:?}");
}

#[test]
fn a_task_that_the_role_may_not_run_rolls_back() {
    let hooks = json!({ "before_shift": { "run_task": { "command": ["./smoke"] } } });
    let policy = json!({"Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "ecs:RunTask", "Resource": "*" },
    ]});
    let scenario = json!({"name": "promoted", "iam": {"roles": {"deployer": {"policies": [policy]}}}});
    let story = Story::of(&scenario);
    let config = config(&story, &hooks);
    let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat()).ends_with(3);
    told.says("it could not be started").says("is not authorized to perform: ecs:RunTask");
}

/// Asks the service through the data plane, with and without the test header, while no weight is written yet.
const SMOKE: &str = r#"
[ "$ESPALIER_STEP" = 1 ] || exit 0
plane="${ESPALIER_DATA_PLANE#http://}"
ask() {
  exec 9<>"/dev/tcp/${plane%:*}/${plane#*:}"
  printf 'GET / HTTP/1.1\r\nHost: myservice-12345678901234567.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws\r\n%sConnection: close\r\n\r\n' "$1" >&9
  cat <&9
  exec 9<&-
}
echo "weight $ESPALIER_CANDIDATE_WEIGHT"
tested="$(ask "$ESPALIER_TEST_HEADER"$'\r\n')"; plain="$(ask '')"
echo "with: $tested"; echo "without: $plain"
[[ "$tested" == *myservice-b* && "$plain" == *myservice-a* && "$plain" != *myservice-b* ]]
"#;

#[test]
fn a_hook_reaches_the_candidate_by_the_test_header_before_any_weight() {
    let story = Story::of(&json!({ "name": "promoted", "knobs": { "propagation": 5 } }));
    let hooks = json!({ "before_shift": ["bash", "-c", SMOKE] });
    let config = config_with(&story, &hooks, &json!({ "header": { "x-espalier-test": "1" } }));
    let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat()).ends_with(0);
    let told = told.says("test requests reach myservice:2").says("| weight 0").says("the test rule is taken away");
    let writes = told.world.writes();
    let at = |what: &str| writes.iter().position(|write| write == what).unwrap_or_else(|| panic!("{what} is not in {writes:?}"));
    assert!(at("vpc-lattice:CreateRule") < at("ecs:CreateService"), "{writes:?}");
    assert!(at("vpc-lattice:DeleteRule") < at("ecs:UpdateService"), "{writes:?}");
    assert_eq!(told.world.actions().len(), story.untold().actions().len());
}

#[test]
fn an_abort_takes_the_test_rule_of_a_killed_job_away() {
    let story = Story::within_file("blocked-at-5");
    config_with(&story, &json!({}), &json!({ "header": { "x-espalier-test": "1" }, "path": "/api" }));
    let told = story.script(&format!(
        r#"
        begins deploy -c "$FOLDER/espalier.yml" {QUICKLY}
        kill -KILL $!
        exits 137 ends
        exits 0 espalier status --lattice-service myservice
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    assert!(told.world.writes().contains(&"vpc-lattice:CreateRule".to_owned()));
    assert_eq!(told.world.actions(), story.untold().actions());
}

#[test]
fn a_task_that_a_killed_job_left_at_work_is_stopped_by_the_next_job_and_nobody_elses_is() {
    let hangs = json!({ "after_step": { "run_task": { "command": ["./hang"] } }, "timeout": "30m" });
    let hanging = json!({ "commands": { "./hang": { "after": 86400 } } });
    let verbs = ["abort", "rollback", "recover", "resume -c \"$FOLDER/again.yml\""];
    for (verb, steps) in verbs.into_iter().zip([&[0, 5, 0][..], &[0, 5, 0], &[0, 5, 0], &[0, 5, 100]]) {
        // The job is killed while it waits for the answer to RunTask, so that not even it knows the task; stopping it is refused for long.
        let story = Story::of(&json!({
            "name": "promoted",
            "images": { "*": hanging, "myservice:1": hanging },
            "faults": [
                { "operations": ["ecs:RunTask"], "nth": 2, "effect": { "late-write": 0 } },
                { "operations": ["ecs:StopTask"], "until": 7, "effect": "throttle" },
            ],
        }));
        config_at(&story, "again.yml", &json!({ "before_promote": "true" }), &json!(null));
        config(&story, &hangs);
        let told = story.script(&format!(
            r#"
            network='"networkConfiguration": {{"awsvpcConfiguration": {{"subnets": ["subnet-1"]}}}}'
            command='"overrides": {{"containerOverrides": [{{"name": "web", "command": ["./hang"]}}]}}'
            ecs RunTask '{{"cluster": "my-cluster", "taskDefinition": "myservice:1", "startedBy": "somebody", "launchType": "FARGATE", '"$network, $command"'}}' >"$FOLDER/theirs"
            export ESPALIER_STEPS=5%:30s,100%:30s ESPALIER_SETTLE=30s ESPALIER_RETIRE_AFTER=30s
            AWAITED=LateWrite begins deploy -c "$FOLDER/espalier.yml"
            kill -KILL $!
            exits 137 ends
            later 200
            espalier {verb} --lattice-service myservice
            "#
        ));
        assert!([0, 3].contains(&told.run.code), "{verb}: {}{}", told.run.stdout, told.run.stderr);
        assert_eq!(told.world.weights_of("myservice-b"), steps, "{verb}");
        assert!(told.world.happened("late", "lands now") && told.world.writes().contains(&"ecs:StopTask".to_owned()), "{verb}");
        let left = ["espalier/", "somebody"].map(|name| told.world.started_by(name));
        assert_eq!(left, [0, 1], "{verb}: {}", told.run.stdout);
    }
}

/// The promotion is recorded when its job is killed, so that nobody takes the rollout over: the next one, of whatever kind, ends its hook.
#[test]
fn a_task_that_a_killed_job_left_at_work_is_stopped_by_the_next_release_too() {
    let hangs = json!({ "after_promote": { "run_task": { "command": ["./hang"] } }, "timeout": "30m" });
    let next = [
        format!("deploy --image web=nginx:1.29 {QUICKLY}"),
        "espalier shift --lattice-service myservice --from myservice-b --to myservice-a --steps 100%:30s --settle 30s".to_owned(),
    ];
    for next in next {
        let story = Story::of(&json!({
            "images": { "*": { "commands": { "./hang": { "after": 86400 } } } },
            "faults": [
                { "operations": ["ecs:RunTask"], "nth": 1, "effect": { "late-write": 0 } },
                { "operations": ["ecs:StopTask"], "until": 3, "effect": "throttle" },
            ],
        }));
        config(&story, &hangs);
        let told = story.script(&format!(
            r#"
            AWAITED=LateWrite begins deploy -c "$FOLDER/espalier.yml" {QUICKLY}
            kill -KILL $!
            exits 137 ends
            later 400
            exits 0 {next}
            exits 0 espalier status --lattice-service myservice --format json
            "#
        ));
        let told = told.ends_with(0);
        assert!(told.world.happened("late", "lands now") && told.world.writes().contains(&"ecs:StopTask".to_owned()), "{next}");
        assert_eq!(told.world.started_by("espalier/"), 0, "{next}: {}", told.run.stdout);
        assert!(!told.world.record().contains("unended="), "{next}: {}", told.world.record());
    }
}

/// A rollback that is killed as well knows whose hook it had still to end, and so does whoever goes on with it.
#[test]
fn a_task_outlives_neither_the_release_nor_the_rollback_that_were_killed_one_after_the_other() {
    let story = Story::of(&json!({
        "images": { "*": { "commands": { "./hang": { "after": 86400 } } } },
        "faults": [
            { "operations": ["ecs:RunTask"], "nth": 1, "effect": { "late-write": 0 } },
            { "operations": ["vpc-lattice:UpdateRule"], "after": 1500, "before": 3000, "effect": "hang" },
        ],
    }));
    config(&story, &json!({ "after_promote": { "run_task": { "command": ["./hang"] } }, "timeout": "30m" }));
    let told = story.script(&format!(
        r#"
        AWAITED=LateWrite begins deploy -c "$FOLDER/espalier.yml" {QUICKLY}
        kill -KILL $!
        exits 137 ends
        later 1600
        begins rollback --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        later 2000
        exits 0 espalier resume --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!(told.world.started_by("espalier/"), 0, "{}", told.run.stdout);
}

/// `docs/hooks.md`: neither `abort` nor `rollback` run hooks, whoever goes on with them.
#[test]
fn a_rollback_that_another_job_goes_on_with_has_no_gates() {
    let story = Story::of(&json!({
        "faults": [{ "operations": ["ecs:DescribeTasks"], "after": 1500, "before": 3000, "effect": "hang" }],
    }));
    let shut = json!({ "before_release": "false", "before_shift": "false", "before_promote": "false" });
    let config = config(&story, &shut);
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        later 1400
        begins rollback --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        later 2000
        exits 0 espalier resume -c "{config}"
        "#
    ));
    let told = told.ends_with(0);
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
}

#[test]
fn gates_fail_closed_for_a_deploy_that_goes_on_with_what_is_there() {
    let story = Story::within_file("blocked-at-5");
    let bare = config_at(&story, "bare.yml", &json!({}), &json!(null));
    config(&story, &json!({ "after_step": "false" }));
    let told = story.script(&format!(
        r#"
        begins deploy -c "$FOLDER/espalier.yml" {QUICKLY}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 5 espalier deploy -c "{bare}" {QUICKLY} --on-existing resume
        "#
    ));
    let told = told.ends_with(0).complains("began with hooks, and what they run is in the config that it began with");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&5));
}

#[test]
fn gates_fail_closed_where_the_config_with_them_is_missing() {
    let story = Story::within("promoted");
    let path = config(&story, &json!({ "after_step": "echo hook of step $ESPALIER_STEP" }));
    let text = std::fs::read_to_string(path).expect("a config");
    let mut planned: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let hold = json!({ "hold": { "timeout": "4h" } });
    let step = |weight: &str| json!({ "weight": weight, "bake": "30s" });
    let steps = json!([step("5%"), hold, step("50%"), hold, step("100%")]);
    planned["rollout"] = json!({ "steps": steps, "settle": "30s", "retire_after": "30s" });
    story.write("espalier.yml", &planned.to_string());
    let told = story.script(
        r#"
        exits 0 espalier deploy -c "$FOLDER/espalier.yml"
        exits 0 espalier promote --lattice-service myservice -c "$FOLDER/espalier.yml"
        exits 5 espalier promote --lattice-service myservice
        exits 5 espalier promote --lattice-service myservice --full
        exits 0 espalier promote --lattice-service myservice -c "$FOLDER/espalier.yml"
        "#,
    );
    told.ends_with(0)
        .says("| hook of step 1")
        .says("| hook of step 3")
        .complains("began with hooks, and what they run is in the config that it began with");
}

/// A hold that goes on by itself goes on with its gates, or not at all.
#[test]
fn a_sweep_does_not_go_past_a_gate_that_it_does_not_know() {
    let held = "--steps 5%:30s,hold:1h:continue,100%:30s --settle 30s --retire-after 30s";
    for (gate, with_config, code, says) in [
        ("echo gate of $ESPALIER_STEP", true, 0, "| gate of 2"),
        ("exit 1", true, 3, "the before_shift hook failed"),
        ("echo gate of $ESPALIER_STEP", false, 3, "rolled-back (hold-expired)"),
    ] {
        let story = Story::within("promoted");
        let hooks = json!({ "before_shift": format!("[ $ESPALIER_STEP = 1 ] || {gate}") });
        let config = config(&story, &hooks);
        let with = if with_config { format!("-c \"{config}\"") } else { String::new() };
        let told = story.script(&format!(
            r#"
            exits 0 espalier deploy -c "{config}" {held}
            export ESPALIER_STEPS=5%:30s,hold:1h:continue,100%:30s ESPALIER_SETTLE=30s ESPALIER_RETIRE_AFTER=30s
            later 3700
            exits {code} espalier resume --all {with}
            "#
        ));
        let told = told.ends_with(0).says(says);
        let most = if code == 0 { 100 } else { 5 };
        assert_eq!(told.world.weights_of("myservice-b").iter().max(), Some(&most), "{gate}");
    }
}
