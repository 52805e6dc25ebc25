//! The binary, killed with SIGKILL at its calls to AWS, each in a world of its own; then another job puts things in order.
//!
//! A sample of the calls is taken here. All of them, done and not done, each followed by every verb in a world of its own:
//! `ESPALIER_TEST_KILLS=all cargo test --test espalier killed`, which takes many minutes.

use std::{sync::Mutex, thread};

use serde_json::Value;

use super::STEPS;
use crate::{
    harness::{CONFIG, Story, Told},
    world::World,
};

/// How many calls are tried where nobody asks for all, and how many of those of a release that is rolled back.
const SAMPLE: usize = 12;
const SAMPLE_BACK: usize = 4;

/// A call is not done, or it is done and its job does not hear of it; and what the world says of that.
pub(super) const EFFECTS: [(&str, &str); 2] = [("hang", "Hang"), ("{ late-write: 0 }", "LateWrite")];

/// What is released serves well, or fails once it has everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidate {
    Good,
    Failing,
}

/// The config of those that are killed.
pub(super) const SEED: &str = "tests/fixtures/seed/espalier.yml";

/// What the other job does, and what it may end with where there is a rollout. Those that only go on where nobody is at it wait
/// until the lease has ended.
pub(super) const VERBS: [(&str, &[i32]); 4] = [
    ("espalier abort --lattice-service myservice", &[0]),
    ("espalier rollback --lattice-service myservice", &[0]),
    ("later 200; espalier resume -c tests/fixtures/seed/espalier.yml", &[0]),
    // Whoever rolls a release back that nobody asked to roll back says so.
    ("later 200; espalier recover --lattice-service myservice", &[0, 3]),
];

/// How the other job may end where nothing was recorded yet, and where everything is over.
const NOTHING_TO_DO: [i32; 2] = [5, 0];

/// The world of a release.
fn world_of(candidate: Candidate) -> &'static str {
    match candidate {
        Candidate::Good => "",
        Candidate::Failing => "images: { \"*\": { unhealthy_above: 25 } }\n",
    }
}

/// A release that is killed at its nth call of these: before the call is done, or after that without hearing of it.
fn killed(candidate: Candidate, operations: &str, nth: usize, (effect, awaited): (&str, &str), verb: &str) -> Told {
    let story = Story::within("promoted");
    let fault = format!("faults:\n  - {{ operations: [{operations}], nth: {nth}, effect: {effect} }}\n");
    let story = story.elsewhere("killed.yml", &(fault + world_of(candidate)));
    story.script(&format!(
        r#"
        export ESPALIER_RETIRE_AFTER=60s ESPALIER_STEPS=5%:30s,100%:30s ESPALIER_SETTLE=30s
        AWAITED='{awaited}' begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        code=0
        {{ {verb}; }} || code=$?
        echo "the other job: $code"
        exits 0 espalier status --lattice-service myservice
        "#
    ))
}

