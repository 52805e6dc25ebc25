//! What a release needs of IAM: the sandbox tells, and enforces it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{QUICK, capacity, hooks::config_with};
use crate::harness::{Story, Told};

/// The permissions that the seed's release uses where nothing is enforced.
fn used() -> Vec<Value> {
    Story::within("promoted").deploy(&QUICK).ends_with(0).world.permissions()
}

/// A policy that allows exactly these.
fn policy(used: &[Value]) -> Value {
    let statements = used.iter().map(|used| {
        let mut statement = json!({"Effect": "Allow", "Action": used["action"], "Resource": used["resource"]});
        if let Some(to) = used["passed_to"].as_str() {
            statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": to}});
        }
        statement
    });
    json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()})
}

/// The seed's release by a role with this policy.
fn release(policy: &Value) -> Told {
    let bare = Story::within("promoted");
    let scenario = json!({"name": "promoted", "iam": {"roles": {"deployer": {"policies": [policy]}}}});
    let file = bare.write("scenario.yml", &scenario.to_string());
    Story::within(&file).deploy(&QUICK)
}

#[test]
fn a_release_needs_every_permission_that_it_uses_and_no_other() {
    let used = used();
    let told = release(&policy(&used)).ends_with(0).says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.permissions(), used, "the same release needs the same");

    let actions: BTreeSet<&str> = used.iter().filter_map(|used| used["action"].as_str()).collect();
    assert!(actions.len() > 15 && actions.contains("vpc-lattice:UpdateRule"), "{actions:?}");
    for action in actions {
        let without: Vec<Value> = used.iter().filter(|used| used["action"] != action).cloned().collect();
        let told = release(&policy(&without));
        // Without it the candidate is stable and the old tasks stay, which is told and fails nothing.
        let only_afterwards = action == "ecs:UpdateService";
        assert_eq!(told.run.code == 0, only_afterwards, "the release without {action}: {}", told.run.stdout);
        let missing = format!("is not authorized to perform: {action} on resource: ");
        let said = told.run.stdout + &told.run.stderr;
        assert!(said.contains(&missing), "`{missing}` is not in\n{said}");
    }
}

#[test]
fn a_release_that_metrics_and_alarms_judge_needs_to_read_them() {
    let config = std::fs::read_to_string(crate::harness::root().join("tests/fixtures/seed/metrics.yml")).expect("the config");
    let seed = crate::harness::root().join("tests/fixtures/seed");
    let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display())) + "  alarms: [5xx]\n";
    let release = |policy: Option<Value>| {
        let bare = Story::within("promoted");
        let mut world = json!({"load": [{"rps": 100}], "alarms": [{"name": "5xx"}]});
        if let Some(policy) = policy {
            world["iam"] = json!({"roles": {"deployer": {"policies": [policy]}}});
        }
        let (scenario, config) = (bare.write("scenario.yml", &world.to_string()), bare.write("espalier.yml", &config));
        Story::within(&scenario).run(&["deploy", "-c", &config])
    };
    let used = release(None).ends_with(0).world.permissions();
    release(Some(policy(&used))).ends_with(0).says("myservice:2 promoted");
    for action in ["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"] {
        let without: Vec<Value> = used.iter().filter(|used| used["action"] != action).cloned().collect();
        assert!(without.len() < used.len(), "{action} is used");
        let told = release(Some(policy(&without))).ends_with(1).complains(&format!("is not authorized to perform: {action}"));
        assert!(told.world.writes().is_empty(), "nothing was written before: {:?}", told.world.writes());
    }
}

/// Releases with this config in such a world, by a role that may do what it uses: it ends as it does where nothing is enforced. Then
/// each of the actions `of` these services is taken away: it is named, and the release fails, or ends as before where it is
/// `told`, because it is about what comes afterwards.
fn each_is_needed(world: &Value, hooks: &Value, test_rule: &Value, arguments: &[&str], of: &[&str], told: &[&str]) {
    let release = |policy: Option<Value>| {
        let mut world = world.clone();
        if let Some(policy) = policy {
            world["iam"] = json!({"roles": {"deployer": {"policies": [policy]}}});
        }
        let story = Story::of(&world);
        let config = config_with(&story, hooks, test_rule);
        story.run(&[&["deploy", "-c", &config], &QUICK[..], arguments].concat())
    };
    let free = release(None);
    let used = free.world.permissions();
    let held = release(Some(policy(&used))).ends_with(free.run.code);
    assert_eq!(held.world.permissions(), used, "the same release needs the same");
    let actions: BTreeSet<&str> = used.iter().filter_map(|used| used["action"].as_str()).collect();
    let actions: Vec<&str> = actions.into_iter().filter(|action| of.iter().any(|of| action.starts_with(of))).collect();
    assert!(told.iter().all(|told| actions.contains(told)) && actions.len() >= of.len(), "{actions:?}");
    for action in actions {
        let without: Vec<Value> = used.iter().filter(|used| used["action"] != action).cloned().collect();
        let run = release(Some(policy(&without))).run;
        assert_eq!(run.code == free.run.code, told.contains(&action), "without {action}: {}{}", run.stdout, run.stderr);
        let missing = format!("is not authorized to perform: {action} on resource: ");
        let said = run.stdout + &run.stderr;
        assert!(said.contains(&missing), "`{missing}` is not in\n{said}");
    }
}

#[test]
fn a_test_rule_needs_to_be_made_and_to_be_taken_away() {
    let rule = json!({ "header": { "x-espalier-test": "1" } });
    let of = ["vpc-lattice:CreateRule", "vpc-lattice:DeleteRule"];
    each_is_needed(&json!({}), &json!({}), &rule, &[], &of, &["vpc-lattice:DeleteRule"]);
}

#[test]
fn a_hooks_task_needs_to_be_run_and_stopped() {
    let world = json!({ "images": { "*": { "commands": { "./hang": { "after": 86400 } } } } });
    let hooks = json!({ "before_shift": { "run_task": { "command": ["./hang"] } }, "timeout": "1m" });
    // Rolled back because of the hook either way.
    each_is_needed(&world, &hooks, &json!(null), &[], &["ecs:RunTask", "ecs:StopTask"], &["ecs:RunTask", "ecs:StopTask"]);
}

#[test]
fn a_lock_needs_its_parameter() {
    let of = ["ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter"];
    let afterwards = ["ssm:GetParameter", "ssm:DeleteParameter"];
    each_is_needed(&json!({}), &json!({}), &json!(null), &["--lock", "ssm"], &of, &afterwards);
}

#[test]
fn a_service_that_scales_by_itself_needs_its_scaling_to_be_read_and_written() {
    each_is_needed(&capacity::scales_itself(), &json!({}), &json!(null), &[], &["application-autoscaling:"], &[]);
}

#[test]
fn a_policy_that_is_none_is_refused_before_anything_runs() {
    let story = Story::within("promoted");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "UpdateRule", "Resource": "*"}]});
    let scenario = json!({"iam": {"roles": {"deployer": {"policies": [policy]}}}});
    let file = story.write("scenario.yml", &scenario.to_string());
    let run = crate::harness::Run::of(&mut crate::harness::espalier(&["sandbox", "run", "--scenario", &file, "--", "status"]));
    run.ends_with(2).complains("statement 1: `UpdateRule` is no action; write one like \"ecs:UpdateService\"");
}
