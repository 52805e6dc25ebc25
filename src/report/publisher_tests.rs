//! All reports together: against a loopback GitHub, and into files.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;

use super::*;
use crate::{
    github::{client::Token, test_server::Server},
    report::{samples, samples_later},
    rollout::{
        journal::{Entry, Happening},
        outcome::{Outcome, OutcomeKind, Reason},
    },
};

/// A console that can be read afterwards.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the lines").clone()).expect("UTF-8")
    }
}

fn github(server: &Server) -> GitHubOptions {
    let event = json!({
        "pull_request": { "number": 7, "head": { "sha": "abc123", "repo": { "full_name": "o/r" } } },
        "repository": { "full_name": "o/r" },
    });
    GitHubOptions {
        api_url: server.url(),
        server_url: "https://github.test".to_owned(),
        token: Some(Token::new("ghs_secret")),
        repository: "o/r".to_owned(),
        event_name: "pull_request".to_owned(),
        event: event.to_string(),
        sha: "merge".to_owned(),
        run_id: "99".to_owned(),
        run_attempt: "1".to_owned(),
        environment: None,
        origin: None,
        comment: true,
        check: true,
        summary: true,
        deployment: None,
        environment_url: None,
        rollback_workflow: None,
        answers_comments: false,
        pace: Pace::default(),
    }
}

fn options(server: &Server) -> ReportOptions {
    ReportOptions { actions: true, github: Some(github(server)), ..ReportOptions::default() }
}

/// Publishes a journal entry by entry, letting the sinks run in between, and finishes.
async fn play(options: ReportOptions, journal: &Journal) -> (Delivered, String) {
    let lines = Lines::default();
    let mut reports = Reports::start(options, &journal.release, Box::new(lines.clone()));
    let mut grown = Journal { release: journal.release.clone(), entries: Vec::new() };
    for entry in &journal.entries {
        grown.entries.push(entry.clone());
        reports.publish(&grown);
        tokio::task::yield_now().await;
    }
    (reports.finish(&grown, std::future::pending()).await, lines.text())
}

#[tokio::test(flavor = "current_thread")]
async fn a_release_ends_up_in_one_comment_and_one_check_on_the_head() {
    let server = Server::start().await;
    let (delivered, lines) = play(options(&server), &samples::promoted()).await;
    assert_eq!(delivered.comment_url.as_deref(), Some("https://github.test/o/r/pull/7#issuecomment-1"));
    assert_eq!(delivered.check_run_url.as_deref(), Some("https://github.test/o/r/runs/1"));
    assert_eq!(delivered.warnings, [""; 0], "{lines}");
    let comment = server.comments()[0]["body"].as_str().expect("text").to_owned();
    assert!(comment.starts_with("<!-- espalier:myservice:my-cluster -->\n### ✅ `myservice:42` promoted"), "{comment}");
    assert!(comment.contains("https://github.test/o/r/actions/runs/99/attempts/1"));
    let check = &server.check_runs()[0];
    assert_eq!(check["head_sha"], "abc123");
    assert_eq!(check["external_id"], "7f3a9c");
    assert_eq!(check["conclusion"], "success");
    assert!(server.methods().len() < 60, "paced: {} calls", server.methods().len());
}

#[tokio::test(flavor = "current_thread")]
async fn without_a_pace_every_state_may_be_written_but_never_two_at_once() {
    let server = Server::start().await;
    let mut options = options(&server);
    options.github.as_mut().expect("github").pace = Pace::UNLIMITED;
    play(options, &samples::rolled_back()).await;
    assert_eq!(server.comments().len(), 1);
    assert_eq!(server.check_runs().len(), 1);
    assert_eq!(server.check_runs()[0]["conclusion"], "failure");
}

