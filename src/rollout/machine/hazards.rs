//! How other tools let their users down, as far as it takes sides of which only some targets are healthy; the others are in
//! `tests/espalier/simulated/hazards.rs`, the list of all in `docs/hazards.md`.

use super::{
    Desired, Effect, Event, Role, Rollout,
    adversary::{plan, rollout},
    adversary_world::World,
};
use crate::rollout::plan::{OnCancel, OnDrift};

/// A release in its second step, half of the requests on each side, about to read.
fn halfway() -> (World, Rollout) {
    let mut world = World::new(false);
    let mut machine = rollout(&world, plan(OnDrift::Stop, OnCancel::Rollback), true);
    let mut effect = machine.handle(world.now, Event::Begun).expect("begins");
    while !(world.candidate_weight() == 50 && effect == Effect::Observe && machine.record().verified.candidate == 50) {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
    }
    (world, machine)
}

#[test]
fn argo_1_a_stable_that_is_short_gets_everything_back_at_once_and_is_scaled_up() {
    let (mut world, mut machine) = halfway();
    // One of three: enough for a third of the requests, and it has half of them.
    world.stable_healthy = 34;
    let mut effect = Effect::Observe;
    let mut written = Vec::new();
    while written.len() < 3 {
        let event = world.carry_out(&effect);
        effect = machine.handle(world.now, event).expect("in place");
        if !matches!(effect, Effect::Observe | Effect::ReadBack | Effect::WaitUntil(_)) {
            written.push(effect.clone());
        }
    }
    assert_eq!(written[0], Effect::Write(Desired::BaselineBesideCandidate), "in the same tick, and not only as far as it bears");
    assert!(matches!(written[1], Effect::Record(..)), "{written:?}");
    assert_eq!(written[2], Effect::Scale(Role::Stable, 3));
    assert_eq!(world.candidate_weight(), 0);
}
