//! All reports of one rollout, behind three calls.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{
    check, deployment as report,
    feed::{self, Feed, Pace},
    files::{self, JournalFile, SummaryFile},
    markdown,
    opening::Opening,
    options::{Format, GitHubOptions, ReportOptions, Surroundings},
    outputs,
    screen::Screen,
    sinks::{CheckSink, CommentSink, DeploymentSink, Sink},
    terminal::{self, Live},
    text::{self, Console},
};
use crate::{
    definition::finding::list,
    github::{
        check as check_run,
        client::Client,
        comment,
        deployment::{self, About, Deployment},
        event::Subject,
        pull_request::Spot,
    },
    rollout::journal::{Journal, Release},
};

/// How long the last state may take to reach GitHub after a signal, or where no clock is waited for: what is left of the 7.5 s that
/// a cancelled job has is for more important things.
const IN_A_HURRY: Duration = Duration::from_secs(4);
/// How long otherwise: an outage that ends within it is caught up with.
const AT_LEISURE: Duration = Duration::from_secs(30);

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
    screen: Screen,
    format: Format,
    console: Console,
    color: bool,
    shown_json: usize,
    feed: Feed,
    last_writes: Duration,
    surroundings: Surroundings,
    journal_file: Option<JournalFile>,
    summary_file: Option<SummaryFile>,
    output_file: Option<std::path::PathBuf>,
    warnings: Vec<String>,
}