#[tokio::test(flavor = "current_thread")]
async fn a_job_that_was_superseded_does_not_write_over_the_one_that_took_over() {
    let server = Server::start().await;
    let mut journal = samples::in_progress();
    let mut ours = Reports::start(options(&server), &journal.release, Box::new(Lines::default()));
    ours.publish(&journal);
    while server.check_runs().is_empty() || server.comments().is_empty() {
        tokio::task::yield_now().await;
    }
    play(options(&server), &samples::rolled_back()).await;
    let outcome = Outcome { kind: OutcomeKind::Superseded, reason: Reason::TakenOver { by: "an abort".to_owned() } };
    journal.entries.push(Entry { at: journal.entries[0].at, event: Happening::Finished { outcome } });
    let delivered = ours.finish(&journal, std::future::pending()).await;
    assert!(delivered.comment_url.is_some() && delivered.warnings.is_empty(), "{delivered:?}");
    assert_eq!(server.comments().len(), 1);
    assert!(server.comments()[0]["body"].as_str().expect("text").contains("rolled back"));
    assert_eq!(server.check_runs()[0]["conclusion"], "failure");
}

/// A held release is looked at by every sweep, and told of by the job that held it.
#[tokio::test(flavor = "current_thread")]
async fn a_look_leaves_what_the_job_that_held_it_has_told() {
    let server = Server::start().await;
    let deployed = || ReportOptions {
        github: Some(GitHubOptions { deployment: Some("staging".to_owned()), ..github(&server) }),
        ..ReportOptions::default()
    };
    play(deployed(), &samples::held()).await;
    let (comments, checks) = (server.comments(), server.check_runs());
    let before = server.methods().len();
    let (delivered, _) = play(deployed(), &samples_later::looked_at()).await;
    assert_eq!(delivered.warnings, [""; 0]);
    assert_eq!((server.comments(), server.check_runs()), (comments, checks));
    assert_eq!(server.methods()[before..].iter().filter(|method| *method != "GET").count(), 0, "{:?}", server.methods());
}

/// The job that held it was killed before it could tell.
#[tokio::test(flavor = "current_thread")]
async fn a_look_tells_of_a_hold_that_nobody_has_told_of() {
    let server = Server::start().await;
    let journal = samples::in_progress();
    let mut killed = Reports::start(options(&server), &journal.release, Box::new(Lines::default()));
    killed.publish(&journal);
    while server.check_runs().is_empty() || server.comments().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(killed);
    play(options(&server), &samples_later::looked_at()).await;
    assert!(server.comments()[0]["body"].as_str().expect("text").contains("held at 5%"), "{:?}", server.comments());
    assert_eq!(server.check_runs()[0]["conclusion"], "action_required");
}

#[tokio::test(flavor = "current_thread")]
async fn a_missing_permission_disables_its_sink_with_one_warning() {
    let server = Server::start().await;
    server.forbid("issues/");
    let mut options = options(&server);
    options.github.as_mut().expect("github").pace = Pace::UNLIMITED;
    let (delivered, lines) = play(options, &samples::promoted()).await;
    assert_eq!(delivered.comment_url, None);
    assert!(delivered.check_run_url.is_some());
    assert_eq!(delivered.warnings.len(), 1);
    assert_eq!(lines.matches("pull-requests: write").count(), 1, "{lines}");
    assert!(lines.contains("::warning title=espalier::pull request comment: GitHub refused"), "{lines}");
    assert_eq!(server.paths().iter().filter(|path| path.contains("/issues/")).count(), 1, "disabled after the first refusal");
}

#[tokio::test(flavor = "current_thread")]
async fn a_forks_token_is_explained() {
    let server = Server::start().await;
    server.forbid("issues/");
    server.forbid("check-runs");
    let mut options = options(&server);
    let github = options.github.as_mut().expect("github");
    github.event = github.event.replacen("o/r", "mallory/r", 1);
    let (delivered, _) = play(options, &samples::promoted()).await;
    assert_eq!(delivered.warnings.len(), 2);
    assert!(delivered.warnings.iter().all(|warning| warning.contains("runs from forks")), "{:?}", delivered.warnings);
}

