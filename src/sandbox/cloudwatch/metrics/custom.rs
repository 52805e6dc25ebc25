//! Metrics that the scenario gives: what each is worth is written down at the end of every minute, because it may depend on how the
//! traffic is split then.

use std::collections::BTreeMap;

use super::{Distribution, Metric};
use crate::{
    clock::Timestamp,
    sandbox::{lattice, scenario::MetricSeed, world::World},
};

/// Minutes, by their beginning, of each of the scenario's metrics.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox::cloudwatch) struct Recorded {
    minutes: BTreeMap<Metric, BTreeMap<u64, f64>>,
}

/// How long before the start a metric of the scenario is taken to have had its first value: long enough for every alarm and
/// comparison with the past.
const BEFORE: u64 = 3 * 3600;

fn identity(seed: &MetricSeed) -> Metric {
    Metric { namespace: seed.namespace.clone(), name: seed.name.clone(), dimensions: seed.dimensions.clone() }
}

/// Writes down what every metric of the scenario was worth in the minute that ends now.
pub(in crate::sandbox::cloudwatch) fn record(world: &mut World) {
    let minute = (world.now.as_secs() / 60).saturating_sub(1) * 60;
    let passed = world.now.since(world.scenario.start).as_secs();
    let share = lattice::added_share(world).unwrap_or(0.0);
    for seed in &world.scenario.metrics {
        let holds = |at: u64, least: Option<f64>| at <= passed && least.is_none_or(|least| share >= least);
        let step = seed.steps.iter().rev().find(|step| holds(step.at, step.share_at_least));
        if let Some(value) = step.map_or(seed.value, |step| step.value) {
            world.cloudwatch.recorded.minutes.entry(identity(seed)).or_default().insert(minute, value);
        }
    }
}

/// All of the scenario's metrics, with the second since which there are any.
pub(super) fn metrics(world: &World) -> Vec<(Metric, u64)> {
    let since = |seed: &MetricSeed| {
        let metric = identity(seed);
        let recorded = world.cloudwatch.recorded.minutes.get(&metric).and_then(|minutes| minutes.keys().next().copied());
        let from = if seed.value.is_some() { Some(world.scenario.start.as_secs().saturating_sub(BEFORE)) } else { recorded };
        from.map(|from| (metric, from))
    };
    world.scenario.metrics.iter().filter_map(since).collect()
}

/// What a metric measured in each minute, with its unit; none for what is no metric here.
pub(super) fn samples<'w>(world: &'w World, metric: &Metric, from: u64, to: u64) -> Option<(&'w str, Vec<(u64, Distribution)>)> {
    let seed = world.scenario.metrics.iter().find(|seed| identity(seed) == *metric)?;
    let start = floor(world.scenario.start);
    let before = (from.max(start.saturating_sub(BEFORE)).div_ceil(60)..start.min(to).div_ceil(60)).map(|minute| minute * 60);
    let before = before.filter_map(|at| seed.value.map(|value| (at, value)));
    let recorded = world.cloudwatch.recorded.minutes.get(metric);
    // A window that ends before it begins is empty.
    let recorded = recorded.into_iter().flat_map(|minutes| minutes.range(from.max(start)..to.max(from).max(start)));
    let all = before.chain(recorded.map(|(at, value)| (*at, *value))).map(|(at, value)| (at, Distribution::one(value)));
    Some((seed.unit.as_str(), all.collect()))
}

fn floor(at: Timestamp) -> u64 {
    at.as_secs() / 60 * 60
}
