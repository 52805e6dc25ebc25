//! What a release needs of IAM: the sandbox tells, and enforces it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::QUICK;
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

#[test]
fn a_policy_that_is_none_is_refused_before_anything_runs() {
    let story = Story::within("promoted");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "UpdateRule", "Resource": "*"}]});
    let scenario = json!({"iam": {"roles": {"deployer": {"policies": [policy]}}}});
    let file = story.write("scenario.yml", &scenario.to_string());
    let run = crate::harness::Run::of(&mut crate::harness::espalier(&["sandbox", "run", "--scenario", &file, "--", "status"]));
    run.ends_with(2).complains("statement 1: `UpdateRule` is no action; write one like \"ecs:UpdateService\"");
}
