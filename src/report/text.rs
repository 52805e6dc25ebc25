//! The journal as lines: for logs, for GitHub Actions' logs, and as JSON. Pure.

use std::fmt::Write as _;

use super::{
    chart, escape, hooks, phrases,
    progress::{self, Phase, Progress, length, offset},
};
use crate::rollout::{
    journal::{Entry, Happening, Journal, Release},
    outcome::{Outcome, OutcomeKind},
};

/// Actions shows ten warnings and ten errors of a step; the rest of the room belongs to what else warns.
const MOST_WARNINGS: u32 = 5;

/// Every line of the journal that is worth one, each with its offset from the start.
#[must_use]
pub fn lines(journal: &Journal) -> Vec<String> {
    (0..journal.entries.len()).filter_map(|index| line(journal, index)).collect()
}

fn line(journal: &Journal, index: usize) -> Option<String> {
    let entry = journal.entries.get(index)?;
    let phrase = phrases::phrase(journal, index)?;
    Some(format!("{}  {}", offset(entry.at.since(progress::started(journal))), escape::plain(&phrase)))
}

/// The journal as JSON lines: the release first, then one line for each entry, from entry `from` on.
#[must_use]
pub fn json_lines(journal: &Journal, from: usize) -> String {
    let mut lines = String::new();
    if from == 0
        && let Ok(serde_json::Value::Object(release)) = serde_json::to_value(&journal.release)
    {
        let mut line = serde_json::Map::from_iter([("event".to_owned(), "release".into())]);
        line.extend(release);
        let _ = writeln!(lines, "{}", serde_json::Value::Object(line));
    }
    for entry in journal.entries.iter().skip(from) {
        if let Ok(line) = serde_json::to_string(entry) {
            let _ = writeln!(lines, "{line}");
        }
    }
    lines
}

/// The lines of one console: remembers how far it has read, and which group is open.
#[derive(Debug, Default)]
pub struct Console {
    actions: bool,
    color: bool,
    shown: usize,
    begun: bool,
    group_open: bool,
    warned: u32,
}

/// What colours say; the words say it too.
#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Strong,
    Good,
    Doubtful,
    Bad,
}

impl Console {
    /// Lines for a GitHub Actions log (`actions`), or for people, in colour or not.
    #[must_use]
    pub fn new(actions: bool, color: bool) -> Self {
        Self { actions, color: color && !actions, ..Self::default() }
    }

    /// The lines for everything that is new in `journal`.
    pub fn next(&mut self, journal: &Journal) -> String {
        let mut out = String::new();
        if !self.begun {
            self.begun = true;
            self.head(&mut out, journal);
        }
        for index in self.shown..journal.entries.len() {
            self.entry(&mut out, journal, index);
        }
        self.shown = self.shown.max(journal.entries.len());
        out
    }

    /// The end: the weights over time, and the outcome once more.
    pub fn end(&mut self, journal: &Journal) -> String {
        let mut out = self.next(journal);
        self.close_group(&mut out);
        let progress = Progress::of(journal);
        let curve = progress::curve(journal);
        if !curve.is_empty() {
            let candidate = visible(&journal.release.candidate_revision);
            let _ = writeln!(out, "\nshare of the requests that goes to {candidate}");
            for line in chart::text(&curve, progress.elapsed()) {
                let _ = writeln!(out, "{line}");
            }
        }
        let tone = match journal.outcome().map(|outcome| outcome.kind) {
            Some(OutcomeKind::Promoted) => Tone::Good,
            Some(OutcomeKind::Stuck) => Tone::Bad,
            Some(OutcomeKind::RolledBack | OutcomeKind::Superseded) => Tone::Doubtful,
            Some(OutcomeKind::Held | OutcomeKind::Unchanged) | None => Tone::Strong,
        };
        if matches!(progress.phase, Phase::BrokenOff(_)) {
            return out;
        }
        let headline = visible(&phrases::headline(journal, &progress).text());
        let took = match journal.outcome().map(|outcome| outcome.kind) {
            Some(OutcomeKind::Promoted | OutcomeKind::RolledBack) => format!(" after {}", length(progress.elapsed())),
            Some(OutcomeKind::Held | OutcomeKind::Unchanged | OutcomeKind::Superseded | OutcomeKind::Stuck) | None => {
                String::new()
            }
        };
        let _ = writeln!(out, "\n{}", self.paint(tone, &format!("{headline}{took}")));
        if let Some(outcome) = journal.outcome() {
            let _ = writeln!(out, "   {}", visible(&outcome.reason.to_string()));
            let _ = writeln!(out, "   {}", phrases::exit_in_words(&journal.release, outcome));
            if let Some(advice) = phrases::advice(outcome).filter(|_| is_failure(&journal.release, outcome)) {
                let _ = writeln!(out, "   {advice}");
            }
        }
        for note in
            journal.entries.iter().filter_map(|entry| if let Happening::Note { what } = &entry.event { Some(what) } else { None })
        {
            if phrases::is_command(note) {
                let _ = writeln!(out, "   $ {}", escape::log_line(&escape::command(note)));
            }
        }
        out
    }

