//! The policy that `iam-policy` prints for a config that declares resources.

use serde_json::{Value, json};

use crate::harness::{Story, Told, root};

/// What `up` can declare, all of it; and what of it can be changed, changed.
pub(super) fn config(is_changed: bool, releases: bool) -> Value {
    let either = |first: Value, second: Value| if is_changed { second } else { first };
    let principal = either(json!("*"), json!("arn:aws:iam::210987654321:root"));
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": principal, "Action": "vpc-lattice-svcs:Invoke", "Resource": "*" },
    ] });
    let with = either(json!(["210987654321"]), json!(["310987654321"]));
    let group = json!({ "vpc": "vpc-12345678", "port": 80, "health_check": { "path": either(json!("/"), json!("/health")) } });
    let targets = json!(["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/front/0123456789abcdef"]);
    let auth = |guarded: Value| {
        let mut guarded = guarded;
        guarded["auth"] = either(json!("iam"), json!("none"));
        if !is_changed {
            guarded["auth_policy"] = policy.clone();
        }
        guarded["share_with"] = with.clone();
        guarded
    };
    let mut config = json!({
        "region": "ap-northeast-1", "cluster": "my-cluster", "service": "shop",
        "up": {
            "tags": { "team": either(json!("one"), json!("two")) },
            "network": auth(json!({
                "vpcs": [{ "vpc": "vpc-0123456789abcdef0", "security_groups": [either(json!("sg-0123456789abcdef0"), json!("sg-0123456789abcdef1"))] }],
                "access_logs": ["arn:aws:s3:::my-access-logs"],
            })),
            "service": auth(json!({ "domain": "shop.example.com", "hosted_zone": "example.com" })),
            "target_groups": {
                "a": group, "b": group,
                "legacy": { "type": "instance", "vpc": "vpc-12345678", "port": 8080, "targets": ["i-0123456789abcdef0"] },
                "front": { "type": "alb", "vpc": "vpc-12345678", "port": 80, "targets": targets },
            },
            "listeners": { "http": {
                "default": { "forward": { "a": 100, "b": 0 } },
                "rules": {
                    "legacy": { "priority": 10, "match": { "path": "/legacy" }, "forward": either(json!("legacy"), json!("front")) },
                    "front": { "priority": 20, "match": { "path": "/front" }, "forward": "front" },
                },
            } },
        },
    });
    if releases {
        let seed = |name: &str| root().join("tests/fixtures/seed").join(name).display().to_string();
        config["service_definition"] = json!(seed("ecs-service-def.json"));
        config["task_definition"] = json!(seed("ecs-task-def.json"));
        config["lattice"] = json!({ "infrastructure_role": "ecsInfrastructureRole", "port_name": "http", "rules": ["default"] });
        config["jq"] = json!("del(.serviceConnectConfiguration)");
        config["rollout"] = json!({ "steps": [{ "weight": "100%", "bake": "30s" }], "settle": "30s", "retire_after": "never" });
    }
    config
}

/// A world whose deployer has this policy, and no other.
fn by(policy: Option<&Value>, releases: bool, script: &str) -> Told {
    let mut world = json!({ "hosted_zones": [{ "name": "example.com" }] });
    if let Some(policy) = policy {
        world["iam"] = json!({ "roles": { "deployer": { "policies": [policy] }, "ecsInfrastructureRole": {} } });
    }
    let story = Story::of(&world);
    let first = story.write("first.yml", &config(false, releases).to_string());
    let second = story.write("second.yml", &config(true, releases).to_string());
    story.script(&script.replace("FIRST", &first).replace("SECOND", &second))
}

const UP: &str = "exits 0 espalier up -c FIRST\nexits 0 espalier up -c SECOND\nexits 0 espalier up -c FIRST\n";
const DEPLOY: &str = "exits 0 espalier deploy -c FIRST --image web=nginx:1.28\n";
const DOWN: &str = "exits 0 espalier down -c FIRST\nexits 0 espalier down -c FIRST\n";

fn printed(releases: bool, more: &str) -> (Value, Told) {
    let told = by(None, releases, &format!("exits 0 espalier iam-policy -c FIRST {more}")).ends_with(0);
    assert!(told.world.writes().is_empty(), "it only looks: {:?}", told.world.writes());
    (serde_json::from_str(&told.run.stdout).expect("JSON"), told)
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    policy["Statement"].as_array().expect("statements").iter()
}

fn is_of_up(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|sid| sid.starts_with("Up") && sid != "UpdateServices" || sid.starts_with("Down"))
}

#[test]
fn with_the_printed_policy_resources_come_and_go() {
    for more in ["", "--account 123456789012"] {
        let (policy, told) = printed(false, more);
        told.complains("note: the config has no service definition: the policy is for `up` and `down` alone");
        assert!(statements(&policy).all(is_of_up), "{policy:#}");
        let told = by(Some(&policy), false, &format!("{UP}{DOWN}")).ends_with(0);
        assert!(told.run.stdout.ends_with("Nothing to do.\n"), "{}", told.run.stdout);
    }
}

#[test]
fn what_nobody_owns_is_taken_over_with_it_and_what_another_owns_is_not() {
    let story = Story::within("promoted");
    let text = "region: ap-northeast-1\nservice: myservice\nup:\n  service: {}\n  target_groups:\n    a: { vpc: vpc-12345678 }\n";
    let config = story.write("espalier.yml", text);
    let policy = story.run(&["iam-policy", "-c", &config]).ends_with(0).run.stdout;
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    let world = json!({ "iam": { "roles": { "deployer": { "policies": [policy] } } } });
    let story = Story::of(&world);
    let config = story.write("espalier.yml", text);
    let other =
        story.write("other.yml", &text.replace("service: myservice", "service: other").replace("{}", "{ name: myservice }"));
    let told = story.script(&format!(
        "exits 0 espalier up -c {config} --adopt
         exits 5 espalier up -c {other} --adopt"
    ));
    told.ends_with(0).complains("belongs to `myservice`");
}

#[test]
fn with_any_of_its_statements_removed_something_fails_and_no_action_is_there_in_vain() {
    let (policy, told) = printed(true, "");
    let told = told.complains("the policy has patterns; print it again after `up`");
    drop(told);
    let whole = format!("{UP}{DEPLOY}{DOWN}");
    let told = by(Some(&policy), true, &whole).ends_with(0);
    let used: Vec<Value> = told.world.permissions().into_iter().map(|used| used["action"].clone()).collect();
    for statement in statements(&policy).filter(|statement| is_of_up(statement)) {
        for action in statement["Action"].as_array().expect("a list") {
            assert!(used.contains(action), "nothing needs {action} of {}", statement["Sid"]);
        }
        let others: Vec<&Value> = statements(&policy).filter(|other| *other != statement).collect();
        let run = by(Some(&json!({ "Version": "2012-10-17", "Statement": others })), true, &whole).run;
        assert_ne!(run.code, 0, "nothing needs {statement:#}");
        let said = run.stdout + &run.stderr;
        assert!(said.contains("is not authorized to perform: "), "without {}: {said}", statement["Sid"]);
    }
}
