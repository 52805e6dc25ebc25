//! All queries of a request or an alarm: read, put in an order in which each comes after those that it needs, and evaluated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Asked, Query};
use crate::sandbox::{
    cloudwatch::{
        math::{Grid, Scope, Series, Value, evaluate},
        metrics::{self, Distribution, Metric, Statistic},
        refusal::invalid,
    },
    protocol::Refusal,
    world::World,
};

/// The seconds that are asked about, the second one not.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox::cloudwatch) struct Window {
    pub(in crate::sandbox::cloudwatch) start: u64,
    pub(in crate::sandbox::cloudwatch) end: u64,
}

/// Queries that fit together.
#[derive(Clone, Debug)]
pub(in crate::sandbox::cloudwatch) struct Plan {
    pub(in crate::sandbox::cloudwatch) queries: Vec<Query>,
    /// The places of the expressions, each after those that it refers to.
    order: Vec<usize>,
}

/// "As many as 500 MetricDataQuery structures."
const MOST: usize = 500;

impl Plan {
    /// From the list of queries that is called `list`.
    pub(in crate::sandbox::cloudwatch) fn read(given: &[Json], list: &str, account: &str) -> Result<Self, Refusal> {
        if given.is_empty() {
            return Err(invalid(format!("The collection {list} must not be empty.\n")));
        }
        if given.len() > MOST {
            return Err(invalid(format!("The collection {list} must not have a size greater than {MOST}.\n")));
        }
        let queries = given.iter().enumerate().map(|(index, query)| Query::read(query, list, index, account));
        let queries = queries.collect::<Result<Vec<_>, _>>()?;
        let mut places = BTreeMap::new();
        for (index, query) in queries.iter().enumerate() {
            if places.insert(query.id.as_str(), index).is_some() {
                return Err(invalid(format!("The values for parameter Id in {list} must be unique: {} is not.", query.id)));
            }
        }
        let order = ordered(&queries, &places)?;
        Ok(Self { queries, order })
    }

    /// The shortest period that is asked for.
    fn finest(&self) -> u64 {
        self.queries.iter().filter_map(Query::period).min().unwrap_or(60)
    }

    /// The values of all the queries, in their order.
    pub(in crate::sandbox::cloudwatch) fn values(&self, world: &World, window: Window) -> Result<Vec<Value>, Refusal> {
        let mut metrics = Vec::new();
        let mut values: Vec<Option<Value>> = vec![None; self.queries.len()];
        for (index, query) in self.queries.iter().enumerate() {
            if let Asked::Metric { metric, period, statistic, unit, .. } = &query.asked {
                let series = measured(world, metric, *period, *statistic, unit.as_deref(), window);
                values[index] = Some(Value::Series(series.clone()));
                metrics.push((query.id.clone(), series));
            }
        }
        let mut expressions = BTreeMap::new();
        for place in &self.order {
            let Some(Query { id, asked: Asked::Expression { tree, period }, .. }) = self.queries.get(*place) else { continue };
            let period = period.unwrap_or_else(|| self.finest());
            let grid = window.grid(period);
            let scope = Scope { metrics: &metrics, expressions: &expressions, grid };
            let value = evaluate(tree, &scope).map_err(|error| invalid(format!("Error in expression '{id}': {error}")))?;
            values[*place] = Some(value.clone());
            expressions.insert(id.clone(), value);
        }
        Ok(values.into_iter().map(|value| value.unwrap_or(Value::Array(Vec::new()))).collect())
    }
}

impl Window {
    /// The periods of the window. Its start is rounded down to the minute, or to the period where that is shorter; longer periods
    /// begin at the start, wherever that is.
    pub(in crate::sandbox::cloudwatch) fn grid(self, period: u64) -> Grid {
        Grid { start: self.start - self.start % period.clamp(1, 60), end: self.end, period }
    }
}

/// The expressions in an order in which each comes after those that it refers to.
fn ordered(queries: &[Query], places: &BTreeMap<&str, usize>) -> Result<Vec<usize>, Refusal> {
    let mut waiting = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        let Asked::Expression { tree, .. } = &query.asked else { continue };
        let mut needs = BTreeSet::new();
        for name in tree.names() {
            match places.get(name).map(|place| (place, queries.get(*place).map(|query| &query.asked))) {
                Some((place, Some(Asked::Expression { .. }))) => {
                    needs.insert(*place);
                }
                Some(_) => {}
                // The text is not documented.
                None => return Err(invalid(format!("Error in expression '{}': Undefined reference '{name}'", query.id))),
            }
        }
        waiting.push((index, needs));
    }
    let mut order: Vec<usize> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|(_, needs)| needs.iter().all(|place| order.contains(place)));
        let Some(ready) = ready else {
            let id = waiting.first().and_then(|(index, _)| queries.get(*index)).map_or("", |query| query.id.as_str());
            return Err(invalid(format!("Error in expression '{id}': it refers to itself, directly or through others")));
        };
        order.push(waiting.remove(ready).0);
    }
    Ok(order)
}

fn measured(world: &World, metric: &Metric, period: u64, statistic: Statistic, unit: Option<&str>, window: Window) -> Series {
    let grid = window.grid(period);
    let mut buckets: BTreeMap<u64, Vec<Distribution>> = BTreeMap::new();
    // Data of less than a minute is kept for three hours, so that what is older is not there for so short a period.
    let oldest = if period < 60 { world.now.as_secs().saturating_sub(3 * 3600) } else { 0 };
    for (at, samples) in metrics::samples(world, metric, unit, grid.start.max(oldest), grid.end) {
        let bucket = grid.start + (at.saturating_sub(grid.start)) / period.max(1) * period;
        buckets.entry(bucket).or_default().push(samples);
    }
    let points = buckets.into_iter().filter_map(|(at, samples)| {
        let value = statistic.of(&Distribution::merged(&samples))?;
        value.is_finite().then_some((at, value))
    });
    Series { label: metric.name.clone(), grid, points: points.collect(), metric: true }
}
