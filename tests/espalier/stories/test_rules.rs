//! Test rules: whether there is room for one, and what is left of it. Hooks that use one are in `hooks`.

use serde_json::{Value, json};

use super::{
    QUICK, QUICKLY,
    hooks::{config_at, config_with},
    measures::behind_tls,
    with_rules,
};
use crate::harness::{Story, Told};

fn release(world: &Value, test_rule: &Value) -> (Story, Told) {
    let story = Story::of(world);
    let config = config_with(&story, &json!({}), test_rule);
    let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat());
    (story, told)
}

#[test]
fn without_room_for_a_test_rule_a_release_does_not_begin() {
    let header = json!({ "header": { "x-espalier-test": "1" } });
    let refused = |world: &Value, rule: &Value| {
        let (story, told) = release(world, rule);
        let told = told.ends_with(2);
        assert_eq!(told.world.state(), story.untold().state());
        told
    };
    let told = refused(&with_rules([1, 2], &json!({})), &header);
    told.complains("there is no free priority above rule rule-1 (priority 1) of http-80 for the test rule")
        .complains("give that rule a higher number: aws vpc-lattice update-rule --service-identifier svc-12345678901234567");
    let told = refused(&with_rules(11..=20, &json!({})), &header);
    told.complains("listener listener-12345678901234567 has 10 rules, and AWS lets it have 10 (the quota \"Rules per listener\"")
        .complains("`rules_per_listener` under `lattice.test_rule`");
}

/// A listener that passes TLS through takes no rules: found out beforehand, and not when AWS refuses the rule.
#[test]
fn where_tls_is_passed_through_there_can_be_no_test_rule() {
    let (story, told) = release(&behind_tls(), &json!({ "header": { "x-espalier-test": "1" } }));
    let told = told.ends_with(2).complains("listener listener-12345678901234567 passes TLS through, and takes no rules");
    assert_eq!(told.world.state(), story.untold().state());
    let found = story.run(&["verify", "-c", story.path("espalier.yml").to_str().expect("UTF-8")]).ends_with(2);
    found.says("passes TLS through, and takes no rules: there can be no test rule [test-rule]");
}

#[test]
fn a_quota_that_was_raised_leaves_room() {
    let raised = json!({ "header": { "x-espalier-test": "1" }, "rules_per_listener": 11 });
    let world = |most| with_rules(11..=20, &json!({ "quotas": { "rules_per_listener": most } }));
    let (_, told) = release(&world(11), &raised);
    let told = told.ends_with(0).says("the test rule is taken away");
    assert_eq!(told.world.actions().len(), 11, "ten rules and the default action");
    // It was raised less than the config says: found out before any weight moves.
    let (story, told) = release(&world(10), &raised);
    let told = told.ends_with(3).says("ServiceQuotaExceededException");
    assert_eq!((told.world.actions(), told.world.weights_of("myservice-b")), (story.untold().actions(), vec![0]));
}

/// The job that made it died before it had recorded it, and the abort was not allowed to delete it: only its name tells whose it is.
#[test]
fn a_test_rule_that_nobody_recorded_and_an_abort_could_not_delete_goes_with_the_next_release() {
    for wanted in [json!({ "header": { "x-espalier-test": "1" } }), Value::Null] {
        let story = Story::of(&json!({
            "name": "promoted",
            "faults": [
                { "operations": ["vpc-lattice:CreateRule"], "nth": 1, "effect": { "late-write": 0 } },
                { "operations": ["vpc-lattice:DeleteRule"], "nth": 1, "effect": "denied" },
            ],
        }));
        config_at(&story, "next.yml", &json!({}), &wanted);
        config_with(&story, &json!({}), &json!({ "header": { "x-espalier-test": "1" } }));
        let told = story.script(&format!(
            r#"
            AWAITED=LateWrite begins deploy -c "$FOLDER/espalier.yml" {QUICKLY}
            kill -KILL $!
            exits 137 ends
            later 200
            exits 0 espalier abort --lattice-service myservice
            exits 0 espalier deploy -c "$FOLDER/next.yml" {QUICKLY}
            "#
        ));
        let told = told.ends_with(0).says("the test rule stays for now");
        let names = |world: &crate::world::World| world.actions().into_keys().collect::<Vec<_>>();
        assert_eq!(names(&told.world), names(&story.untold()), "next with {wanted}");
    }
}

/// The same where a rollback comes in between, which is not allowed to either, and has a name of its own.
#[test]
fn a_test_rule_that_nobody_recorded_outlives_no_rollback_and_release() {
    let denied = |nth: u32| json!({ "operations": ["vpc-lattice:DeleteRule"], "nth": nth, "effect": "denied" });
    let story = Story::of(&json!({
        "name": "promoted",
        "faults": [
            { "operations": ["vpc-lattice:CreateRule"], "nth": 1, "effect": { "late-write": 0 } },
            denied(1),
            denied(2),
        ],
    }));
    config_with(&story, &json!({}), &json!({ "header": { "x-espalier-test": "1" } }));
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        AWAITED=LateWrite begins deploy -c "$FOLDER/espalier.yml" --image web=nginx:1.28 {QUICKLY}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 espalier abort --lattice-service myservice
        exits 0 espalier rollback --lattice-service myservice
        exits 0 espalier deploy -c "$FOLDER/espalier.yml" --image web=nginx:1.29 {QUICKLY}
        "#
    ));
    let told = told.ends_with(0);
    let names = |world: &crate::world::World| world.actions().into_keys().collect::<Vec<_>>();
    assert_eq!(names(&told.world), names(&story.untold()));
}

