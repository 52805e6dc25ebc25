//! The pull request as people see it: its check runs, deployments and comments.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    html::{list, text},
    markdown::markdown,
};

/// Check runs, deployments, then comments.
pub(super) fn pull_request(github: &Value) -> String {
    let mut out = String::new();
    for run in list(github, "check_runs") {
        let (class, mark) = match run["conclusion"].as_str() {
            Some("success") => ("good", "✔"),
            Some("neutral" | "skipped") => ("faint", "–"),
            Some(_) => ("bad", "✖"),
            None => ("wait", "◌"),
        };
        let state = run["conclusion"].as_str().map_or_else(|| text(run, "status"), |_| text(run, "conclusion"));
        let summary = markdown(run["output"]["summary"].as_str().unwrap_or_default());
        let _infallible = write!(
            out,
            "<article class=\"card comment\"><h3><span class=\"{class}\">{mark}</span> {} <span class=\"faint\">check run, {state}</span></h3>\
             <p>{}</p><details><summary>Its summary</summary><div>{summary}</div></details></article>",
            text(run, "name"),
            text(&run["output"], "title")
        );
    }
    for deployment in list(github, "deployments") {
        let mut statuses = list(github, "deployment_statuses").iter().rev();
        let state = statuses
            .find(|status| status["deployment"] == deployment["id"])
            .map_or_else(String::new, |status| text(status, "state"));
        let _infallible = write!(out, "<div class=\"card\">deployment to {}: {state}</div>", text(deployment, "environment"));
    }
    for comment in list(github, "comments") {
        let body = markdown(comment["body"].as_str().unwrap_or_default());
        let _infallible = write!(
            out,
            "<article class=\"card comment\"><div class=\"faint\">github-actions[bot], {}</div><div>{body}</div></article>",
            text(comment, "updated_at")
        );
    }
    if out.is_empty() { "<p class=\"faint\">Nothing was reported there yet.</p>".to_owned() } else { out }
}
