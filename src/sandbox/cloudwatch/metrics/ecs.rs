//! AWS/ECS: how busy the tasks of a service are. The simulated tasks do no work, so the numbers are fixed; a scenario that wants
//! others gives the metric itself.

use super::{Distribution, Metric};
use crate::sandbox::{ecs, world::World};

pub(super) const NAMESPACE: &str = "AWS/ECS";

/// Percent of what a service's tasks reserve.
const USED: [(&str, f64); 2] = [("CPUUtilization", 25.0), ("MemoryUtilization", 40.0)];

/// Cluster and service names with the second since which each runs.
fn services(world: &World) -> Vec<(String, String, u64)> {
    let snapshot = ecs::snapshot(world);
    let services = snapshot["services"].as_array().into_iter().flatten().filter(|service| service["runningCount"] != 0);
    let services = services.filter_map(|service| {
        let cluster = service["clusterArn"].as_str()?.rsplit('/').next()?.to_owned();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time after 1970")]
        let since = service["createdAt"].as_f64()? as u64;
        Some((cluster, service["serviceName"].as_str()?.to_owned(), since))
    });
    services.collect()
}

/// The metrics of all services that run anything, with the second since which there are any.
pub(super) fn metrics(world: &World) -> Vec<(Metric, u64)> {
    let of = |(cluster, service, since): (String, String, u64)| {
        let dimensions = [("ClusterName", cluster.as_str()), ("ServiceName", service.as_str())];
        USED.map(|(name, _)| (Metric::new(NAMESPACE, name, &dimensions), since))
    };
    services(world).into_iter().flat_map(of).collect()
}

/// What a metric measured in each minute; none for what is no metric here.
pub(super) fn samples(world: &World, metric: &Metric, from: u64, to: u64) -> Option<(&'static str, Vec<(u64, Distribution)>)> {
    let (_, since) = metrics(world).into_iter().find(|(known, _)| known == metric)?;
    let (_, value) = USED.into_iter().find(|(name, _)| *name == metric.name)?;
    let minutes = (from.max(since).div_ceil(60)..to.div_ceil(60)).map(|minute| (minute * 60, Distribution::one(value)));
    Some(("Percent", minutes.collect()))
}
