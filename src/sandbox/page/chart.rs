//! Plots over time, as SVG.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    html::escaped,
    lattice::{Colours, colour},
    traffic::{Point, Series},
    whole::offset,
};
use crate::{clock::Timestamp, sandbox::lattice::Written};

/// The drawing's own units: the whole, and where the plot stands in it.
const SIZE: (f64, f64) = (400.0, 150.0);
const LEFT: f64 = 38.0;
const TOP: f64 = 10.0;
const PLOT: (f64, f64) = (SIZE.0 - LEFT - 12.0, SIZE.1 - TOP - 24.0);

/// A span of time and the largest value, on the plot.
struct Axes {
    from: Timestamp,
    until: Timestamp,
    most: f64,
}

impl Axes {
    fn x(&self, at: Timestamp) -> f64 {
        let whole = self.until.since(self.from).as_secs_f64().max(1.0);
        LEFT + PLOT.0 * (at.since(self.from).as_secs_f64() / whole).min(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + PLOT.1 * (1.0 - value / self.most)
    }

    /// The plot with its lines, labels and what is drawn in it.
    fn drawn(&self, label: &str, unit: &str, inside: &str) -> String {
        let mut out =
            format!("<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", SIZE.0, SIZE.1, escaped(label));
        for part in [0.0, 0.5, 1.0] {
            let (value, right) = (self.most * part, LEFT + PLOT.0);
            let y = self.y(value);
            let _infallible = write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"axis\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}{unit}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        let (bottom, end) = (SIZE.1 - 8.0, offset(self.until.since(self.from)));
        let _infallible = write!(
            out,
            "<text class=\"axis\" x=\"{LEFT}\" y=\"{bottom}\">+00:00</text>\
             <text class=\"axis\" x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">{end}</text>{inside}</svg>",
            LEFT + PLOT.0
        );
        out
    }
}

/// For each traffic target the weights that were written to it, as shares stacked on each other.
pub(super) fn weights(history: &[Written], start: Timestamp, now: Timestamp, colours: &Colours) -> String {
    let mut targets: BTreeMap<&str, Vec<&Written>> = BTreeMap::new();
    for written in history {
        targets.entry(&written.traffic_target).or_default().push(written);
    }
    if targets.is_empty() {
        return "<p class=\"faint\">No weights were written.</p>".to_owned();
    }
    let axes = Axes { from: start, until: now, most: 100.0 };
    let cards = targets.into_iter().map(|(target, writes)| {
        let mut inside = String::new();
        for (place, written) in writes.iter().enumerate() {
            let until = writes.get(place + 1).map_or(now, |next| next.at);
            let (left, right) = (axes.x(written.at), axes.x(until.max(written.at)));
            let total: u32 = written.weights.iter().map(|(_, weight)| weight).sum();
            let mut base = 0.0;
            for (group, weight) in written.weights.iter().filter(|_| total > 0) {
                let share = f64::from(*weight) * 100.0 / f64::from(total);
                let (top, bottom) = (axes.y(base + share), axes.y(base));
                let _infallible = write!(
                    inside,
                    "<rect class=\"f{}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                    colour(colours, group),
                    right - left,
                    bottom - top
                );
                base += share;
            }
        }
        let groups: Vec<_> = writes.iter().flat_map(|written| &written.weights).map(|(group, _)| group.as_str()).collect();
        let label = format!("the shares of {target} over time");
        let plot = axes.drawn(&label, "%", &inside);
        format!("<div class=\"card\"><h3>{}</h3>{plot}{}</div>", escaped(target), legend(&groups, colours))
    });
    format!("<div class=\"cards\">{}</div>", cards.collect::<String>())
}

/// The requests of each target group, with its errors as a dashed line.
#[expect(clippy::cast_precision_loss, reason = "a drawing; beyond 2^53 requests a minute it is a little off")]
pub(super) fn requests(series: &[Series], now: Timestamp, colours: &Colours) -> String {
    let points = || series.iter().flat_map(|one| &one.points);
    let Some(from) = points().map(|point| point.at).min() else {
        return "<p class=\"faint\">No request has passed the data plane yet.</p>".to_owned();
    };
    let most = points().map(|point| point.requests).max().unwrap_or(1).max(1) as f64;
    let axes = Axes { from, until: now, most };
    let line = |class: &str, points: &[Point], value: &dyn Fn(&Point) -> u64| {
        let mut places = String::new();
        // A minute alone is a dot: a line of no length with round ends.
        let again = points.first().filter(|_| points.len() == 1);
        for point in points.iter().chain(again) {
            let _infallible = write!(places, "{:.1},{:.1} ", axes.x(point.at), axes.y(value(point) as f64));
        }
        format!("<polyline class=\"{class}\" points=\"{}\"/>", places.trim_end())
    };
    let mut inside = String::new();
    for one in series {
        inside.push_str(&line(&format!("s{}", colour(colours, &one.group)), &one.points, &|point| point.requests));
        if one.points.iter().any(|point| point.errors > 0) {
            inside.push_str(&line("se", &one.points, &|point| point.errors));
        }
    }
    let groups: Vec<_> = series.iter().map(|one| one.group.as_str()).collect();
    let (plot, legend) = (axes.drawn("requests a minute by target group", "", &inside), legend(&groups, colours));
    format!("<div class=\"card\">{plot}{legend}<div class=\"faint\">dashed: errors</div></div>")
}

fn legend(groups: &[&str], colours: &Colours) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::new();
    for group in groups {
        if !seen.contains(group) {
            seen.push(group);
            let _infallible = write!(out, "<li><span class=\"key b{}\"></span>{}</li>", colour(colours, group), escaped(group));
        }
    }
    format!("<ul class=\"legend\">{out}</ul>")
}
