//! The same for a release with all that can be given to one: a test rule, an ECS task as a hook, metrics and the lock. Killed at any call
//! about these, another job leaves none of them behind.

use serde_json::{Value, json};

use super::{
    hooks::config_with,
    killed::{self, Candidate, EFFECTS, VERBS, sample, settled, turn},
};
use crate::harness::Story;

/// How many calls are tried where nobody asks for all.
const SAMPLE: usize = 8;
const RELEASE: &str = "deploy -c \"$FOLDER/espalier.yml\" --lock ssm";
/// What whoever goes on has to be told as well.
const PLAN: &str = "export ESPALIER_RETIRE_AFTER=60s ESPALIER_STEPS=5%:30s,100%:30s ESPALIER_SETTLE=30s";
/// What a plain release does not call, and what it hardly calls.
const OPERATIONS: [&str; 6] =
    ["vpc-lattice:CreateRule", "vpc-lattice:DeleteRule", "ecs:RunTask", "ecs:StopTask", "cloudwatch:*", "ssm:*"];

/// The scheduled sweep, where the release is promoted and not over.
const SWEPT: &str =
    "if espalier status --lattice-service myservice | grep -q ': promoted, '; then later 400; exits 0 espalier resume --all; fi";

fn equipped(faults: &Value) -> Story {
    let story = Story::of(&json!({
        "name": "promoted",
        "images": { "*": { "commands": { "./smoke": { "after": 60, "code": 0 } } } },
        "load": [{ "rps": 20 }],
        "faults": faults,
    }));
    let hooks = json!({ "before_shift": { "run_task": { "command": ["./smoke"] } } });
    let config = config_with(&story, &hooks, &json!({ "header": { "x-espalier-test": "1" } }));
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(config).expect("a config")).expect("JSON");
    config["analysis"] = json!({ "metrics": [{ "name": "errors", "metric": "error-rate", "max": "5%", "min_requests": 10 }] });
    story.write("espalier.yml", &config.to_string());
    story
}

#[test]
fn killed_at_any_call_about_what_a_release_was_given_another_job_leaves_none_of_it() {
    let before = equipped(&json!([])).untold();
    let told = equipped(&json!([])).script(&format!("{PLAN}\nexits 0 espalier {RELEASE}")).ends_with(0);
    assert_eq!(told.world.parameters(), [Value::Null; 0]);
    let counts = |call: &&String| OPERATIONS.iter().any(|operation| call.starts_with(operation.trim_end_matches('*')));
    let calls = told.world.calls().iter().filter(counts).count();
    assert!(calls > 8, "{calls}");
    for (place, nth) in sample(calls, SAMPLE).into_iter().enumerate() {
        for (effect, awaited) in turn(&EFFECTS, place + 1) {
            for (verb, codes) in turn(&VERBS, place / 2 + place) {
                let verb = verb.replace(killed::SEED, "\"$FOLDER/espalier.yml\"");
                let written = if effect == "hang" { json!(effect) } else { json!({ "late-write": 0 }) };
                let fault = json!({ "operations": OPERATIONS, "nth": nth, "effect": written });
                // Once it is promoted there is nothing to abort or to recover from: the scheduled sweep does what its job did not get to.
                let swept = if [" abort ", " recover "].iter().any(|leaves| verb.contains(leaves)) { SWEPT } else { "" };
                let told = equipped(&json!([fault])).script(&format!(
                    r#"
                    {PLAN}
                    AWAITED={awaited} begins {RELEASE}
                    kill -KILL $!
                    exits 137 ends
                    code=0
                    {{ {verb}; }} || code=$?
                    echo "the other job: $code"
                    {swept}
                    exits 0 espalier status --lattice-service myservice
                    "#
                ));
                let what = format!("killed at call {nth} ({effect}), then {verb}");
                settled(&told, &before, Candidate::Good, (&verb, codes), &what);
                // The lock of a job that died when its release was over, or before it had a record, is left: `locks` has how it is
                // taken over.
                let all = format!("{what}\n{}\n{}", told.run.stdout, told.run.stderr);
                assert_eq!(told.world.started_by("espalier/"), 0, "a hook's task is left at work: {all}");
            }
        }
    }
}
