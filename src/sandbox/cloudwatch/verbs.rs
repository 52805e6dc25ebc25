//! CloudWatch without requests, for whoever is in the same process.

use super::metrics::{self, Metric, Statistic};
use crate::{clock::Timestamp, sandbox::world::World};

/// What a metric of a target group says in each minute, as far as it is published; nothing for what is no statistic.
pub(crate) fn measured(
    world: &World,
    group: &str,
    name: &str,
    statistic: &str,
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, f64)> {
    let Some(statistic) = Statistic::parse(statistic) else { return Vec::new() };
    let metric = Metric::of_target_group(group, name);
    let samples = metrics::samples(world, &metric, None, from.as_secs(), until.as_secs()).into_iter();
    let values = samples.filter_map(|(at, samples)| Some((Timestamp::from_secs(at), statistic.of(&samples)?)));
    values.filter(|(_, value)| value.is_finite()).collect()
}
