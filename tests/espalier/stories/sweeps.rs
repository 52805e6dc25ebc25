//! The dead man's switch among rollouts that cannot be read, and after somebody removed what leads to them.

use serde_json::json;

use super::neighbours;
use crate::harness::{CONFIG, Story};

#[test]
fn a_record_that_cannot_be_read_keeps_no_other_rollout_from_being_rolled_back() {
    let holder =
        "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-0aaaaaaaaaaaaaaaa/listener/listener-0aaaaaaaaaaaaaaaa";
    let group = json!({ "forward": { "myservice-a": 100 } });
    let story = Story::of(&json!({
        "lattice": { "services": [
            { "name": "another", "id": "svc-0aaaaaaaaaaaaaaaa", "tags": { "espalier:rollout.listener-0aaaaaaaaaaaaaaaa": holder },
              "listeners": [{ "name": "http-80", "id": "listener-0aaaaaaaaaaaaaaaa", "port": 80, "default_action": { "fixed_response": 404 },
                              "tags": { "espalier:record.0": "v=9 of another time", "espalier:record.sum": "1 0000000000000000" } }] },
            { "name": "myservice", "id": "svc-12345678901234567",
              "listeners": [{ "name": "http-80", "id": "listener-12345678901234567", "port": 80, "default_action": group }] },
        ] },
        "faults": [{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" }],
    }));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 3 espalier resume --all
        "#
    ));
    let told = told.ends_with(0).says("rolled-back (job-lost)").complains("another: the record on").complains("cannot be read");
    assert_eq!(told.world.weights_of("myservice-b").last(), Some(&0));
    assert_eq!(told.world.tasks("myservice-green"), 0);
}

/// Terraform often owns the Lattice service, and removes tags that it does not know.
#[test]
fn what_leads_to_a_rollout_is_written_again_by_its_job() {
    let story = Story::of(&json!({
        "people": [{ "share_at_least": 5, "at": 20, "do": "remove-service-tags" }],
        "faults": [{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 9, "effect": "hang" }],
    }));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        exits 0 espalier status --lattice-service myservice
        later 200
        exits 0 espalier status --lattice-service myservice
        exits 3 espalier resume --all
        exits 0 espalier status --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0).says("rolled-back (job-lost)");
    let told = told.says("a job's until").says("held by no job since").says("to go back: espalier abort --traffic-target");
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!(told.world.tasks("myservice-green"), 0);
}

#[test]
fn a_command_for_a_rollout_that_is_not_there_any_more_does_nothing() {
    let story = Story::within("promoted");
    let id = "--rollout-id 20200101T000000Z-00000000";
    let told = story.script(&format!(
        r#"
        exits 0 env ESPALIER_RETIRE_AFTER=never "$ESPALIER" deploy -c {CONFIG} --steps 100%:30s --settle 30s
        asks GET world "" >"$FOLDER/before"
        exits 5 espalier abort --lattice-service myservice {id}
        exits 5 espalier abort --lattice-service myservice --to myservice-a {id}
        exits 5 espalier rollback --lattice-service myservice {id}
        exits 5 espalier resume -c {CONFIG} {id}
        exits 5 espalier promote --lattice-service myservice {id}
        "#
    ));
    let told = told.ends_with(0).complains("is not there any more").complains("nothing was done");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 100], "nothing was written after the promotion");
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (3, 3));
}

