//! Target groups.

use serde_json::{Value, json};

use super::asking::{GROUP_A, RULE, conflict, forward, get, id, invalid, missing, pass, refused, send, world};
use crate::sandbox::world::World;

#[test]
fn a_target_group_has_lattices_defaults_and_is_guarded_while_in_use() {
    let mut world = world();
    let config =
        json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678", "healthCheck": {"path": "/up", "healthyThresholdCount": 0}});
    let reply = send(&mut world, "POST", "/targetgroups", json!({"name": "second", "type": "IP", "config": config}));
    let made = reply.value();
    assert_eq!((reply.status, &made["status"], &made["config"]["port"]), (201, &json!("CREATE_IN_PROGRESS"), &json!(80)));
    let check = &made["config"]["healthCheck"];
    assert_eq!((&check["enabled"], &check["healthCheckIntervalSeconds"]), (&json!(true), &json!(30)));
    assert_eq!(
        (&check["healthyThresholdCount"], &check["path"], &check["matcher"]["httpCode"]),
        (&json!(5), &json!("/up"), &json!("200"))
    );
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/targetgroups/{id}");
    refused(&send(&mut world, "PATCH", RULE, json!({"action": forward(&[(&id, 1)])})), 409, "ConflictException");
    refused(&send(&mut world, "DELETE", &path, Value::Null), 409, "ConflictException");
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &path)["serviceArns"], json!([]));
    assert_eq!(send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 1), (&id, 0)])})).status, 200);
    assert_eq!(get(&mut world, &path)["serviceArns"].as_array().unwrap().len(), 1);
    refused(&send(&mut world, "DELETE", &path, Value::Null), 409, "ConflictException");
    let updated = send(&mut world, "PATCH", &path, json!({"healthCheck": {"healthCheckIntervalSeconds": 5}}));
    assert_eq!(updated.value()["config"]["healthCheck"]["path"], "/up", "members left out stay as they were");
    refused(
        &send(&mut world, "PATCH", &path, json!({"healthCheck": {"healthCheckIntervalSeconds": 3}})),
        400,
        "ValidationException",
    );
    assert_eq!(send(&mut world, "PATCH", RULE, json!({"action": forward(&[(GROUP_A, 1)])})).status, 200);
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).value()["status"], "DELETE_IN_PROGRESS");
    refused(
        &send(&mut world, "POST", "/targetgroups", json!({"name": "third", "type": "IP", "config": {}})),
        400,
        "ValidationException",
    );
}

