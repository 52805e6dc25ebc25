//! Check runs. Made with a job's token, so that `details_url` is ignored and the suite is the job's.

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, invalid_request, not_found, text},
    commits::{HEAD_SHA, PULL_REQUEST, REPOSITORY, commit, is_sha, no_commit},
    paging::page,
    state::of_id,
};
use crate::sandbox::{wire::Reply, world::World};

const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
/// `stale` is missing: only GitHub itself sets it.
const CONCLUSIONS: [&str; 7] = ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];
/// Longest `summary` and `text`, in characters.
const LONGEST_TEXT: usize = 65535;
const MOST_ANNOTATIONS: usize = 50;
const MOST_ACTIONS: usize = 3;

/// `POST …/check-runs`.
pub(crate) fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.required("name")?;
    if name.is_empty() {
        return Err(invalid_request("\"name\" can't be blank."));
    }
    let sha = call.required("head_sha")?;
    if !is_sha(sha) {
        return Err(no_commit(sha));
    }
    validate(call, true)?;
    let (id, now) = (world.github.id(), world.now.to_string());
    let mut run = json!({
        "id": id,
        "node_id": format!("CR_kwDOABCD{id:x}"),
        "name": name,
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
    world.note("github", format!("check run {id} {name}: {}", state(&run)));
    world.github.check_runs.push(run);
    Ok(Reply::json(201, &printed))
}

/// `PATCH …/check-runs/{id}`.
pub(crate) fn update(world: &mut World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.check_runs, id).ok_or_else(not_found)?;
    validate(call, false)?;
    let now = world.now.to_string();
    let run = &mut world.github.check_runs[place];
    apply(run, call, &now);
    let (printed, line) =
        (print(call, run), format!("check run {id} {}: {}", run["name"].as_str().unwrap_or_default(), state(run)));
    world.note("github", line);
    Ok(Reply::json(200, &printed))
}

fn state(run: &Value) -> String {
    let (status, conclusion) = (run["status"].as_str().unwrap_or_default(), run["conclusion"].as_str());
    conclusion.map_or(status.to_owned(), |conclusion| format!("{status}, {conclusion}"))
}

fn validate(call: &Call, new: bool) -> Result<(), Reply> {
    for member in ["name", "details_url", "external_id", "started_at", "completed_at"] {
        call.text(member)?;
    }
    let status = call.one_of("status", &STATUSES)?;
    let conclusion = call.one_of("conclusion", &CONCLUSIONS)?;
    if (status == Some("completed") || call.member("completed_at").is_some()) && conclusion.is_none() {
        return Err(invalid_request("\"conclusion\" wasn't supplied: it is required when the check run is completed."));
    }
    if let Some(output) = call.member("output") {
        validate_output(output, new)?;
    }
    let actions = list(call.member("actions"), "actions", MOST_ACTIONS)?;
    for action in actions {
        for (member, longest) in [("label", 20), ("description", 40), ("identifier", 20)] {
            let given =
                text(action, member)?.ok_or_else(|| invalid_request(&format!("\"actions.{member}\" wasn't supplied.")))?;
            if given.chars().count() > longest {
                return Err(invalid_request(&format!("\"actions.{member}\" is longer than {longest} characters.")));
            }
        }
    }
    Ok(())
}

fn list<'a>(given: Option<&'a Value>, name: &str, most: usize) -> Result<&'a [Value], Reply> {
    let Some(given) = given else { return Ok(&[]) };
    let list = given.as_array().ok_or_else(|| invalid_request(&format!("For 'properties/{name}', {given} is not an array.")))?;
    if list.len() > most {
        return Err(invalid_request(&format!(
            "No more than {most} items are allowed in \"{name}\"; {} were supplied.",
            list.len()
        )));
    }
    Ok(list)
}

fn validate_output(output: &Value, new: bool) -> Result<(), Reply> {
    if !output.is_object() {
        return Err(invalid_request(&format!("For 'properties/output', {output} is not an object.")));
    }
    for member in ["title", "summary"].into_iter().filter(|member| new || *member == "summary") {
        text(output, member)?.ok_or_else(|| invalid_request(&format!("\"output.{member}\" wasn't supplied.")))?;
    }
    text(output, "title")?;
    for member in ["summary", "text"] {
        if text(output, member)?.is_some_and(|given| given.chars().count() > LONGEST_TEXT) {
            return Err(invalid_request(&format!("Only {LONGEST_TEXT} characters are allowed in \"output.{member}\".")));
        }
    }
    for image in list(output.get("images"), "output.images", usize::MAX)? {
        for member in ["alt", "image_url"] {
            text(image, member)?.ok_or_else(|| invalid_request(&format!("\"output.images.{member}\" wasn't supplied.")))?;
        }
    }
    for annotation in list(output.get("annotations"), "output.annotations", MOST_ANNOTATIONS)? {
        for member in ["path", "annotation_level", "message"] {
            text(annotation, member)?.ok_or_else(|| invalid_request(&format!("\"annotations.{member}\" wasn't supplied.")))?;
        }
        let line = |member: &str| annotation.get(member).and_then(Value::as_u64);
        let (Some(first), Some(last)) = (line("start_line"), line("end_line")) else {
            return Err(invalid_request("\"annotations.start_line\" and \"annotations.end_line\" have to be integers."));
        };
        let columns =
            ["start_column", "end_column"].iter().any(|column| annotation.get(*column).is_some_and(|value| !value.is_null()));
        if columns && first != last {
            return Err(invalid_request("Columns are allowed only where start_line and end_line are the same."));
        }
        let level = text(annotation, "annotation_level")?.unwrap_or_default();
        if !["notice", "warning", "failure"].contains(&level) {
            return Err(invalid_request(&format!("{level} is not a member of [notice, warning, failure].")));
        }
        for (member, longest) in [("message", 65536), ("raw_details", 65536), ("title", 255)] {
            if text(annotation, member)?.is_some_and(|given| given.len() > longest) {
                return Err(invalid_request(&format!("\"annotations.{member}\" is too long.")));
            }
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
        if let Some(value) = output.get(member).filter(|value| !value.is_null()) {
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
    printed["app"] = json!({ "id": 15368, "slug": "github-actions", "name": "GitHub Actions", "owner": { "login": "github" } });
    let pull = json!({ "id": 1_500_000_007, "number": PULL_REQUEST, "head": { "sha": HEAD_SHA } });
    printed["pull_requests"] = if run["head_sha"] == HEAD_SHA { json!([pull]) } else { json!([]) };
    printed
}

/// `GET …/check-runs/{id}`.
pub(crate) fn get(world: &World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.check_runs, id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &print(call, &world.github.check_runs[place])))
}

/// `GET …/check-runs/{id}/annotations`.
pub(crate) fn annotations(world: &World, call: &Call, id: &str) -> Outcome {
    let place = of_id(&world.github.check_runs, id).ok_or_else(not_found)?;
    let annotations = world.github.check_runs[place]["annotations"].as_array().cloned().unwrap_or_default();
    Ok(page(call, annotations, |some, _| Value::Array(some)))
}

/// `GET …/commits/{ref}/check-runs`: of each name the latest, unless `filter=all`; newest first.
pub(crate) fn list_of_commit(world: &World, call: &Call, reference: &str) -> Outcome {
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
