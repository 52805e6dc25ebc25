//! What happens to traffic and targets in VPC Lattice as time goes by.

use serde_json::{Value, json};

use super::{
    super::{Health, added_share, history, next_event, register_target, share, snapshot, target_health},
    asking::{GROUP_A, RULE, forward, get, new_group, pass, refused, send, world},
};
use crate::sandbox::{
    scenario::{Edit, Person},
    world::World,
};

#[test]
fn the_data_plane_follows_after_the_delay() {
    let mut world = world();
    let b = new_group(&mut world, "myservice-b");
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 75), (&b, 25)])}));
    assert_eq!(get(&mut world, RULE)["action"], forward(&[(GROUP_A, 75), (&b, 25)]), "the API gives it back at once");
    pass(&mut world, 29);
    assert!(share(&world, &b).abs() < f64::EPSILON);
    assert_eq!(added_share(&world), Some(25.0), "what is written counts for faults and people");
    pass(&mut world, 1);
    assert!((share(&world, &b) - 25.0).abs() < f64::EPSILON);
    assert!((share(&world, GROUP_A) - 100.0).abs() < f64::EPSILON, "by the default action");
    // Two writes in a row arrive one after the other.
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 50), (&b, 50)])}));
    pass(&mut world, 10);
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 100), (&b, 0)])}));
    pass(&mut world, 20);
    assert!((share(&world, &b) - 50.0).abs() < f64::EPSILON);
    pass(&mut world, 10);
    assert!(share(&world, &b).abs() < f64::EPSILON);
    let written = history(&world).iter().filter(|split| split.traffic_target == "myservice/http-80/api");
    let weights: Vec<Vec<u32>> = written.map(|split| split.weights.iter().map(|(_, weight)| *weight).collect()).collect();
    assert_eq!(weights, [vec![100], vec![75, 25], vec![50, 50], vec![100, 0]]);
}

#[test]
fn a_target_is_checked_from_the_moment_that_its_group_is_in_use() {
    let mut world = world();
    let b = new_group(&mut world, "myservice-b");
    let path = format!("/targetgroups/{b}");
    let register = json!({"targets": [{"id": "10.0.200.9"}]});
    let reply = send(&mut world, "POST", &format!("{path}/registertargets"), register.clone());
    assert_eq!(reply.value()["successful"], json!([{"id": "10.0.200.9", "port": 80}]));
    let list = |world: &mut World| send(world, "POST", &format!("{path}/listtargets"), json!({})).value()["items"].clone();
    assert_eq!(list(&mut world)[0]["reasonCode"], "TargetGroupNotInUse");
    assert_eq!(target_health(&world, &b, "10.0.200.9", 80), Some(Health::Unused));
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 100), (&b, 0)])}));
    assert_eq!(list(&mut world)[0]["status"], "INITIAL", "a weight of 0 is in use");
    assert!(next_event(&world).is_some());
    // Nobody answers there: the first check after 5 s, the second, which is the threshold, 30 s later.
    pass(&mut world, 34);
    assert_eq!(list(&mut world)[0]["status"], "INITIAL");
    pass(&mut world, 1);
    assert_eq!(
        (&list(&mut world)[0]["status"], &list(&mut world)[0]["reasonCode"]),
        (&json!("UNHEALTHY"), &json!("HealthCheckFailed"))
    );
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 100)])}));
    assert_eq!(list(&mut world)[0]["status"], "UNUSED");
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 100), (&b, 0)])}));
    send(&mut world, "PATCH", &path, json!({"healthCheck": {"enabled": false}}));
    assert_eq!(list(&mut world)[0]["status"], "UNAVAILABLE");
    let reply = send(
        &mut world,
        "POST",
        &format!("{path}/deregistertargets"),
        json!({"targets": [{"id": "10.0.200.9"}, {"id": "10.1.1.1"}]}),
    );
    assert_eq!(reply.value()["unsuccessful"][0]["id"], "10.1.1.1");
    assert_eq!(list(&mut world)[0]["status"], "DRAINING");
    refused(&send(&mut world, "DELETE", &path, Value::Null), 409, "ConflictException");
    pass(&mut world, 59);
    assert_eq!(list(&mut world).as_array().unwrap().len(), 1);
    pass(&mut world, 1);
    assert_eq!(list(&mut world), json!([]));
    refused(
        &send(&mut world, "POST", &format!("{path}/registertargets"), json!({"targets": [{"id": "host"}]})),
        400,
        "ValidationException",
    );
    register_target(&mut world, &b, "10.0.200.9", 80).unwrap();
    assert!(register_target(&mut world, "tg-00000000000000000", "10.0.200.9", 80).is_err());
}

#[test]
fn a_person_edits_by_names_and_by_who_was_there_first() {
    let mut world = world();
    let b = new_group(&mut world, "myservice-b");
    let at = world.now;
    let action = serde_json::from_value(json!({"forward": {"initial": 70, "added": 30}})).unwrap();
    let person =
        Person { at: 20, share_at_least: Some(5.0), rule: "api".to_owned(), r#do: Edit::SetAction(action), ..Person::default() };
    world.people.add(person, at);
    pass(&mut world, 100);
    assert_eq!(get(&mut world, RULE)["action"], forward(&[(GROUP_A, 100)]), "nobody acts before the share is there");
    send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 95), (&b, 5)])}));
    pass(&mut world, 19);
    assert_eq!(get(&mut world, RULE)["action"], forward(&[(GROUP_A, 95), (&b, 5)]));
    pass(&mut world, 1);
    let mut edited = get(&mut world, RULE)["action"]["forward"]["targetGroups"].as_array().unwrap().clone();
    edited.sort_by_key(|entry| entry["weight"].as_u64());
    assert_eq!((&edited[0]["targetGroupIdentifier"], &edited[1]["targetGroupIdentifier"]), (&json!(b), &json!(GROUP_A)));
    assert!(world.log.iter().any(|line| line.what == "person"));
}

#[test]
fn the_same_requests_give_the_same_world() {
    let run = || {
        let mut world = world();
        let b = new_group(&mut world, "myservice-b");
        send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 75), (&b, 25)])}));
        pass(&mut world, 600);
        (serde_json::to_string(&world.log).unwrap(), snapshot(&world))
    };
    assert_eq!(run(), run());
}