    /// What a hook says, apart from what we say.
    #[must_use]
    pub fn said(&self, lines: &[String]) -> String {
        lines.iter().map(|line| format!("    | {}\n", escape::log_line(&escape::said(line)))).collect()
    }

    /// A warning of the reports themselves.
    pub fn warning(&mut self, message: &str) -> String {
        let mut out = String::new();
        self.annotate(&mut out, "warning", "espalier", message);
        out
    }

    fn head(&mut self, out: &mut String, journal: &Journal) {
        let release = &journal.release;
        // Which world this is comes first, always.
        if let Some(endpoint) = &release.endpoint {
            let line = format!("not AWS: every call goes to {}", visible(endpoint));
            let _ = writeln!(out, "{}", self.paint(Tone::Doubtful, &line));
        }
        let side = |revision: &str, slot: &str| {
            if revision == slot || slot.is_empty() { revision.to_owned() } else { format!("{revision} (slot {slot})") }
        };
        let stable = release.stable_revision.as_ref();
        let stable = stable.map(|stable| format!("{} → ", side(stable, &release.stable_slot))).unwrap_or_default();
        let candidate = side(&release.candidate_revision, &release.candidate_slot);
        // Where nothing has to change both are the same, and there is no step to take.
        let is_same = release.stable_revision.as_ref() == Some(&release.candidate_revision);
        let candidate = if is_same { "the same".to_owned() } else { candidate };
        let roles = format!("{} {}: {stable}{candidate}", release.verb, release.name);
        let _ = writeln!(out, "{}", self.paint(Tone::Strong, &visible(&roles)));
        for target in &release.traffic_targets {
            let _ = writeln!(out, "  on {}", visible(target));
        }
        if let Some(steps) = steps_ahead(journal).filter(|_| !is_same) {
            let _ = writeln!(out, "  {steps}");
        }
        self.open_group(out, "prepare");
    }

    fn entry(&mut self, out: &mut String, journal: &Journal, index: usize) {
        let Some(line) = line(journal, index) else { return };
        let line = escape::log_line(&line);
        let release = &journal.release;
        let tone = match &journal.entries[index].event {
            Happening::StepBegun { index, share } => {
                self.open_group(out, &format!("step {} of {}: {share}", index + 1, release.steps.len()));
                Tone::Strong
            }
            Happening::Concern { what } => {
                self.warned += 1;
                if self.warned <= MOST_WARNINGS && self.actions {
                    self.annotate(out, "warning", &release.name, what);
                }
                Tone::Doubtful
            }
            Happening::HookBegun { hook, step, what } => {
                self.open_group(out, &hooks::title(*hook, *step, what, release));
                Tone::Strong
            }
            Happening::HookEnded { failure, .. } => {
                let tone = if failure.is_some() { Tone::Doubtful } else { Tone::Plain };
                let _ = writeln!(out, "{}", self.paint(tone, &line));
                // What comes next is not the hook's any more.
                return self.close_group(out);
            }
            Happening::RollingBack { reason } => {
                self.open_group(out, &format!("roll back: {reason}"));
                Tone::Doubtful
            }
            Happening::Promoted => {
                self.open_group(out, "promoted");
                Tone::Good
            }
            Happening::Finished { outcome } => {
                // The line itself is left to `end`, which says more.
                self.close_group(out);
                if self.actions && is_failure(release, outcome) {
                    let title = format!("{}: {} {}", release.name, release.candidate_revision, outcome.kind);
                    self.annotate(out, "error", &title, &outcome.reason.to_string());
                }
                return;
            }
            // What was wrong is told as the process ends.
            Happening::BrokenOff { .. } => return self.close_group(out),
            Happening::Retrying { .. } => Tone::Doubtful,
            Happening::Claimed
            | Happening::TakenOver
            | Happening::Prepared { .. }
            | Happening::Launching { .. }
            | Happening::Ready { .. }
            | Happening::Shifted { .. }
            | Happening::Settled { .. }
            | Happening::Observed { .. }
            | Happening::Judged { .. }
            | Happening::StepPassed { .. }
            | Happening::TestOpened { .. }
            | Happening::TestClosed { .. }
            | Happening::Restored
            | Happening::Retiring { .. }
            | Happening::Retired { .. }
            | Happening::Note { .. } => Tone::Plain,
        };
        let _ = writeln!(out, "{}", self.paint(tone, &line));
    }

