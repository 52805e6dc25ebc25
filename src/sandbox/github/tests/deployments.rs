//! Deployments and commit statuses.

use serde_json::{Value, json};

use super::asking::{ask, world};

const HEAD: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";

fn deployment(environment: &str) -> Value {
    json!({ "ref": HEAD, "environment": environment, "auto_merge": false, "required_contexts": [], "payload": { "a": 1 } })
}

#[test]
fn a_deployment_and_its_statuses_are_kept_newest_first() {
    let mut world = world();
    let made = ask(&mut world, 201, "POST", "/deployments", deployment("production"));
    assert_eq!((&made["sha"], &made["production_environment"], &made["payload"]["a"]), (&json!(HEAD), &json!(true), &json!(1)));
    let path = format!("/deployments/{}/statuses", made["id"]);
    for state in ["in_progress", "success"] {
        let body = json!({ "state": state, "environment_url": "https://example.com", "log_url": "https://example.com/log" });
        assert_eq!(ask(&mut world, 201, "POST", &path, body)["state"], state);
    }
    let listed = ask(&mut world, 200, "GET", &path, Value::Null);
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("success"), &json!("in_progress")));
    assert_eq!(listed[0]["target_url"], "https://example.com/log");
    assert_eq!(ask(&mut world, 200, "GET", "/deployments?environment=production", Value::Null).as_array().unwrap().len(), 1);
    assert_eq!(ask(&mut world, 200, "GET", "/deployments?environment=other", Value::Null), json!([]));
    ask(&mut world, 422, "POST", &path, json!({ "state": "done" }));
    ask(&mut world, 422, "POST", &path, json!({ "state": "success", "description": "x".repeat(141) }));
    ask(&mut world, 404, "POST", "/deployments/1/statuses", json!({ "state": "success" }));
    ask(&mut world, 422, "POST", "/deployments", json!({ "environment": "x" }));
}

#[test]
fn checks_that_are_not_green_stop_a_deployment_unless_none_are_required() {
    let mut world = world();
    ask(&mut world, 201, "POST", "/check-runs", json!({ "name": "espalier", "head_sha": HEAD, "status": "in_progress" }));
    let conflict = ask(&mut world, 409, "POST", "/deployments", json!({ "ref": "release" }));
    assert_eq!(conflict["message"], "Conflict: Commit status checks failed for release.");
    assert_eq!(conflict["errors"][0]["contexts"], json!([{ "context": "espalier", "state": "pending" }]));
    ask(&mut world, 201, "POST", "/deployments", deployment("production"));
    let done = json!({ "name": "espalier", "head_sha": HEAD, "conclusion": "success" });
    ask(&mut world, 201, "POST", "/check-runs", done);
    ask(&mut world, 201, "POST", "/deployments", json!({ "ref": "release" }));
    ask(&mut world, 409, "POST", "/deployments", json!({ "ref": "release", "required_contexts": ["absent"] }));
}

#[test]
fn a_success_makes_earlier_ones_inactive_but_not_in_production() {
    let mut world = world();
    let mut last_states = |environment: &str, transient: bool| {
        let mut first = Value::Null;
        for _ in 0..2 {
            let mut body = deployment(environment);
            body["transient_environment"] = json!(transient);
            let made = ask(&mut world, 201, "POST", "/deployments", body);
            let path = format!("/deployments/{}/statuses", made["id"]);
            ask(&mut world, 201, "POST", &path, json!({ "state": "success" }));
            first = if first.is_null() { made["id"].clone() } else { first };
        }
        ask(&mut world, 200, "GET", &format!("/deployments/{first}/statuses"), Value::Null)[0]["state"].clone()
    };
    assert_eq!(last_states("staging", false), "inactive");
    assert_eq!(last_states("production", false), "success");
    assert_eq!(last_states("pr-7", true), "success");
}

#[test]
fn an_active_deployment_is_deleted_only_where_it_is_the_only_one() {
    let mut world = world();
    let mut made = || {
        let made = ask(&mut world, 201, "POST", "/deployments", deployment("production"));
        let path = format!("/deployments/{}", made["id"]);
        let status = ask(&mut world, 201, "POST", &format!("{path}/statuses"), json!({ "state": "success" }));
        (path, status["id"].clone())
    };
    let ((first, status), (second, _)) = (made(), made());
    assert_eq!(ask(&mut world, 200, "GET", &format!("{first}/statuses/{status}"), Value::Null)["state"], "success");
    ask(&mut world, 404, "GET", &format!("{second}/statuses/{status}"), Value::Null);
    ask(&mut world, 422, "DELETE", &first, Value::Null);
    ask(&mut world, 201, "POST", &format!("{first}/statuses"), json!({ "state": "inactive" }));
    ask(&mut world, 204, "DELETE", &first, Value::Null);
    ask(&mut world, 404, "GET", &first, Value::Null);
    ask(&mut world, 204, "DELETE", &second, Value::Null);
}

#[test]
fn a_commit_status_has_a_state_and_a_context() {
    let mut world = world();
    let path = format!("/statuses/{HEAD}");
    let made = ask(&mut world, 201, "POST", &path, json!({ "state": "pending", "target_url": "https://example.com" }));
    assert_eq!((&made["context"], &made["target_url"]), (&json!("default"), &json!("https://example.com")));
    ask(&mut world, 422, "POST", &path, json!({ "state": "good" }));
    ask(&mut world, 422, "POST", &path, json!({ "state": "error", "description": "x".repeat(141) }));
    ask(&mut world, 422, "POST", "/statuses/main", json!({ "state": "error" }));
    assert_eq!(ask(&mut world, 200, "GET", "/commits/release/statuses", Value::Null).as_array().unwrap().len(), 1);
}
