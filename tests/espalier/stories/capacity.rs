//! Application Auto Scaling on the slots: held for a release, given back on every way out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    QUICK, QUICKLY,
    killed::{EFFECTS, sample, turn},
};
use crate::harness::{CONFIG, Story, Told};

/// A scenario with a service that scales between 2 and 10 tasks, and finds 2 enough once the candidate has its first share.
fn scaled(name: &str, more: &Value) -> Story {
    let mut scenario = scales_itself();
    scenario["name"] = json!(name);
    for (member, value) in more.as_object().expect("members") {
        scenario[member] = value.clone();
    }
    Story::of(&scenario)
}

/// The same without more.
pub(super) fn scales_itself() -> Value {
    json!({
        "scaling": {
            "targets": [{
                "service": "myservice", "min": 2, "max": 10,
                "policies": [{
                    "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": {
                        "TargetValue": 50.0,
                        "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
                    },
                }, {
                    "PolicyName": "depth", "PolicyType": "StepScaling",
                    "StepScalingPolicyConfiguration": {
                        "AdjustmentType": "ChangeInCapacity",
                        "StepAdjustments": [{ "MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1 }],
                    },
                }],
                "scheduled_actions": [{
                    "ScheduledActionName": "morning", "Schedule": "cron(0 8 * * ? *)",
                    "ScalableTargetAction": { "MinCapacity": 2, "MaxCapacity": 10 },
                }],
            }],
            "demand": [{ "service": "myservice", "share_at_least": 5.0, "at": 0, "desired": 2 }],
        },
    })
}

/// What scales an ECS service in the end: bounds, and whether it may shrink, grow, follow the clock.
fn scaling(told: &Told, service: &str) -> (u64, u64, [bool; 3]) {
    let target = told.world.scaling(service).expect("a scalable target");
    let may = ["scale_in", "scale_out", "scheduled"].map(|kind| target["suspended"][kind] == false);
    (target["min"].as_u64().expect("a number"), target["max"].as_u64().expect("a number"), may)
}

const AS_BEFORE: (u64, u64, [bool; 3]) = (2, 10, [true; 3]);
const RESTS: (u64, u64, [bool; 3]) = (0, 10, [true, false, false]);

/// The weights of a shift back to the slot that served first.
const BACK: &str = "--lattice-service myservice --from myservice-b --to myservice-a --steps 100%:30s --settle 30s";

/// Flagger 944, 1157, Argo 4973: the autoscaler and the release fight for the desired count.
#[test]
fn flagger_944_what_scales_a_service_is_held_for_the_release_and_goes_with_the_roles() {
    let story = scaled("autoscaled", &json!({}));
    let told = story
        .deploy(&QUICK)
        .ends_with(0)
        .says("myservice (2 to 10 tasks) may grow by itself and not shrink")
        .says("the scaling policy depth of myservice acts on an alarm of yours");
    assert!(!told.world.happened("scaling", "myservice: desired count 2"), "stable shrank in the middle of the release");
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (RESTS, AS_BEFORE));
    let told = story.script(&format!(
        r#"
        exits 0 deploy --image web=nginx:1.29 {QUICKLY}
        exits 0 espalier rollback --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    assert_eq!(scaling(&told, "myservice"), AS_BEFORE);
    assert_eq!(scaling(&told, "myservice-green"), RESTS);
    let green = told.world.scaling("myservice-green").expect("a scalable target");
    assert_eq!((&green["policies"], &green["scheduled_actions"]), (&json!(["cpu", "depth"]), &json!(["morning"])));
    assert_eq!((told.world.tasks("myservice-green"), told.world.revision("myservice").as_str()), (0, "myservice:1"));
    assert!(told.world.tasks("myservice") >= 2);
}

#[test]
fn a_rejected_candidate_rests_and_stable_scales_as_before() {
    let unhealthy = json!({ "images": { "myservice:1": {}, "*": { "unhealthy_above": 25 } } });
    let told = scaled("rejected", &unhealthy).deploy(&["--steps", "5%:30s,25%:1m,100%:1m", "--settle", "30s"]).ends_with(3);
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (AS_BEFORE, RESTS));
    assert_eq!((told.world.tasks("myservice-green"), told.world.desired("myservice-green")), (0, Some(0)));
}

#[test]
fn a_signal_gives_scaling_back_after_the_weights_and_an_abort_after_a_kill_does_too() {
    let blocked = json!({
        "faults": [{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5.0, "nth": 2, "effect": "hang" }],
    });
    let told = scaled("cancelled", &blocked).script(&format!("begins deploy -c {CONFIG}\nkill -TERM $!\nexits 3 ends"));
    let told = told.ends_with(0).says("myservice scales by itself as before");
    assert_eq!(scaling(&told, "myservice"), AS_BEFORE);
    let calls = told.world.calls();
    let last = |operation: &str| calls.iter().rposition(|call| call.ends_with(operation)).unwrap_or(0);
    assert!(last(":RegisterScalableTarget") > last(":UpdateRule").max(last(":UpdateListener")), "{calls:?}");

    let told = scaled("killed", &blocked).script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        exits 0 espalier abort --lattice-service myservice
        "#
    ));
    let told = told.ends_with(0);
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (AS_BEFORE, RESTS));
}

