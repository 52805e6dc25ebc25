//! Check runs.

use serde_json::{Value, json};

use super::asking::{ask, call, world};

const HEAD: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";

fn run(change: impl FnOnce(&mut Value)) -> Value {
    let mut run = json!({ "name": "espalier", "head_sha": HEAD, "status": "in_progress", "external_id": "run-1" });
    change(&mut run);
    run
}

#[test]
fn a_check_run_goes_from_in_progress_to_its_conclusion() {
    let mut world = world();
    let output = json!({ "title": "5 %", "summary": "so far" });
    let made = ask(
        &mut world,
        201,
        "POST",
        "/check-runs",
        run(|run| {
            run["output"] = output;
            run["details_url"] = json!("https://example.com/run");
        }),
    );
    assert_eq!(
        (&made["status"], &made["conclusion"], &made["external_id"]),
        (&json!("in_progress"), &Value::Null, &json!("run-1"))
    );
    assert_eq!(made["details_url"], made["html_url"], "what a job's token gives is ignored");
    assert_eq!(made["pull_requests"][0]["number"], 7);
    let path = format!("/check-runs/{}", made["id"]);
    let annotation = json!({ "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m" });
    let done = json!({ "conclusion": "failure", "output": { "summary": "rolled back", "annotations": [annotation] } });
    let done = ask(&mut world, 200, "PATCH", &path, done);
    assert_eq!((&done["status"], &done["conclusion"]), (&json!("completed"), &json!("failure")));
    assert!(done["completed_at"].is_string());
    assert_eq!((&done["output"]["title"], &done["output"]["summary"]), (&json!("5 %"), &json!("rolled back")));
    let more = json!({ "output": { "summary": "s", "annotations": [annotation] } });
    assert_eq!(ask(&mut world, 200, "PATCH", &path, more)["output"]["annotations_count"], 2, "appended");
    assert_eq!(ask(&mut world, 200, "GET", &format!("{path}/annotations"), Value::Null).as_array().unwrap().len(), 2);
    ask(&mut world, 404, "PATCH", "/check-runs/1", json!({}));
}

#[test]
fn a_commit_lists_the_latest_run_of_each_name() {
    let mut world = world();
    let first = ask(&mut world, 201, "POST", "/check-runs", run(|_| {}));
    let second = ask(&mut world, 201, "POST", "/check-runs", run(|_| {}));
    ask(&mut world, 201, "POST", "/check-runs", run(|run| run["name"] = json!("other")));
    ask(&mut world, 201, "POST", "/check-runs", run(|run| run["head_sha"] = json!("a".repeat(40))));
    let listed = ask(&mut world, 200, "GET", &format!("/commits/{HEAD}/check-runs?check_name=espalier"), Value::Null);
    assert_eq!((&listed["total_count"], &listed["check_runs"][0]["id"]), (&json!(1), &second["id"]));
    assert_eq!(ask(&mut world, 200, "GET", &format!("/commits/{HEAD}/check-runs"), Value::Null)["total_count"], 2);
    let all = ask(&mut world, 200, "GET", "/commits/release/check-runs?filter=all&check_name=espalier", Value::Null);
    assert_eq!(all["check_runs"][1]["id"], first["id"]);
}

#[test]
fn what_github_refuses_is_refused() {
    let mut world = world();
    let text = |length: usize| json!({ "title": "t", "summary": "x".repeat(length) });
    let action = json!({ "label": "l", "description": "d", "identifier": "i" });
    let bad: [(&str, &str, Value); 13] = [
        ("no name", "name", Value::Null),
        ("no sha", "head_sha", Value::Null),
        ("short sha", "head_sha", json!("abc")),
        ("unknown status", "status", json!("running")),
        ("completed without conclusion", "status", json!("completed")),
        ("completed_at without conclusion", "completed_at", json!("2026-11-22T00:00:00Z")),
        ("stale is GitHub's own", "conclusion", json!("stale")),
        ("no summary", "output", json!({ "title": "t" })),
        ("no title", "output", json!({ "summary": "s" })),
        ("summary too long", "output", text(65536)),
        ("four actions", "actions", json!([action, action, action, action])),
        ("long label", "actions", json!([{ "label": "x".repeat(21), "description": "d", "identifier": "i" }])),
        ("51 annotations", "output", json!({ "title": "t", "summary": "s", "annotations": vec![json!({}); 51] })),
    ];
    for (what, member, value) in bad {
        let body = run(|run| run[member] = value);
        let reply = call(&mut world, "POST", "/check-runs", body);
        assert_eq!(reply.status, 422, "{what}: {}", reply.value());
    }
    ask(&mut world, 201, "POST", "/check-runs", run(|run| run["output"] = text(65535)));
}
