//! When: metrics of the scenario are recorded, and alarms evaluated, at every full minute.

use std::time::Duration;

use super::{
    super::{
        data::Window,
        math::Value,
        metrics::{published, record},
    },
    alarm::{Alarm, Enough, word},
    reason,
    verdict::{EXTRA, Verdict, verdict},
};
use crate::{
    clock::Timestamp,
    sandbox::{scenario::AlarmState, world::World},
};

/// A rehearsal that is longer than this rests: nothing is evaluated any more.
const LONGEST: Duration = Duration::from_secs(62 * 86_400);

pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    let something = !world.cloudwatch.alarms.is_empty() || !world.scenario.metrics.is_empty();
    let last = world.cloudwatch.evaluated.max(world.scenario.start);
    let next = Timestamp::from_secs((last.as_secs() / 60 + 1) * 60);
    // An alarm that comes later is evaluated from then on.
    let next = next.max(Timestamp::from_secs(world.now.as_secs() / 60 * 60));
    (something && next <= world.scenario.start + LONGEST).then_some(next)
}

pub(crate) fn on_time(world: &mut World) {
    if next_event(world).is_none_or(|next| next > world.now) {
        return;
    }
    world.cloudwatch.evaluated = world.now;
    record(world);
    let names: Vec<String> = world.cloudwatch.alarms.keys().cloned().collect();
    for name in names {
        let Some(alarm) = world.cloudwatch.alarms.get(&name) else { continue };
        let found = evaluate(world, alarm);
        // What nobody can evaluate stays as it is.
        let Some((Verdict { state: Some(state), .. }, _)) = &found else { continue };
        let (state, before) = (*state, alarm.state.value);
        if state == before {
            continue;
        }
        let Some((verdict, now)) = found else { continue };
        let why = reason::reason(&alarm.watch, &verdict, state);
        let data = reason::data(alarm, &verdict, now);
        world.note("alarm", format!("{name}: {} → {}: {why}", word(before), word(state)));
        if let Some(alarm) = world.cloudwatch.alarms.get_mut(&name) {
            alarm.state = super::alarm::State { value: state, reason: why, data: Some(data), updated: now, transitioned: now };
        }
    }
}

/// An alarm's verdict over the newest periods that are published.
fn evaluate(world: &World, alarm: &Alarm) -> Option<(Verdict, Timestamp)> {
    let watch = &alarm.watch;
    let end = published(world).as_secs();
    let count = watch.periods + EXTRA;
    let length = watch.period.saturating_mul(u64::try_from(count).ok()?);
    let window = Window { start: end.checked_sub(length)?, end };
    if let Some(Enough { counts, least }) = &watch.enough {
        let counted = Window { start: end.checked_sub(watch.period.saturating_mul(u64::try_from(watch.periods).ok()?))?, end };
        let values = counts.values(world, counted).ok()?;
        let total: f64 = values.first().map(points).into_iter().flatten().map(|(_, count)| count).sum();
        if total < *least {
            return None;
        }
    }
    let values = watch.plan.values(world, window).ok()?;
    let points: std::collections::BTreeMap<u64, f64> = points(values.get(watch.place)?).into_iter().collect();
    let times = (1..=u64::try_from(count).ok()?).map(|index| end - index * watch.period);
    let range: Vec<_> = times.map(|at| (at, points.get(&at).copied())).collect();
    Some((verdict(watch, &range), world.now))
}

/// The points of what an alarm watches. Of several series it is the first: an alarm's expression must give one.
fn points(value: &Value) -> Vec<(u64, f64)> {
    let series = match value {
        Value::Series(series) => Some(series),
        Value::Array(all) => all.first(),
        Value::Scalar(_) | Value::Text(_) | Value::Word(_) => None,
    };
    series.into_iter().flat_map(|series| series.points.iter().map(|(at, value)| (*at, *value))).collect()
}

/// The state of an alarm as the API writes it, in a sentence for the log.
pub(super) fn told(name: &str, before: AlarmState, state: AlarmState) -> String {
    format!("{name}: {} → {}", word(before), word(state))
}
