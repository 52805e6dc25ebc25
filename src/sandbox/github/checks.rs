//! Check runs. Made with a job's token, so that `details_url` is ignored and the suite is the job's.

use serde_json::{Map, Value, json};

use super::{
    actors,
    call::{
        Call, Outcome, Refusal, at_most, invalid_field, invalid_request, mistyped, not_found, objects, one_of, refuse, required,
        text,
    },
    job::{HEAD_SHA, REPOSITORY},
    paging::page,
    pulls,
    repository::{commit, is_sha, no_commit},
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

/// `waiting`, `requested` and `pending` are missing: only GitHub Actions itself sets them.
const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
/// `stale` is missing: only GitHub itself sets it.
const CONCLUSIONS: [&str; 7] = ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];
/// Longest `summary` and `text`, in characters (OpenAPI description).
const LONGEST_TEXT: usize = 65535;
/// In one request; the next one appends (OpenAPI description).
const MOST_ANNOTATIONS: usize = 50;
const MOST_ACTIONS: usize = 3;
/// Longest `message` and `raw_details` of an annotation, in bytes, and longest `title`, in characters.
const LONGEST_MESSAGE: usize = 64 * 1024;
const LONGEST_TITLE: usize = 255;

/// "Write permission for the REST API to interact with checks is only available to GitHub Apps."
fn only_for_apps(call: &Call) -> Result<(), Refusal> {
    if call.by_person { Err(refuse(403, "You must authenticate via a GitHub App.")) } else { Ok(()) }
}

/// `POST …/check-runs`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    only_for_apps(call)?;
    call.required(&["name", "head_sha"])?;
    if call.text("name")?.unwrap_or_default().is_empty() {
        return Err(invalid_field("CheckRun", "missing_field", "name", ""));
    }
    let sha = call.text("head_sha")?.unwrap_or_default();
    if !is_sha(sha) {
        return Err(no_commit(sha));
    }
    validate(call, true)?;
    let (id, now) = (world.github.id(), world.now.to_string());
    let mut run = json!({
        "id": id,
        "name": call.member("name"),
        "node_id": format!("CR_kwDOABCD{id:x}"),
        "head_sha": sha.to_ascii_lowercase(),
        "external_id": "",
        "status": "queued",
        "conclusion": null,
        "started_at": now,
        "completed_at": null,
        "output": { "title": null, "summary": null, "text": null },
        "annotations": [],
    });
    apply(&mut run, call, &now);
    let printed = print(call, &run);
    world.note("github", format!("check run {id} {}: {}", run["name"].as_str().unwrap_or_default(), state(&run)));
    world.github.check_runs.push(run);
    let location = printed["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, &printed).with("location", location))
}

/// `PATCH …/check-runs/{id}`.
pub(super) fn update(world: &mut World, call: &Call) -> Outcome {
    only_for_apps(call)?;
    let place = of_id(&world.github.check_runs, call.part(0)).ok_or_else(not_found)?;
    validate(call, false)?;
    let now = world.now.to_string();
    let run = &mut world.github.check_runs[place];
    apply(run, call, &now);
    let line = format!("check run {} {}: {}", call.part(0), run["name"].as_str().unwrap_or_default(), state(run));
    let printed = print(call, run);
    world.note("github", line);
    Ok(Reply::json(200, &printed))
}

fn state(run: &Value) -> String {
    let (status, conclusion) = (run["status"].as_str().unwrap_or_default(), run["conclusion"].as_str());
    conclusion.map_or(status.to_owned(), |conclusion| format!("{status}, {conclusion}"))
}

fn validate(call: &Call, new: bool) -> Result<(), Refusal> {
    for member in ["name", "details_url", "external_id"] {
        call.text(member)?;
    }
    let completed_at = call.time("completed_at")?;
    call.time("started_at")?;
    let status = call.one_of("status", &STATUSES)?;
    let conclusion = call.one_of("conclusion", &CONCLUSIONS)?;
    if (status == Some("completed") || completed_at.is_some()) && conclusion.is_none() {
        return Err(invalid_field("CheckRun", "missing_field", "conclusion", ""));
    }
    if let Some(output) = call.member("output") {
        validate_output(output.as_object().ok_or_else(|| mistyped("output", output, "an object"))?, new)?;
    }
    for action in call.objects("actions", MOST_ACTIONS)? {
        required(action, &["label", "description", "identifier"])?;
        for (member, longest) in [("label", 20), ("description", 40), ("identifier", 20)] {
            at_most(action, member, longest)?;
        }
    }
    Ok(())
}

fn validate_output(output: &Map<String, Value>, new: bool) -> Result<(), Refusal> {
    required(output, if new { &["title", "summary"] } else { &["summary"] })?;
    text(output, "title")?;
    at_most(output, "summary", LONGEST_TEXT)?;
    at_most(output, "text", LONGEST_TEXT)?;
    for image in objects(output, "images", usize::MAX)? {
        required(image, &["alt", "image_url"])?;
        for member in ["alt", "image_url", "caption"] {
            text(image, member)?;
        }
    }
    objects(output, "annotations", MOST_ANNOTATIONS)?.into_iter().try_for_each(validate_annotation)
}

