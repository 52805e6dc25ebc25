//! Worlds with traffic in them, and asking those.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    sandbox::{
        dataplane::Key,
        protocol::testing::ask_json,
        scenario::{self, Scenario},
        world::World,
    },
};

pub(super) const GROUP: &str = "tg-12345678901234567";
pub(super) const SERVICE: &str = "svc-12345678901234567";

pub(super) fn scenario() -> Scenario {
    scenario::load("promoted").unwrap()
}

/// A world in which the target group had this traffic in the minutes from the start on: requests, errors, and how many milliseconds
/// each took.
pub(super) fn world(mut scenario: Scenario, change: impl FnOnce(&mut Scenario), minutes: &[(u64, u64, u64)]) -> World {
    change(&mut scenario);
    let mut world = World::new(scenario);
    for (index, (requests, errors, millis)) in minutes.iter().enumerate() {
        let at = world.now + Duration::from_secs(60 * index as u64);
        for key in [Key::TargetGroup(GROUP.to_owned()), Key::Service(SERVICE.to_owned())] {
            let minute = world.traffic.at(key.clone(), at);
            minute.requests += requests;
            minute.answered(200, requests - errors);
            minute.answered(500, *errors);
            minute.connections += requests;
            minute.latency.record([(millis * 1000, *requests)]);
        }
    }
    world
}

/// Lets this many seconds pass, all traffic accounted for.
pub(super) fn pass(world: &mut World, secs: u64) {
    for _ in 0..secs.div_ceil(60) {
        let until = world.now + Duration::from_secs(60.min(secs));
        world.traffic.complete(until);
        world.advance(until);
    }
}

pub(super) fn ask(world: &mut World, operation: &str, input: &Value) -> Value {
    let reply = ask_json(world, "cloudwatch", operation, input);
    assert_eq!(reply.status, 200, "{operation} {input}: {}", reply.value());
    reply.value()
}

/// The code and the text of a refusal.
pub(super) fn refused(world: &mut World, operation: &str, input: &Value) -> (u16, String, String) {
    let reply = ask_json(world, "cloudwatch", operation, input);
    let value = reply.value();
    let text = |member: &str| value[member].as_str().unwrap_or_default().to_owned();
    (reply.status, text("__type"), text("message") + &text("Message"))
}

pub(super) fn metric(id: &str, name: &str, stat: &str) -> Value {
    json!({"Id": id, "MetricStat": {"Period": 60, "Stat": stat, "Metric": {
        "Namespace": "AWS/VpcLattice", "MetricName": name, "Dimensions": [{"Name": "TargetGroup", "Value": GROUP}],
    }}})
}

/// A request for the first hour.
pub(super) fn hour(queries: &[Value]) -> Value {
    let start = scenario().start.as_secs();
    json!({"StartTime": start, "EndTime": start + 3600, "ScanBy": "TimestampAscending", "MetricDataQueries": queries})
}

/// Minutes after the start and values of one query.
pub(super) fn values(world: &mut World, query: Value) -> Vec<(u64, f64)> {
    points(&ask(world, "GetMetricData", &hour(&[query]))["MetricDataResults"][0])
}

pub(super) fn points(result: &Value) -> Vec<(u64, f64)> {
    let start = scenario().start;
    let times = result["Timestamps"].as_array().unwrap().iter().map(|at| Timestamp::from_secs(at.as_u64().unwrap()));
    let values = result["Values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
    times.map(|at| at.since(start).as_secs() / 60).zip(values).collect()
}