#[test]
fn each_type_has_its_own_configuration() {
    let mut world = world();
    let make = |world: &mut World, kind: &str, config: Value| {
        let name = format!("group-{}", world.log.len());
        send(world, "POST", "/targetgroups", json!({"name": name, "type": kind, "config": config}))
    };
    let web = |more: Value| {
        let mut all = json!({"protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    for (kind, config, port, version, checked) in [
        ("IP", web(json!({})), json!(80), json!("HTTP1"), json!(true)),
        ("INSTANCE", web(json!({"protocol": "HTTPS"})), json!(443), json!("HTTP1"), json!(true)),
        ("IP", web(json!({"protocolVersion": "HTTP2"})), json!(80), json!("HTTP2"), json!(false)),
        ("IP", web(json!({"protocolVersion": "GRPC", "port": 50051})), json!(50051), json!("GRPC"), json!(false)),
        ("IP", web(json!({"protocol": "TCP", "port": 5432})), json!(5432), Value::Null, json!(false)),
        ("ALB", web(json!({})), json!(80), json!("HTTP1"), Value::Null),
        ("LAMBDA", Value::Null, Value::Null, Value::Null, Value::Null),
    ] {
        let reply = make(&mut world, kind, config);
        let made = reply.value()["config"].clone();
        assert_eq!(reply.status, 201, "{kind}: {}", reply.value());
        assert_eq!(
            (&made["port"], &made["protocolVersion"], &made["healthCheck"]["enabled"]),
            (&port, &version, &checked),
            "{kind}"
        );
        assert_eq!(made["ipAddressType"], if kind == "IP" { json!("IPV4") } else { Value::Null });
        assert_eq!(made["lambdaEventStructureVersion"], if kind == "LAMBDA" { json!("V1") } else { Value::Null });
    }
    let check = json!({"enabled": true});
    for (kind, config, member) in [
        ("IP", Value::Null, "config.protocol"),
        ("IP", json!({"protocol": "HTTP"}), "config.vpcIdentifier"),
        ("IP", web(json!({"protocol": "TCP"})), "config.port"),
        ("IP", web(json!({"protocol": "TCP", "port": 1, "protocolVersion": "HTTP1"})), "config.protocolVersion"),
        ("INSTANCE", web(json!({"ipAddressType": "IPV4"})), "config.ipAddressType"),
        ("IP", web(json!({"lambdaEventStructureVersion": "V2"})), "config.lambdaEventStructureVersion"),
        ("ALB", web(json!({"healthCheck": check})), "config.healthCheck"),
        ("LAMBDA", json!({"healthCheck": check}), "config.healthCheck"),
        ("LAMBDA", json!({"port": 80}), "config.port"),
        ("IP", web(json!({"healthCheck": {"healthCheckTimeoutSeconds": 121}})), "config.healthCheck.healthCheckTimeoutSeconds"),
        ("IP", web(json!({"healthCheck": {"matcher": {"httpCode": "500"}}})), "healthCheck.matcher.httpCode"),
        ("IP", web(json!({"healthCheck": {"unhealthyThresholdCount": 1}})), "healthCheck.unhealthyThresholdCount"),
    ] {
        invalid(&make(&mut world, kind, config), member);
    }
}

#[test]
fn only_the_health_check_changes_and_0_is_the_default() {
    let mut world = world();
    let path = format!("/targetgroups/{GROUP_A}");
    let numbers = json!({"healthCheckIntervalSeconds": 0, "healthCheckTimeoutSeconds": 0, "healthyThresholdCount": 0, "unhealthyThresholdCount": 0, "port": 8080});
    let check = send(&mut world, "PATCH", &path, json!({"healthCheck": numbers})).value()["config"]["healthCheck"].clone();
    assert_eq!(
        check,
        json!({
            "enabled": true, "protocol": "HTTP", "protocolVersion": "HTTP1", "path": "/health", "matcher": {"httpCode": "200"}, "port": 8080,
            "healthCheckIntervalSeconds": 30, "healthCheckTimeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2,
        })
    );
    let reset = json!({"healthCheck": {"port": 0, "path": "", "matcher": {"httpCode": ""}}});
    let check = send(&mut world, "PATCH", &path, reset).value()["config"]["healthCheck"].clone();
    assert_eq!((check.get("port"), &check["path"]), (None, &json!("/")));
    for member in ["name", "config", "type"] {
        invalid(&send(&mut world, "PATCH", &path, json!({"healthCheck": {}, member: "x"})), member);
    }
    let function = id(&send(&mut world, "POST", "/targetgroups", json!({"name": "function", "type": "LAMBDA"})));
    let early = send(&mut world, "PATCH", &format!("/targetgroups/{function}"), json!({"healthCheck": {"enabled": true}}));
    assert!(conflict(&early, "TARGET_GROUP", &function).ends_with("CREATE_IN_PROGRESS."));
    pass(&mut world, 2);
    invalid(
        &send(&mut world, "PATCH", &format!("/targetgroups/{function}"), json!({"healthCheck": {"enabled": true}})),
        "healthCheck",
    );
}

#[test]
fn a_group_that_goes_stays_gone() {
    let mut world = world();
    let group = id(&send(&mut world, "POST", "/targetgroups", json!({"name": "function", "type": "LAMBDA"})));
    let path = format!("/targetgroups/{group}");
    conflict(&send(&mut world, "DELETE", &path, Value::Null), "TARGET_GROUP", &group);
    pass(&mut world, 2);
    for _ in 0..2 {
        let gone = send(&mut world, "DELETE", &path, Value::Null);
        assert_eq!((gone.status, &gone.value()["status"]), (200, &json!("DELETE_IN_PROGRESS")));
        pass(&mut world, 1);
    }
    missing(&send(&mut world, "DELETE", &path, Value::Null), "TARGET_GROUP");
    conflict(&send(&mut world, "DELETE", &format!("/targetgroups/{GROUP_A}"), Value::Null), "TARGET_GROUP", GROUP_A);
    conflict(
        &send(&mut world, "POST", "/targetgroups", json!({"name": "myservice-a", "type": "LAMBDA"})),
        "TARGET_GROUP",
        GROUP_A,
    );
}
