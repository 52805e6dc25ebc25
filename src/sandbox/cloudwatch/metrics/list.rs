//! ListMetrics.

use serde_json::{Value, json};

use super::{Metric, source};
use crate::sandbox::{
    cloudwatch::{page, refusal},
    protocol::{Call, Refusal},
    world::World,
};

/// "Up to 500 results are returned for any one call."
const PAGE: usize = 500;

pub(in crate::sandbox::cloudwatch) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    if call.input["IncludeLinkedAccounts"] == true || call.given("OwningAccount").is_some_and(|own| own != world.scenario.account)
    {
        return Err(refusal::invalid("The sandbox has one account: IncludeLinkedAccounts and OwningAccount are not emulated."));
    }
    let filters = call.list("Dimensions");
    let wanted = |metric: &Metric| {
        call.given("Namespace").is_none_or(|wanted| metric.namespace == wanted)
            && call.given("MetricName").is_none_or(|wanted| metric.name == wanted)
            && filters.iter().all(|filter| {
                let value = filter["Name"].as_str().and_then(|name| metric.dimensions.get(name));
                value.is_some_and(|value| filter["Value"].as_str().is_none_or(|wanted| value == wanted))
            })
    };
    let found = source::metrics(world).into_iter().map(|(metric, _)| metric).filter(wanted);
    // RecentlyActive changes nothing: what has begun goes on reporting.
    let (metrics, next) = page::page(found.collect(), call, PAGE)?;
    let metrics: Vec<_> = metrics.iter().map(Metric::printed).collect();
    Ok(page::with_next(json!({"Metrics": metrics}), next))
}
