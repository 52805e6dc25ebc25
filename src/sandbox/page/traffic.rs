//! What has passed the data plane, minute by minute.

use serde_json::Value;

use super::html::{last_part, list};
use crate::{
    clock::Timestamp,
    sandbox::{
        dataplane::{Key, Minute},
        world::World,
    },
};

/// What one target group had in one minute.
pub(super) struct Point {
    /// The minute's start.
    pub(super) at: Timestamp,
    pub(super) requests: u64,
    /// Those that were answered 5xx, or not at all.
    pub(super) errors: u64,
}

/// A target group's minutes, oldest first.
pub(super) struct Series {
    /// The target group's name.
    pub(super) group: String,
    pub(super) points: Vec<Point>,
}

/// The complete minutes of every target group that had a request.
pub(super) fn traffic(world: &World, lattice: &Value) -> Vec<Series> {
    let series = list(lattice, "target_groups").iter().map(|group| {
        let key = Key::TargetGroup(last_part(group["arn"].as_str().unwrap_or_default()).to_owned());
        let minutes = world.traffic.minutes(&key, world.scenario.start, world.now);
        let points = minutes.map(|(at, minute)| Point { at, requests: minute.requests, errors: errors(minute) });
        Series { group: group["name"].as_str().unwrap_or_default().to_owned(), points: points.collect() }
    });
    series.filter(|series| !series.points.is_empty()).collect()
}

fn errors(minute: &Minute) -> u64 {
    minute.status_5xx + minute.connection_errors + minute.connection_timeouts + minute.request_timeouts
}
