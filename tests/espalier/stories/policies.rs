//! The policy that `iam-policy` prints, given to the role: with it everything passes, with anything taken out of it something fails.

use std::fs;

use serde_json::{Value, json};

use super::{QUICKLY, capacity::scales_itself, hooks::config_with};
use crate::harness::{Story, Told};

/// Every feature that needs a permission of its own.
fn config(story: &Story) -> String {
    let hooks = json!({ "before_shift": { "run_task": { "command": ["./probe"] } }, "timeout": "1m" });
    let path = config_with(story, &hooks, &json!({ "header": { "x-espalier-test": "1" } }));
    let mut config: Value = serde_json::from_str(&fs::read_to_string(&path).expect("the config")).expect("JSON");
    config["rollout"] = json!({
        "steps": [{ "weight": "5%", "bake": "2m" }, { "hold": { "timeout": "4h" } }, { "weight": "100%", "bake": "2m" }],
        "settle": "30s", "retire_after": "30s", "lock": "ssm",
    });
    config["jq"] = json!("del(.serviceConnectConfiguration) | .tags = [{ key: \"team\", value: \"shop\" }]");
    config["analysis"] = json!({ "metrics": [{ "name": "errors", "metric": "error-rate", "max": "1%" }], "alarms": ["5xx"] });
    story.write("espalier.yml", &config.to_string())
}

/// A world in which all of them have something to do.
fn world(policy: Option<&Value>, probe: &Value) -> Story {
    let mut world = scales_itself();
    world["load"] = json!([{ "rps": 100 }]);
    world["alarms"] = json!([{ "name": "5xx" }]);
    let vpc = json!({ "vpc": "vpc-12345678", "security_groups": ["sg-12345678"] });
    world["lattice"]["service_networks"] = json!([{ "name": "my-service-network", "services": ["myservice"], "vpcs": [vpc] }]);
    world["images"] = json!({ "*": { "commands": { "./probe": probe } } });
    if let Some(policy) = policy {
        world["iam"] = json!({ "roles": { "deployer": { "policies": [policy] }, "ecsInfrastructureRole": {} } });
    }
    Story::of(&world)
}

fn is_fine() -> Value {
    json!({ "code": 0 })
}

/// What is printed for it, with these arguments.
fn printed(arguments: &[&str]) -> (Value, Told) {
    let story = world(None, &is_fine());
    let config = config(&story);
    let output = story.path("policy.json");
    let output = output.to_str().expect("UTF-8");
    let told = story.run(&[&["iam-policy", "-c", &config, "--output", output], arguments].concat()).ends_with(0);
    (serde_json::from_str(&story.read("policy.json")).expect("JSON"), told)
}

/// A script in that world, by a role with this policy.
fn by(policy: &Value, probe: &Value, script: &str) -> Told {
    let story = world(Some(policy), probe);
    let config = config(&story);
    story.script(&format!("run() {{ local verb=\"$1\"; shift; espalier \"$verb\" -c {config} \"$@\"; }}\n{script}"))
}

/// A first release, another that is aborted, a third, and back; with all that other jobs do meanwhile.
const EVERYTHING: &str = r#"
    exits 0 run verify
    exits 0 run deploy
    exits 0 espalier resume --all
    exits 0 run promote --full
    exits 0 run deploy --image web=nginx:1.29
    exits 0 run status
    exits 0 run abort
    exits 0 run deploy --image web=nginx:1.30
    exits 0 run promote
    exits 0 run rollback
    exits 0 run recover
    exits 0 espalier resume --all
"#;

fn statements(policy: &Value) -> &[Value] {
    policy["Statement"].as_array().expect("statements")
}

fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    text.strip_prefix(start).is_some_and(|after| (0..=after.len()).any(|at| after.get(at..).is_some_and(|end| fits(rest, end))))
}

/// Whether a statement allows what was used.
fn allows(statement: &Value, used: &Value) -> bool {
    let each = |member: &str| statement[member].as_array().expect("a list").iter().filter_map(Value::as_str);
    let (action, resource) = (used["action"].as_str().expect("an action"), used["resource"].as_str().expect("a resource"));
    let passed = &statement["Condition"]["StringEquals"]["iam:PassedToService"];
    each("Action").any(|one| one == action)
        && each("Resource").any(|one| fits(one, resource))
        && (passed.is_null() || *passed == used["passed_to"])
}

#[test]
fn with_the_printed_policy_everything_passes() {
    let (policy, told) = printed(&[]);
    assert!(told.world.writes().is_empty(), "it only looks: {:?}", told.world.writes());
    assert_eq!(policy, printed(&[]).0, "the same config and world, the same policy");
    let told = by(&policy, &is_fine(), EVERYTHING).ends_with(0);
    let said = told.run.stdout + &told.run.stderr;
    assert!(!said.contains("not authorized") && !said.contains("[permission"), "{said}");
}

