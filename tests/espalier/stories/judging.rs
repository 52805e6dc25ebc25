//! Releases that metrics and alarms judge.

use serde_json::json;

use crate::harness::{Story, Told};

/// The seed's release with metrics.
const METRICS: &str = "tests/fixtures/seed/metrics.yml";

fn release(story: &Story) -> Told {
    story.run(&["deploy", "-c", METRICS])
}

/// The same along other steps, with this in place of its limit for errors.
fn config(story: &Story, name: &str, steps: &str, errors: &str) -> String {
    let seed = crate::harness::root().join("tests/fixtures/seed");
    let config = std::fs::read_to_string(crate::harness::root().join(METRICS)).expect("the seed");
    let lines =
        config.lines().map(|line| if line.starts_with("  steps: ") { format!("  steps: [{steps}]") } else { line.to_owned() });
    let config = lines.collect::<Vec<_>>().join("\n").replace("\ncluster: ", "\ntimeout: 4h\ncluster: ");
    let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display()));
    story.write(name, &(config.replace("max: 1%", errors) + "\n"))
}

/// Back to what it was, with both sides as they should be.
#[track_caller]
fn is_restored(story: &Story, told: &Told) {
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}

/// The most calls of CloudWatch's within any minute of the world, by operation.
fn most_in_a_minute(told: &Told, operation: &str) -> usize {
    let mut minutes = std::collections::BTreeMap::<u64, usize>::new();
    for at in told.world.times_of(operation) {
        *minutes.entry(at / 60_000).or_default() += 1;
    }
    minutes.into_values().max().unwrap_or_default()
}

#[test]
fn a_candidate_with_errors_is_rolled_back_though_its_health_checks_go_well() {
    let story = Story::within("error-rate-5pct");
    let told = release(&story).ends_with(3).says("(analysis-failed)").says(" requests (above 1%), with 5% of the traffic, 00:");
    is_restored(&story, &told);
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(most_in_a_minute(&told, "GetMetricData"), 1);
    let comment = told.world.comments().remove(0);
    for part in
        ["**Judged by**, 00:", "| error-rate |", "| request-time p99 |", "| ✖ | `errors` (error-rate) | ", "| ✔ | `latency`"]
    {
        assert!(comment.contains(part), "`{part}` is not in\n{comment}");
    }
    assert_eq!(told.world.check().1, "failure");
}

#[test]
fn a_slow_candidate_is_rolled_back_after_two_slow_minutes() {
    let story = Story::within("slow-candidate");
    let told = release(&story).ends_with(3).says(" (above 800ms), with 5% of the traffic, ");
    is_restored(&story, &told);
}

#[test]
fn argo_8_without_traffic_a_release_waits_for_its_deadline_and_says_what_was_missing() {
    let story = Story::within("no-traffic");
    let told = release(&story).ends_with(3).says("(inconclusive)").says("errors (nothing was measured)");
    is_restored(&story, &told);
}

#[test]
fn a_metrics_outage_that_ends_in_time_costs_time_alone() {
    let told =
        release(&Story::within("metrics-outage")).ends_with(0).says("myservice:2 promoted").says("metrics can be read again");
    assert_eq!(told.run.stdout.matches("metrics cannot be read, which says nothing about the candidate").count(), 1, "once");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    let comment = told.world.comments().remove(0);
    assert!(comment.contains("(when it last had requests)"), "stable's last window is marked\n{comment}");
}

