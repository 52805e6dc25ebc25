//! Metrics and alarms in words and tables: each with its numbers, passing ones too. Pure.

use std::{fmt::Write as _, time::Duration};

use super::escape;
use crate::rollout::{
    analysis::{Assessment, Number, Unit, Verdict, Why, Window},
    journal::{Happening, Journal},
};

/// How many metrics and alarms the table shows.
const MOST: usize = 15;
/// How many bytes its rows may take.
const MOST_BYTES: usize = 8_000;
/// How many metrics the table of steps shows for each.
const MOST_OF_A_STEP: usize = 4;
/// Characters of foreign text in a cell: an alarm's name, and why it is on.
const LONGEST: usize = 80;

/// One judgement as a line: `metrics, 00:05 to 00:06 UTC: errors 4.9% of 305 requests, above 1%: fail`.
pub(super) fn line(window: Option<Window>, assessments: &[Assessment]) -> String {
    let what = window.map_or_else(|| "alarms".to_owned(), |window| format!("metrics, {window}"));
    let each = assessments.iter().map(|one| format!("{one}: {}", verdict(one)));
    format!("{what}: {}", each.collect::<Vec<_>>().join("; "))
}

/// Metrics in as few words as they take, for the table of steps: `✔ errors 0.21%, · latency 142ms`.
pub(super) fn short(assessments: &[Assessment]) -> String {
    let metrics = assessments.iter().filter(|one| !is_alarm(one));
    let each = metrics.clone().take(MOST_OF_A_STEP).map(|one| {
        let value = one.candidate.map(|value| format!(" {}", one.unit.show(value))).unwrap_or_default();
        format!("{}\u{a0}{}{value}", mark(one.verdict), escape::markdown(&one.name))
    });
    let more = if metrics.count() > MOST_OF_A_STEP { ", …" } else { "" };
    each.collect::<Vec<_>>().join(", ") + more
}

const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✔",
        Verdict::Inconclusive => "·",
        Verdict::Fail => "✖",
    }
}

fn is_alarm(assessment: &Assessment) -> bool {
    assessment.measures == "alarm"
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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
        let last = one.stable.and_then(|_| one.stable_when()).map(|when| format!(" ({when})")).unwrap_or_default();
        Some(Column { title: one.measures.clone(), stable: value(one, one.stable) + &last, candidate: value(one, one.candidate) })
    };
    ["error-rate", "request-time"].into_iter().filter_map(column).collect()
}

/// A measurement of both sides at one judgement.
pub(super) struct Rate {
    /// Since the start.
    pub(super) at: Duration,
    /// Parts of 1.
    pub(super) candidate: Option<f64>,
    pub(super) stable: Option<f64>,
}

/// The error rate at every judgement, oldest first.
pub(super) struct Rates {
    pub(super) measures: String,
    pub(super) points: Vec<Rate>,
}

impl Rate {
    pub(super) fn shown_candidate(&self) -> String {
        shown(self.candidate)
    }

    pub(super) fn shown_stable(&self) -> String {
        shown(self.stable)
    }
}

fn shown(rate: Option<f64>) -> String {
    rate.and_then(Number::new).map(|rate| Unit::Rate.show(rate)).unwrap_or_default()
}

/// The first error rate that is measured; none where that was not done twice: one point is no course.
pub(super) fn error_rates(journal: &Journal) -> Option<Rates> {
    let started = super::progress::started(journal);
    let judged = journal.entries.iter().filter_map(|entry| {
        let Happening::Judged { window: Some(_), assessments, .. } = &entry.event else { return None };
        Some((entry.at.since(started), assessments.iter().find(|one| one.measures.starts_with("error-rate"))?))
    });
    let judged: Vec<_> = judged.collect();
    let (_, first) = judged.first()?;
    let point = |(at, one): &(Duration, &Assessment)| Rate {
        at: *at,
        candidate: one.candidate.map(Number::get),
        // What stable was measured at when it last had requests is no measurement of that minute.
        stable: one.stable.filter(|_| !one.stable_is_last).map(Number::get),
    };
    let rates = Rates { measures: first.measures.clone(), points: judged.iter().map(point).collect() };
    (rates.points.iter().filter(|rate| rate.candidate.is_some()).count() > 1).then_some(rates)
}

/// How error rate and latency went, where they are measured: the newest `most` values of each as marks, and the last one in words.
pub(super) fn trends(journal: &Journal, most: usize) -> Vec<(String, String, String)> {
    let trend = |measures: &str| {
        let judged = journal.entries.iter().rev().filter_map(|entry| {
            let Happening::Judged { window: Some(_), assessments, .. } = &entry.event else { return None };
            assessments.iter().find(|one| one.measures.starts_with(measures) && one.candidate.is_some())
        });
        let newest: Vec<&Assessment> = judged.take(most).collect();
        let last = newest.first()?;
        let values: Vec<f64> = newest.iter().rev().filter_map(|one| one.candidate).map(Number::get).collect();
        Some((last.measures.clone(), super::chart::sparks(&values), value(last, last.candidate)))
    };
    ["error-rate", "request-time"].into_iter().filter_map(trend).collect()
}

fn value(assessment: &Assessment, value: Option<Number>) -> String {
    value.map(|value| assessment.unit.show(value)).unwrap_or_default()
}

/// What the newest judgement said of every metric and alarm.
pub(super) fn table(journal: &Journal) -> Option<String> {
    let (window, assessments) = journal.judgement()?;
    let mut table =
        String::from("| | judged by | candidate | stable | limits | verdict |\n| --- | --- | --- | --- | --- | --- |\n");
    let rows = assessments.iter().take(MOST).map(row).scan(MOST_BYTES, |room, row| {
        *room = room.checked_sub(row.len())?;
        Some(row)
    });
    let rows: Vec<_> = rows.collect();
    table.extend(rows.iter().map(String::as_str));
    if assessments.len() > rows.len() {
        let _ = writeln!(table, "| | {} more are in the journal | | | | |", assessments.len() - rows.len());
    }
    let when = window.map(|window| format!(", {window}")).unwrap_or_default();
    Some(format!("**Judged by**{when}\n\n{}", table.trim_end()))
}

fn row(one: &Assessment) -> String {
    let requests = one.requests.filter(|_| one.candidate.is_some()).map(|requests| format!(" of {requests} requests"));
    let last = one.stable.and_then(|_| one.stable_when()).map(|when| format!(" ({when})")).unwrap_or_default();
    format!(
        "| {} | {} ({}) | {}{} | {}{last} | {} | {} |\n",
        mark(one.verdict),
        escape::code(&cut(&one.name)),
        escape::markdown(&one.measures),
        value(one, one.candidate),
        requests.unwrap_or_default(),
        value(one, one.stable),
        escape::markdown(&one.limits),
        escape::markdown(&if is_alarm(one) { cut(&told(one)) } else { told(one) }),
    )
}

/// The verdict, with what the other columns do not tell.
fn told(assessment: &Assessment) -> String {
    let words = verdict(assessment);
    match &assessment.why {
        Why::Within | Why::AlarmOff => words,
        Why::Better { .. }
        | Why::Tolerated { .. }
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
        | Why::AlarmGone => format!("{words} ({})", assessment.reason()),
    }
}
