//! Shares drawn with characters, and as a Mermaid chart.

use std::{fmt::Write as _, time::Duration};

use super::progress::offset;
use crate::rollout::split::Share;

/// How many cells wide a chart of characters is; every width that we draw at holds them.
const POINTS: u32 = 40;
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
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
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
pub(super) fn mermaid(curve: &[(Duration, Share)], until: Duration) -> String {
    let (unit, end) =
        if until < Duration::from_secs(300) { ("seconds", until.as_secs_f64()) } else { ("minutes", until.as_secs_f64() / 60.0) };
    let points: Vec<_> =
        sampled(curve, until, FINE_POINTS).iter().map(|share| share.to_string().trim_end_matches('%').to_owned()).collect();
    // The default theme draws the line in a grey that is next to invisible on white.
    let mut chart = String::from(
        "```mermaid\n%%{init: {\"themeVariables\": {\"xyChart\": {\"plotColorPalette\": \"#1f6feb\"}}}}%%\nxychart-beta\n    title \"Requests that go to the candidate, in %\"\n",
    );
    let _ = writeln!(chart, "    x-axis \"{unit} since the start\" 0 --> {:.1}", end.max(1.0));
    let _ = writeln!(chart, "    y-axis \"%\" 0 --> 100\n    line [{}]\n```", points.join(", "));
    chart
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
        assert!(mermaid(&curve, Duration::from_secs(400)).contains("0 --> 6.7"));
    }
}
