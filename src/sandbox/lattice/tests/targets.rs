//! Targets of every type.

use serde_json::{Value, json};

use super::asking::{GROUP_A, conflict, forward, id, invalid, new_group, pass, refused, send, world};
use crate::sandbox::{scenario::Effect, world::World};

fn group(world: &mut World, kind: &str, config: Value) -> String {
    let name = format!("group-{}", world.log.len());
    let group = id(&send(world, "POST", "/targetgroups", json!({"name": name, "type": kind, "config": config})));
    pass(world, 2);
    format!("/targetgroups/{group}")
}

fn register(world: &mut World, path: &str, targets: Value) -> Value {
    let reply = send(world, "POST", &format!("{path}/registertargets"), json!({"targets": targets}));
    assert_eq!(reply.status, 200, "{}", reply.value());
    reply.value()
}

fn list(world: &mut World, path: &str, filter: Value) -> Value {
    send(world, "POST", &format!("{path}/listtargets"), filter).value()["items"].clone()
}

fn codes(answer: &Value) -> Vec<(&str, &str)> {
    let failures = answer["unsuccessful"].as_array().unwrap().iter();
    failures.map(|failure| (failure["id"].as_str().unwrap(), failure["failureCode"].as_str().unwrap())).collect()
}

#[test]
fn ids_are_those_of_the_groups_type() {
    let mut world = world();
    let web = json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
    let ipv6 = json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678", "ipAddressType": "IPV6"});
    let function = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello:1";
    let balancer = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/my-alb/50dc6c495c0c9188";
    for (kind, config, good, bad) in [
        ("IP", web.clone(), "10.0.0.1", "i-12345678"),
        ("IP", web.clone(), "100.64.0.1", "fd00::1"),
        ("IP", ipv6, "fd00::1", "10.0.0.1"),
        ("INSTANCE", web.clone(), "i-0123456789abcdef0", "10.0.0.1"),
        ("INSTANCE", web.clone(), "i-12345678", "i-0123456"),
        ("ALB", web, balancer, function),
        ("LAMBDA", Value::Null, function, balancer),
    ] {
        let path = group(&mut world, kind, config);
        let reply = send(&mut world, "POST", &format!("{path}/registertargets"), json!({"targets": [{"id": bad}]}));
        invalid(&reply, "targets[0].id");
        let answer = register(&mut world, &path, json!([{"id": good}]));
        let port = if kind == "LAMBDA" { None } else { Some(80) };
        assert_eq!((answer["successful"][0]["id"].as_str(), answer["successful"][0]["port"].as_u64()), (Some(good), port));
        let listed = list(&mut world, &path, json!({}));
        assert_eq!((listed[0]["status"].as_str(), listed[0]["port"].as_u64()), (Some("UNUSED"), port));
    }
}

#[test]
fn what_cannot_be_registered_is_told_inside_a_200() {
    let mut world = world();
    let path = format!("/targetgroups/{}", new_group(&mut world, "myservice-b"));
    let answer = register(
        &mut world,
        &path,
        json!([
            {"id": "10.0.0.1"}, {"id": "8.8.8.8"}, {"id": "10.0.0.1", "port": 80}, {"id": "10.0.0.1", "port": 81}, {"id": "172.32.0.1"},
        ]),
    );
    assert_eq!(codes(&answer), [("8.8.8.8", "InvalidTarget"), ("10.0.0.1", "DuplicateTarget"), ("172.32.0.1", "InvalidTarget")]);
    assert_eq!(answer["successful"], json!([{"id": "10.0.0.1", "port": 80}, {"id": "10.0.0.1", "port": 81}]));
    assert_eq!(codes(&register(&mut world, &path, json!([{"id": "10.0.0.1"}]))), [], "again is no failure");
    assert_eq!(list(&mut world, &path, json!({})).as_array().unwrap().len(), 2);
    assert_eq!(list(&mut world, &path, json!({"targets": [{"id": "10.0.0.1"}]})).as_array().unwrap().len(), 2);
    assert_eq!(list(&mut world, &path, json!({"targets": [{"id": "10.0.0.1", "port": 81}]}))[0]["port"], 81);
    assert_eq!(list(&mut world, &path, json!({"targets": [{"id": "10.0.0.2"}]})), json!([]));
    let gone = json!({"targets": [{"id": "10.0.0.1"}, {"id": "10.0.0.9"}]});
    let answer = send(&mut world, "POST", &format!("{path}/deregistertargets"), gone).value();
    assert_eq!(codes(&answer), [("10.0.0.9", "TargetNotFound")]);
    assert_eq!(answer["successful"], json!([{"id": "10.0.0.1", "port": 80}]));
}

