//! What a later job has read of AWS before it begins: in the simulator of the world itself, over the wire by the real clients.

use std::rc::Rc;

use espalier::{
    aws::{
        baselines,
        lattice::{action::Action, traffic::TrafficTarget},
        ledger::Found,
    },
    rollout::record::{SlotRecord, State},
    sandbox::direct::{Direct, Health},
};

use super::{
    case::Verb,
    recorded::found,
    stage::{Stage, seen},
};

/// All that a verb goes by.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) found: Found,
    /// The recorded traffic targets with their baselines; none where one cannot be read.
    pub(crate) targets: Option<Vec<(TrafficTarget, Action)>>,
    /// What they say now; none where one is gone. Only for a verb that restores.
    pub(crate) actions: Option<Vec<Action>>,
    /// How many targets of the slot before are healthy, and of the one that serves.
    pub(crate) healthy: [usize; 2],
}

/// The record that the Lattice service's mark leads to, as `abort` and `rollback` find it.
pub(crate) fn recorded(world: &Direct, stage: &Stage) -> Option<Rc<Found>> {
    let marks = world.tags(&stage.service_arn)?;
    let holder = marks.iter().find(|(mark, _)| mark.starts_with("espalier:rollout.")).map(|(_, holder)| holder)?;
    found(holder, world.tags(holder)?)
}

/// Whether the verb goes back to what was stable before a release that is decided: it reads more than the record.
pub(crate) fn restores(verb: Verb, found: &Found) -> bool {
    let is_decided = matches!(found.record.state, State::RolledBack | State::Promoted | State::Closed);
    verb == Verb::Rollback && is_decided && found.record.previous.is_some()
}

impl Reading {
    pub(super) fn of(world: &Direct, stage: &Stage) -> Option<Self> {
        let found = Rc::unwrap_or_clone(recorded(world, stage)?);
        let record = &found.record;
        let baseline = |arn: &String| baselines::recorded(record, arn, world.tags(arn)).ok();
        let targets = record.targets.iter().map(baseline).collect();
        let actions = record.targets.iter().map(|arn| world.action(arn).map(seen)).collect();
        let healthy = |slot: &SlotRecord| {
            world.targets(&slot.group).filter(|(_, _, health)| matches!(health, Health::Healthy | Health::Unavailable)).count()
        };
        let healthy = [record.previous.as_ref().map_or(0, healthy), healthy(record.serving())];
        Some(Self { targets, actions, healthy, found })
    }
}
