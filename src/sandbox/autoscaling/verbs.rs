//! Application Auto Scaling without requests, for whoever is in the same process.

use super::{scaling, state::Suspended};
use crate::sandbox::{
    inventory::{Inventory, Noted, Part},
    scenario::Demand,
    world::World,
};

/// A scalable target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalableSeen {
    /// The fewest tasks.
    pub min: usize,
    /// The most.
    pub max: usize,
    /// Fewer tasks by a rule do not happen.
    pub scale_in_suspended: bool,
    /// More tasks by a rule do not.
    pub scale_out_suspended: bool,
    /// Other bounds by the time of day do not.
    pub scheduled_suspended: bool,
}

/// The scalable target of an ECS service.
pub(crate) fn scalable(world: &World, cluster: &str, service: &str) -> Option<ScalableSeen> {
    let is_its = |resource: &str| super::state::parts(resource) == Some((cluster, service));
    let target = world.scaling.targets.iter().find(|target| is_its(&target.resource))?;
    Some(ScalableSeen {
        min: target.min,
        max: target.max,
        scale_in_suspended: target.suspended.scale_in,
        scale_out_suspended: target.suspended.scale_out,
        scheduled_suspended: target.suspended.scheduled,
    })
}

/// One more entry of the demand.
pub(crate) fn demand(world: &mut World, demand: Demand) {
    world.scenario.scaling.demand.push(demand);
    world.scaling.demand.push(None);
    scaling::wake(world);
}

/// What is written down about every scalable target and policy.
pub(crate) fn inventory(world: &World) -> Inventory<'_> {
    let mut all = Inventory::new();
    for target in &world.scaling.targets {
        let Suspended { scale_in, scale_out, scheduled } = target.suspended;
        let numbers = [target.min as u64, target.max as u64];
        let noted = Noted { numbers, flags: [scale_in, scale_out, scheduled], ..Noted::default() };
        all.push(((&target.resource, Part::Itself), noted));
    }
    for policy in &world.scaling.policies {
        all.push(((&policy.arn, Part::Itself), Noted { json: Some(&policy.configuration), ..Noted::default() }));
    }
    all
}
