//! Hazards of writes: killed beside one, read as it was before one, and done too early.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use espalier::{
    rollout::{
        journal::{Entry, Happening},
        machine::{Desired, Effect, Event},
        outcome::OutcomeKind,
        split::Split,
    },
    time::Timestamp,
};

use super::hazards::{CANDIDATE, dying, last, outcome, played, quiet};
use crate::simulation::{
    case::{Blow, Case, Falls, Shape, Verb},
    facts::{Facts, Weights},
    play::{Bend, play_bent},
};

/// At every effect of a release, until one is over before the kill falls. Each is followed by two of the verbs, in turn.
#[test]
fn flagger_b4_killed_between_intent_and_write_or_after_it_everything_can_be_undone() {
    const VERBS: [(u64, Verb); 4] = [(5, Verb::Abort), (200, Verb::Resume), (5, Verb::Rollback), (200, Verb::Recover)];
    for at in 0.. {
        for (which, falls) in [Falls::KillBefore, Falls::KillAfter].into_iter().enumerate() {
            for turn in [0, 2] {
                let (after, verb) = VERBS[(at + which + turn) % VERBS.len()];
                let case = Case { blows: vec![Blow { job: 0, at, falls }], afterwards: vec![(after, verb)], ..quiet() };
                let played = played(&case);
                if played.endings[0].1.is_some() {
                    assert!(at > 70, "it was over at effect {at}");
                    return;
                }
                let shares = (last(&played).share(CANDIDATE), last(&played).least_share(CANDIDATE));
                // Nothing to resume is nothing that was written.
                let fits = match shares {
                    (0, 0) => verb != Verb::Resume || played.endings.len() == 1,
                    (100_000, 100_000) => verb != Verb::Rollback,
                    _ => false,
                };
                assert!(fits, "{falls:?} at {at}, then {verb:?}: {shares:?}\n{}", played.story.join("\n"));
            }
        }
    }
}

/// After each write of a step one traffic target is read for a while as it was before.
struct Behind {
    target: usize,
    /// What the last step has written, and the one before it.
    written: Cell<[Split; 2]>,
    /// From when until when it is behind; the last is that of the last step.
    times: RefCell<Vec<[Timestamp; 2]>>,
}

impl Bend for Behind {
    fn asks(&self, effect: Effect, facts: &Facts) -> Effect {
        if let Effect::Write(Desired::Split(split)) = effect
            && split != self.written.get()[0]
        {
            self.written.set([split, self.written.get()[0]]);
            self.times.borrow_mut().push([facts.at, facts.at + Duration::from_secs(40)]);
        }
        effect
    }

    fn hears(&self, event: Event) -> Event {
        let Event::Observed(mut seen) = event else { return event };
        if self.times.borrow().last().is_some_and(|[_, until]| seen.at < *until) {
            let action = seen.actions[self.target].as_mut().expect("it is there");
            action.split = Some(self.written.get()[1]);
        }
        Event::Observed(seen)
    }
}

#[test]
fn argo_3_every_traffic_target_is_verified_by_itself() {
    let case = Case { shape: Shape::BatchAndDefault, ..quiet() };
    for target in 0..3 {
        let behind = Behind { target, written: Cell::new([Split::STABLE; 2]), times: RefCell::default() };
        let played = play_bent(&case, true, Some(&behind));
        assert_eq!(
            (outcome(&played).0, last(&played).least_share(CANDIDATE)),
            (OutcomeKind::Promoted, 100_000),
            "target {target}"
        );
        let times = behind.times.into_inner();
        assert_eq!(times.len(), 3, "the steps: {times:?}");
        for entry in &played.journals[0].entries {
            let goes_on = matches!(entry.event, Happening::Shifted { .. } | Happening::StepPassed { .. });
            let while_behind = times.iter().any(|[from, until]| *from < entry.at && entry.at < *until);
            assert!(!(goes_on && while_behind), "target {target} is behind at {}: {:?}", entry.at, entry.event);
        }
    }
}

/// Requests may still reach targets that drain (aws-application-networking-k8s #582, #780): a group that is not listed any more
/// is not drained by what still has it.
#[test]
fn lattice_4_a_rejected_candidate_is_in_every_rule_at_weight_0_until_its_targets_are_gone() {
    let mut case = dying();
    case.knobs.drain = 120;
    let played = played(&case);
    let decided = |entry: &&Entry| matches!(entry.event, Happening::RollingBack { .. });
    let decided = played.journals[0].entries.iter().find(decided).expect("it rolls back").at;
    let back = played.history.iter().filter(|facts| facts.at > decided);
    let (drains, gone): (Vec<_>, Vec<_>) = back.partition(|facts| facts.slots[CANDIDATE].present > 0);
    let took = drains.last().expect("they drain").at.since(decided);
    assert!(took >= case.plan.settle + Duration::from_secs(120), "{took:?}");
    let is_at_zero = |weights: &Weights| weights.listed[CANDIDATE] && weights.slots[CANDIDATE] == 0;
    assert!(drains.iter().all(|facts| facts.written.iter().flatten().all(is_at_zero)), "{drains:?}");
    assert!(gone.last().expect("they are gone").written.iter().flatten().all(|weights| !weights.listed[CANDIDATE]), "as before");
}
