//! Within a target group: who is asked, and what comes back.

use serde_json::json;

use super::asking::{WEB, ask, counts, group, pass, shares, split};
use crate::sandbox::{lattice, scenario, world::World};

#[test]
fn targets_take_turns_and_only_healthy_ones_are_asked() {
    let groups = [group("a", 1, &["i-1", "i-2", "i-3"])];
    let mut world = split(&groups, &[("a", 1)], json!({ "backends": { "i-2": { "healthy_for": 60 } } }));
    assert_eq!(shares(&mut world, 6), counts(&[("i-1:8080", 2), ("i-2:8080", 2), ("i-3:8080", 2)]));
    pass(&mut world, 100);
    assert_eq!(shares(&mut world, 6), counts(&[("i-1:8080", 3), ("i-3:8080", 3)]));
}

#[test]
fn where_all_are_unhealthy_all_are_asked() {
    let groups = [group("a", 1, &["i-1", "i-2"])];
    let mut world = split(&groups, &[("a", 1)], json!({ "backends": { "a": { "healthy": false } } }));
    pass(&mut world, 60);
    assert_eq!(lattice::target_health(&world, "tg-00000000000000001", "i-1", 8080), Some(lattice::Health::Unhealthy));
    assert_eq!(shares(&mut world, 4), counts(&[("i-1:8080", 2), ("i-2:8080", 2)]));
    assert_eq!(ask(&mut world, WEB, "/").status, 500, "and answer as badly as they do");
}

#[test]
fn a_draining_target_is_not_asked_and_an_empty_group_is_a_503() {
    let groups = [group("a", 1, &["i-1"]), group("b", 2, &[])];
    let mut world = split(&groups, &[("a", 1), ("b", 1)], json!({}));
    assert_eq!(shares(&mut world, 4), counts(&[("503", 2), ("i-1:8080", 2)]));
    lattice::deregister_target(&mut world, "tg-00000000000000001", "i-1", 8080);
    assert_eq!(shares(&mut world, 4), counts(&[("503", 4)]), "it does not fail open to what drains");
    let mut other = split(&groups[1..], &[("b", 1)], json!({ "knobs": { "empty_group_status": 502 } }));
    assert_eq!(ask(&mut other, WEB, "/").status, 502);
}

#[test]
fn what_does_not_listen_is_a_502_and_what_is_not_there_or_says_nothing_a_504() {
    let status = |backend: serde_json::Value| {
        let mut world = split(&[group("a", 1, &["i-1"])], &[("a", 1)], json!({ "backends": { "a": backend } }));
        pass(&mut world, 10);
        ask(&mut world, WEB, "/").status
    };
    assert_eq!(status(json!({})), 200);
    assert_eq!(status(json!({ "status": 204 })), 204);
    assert_eq!(status(json!({ "healthy_for": 5 })), 500);
    assert_eq!(status(json!({ "fails_after": 5 })), 502);
    assert_eq!(status(json!({ "latency_ms": 60_000 })), 504);
    let mut group = group("a", 1, &["10.0.77.7"]);
    group["type"] = json!("IP");
    let mut world = split(&[group], &[("a", 1)], json!({}));
    assert_eq!(ask(&mut world, WEB, "/").status, 504);
}

#[test]
fn an_error_rate_comes_out_exactly() {
    let groups = [group("a", 1, &["i-1"])];
    let backends = json!({ "backends": { "a": { "error_rate": 2.5, "error_status": 429 } } });
    let mut world = split(&groups, &[("a", 1)], backends);
    let statuses: Vec<_> = (1..=200).map(|number| (number, ask(&mut world, WEB, "/").status)).collect();
    let failed: Vec<_> = statuses.into_iter().filter(|(_, status)| *status == 429).map(|(number, _)| number).collect();
    assert_eq!(failed, [40, 80, 120, 160, 200]);
}

#[test]
fn the_walkthrough_goes_as_it_is_told() {
    let mut world = World::new(scenario::load("walkthrough").unwrap());
    let host = "my-service-03e92ee54968d87ca.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws";
    let said = |world: &mut World, path: &str| String::from_utf8(ask(world, host, path).body).unwrap();
    let answers: Vec<_> = (0..6).map(|_| said(&mut world, "/")).collect();
    let instance = "Hello from the instance";
    let function = "\"Hello from the function\"";
    assert_eq!(answers, [instance, function, instance, instance, function, instance]);
    assert_eq!(said(&mut world, "/to-instance"), "Hello from the instance at path \"to-instance\"");
    assert_eq!(said(&mut world, "/to-function"), function);
    assert_eq!(said(&mut world, "/to-function"), function);
}
