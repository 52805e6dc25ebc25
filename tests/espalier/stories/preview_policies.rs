//! The policy that `iam-policy` prints for a config with previews.

use serde_json::{Value, json};

use super::previews::{config, everything, script, world};
use crate::harness::{Story, Told};

const REACHES: [&str; 2] = ["header", "service"];
const ALL: &str = "up --image web=myservice:2 && up --image web=myservice:3 && preview list && preview sweep && down";

/// A world whose deployer has this policy, and no other.
fn by(policy: Option<&Value>, reach: &str, text: &str) -> Told {
    let mut world = world(&json!({}));
    if let Some(policy) = policy {
        world["iam"] = json!({ "roles": { "deployer": { "policies": [policy] }, "ecsInfrastructureRole": {} } });
    }
    let story = Story::of(&world);
    let path = config(&story, &json!({ "reach": reach, "networks": ["my-service-network"] }));
    script(&story, &path, &text.replace("CONFIG", &path))
}

fn printed() -> Value {
    let told = by(None, "auto", "exits 0 espalier iam-policy -c CONFIG").ends_with(0);
    serde_json::from_str(&told.run.stdout).expect("JSON")
}

#[test]
fn with_the_printed_policy_previews_come_and_go() {
    let policy = printed();
    for reach in REACHES {
        let told = by(Some(&policy), reach, ALL).ends_with(0);
        let said = told.run.stdout.clone() + &told.run.stderr;
        assert!(!said.contains("not authorized") && !said.contains("warning: AWS"), "{said}");
        assert!(everything(&told.world)[0].iter().all(|name| !name.contains("-pr-")), "{said}");
    }
}

#[test]
fn with_any_of_their_statements_removed_something_fails() {
    let policy = printed();
    let statements = policy["Statement"].as_array().expect("statements");
    let of_previews = |statement: &&Value| statement["Sid"].as_str().is_some_and(|sid| sid.starts_with("Preview"));
    assert!(statements.iter().filter(of_previews).count() > 7, "{policy:#}");
    for removed in statements.iter().filter(of_previews) {
        let others: Vec<&Value> = statements.iter().filter(|statement| *statement != removed).collect();
        let without = json!({ "Version": "2012-10-17", "Statement": others });
        let fails = REACHES.iter().any(|reach| {
            let run = by(Some(&without), reach, ALL).run;
            (run.stdout + &run.stderr).contains("is not authorized to perform: ")
        });
        assert!(fails, "nothing needs {removed:#}");
    }
}
