//! The traffic as JSON, for tests and the sandbox's page; no AWS format.

use serde_json::{Value, json};

use super::{Key, Minute};
use crate::{clock::Timestamp, sandbox::world::World};

/// Every target group's and every service's minutes from `from` on, and the last requests that came over the wire.
pub(crate) fn report(world: &World, from: Timestamp) -> Value {
    let series = world.traffic.keys().map(|key| {
        let kind = match key {
            Key::TargetGroup(_) => "target_group",
            Key::Service(_) => "service",
        };
        let minutes = world.traffic.minutes(key, from, world.now).map(|(at, minute)| of(at, minute));
        let running = world.traffic.running(key).map(|(at, minute)| of(at, minute));
        json!({
            "kind": kind, "id": key.id(), "first": world.traffic.first(key).map(|at| at.to_string()),
            "minutes": minutes.collect::<Vec<_>>(), "running": running,
        })
    });
    json!({
        "now": world.now,
        "series": series.collect::<Vec<_>>(),
        "recent": world.dataplane.recent().rev().collect::<Vec<_>>(),
    })
}

/// A minute with its counts; the latencies as CloudWatch's statistics have them.
fn of(at: Timestamp, minute: &Minute) -> Value {
    let mut shown = json!(minute);
    let latency = &minute.latency;
    shown["at"] = json!(at.to_string());
    shown["active_requests"] = json!(minute.active_requests());
    shown["latency"] = json!({
        "count": latency.count(), "mean": latency.mean(), "min": latency.min(), "max": latency.max(),
        "p50": latency.quantile(0.5), "p90": latency.quantile(0.9), "p99": latency.quantile(0.99),
    });
    shown
}
