//! What is written to GitHub: the sticky comment and the check run, each with the newest words.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{check, markdown, options::Surroundings};
use crate::{
    github::{check::Check, client::Client, comment::Sticky, error::GitHubError, pull_request},
    rollout::{journal::Journal, outcome::OutcomeKind},
};

/// A place on GitHub that shows the rollout.
pub(super) enum Sink {
    Comment(Box<CommentSink>),
    Check(Box<CheckSink>),
    /// Stands for a defect in a report.
    #[cfg(test)]
    Panicking,
}

pub(super) struct CommentSink {
    pub(super) sticky: Sticky,
    pub(super) surroundings: Surroundings,
    pub(super) read_only_token: bool,
}

pub(super) struct CheckSink {
    pub(super) client: Client,
    /// Known once the commit is.
    pub(super) check: Option<Check>,
    pub(super) name: String,
    pub(super) external_id: String,
    pub(super) surroundings: Surroundings,
    pub(super) read_only_token: bool,
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    #[error("{0}")]
    GitHub(#[from] GitHubError),
    #[error(
        "GitHub refused: runs from forks and from Dependabot get a token that can only read, whatever `permissions:` says ({0})"
    )]
    ReadOnly(GitHubError),
    #[error("there is no pull request and no commit to put it on")]
    NoCommit,
    #[error("the report could not be written: a defect in espalier, please report it")]
    Panicked,
}

impl SinkError {
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::GitHub(error) => error.is_passing(),
            Self::Panicked => true,
            Self::ReadOnly(_) | Self::NoCommit => false,
        }
    }

    /// How long to leave GitHub alone.
    pub(super) const fn pause(&self) -> Duration {
        match self {
            Self::GitHub(GitHubError::RateLimited { wait, .. }) => *wait,
            Self::GitHub(_) | Self::ReadOnly(_) | Self::NoCommit | Self::Panicked => Duration::ZERO,
        }
    }
}

/// A 403 of a token that can only read has another remedy than a permission.
fn explained(error: GitHubError, read_only_token: bool) -> SinkError {
    let is_forbidden = matches!(error, GitHubError::Forbidden { .. });
    if is_forbidden && read_only_token { SinkError::ReadOnly(error) } else { SinkError::GitHub(error) }
}

impl Sink {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Comment(_) => "pull request comment",
            Self::Check(_) => "check run",
            #[cfg(test)]
            Self::Panicking => "panicking",
        }
    }

    /// Writes what `journal` says now; gives the URL of where it stands.
    pub(super) async fn write(&mut self, journal: &Mutex<Journal>) -> Result<Option<String>, SinkError> {
        match self {
            Self::Comment(sink) => {
                // Whoever took the rollout over may have said more since; if nobody did, our end is better than none.
                if rendered(journal, is_superseded) && !sink.sticky.is_as_we_left_it().await? {
                    return Ok(None);
                }
                let body = rendered(journal, |journal| markdown::report(journal, &sink.surroundings));
                sink.sticky.say(&body).await.map_err(|error| explained(error, sink.read_only_token))
            }
            Self::Check(sink) => {
                let text = rendered(journal, |journal| check::check(journal, &sink.surroundings));
                let read_only_token = sink.read_only_token;
                let check = match &mut sink.check {
                    Some(check) => check,
                    None => {
                        let sha = match (&sink.surroundings.commit, sink.surroundings.pull_request) {
                            (Some(sha), _) => sha.clone(),
                            (None, Some(number)) => pull_request::head_sha(&sink.client, number).await?,
                            (None, None) => return Err(SinkError::NoCommit),
                        };
                        let details = sink.surroundings.run_url.clone();
                        let new = Check::new(sink.client.clone(), sink.name.clone(), sha, sink.external_id.clone(), details);
                        sink.check.insert(new)
                    }
                };
                if rendered(journal, is_superseded) && !check.is_running().await? {
                    return Ok(None);
                }
                check.say(&text).await.map_err(|error| explained(error, read_only_token))
            }
            #[cfg(test)]
            Self::Panicking => {
                let entries = rendered(journal, |journal| journal.entries.len());
                panic!("a defect in a report, after {entries} entries")
            }
        }
    }
}

fn is_superseded(journal: &Journal) -> bool {
    journal.outcome().is_some_and(|outcome| outcome.kind == OutcomeKind::Superseded)
}

fn rendered<T>(journal: &Mutex<Journal>, render: impl FnOnce(&Journal) -> T) -> T {
    render(&journal.lock().unwrap_or_else(PoisonError::into_inner))
}
