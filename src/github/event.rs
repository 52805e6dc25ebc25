//! What the event that started the job says: which pull request, which commit, and whether it comes from a fork.
//!
//! Pure. Reads the file behind `GITHUB_EVENT_PATH`, the raw webhook payload, as plain JSON: typed models of it do not match
//! what is in that file reliably ("Webhook events and payloads").

use serde_json::Value;

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The pull request's number; none for events without one, such as `push`.
    pub pull_request: Option<u64>,
    /// The commit that a check run must stand on to be seen there: the pull request's head, not the merge commit that
    /// `GITHUB_SHA` names. None where only asking GitHub tells
    /// (`issue_comment`, `workflow_dispatch` with a number): see [`super::pull_request::Spot`].
    pub head_sha: Option<String>,
    /// The run is about that commit (`push`, `deployment`), so that the pull request is the commit's; a schedule's is not.
    pub is_of_commit: bool,
    /// The head of the pull request lies in another repository, or its repository is gone.
    pub from_fork: bool,
    /// GitHub gives this run a token that can only read, whatever `permissions:` says (fork or Dependabot on `pull_request`).
    pub read_only_token: bool,
}

/// An event payload that is not what its event's name promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not JSON, or not an object.
    #[error("the event payload of `{event}` is not a JSON object: GITHUB_EVENT_PATH must name the file that the runner wrote")]
    NotAnObject {
        /// The event's name.
        event: String,
    },
    /// A member that the event always has is missing or of another type.
    #[error("the event payload of `{event}` has no {member}: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH do not belong together")]
    Missing {
        /// The event's name.
        event: String,
        /// What is missing.
        member: &'static str,
    },
    /// `workflow_dispatch` with an input that is not a number.
    #[error("the input `{input}` is `{given}`, not the number of a pull request: write it like `123`, or leave it empty")]
    NotANumber {
        /// The input's name.
        input: String,
        /// What it says.
        given: String,
    },
}

/// The inputs of `workflow_dispatch` that may name the pull request, in this order.
const PULL_REQUEST_INPUTS: [&str; 4] = ["pull-request", "pull_request", "pull-request-number", "pr"];

/// Reads the payload as text, then as [`subject`] does.
///
/// # Errors
/// See [`EventError`].
pub fn subject_of_text(event: &str, payload: &str, sha: &str) -> Result<Subject, EventError> {
    let payload = serde_json::from_str(payload).map_err(|_| EventError::NotAnObject { event: event.to_owned() })?;
    subject(event, &payload, sha)
}

/// What has happened to what the event is about: `opened`, `synchronize`, `labeled`, `closed` and others; none for events that do not
/// say it.
#[must_use]
pub fn action_of_text(payload: &str) -> Option<String> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    payload["action"].as_str().map(str::to_owned)
}

