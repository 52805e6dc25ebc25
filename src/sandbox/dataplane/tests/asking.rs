//! Worlds with a data plane, and requests to it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::sandbox::{
    dataplane::{self, Key, Minute},
    scenario::Scenario,
    wire::{Reply, Request},
    world::World,
};

/// The domain name of the service `web`.
pub(super) const WEB: &str = "web-00000000000000001.7d67968.vpc-lattice-svcs.eu-north-1.on.aws";

/// A listener of `web` with such a default action.
pub(super) fn listener(name: &str, protocol: &str, port: u16, action: Value, rules: Value) -> Value {
    let id = format!("listener-{port:017}");
    json!({"name": name, "id": id, "protocol": protocol, "port": port, "default_action": action, "rules": rules})
}

/// A group of instances; ids of its targets.
pub(super) fn group(name: &str, number: u32, targets: &[&str]) -> Value {
    let targets: Vec<_> = targets.iter().map(|id| json!({ "id": id })).collect();
    let check = json!({"healthCheckIntervalSeconds": 10, "healthyThresholdCount": 2, "unhealthyThresholdCount": 2});
    let config = json!({"port": 8080, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678", "healthCheck": check});
    json!({"name": name, "id": format!("tg-{number:017}"), "type": "INSTANCE", "config": config, "targets": targets})
}

/// A world with the service `web` and these groups and listeners; `more` are other keys of the scenario.
pub(super) fn world(groups: &[Value], listeners: &[Value], more: Value) -> World {
    let mut scenario = json!({
        "name": "test", "region": "eu-north-1", "account": "123456789012", "start": "2026-11-22T00:00:00Z", "cluster": "c",
        "lattice": {
            "service_networks": [{"name": "network", "id": "sn-00000000000000009", "services": ["web"]}],
            "target_groups": groups,
            "services": [{"name": "web", "id": "svc-00000000000000001", "listeners": listeners}],
        },
    });
    if let (Some(all), Value::Object(more)) = (scenario.as_object_mut(), more) {
        all.extend(more);
    }
    let scenario: Scenario = serde_json::from_value(scenario).unwrap();
    World::new(scenario)
}

/// A world in which one listener of HTTP splits everything like this.
pub(super) fn split(groups: &[Value], weights: &[(&str, u32)], more: Value) -> World {
    let forward: BTreeMap<_, _> = weights.iter().copied().collect();
    world(groups, &[listener("http", "HTTP", 80, json!({ "forward": forward }), json!([]))], more)
}

pub(super) fn request(method: &str, host: &str, path: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut all: http::HeaderMap =
        headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
    all.insert("host", host.parse().unwrap());
    let (method, path) = (method.parse().unwrap(), path.to_owned());
    Request { method, path, query: String::new(), headers: all, body: bytes::Bytes::new() }
}

pub(super) fn ask(world: &mut World, host: &str, path: &str) -> Reply {
    dataplane::answer(world, &request("GET", host, path, &[]))
}

/// How many of so many requests to `/` got each target; `503` and the like where none answered.
pub(super) fn shares(world: &mut World, requests: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..requests {
        let reply = ask(world, WEB, "/");
        let target = reply.value()["target"].as_str().map_or_else(|| reply.status.to_string(), str::to_owned);
        *counts.entry(target).or_default() += 1;
    }
    counts
}

/// The counts that are wanted.
pub(super) fn counts(wanted: &[(&str, usize)]) -> BTreeMap<String, usize> {
    wanted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

pub(super) fn pass(world: &mut World, seconds: u64) {
    let until = world.now + Duration::from_secs(seconds);
    world.advance(until);
}

/// All that `key` got, complete minutes and the running one.
pub(super) fn total(world: &World, key: &Key) -> Minute {
    let mut all = Minute::new();
    let minutes = world.traffic.minutes(key, world.scenario.start, world.now);
    minutes.chain(world.traffic.running(key)).for_each(|(_, minute)| all.merge(minute));
    all
}

pub(super) fn tg(number: u32) -> Key {
    Key::TargetGroup(format!("tg-{number:017}"))
}

pub(super) fn web() -> Key {
    Key::Service("svc-00000000000000001".to_owned())
}
