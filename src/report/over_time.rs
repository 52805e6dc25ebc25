//! Weights and error rate over time: a chart of each, and a table under them. Pure.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::{
    chart, escape, judging,
    progress::{self, Progress, offset},
};
use crate::rollout::{journal::Journal, split::Share};

const MOST_ROWS: usize = 40;

/// The folded section; none where no weight was ever written.
pub(super) fn section(journal: &Journal, progress: &Progress<'_>) -> Option<String> {
    let curve = progress::curve(journal);
    if curve.is_empty() {
        return None;
    }
    let rates = judging::error_rates(journal);
    let title = if rates.is_some() { "Weights and error rate over time" } else { "Weights over time" };
    let mut charts = chart::weights(&curve, progress.elapsed());
    charts.extend(rates.as_ref().map(|rates| chart::rates(rates, progress.elapsed())));
    let table = table(journal, &curve, rates.as_ref());
    Some(format!("<details><summary>{title}</summary>\n\n{charts}\n{table}\n</details>"))
}

fn table(journal: &Journal, curve: &[(Duration, Share)], rates: Option<&judging::Rates>) -> String {
    let mut rows: BTreeMap<Duration, [String; 2]> = BTreeMap::new();
    for (time, _) in curve {
        rows.entry(*time).or_default();
    }
    for rate in rates.iter().flat_map(|rates| &rates.points) {
        rows.insert(rate.at, [rate.shown_candidate(), rate.shown_stable()]);
    }
    let has_stable = journal.release.stable_revision.is_some();
    let measured = rates.map(|rates| {
        let name = escape::markdown(&rates.measures);
        format!(" candidate's {name} | stable's {name} |")
    });
    let mut table = format!(
        "| time | stable | candidate |{}\n| --- | --- | --- |{}\n",
        measured.as_deref().unwrap_or_default(),
        if measured.is_some() { " --- | --- |" } else { "" }
    );
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    if left_out > 0 {
        let _ = writeln!(table, "| … | | {left_out} earlier rows are in the journal |");
    }
    for (time, rates) in rows.iter().skip(left_out) {
        let share = curve.iter().rev().find(|(from, _)| from <= time).map_or(Share::ZERO, |(_, share)| *share);
        let stable = if has_stable { share.rest().to_string() } else { "none yet".to_owned() };
        let measured = if measured.is_some() { format!(" {} | {} |", rates[0], rates[1]) } else { String::new() };
        let _ = writeln!(table, "| `{}` | {stable} | {share} |{measured}", offset(*time));
    }
    table
}
