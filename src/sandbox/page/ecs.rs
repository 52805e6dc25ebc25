//! ECS services and their tasks.

use std::fmt::Write as _;

use serde_json::Value;

use super::html::{escaped, last_part, list, text};

/// Each service as a card, with its tasks.
pub(super) fn services(ecs: &Value) -> String {
    let cards: String = list(ecs, "services").iter().map(|service| card(service, list(ecs, "tasks"))).collect();
    if cards.is_empty() {
        "<p class=\"faint\">There is no ECS service.</p>".to_owned()
    } else {
        format!("<div class=\"cards\">{cards}</div>")
    }
}

fn name_in(value: &Value, member: &str) -> String {
    escaped(last_part(value[member].as_str().unwrap_or_default()))
}

fn card(service: &Value, tasks: &[Value]) -> String {
    let mut out = format!(
        "<div class=\"card\"><h3>{} <span class=\"faint\">{}</span></h3><div>{} of {} running",
        text(service, "serviceName"),
        text(service, "status"),
        service["runningCount"],
        service["desiredCount"]
    );
    if service["pendingCount"].as_u64().unwrap_or(0) > 0 {
        let _infallible = write!(out, ", {} pending", service["pendingCount"]);
    }
    out.push_str("</div>");
    for deployment in list(service, "deployments") {
        let state = deployment["rolloutState"].as_str().unwrap_or_default();
        let class = match state {
            "COMPLETED" => "good",
            "FAILED" => "bad",
            _ => "wait",
        };
        let _infallible = write!(
            out,
            "<div>{} <span class=\"faint\">{}</span> <span class=\"{class}\">{}</span></div>",
            name_in(deployment, "taskDefinition"),
            text(deployment, "status"),
            escaped(state)
        );
    }
    let group = format!("service:{}", service["serviceName"].as_str().unwrap_or_default());
    let mut rows = String::new();
    for task in tasks.iter().filter(|task| task["group"] == *group && task["clusterArn"] == service["clusterArn"]) {
        let id = last_part(task["taskArn"].as_str().unwrap_or_default());
        let short: String = id.chars().take(8).collect();
        let _infallible = write!(
            rows,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&short),
            name_in(task, "taskDefinitionArn"),
            text(task, "lastStatus"),
            text(task, "healthStatus")
        );
    }
    if !rows.is_empty() {
        let head = "<tr><th>task</th><th>definition</th><th>status</th><th>health</th></tr>";
        let _infallible = write!(out, "<div class=\"scroll\"><table>{head}{rows}</table></div>");
    }
    if let Some(event) = list(service, "events").first() {
        let _infallible = write!(out, "<div class=\"faint\">{}</div>", text(event, "message"));
    }
    out + "</div>"
}
