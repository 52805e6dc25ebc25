//! Metrics and alarms in words and tables: each with its numbers, passing ones too. Pure.

use std::fmt::Write as _;

use super::escape;
use crate::rollout::{
    analysis::{Assessment, Number, Verdict, Why, Window},
    journal::{Happening, Journal},
};

/// How many metrics and alarms a table shows.
const MOST: usize = 40;

/// One judgement as a line: `metrics, 00:05 to 00:06 UTC: errors 4.9% of 305 requests, above 1%: fail`.
pub(super) fn line(window: Option<Window>, assessments: &[Assessment]) -> String {
    let what = window.map_or_else(|| "alarms".to_owned(), |window| format!("metrics, {window}"));
    format!("{what}: {}", sentences(assessments, "; "))
}

/// Every assessment with its verdict.
pub(super) fn sentences(assessments: &[Assessment], between: &str) -> String {
    assessments.iter().map(|one| format!("{one}: {}", verdict(one))).collect::<Vec<_>>().join(between)
}

fn verdict(assessment: &Assessment) -> String {
    let only = if assessment.report_only { ", report only" } else { "" };
    format!("{}{only}", assessment.verdict)
}

/// Names and verdicts alone, in as few columns as they take.
pub(super) fn brief(journal: &Journal) -> Option<String> {
    let (_, assessments) = journal.judgement()?;
    let each = assessments.iter().map(|one| format!("{} {}", one.name, one.verdict));
    let line = format!("judged by {}", each.collect::<Vec<_>>().join(", "));
    Some(escape::plain(&line))
}

/// A measurement that both sides have, for the table of who serves.
pub(super) struct Column {
    pub(super) title: String,
    stable: String,
    candidate: String,
}

impl Column {
    /// The cell of one side.
    pub(super) fn cell(&self, is_candidate: bool) -> &str {
        if is_candidate { &self.candidate } else { &self.stable }
    }
}

/// Error rate and latency, where they are measured: the first metric of each.
pub(super) fn columns(journal: &Journal) -> Vec<Column> {
    let newest = journal.entries.iter().rev().find_map(|entry| {
        if let Happening::Judged { window: Some(_), assessments, .. } = &entry.event { Some(assessments) } else { None }
    });
    let assessments = newest.map_or(&[][..], Vec::as_slice);
    let column = |measures: &str| {
        let one = assessments.iter().find(|one| one.measures.starts_with(measures))?;
        let last = if one.stable_is_last && one.stable.is_some() { " (when it last had requests)" } else { "" };
        Some(Column { title: one.measures.clone(), stable: value(one, one.stable) + last, candidate: value(one, one.candidate) })
    };
    ["error-rate", "request-time"].into_iter().filter_map(column).collect()
}

fn value(assessment: &Assessment, value: Option<Number>) -> String {
    value.map(|value| assessment.unit.show(value)).unwrap_or_default()
}

/// What the newest judgement said of every metric and alarm.
pub(super) fn table(journal: &Journal) -> Option<String> {
    let (window, assessments) = journal.judgement()?;
    let mut table =
        String::from("| | judged by | candidate | stable | limits | verdict |\n| --- | --- | --- | --- | --- | --- |\n");
    for one in assessments.iter().take(MOST) {
        let mark = match one.verdict {
            Verdict::Pass => "✔",
            Verdict::Inconclusive => "·",
            Verdict::Fail => "✖",
        };
        let requests = one.requests.filter(|_| one.candidate.is_some()).map(|requests| format!(" of {requests} requests"));
        let last = if one.stable_is_last && one.stable.is_some() { " (when it last had requests)" } else { "" };
        let _ = writeln!(
            table,
            "| {mark} | {} ({}) | {}{} | {}{last} | {} | {} |",
            escape::code(&one.name),
            escape::markdown(&one.measures),
            value(one, one.candidate),
            requests.unwrap_or_default(),
            value(one, one.stable),
            escape::markdown(&one.limits),
            escape::markdown(&told(one)),
        );
    }
    if assessments.len() > MOST {
        let _ = writeln!(table, "| | {} more are in the journal | | | | |", assessments.len() - MOST);
    }
    let when = window.map(|window| format!(", {window}")).unwrap_or_default();
    Some(format!("**Judged by**{when}\n\n{}", table.trim_end()))
}

/// The verdict, with what the other columns do not tell.
fn told(assessment: &Assessment) -> String {
    let words = verdict(assessment);
    match &assessment.why {
        Why::Within | Why::AlarmOff => words,
        Why::Tolerated { .. }
        | Why::Above { .. }
        | Why::Below { .. }
        | Why::Worse { .. }
        | Why::NotEnough { .. }
        | Why::TooFew { .. }
        | Why::NoData
        | Why::NoStable
        | Why::Partial
        | Why::AlarmOn { .. }
        | Why::AlarmIgnored
        | Why::AlarmWithoutData
        | Why::AlarmGone => format!("{words}: {}", assessment.reason()),
    }
}