/// Who says which group is to serve has said all that there is to say of the rollout.
#[test]
fn an_abort_to_a_group_gives_back_what_the_rollout_had_suspended_and_takes_its_test_rule_away() {
    let blocked = json!({ "faults": [{ "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" }] });
    let story = scaled("settled by hand", &blocked);
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 espalier abort --lattice-service myservice --to myservice-a
        "#
    ));
    let told = told.ends_with(0).says("the tasks of myservice-green are left running");
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (AS_BEFORE, AS_BEFORE));
}

#[test]
fn what_a_killed_job_never_gave_back_the_next_release_does() {
    // Asked for twice beforehand, held, given to the candidate: the fifth is the one that gives it back at the promotion.
    let hangs = json!({
        "faults": [{ "operations": ["application-autoscaling:RegisterScalableTarget"], "nth": 5, "effect": "hang" }],
    });
    let told = scaled("killed at the end", &hangs).script(&format!(
        r#"
        begins deploy -c {CONFIG} {QUICKLY}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 deploy --image web=nginx:1.29 {QUICKLY}
        "#
    ));
    let told = told.ends_with(0).says("myservice:3 promoted");
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (AS_BEFORE, RESTS));
}

/// A shift knows no ECS services: what the release before has recorded of them it keeps for the next one.
#[test]
fn what_a_shift_brings_back_to_a_slot_at_rest_the_next_release_gives_its_bounds() {
    let back = format!(
        r#"
        exits 0 deploy {QUICKLY}
        ecs UpdateService '{{"cluster":"my-cluster","service":"myservice","desiredCount":3}}' >/dev/null
        later 120
        exits 0 espalier shift {BACK} >"$FOLDER/shifted"
        "#
    );
    let mut scales = scales_itself();
    scales["scaling"]["demand"] = json!([]);
    let story = scaled("shifted back", &scales);
    let told = story.script(&back).ends_with(0);
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (RESTS, AS_BEFORE), "weights alone");
    let said = story.read("shifted");
    assert!(!said.contains("as before"), "{said}");
    let command = "aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension \
                   ecs:service:DesiredCount --resource-id service/my-cluster/myservice --min-capacity 2 --suspended-state \
                   DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false";
    assert!(said.contains("myservice was left at rest by the release before") && said.contains(command), "{said}");

    let told = story.script(&format!("{back}\nexits 0 deploy --image web=nginx:1.29 {QUICKLY}"));
    let told = told.ends_with(0).says("myservice (2 to 10 tasks) may grow by itself and not shrink");
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (RESTS, AS_BEFORE));

    scales["images"] = json!({ "nginx:1.29": { "unhealthy_above": 25 } });
    let story = scaled("shifted back, then rejected", &scales);
    let steps = "--steps 5%:30s,50%:1m,100%:1m --settle 30s";
    let told = story.script(&format!("{back}\nexits 3 deploy --image web=nginx:1.29 {steps}")).ends_with(0);
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (AS_BEFORE, RESTS));
}

