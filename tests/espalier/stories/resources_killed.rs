//! `up` and `down`, killed with SIGKILL at their calls to AWS, each in a world of its own; then run again.
//!
//! A sample of the calls is taken here. All of them, before and after each is done:
//! `ESPALIER_TEST_KILLS=all cargo test --test espalier resources_killed`, which takes minutes.

use std::{sync::Mutex, thread};

use serde_json::json;

use super::{
    killed::sample,
    resources::{named, there},
    up_policies::config,
};
use crate::{
    harness::{Story, Told},
    world::World,
};

/// How many calls of each sort of run are killed where nobody asks for all.
const SAMPLE: usize = 10;
const AWS: [&str; 4] = ["vpc-lattice", "ecs", "ram", "route53"];
/// Before a call is done, and after that without hearing of it.
const EFFECTS: [(&str, &str); 2] = [("hang", "Hang"), ("{ late-write: 0 }", "LateWrite")];

/// A world with a hosted zone and this fault, in which CONFIG declares all that there is.
fn told(fault: Option<(usize, &str)>, script: &str) -> Told {
    let mut world = json!({ "hosted_zones": [{ "name": "example.com" }] });
    if let Some((nth, effect)) = fault {
        let operations: Vec<String> = AWS.iter().map(|service| format!("{service}:*")).collect();
        let effect = if effect == "hang" { json!(effect) } else { json!({ "late-write": 0 }) };
        world["faults"] = json!([{ "operations": operations, "nth": nth, "effect": effect }]);
    }
    let story = Story::of(&world);
    let config = story.write("espalier.yml", &config(false, false).to_string());
    story.script(&script.replace("CONFIG", &config)).ends_with(0)
}

fn untouched() -> World {
    told(None, "true").world
}

/// How many calls of these services a world has seen.
fn calls(told: &Told) -> usize {
    let is_counted = |call: &String| call.split_once(':').is_some_and(|(service, _)| AWS.contains(&service));
    told.world.calls().into_iter().filter(is_counted).count()
}

/// A run of this verb that is killed at the world's nth call.
fn killed(nth: usize, (effect, awaited): (&str, &str), before: &str, verb: &str, after: &str) -> Told {
    let kill = format!("AWAITED='{awaited}' begins {verb} -c CONFIG\nkill -KILL $!\nexits 137 ends");
    told(Some((nth, effect)), &format!("{before}\n{kill}\n{after}"))
}

/// Plays these in worlds of their own, two at a time: in the sample the effects take turns.
fn each(calls: usize, play: impl Fn(usize, (&'static str, &'static str)) + Sync) {
    assert!(calls > 80, "{calls}");
    let chosen = sample(calls, SAMPLE);
    let effects = |place: usize| if chosen.len() == calls { EFFECTS.to_vec() } else { vec![EFFECTS[place % 2]] };
    let cases = chosen.iter().enumerate().flat_map(|(place, nth)| effects(place).into_iter().map(|effect| (*nth, effect)));
    let cases = Mutex::new(cases.collect::<Vec<_>>());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((nth, effect)) = cases.lock().map(|mut cases| cases.pop()).expect("nobody panics") {
                    play(nth, effect);
                }
            });
        }
    });
}

const UP: &str = "exits 0 espalier up -c CONFIG\n";
const DOWN: &str = "exits 0 espalier down -c CONFIG\n";

#[test]
fn up_killed_at_any_call_and_run_again_converges() {
    let whole = told(None, UP);
    let wanted = named(&whole.world);
    each(calls(&whole), |nth, effect| {
        let told = killed(nth, effect, "", "up", &format!("{UP}{UP}"));
        assert!(told.run.stdout.ends_with("Nothing to do.\n"), "killed at call {nth} ({effect:?}):\n{}", told.run.stdout);
        assert_eq!(named(&told.world), wanted, "killed at call {nth} ({effect:?}):\n{}", told.run.stdout);
    });
}

#[test]
fn down_after_any_half_state_leaves_nothing_of_ours() {
    let before = there(&untouched());
    each(calls(&told(None, UP)), |nth, effect| {
        let told = killed(nth, effect, "", "up", DOWN);
        assert_eq!(there(&told.world), before, "up was killed at call {nth} ({effect:?}):\n{}", told.run.stdout);
    });
}

#[test]
fn down_killed_at_any_call_and_run_again_leaves_nothing_of_ours() {
    let before = there(&untouched());
    let made = calls(&told(None, UP));
    let all = calls(&told(None, &format!("{UP}{DOWN}")));
    each(all - made, |nth, effect| {
        let told = killed(made + nth, effect, UP, "down", DOWN);
        assert_eq!(there(&told.world), before, "down was killed at call {nth} ({effect:?}):\n{}", told.run.stdout);
    });
}
