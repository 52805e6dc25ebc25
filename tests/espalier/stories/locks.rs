//! `lock: ssm`: two deploys at once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::QUICKLY;
use crate::harness::{CONFIG, Story};

/// The first writes of a record are never answered: its job has taken the lock, and nothing says so but the lock.
fn speechless(times: u64) -> Story {
    let hang = |nth| json!({ "operations": ["vpc-lattice:TagResource"], "nth": nth, "effect": "hang" });
    Story::of(&json!({ "faults": (1..=times).map(hang).collect::<Vec<_>>() }))
}

#[test]
fn of_two_deploys_at_once_exactly_one_wins() {
    let told = speechless(3).script(&format!(
        r#"
        begins deploy -c {CONFIG} {QUICKLY} --lock ssm
        exits 5 deploy --lock ssm {QUICKLY}
        exits 0 ends
        "#
    ));
    let told = told.ends_with(0).says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.parameters(), [Value::Null; 0], "the lock goes with the release");
    assert_eq!(told.world.open_checks(), 0, "whoever is refused has a check run too");
    let permissions = told.world.permissions();
    let actions = permissions.iter().filter_map(|used| used["action"].as_str()).filter(|action| action.starts_with("ssm:"));
    let needed = ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"];
    assert_eq!(actions.collect::<BTreeSet<_>>(), BTreeSet::from(needed), "what `iam-policy` allows");
}

#[test]
fn the_lock_of_a_dead_job_stands_for_as_long_as_a_lease_and_is_then_taken_over() {
    let told = speechless(1).script(&format!(
        r#"
        begins deploy -c {CONFIG} {QUICKLY} --lock ssm
        kill -KILL $!
        exits 137 ends
        exits 5 deploy --lock ssm {QUICKLY}
        later 200
        exits 0 deploy --lock ssm {QUICKLY}
        "#
    ));
    let told =
        told.ends_with(0).complains("has taken the lock /espalier/service/svc-").says("took over the lock /espalier/service/");
    assert_eq!(told.world.parameters(), [Value::Null; 0]);
}

#[test]
fn an_abort_goes_on_without_the_lock_and_removes_it() {
    let told = Story::within_file("blocked-at-5").script(&format!(
        r#"
        begins deploy -c {CONFIG} --lock ssm
        kill -KILL $!
        exits 137 ends
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    assert_eq!(told.world.parameters(), [Value::Null; 0]);
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
}

/// The lock is not kept for the hours of a hold, and whoever goes on takes it again.
#[test]
fn while_a_promotion_has_the_lock_a_release_is_refused() {
    let held = "--steps 5%:30s,hold:4h,25%:2m,100%:30s --settle 30s --retire-after 30s --lock ssm";
    let told = hangs_at_a_quarter().script(&format!(
        r#"
        exits 0 deploy {held}
        [[ "$(asks GET world "")" == *'"parameters":[]'* ]] || exit 98
        begins promote --lattice-service myservice
        [[ "$(asks GET world "")" != *'"parameters":[]'* ]] || exit 97
        exits 5 deploy {held}
        exits 0 ends
        "#
    ));
    let told = told.ends_with(0).says("promoted (steps-passed)");
    assert_eq!(told.world.parameters(), [Value::Null; 0], "the lock goes with the rollout");
}

/// Whoever goes on from a hold is not answered at once when the candidate has a quarter.
fn hangs_at_a_quarter() -> Story {
    let fault = json!({ "operations": ["ecs:DescribeTasks"], "share_at_least": 25, "nth": 2, "effect": "hang" });
    Story::of(&json!({ "faults": [fault] }))
}

/// Two holds: a second approval of the first one must not be one of the second.
#[test]
fn c12_of_two_promotions_at_once_exactly_one_goes_on_and_counts_for_one_hold() {
    for lock in ["", "--lock ssm"] {
        let held = format!("--steps 5%:30s,hold:4h,25%:2m,hold:4h,100%:30s --settle 30s --retire-after 30s {lock}");
        let told = hangs_at_a_quarter().script(&format!(
            r#"
            exits 0 deploy {held}
            begins promote --lattice-service myservice
            exits 5 espalier promote --lattice-service myservice
            exits 0 ends
            "#
        ));
        let told = told.ends_with(0).says("it waits to be promoted to step 3 of 3 (100%)");
        assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25], "{lock}: {}", told.run.stderr);
        assert_eq!(told.world.parameters(), [Value::Null; 0], "{lock}");
    }
}
