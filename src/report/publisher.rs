//! All reports of one rollout, behind three calls.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{
    check,
    feed::{Feed, Pace},
    files::{self, JournalFile, SummaryFile},
    markdown,
    options::{Format, GitHubOptions, ReportOptions, Surroundings},
    outputs,
    sinks::{CheckSink, CommentSink, Sink},
    terminal::Live,
    text::{self, Console},
};
use crate::{
    github::{
        client::Client,
        comment::{self, Sticky},
        event::Subject,
    },
    rollout::journal::{Entry, Happening, Journal, Release},
};

/// How long the last state may take to reach GitHub: what is left of the 7.5 s that a cancelled job has is for more important
/// things.
const LAST_WRITES: Duration = Duration::from_secs(4);

/// What became of the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The pull request comment.
    pub comment_url: Option<String>,
    /// The check run.
    pub check_run_url: Option<String>,
    /// What could not be delivered and why: one line for each place, all of them said already.
    pub warnings: Vec<String>,
}

/// All reports of one rollout. None of its calls waits for a network but [`Reports::finish`], and that for a few seconds;
/// none fails.
pub struct Reports {
    out: Box<dyn Write>,
    format: Format,
    console: Console,
    live: Option<Live>,
    shown_json: usize,
    feed: Feed,
    surroundings: Surroundings,
    journal_file: Option<JournalFile>,
    summary_file: Option<SummaryFile>,
    output_file: Option<std::path::PathBuf>,
    warnings: Vec<String>,
}

impl Reports {
    /// Begins the reports of `release`. Lines are written to `out`. Must be called inside a tokio runtime when GitHub is given.
    #[must_use]
    pub fn start(options: ReportOptions, release: &Release, out: Box<dyn Write>) -> Self {
        let mut warnings = Vec::new();
        let github = options.github.as_ref();
        let subject = github.map(GitHubOptions::subject).transpose().unwrap_or_else(|error| {
            warnings.push(error.to_string());
            None
        });
        let subject = subject.unwrap_or_default();
        let surroundings = Surroundings::new(&options, release, &subject);
        let sinks = github.map(|github| sinks(github, release, &subject, &surroundings, &mut warnings)).unwrap_or_default();
        let summary = options.summary_file.filter(|_| github.is_none_or(|github| github.summary));
        let mut reports = Self {
            out,
            format: options.format,
            console: Console::new(options.actions, options.color),
            live: (options.terminal && !options.actions && options.format == Format::Text).then(|| Live::new(options.color)),
            shown_json: 0,
            feed: Feed::start(sinks, github.map_or_else(Pace::default, |github| github.pace)),
            surroundings,
            journal_file: options.journal_path.map(JournalFile::new),
            summary_file: summary.map(SummaryFile::new),
            output_file: options.output_file,
            warnings: Vec::new(),
        };
        for warning in warnings {
            reports.warn(warning);
        }
        // A job that is killed writes none at its end, and the step after it has to know what to recover.
        reports.add_outputs(&outputs::begun(release));
        reports
    }

    /// Shows and hands on what is new in `journal`. Call it after each entry.
    pub fn publish(&mut self, journal: &Journal) {
        // Before the claim is ours, the comment and the check may be another rollout's.
        let ours = |entry: &Entry| {
            matches!(
                entry.event,
                Happening::Claimed | Happening::TakenOver | Happening::RollingBack { .. } | Happening::Finished { .. }
            )
        };
        let is_news = journal.entries.iter().any(ours) && self.feed.publish(journal);
        self.guarded("console", |reports| {
            let lines = match reports.format {
                Format::Text => reports.console.next(journal),
                Format::Json => reports.new_json(journal),
                Format::Markdown => String::new(),
            };
            reports.write(&lines);
            if let Some(live) = &reports.live {
                live.show(journal);
            }
            Ok(())
        });
        self.guarded("journal file", |reports| reports.journal_file.as_mut().map_or(Ok(()), |file| file.write(journal)));
        self.guarded("job summary", |reports| {
            let words = (is_news && reports.summary_file.is_some()).then(|| markdown::report(journal, &reports.surroundings));
            reports.summary_file.as_mut().zip(words).map_or(Ok(()), |(file, words)| file.write(&words))
        });
        let deliveries = self.feed.deliveries();
        self.say_warnings_of(&deliveries);
    }

    /// Shows what a hook says. Only where lines are for people: JSON and Markdown get its last lines from the journal.
    pub fn hook_said(&mut self, lines: &[String]) {
        if self.format == Format::Text {
            let lines = self.console.said(lines);
            self.write(&lines);
        }
    }

    /// Lets GitHub be told of the newest milestone before the clock goes on, where the clock is one that waits for nobody else;
    /// otherwise returns at once. So the same rehearsal writes the same at the same times.
    pub async fn keep_in_step(&mut self) {
        self.feed.keep_in_step().await;
    }