/// Traffic is on a side with healthy targets, or on what it was on before, and nobody is at it any more.
pub(super) fn settled(told: &Told, before: &World, candidate: Candidate, (verb, codes): (&str, &[i32]), what: &str) {
    let (world, said) = (&told.world, &told.run.stdout);
    let all = format!("{what}\n{said}\n{}", told.run.stderr);
    assert_eq!(told.run.code, 0, "{all}");
    let code: i32 = said.split("the other job: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).expect(&all);
    let actions = world.actions();
    let everything_on = |group: &str| {
        actions.values().all(|action| {
            let groups = action["forward"]["targetGroups"].as_object().or(action["forward"].as_object()).expect("it forwards");
            groups.iter().all(|(name, weight)| (name == group) == (weight.as_u64() > Some(0)))
        })
    };
    let record = world.record();
    if actions == before.actions() {
        assert!(world.tasks("myservice") == 3, "stable serves: {all}");
        assert_eq!(world.tasks("myservice-green"), 0, "no task is left behind: {all}");
    } else if everything_on("myservice-b") {
        assert_eq!(world.tasks("myservice-green"), 3, "the new revision serves: {all}");
    } else {
        assert!(everything_on("myservice-a"), "{actions:?}: {all}");
        assert_eq!(world.tasks("myservice"), 3, "stable serves: {all}");
    }
    let over = ["state=closed", "state=promoted", "state=rolled-back"].iter().any(|state| record.contains(state));
    assert!(over || record.is_empty(), "{record}: {all}");
    // What is rolled back has no revision before it to go back to.
    let is_over = candidate == Candidate::Failing && verb.contains(" rollback ");
    let nothing = (record.is_empty() || is_over) && NOTHING_TO_DO.contains(&code);
    // Whoever goes on with a candidate that fails rolls it back.
    let rejects = candidate == Candidate::Failing && verb.contains(" resume ") && code == 3;
    assert!(codes.contains(&code) || nothing || rejects, "the other job ended with {code}: {all}");
    if candidate == Candidate::Failing {
        assert!(actions == before.actions() || everything_on("myservice-a"), "what fails is never left with traffic: {all}");
    } else if verb.contains(" resume ") && !record.is_empty() {
        assert!(everything_on("myservice-b"), "it is gone on with to its end: {all}");
    }
    if verb.contains(" rollback ") {
        assert!(actions == before.actions() || everything_on("myservice-a"), "it goes back, promoted or not: {all}");
    }
    // Nothing that was there before is gone, and nothing is there that belongs to nobody.
    assert!(world.desired("myservice").is_some(), "its service is gone: {all}");
    assert_eq!(actions.keys().collect::<Vec<_>>(), before.actions().keys().collect::<Vec<_>>(), "{all}");
}

/// An undisturbed release.
fn whole(candidate: Candidate) -> Told {
    let story = Story::within("promoted").elsewhere("whole.yml", &format!("name: whole\n{}", world_of(candidate)));
    let told = story.with("ESPALIER_RETIRE_AFTER", "60s").deploy(&STEPS.split(' ').collect::<Vec<_>>());
    told.ends_with(if candidate == Candidate::Good { 0 } else { 3 })
}

/// Whether somebody asks for all of them.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many")]
pub(super) fn all() -> bool {
    std::env::var("ESPALIER_TEST_KILLS").is_ok_and(|kills| kills == "all")
}

/// Places from 1 to `of`: all of them, or so many.
pub(super) fn sample(of: usize, size: usize) -> Vec<usize> {
    if all() { (1..=of).collect() } else { (0..size).map(|place| 1 + place * (of - 1) / (size - 1)).collect() }
}

/// Where nobody asks for all, the one of these whose turn it is at this place.
pub(super) fn turn<T: Clone>(of: &[T], place: usize) -> Vec<T> {
    if all() { of.to_vec() } else { vec![of[place % of.len()].clone()] }
}

/// A release, killed at these calls of all that it makes.
fn killed_at(candidate: Candidate, calls: &[usize]) {
    let before = Story::within("promoted").untold();
    let cases = calls.iter().enumerate().flat_map(|(place, nth)| {
        // In the sample every verb meets both effects.
        let effects = turn(&EFFECTS, place / VERBS.len() + place);
        let verbs = turn(&VERBS, place);
        verbs.into_iter().flat_map(move |verb| effects.clone().into_iter().map(move |effect| (*nth, effect, verb)))
    });
    let cases = Mutex::new(cases.collect::<Vec<_>>());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((nth, effect, verb)) = cases.lock().expect("nobody panics").pop() else { break };
                    let told = killed(candidate, r#""vpc-lattice:*", "ecs:*""#, nth, effect, verb.0);
                    settled(&told, &before, candidate, verb, &format!("killed at call {nth} ({}), then {}", effect.0, verb.0));
                }
            });
        }
    });
}

#[test]
fn killed_at_any_call_another_job_leaves_traffic_on_a_revision_that_serves() {
    let last = whole(Candidate::Good).world.asked_of_aws().len();
    assert!(last > 50, "{last}");
    killed_at(Candidate::Good, &sample(last, SAMPLE));
}

/// From the write that takes the candidate's traffic away; what comes before is as in a release that goes well.
#[test]
fn killed_at_any_call_of_its_rollback_another_job_finishes_it() {
    let world = whole(Candidate::Failing).world;
    let calls = world.asked_of_aws();
    let writes =
        |call: &&Value| ["UpdateRule", "UpdateListener"].iter().any(|write| call["what"] == format!("vpc-lattice:{write}"));
    let places: Vec<usize> = (1..).zip(&calls).filter(|(_, call)| writes(call)).map(|(place, _)| place).collect();
    // The group beside stable's, two steps, back beside it, and as it was: a rule and a default action each.
    assert_eq!((world.weights_of("myservice-b"), places.len()), (vec![0, 5, 100, 0], 2 * 5));
    let back = places[2 * 3];
    let calls: Vec<usize> = sample(calls.len() - back + 1, SAMPLE_BACK).into_iter().map(|place| place + back - 1).collect();
    killed_at(Candidate::Failing, &calls);
}

/// The job dies while it stops the old slot's tasks. Whoever asks for a rollback at once finds them well and everything as it was, and
/// must not end with all requests on tasks that are stopped a second later.
#[test]
fn what_a_killed_job_has_sent_does_not_stop_the_tasks_that_a_rollback_went_back_to() {
    let before = Story::within("promoted").untold();
    for effect in ["{ late-write: 0 }", "{ late-write: 1 }", "{ late-write: 2 }"] {
        let told = killed(Candidate::Good, r#""ecs:UpdateService""#, 1, (effect, "LateWrite"), VERBS[1].0);
        settled(&told, &before, Candidate::Good, VERBS[1], &format!("{effect}, then a rollback"));
        let told = told.says("stopping the tasks of myservice:1").says("whether they stay is read first");
        assert_eq!((told.world.tasks("myservice"), told.world.desired("myservice")), (3, Some(3)), "{}", told.run.stdout);
    }
}

/// The calls to AWS in a world's log.
impl World {
    fn asked_of_aws(&self) -> Vec<&Value> {
        let of_aws = |line: &&Value| {
            line["what"].as_str().is_some_and(|what| what.starts_with("vpc-lattice:") || what.starts_with("ecs:"))
        };
        self.log().iter().filter(of_aws).collect()
    }
}
