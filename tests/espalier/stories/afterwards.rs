//! After a promotion: going back, and looking.

use serde_json::json;

use super::{
    QUICKLY, STEPS,
    broken_worlds::{config, group_a, group_b},
};
use crate::harness::{CONFIG, Story};

#[test]
fn rollback_goes_back_at_once_while_the_old_slot_still_runs() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        exits 0 espalier rollback --lattice-service myservice --reason "customers complain"
        "#
    ));
    let told = told.ends_with(0).says("customers complain");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
    for action in told.world.actions().values() {
        assert_eq!(action["forward"]["myservice-a"], 100, "{action}");
    }
    assert_eq!(told.world.tasks("myservice"), 3);
    assert_eq!(told.world.revision("myservice"), "myservice:1");
}

/// A release that was told that nothing checks its targets goes by the same when it is undone: the old slot serves as it runs.
#[test]
fn a_rollback_to_what_nothing_checks_moves_weights_alone() {
    let unchecked = json!({ "config": { "healthCheck": { "enabled": false } } });
    let story = Story::of(&json!({
        "name": "promoted",
        "lattice": { "target_groups": [group_a(&unchecked), group_b(&unchecked)] },
        "load": [{ "rps": 100 }],
    }));
    let judged = json!({
        "analysis": { "health": "unchecked", "metrics": [{ "name": "errors", "metric": "error-rate", "max": "1%" }] },
        "rollout": { "steps": [{ "weight": "50%", "bake": "1m" }, { "weight": "100%", "bake": "1m" }], "retire_after": "never" },
    });
    let config = config(&story, &judged);
    let told = story.script(&format!(
        r#"
        exits 0 espalier deploy -c {config}
        sizes="$(asks GET world "" | grep -o 'ecs:UpdateService' | wc -l)"
        echo "=== the rollback"
        exits 0 espalier rollback --lattice-service myservice
        echo "=== by hand"
        exits 0 espalier abort --lattice-service myservice --to myservice-b
        [ "$sizes" = "$(asks GET world "" | grep -o 'ecs:UpdateService' | wc -l)" ] || exit 97
        "#
    ));
    let told = told.ends_with(0);
    let said = told.run.stdout.split("=== the rollback").nth(1).expect("it is rolled back");
    assert!(!said.contains("started again") && !said.contains("healthy target"), "{said}");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

/// The slot that serves was scaled out since the release: the old one is as it was left, and too small for what it would get. It grows
/// first, and only then gets the requests.
#[test]
fn a_rollback_asks_for_as_many_healthy_targets_as_serve_by_then() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        ecs UpdateService '{{"cluster": "my-cluster", "service": "myservice-green", "desiredCount": 12}}' >/dev/null
        later 120
        echo "=== the rollback"
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    let said = told.run.stdout.split("=== the rollback").nth(1).expect("it is rolled back");
    let (grown, moved) =
        (said.find("candidate: 12 of 12 healthy; stable: 12 of 12 healthy"), said.find("weights are stable 0 / candidate 100"));
    assert!(grown.is_some() && grown < moved, "it grows before it gets anything: {said}");
    assert!(said.contains("myservice has 3 healthy targets, and it takes 12 to replace what serves"), "{said}");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!((told.world.tasks("myservice"), told.world.revision("myservice").as_str()), (12, "myservice:1"));
}

/// Where none of what serves is healthy there is nothing to be as many as: as many as served before are enough, at once.
#[test]
fn a_rollback_from_an_outage_does_not_wait_for_what_is_down() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        ecs UpdateService '{{"cluster": "my-cluster", "service": "myservice-green", "desiredCount": 0}}' >/dev/null
        later 600
        echo "=== the rollback"
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    let said = told.run.stdout.split("=== the rollback").nth(1).expect("it is rolled back");
    assert!(said.contains("+00:00  weights are stable 0 / candidate 100"), "{said}");
}