#[test]
fn a_function_or_a_load_balancer_is_alone_in_its_group() {
    let mut world = world();
    let arn = |name: &str| format!("arn:aws:lambda:ap-northeast-1:123456789012:function:{name}");
    let path = group(&mut world, "LAMBDA", Value::Null);
    let answer = register(&mut world, &path, json!([{"id": arn("a")}, {"id": arn("b")}]));
    assert_eq!(codes(&answer), [(arn("b").as_str(), "TooManyTargets")]);
    assert_eq!(codes(&register(&mut world, &path, json!([{"id": arn("c")}]))), [(arn("c").as_str(), "TooManyTargets")]);
    assert_eq!(codes(&register(&mut world, &path, json!([{"id": arn("a")}]))), []);
    let reply = send(&mut world, "POST", &format!("{path}/registertargets"), json!({"targets": [{"id": arn("a"), "port": 80}]}));
    invalid(&reply, "targets[0].port");
    let path = group(&mut world, "ALB", json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678"}));
    let alb = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/my-alb/50dc6c495c0c9188";
    assert_eq!(codes(&register(&mut world, &path, json!([{"id": alb}, {"id": alb, "port": 81}]))), [(alb, "TooManyTargets")]);
}

#[test]
fn a_function_in_use_is_never_checked() {
    let mut world = world();
    let path = group(&mut world, "LAMBDA", Value::Null);
    register(&mut world, &path, json!([{"id": "arn:aws:lambda:ap-northeast-1:123456789012:function:a"}]));
    let group = path.trim_start_matches("/targetgroups/");
    send(&mut world, "PATCH", super::asking::RULE, json!({"action": forward(&[(GROUP_A, 1), (group, 0)])}));
    let listed = list(&mut world, &path, json!({}));
    assert_eq!((&listed[0]["status"], &listed[0]["reasonCode"]), (&json!("UNAVAILABLE"), &json!("HealthCheckNotSupported")));
}

#[test]
fn a_group_in_progress_takes_no_targets() {
    let mut world = world();
    let young = id(&send(&mut world, "POST", "/targetgroups", json!({"name": "young", "type": "LAMBDA"})));
    let target = json!({"targets": [{"id": "arn:aws:lambda:ap-northeast-1:123456789012:function:a"}]});
    for operation in ["registertargets", "deregistertargets"] {
        let reply = send(&mut world, "POST", &format!("/targetgroups/{young}/{operation}"), target.clone());
        let text = conflict(&reply, "TARGET_GROUP", &young);
        assert_eq!(text, format!("Invalid resource status for this operation, resource id {young}, status: CREATE_IN_PROGRESS."));
    }
    assert_eq!(list(&mut world, &format!("/targetgroups/{young}"), Value::Null), json!([]), "reading is no matter");
}

#[test]
fn a_fault_spares_the_last_of_a_batch() {
    let mut world = world();
    let path = format!("/targetgroups/{}", new_group(&mut world, "myservice-b"));
    let fault = |operation: &str| serde_json::from_value(json!({"operations": [operation], "effect": Effect::Partial})).unwrap();
    world.faults.add(fault("RegisterTargets"));
    let answer = register(&mut world, &path, json!([{"id": "10.0.0.1"}, {"id": "10.0.0.2"}]));
    assert_eq!(codes(&answer), [("10.0.0.2", "InternalServerException")]);
    assert_eq!(list(&mut world, &path, json!({})).as_array().unwrap().len(), 1);
    let many: Vec<_> = (0..101).map(|number| json!({"id": format!("10.0.1.{number}")})).collect();
    let reply = send(&mut world, "POST", &format!("{path}/registertargets"), json!({"targets": many}));
    assert_eq!(refused(&reply, 400, "ValidationException")["fieldList"][0]["name"], "targets");
}
