//! The counts of a service, as Application Auto Scaling reads and sets them.

use super::state::{Rollout, ServiceStatus};
use crate::sandbox::world::World;

/// What Application Auto Scaling sees of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) desired: usize,
    pub(crate) running: usize,
    /// Whether a deployment is in progress: scale-in waits for its end.
    pub(crate) deploying: bool,
}

/// The counts of a service that is ACTIVE; none when there is no such service.
pub(crate) fn counts(world: &World, cluster: &str, service: &str) -> Option<Counts> {
    let found = world.ecs.service(cluster, service).and_then(|place| world.ecs.services.get(place))?;
    if found.status != ServiceStatus::Active {
        return None;
    }
    let running = found.deployments.iter().map(|deployment| super::describe::counts(world, found, &deployment.id).0).sum();
    let deploying = found.primary().is_some_and(|primary| primary.rollout == Rollout::InProgress);
    let deploying = deploying || world.ecs.under_way(&found.arn).is_some();
    Some(Counts { desired: found.desired, running, deploying })
}

/// Sets the desired count of an ACTIVE service, as `UpdateService` does.
pub(crate) fn set_desired(world: &mut World, cluster: &str, service: &str, desired: usize) {
    let Some(place) = world.ecs.service(cluster, service) else { return };
    if let Some(found) = world.ecs.services.get_mut(place).filter(|found| found.status == ServiceStatus::Active) {
        found.steady &= found.desired == desired;
        found.desired = desired;
    }
    super::services::wake(world);
}
