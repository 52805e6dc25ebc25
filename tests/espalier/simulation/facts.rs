//! What is the case in the world at one moment: the rules are held against this and against nothing that a program says.

use std::rc::Rc;

use espalier::{
    sandbox::direct::{Action, Direct, Health, ScalableSeen},
    time::Timestamp,
};

use super::{
    furnish::ALARM,
    stage::{OURS, Stage},
};

/// How a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotFacts {
    pub(crate) healthy: u32,
    /// Healthy, unhealthy or unchecked: not DRAINING, nor INITIAL for the first time.
    pub(crate) settled: u32,
    /// All targets, draining ones too.
    pub(crate) present: u32,
    /// What ECS is to run, and runs.
    pub(crate) desired: u32,
    pub(crate) running: u32,
    /// Targets, not draining, at addresses of no task of the revision that belongs there.
    pub(crate) foreign: u32,
}

/// An action's weights: those of both slots, and of everybody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weights {
    pub(crate) slots: [u32; 2],
    pub(crate) listed: [bool; 2],
    pub(crate) others: u32,
}

impl Weights {
    /// The share of a slot in thousandths of a percent.
    pub(crate) fn share(&self, slot: usize) -> u32 {
        let all: u32 = self.slots.iter().sum::<u32>() + self.others;
        (self.slots[slot] * 100_000).checked_div(all).unwrap_or(0)
    }
}

/// One moment of the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) at: Timestamp,
    pub(crate) slots: [SlotFacts; 2],
    /// As written to each traffic target; none where it is gone.
    pub(crate) written: Rc<[Option<Weights>]>,
    /// As the data plane routes.
    pub(crate) routed: Rc<[Option<Weights>]>,
    /// The largest share of each slot that any traffic target has written down, and the smallest, in thousandths of a percent.
    most: [u32; 2],
    least: [u32; 2],
    /// What scales each slot by itself.
    pub(crate) scaled: [Option<ScalableSeen>; 2],
    /// Test rules of ours.
    pub(crate) doors: usize,
    /// The alarm that some releases are judged by is on.
    pub(crate) rings: bool,
}

impl Facts {
    pub(crate) fn of(world: &Direct, stage: &Stage, revisions: &[String; 2]) -> Self {
        let weights = |action: Option<&Action>| action.map(|action| weights(action, stage));
        let scaled = |slot: usize| world.scalable(stage.slots[slot].ecs_service.as_deref()?);
        let written: Rc<[_]> = stage.targets.iter().map(|(target, _)| weights(world.action(target.arn()))).collect();
        let shares = |slot: usize| written.iter().flatten().map(move |weights| weights.share(slot));
        Self {
            most: [0, 1].map(|slot| shares(slot).max().unwrap_or(0)),
            least: [0, 1].map(|slot| shares(slot).min().unwrap_or(0)),
            scaled: [scaled(0), scaled(1)],
            doors: world
                .rules(&stage.listener)
                .filter(|rule| rule.tags.get("espalier:test").is_some_and(|whose| whose.starts_with(OURS)))
                .count(),
            rings: world.alarm(ALARM) == Some("ALARM"),
            at: world.now(),
            slots: [slot(world, stage, 0, &revisions[0]), slot(world, stage, 1, &revisions[1])],
            written,
            routed: stage.targets.iter().map(|(target, _)| weights(world.routed(target.arn()))).collect(),
        }
    }

    /// The largest share that any traffic target has written down for a slot, in thousandths of a percent.
    pub(crate) fn share(&self, slot: usize) -> u32 {
        self.most[slot]
    }

    /// The smallest.
    pub(crate) fn least_share(&self, slot: usize) -> u32 {
        self.least[slot]
    }

    /// The data plane gives the slot requests, or is going to.
    pub(crate) fn serves(&self, slot: usize) -> bool {
        self.written.iter().chain(&*self.routed).flatten().any(|weights| weights.slots[slot] > 0)
    }
}

pub(crate) fn weights(action: &Action, stage: &Stage) -> Weights {
    let mut weights = Weights::default();
    let Action::Forward(groups) = action else { return weights };
    for (id, weight) in groups {
        match stage.slots.iter().position(|slot| slot.group.id.as_str() == id) {
            Some(slot) => {
                weights.slots[slot] += weight;
                weights.listed[slot] = true;
            }
            None => weights.others += weight,
        }
    }
    weights
}

fn slot(world: &Direct, stage: &Stage, index: usize, revision: &str) -> SlotFacts {
    let slot = &stage.slots[index];
    let name = slot.ecs_service.as_deref().unwrap_or_default();
    let mut facts = SlotFacts::default();
    // Looked through once, and not once for each target.
    let tasks: Vec<_> = world.tasks(name).map(|task| (task.address, task.task_definition == revision)).collect();
    for (address, _, health) in world.targets(slot.group_arn.as_str()) {
        facts.present += 1;
        // There are none of the latter but where a release was told that nothing checks its targets.
        facts.healthy += u32::from(matches!(health, Health::Healthy | Health::Unavailable));
        facts.settled += u32::from(!matches!(health, Health::Draining | Health::Initial));
        if health != Health::Draining && !revision.is_empty() {
            let owner = tasks.iter().rfind(|(of, _)| *of == Some(address));
            facts.foreign += u32::from(owner.is_none_or(|(_, is_current)| !is_current));
        }
    }
    if let Some(service) = world.ecs_service(name) {
        facts.desired = u32::try_from(service.desired).unwrap_or(u32::MAX);
        facts.running = service.deployments.iter().map(|deployment| u32::try_from(deployment.running).unwrap_or(u32::MAX)).sum();
    }
    facts
}