/// What the run is about. `event` is `GITHUB_EVENT_NAME`, `sha` is `GITHUB_SHA`, the fallback for events without a pull request.
///
/// # Errors
/// See [`EventError`].
pub fn subject(event: &str, payload: &Value, sha: &str) -> Result<Subject, EventError> {
    if !payload.is_object() {
        return Err(EventError::NotAnObject { event: event.to_owned() });
    }
    let missing = |member| EventError::Missing { event: event.to_owned(), member };
    let text =
        |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let of_run = Subject { head_sha: Some(sha.to_owned()).filter(|sha| !sha.is_empty()), ..Subject::default() };
    let of_commit = Subject { is_of_commit: true, ..of_run.clone() };
    match event {
        "push" => Ok(of_commit),
        "pull_request" | "pull_request_target" | "pull_request_review" | "pull_request_review_comment" => {
            let number = payload["pull_request"]["number"].as_u64().or(payload["number"].as_u64());
            let from_fork = is_elsewhere(&payload["pull_request"]["head"]["repo"], &payload["repository"]);
            let by_dependabot = text("/pull_request/user/login").is_some_and(|login| login == "dependabot[bot]");
            Ok(Subject {
                pull_request: Some(number.ok_or_else(|| missing("`pull_request.number`"))?),
                head_sha: Some(text("/pull_request/head/sha").ok_or_else(|| missing("`pull_request.head.sha`"))?),
                is_of_commit: false,
                from_fork,
                read_only_token: event != "pull_request_target" && (from_fork || by_dependabot),
            })
        }
        "issue_comment" => {
            let issue = payload["issue"].as_object().ok_or_else(|| missing("`issue`"))?;
            let is_pull_request = issue.get("pull_request").is_some_and(Value::is_object);
            if !is_pull_request {
                return Ok(of_run);
            }
            let number = payload["issue"]["number"].as_u64().ok_or_else(|| missing("`issue.number`"))?;
            Ok(Subject { pull_request: Some(number), ..Subject::default() })
        }
        "merge_group" => {
            let head_ref = text("/merge_group/head_ref").ok_or_else(|| missing("`merge_group.head_ref`"))?;
            Ok(Subject {
                pull_request: queued_pull_request(&head_ref),
                head_sha: Some(text("/merge_group/head_sha").ok_or_else(|| missing("`merge_group.head_sha`"))?),
                ..Subject::default()
            })
        }
        // Dispatched on some branch, for a pull request: where its head is, only GitHub knows.
        "workflow_dispatch" => Ok(match dispatched_pull_request(&payload["inputs"])? {
            Some(number) => Subject { pull_request: Some(number), ..Subject::default() },
            None => of_commit,
        }),
        "deployment" | "deployment_status" => Ok(Subject {
            head_sha: Some(text("/deployment/sha").ok_or_else(|| missing("`deployment.sha`"))?),
            is_of_commit: true,
            ..Subject::default()
        }),
        "workflow_run" => {
            let run = &payload["workflow_run"];
            // Several pull requests can share a branch: then it is none of them in particular.
            let pull_request = match run["pull_requests"].as_array().map(Vec::as_slice) {
                Some([only]) => only["number"].as_u64(),
                _ => None,
            };
            Ok(Subject {
                pull_request,
                head_sha: Some(text("/workflow_run/head_sha").ok_or_else(|| missing("`workflow_run.head_sha`"))?),
                is_of_commit: true,
                from_fork: is_elsewhere(&run["head_repository"], &payload["repository"]),
                read_only_token: false,
            })
        }
        _ => Ok(of_run),
    }
}

fn is_elsewhere(head: &Value, here: &Value) -> bool {
    match (head["full_name"].as_str(), here["full_name"].as_str()) {
        (Some(head), Some(here)) => !head.eq_ignore_ascii_case(here),
        // A head repository that was deleted can only have been another one.
        _ => true,
    }
}

/// `refs/heads/gh-readonly-queue/<base>/pr-<N>-<sha>`; the base's name may contain slashes.
fn queued_pull_request(head_ref: &str) -> Option<u64> {
    head_ref.rsplit_once('/')?.1.strip_prefix("pr-")?.split_once('-')?.0.parse().ok()
}

