//! The scenario's load in the world's time: not one request after the other, but all between two moments at which something
//! changes.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    backends,
    course::{Course, To, course},
    state::State,
    travel::record,
};
use crate::{
    clock::Timestamp,
    sandbox::{ecs, lattice, scenario::Load, wire::Request, world::World},
};

/// The parts of a request in which a load is counted: a thousandth of a request in a second is one in a millisecond.
const WHOLE: u128 = 1_000_000;

/// When the answers to load next change by age alone; all else that changes them is somebody else's event. As [`notice`] saw it.
pub(crate) const fn next_event(world: &World) -> Option<Timestamp> {
    world.dataplane.changes
}

/// When the answers of anything that is behind a target next change by its age alone.
pub(crate) fn next_change(world: &World) -> Option<Timestamp> {
    let start = world.scenario.start;
    let backends = world.scenario.backends.values();
    let backends = backends.filter_map(|behaviour| backends::changes_after(behaviour, start, world.now));
    backends.chain(ecs::next_change(world)).min()
}

/// Looks at where load goes now. Where that has changed, what went before goes its old course first.
pub(crate) fn notice(world: &mut World) {
    let State { noticed, changes, .. } = world.dataplane;
    let is_due = changes.is_some_and(|changes| changes <= world.now);
    if world.scenario.load.is_empty() || (noticed == world.stirs() && !is_due) {
        return;
    }
    world.dataplane.noticed = world.stirs();
    world.dataplane.changes = next_change(world);
    let courses = world.scenario.load.iter().map(|load| {
        let service = lattice::service_of_name(world, &load.service)?;
        course(world, &service, load.port, &request(load))
    });
    let courses: Vec<_> = courses.collect();
    if courses != world.dataplane.courses {
        flow(world);
        world.dataplane.courses = courses;
    }
}

/// Counts all traffic until now.
pub(crate) fn account(world: &mut World) {
    flow(world);
    world.traffic.complete(world.now);
}

/// The load since last time goes the course that it had then, each minute by itself.
fn flow(world: &mut World) {
    let World { now, dataplane, traffic, scenario, .. } = world;
    let State { choices, courses, until, .. } = dataplane;
    // Before the first time there was no course yet.
    let mut from = until.replace(*now).unwrap_or(*now);
    while from < *now {
        let to = Timestamp::from_secs((from.as_secs() / 60 + 1) * 60).min(*now);
        for (load, course) in scenario.load.iter().zip(courses.iter()) {
            let Some(course) = course else { continue };
            let requests = requests(load, scenario.start, to) - requests(load, scenario.start, from);
            if requests > 0 {
                let portions = match (&course.to, &course.rule) {
                    (To::Forward(forward), Some((rule, _))) => choices.forward(rule, forward, requests),
                    (To::Forward(_) | To::Lattice(..), _) => Vec::new(),
                };
                record(traffic, from, course, requests, &portions, load.request_bytes);
            }
        }
        from = to;
    }
}

/// How many whole requests a load has made from the start of the world until `at`.
fn requests(load: &Load, start: Timestamp, at: Timestamp) -> u64 {
    let since = |seconds: u64| at.since(start + std::time::Duration::from_secs(seconds)).as_millis();
    let passed = since(load.from);
    let length = load.until.map_or(u128::MAX, |until| u128::from(until.saturating_sub(load.from)) * 1000);
    let made = match load.every.map(|every| u128::from(every) * 1000).filter(|every| *every > 0) {
        Some(every) => made(load, length) * (passed / every) + made(load, length.min(passed % every)),
        None => made(load, length.min(passed)),
    };
    u64::try_from(made / WHOLE).unwrap_or(u64::MAX)
}

/// How much of requests a load makes in the first `millis` of its period.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a scenario has loads from 0 to a million only")]
fn made(load: &Load, millis: u128) -> u128 {
    let rate = (load.rps * 1000.0).round() as u128;
    let ramp = u128::from(load.ramp) * 1000;
    let growing = millis.min(ramp);
    // The rate grows evenly: the area below it is a triangle.
    let grown = if ramp == 0 { 0 } else { rate * growing * growing / (2 * ramp) };
    grown + rate * (millis - growing)
}

/// What a rule's match sees of a load's requests; what `Load::mistake` would refuse is left out.
fn request(load: &Load) -> Request {
    let mut headers = HeaderMap::new();
    for (name, value) in &load.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.append(name, value);
        }
    }
    let (path, query) = load.path.split_once('?').unwrap_or((&load.path, ""));
    let method = load.method.parse().unwrap_or_default();
    Request { method, path: path.to_owned(), query: query.to_owned(), headers, body: Bytes::new() }
}

/// Where each load goes; none while its service is not there.
pub(super) type Courses = Vec<Option<Course>>;

#[cfg(test)]
mod tests {
    use super::{Load, Timestamp, requests};

    #[test]
    fn requests_are_counted_to_the_fraction() {
        let start = Timestamp::from_secs(1_000);
        let count = |load: &Load, seconds: f64| requests(load, start, start + std::time::Duration::from_secs_f64(seconds));
        let plain = Load { rps: 2.5, from: 10, until: Some(20), ..Load::default() };
        let ramp = Load { rps: 100.0, ramp: 10, ..Load::default() };
        let waves = Load { rps: 10.0, until: Some(30), every: Some(60), ..Load::default() };
        let rare = Load { rps: 0.001, ..Load::default() };
        let table = [
            (&plain, 10.0, 0),
            (&plain, 10.399, 0),
            (&plain, 10.4, 1),
            (&plain, 11.0, 2),
            (&plain, 12.0, 5),
            (&plain, 500.0, 25),
            (&ramp, 5.0, 125),
            (&ramp, 10.0, 500),
            (&ramp, 11.0, 600),
            (&waves, 30.0, 300),
            (&waves, 59.0, 300),
            (&waves, 61.0, 310),
            (&waves, 600.0, 3_000),
            (&rare, 999.0, 0),
            (&rare, 1_000.0, 1),
        ];
        for (load, seconds, wanted) in table {
            assert_eq!(count(load, seconds), wanted, "{} rps after {seconds} s", load.rps);
        }
    }
}
