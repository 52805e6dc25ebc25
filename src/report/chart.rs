//! Shares drawn with characters, and as a Mermaid chart.

use std::{fmt::Write as _, time::Duration};

use super::{
    judging::{Rate, Rates},
    progress::offset,
};
use crate::rollout::split::Share;

/// How many cells wide a chart of characters is; every width that we draw at holds them.
const POINTS: u32 = 40;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// How many points a Mermaid chart has: enough for its steps to look like steps.
const FINE_POINTS: u32 = 121;

/// Stable's and the candidate's bar, `████████░░` and `██░░░░░░░░`: `width` cells that add up; neither empty nor full unless the
/// share is.
pub(super) fn bars(share: Share, width: u32) -> (String, String) {
    let cells = match share.millipercent() {
        0 => 0,
        100_000 => width,
        between => ((between * width + 50_000) / 100_000).clamp(1, width - 1),
    };
    let bar = |cells: u32| (0..width).map(|cell| if cell < cells { '█' } else { '░' }).collect();
    (bar(width - cells), bar(cells))
}

/// `●●○`: a dot for each expected target, filled where it is healthy. Beyond twenty the numbers alone have to do.
pub(super) fn dots(healthy: u32, expected: u32) -> String {
    if expected > 20 { String::new() } else { (0..expected).map(|target| if target < healthy { '●' } else { '○' }).collect() }
}

/// The share at so many `points` at even distances between the start and `until`.
fn sampled(curve: &[(Duration, Share)], until: Duration, points: u32) -> Vec<Share> {
    let share_at = |at: Duration| curve.iter().rev().find(|(from, _)| *from <= at).map_or(Share::ZERO, |(_, share)| *share);
    (0..points).map(|point| share_at(until * point / (points - 1))).collect()
}

/// The candidate's share over time for a terminal, five lines high.
pub(super) fn text(curve: &[(Duration, Share)], until: Duration) -> Vec<String> {
    const ROWS: u32 = 4;
    if curve.is_empty() {
        return Vec::new();
    }
    let samples = sampled(curve, until, POINTS);
    let mut lines: Vec<String> = (0..ROWS)
        .rev()
        .map(|row| {
            let cell = |share: &Share| {
                let eighths = (share.millipercent() * ROWS * 8).div_ceil(100_000);
                EIGHTHS[eighths.saturating_sub(row * 8).min(8) as usize]
            };
            let label = format!("{}%", (row + 1) * 100 / ROWS);
            format!("{label:>5} ┤{}", samples.iter().map(cell).collect::<String>().trim_end())
        })
        .collect();
    lines.push(format!("   0% ┼{}", "─".repeat(POINTS as usize)));
    let end = offset(until);
    lines.push(format!("      +00:00{end:>width$}", width = POINTS as usize - 5));
    lines
}

/// The candidate's share over time as Mermaid's `xychart-beta`: its x axis is even, so a step function is sampled.
pub(super) fn weights(curve: &[(Duration, Share)], until: Duration) -> String {
    let points: Vec<_> =
        sampled(curve, until, FINE_POINTS).iter().map(|share| share.to_string().trim_end_matches('%').to_owned()).collect();
    mermaid("Requests that go to the candidate, in %", &["#1f6feb"], (Duration::ZERO, until), 100.0, &[points])
}

/// The error rate of both sides over time, from the first judgement on.
pub(super) fn rates(rates: &Rates, until: Duration) -> String {
    let from = rates.points.first().map_or(Duration::ZERO, |point| point.at);
    let points = u32::try_from(rates.points.len() * 2).unwrap_or(FINE_POINTS).clamp(2, FINE_POINTS);
    let line = |of: fn(&Rate) -> Option<f64>| -> Vec<String> {
        let at = |point: u32| from + until.saturating_sub(from) * point / (points - 1);
        let value = |at: Duration| rates.points.iter().rev().find(|rate| rate.at <= at && of(rate).is_some()).and_then(of);
        (0..points).map(|point| format!("{:.3}", value(at(point)).unwrap_or_default() * 100.0)).collect()
    };
    let has_stable = rates.points.iter().any(|rate| rate.stable.is_some());
    let mut lines = vec![line(|rate| rate.candidate)];
    if has_stable {
        lines.push(line(|rate| rate.stable));
    }
    let title =
        if has_stable { "Error rate in %: the candidate's in red, stable's in blue" } else { "The candidate's error rate, in %" };
    let values = rates.points.iter().flat_map(|rate| [rate.candidate, rate.stable]).flatten();
    // From nothing on, with some air above the highest: a chart that begins at the lowest value makes much of little.
    let most = (values.fold(0.0, f64::max) * 120.0).max(0.1);
    mermaid(title, &["#cf222e", "#1f6feb"], (from, until), most, &lines)
}