/// The listener of a test rule that could not be deleted has nothing that moves any more when the next release begins.
#[test]
fn a_test_rule_is_taken_away_where_nothing_moves_any_more() {
    let mut world = with_rules(
        [10],
        &json!({ "faults": [
        { "operations": ["vpc-lattice:DeleteRule"], "nth": 1, "effect": "denied" },
    ] }),
    );
    let mut second = world["lattice"]["services"][0]["listeners"][0].clone();
    (second["name"], second["id"], second["port"]) = (json!("http-81"), json!("listener-0b000000000000000"), json!(81));
    world["lattice"]["services"][0]["listeners"].as_array_mut().expect("listeners").push(second);
    let story = Story::of(&world);
    let header = json!({ "header": { "x-espalier-test": "1" } });
    let path = config_with(&story, &json!({}), &header);
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a config")).expect("JSON");
    config["lattice"].as_object_mut().expect("a section").remove("listener");
    story.write("both.yml", &config.to_string());
    let told = story.with("ESPALIER_RETIRE_AFTER", "never").script(
        r#"
        exits 0 espalier deploy -c "$FOLDER/both.yml" --image web=nginx:1.28 --steps 100%:30s --settle 30s
        exits 0 espalier shift --lattice-service myservice --listener http-81 --from myservice-b --to myservice-a --steps 100%:30s --settle 30s
        "#,
    );
    let told = told.ends_with(0);
    let tests = told.world.actions().into_keys().filter(|name| name.contains("espalier-test-")).count();
    assert_eq!(tests, 0, "{:?}", told.world.actions().keys());
}

/// Lock, test rule and hooks of a release.
#[test]
fn a_dry_run_tells_what_a_release_does_beside_moving_weights() {
    let story = Story::within("promoted").with("ESPALIER_LOCK", "ssm");
    let hooks =
        json!({ "before_shift": { "run_task": { "command": ["./smoke"] } }, "on_rollback": "echo back", "timeout": "1m" });
    let config = config_with(&story, &hooks, &json!({ "header": { "x-espalier-test": "1" }, "path": "/api" }));
    let lines = [
        "take the lock /espalier/service/svc-12345678901234567/listener/listener-12345678901234567",
        "make a test rule on http-80: requests to /api* with x-espalier-test: 1 reach the candidate until the release is over",
        "hook before_shift, at every step: task ./smoke, at most 1m",
        "hook on_rollback: echo back, at most 1m",
    ];
    let told = story.run(&["deploy", "-c", &config, "--dry-run"]).ends_with(0);
    let told = lines.iter().fold(told, |told, line| told.says(line));
    assert!(told.world.writes().is_empty(), "{:?}", told.world.writes());
    let bare = Story::within("promoted").deploy(&["--dry-run"]).ends_with(0).run.stdout;
    assert!(["lock", "test rule", "hook"].iter().all(|word| !bare.contains(word)), "{bare}");

    let shift = Story::within_file("three-services").with("ESPALIER_LOCK", "ssm");
    let shift = shift.run(&[
        "shift",
        "--lattice-service",
        "myservice",
        "--from",
        "myservice-a",
        "--to",
        "good",
        "--dry-run",
        "--hooks",
        "after_step=true",
    ]);
    shift.ends_with(0).says("take the lock /espalier/service/svc-12345678901234567").says("hook after_step, at every step: true");
}

/// The Gateway API Controller deletes every rule of a listener that it does not know.
#[test]
fn gateway_3_rules_and_tags_of_others_stay_as_they_are() {
    let mut world = with_rules([10, 20], &json!({}));
    let rules = world["lattice"]["services"][0]["listeners"][0]["rules"].as_array_mut().expect("rules");
    rules[0]["action"] = json!({ "fixed_response": 404 });
    for rule in rules {
        rule["tags"] = json!({ "owner": "somebody", "espalier-like": "but not ours" });
    }
    let (story, told) = release(&world, &json!({ "header": { "x-espalier-test": "1" } }));
    let of = |world: &crate::world::World| {
        let listener = world.state()["lattice"]["services"][0]["listeners"][0].clone();
        let rules = listener["rules"].as_array().cloned().unwrap_or_default();
        let is_others = |tag: &(String, Value)| !tag.0.starts_with("espalier:");
        let tags = |rule: &Value| -> Vec<(String, Value)> {
            rule["tags"].as_object().cloned().unwrap_or_default().into_iter().filter(is_others).collect()
        };
        rules.iter().map(|rule| (rule["name"].clone(), rule["priority"].clone(), tags(rule))).collect::<Vec<_>>()
    };
    let told = told.ends_with(0);
    assert_eq!(of(&told.world), of(&story.untold()), "what was there is there, and nothing else");
    assert_eq!(told.world.actions()["http-80/rule-10"], story.untold().actions()["http-80/rule-10"]);
    assert_eq!(told.world.actions()["http-80/rule-20"]["forward"]["myservice-b"], 100);
}