fn dispatched_pull_request(inputs: &Value) -> Result<Option<u64>, EventError> {
    for name in PULL_REQUEST_INPUTS {
        let given = match &inputs[name] {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => continue,
        };
        if given.is_empty() {
            continue;
        }
        let number = given.strip_prefix('#').unwrap_or(&given).parse().ok().filter(|number| *number > 0);
        return number.map(Some).ok_or(EventError::NotANumber { input: name.to_owned(), given });
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pull_request(head_repository: Value, author: &str) -> Value {
        json!({
            "action": "synchronize",
            "number": 42,
            "pull_request": {
                "number": 42,
                "user": { "login": author, "type": "User" },
                "head": { "ref": "feature", "sha": "4f2b", "repo": head_repository },
                "base": { "ref": "main", "sha": "aaaa", "repo": { "full_name": "octo/app" } },
            },
            "repository": { "full_name": "octo/app" },
        })
    }

    #[test]
    fn a_pull_request_gives_its_number_and_its_heads_commit() {
        let payload = pull_request(json!({ "full_name": "Octo/App", "fork": false }), "dev");
        let expected = Subject { pull_request: Some(42), head_sha: Some("4f2b".to_owned()), ..Subject::default() };
        assert_eq!(subject("pull_request", &payload, "merge").as_ref(), Ok(&expected));
        assert_eq!(subject("pull_request_target", &payload, "base"), Ok(expected));
    }

    #[test]
    fn forks_are_seen_and_their_tokens_can_only_read() {
        let cases = [
            (json!({ "full_name": "mallory/app", "fork": true }), "mallory", "pull_request", true, true),
            (json!({ "full_name": "mallory/app", "fork": true }), "mallory", "pull_request_target", true, false),
            (Value::Null, "gone", "pull_request", true, true),
            (json!({ "full_name": "octo/app" }), "dependabot[bot]", "pull_request", false, true),
        ];
        for (head, author, event, from_fork, read_only_token) in cases {
            let subject = subject(event, &pull_request(head, author), "s").expect("a subject");
            assert_eq!((subject.from_fork, subject.read_only_token), (from_fork, read_only_token), "{event} by {author}");
        }
    }

    #[test]
    fn the_other_events_give_what_they_have() {
        let at = |number: Option<u64>, sha: Option<&str>| {
            Ok(Subject { pull_request: number, head_sha: sha.map(str::to_owned), ..Subject::default() })
        };
        // Its pull request is the commit's.
        let of = |sha: &str| Ok(Subject { head_sha: Some(sha.to_owned()), is_of_commit: true, ..Subject::default() });
        let queue = json!({ "action": "checks_requested", "merge_group": {
            "head_sha": "beef", "head_ref": "refs/heads/gh-readonly-queue/release/v1/pr-104-0a1b2c" } });
        let cases = [
            ("push", json!({ "ref": "refs/heads/main", "after": "f00d" }), of("f00d")),
            ("schedule", json!({ "schedule": "0 0 * * *" }), at(None, Some("f00d"))),
            ("workflow_dispatch", json!({ "inputs": { "pull-request": " #17 " } }), at(Some(17), None)),
            ("workflow_dispatch", json!({ "inputs": { "pull_request": "", "pr": 18 } }), at(Some(18), None)),
            ("workflow_dispatch", json!({ "inputs": null }), of("f00d")),
            ("issue_comment", json!({ "issue": { "number": 9, "pull_request": { "url": "u" } } }), at(Some(9), None)),
            ("issue_comment", json!({ "issue": { "number": 9 } }), at(None, Some("f00d"))),
            ("merge_group", queue, at(Some(104), Some("beef"))),
            ("deployment", json!({ "deployment": { "id": 1, "sha": "cafe", "environment": "prod" } }), of("cafe")),
        ];
        for (event, payload, expected) in cases {
            assert_eq!(subject(event, &payload, "f00d"), expected, "{event} {payload}");
        }
        let run = json!({ "repository": { "full_name": "octo/app" }, "workflow_run": {
            "head_sha": "beef", "head_repository": { "full_name": "octo/app" }, "pull_requests": [{ "number": 3 }] } });
        let known =
            Subject { pull_request: Some(3), head_sha: Some("beef".to_owned()), is_of_commit: true, ..Subject::default() };
        assert_eq!(subject("workflow_run", &run, "f00d"), Ok(known));
    }

    #[test]
    fn malformed_payloads_say_what_is_wrong() {
        let error = |event: &str, payload: &str| subject_of_text(event, payload, "s").expect_err("malformed").to_string();
        assert!(error("push", "[]").contains("not a JSON object"));
        assert!(error("push", "{").contains("not a JSON object"));
        assert!(error("pull_request", "{}").contains("has no `pull_request.number`"));
        assert!(error("pull_request", r#"{"number": 1}"#).contains("has no `pull_request.head.sha`"));
        assert!(error("issue_comment", "{}").contains("has no `issue`"));
        assert!(error("merge_group", "{}").contains("`merge_group.head_ref`"));
        assert_eq!(
            error("workflow_dispatch", r#"{"inputs": {"pr": "main"}}"#),
            "the input `pr` is `main`, not the number of a pull request: write it like `123`, or leave it empty"
        );
    }
}