/// All that is recorded of it is with the shift once that has its own record in that one's place.
#[test]
fn what_a_killed_job_never_gave_back_the_next_release_does_also_after_a_shift() {
    let hangs = json!({
        "faults": [{ "operations": ["application-autoscaling:RegisterScalableTarget"], "nth": 5, "effect": "hang" }],
    });
    let back = format!(
        r#"
        begins deploy -c {CONFIG} {QUICKLY}
        kill -KILL $!
        exits 137 ends
        later 200
        exits 0 espalier shift {BACK}
        "#
    );
    let abort = "exits 0 espalier abort --lattice-service myservice --to myservice-a";
    for before in ["", abort] {
        let story = scaled("killed, then shifted", &hangs);
        let told = story.script(&format!("{back}\n{before}")).ends_with(0);
        let held = (2, 10, [false, true, true]);
        assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (held, held), "weights alone");
        let told = story.script(&format!("{back}\n{before}\nexits 0 deploy --image web=nginx:1.29 {QUICKLY}")).ends_with(0);
        assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (RESTS, AS_BEFORE), "{before}");
    }
}

/// At bootstrap there is no other side to look at, and what is started has rested since the release that left it.
#[test]
fn a_bootstrap_into_a_slot_at_rest_gives_it_the_bounds_that_it_had() {
    let edit = |rule: &str| {
        let r#do = json!({ "set-action": { "fixed_response": 404 } });
        json!({ "at": 3000, "listener": "http-80", "rule": rule, "do": r#do })
    };
    let people = json!([edit(""), edit("api")]);
    let unhealthy = json!({ "nginx:1.28": { "healthy": false } });
    let nothing_serves = format!("exits 0 deploy --image web=nginx:1.27 {QUICKLY}\nlater 3000");
    let deploy = |image: &str| format!("deploy --image web=nginx:{image} {QUICKLY}");

    let story = scaled("nothing serves", &json!({ "people": people }));
    let told =
        story.script(&format!("{nothing_serves}\nexits 0 {}", deploy("1.28"))).ends_with(0).says("(first-revision-healthy)");
    assert_eq!(scaling(&told, "myservice"), AS_BEFORE);
    let told = story.script(&format!("{nothing_serves}\nexits 0 {} --dry-run", deploy("1.28"))).ends_with(0);
    told.says("let myservice scale by itself again (2 to 10 tasks) once it serves");
    let again = format!("{nothing_serves}\nexits 0 {}\nexits 0 {}", deploy("1.28"), deploy("1.29"));
    let told = story.script(&again).ends_with(0);
    assert_eq!((scaling(&told, "myservice"), scaling(&told, "myservice-green")), (RESTS, AS_BEFORE));

    let story = scaled("nothing serves, nor does what is started", &json!({ "people": people, "images": unhealthy }));
    let failed = format!("{nothing_serves}\nexits 3 {}", deploy("1.28"));
    let told = story.script(&failed).ends_with(0);
    assert_eq!((scaling(&told, "myservice"), told.world.tasks("myservice")), (RESTS, 0));
    let told = story.script(&format!("{failed}\nexits 0 {}", deploy("1.29"))).ends_with(0);
    assert_eq!(scaling(&told, "myservice"), AS_BEFORE);
}

#[test]
fn what_could_not_be_given_back_is_said_with_the_command() {
    // Asked for twice beforehand, then held, given to the candidate; from then on refused.
    let refused = json!({
        "faults": [{ "operations": ["application-autoscaling:RegisterScalableTarget"], "from": 5, "effect": "denied" }],
    });
    let told = scaled("refused", &refused).deploy(&QUICK).ends_with(0);
    told.says("giving the scaling of myservice-green back failed")
        .says("aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/my-cluster/myservice-green --min-capacity 2 --suspended-state DynamicScalingInSuspended=false");
}

#[test]
fn a_role_that_may_not_hold_it_is_refused_beforehand_with_the_actions() {
    let used = scaled("used", &json!({})).deploy(&QUICK).ends_with(0).world.permissions();
    let of_scaling = |used: &&Value| used["action"].as_str().is_some_and(|action| action.starts_with("application-autoscaling:"));
    let actions: BTreeSet<&str> = used.iter().filter(of_scaling).filter_map(|used| used["action"].as_str()).collect();
    assert_eq!(actions.len(), 6, "{actions:?}");
    for action in actions {
        let allowed = json!([{ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": action, "Resource": "*" },
        ]}]);
        let told = scaled("denied", &json!({ "iam": { "roles": { "deployer": { "policies": allowed } } } })).deploy(&QUICK);
        if action.ends_with(":DescribeScheduledActions") {
            // The one that is only told.
            told.ends_with(0).says("scheduled actions of myservice are not copied to myservice-green");
            continue;
        }
        let told = told.ends_with(2).complains(&format!("let the role call {action}"));
        assert_eq!(told.world.writes(), [""; 0], "without {action}");
    }
}

/// Rule 9 for what is borrowed: killed at a call about scaling, done or not, and another job gives it back: the verb, or past the promotion,
/// which no verb but `rollback` touches, the sweep. A sample; all of them with
/// `ESPALIER_TEST_KILLS=all`.
#[test]
fn killed_at_any_call_about_scaling_another_job_gives_it_back() {
    let about = |call: &&String| call.contains("application-autoscaling:");
    let told = scaled("counted", &json!({})).deploy(&QUICK).ends_with(0);
    let calls = told.world.calls().iter().filter(about).count();
    assert!(calls > 8, "{calls}");
    let verbs = ["espalier abort", "later 200; espalier recover", "espalier rollback"];
    for (place, nth) in sample(calls, 6).into_iter().enumerate() {
        for (effect, awaited) in turn(&EFFECTS, place) {
            for verb in turn(&verbs, place) {
                gives_back(nth, (effect, awaited), verb);
            }
        }
    }
}

/// Killed at the nth call about scaling, which is done or not, what was borrowed is given back by the verb.
fn gives_back(nth: usize, (effect, awaited): (&str, &str), verb: &str) {
    let written = if effect == "hang" { json!(effect) } else { json!({ "late-write": 0 }) };
    let fault = json!({ "operations": ["application-autoscaling:*"], "nth": nth, "effect": written });
    let told = scaled("killed", &json!({ "faults": [fault] })).script(&format!(
        r#"
        AWAITED={awaited} begins deploy -c {CONFIG} {QUICKLY}
        kill -KILL $!
        exits 137 ends
        said="$({verb} --lattice-service myservice)" || true
        echo "$said"
        if [[ "$said" == *"it is promoted"* || "$said" == *"it has ended"* ]]; then
          later 200
          exits 0 espalier resume --all
        fi
        "#
    ));
    let told = told.ends_with(0);
    let actions = told.world.actions();
    let serves = |group: &str| actions.values().all(|action| action["forward"][group] == 100);
    let (serving, other) =
        if serves("myservice-a") { ("myservice", "myservice-green") } else { ("myservice-green", "myservice") };
    let all = format!("killed at call {nth} ({effect}), then {verb}\n{}\n{}", told.run.stdout, told.run.stderr);
    assert!(serves("myservice-a") || serves("myservice-b"), "{all}");
    assert_eq!(scaling(&told, serving), AS_BEFORE, "{all}");
    assert!(told.world.tasks(serving) >= 2, "{all}");
    // Where the other one was told to scale at all, it rests, or it waits to be retired.
    let shrinks = told.world.desired(other).is_some_and(|desired| desired == 0);
    assert!(!shrinks || told.world.scaling(other).is_none() || scaling(&told, other).2[1..] == [false; 2], "{all}");
}
