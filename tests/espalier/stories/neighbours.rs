//! Two applications on one Lattice service, and two jobs of one application: each command is about what was meant.

use serde_json::json;

use super::{QUICKLY, hooks};
use crate::harness::{CONFIG, Story};

/// A Lattice service with this default action, for `myservice`, and with a rule that is another application's.
pub(super) fn shared(default_action: &str) -> Story {
    let file = std::fs::read_to_string("tests/fixtures/scenarios/three-services.yml").expect("a scenario");
    let services = r#"lattice:
  services:
    - name: myservice
      id: svc-12345678901234567
      listeners:
        - name: http-80
          id: listener-12345678901234567
          port: 80
          default_action: DEFAULT
          rules: [{ name: other, id: rule-12345678901234567, priority: 10, match: { httpMatch: { pathMatch: { match: { prefix: /other } } } }, action: { forward: { good: 100 } } }]
"#;
    Story::within("promoted")
        .elsewhere("shared.yml", &file.replacen("lattice:\n", &services.replace("DEFAULT", default_action), 1))
}

const OTHERS: &str = "espalier shift --lattice-service myservice --rules other --from good --to leaky --steps 5%:30s,hold:4h,100%:30s --settle 30s";

/// What a config's command is about is that config's application, also where another one's rollout is the one under way.
#[test]
fn a_config_is_about_its_own_application() {
    let told = shared("{ forward: { myservice-a: 100 } }").script(&format!(
        r#"
        exits 0 espalier deploy -c {CONFIG} --rules default {QUICKLY}
        exits 0 {OTHERS}
        exits 5 espalier promote -c {CONFIG}
        exits 0 espalier abort -c {CONFIG}
        exits 0 espalier resume -c {CONFIG}
        exits 0 espalier recover -c {CONFIG}
        exits 2 espalier rollback --lattice-service myservice
        exits 0 espalier rollback -c {CONFIG}
        "#
    ));
    let told = told
        .ends_with(0)
        .complains("of myservice cannot be promoted")
        .complains("several applications share this Lattice service")
        .says("↩️ myservice:1 serves again");
    assert_eq!(told.world.weights_of("leaky").last(), Some(&5), "the other's is left where it is held");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
}

/// Whoever has never released has nothing to go back from, whatever others do.
#[test]
fn a_config_without_a_rollout_of_its_own_finds_none() {
    let story = Story::within("promoted");
    let config = hooks::config_with(&story, &json!({}), &json!(null));
    let text = std::fs::read_to_string(&config).expect("a config").replace("myservice-green", "shop-green");
    let text = text.replace(r#""ecs_service":"myservice""#, r#""ecs_service":"shop""#);
    let other = story.write("other.yml", &text);
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        exits 5 espalier rollback -c "{other}"
        exits 5 espalier abort -c "{other}"
        "#
    ));
    told.ends_with(0)
        .complains("there is no record of a rollout of this config's slots on")
        .world
        .forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

/// The commands that are shown name the rollout: used too late they do nothing.
#[test]
fn a_command_that_was_shown_is_bound_to_its_rollout() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        exits 0 deploy --image web=nginx:1.29 {QUICKLY}
        "#
    ));
    let told = told.ends_with(0);
    let comment = told.world.comments().concat();
    assert!(comment.contains("espalier rollback --lattice-service svc-12345678901234567 --rollout-id 2026"), "{comment}");
}

