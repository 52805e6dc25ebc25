//! The operation.

use serde_json::Value;

use super::{Plan, Query, Window, answer};
use crate::sandbox::{
    cloudwatch::refusal::invalid,
    protocol::{Call, Refusal},
    world::World,
};

/// "The maximum number of data points the request should return before paginating. If you omit this, the default of 100,800 is
/// used."
const MOST_POINTS: u64 = 100_800;
/// How many points the sandbox works out for one request, over all its queries.
const MOST_WORK: u64 = 4_000_000;

pub(in crate::sandbox::cloudwatch) fn get_metric_data(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let window = window(call)?;
    let given = &call.input["MaxDatapoints"];
    let most = if given.is_null() { Some(MOST_POINTS) } else { given.as_u64() };
    let most = most
        .filter(|most| (1..=MOST_POINTS).contains(most))
        .ok_or_else(|| invalid(format!("The value {given} for parameter MaxDatapoints must be between 1 and {MOST_POINTS}.")))?;
    timezone(call)?;
    let plan = Plan::read(call.list("MetricDataQueries"), "MetricDataQueries", &world.scenario.account)?;
    let periods = plan.queries.iter().map(|query| Query::period(query).unwrap_or(60));
    let work = periods.map(|period| (window.end - window.start) / period.max(1)).fold(0, u64::saturating_add);
    if work > MOST_WORK {
        return Err(invalid(format!("The request asks about {work} data points, the sandbox works out at most {MOST_WORK}.")));
    }
    let values = plan.values(world, window)?;
    answer::written(&plan, values, call, usize::try_from(most).unwrap_or(usize::MAX), world.faults.partial)
}

fn window(call: &Call) -> Result<Window, Refusal> {
    let (start, end) = (seconds(call, "StartTime")?, seconds(call, "EndTime")?);
    // The texts are the service's own, as its clients have reported them.
    if start > end {
        return Err(invalid("The parameter EndTime must be greater than StartTime."));
    }
    if start == end {
        return Err(invalid("The parameter StartTime must not equal parameter EndTime."));
    }
    Ok(Window { start, end })
}

/// A time, which JSON and CBOR give as a number and forms as a text (ISO 8601), in whole seconds since 1970.
fn seconds(call: &Call, member: &str) -> Result<u64, Refusal> {
    let wrong = || invalid(format!("The parameter {member} must be a time after 1970."));
    if let Some(text) = call.given(member) {
        let text = text.strip_suffix("+00:00").map_or_else(|| text.to_owned(), |start| format!("{start}Z"));
        let time = humantime::parse_rfc3339_weak(&text).map_err(|_| wrong())?;
        return time.duration_since(std::time::UNIX_EPOCH).map(|since| since.as_secs()).map_err(|_| wrong());
    }
    let number = call.input[member].as_f64().ok_or_else(wrong)?;
    // The end of the year 9999, which is the last that ISO 8601 writes with four digits.
    if !(0.0..=253_402_300_799.0).contains(&number) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds above")]
    let seconds = number as u64;
    Ok(seconds)
}

/// `+0130`; it matters to dynamic labels of times alone, which are not emulated.
fn timezone(call: &Call) -> Result<(), Refusal> {
    let Some(zone) = call.input["LabelOptions"]["Timezone"].as_str() else { return Ok(()) };
    let fits =
        zone.strip_prefix(['+', '-']).is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if fits { Ok(()) } else { Err(invalid(format!("The value {zone} for parameter LabelOptions.Timezone is not like +0130."))) }
}