#[test]
fn without_aws_the_policy_has_patterns_and_still_suffices() {
    let (policy, told) = printed(&["--account", "123456789012", "--aws-role", "arn:aws:iam::123456789012:role/deployer"]);
    let told = told.complains("only AWS knows the ids of myservice, http-80, myservice-a, myservice-b");
    assert_eq!(told.world.calls(), [""; 0], "nothing is asked");
    by(&policy, &is_fine(), &format!("exits 0 run verify\nexits 0 run deploy {QUICKLY}\nexits 0 run rollback")).ends_with(0);
}

#[test]
fn with_any_statement_removed_something_fails_and_no_action_is_there_in_vain() {
    let (policy, _) = printed(&[]);
    let (fine, hangs) = (is_fine(), json!({ "after": 86400 }));
    let deploy = format!("run deploy {QUICKLY}");
    let stories = [("run verify", &fine, 0), (deploy.as_str(), &fine, 0), (deploy.as_str(), &hangs, 3)];
    let used = stories.map(|(script, probe, code)| by(&policy, probe, script).ends_with(code).world.permissions());
    for (index, statement) in statements(&policy).iter().enumerate() {
        let others: Vec<&Value> =
            statements(&policy).iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other).collect();
        let is_alone = |used: &&Value| allows(statement, used) && !others.iter().any(|other| allows(other, used));
        let needed =
            |action: &Value| used.iter().any(|used| used.iter().any(|used| used["action"] == *action && is_alone(&used)));
        for action in statement["Action"].as_array().expect("a list") {
            assert!(needed(action), "nothing needs {action} of {}", statement["Sid"]);
        }
        let story = used.iter().position(|used| used.iter().any(|used| is_alone(&used))).expect("a story needs it");
        let (script, probe, _) = stories[story];
        let without = json!({ "Version": "2012-10-17", "Statement": others });
        let run = by(&without, probe, script).run;
        let said = run.stdout + &run.stderr;
        let is_told =
            |action: &Value| said.contains(&format!("is not authorized to perform: {}", action.as_str().unwrap_or_default()));
        assert!(
            statement["Action"].as_array().is_some_and(|actions| actions.iter().any(is_told)),
            "without {}, {script}: exit code {}\n{said}",
            statement["Sid"],
            run.code
        );
    }
}

#[test]
fn a_shift_needs_no_more_than_the_policy() {
    let story = Story::within_file("three-services");
    let path = config_with(&story, &json!({}), &Value::Null);
    let named = |story: &Story| {
        let config =
            fs::read_to_string(&path).expect("the config").replace("myservice-green", "good").replace("myservice-b", "good");
        story.write("shift.yml", &config)
    };
    let config = named(&story);
    let policy = story.run(&["iam-policy", "-c", &config]).ends_with(0).run.stdout;
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    let scenario =
        fs::read_to_string(crate::harness::root().join("tests/fixtures/scenarios/three-services.yml")).expect("the world");
    let roles = json!({ "roles": { "deployer": { "policies": [policy] } } });
    let story = Story::within("promoted").elsewhere("scenario.yml", &format!("{scenario}\niam: {roles}\n"));
    let config = named(&story);
    story
        .script(&format!("exits 0 espalier shift -c {config} {QUICK_SHIFT}\nexits 0 espalier rollback -c {config}"))
        .ends_with(0);
}

const QUICK_SHIFT: &str = "--steps 5%:30s,100%:30s --settle 30s";

#[test]
fn it_tells_what_statements_are_for_and_what_is_wrong() {
    let story = Story::within("promoted");
    let config = config(&story);
    let told = story.run(&["iam-policy", "-c", &config, "--format", "markdown", "--account", "123456789012"]).ends_with(0);
    told.says("- MoveTraffic: write weights: vpc-lattice:UpdateRule, vpc-lattice:UpdateListener on arn:aws:vpc-lattice:")
        .says("```json\n{")
        .complains("the role itself is not known");
    let ids = ["--lattice-service", "svc-12345678901234567", "--listener", "listener-12345678901234567"];
    let command = [&["iam-policy", "-c", &config, "--format", "text", "--account", "123456789012"], &ids[..]].concat();
    let listener =
        "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/listener-12345678901234567";
    story.run(&command).ends_with(0).says(&format!("vpc-lattice:UpdateListener on {listener}, {listener}/rule/*\n"));
    let told = story.run(&["iam-policy", "-c", &config, "--format", "text", "--rules", "default"]).ends_with(0);
    told.says(&format!("MoveTraffic: write weights: vpc-lattice:UpdateListener on {listener}\n"));
    story.run(&["iam-policy", "-c", &config, "--account", "1234"]).ends_with(2).complains("`1234` is no AWS account");
}