#[tokio::test(flavor = "current_thread")]
async fn an_outage_is_said_once_and_caught_up_with() {
    let server = Server::start().await;
    server.fail(3);
    let (delivered, lines) = play(options(&server), &samples::promoted()).await;
    assert!(delivered.comment_url.is_some() && delivered.check_run_url.is_some(), "{lines}");
    assert!(
        delivered.warnings.iter().all(|warning| warning.contains("GitHub cannot be reached: 502")),
        "{:?}",
        delivered.warnings
    );
    assert!(server.comments()[0]["body"].as_str().expect("text").contains("promoted"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_github_that_never_answers_delays_nothing_but_the_end() {
    let server = Server::start().await;
    server.hang();
    let journal = samples::promoted();
    let lines = Lines::default();
    let mut reports = Reports::start(options(&server), &journal.release, Box::new(lines.clone()));
    reports.last_writes = Duration::from_millis(200);
    let finished = tokio::time::timeout(IN_A_HURRY, reports.finish(&journal, std::future::pending())).await;
    let delivered = finished.expect("within its deadline");
    assert_eq!(delivered.comment_url, None);
    assert_eq!(delivered.warnings.len(), 2);
    assert!(lines.text().contains("pull request comment: GitHub did not answer in time"), "{}", lines.text());
}

#[tokio::test(flavor = "current_thread")]
async fn a_panic_in_a_report_is_a_warning() {
    let journal = samples::promoted();
    let mut feed = Feed::start(vec![Sink::Panicking], Pace::default());
    feed.publish(&journal);
    let deliveries = feed.finish(feed::pass(IN_A_HURRY)).await;
    assert!(deliveries[0].1.warning.as_deref().is_some_and(|warning| warning.contains("a defect in espalier")));
    feed.publish(&journal);
}

#[tokio::test(flavor = "current_thread")]
async fn without_a_token_one_line_says_what_to_add() {
    let server = Server::start().await;
    let mut options = options(&server);
    options.github.as_mut().expect("github").token = None;
    let (delivered, _) = play(options, &samples::promoted()).await;
    assert_eq!(delivered.warnings.len(), 1);
    assert!(delivered.warnings[0].contains("`pull-requests: write` and `checks: write`"));
    assert!(server.methods().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn files_are_written_and_a_broken_one_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("summary.md"), "somebody else's\n").expect("written");
    std::fs::write(path("outputs"), "other=1\n").expect("written");
    let options = ReportOptions {
        output_file: Some(path("outputs")),
        summary_file: Some(path("summary.md")),
        journal_path: Some(path("deep/journal.jsonl")),
        format: Format::Json,
        ..ReportOptions::default()
    };
    let journal = samples::rolled_back();
    let (delivered, lines) = play(options, &journal).await;
    assert_eq!(delivered, Delivered::default());
    let read = |name: &str| std::fs::read_to_string(path(name)).expect(name);
    // Which rollout it is, at the beginning already: a job that is killed comes to no end.
    assert!(read("outputs").starts_with("other=1\nrollout-id=7f3a9c\noutcome=rolled-back\nreason=no-healthy-targets\n"));
    assert!(read("summary.md").starts_with("somebody else's\n> **Not AWS:**"));
    assert_eq!(read("summary.md").matches("### ").count(), 1);
    assert_eq!(read("deep/journal.jsonl"), text::json_lines(&journal, 0));
    assert_eq!(lines, text::json_lines(&journal, 0));

    let broken = ReportOptions { journal_path: Some(folder.path().to_owned()), ..ReportOptions::default() };
    let (delivered, _) = play(broken, &journal).await;
    assert_eq!(delivered.warnings.len(), 1, "{:?}", delivered.warnings);
    assert!(delivered.warnings[0].starts_with("journal file: "));
}

#[tokio::test(flavor = "current_thread")]
async fn markdown_is_shown_at_the_end() {
    let options = ReportOptions { format: Format::Markdown, ..ReportOptions::default() };
    let (_, lines) = play(options, &samples::shift()).await;
    assert!(lines.starts_with("> **Not AWS:**"), "{lines}");
    assert!(lines.contains("lambda-new"));
}