    fn open_group(&mut self, out: &mut String, title: &str) {
        self.close_group(out);
        if self.actions {
            let _ = writeln!(out, "::group::{}", escape::command_data(&escape::plain(title)));
            self.group_open = true;
        }
    }

    fn close_group(&mut self, out: &mut String) {
        if std::mem::take(&mut self.group_open) {
            out.push_str("::endgroup::\n");
        }
    }

    /// In Actions an annotation; elsewhere a line.
    fn annotate(&self, out: &mut String, kind: &str, title: &str, message: &str) {
        let message = escape::plain(message);
        let _ = if self.actions {
            writeln!(
                out,
                "::{kind} title={}::{}",
                escape::command_property(&escape::plain(title)),
                escape::command_data(&message)
            )
        } else {
            writeln!(out, "{}", self.paint(Tone::Doubtful, &format!("{kind}: {message}")))
        };
    }

    fn paint(&self, tone: Tone, line: &str) -> String {
        let code = match tone {
            Tone::Plain => return line.to_owned(),
            Tone::Strong => 1,
            Tone::Good => 32,
            Tone::Doubtful => 33,
            Tone::Bad => 31,
        };
        if self.color { format!("\u{1b}[{code}m{line}\u{1b}[0m") } else { line.to_owned() }
    }
}

/// The steps that this job is to walk; none where it takes traffic back.
fn steps_ahead(journal: &Journal) -> Option<String> {
    let release = &journal.release;
    // Only what comes first says so: what comes later is not known yet where this is told.
    let is_said_before = |entry: &&Entry| matches!(entry.event, Happening::Note { .. } | Happening::Concern { .. });
    let first = journal.entries.iter().find(|entry| !is_said_before(entry));
    let goes_back = matches!(first, Some(Entry { event: Happening::RollingBack { .. }, .. }));
    let passed = release.standing.as_ref().map_or(0, |standing| standing.passed);
    let ahead = release.steps.get(passed..).filter(|ahead| !ahead.is_empty())?;
    if matches!(release.verb.as_str(), "abort" | "rollback") || goes_back {
        return None;
    }
    // Whoever promotes it has ended the hold before the first of them.
    let is_promoting = release.verb == "promote";
    let each: Vec<_> = ahead
        .iter()
        .enumerate()
        .map(|(place, step)| {
            let is_over = place == 0 && is_promoting;
            let hold = step
                .hold
                .filter(|_| !is_over)
                .map(|hold| format!(" after a hold of {}", length(hold.timeout)))
                .unwrap_or_default();
            format!("{} for {}{hold}", step.share, length(step.bake))
        })
        .collect();
    let settle =
        if release.settle.is_zero() { String::new() } else { format!(", each after {} to settle", length(release.settle)) };
    let lag = ahead.iter().map(|step| step.lag).max().unwrap_or_default();
    let late = if lag.is_zero() { String::new() } else { format!(", metrics {} late in whole minutes", length(lag)) };
    let least: std::time::Duration = ahead.iter().map(|step| step.least_watch() + release.settle).sum();
    let which = if passed == 0 { "steps" } else { "steps ahead" };
    let holds =
        if ahead.iter().skip(usize::from(is_promoting)).any(|step| step.hold.is_some()) { ", holds not counted" } else { "" };
    Some(format!("{which} {}{settle}{late}: {} at least{holds}", each.join(", "), length(least)))
}

/// Foreign text as one harmless line.
fn visible(text: &str) -> String {
    escape::log_line(&escape::plain(text))
}

/// Going back may be what was asked for.
fn is_failure(release: &Release, outcome: &Outcome) -> bool {
    match outcome.kind {
        OutcomeKind::RolledBack => !outcome.reason.is_asked_for(&release.verb),
        OutcomeKind::Stuck => true,
        OutcomeKind::Promoted | OutcomeKind::Held | OutcomeKind::Unchanged | OutcomeKind::Superseded => false,
    }
}
