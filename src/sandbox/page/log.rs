//! What people and faults did, and all the rest folded.

use std::fmt::Write as _;

use super::{html::escaped, whole::offset};
use crate::{clock::Timestamp, sandbox::world::LogLine};

/// How many of the latest lines are shown.
const MOST: usize = 300;
/// What is no request and not the world's ordinary course.
const REMARKABLE: [&str; 4] = ["person", "fault", "late", "scenario"];

/// Newest first.
pub(super) fn log(lines: &[LogLine], start: Timestamp) -> String {
    let remarkable: Vec<_> = lines.iter().rev().filter(|line| REMARKABLE.contains(&line.what.as_str())).take(MOST).collect();
    let seen = if remarkable.is_empty() {
        "<p class=\"faint\">Nobody meddled, and nothing was made to fail.</p>".to_owned()
    } else {
        table(&remarkable, start)
    };
    let all: Vec<_> = lines.iter().rev().take(MOST).collect();
    let title = if lines.len() > MOST {
        format!("The latest {MOST} of {} lines", lines.len())
    } else {
        format!("All {} lines", lines.len())
    };
    format!("<div class=\"card\">{seen}<details><summary>{title}</summary>{}</details></div>", table(&all, start))
}

fn table(lines: &[&LogLine], start: Timestamp) -> String {
    let mut rows = String::new();
    for line in lines {
        let _infallible = write!(
            rows,
            "<tr><td class=\"faint\">{}</td><td>{}</td><td>{}</td></tr>",
            offset(line.at.since(start)),
            escaped(&line.what),
            escaped(&line.summary)
        );
    }
    format!("<div class=\"scroll\"><table>{rows}</table></div>")
}