/// A sweep takes minutes for each rollout. What it is to do with the next one is decided when it comes to that.
#[test]
fn a_sweep_does_not_act_on_what_another_job_has_seen_to_meanwhile() {
    let file = std::fs::read_to_string("tests/fixtures/scenarios/three-services.yml").expect("a scenario");
    let services = r#"lattice:
  services:
    - { name: myservice, id: svc-12345678901234567, listeners: [{ name: http-80, id: listener-12345678901234567, port: 80, default_action: { forward: { myservice-a: 100 } } }] }
    - { name: another, id: svc-0aaaaaaaaaaaaaaaa, listeners: [{ name: http-80, id: listener-0aaaaaaaaaaaaaaaa, port: 80, default_action: { forward: { good: 100 } } }] }
"#;
    let more = r#"
faults: [{ operations: ["ecs:DescribeTasks"], share_at_least: 5, nth: 2, effect: hang }]
people: [{ service: another, listener: http-80, share_at_least: 5, at: 330, do: remove-tags }]
"#;
    let scenario = file.replacen("lattice:\n", services, 1) + more;
    let told = Story::within("promoted").elsewhere("two.yml", &scenario).script(&format!(
        r#"
        begins deploy -c {CONFIG} --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        exits 0 espalier shift --lattice-service another --from good --to leaky --steps 5%:30s,hold:4h,100%:30s --settle 30s
        later 190
        exits 3 espalier resume --all
        "#
    ));
    let told = told.ends_with(0).says("rolled-back (job-lost)").says("another job has seen to it meanwhile");
    assert_eq!(told.world.weights_of("leaky").last(), Some(&5));
}

/// Two applications on one Lattice service, and the first release of one of them: what the other has under way there is not its own.
#[test]
fn a_first_release_leaves_another_applications_rollout_alone() {
    let story = neighbours::shared("{ fixed_response: 404 }");
    let told = story.script(&format!(
        r#"
        exits 0 espalier shift --lattice-service myservice --rules other --from good --to leaky --steps 5%:30s,hold:4h,100%:30s --settle 30s
        exits 0 espalier deploy -c {CONFIG} --rules default --on-existing rollback-first
        "#
    ));
    let told = told.ends_with(0);
    assert_eq!(told.world.weights_of("leaky").last(), Some(&5), "{}", told.run.stdout);
}

/// Where one traffic target of several is named, what its rollout moved together stays together.
#[test]
fn an_abort_to_a_group_puts_every_traffic_target_of_the_rollout_there() {
    let story = Story::of(&json!({
        "faults": [{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" }],
    }));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        later 200
        listener="arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/listener-12345678901234567"
        exits 0 espalier abort --traffic-target "$listener" --to myservice-a
        exits 0 espalier status --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    let actions = told.world.actions();
    assert!(actions.len() > 1, "{actions:?}");
    for action in actions.values() {
        assert_eq!(action["forward"]["myservice-a"], 100, "{action}");
    }
}

/// The two are at it at the same time: who comes second to the record finds another one there, and leaves it.
#[test]
fn an_abort_to_a_group_leaves_a_record_that_another_job_took_meanwhile() {
    let story = Story::of(&json!({ "faults": [
        { "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" },
        { "operations": ["vpc-lattice:UpdateListener"], "nth": 3, "effect": { "late-write": 0 } },
    ] }));
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        later 200
        AWAITED=LateWrite begins abort --lattice-service myservice --to myservice-a
        exits 0 espalier abort --lattice-service myservice
        exits 0 ends
        "#
    ));
    let told = told.ends_with(0).says("is another job's by now: its record is left as it is");
    assert!(told.world.record().contains("closed"), "{}", told.world.record());
    for action in told.world.actions().values() {
        assert_eq!(action["forward"]["myservice-a"], 100, "{action}");
    }
}

/// AWS takes no weights for longer than a rollback is tried. The decision and the baseline are recorded: once it does again, nobody has to
/// come for it.
#[test]
fn a_rollback_that_aws_refused_until_its_job_gave_up_is_done_by_the_next_sweep() {
    let refused = json!({
        "operations": ["UpdateRule", "UpdateListener", "BatchUpdateRule"], "share_at_least": 25, "before": 1700, "effect": "throttle"
    });
    let story = Story::of(&json!({ "images": { "*": { "unhealthy_above": 25 } }, "faults": [refused] }));
    let told = story.script(
        r#"
        exits 4 deploy
        exits 0 espalier resume --all --dry-run
        later 1500
        exits 3 espalier resume --all
        exits 0 espalier status --lattice-service myservice
        "#,
    );
    let told = told.ends_with(0).says("(not-restored)");
    told.world.forwards(&[("myservice-a", 100)]);
    assert_eq!(told.world.tasks("myservice-green"), 0);
}