#[test]
fn an_alarm_that_is_on_is_a_refusal_before_and_a_rollback_during_a_release() {
    let config = std::fs::read_to_string(crate::harness::root().join("tests/fixtures/seed/espalier.yml")).expect("the seed");
    let seed = crate::harness::root().join("tests/fixtures/seed");
    let config = |analysis: &str| {
        let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display()));
        format!("{config}\nanalysis: {{ {analysis} }}\n")
    };
    let world = |state: &str, people: serde_json::Value| {
        json!({ "alarms": [{ "name": "5xx", "state": state }], "people": people }).to_string()
    };
    let quickly = ["--steps", "5%:2m,100%:2m", "--settle", "30s", "--retire-after", "30s"];
    let story = |scenario: String, analysis: &str| {
        let bare = Story::within("promoted");
        let (scenario, config) = (bare.write("scenario.yml", &scenario), bare.write("espalier.yml", &config(analysis)));
        let story = Story::within(&scenario);
        story.run(&[&["deploy", "-c", &config], &quickly[..]].concat())
    };

    let told =
        story(world("ALARM", json!([])), "alarms: [5xx]").ends_with(5).complains("the alarm 5xx is on before the release begins");
    told.complains("alarm_at_start: ignore");
    let told = story(world("ALARM", json!([])), "alarms: [5xx], alarm_at_start: ignore").ends_with(0);
    told.says("it does not count until it was off once");
    story(world("OK", json!([])), "alarms: [4xx]").ends_with(2).complains("there is no alarm 4xx");
    let rings = json!([{ "at": 120, "do": { "set-alarm": { "name": "5xx", "state": "ALARM" } } }]);
    let told = story(world("OK", rings), "alarms: [5xx]").ends_with(3).says("5xx (on (Set by hand))");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
}

/// What was on when the release began does not count in the job that promotes it either; what came on since does, and is looked at
/// before the next weights are written.
#[test]
fn an_alarm_that_comes_on_during_a_hold_counts_though_one_of_before_does_not() {
    let promoted = |rings: &serde_json::Value, code: &str| {
        let story = Story::of(&json!({
            "alarms": [{ "name": "5xx", "state": "OK" }, { "name": "old", "state": "ALARM" }],
            "people": rings,
        }));
        let steps = "{ weight: 5%, bake: 1m }, { hold: { timeout: 4h } }, { weight: 100%, bake: 1m }";
        config(&story, "release.yml", steps, "max: 1%");
        let metrics = story.read("release.yml");
        let (release, _) = metrics.split_once("\nanalysis:").expect("an analysis");
        story.write("release.yml", &format!("{release}\nanalysis: {{ alarms: [5xx, old], alarm_at_start: ignore }}\n"));
        let told = story.script(&format!(
            r#"
            exits 0 espalier deploy -c "$FOLDER/release.yml"
            later 3600
            exits {code} espalier promote --lattice-service myservice -c "$FOLDER/release.yml"
            "#
        ));
        told.ends_with(0)
    };
    let told = promoted(&json!([]), "0").says("promoted (steps-passed)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100]);
    let rings = json!([{ "at": 2400, "do": { "set-alarm": { "name": "5xx", "state": "ALARM" } } }]);
    let told = promoted(&rings, "3").says("(analysis-failed)").says("5xx (on (Set by hand)), with 5% of the traffic");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0], "nothing was written before the look");
    // Once it was off, one that was on before counts like any other.
    let again = ["OK", "ALARM"].map(|state| json!({ "set-alarm": { "name": "old", "state": state } }));
    let rings = json!([{ "share_at_least": 5, "at": 20, "do": again[0] }, { "at": 2400, "do": again[1] }]);
    let told = promoted(&rings, "3").says("old (on (Set by hand)), with 5% of the traffic");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
}

