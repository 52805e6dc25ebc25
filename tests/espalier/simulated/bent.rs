//! The rules can be broken: machines with a defect, each of which has to be caught by the rule that it breaks.

use std::time::Duration;

use espalier::{
    rollout::{
        machine::{Desired, Effect, Role},
        split::Split,
    },
    sandbox::direct::Behaviour,
};

use super::hazards::{dying, quiet};
use crate::simulation::{
    case::Case,
    run::{Bend, play_bent},
};

/// What is defective, in which case it shows, how, and the beginning of the rule that it breaks.
type Defect = (&'static str, fn() -> Case, Bend, &'static str);

/// Done in place of something that is left out: it changes nothing.
fn nothing(effect: Effect, left_out: bool) -> Effect {
    if left_out { Effect::Renew(espalier::time::Timestamp::from_secs(4_000_000_000)) } else { effect }
}

const RESTORES: [Desired; 2] = [Desired::BaselineBesideCandidate, Desired::Baseline];

const DEFECTS: [Defect; 7] = [
    (
        "it does not restore",
        dying,
        |effect, facts| {
            let restores = facts.share(1) > 0 && matches!(&effect, Effect::Write(desired) if RESTORES.contains(desired));
            nothing(effect, restores)
        },
        "1: a candidate with weight and no healthy target",
    ),
    (
        "it looks too seldom",
        || Case { candidate: Behaviour { healthy_for: Some(400), ..Behaviour::default() }, ..quiet() },
        |effect, _| {
            if let Effect::WaitUntil(until) = effect { Effect::WaitUntil(until + Duration::from_secs(120)) } else { effect }
        },
        "1: a candidate with weight and no healthy target",
    ),
    (
        "it gives everything at once",
        quiet,
        |effect, _| {
            let step = matches!(effect, Effect::Write(Desired::Split(_)));
            if step { Effect::Write(Desired::Split(Split::CANDIDATE)) } else { effect }
        },
        "2: steps come from the plan",
    ),
    (
        "it writes what no step says",
        quiet,
        |effect, _| {
            let step = matches!(effect, Effect::Write(Desired::Split(_)));
            if step { Effect::Write(Desired::Split(Split { stable: 50, candidate: 51 })) } else { effect }
        },
        "2: steps come from the plan",
    ),
    (
        "it announces nothing",
        quiet,
        |effect, _| {
            let step = matches!(&effect, Effect::Record(record, _) if record.intent.candidate > 0);
            nothing(effect, step)
        },
        "9: a split is announced",
    ),
    (
        "it stops the side that serves",
        quiet,
        |effect, _| if effect == Effect::Scale(Role::Stable, 0) { Effect::Scale(Role::Candidate, 0) } else { effect },
        "6: stable is never shrunk",
    ),
    (
        "it calls everything rolled back",
        dying,
        |effect, _| if effect == Effect::Write(Desired::Baseline) { nothing(effect, true) } else { effect },
        "5: rolled back is exactly",
    ),
];

#[test]
fn a_machine_with_a_defect_is_caught_by_the_rule_that_it_breaks() {
    for (what, case, bend, rule) in DEFECTS {
        let violation = play_bent(&case(), false, Some(bend)).violation;
        let broken = violation.map(|violation| violation.rule).unwrap_or("none");
        assert!(broken.starts_with(rule), "{what}: broken is rule {broken}");
    }
}
