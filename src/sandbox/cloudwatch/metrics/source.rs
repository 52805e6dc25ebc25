//! All metrics, as far as they are published.

use std::time::Duration;

use super::{Distribution, Metric, custom, ecs, lattice};
use crate::{clock::Timestamp, sandbox::world::World};

/// Minutes that end after this are not published yet. The delay is not documented: a knob.
pub(in crate::sandbox::cloudwatch) fn published(world: &World) -> Timestamp {
    let delay = Duration::from_secs(world.scenario.knobs.metrics_delay);
    let until = world.now.since(Timestamp::default()).saturating_sub(delay).as_secs();
    Timestamp::from_secs(until / 60 * 60)
}

/// Every metric that has data, with the second since which it has.
pub(super) fn metrics(world: &World) -> Vec<(Metric, u64)> {
    let published = published(world);
    let traffic = lattice::metrics(world, published).into_iter().map(|(metric, first)| (metric, first.as_secs()));
    let others = ecs::metrics(world).into_iter().chain(custom::metrics(world));
    let mut all: Vec<_> = traffic.chain(others.filter(|(_, since)| *since < published.as_secs())).collect();
    all.sort();
    all.dedup_by(|(one, _), (other, _)| one == other);
    all
}

/// What a metric measured in the minutes that begin in this window, as far as they are published, by their beginning. A metric of
/// the scenario stands in for one of AWS's that is called the same. Of a unit that is not the metric's there is nothing.
pub(in crate::sandbox::cloudwatch) fn samples(
    world: &World,
    metric: &Metric,
    unit: Option<&str>,
    from: u64,
    to: u64,
) -> Vec<(u64, Distribution)> {
    let until = published(world).as_secs();
    let to = to.min(until);
    let found = custom::samples(world, metric, from, to).or_else(|| match metric.namespace.as_str() {
        lattice::NAMESPACE => lattice::samples(world, metric, from, to),
        ecs::NAMESPACE => ecs::samples(world, metric, from, to),
        _ => None,
    });
    let Some((own, mut samples)) = found.filter(|(own, _)| unit.is_none_or(|unit| unit == *own)) else { return Vec::new() };
    let partial = world.scenario.knobs.metrics_partial;
    if partial > 0 {
        // What appeared this short a while ago holds only the half of it yet.
        for (at, distribution) in samples.iter_mut().filter(|(at, _)| at + 60 + partial > until) {
            let count = own == "Count" && distribution.count() <= 1.0;
            *distribution = match distribution.max() {
                Some(value) if count => Distribution::one((value / 2.0).ceil()),
                Some(_) | None => distribution.halved(),
            };
            debug_assert!(*at < until, "only what is published");
        }
    }
    samples
}
