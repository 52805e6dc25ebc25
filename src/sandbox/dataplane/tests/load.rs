//! The scenario's load, against numbers computed by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::asking::{WEB, group, listener, pass, split, tg, total, web, world};
use crate::sandbox::{
    dataplane::{self, Key, Minute},
    scenario,
    world::World,
};

fn by_minute(world: &World, key: &Key, count: fn(&Minute) -> u64) -> Vec<u64> {
    world.traffic.minutes(key, world.scenario.start, world.now).map(|(_, minute)| count(minute)).collect()
}

#[test]
fn load_goes_by_the_weights_and_fails_by_the_rates() {
    let groups = [group("a", 1, &["i-1", "i-2"]), group("b", 2, &["i-3"])];
    let more = json!({
        "load": [{"service": "web", "rps": 100.0, "path": "/x", "request_bytes": 10}],
        "backends": {
            "a": {"latency_ms": 20, "latency_p99_ms": 120, "body": "12345"},
            "b": {"error_rate": 12.5, "latency_ms": 50, "latency_p99_ms": 50},
        },
    });
    let mut world = split(&groups, &[("a", 75), ("b", 25)], more);
    pass(&mut world, 150);
    assert_eq!(by_minute(&world, &web(), |minute| minute.requests), [6_000, 6_000]);
    assert_eq!(by_minute(&world, &tg(1), |minute| minute.requests), [4_500, 4_500]);
    assert_eq!(by_minute(&world, &tg(2), |minute| minute.requests), [1_500, 1_500]);
    // An eighth of 1500 is 187.5.
    assert_eq!(by_minute(&world, &tg(2), |minute| minute.status_5xx), [187, 188]);
    let (_, first) = world.traffic.minutes(&tg(1), world.scenario.start, world.now).next().unwrap();
    assert_eq!((first.status_2xx, first.latency.count()), (4_500, 4_500));
    assert_eq!((first.received_bytes, first.sent_bytes), (45_000, 22_500));
    // Either target had 2250 requests: 23 connections of 100 requests each.
    assert_eq!(first.connections, 46);
    assert_eq!((first.latency.quantile(0.5), first.latency.quantile(0.99)), (Some(20.0), Some(120.0)));
    let service = total(&world, &web());
    // 125 s of 25 requests a second: 3750, an eighth of them failed.
    assert_eq!((service.requests, service.status_5xx, service.status_2xx), (15_000, 468, 14_532));
    assert_eq!(service.latency.quantile(1.0), Some(170.0));
}

#[test]
fn what_changes_in_the_middle_of_a_minute_changes_the_load_from_then_on() {
    let groups = [group("a", 1, &["i-1"])];
    let more = json!({
        "load": [{"rps": 10.0}],
        "backends": {"a": {"healthy_for": 30, "fails_after": 90}},
    });
    let mut world = split(&groups, &[("a", 1)], more);
    pass(&mut world, 180);
    assert_eq!(by_minute(&world, &web(), |minute| minute.requests), [600, 600, 600]);
    assert_eq!(by_minute(&world, &tg(1), |minute| minute.status_2xx), [300, 0, 0]);
    assert_eq!(by_minute(&world, &tg(1), |minute| minute.status_5xx), [300, 300, 0]);
    assert_eq!(by_minute(&world, &tg(1), |minute| minute.connection_errors), [0, 300, 600]);
    assert_eq!(by_minute(&world, &web(), |minute| minute.status_5xx), [300, 600, 600]);
    assert_eq!(by_minute(&world, &web(), |minute| minute.generated.get(&502).copied().unwrap_or(0)), [0, 300, 600]);
}

#[test]
fn the_rule_takes_what_it_matches_and_lattice_answers_the_rest() {
    let rule = json!({
        "name": "api", "priority": 1, "action": {"forward": {"a": 1}},
        "match": {"httpMatch": {"method": "POST", "headerMatches": [{"name": "x-team", "match": {"exact": "red"}}]}},
    });
    let listener = listener("http", "HTTP", 80, json!({ "fixed_response": 404 }), json!([rule]));
    let more = json!({"load": [
        {"rps": 1.0, "method": "POST", "headers": {"X-Team": "red"}},
        {"rps": 2.0, "from": 30, "until": 60},
        {"rps": 7.0, "service": "nobody"},
    ]});
    let mut world = world(&[group("a", 1, &["i-1"])], &[listener], more);
    pass(&mut world, 120);
    assert_eq!(by_minute(&world, &tg(1), |minute| minute.requests), [60, 60]);
    assert_eq!(by_minute(&world, &web(), |minute| minute.requests), [120, 60]);
    assert_eq!(by_minute(&world, &web(), |minute| minute.generated.get(&404).copied().unwrap_or(0)), [60, 0]);
}

#[test]
fn minutes_begin_with_the_first_request() {
    let more = json!({"load": [{"rps": 1.0, "from": 130, "until": 190}]});
    let mut world = split(&[group("a", 1, &["i-1"])], &[("a", 1)], more);
    pass(&mut world, 125);
    assert_eq!(world.traffic.keys().count(), 0);
    pass(&mut world, 180);
    let start = world.scenario.start;
    let minutes: Vec<_> = world.traffic.minutes(&tg(1), start, world.now).map(|(at, minute)| (at, minute.requests)).collect();
    let at = |minutes: u64| start + Duration::from_secs(60 * minutes);
    assert_eq!(minutes, [(at(2), 50), (at(3), 10), (at(4), 0)]);
}

#[test]
fn slow_answers_time_out_and_requests_over_the_wire_count_too() {
    let more = json!({"backends": {"a": {"latency_ms": 1_000, "latency_p99_ms": 61_000}}});
    let mut world = split(&[group("a", 1, &["i-1"])], &[("a", 1)], more);
    for _ in 0..200 {
        super::asking::ask(&mut world, WEB, "/");
    }
    let (group, service) = (total(&world, &tg(1)), total(&world, &web()));
    // Two of each hundred take 60 s or longer: the 99th and the last.
    assert_eq!((group.requests, group.request_timeouts, group.status_2xx), (200, 4, 196));
    assert_eq!((service.request_timeouts, service.generated[&504], service.status_5xx), (4, 4, 4));
    assert_eq!(group.latency.max(), Some(60_000.0));
}

fn canary() -> World {
    let mut scenario = scenario::load("promoted").unwrap();
    scenario.load = serde_json::from_value(json!([{"rps": 1_900.0, "path": "/api"}, {"rps": 100.5, "path": "/"}])).unwrap();
    scenario.images.get_mut("myservice:1").unwrap().error_rate = 0.7;
    World::new(scenario)
}

fn report(world: &World) -> String {
    dataplane::report(world, world.scenario.start).to_string()
}

#[test]
fn the_same_steps_leave_the_same_traffic_and_so_do_others_to_the_same_moment() {
    let mut once = canary();
    pass(&mut once, 2_400);
    let mut again = canary();
    pass(&mut again, 2_400);
    assert_eq!(report(&once), report(&again));
    let mut stepwise = canary();
    for seconds in [1, 7, 52, 60, 61, 119, 900, 1_200] {
        pass(&mut stepwise, seconds);
    }
    assert_eq!(report(&once), report(&stepwise));
    let all: Value = serde_json::from_str(&report(&once)).unwrap();
    assert_eq!(all["series"].as_array().unwrap().len(), 2);
    let service = total(&once, &Key::Service("svc-12345678901234567".to_owned()));
    assert_eq!(service.requests, 2_400 * 1_900 + 241_200);
}