/// The default theme draws lines in a grey that is next to invisible on white, and charts as high as a screen.
fn mermaid(title: &str, colors: &[&str], (from, until): (Duration, Duration), most: f64, lines: &[Vec<String>]) -> String {
    let unit = if until < Duration::from_secs(300) { "seconds" } else { "minutes" };
    let along = |at: Duration| if unit == "seconds" { at.as_secs_f64() } else { at.as_secs_f64() / 60.0 };
    let colors = colors.join(", ");
    let mut chart = format!(
        "```mermaid\n%%{{init: {{\"xyChart\": {{\"height\": 280}}, \"themeVariables\": {{\"xyChart\": {{\"plotColorPalette\": \"{colors}\"}}}}}}}}%%\n\
         xychart-beta\n    title \"{title}\"\n"
    );
    let (from, until) = (along(from), along(until));
    let _ = writeln!(chart, "    x-axis \"{unit} since the start\" {from:.1} --> {:.1}", until.max(from + 1.0));
    let _ = writeln!(chart, "    y-axis \"%\" 0 --> {}", (most * 1000.0).ceil() / 1000.0);
    for line in lines {
        let _ = writeln!(chart, "    line [{}]", line.join(", "));
    }
    chart.push_str("```\n");
    chart
}

/// `▁▂▇`: a mark for each value, the highest one full. What never changes is half as high: it is no bar.
pub(super) fn sparks(values: &[f64]) -> String {
    let highest = values.iter().copied().fold(0.0, f64::max);
    let is_flat = values.iter().all(|value| (value - highest).abs() < f64::EPSILON);
    // Eight levels; a value is never above the highest or below nothing.
    let level = |value: f64| if is_flat { 3.0 } else { (value / highest * 7.0).round() };
    let mark = |value: &f64| {
        (1..8).rev().find(|step| level(*value) >= f64::from(*step)).map_or('▁', |step| EIGHTHS[step as usize + 1])
    };
    values.iter().map(|value| if *value > 0.0 { mark(value) } else { '▁' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_or_full_only_when_the_share_is() {
        let candidates = ["0%", "0.5%", "25%", "99.9%", "100%"].map(|share| bars(share.parse().expect("a share"), 10).1);
        assert_eq!(candidates, ["░░░░░░░░░░", "█░░░░░░░░░", "███░░░░░░░", "█████████░", "██████████"]);
        assert_eq!(bars(Share::percent(25), 10).0, "███████░░░");
        assert_eq!(dots(2, 3), "●●○");
        assert_eq!(dots(2, 300), "");
    }

    #[test]
    fn a_curve_is_drawn_by_its_steps() {
        let at = |seconds: u64, share: u32| (Duration::from_secs(seconds), Share::percent(share));
        let curve = [at(0, 0), at(100, 5), at(200, 25), at(300, 100)];
        insta::assert_snapshot!(text(&curve, Duration::from_secs(400)).join("\n"), @"
        100% ┤                              ██████████
         75% ┤                              ██████████
         50% ┤                              ██████████
         25% ┤          ▂▂▂▂▂▂▂▂▂▂████████████████████
          0% ┼────────────────────────────────────────
             +00:00                             +06:40
        ");
        assert!(text(&[], Duration::ZERO).is_empty());
        assert!(weights(&curve, Duration::from_secs(400)).contains("0.0 --> 6.7"));
    }

    #[test]
    fn sparks_show_how_values_went() {
        assert_eq!(sparks(&[0.0, 0.5, 1.0]), "▁▅█");
        assert_eq!(sparks(&[0.0, 0.0]), "▁▁");
        assert_eq!(sparks(&[0.2, 0.2]), "▄▄");
        assert_eq!(sparks(&[]), "");
    }
}
