//! Check runs.

use serde_json::{Value, json};

use super::asking::{ask, refused, world};

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
fn what_github_refuses_is_refused_in_its_words() {
    let mut world = world();
    let text = |length: usize| json!({ "title": "t", "summary": "x".repeat(length) });
    let action = json!({ "label": "l", "description": "d", "identifier": "i" });
    let annotated = |annotation: Value| json!({ "title": "t", "summary": "s", "annotations": [annotation] });
    let bad: [(&str, Value, &str); 16] = [
        ("name", json!(7), "For 'properties/name', 7 is not a string."),
        ("name", Value::Null, "For 'properties/name', nil is not a string."),
        ("head_sha", json!("abc"), "No commit found for SHA: abc"),
        (
            "status",
            json!("running"),
            "For 'properties/status', running is not a member of [\"queued\",\"in_progress\",\"completed\"].",
        ),
        ("status", json!("completed"), "Validation Failed"),
        ("completed_at", json!("2026-11-22T00:00:00Z"), "Validation Failed"),
        ("started_at", json!("yesterday"), "yesterday is not a valid date-time."),
        (
            "conclusion",
            json!("stale"),
            "For 'properties/conclusion', stale is not a member of [\"action_required\",\"cancelled\",\
             \"failure\",\"neutral\",\"success\",\"skipped\",\"timed_out\"].",
        ),
        ("output", json!({ "title": "t" }), "\"summary\" wasn't supplied."),
        ("output", json!({}), "\"title\", \"summary\" weren't supplied."),
        ("output", text(65536), "Only 65535 characters are allowed; 65536 were supplied."),
        ("actions", json!([action, action, action, action]), "No more than 3 items are allowed; 4 were supplied."),
        (
            "actions",
            json!([{ "label": "x".repeat(21), "description": "d", "identifier": "i" }]),
            "Only 20 characters are allowed; 21 were supplied.",
        ),
        (
            "output",
            json!({ "title": "t", "summary": "s", "annotations": vec![json!({}); 51] }),
            "No more than 50 items are allowed; 51 were supplied.",
        ),
        (
            "output",
            annotated(json!({ "path": "a" })),
            "\"start_line\", \"end_line\", \"annotation_level\", \"message\" weren't supplied.",
        ),
        (
            "output",
            annotated(json!({
                "path": "a", "start_line": 1, "end_line": 2, "start_column": 1, "annotation_level": "notice", "message": "m",
            })),
            "Columns are allowed only where \"start_line\" and \"end_line\" are the same.",
        ),
    ];
    for (member, value, words) in bad {
        let said = refused(&mut world, 422, "POST", "/check-runs", run(|run| run[member] = value));
        assert_eq!(said, words);
    }
    assert_eq!(refused(&mut world, 422, "POST", "/check-runs", json!({})), "\"name\", \"head_sha\" weren't supplied.");
    let error = ask(&mut world, 422, "POST", "/check-runs", run(|run| run["status"] = json!("completed")));
    assert_eq!(error["errors"], json!([{ "resource": "CheckRun", "code": "missing_field", "field": "conclusion" }]));
    assert_eq!(error["documentation_url"], "https://docs.github.com/rest/checks/runs#create-a-check-run");
    ask(&mut world, 201, "POST", "/check-runs", run(|run| run["output"] = text(65535)));
}

#[test]
fn members_that_github_does_not_know_are_ignored_and_noted() {
    let mut world = world();
    ask(&mut world, 201, "POST", "/check-runs", run(|run| run["check_run_id"] = json!(1)));
    let line = world.log.last().unwrap();
    assert_eq!(line.summary, "ignored, as GitHub does, what POST /check-runs does not know: check_run_id");
}