#[test]
fn lattice_1_a_group_without_health_checks_can_be_released_to_when_something_else_judges() {
    let story = Story::within("walkthrough");
    let world = json!({
        "name": "functions",
        "lattice": {
            "service_networks": [{ "name": "my-network", "id": "sn-0e0e0e0e0e0e0e0e0", "services": ["my-service"] }],
            "target_groups": [
                { "name": "old", "id": "tg-0a0a0a0a0a0a0a0a0", "type": "LAMBDA", "config": {}, "targets": [{ "id": "arn:aws:lambda:ap-northeast-1:123456789012:function:old" }] },
                { "name": "new", "id": "tg-0b0b0b0b0b0b0b0b0", "type": "LAMBDA", "config": {}, "targets": [{ "id": "arn:aws:lambda:ap-northeast-1:123456789012:function:new" }] },
            ],
            "services": [{ "name": "my-service", "id": "svc-03e92ee54968d87ca", "listeners": [
                { "name": "http-80", "id": "listener-0c0c0c0c0c0c0c0c0", "port": 80, "default_action": { "forward": { "old": 100 } } },
            ] }],
        },
        "ecs_services": [],
        "load": [{ "rps": 100 }],
    });
    let scenario = story.write("scenario.yml", &world.to_string());
    let metrics = "metrics: [{ name: errors, metric: error-rate, max: 1% }]";
    let config = story.write("espalier.yml", &format!("analysis: {{ health: unchecked, {metrics} }}"));
    let checked = story.write("checked.yml", &format!("analysis: {{ {metrics} }}"));
    let shift = |config: &str| {
        let arguments = ["shift", "--lattice-service", "my-service", "--from", "old", "--to", "new", "--steps", "50%:1m,100%:1m"];
        Story::within(&scenario).run(&[&arguments[..], &["-c", config]].concat())
    };
    shift(&checked).ends_with(2).complains("has no health check").complains("health: unchecked");
    shift(&config).ends_with(0).says("new promoted").world.forwards(&[("old", 0), ("new", 100)]);
}

/// Nothing checks its targets, so that none is healthy by Lattice's word: stable serves all the same, and is what an abort restores.
#[test]
fn what_nothing_checks_can_be_gone_back_to_though_its_targets_cannot_be_read() {
    let function = |name: &str| json!([{ "id": format!("arn:aws:lambda:ap-northeast-1:123456789012:function:{name}") }]);
    let group =
        |name: &str, id: &str| json!({ "name": name, "id": id, "type": "LAMBDA", "config": {}, "targets": function(name) });
    let story = Story::of(&json!({
        "lattice": {
            "service_networks": [{ "name": "my-network", "id": "sn-0e0e0e0e0e0e0e0e0", "services": ["my-service"] }],
            "target_groups": [group("old", "tg-0a0a0a0a0a0a0a0a0"), group("new", "tg-0b0b0b0b0b0b0b0b0")],
            "services": [{ "name": "my-service", "id": "svc-03e92ee54968d87ca", "listeners": [
                { "name": "http-80", "id": "listener-0c0c0c0c0c0c0c0c0", "port": 80, "default_action": { "forward": { "old": 100 } } },
            ] }],
        },
        "ecs_services": [],
        "load": [{ "rps": 100 }],
        "faults": [{ "operations": ["cloudwatch:GetMetricData"], "share_at_least": 50, "effect": "hang" }],
    }));
    story.write("espalier.yml", "analysis: { health: unchecked, metrics: [{ name: errors, metric: error-rate, max: 1% }] }\n");
    let told = story.script(
        r#"
        begins shift --lattice-service my-service --from old --to new --steps 50%:5m,100%:1m -c "$FOLDER/espalier.yml"
        kill -KILL $!
        exits 137 ends
        asks POST events '{"faults":[{"operations":["vpc-lattice:ListTargets"],"from":2,"effect":"throttle"}]}'
        exits 0 espalier abort --lattice-service my-service
        "#,
    );
    told.ends_with(0).world.forwards(&[("old", 100), ("new", 0)]);
}

/// A candidate that has no errors until it gets half of the traffic.
fn fails_at_half(faults: &serde_json::Value) -> Story {
    Story::of(&json!({
        "name": "promoted",
        "images": { "*": { "error_rate": 5, "degrades_above": 50 } },
        "load": [{ "rps": 100 }],
        "faults": faults,
    }))
}

