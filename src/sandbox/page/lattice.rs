//! Services with their listeners, rules and splits; target groups with their targets.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

use super::html::{escaped, list, text};
use crate::sandbox::lattice::Written;

/// The colour of each target group, from 0 to 5, by its name.
pub(super) type Colours = BTreeMap<String, usize>;

/// How many colours there are.
const COLOURS: usize = 6;

/// Target groups in the order in which they came, so that none changes its colour. Those that are gone have one too.
pub(super) fn colours(lattice: &Value, history: &[Written]) -> Colours {
    let mut colours = Colours::new();
    let now = list(lattice, "target_groups").iter().filter_map(|group| group["name"].as_str());
    let then = history.iter().flat_map(|written| written.weights.iter().map(|(group, _)| group.as_str()));
    for name in then.chain(now) {
        let next = colours.len() % COLOURS;
        colours.entry(name.to_owned()).or_insert(next);
    }
    colours
}

/// The colour of one group.
pub(super) fn colour(colours: &Colours, group: &str) -> usize {
    colours.get(group).copied().unwrap_or(COLOURS - 1)
}

/// Each service as a card.
pub(super) fn services(lattice: &Value, colours: &Colours) -> String {
    let cards: String = list(lattice, "services").iter().map(|service| card(service, colours)).collect();
    if cards.is_empty() {
        "<p class=\"faint\">There is no service.</p>".to_owned()
    } else {
        format!("<div class=\"cards\">{cards}</div>")
    }
}

fn card(service: &Value, colours: &Colours) -> String {
    let mut out = format!(
        "<div class=\"card\"><h3>{} <span class=\"faint\">{}</span></h3><div class=\"faint\">{}</div>",
        text(service, "name"),
        text(service, "status"),
        text(service, "domain")
    );
    for listener in list(service, "listeners") {
        let mut rules: Vec<_> = list(listener, "rules").iter().collect();
        rules.sort_by_key(|rule| rule["priority"].as_u64().unwrap_or(u64::MAX));
        for rule in rules {
            let name = match rule["priority"].as_u64() {
                Some(priority) => {
                    format!("{} <span class=\"faint\">priority {priority}, {}</span>", text(rule, "name"), matching(rule))
                }
                None => "default action".to_owned(),
            };
            let place = format!("{}:{}", text(listener, "name"), listener["port"]);
            let _infallible = write!(out, "<div class=\"rule\"><span class=\"faint\">{place}</span> {name}</div>");
            out.push_str(&split(rule, colours));
        }
    }
    out + "</div>"
}

/// A rule's match in words.
fn matching(rule: &Value) -> String {
    let http = &rule["match"]["httpMatch"];
    let mut words: Vec<String> = http["method"].as_str().map(str::to_owned).into_iter().collect();
    let kind = |wanted: &Value| {
        let (kind, value) = wanted.as_object().and_then(|members| members.iter().next())?;
        Some(format!("{kind} {}", value.as_str().unwrap_or_default()))
    };
    words.extend(kind(&http["pathMatch"]["match"]).map(|path| format!("path {path}")));
    for header in list(http, "headerMatches") {
        let name = header["name"].as_str().unwrap_or_default();
        words.push(format!("header {name} {}", kind(&header["match"]).unwrap_or_default()));
    }
    escaped(&words.join(", "))
}

/// What the data plane does, as a bar; and what was written, where that is still another thing.
fn split(rule: &Value, colours: &Colours) -> String {
    let (seen, written) = (&rule["data_plane"], &rule["action"]);
    let shown = if seen.is_null() { written } else { seen };
    let mut out = bar(shown, colours);
    if seen.is_null() || seen != written {
        let _infallible = write!(out, "<div class=\"wait\">written and not yet followed: {}</div>", words(written));
    }
    out
}

fn weights(action: &Value) -> Vec<(&str, u64)> {
    let groups = action["forward"].as_object().into_iter().flatten();
    groups.map(|(name, weight)| (name.as_str(), weight.as_u64().unwrap_or(0))).collect()
}

fn words(action: &Value) -> String {
    if let Some(status) = action["fixed_response"].as_u64() {
        return format!("fixed response {status}");
    }
    let words: Vec<_> = weights(action).iter().map(|(name, weight)| format!("{name} {weight}")).collect();
    escaped(&words.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "weights are at most 999")]
fn bar(action: &Value, colours: &Colours) -> String {
    let weights = weights(action);
    let total: u64 = weights.iter().map(|(_, weight)| weight).sum();
    if weights.is_empty() {
        return format!("<div>{}</div>", words(action));
    }
    let (mut x, mut rects, mut legend) = (0.0, String::new(), String::new());
    for (name, weight) in weights {
        let share = if total == 0 { 0.0 } else { weight as f64 * 100.0 / total as f64 };
        let colour = colour(colours, name);
        let _infallible = write!(rects, "<rect class=\"f{colour}\" x=\"{x:.2}%\" width=\"{share:.2}%\" height=\"14\"/>");
        let _infallible =
            write!(legend, "<li><span class=\"key b{colour}\"></span>{} {weight} ({share:.0} %)</li>", escaped(name));
        x += share;
    }
    format!("<svg class=\"bar\" role=\"img\" aria-label=\"{}\">{rects}</svg><ul class=\"legend\">{legend}</ul>", words(action))
}

/// Target groups with the health of their targets.
pub(super) fn groups(lattice: &Value, colours: &Colours) -> String {
    let mut rows = String::new();
    for group in list(lattice, "target_groups") {
        let name = group["name"].as_str().unwrap_or_default();
        let mut targets = String::new();
        for target in list(group, "targets") {
            let status = target["status"].as_str().unwrap_or_default();
            let (class, mark) = match status {
                "HEALTHY" => ("good", "●"),
                "UNHEALTHY" => ("bad", "✖"),
                "INITIAL" | "DRAINING" => ("wait", "◌"),
                _ => ("faint", "○"),
            };
            let reason = target["reasonCode"].as_str().map(|reason| format!(" ({})", escaped(reason))).unwrap_or_default();
            let address = format!("{}:{}", text(target, "id"), target["port"]);
            let _infallible =
                write!(targets, "<div>{address} <span class=\"{class}\">{mark} {}{reason}</span></div>", escaped(status));
        }
        if targets.is_empty() {
            "<span class=\"faint\">no targets</span>".clone_into(&mut targets);
        }
        let share = group["share"].as_f64().unwrap_or(0.0);
        let colour = colour(colours, name);
        let _infallible = write!(
            rows,
            "<tr><td><span class=\"key b{colour}\"></span>{}</td><td>{share:.0} %</td><td>{targets}</td></tr>",
            escaped(name)
        );
    }
    if rows.is_empty() {
        return "<p class=\"faint\">There is no target group.</p>".to_owned();
    }
    format!("<div class=\"card scroll\"><table><tr><th>name</th><th>largest share</th><th>targets</th></tr>{rows}</table></div>")
}