    /// Shows the end, writes the outputs, and gives GitHub a few seconds for the last state.
    pub async fn finish(self, journal: &Journal) -> Delivered {
        self.finish_within(journal, LAST_WRITES).await
    }

    async fn finish_within(mut self, journal: &Journal, deadline: Duration) -> Delivered {
        self.publish(journal);
        let outputs = outputs::outputs(journal, &self.surroundings);
        self.add_outputs(&outputs);
        if let Some(live) = self.live.take() {
            live.end();
        }
        self.guarded("console", |reports| {
            let lines = match reports.format {
                Format::Text => reports.console.end(journal),
                Format::Json => reports.new_json(journal),
                Format::Markdown => markdown::report(journal, &reports.surroundings),
            };
            reports.write(&lines);
            Ok(())
        });
        let deliveries = self.feed.finish(deadline).await;
        self.say_warnings_of(&deliveries);
        let url = |name: &str| deliveries.iter().find(|(sink, _)| *sink == name).and_then(|(_, delivery)| delivery.url.clone());
        let delivered = Delivered {
            comment_url: url("pull request comment"),
            check_run_url: url("check run"),
            warnings: std::mem::take(&mut self.warnings),
        };
        let links = outputs::links(delivered.comment_url.as_deref(), delivered.check_run_url.as_deref());
        self.add_outputs(&links);
        delivered
    }

    fn new_json(&mut self, journal: &Journal) -> String {
        let from = std::mem::replace(&mut self.shown_json, journal.entries.len());
        // The release's own line comes with the first entry, and once.
        if from == journal.entries.len() { String::new() } else { text::json_lines(journal, from) }
    }

    fn add_outputs(&mut self, lines: &str) {
        self.guarded("outputs", |reports| match &reports.output_file {
            Some(path) if !lines.is_empty() => files::append(path, lines),
            _ => Ok(()),
        });
    }

    fn say_warnings_of(&mut self, deliveries: &[(&'static str, super::feed::Delivery)]) {
        for (name, delivery) in deliveries {
            if let Some(warning) = &delivery.warning {
                self.warn(format!("{name}: {warning}"));
            }
        }
    }

    /// Says a warning, once.
    fn warn(&mut self, warning: String) {
        if self.warnings.contains(&warning) {
            return;
        }
        // The console may be what fails; and JSON is for programs, which read warnings from what `finish` gives.
        if self.format == Format::Text {
            let line = self.console.warning(&warning);
            self.write(&line);
        }
        self.warnings.push(warning);
    }

    /// Runs one local report. A failure, or a defect, is a warning and nothing more.
    fn guarded(&mut self, what: &str, report: impl FnOnce(&mut Self) -> std::io::Result<()>) {
        let result = catch_unwind(AssertUnwindSafe(|| report(self)));
        let warning = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{what}: {error}"),
            Err(_) => format!("{what}: the report could not be written: a defect in espalier, please report it"),
        };
        self.warn(warning);
    }

    fn write(&mut self, lines: &str) {
        if lines.is_empty() {
            return;
        }
        let out = &mut self.out;
        let mut write = || out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        let result = match &self.live {
            Some(live) => live.suspend(write),
            None => write(),
        };
        // A console that is gone (a closed pipe) must not end a rollout, and there is nowhere to say so.
        result.ok();
    }
}

/// The sinks on GitHub that can work at all; `warnings` gets a line for each that was asked for and cannot.
fn sinks(
    github: &GitHubOptions,
    release: &Release,
    subject: &Subject,
    surroundings: &Surroundings,
    warnings: &mut Vec<String>,
) -> Vec<Sink> {
    if !github.comment && !github.check {
        return Vec::new();
    }
    let Some(token) = &github.token else {
        warnings.push(
            "no GitHub token: no pull request comment and no check run; pass `github-token: ${{ github.token }}` and add \
             `pull-requests: write` and `checks: write` to the `permissions:` of the job"
                .to_owned(),
        );
        return Vec::new();
    };
    let client = match Client::new(&github.api_url, &github.repository, token) {
        Ok(client) => client,
        Err(error) => {
            warnings.push(error.to_string());
            return Vec::new();
        }
    };
    let environment = github.environment.as_deref().or(release.cluster.as_deref()).unwrap_or(&release.verb);
    let read_only_token = subject.read_only_token;
    let mut sinks = Vec::new();
    if let Some(number) = subject.pull_request.filter(|_| github.comment) {
        let sticky = Sticky::new(client.clone(), number, comment::marker(&release.name, environment));
        sinks.push(Sink::Comment(Box::new(CommentSink { sticky, surroundings: surroundings.clone(), read_only_token })));
    }
    if github.check && (subject.head_sha.is_some() || subject.pull_request.is_some()) {
        sinks.push(Sink::Check(Box::new(CheckSink {
            client,
            check: None,
            name: check::name(release, environment),
            external_id: release.rollout_id.clone(),
            surroundings: surroundings.clone(),
            read_only_token,
        })));
    }
    sinks
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