/// One of several rules was deleted since: that does not keep the others from going back.
#[test]
fn rollback_goes_back_on_what_is_left_of_the_traffic_targets() {
    let gone = json!({ "people": [{ "listener": "http-80", "rule": "api", "at": 2000, "do": "delete-rule" }] });
    let told = Story::of(&gone).script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS}
        later 3000
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).says("is gone: it is left out").says("myservice:1 serves again");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!(told.world.actions().len(), 1);
}

#[test]
fn rollback_starts_the_old_slot_again_where_it_was_retired() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        exits 0 env GITHUB_OUTPUT="$FOLDER/outputs" "$ESPALIER" rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).says("↩️ myservice:1 serves again after");
    for action in told.world.actions().values() {
        assert_eq!(action["forward"]["myservice-a"], 100, "{action}");
    }
    assert_eq!((told.world.tasks("myservice"), told.world.revision("myservice").as_str()), (3, "myservice:1"));
    assert_eq!(told.world.tasks("myservice-green"), 0, "the rejected slot is retired");

    let comment = told.world.comments().concat();
    assert!(comment.contains("### ↩️ `myservice:1` serves again"), "{comment}");
    assert!(comment.contains("Every request goes to `myservice:1` now."), "{comment}");
    assert!(told.world.check().2.starts_with("myservice:1 serves again after"), "{:?}", told.world.check());
    let outputs = story.read("outputs");
    for line in ["outcome=rolled-back", "stable-revision=myservice:1", "candidate-revision=myservice:1", "ecs-service=myservice"]
    {
        assert!(outputs.lines().any(|found| found == line), "{line} is not in\n{outputs}");
    }
}

#[test]
fn a_dry_run_of_a_rollback_tells_what_it_takes_beside_the_weights() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} {STEPS} >/dev/null
        echo "=== warm"
        exits 0 espalier rollback --lattice-service myservice --dry-run
        echo "=== done"
        exits 0 deploy --image web=nginx:1.28 {QUICKLY} >/dev/null
        ecs DeregisterTaskDefinition '{{"taskDefinition": "myservice:2"}}' >/dev/null
        calls="$(asks GET world "" | grep -o '"ecs:[RU]' | wc -l)"
        echo "=== cold"
        exits 0 espalier rollback --lattice-service myservice --dry-run
        [ "$calls" = "$(asks GET world "" | grep -o '"ecs:[RU]' | wc -l)" ] || exit 97
        "#
    ));
    let told = told.ends_with(0);
    let (warm, cold) = told.run.stdout.split_once("=== cold").expect("both");
    let warm = warm.split("===").find(|part| part.contains("warm")).expect("the first");
    assert!(warm.contains("aws vpc-lattice update-rule") && !warm.contains("tasks"), "{warm}");
    for line in [
        "the slot is started again with its former task definition",
        "myservice:2 is INACTIVE: it would be registered again",
        "myservice-green is scaled up to 3 tasks; the weights move once 3 of its targets are healthy",
        "aws vpc-lattice update-rule",
        "the tasks of myservice are stopped once the weights have settled",
    ] {
        assert!(cold.contains(line), "`{line}` is not in {cold}");
    }
}