impl Reports {
    /// Begins the reports of `release`. Lines are written to `out`. Must be called inside a tokio runtime when GitHub is given.
    #[must_use]
    pub fn start(mut options: ReportOptions, release: &Release, out: Box<dyn Write + Send>) -> Self {
        let mut warnings = Vec::new();
        let github = options.github.as_ref();
        let subject = github.map(GitHubOptions::subject).transpose().unwrap_or_else(|error| {
            warnings.push(error.to_string());
            None
        });
        let subject = subject.unwrap_or_default();
        let surroundings = Surroundings::new(&options, release, &subject);
        let mut sinks = github.map(|github| sinks(github, release, &subject, &surroundings, &mut warnings)).unwrap_or_default();
        let pace = github.map_or_else(Pace::default, |github| github.pace);
        let mut opening = options.opening.take().and_then(Opening::into_check);
        for sink in &mut sinks {
            if let Sink::Check(check) = sink {
                check.opening = opening.take();
            }
        }
        let is_wanted = options.github.as_ref().is_none_or(|github| github.summary);
        let summary = options.summary_file.filter(|_| is_wanted);
        let mut reports = Self {
            screen: Screen::new(out, (options.terminal && !options.actions && options.format == Format::Text).then(Live::new)),
            format: options.format,
            console: Console::new(options.actions, options.color),
            color: options.color,
            shown_json: 0,
            feed: Feed::start(sinks, pace),
            last_writes: if pace.in_step { IN_A_HURRY } else { AT_LEISURE },
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
        reports.add_outputs(&outputs::begun(release, options.traffic_target.as_deref(), options.owner.as_deref()));
        reports
    }

    /// Shows and hands on what is new in `journal`. Call it after each entry.
    pub fn publish(&mut self, journal: &Journal) {
        let is_news = self.feed.publish(journal);
        self.guarded("console", |reports| {
            let lines = match reports.format {
                Format::Text => reports.console.next(journal),
                Format::Json => reports.new_json(journal),
                Format::Markdown => String::new(),
            };
            reports.screen.lines(lines);
            if reports.screen.is_live() {
                reports.screen.view(terminal::view(journal, reports.color));
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
            self.screen.lines(self.console.said(lines));
        }
    }

    /// Lets GitHub be told of the newest milestone before the clock goes on, where the clock is one that waits for nobody else;
    /// otherwise returns at once. So the same rehearsal writes the same at the same times.
    pub async fn keep_in_step(&mut self) {
        self.feed.keep_in_step().await;
    }

    /// Shows the end, writes the outputs, and gives GitHub some time for the last state: half a minute, of which few seconds are left
    /// as soon as `hurry` resolves.
    pub async fn finish(mut self, journal: &Journal, hurry: impl Future<Output = ()>) -> Delivered {
        self.publish(journal);
        let outputs = outputs::outputs(journal, &self.surroundings);
        self.add_outputs(&outputs);
        self.screen.end_view();
        self.guarded("console", |reports| {
            let lines = match reports.format {
                Format::Text => reports.console.end(journal),
                Format::Json => reports.new_json(journal),
                Format::Markdown => markdown::report(journal, &reports.surroundings),
            };
            reports.screen.lines(lines);
            Ok(())
        });
        let longest = self.last_writes;
        let late = async {
            tokio::select! {
                () = feed::pass(longest) => {}
                () = async {
                    hurry.await;
                    feed::pass(IN_A_HURRY).await;
                } => {}
            }
        };
        let deliveries = self.feed.finish(late).await;
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
            self.screen.lines(self.console.warning(&warning));
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
}

/// Tells apart comments and checks of one service in several places.
fn environment<'a>(github: &'a GitHubOptions, release: &'a Release) -> &'a str {
    github.environment.as_deref().or(release.cluster.as_deref()).unwrap_or(&release.verb)
}

/// The check run, where there can be one.
pub(super) fn check_sink(
    github: &GitHubOptions,
    release: &Release,
    subject: &Subject,
    surroundings: &Surroundings,
) -> Option<Box<CheckSink>> {
    let token = github.token.as_ref().filter(|_| github.check)?;
    let client = Client::new(&github.api_url, &github.repository, token).ok()?;
    let spot = Spot::new(client.clone(), subject);
    spot.may_have_commit().then(|| {
        Box::new(CheckSink {
            client,
            spot,
            opening: None,
            check: None,
            name: check::name(release, environment(github, release)),
            external_id: release.rollout_id.clone(),
            surroundings: surroundings.clone(),
            read_only_token: subject.read_only_token,
        })
    })
}

/// The sinks on GitHub that can work at all; `warnings` gets a line for each that was asked for and cannot.
fn sinks(
    github: &GitHubOptions,
    release: &Release,
    subject: &Subject,
    surroundings: &Surroundings,
    warnings: &mut Vec<String>,
) -> Vec<Sink> {
    let wanted = [
        (github.comment, "no pull request comment", comment::PERMISSION),
        (github.check, "no check run", check_run::PERMISSION),
        (github.deployment.is_some(), "no deployment", deployment::PERMISSION),
    ];
    let wanted: Vec<_> = wanted.into_iter().filter(|(is_wanted, ..)| *is_wanted).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let Some(token) = &github.token else {
        let lost: Vec<_> = wanted.iter().map(|(_, lost, _)| *lost).collect();
        let permissions: Vec<_> = wanted.iter().map(|(.., permission)| *permission).collect();
        warnings.push(format!(
            "no GitHub token: {}; pass `github-token: ${{{{ github.token }}}}` and add {} to the `permissions:` of the job",
            lost.join(", "),
            list(&permissions)
        ));
        return Vec::new();
    };
    let client = match Client::new(&github.api_url, &github.repository, token) {
        Ok(client) => client,
        Err(error) => {
            warnings.push(error.to_string());
            return Vec::new();
        }
    };
    let spot = Spot::new(client.clone(), subject);
    let read_only_token = subject.read_only_token;
    let mut sinks = Vec::new();
    if github.comment && spot.may_have_pull_request() {
        sinks.push(Sink::Comment(Box::new(CommentSink {
            client: client.clone(),
            spot: spot.clone(),
            marker: comment::marker(&release.name, environment(github, release)),
            sticky: None,
            surroundings: surroundings.clone(),
            read_only_token,
        })));
    }
    sinks.extend(check_sink(github, release, subject, surroundings).map(Sink::Check));
    let may_create = report::is_made_by(release);
    if let Some(environment) = github.deployment.clone().filter(|_| spot.may_have_commit() || !may_create) {
        let about = About {
            environment,
            environment_url: github.environment_url.clone(),
            service: release.name.clone(),
            rollout: release.rollout_id.clone(),
            revision: release.candidate_revision.clone(),
            log_url: surroundings.run_url.clone(),
            again: release.verb == "rollback",
            transient: false,
        };
        let deployment = Deployment::new(client, about);
        sinks.push(Sink::Deployment(Box::new(DeploymentSink { spot, deployment, may_create, read_only_token })));
    }
    sinks
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