/// A rollback that a person asked for is not undone by the release that comes after it.
#[test]
fn rollback_first_finishes_a_rollback_whose_job_is_gone() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 deploy {QUICKLY}
        asks POST events '{{"faults": [{{"operations": ["vpc-lattice:UpdateListener"], "nth": 1, "effect": "hang"}}]}}' >/dev/null
        begins rollback --lattice-service myservice
        exits 5 deploy --image web=nginx:1.29 {QUICKLY} --on-existing rollback-first
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 deploy --image web=nginx:1.29 {QUICKLY} --on-existing rollback-first
        "#
    ));
    let told = told.ends_with(0).complains("it is a rollback that is under way").says("rolled-back (rolled-back-by-request)");
    // Away from what was bad before anything new begins, and never back to it.
    let weights = told.world.weights_of("myservice-a");
    let back = weights.iter().rposition(|weight| *weight == 0).expect("it was promoted away from");
    assert!(weights[back..].contains(&100) || weights.last() == Some(&0), "{weights:?}");
    assert_eq!(told.world.revision("myservice"), "myservice:1", "what serves again is what the new release began from");
}

/// A job that is killed while the old slot waits to be retired, and is run again: the second run finishes what the first one began.
#[test]
fn a_release_that_is_run_again_finishes_the_retiring_of_the_first_run() {
    let mut scenario = super::capacity::scales_itself();
    scenario["name"] = json!("run again");
    scenario["faults"] = json!([{ "operations": ["vpc-lattice:GetRule"], "after": 150, "nth": 1, "effect": "hang" }]);
    let retiring = "--image web=nginx:1.29 --steps 100%:30s --settle 30s --retire-after 10m";
    let told = Story::of(&scenario).script(&format!(
        r#"
        begins deploy -c {CONFIG} {retiring}
        kill -KILL $!
        exits 137 ends
        later 1000
        exits 0 deploy {retiring}
        exits 0 deploy {retiring}
        "#
    ));
    let told = told.ends_with(0).says("myservice:2 promoted").says("unchanged");
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (0, 3));
}

/// What is wrong with a release is told before another one is rolled back for it.
#[test]
fn rollback_first_rolls_nothing_back_for_a_release_that_cannot_be() {
    let story = Story::within("promoted");
    let config = hooks::config_with(&story, &json!({}), &json!(null));
    let mut judged: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&config).expect("a config")).expect("JSON");
    judged["analysis"] = json!({ "alarms": ["no-such-alarm"] });
    let judged = story.write("judged.yml", &judged.to_string());
    let told = story.script(&format!(
        r#"
        exits 0 espalier deploy -c "{config}" --steps 5%:30s,hold:4h,100%:30s --settle 30s
        exits 2 espalier deploy -c "{judged}" --image web=nginx:1.29 --on-existing rollback-first
        "#
    ));
    let told = told.ends_with(0).complains("there is no alarm no-such-alarm");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5]);
}

/// The release of a second revision is cancelled, with nothing behind it that recovers, and the first one is released again, which serves:
/// what the cancelled job left is put in order on the way, and the run says what it found. It is no failure of its own.
#[test]
fn a_revert_after_a_cancelled_release_puts_things_in_order_and_is_unchanged() {
    let cancelled = r#"--hooks 'before_shift=[ "$ESPALIER_STEP" = 1 ] || { kill -INT $PPID; exec sleep 600; }'"#;
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 deploy --image web=nginx:1.28 {QUICKLY}
        exits 3 deploy --image web=nginx:1.29 {QUICKLY} {cancelled}
        echo "=== the revert"
        exits 0 deploy --image web=nginx:1.28 {QUICKLY}
        "#
    ));
    let told = told.ends_with(0);
    let revert = told.run.stdout.split("=== the revert").nth(1).expect("it is reverted");
    let (order, end) = (revert.find("rolled-back (aborted)"), revert.find("unchanged (nothing-changed)"));
    assert!(order.is_some() && order < end, "in order first, then unchanged: {revert}");
    assert!(revert.contains("aborted by a newer release of myservice"), "{revert}");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!((told.world.revision("myservice-green").as_str(), told.world.tasks("myservice-green")), ("myservice:2", 3));
    assert_eq!(told.world.tasks("myservice"), 0, "the cancelled candidate runs no more");
    assert!(told.world.record().contains("state=closed"), "{}", told.world.record());
}