/// What was stable before is recorded: it is not "revision minus one", which was rejected here.
#[test]
fn rollback_goes_to_what_served_before_and_not_to_the_release_that_was_rejected_in_between() {
    let told = Story::of(&json!({ "images": { "myservice:bad": { "healthy": false } } })).script(&format!(
        r#"
        exits 0 deploy --image web=nginx:1.28 {QUICKLY}
        exits 3 deploy --image web=myservice:bad {QUICKLY}
        exits 0 deploy --image web=nginx:1.29 {QUICKLY}
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told =
        told.ends_with(0).says("myservice:2 promoted").says("myservice:4 promoted").says("↩️ myservice:2 serves again after");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!((told.world.revision("myservice-green").as_str(), told.world.tasks("myservice-green")), ("myservice:2", 3));
    assert_eq!(told.world.tasks("myservice"), 0, "what was rolled back runs no more");
}

#[test]
fn there_is_no_going_back_before_the_first_promotion() {
    let story = Story::within("promoted");
    let before = story.untold();
    for verb in ["rollback", "promote", "resume", "abort"] {
        let told = story.run(&[verb, "--lattice-service", "myservice"]).ends_with(5).complains("there is no record of a rollout");
        assert_eq!(told.world.state(), before.state());
        // Who wants to go on with a release does not want all traffic somewhere else.
        assert_eq!(told.run.stderr.contains("--to TARGET_GROUP"), verb == "abort", "{verb}: {}", told.run.stderr);
    }
}

#[test]
fn status_tells_people_and_programs_what_is_live() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 deploy {QUICKLY} >"$FOLDER/deploy"
        exits 0 espalier status --lattice-service myservice
        echo "=== json"
        exits 0 espalier status --lattice-service myservice --format json
        echo "=== markdown"
        exits 0 espalier status --lattice-service myservice --format markdown
        "#
    ));
    let told = told.ends_with(0);
    let mut parts = told.run.stdout.split("=== ");
    let text = parts.next().expect("text");
    assert!(text.contains("rule api (priority 10) of http-80: myservice-a 0, myservice-b 100"), "{text}");
    assert!(text.contains("myservice-b: 3 healthy, last given myservice:2"), "{text}");

    let json = parts.next().and_then(|part| part.strip_prefix("json\n")).expect("json");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["service"]["name"], "myservice");
    assert_eq!(json["rollouts"][0]["record"]["state"], "closed");
    assert_eq!(json["traffic-targets"].as_array().map(Vec::len), Some(2));
    let weights = json["traffic-targets"][0]["weights"].as_object().expect("weights by group");
    assert_eq!(weights["tg-12345678901234567"], 0);

    let markdown = parts.next().expect("markdown");
    assert!(markdown.contains("### myservice\n\n- rule api"), "{markdown}");
}

#[test]
fn a_release_that_runs_is_watched_until_somebody_has_ended_it() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        "$ESPALIER" status --lattice-service myservice --watch >"$FOLDER/seen" &
        watcher=$! tries=0
        until grep -q running "$FOLDER/seen"; do
          if ! kill -0 "$watcher" || [ $((tries += 1)) -gt 20000 ]; then exit 98; fi
        done
        exits 0 espalier abort --lattice-service myservice >/dev/null
        exits 0 wait "$watcher"
        cat "$FOLDER/seen"
        "#
    ));
    let told = told.ends_with(0).says("running, step 1 of").says("myservice-a 95, myservice-b 5");
    let (before, after) = told.run.stdout.split_once("running, step 1").expect("it ran");
    assert!(before.contains("myservice-b 5") && after.contains("closed (not promoted), step 1 of"), "{}", told.run.stdout);
    assert!(after.contains("myservice-a 100"), "the rule's weights are told once they are back: {after}");
}

#[test]
fn a_status_is_watched_until_the_rollout_has_ended_or_somebody_has_seen_enough() {
    // Nothing goes on: once is enough.
    let told = Story::within("promoted").run(&["status", "--lattice-service", "myservice", "--watch"]).ends_with(0);
    assert_eq!(told.run.stdout.matches("no record of a rollout").count(), 1, "{}", told.run.stdout);
    // What is held is waited for: every look is one more reading of the rule. Then somebody has seen enough.
    let told = Story::within("promoted").script(
        r#"
        exits 0 deploy --steps 5%:30s,hold:4h,100%:30s --settle 30s >/dev/null
        "$ESPALIER" status --lattice-service myservice --watch >"$FOLDER/seen" &
        tries=0
        until [ "$(asks GET world "" | grep -o 'vpc-lattice:ListListeners' | wc -l)" -gt 6 ]; do
          if ! kill -0 $! || [ $((tries += 1)) -gt 2000 ]; then exit 98; fi
        done
        kill -INT $!
        exits 0 wait $!
        cat "$FOLDER/seen"
        exits 0 espalier abort --lattice-service myservice >/dev/null
        exits 0 espalier status --lattice-service myservice --watch
        "#,
    );
    let told = told.ends_with(0).says("held, before step 2 of 2").says("closed (not promoted), step 1 of 2 (5%), held by no job");
    assert_eq!(told.run.stdout.matches("held, before step 2 of 2").count(), 1, "only changes are told: {}", told.run.stdout);
}