fn validate_annotation(annotation: &Map<String, Value>) -> Result<(), Refusal> {
    required(annotation, &["path", "start_line", "end_line", "annotation_level", "message"])?;
    text(annotation, "path")?;
    one_of(annotation, "annotation_level", &["notice", "warning", "failure"])?;
    for member in ["start_line", "end_line", "start_column", "end_column"] {
        if let Some(given) = annotation.get(member).filter(|given| given.as_u64().is_none()) {
            return Err(mistyped(member, given, "an integer"));
        }
    }
    let columns = annotation.contains_key("start_column") || annotation.contains_key("end_column");
    if columns && annotation["start_line"] != annotation["end_line"] {
        return Err(invalid_request("Columns are allowed only where \"start_line\" and \"end_line\" are the same."));
    }
    at_most(annotation, "title", LONGEST_TITLE)?;
    for member in ["message", "raw_details"] {
        if text(annotation, member)?.is_some_and(|given| given.len() > LONGEST_MESSAGE) {
            return Err(invalid_request(&format!("For 'properties/{member}', no more than 64 KB are allowed.")));
        }
    }
    Ok(())
}

fn apply(run: &mut Value, call: &Call, now: &str) {
    for member in ["name", "external_id", "status", "started_at"] {
        if let Some(value) = call.member(member) {
            run[member] = value.clone();
        }
    }
    if let Some(conclusion) = call.member("conclusion") {
        // A conclusion makes it completed, whatever else was said.
        run["conclusion"] = conclusion.clone();
        run["status"] = json!("completed");
        run["completed_at"] = call.member("completed_at").cloned().unwrap_or_else(|| json!(now));
    } else if call.member("status").is_some() {
        run["conclusion"] = Value::Null;
        run["completed_at"] = Value::Null;
    }
    let Some(output) = call.member("output") else { return };
    for member in ["title", "summary", "text"] {
        if let Some(value) = output.get(member) {
            run["output"][member] = value.clone();
        }
    }
    let added = output.get("annotations").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(annotations) = run["annotations"].as_array_mut() {
        annotations.extend(added);
    }
}

fn print(call: &Call, run: &Value) -> Value {
    let (server, id) = (&call.server, &run["id"]);
    let address = format!("{server}/api/v3/repos/{REPOSITORY}/check-runs/{id}");
    let page = format!("{server}/{REPOSITORY}/runs/{id}");
    let mut printed = run.clone();
    let count = run["annotations"].as_array().map_or(0, Vec::len);
    printed["output"]["annotations_count"] = json!(count);
    printed["output"]["annotations_url"] = json!(format!("{address}/annotations"));
    if let Value::Object(printed) = &mut printed {
        printed.remove("annotations");
    }
    printed["url"] = json!(address);
    printed["html_url"] = json!(page);
    printed["details_url"] = json!(page);
    printed["check_suite"] = json!({ "id": 5_000_000_007_u64 });
    printed["app"] = actors::app(server);
    printed["pull_requests"] = if run["head_sha"] == HEAD_SHA { json!([pulls::of_check_run(server)]) } else { json!([]) };
    printed
}

/// `GET …/check-runs/{id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.check_runs, call.part(0)).ok_or_else(not_found)?;
    Ok(Reply::json(200, &print(call, &world.github.check_runs[place])))
}

/// `GET …/check-runs/{id}/annotations`.
pub(super) fn annotations(world: &mut World, call: &Call) -> Outcome {
    let place = of_id(&world.github.check_runs, call.part(0)).ok_or_else(not_found)?;
    let run = &world.github.check_runs[place];
    let annotations = run["annotations"].as_array().into_iter().flatten().map(|annotation| {
        let (path, sha) = (annotation["path"].as_str().unwrap_or_default(), run["head_sha"].as_str().unwrap_or_default());
        let mut printed = json!({ "blob_href": format!("{}/{REPOSITORY}/blob/{sha}/{path}", call.server) });
        let members = ["path", "start_line", "start_column", "end_line", "end_column", "annotation_level"];
        for member in members.into_iter().chain(["title", "message", "raw_details"]) {
            printed[member] = annotation[member].clone();
        }
        printed
    });
    Ok(page(call, annotations.collect(), |some, _| Value::Array(some)))
}

/// `GET …/commits/{ref}/check-runs`: of each name the latest, unless `filter=all`; newest first.
pub(super) fn of_commit(world: &mut World, call: &Call) -> Outcome {
    let reference = call.part(0);
    let sha = commit(reference).ok_or_else(|| no_commit(reference))?;
    let all = call.parameter("filter") == Some("all");
    let mut names = Vec::new();
    let runs = world.github.check_runs.iter().rev().filter(|run| {
        let wanted = run["head_sha"] == sha
            && call.parameter("check_name").is_none_or(|name| run["name"] == name)
            && call.parameter("status").is_none_or(|status| run["status"] == status);
        let first = wanted && !names.contains(&&run["name"]);
        if first {
            names.push(&run["name"]);
        }
        wanted && (all || first)
    });
    let runs = runs.map(|run| print(call, run)).collect();
    Ok(page(call, runs, |some, total| json!({ "total_count": total, "check_runs": some })))
}