#[test]
fn a_held_release_goes_on_being_judged_when_it_is_promoted() {
    let story = fails_at_half(&json!([]));
    let steps = "{ weight: 5%, bake: 2m, analysis: [errors] }, { hold: { timeout: 4h } }, { weight: 50%, bake: 2m }, { weight: 100%, bake: 2m }";
    config(&story, "release.yml", steps, "max: 1%");
    config(&story, "loose.yml", steps, "max: 50%");
    config(&story, "quick.yml", &steps.replace("50%, bake: 2m", "50%, bake: 1m"), "max: 1%");
    let told = story.script(
        r#"
        promote() { espalier promote --lattice-service myservice "$@"; }
        exits 0 espalier deploy -c "$FOLDER/release.yml"
        exits 5 promote
        exits 5 promote -c "$FOLDER/loose.yml"
        exits 5 promote -c "$FOLDER/quick.yml"
        later 3600
        exits 3 promote -c "$FOLDER/release.yml"
        "#,
    );
    let told = told
        .ends_with(0)
        .complains("is judged by is in the config that it began with, not in its record")
        .complains("began with: `analysis` is another one")
        .complains("began with: `steps` is 5%:2m,hold:4h,50%:1m,100%:2m, not 5%:2m,hold:4h,50%:2m,100%:2m\n")
        .says("(analysis-failed)")
        .says(" of 3000 requests (above 1%); errors-versus-stable 5% of")
        .says("), with 50% of the traffic, ");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 50, 0]);
    is_restored(&story, &told);
}

#[test]
fn a_release_whose_job_is_gone_goes_on_being_judged_when_it_is_resumed() {
    let hangs = json!([{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" }]);
    let steps = |second: &str| {
        format!("{{ weight: 5%, bake: 2m, analysis: [errors] }}, {{ weight: {second}%, bake: 2m }}, {{ weight: 100%, bake: 2m }}")
    };
    let story = fails_at_half(&hangs);
    config(&story, "release.yml", &steps("50"), "max: 1%");
    config(&story, "loose.yml", &steps("50"), "max: 50%");
    let told = story.script(
        r#"
        resume() { espalier resume --lattice-service myservice "$@"; }
        begins deploy -c "$FOLDER/release.yml"
        kill -KILL $!
        exits 137 ends
        later 200
        exits 5 resume
        exits 5 resume -c "$FOLDER/loose.yml"
        exits 3 resume -c "$FOLDER/release.yml"
        "#,
    );
    let told = told
        .ends_with(0)
        .complains("is judged by is in the config that it began with, not in its record")
        .complains("began with: `analysis` is another one")
        .says("(analysis-failed)")
        .says(" of 3000 requests (above 1%); errors-versus-stable 5% of")
        .says("), with 50% of the traffic, ");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 50, 0]);
    is_restored(&story, &told);
}

/// Every request goes to the candidate then, and another job saw what stable was like: it is looked for where it last had requests.
#[test]
fn stables_last_window_is_found_after_a_hold_and_after_a_job_that_died() {
    let story = Story::of(&json!({ "name": "promoted", "load": [{ "rps": 100 }] }));
    let steps = |hold: &str| format!("{{ weight: 50%, bake: 2m }}, {hold}{{ weight: 100%, bake: 2m }}");
    config(&story, "release.yml", &steps("{ hold: { timeout: 8h } }, "), "max: 1%");
    let told = story.script(
        r#"
        exits 0 espalier deploy -c "$FOLDER/release.yml"
        later 14400
        exits 0 espalier promote --lattice-service myservice -c "$FOLDER/release.yml"
        "#,
    );
    let told = told.ends_with(0).says("promoted (steps-passed)");
    let comment = told.world.comments().remove(0);
    assert!(comment.contains("(when it last had requests)"), "a few minutes before\n{comment}");

    let hangs = json!([{ "operations": ["ecs:DescribeTasks"], "share_at_least": 100, "nth": 2, "effect": "hang" }]);
    let story = Story::of(&json!({ "name": "promoted", "load": [{ "rps": 100 }], "faults": hangs }));
    config(&story, "release.yml", &steps(""), "max: 1%");
    let told = story.script(
        r#"
        begins deploy -c "$FOLDER/release.yml"
        kill -KILL $!
        exits 137 ends
        later 3600
        exits 0 espalier resume --lattice-service myservice -c "$FOLDER/release.yml"
        "#,
    );
    let comment = told.ends_with(0).says("promoted (steps-passed)").world.comments().concat();
    assert!(comment.contains("(when it last had requests, 1h "), "{comment}");
}
