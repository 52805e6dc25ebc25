//! Application Auto Scaling without requests, for whoever is in the same process.

use std::collections::BTreeMap;

use super::scaling;
use crate::sandbox::{scenario::Demand, world::World};

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
pub(crate) fn inventory(world: &World) -> BTreeMap<String, String> {
    let targets = world.scaling.targets.iter();
    let targets = targets
        .map(|target| (target.resource.clone(), format!("{} to {} tasks, {:?}", target.min, target.max, target.suspended)));
    let policies = world.scaling.policies.iter();
    targets.chain(policies.map(|policy| (policy.arn.clone(), policy.configuration.to_string()))).collect()
}
