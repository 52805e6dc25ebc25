//! What moves desired counts: the bounds of a scalable target, and policies that follow the scenario's demand.
//!
//! Sources: `RegisterScalableTarget` in the service model (bounds), and the user guides on service auto scaling: scale-in is off
//! while a deployment is in progress, scale-out goes on.

use std::time::Duration;

use super::{
    activities,
    state::{Policy, parts},
};
use crate::{
    clock::Timestamp,
    sandbox::{ecs, lattice, world::World},
};

/// When something happens next.
pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    world.scaling.look
}

/// Does what is due now.
pub(crate) fn on_time(world: &mut World) {
    activities::fulfil(world);
    if world.scaling.look.is_none_or(|look| look > world.now) {
        return;
    }
    world.scaling.look = None;
    notice(world);
    for target in world.scaling.targets.clone() {
        follow(world, &target.resource);
    }
    wake(world);
}

/// Has policies look again where there is anything to look for.
pub(super) fn wake(world: &mut World) {
    if !world.scaling.policies.is_empty() && !world.scenario.scaling.demand.is_empty() {
        let at = world.now + Duration::from_secs(world.scenario.knobs.scaling.max(1));
        world.scaling.look = Some(world.scaling.look.map_or(at, |look| look.min(at)));
    }
}

/// Brings a desired count between its target's bounds.
pub(super) fn hold_bounds(world: &mut World, resource: &str) {
    let Some(target) = world.scaling.target(resource).cloned() else { return };
    let Some(counts) = parts(resource).and_then(|(cluster, service)| ecs::counts(world, cluster, service)) else { return };
    let held = world.scenario.knobs.suspension_holds_bounds;
    if counts.desired < target.min && !(held && target.suspended.scale_out) {
        activities::scale(world, resource, target.min, format!("minimum capacity was set to {}", target.min));
    } else if counts.desired > target.max && !(held && target.suspended.scale_in) {
        activities::scale(world, resource, target.max, format!("maximum capacity was set to {}", target.max));
    }
}

/// Gives every entry of the demand whose condition now holds the moment from which it counts.
fn notice(world: &mut World) {
    let (now, start) = (world.now, world.scenario.start);
    let share = lattice::added_share(world);
    let entries = world.scenario.scaling.demand.clone();
    for (entry, from) in entries.iter().zip(&mut world.scaling.demand).filter(|(_, from)| from.is_none()) {
        let since = match entry.share_at_least {
            None => Some(start),
            Some(least) => share.filter(|share| *share >= least).map(|_| now),
        };
        *from = since.map(|since| since + Duration::from_secs(entry.at));
    }
}

/// What the scenario wants of a service now: the entry that began last.
fn wanted(world: &World, service: &str) -> Option<usize> {
    let entries = world.scenario.scaling.demand.iter().zip(&world.scaling.demand).enumerate();
    let begun = entries.filter_map(|(index, (entry, from))| {
        let from = from.filter(|from| *from <= world.now && entry.service == service)?;
        Some((from, index, entry.desired))
    });
    let (_, _, desired) = begun.max_by_key(|(from, index, _)| (*from, *index))?;
    usize::try_from(desired).ok()
}

/// One look of a target's policies.
fn follow(world: &mut World, resource: &str) {
    let Some(target) = world.scaling.target(resource).cloned() else { return };
    let Some(policy) = world.scaling.policies.iter().find(|policy| policy.resource == resource).cloned() else { return };
    let Some((cluster, service)) = parts(resource) else { return };
    let Some(counts) = ecs::counts(world, cluster, service) else { return };
    let Some(wanted) = wanted(world, service) else { return };
    let wanted = wanted.clamp(target.min, target.max);
    let out = wanted > counts.desired;
    let disabled = policy.configuration.get("DisableScaleIn") == Some(&serde_json::Value::Bool(true));
    let held = if out { target.suspended.scale_out } else { target.suspended.scale_in || counts.deploying || disabled };
    if wanted != counts.desired && !held {
        let cause = format!("monitor alarm {} in state ALARM triggered policy {}", alarm(&policy, out), policy.name);
        activities::scale(world, resource, wanted, cause);
    }
}

/// The alarm that a policy acts on; for step scaling, whose alarms others make, its own name.
fn alarm(policy: &Policy, out: bool) -> &str {
    policy.alarms.get(usize::from(!out)).unwrap_or(&policy.name)
}
