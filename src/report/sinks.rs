//! What is written to GitHub: the sticky comment, the check run and the deployment, each with the newest words.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{check, deployment, markdown, options::Surroundings, past::Past};
use crate::{
    github::{check::Check, client::Client, comment::Sticky, deployment::Deployment, error::GitHubError, pull_request::Spot},
    rollout::{
        journal::{Entry, Happening, Journal},
        outcome::OutcomeKind,
    },
};

/// A place on GitHub that shows the rollout.
pub(super) enum Sink {
    Comment(Box<CommentSink>),
    Check(Box<CheckSink>),
    Deployment(Box<DeploymentSink>),
    /// Stands for a defect in a report.
    #[cfg(test)]
    Panicking,
}

pub(super) struct CommentSink {
    pub(super) client: Client,
    pub(super) spot: Spot,
    pub(super) marker: String,
    /// Known once the pull request is, with what it remembers of earlier releases.
    pub(super) sticky: Option<(Sticky, Past)>,
    pub(super) surroundings: Surroundings,
    pub(super) read_only_token: bool,
}

#[derive(Debug)]
pub(super) struct CheckSink {
    pub(super) client: Client,
    pub(super) spot: Spot,
    /// One that is there before anything is known of the release.
    pub(super) opening: Option<JoinHandle<Box<Self>>>,
    /// Known once the commit is.
    pub(super) check: Option<Check>,
    pub(super) name: String,
    pub(super) external_id: String,
    pub(super) surroundings: Surroundings,
    pub(super) read_only_token: bool,
}

pub(super) struct DeploymentSink {
    pub(super) spot: Spot,
    pub(super) deployment: Deployment,
    /// Whether it may be made; else only the one that is there is spoken of.
    pub(super) may_create: bool,
    pub(super) read_only_token: bool,
}

/// What a write came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// There was nothing to say.
    Nothing,
    /// It is said, and stands there.
    At(Option<String>),
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
            Self::Deployment(_) => "deployment",
            #[cfg(test)]
            Self::Panicking => "panicking",
        }
    }

    /// Whether it may be another rollout's until this one is claimed: everything but a check run of our own.
    pub(super) const fn waits_for_claim(&self) -> bool {
        match self {
            Self::Check(sink) => sink.opening.is_none(),
            Self::Comment(_) | Self::Deployment(_) => true,
            #[cfg(test)]
            Self::Panicking => true,
        }
    }

    /// Writes what `journal` says now.
    pub(super) async fn write(&mut self, journal: &Mutex<Journal>) -> Result<Written, SinkError> {
        match self {
            Self::Comment(sink) => {
                let read_only_token = sink.read_only_token;
                sink.write(journal).await.map_err(|error| explained(error, read_only_token))
            }
            Self::Check(sink) => sink.write(journal).await,
            Self::Deployment(sink) => {
                let Some(text) = rendered(journal, deployment::deployment) else { return Ok(Written::Nothing) };
                let commit = if sink.may_create { sink.spot.commit().await? } else { None };
                if sink.may_create && commit.is_none() {
                    return Err(SinkError::NoCommit);
                }
                if rendered(journal, is_look) {
                    sink.deployment.may_be_said();
                }
                let said = sink.deployment.say(&text, commit.as_deref()).await;
                let is_said = said.map_err(|error| explained(error, sink.read_only_token))?;
                Ok(if is_said { Written::At(None) } else { Written::Nothing })
            }
            #[cfg(test)]
            Self::Panicking => {
                let entries = rendered(journal, |journal| journal.entries.len());
                panic!("a defect in a report, after {entries} entries")
            }
        }
    }
}

impl CommentSink {
    async fn write(&mut self, journal: &Mutex<Journal>) -> Result<Written, GitHubError> {
        let (sticky, past) = match &mut self.sticky {
            Some(known) => known,
            None => {
                // A commit that belongs to no pull request, or to several: there is no place for a comment.
                let Some(number) = self.spot.pull_request().await? else { return Ok(Written::Nothing) };
                let mut sticky = Sticky::new(self.client.clone(), number, self.marker.clone());
                let rollout = rendered(journal, |journal| journal.release.rollout_id.clone());
                let past = sticky.look().await?.map(|body| Past::read(body, &rollout)).unwrap_or_default();
                self.sticky.insert((sticky, past))
            }
        };
        // Whoever took the rollout over may have said more since; if nobody did, our end is better than none.
        if rendered(journal, is_superseded) && !sticky.is_as_we_left_it().await? {
            return Ok(Written::Nothing);
        }
        // The job that held it has more to tell than one that looked at it, unless it did not get to that.
        if rendered(journal, is_look) && past.is_held() {
            return Ok(Written::Nothing);
        }
        let body = rendered(journal, |journal| markdown::comment(journal, &self.surroundings, past));
        sticky.say(&body).await.map(Written::At)
    }
}

impl CheckSink {
    async fn write(&mut self, journal: &Mutex<Journal>) -> Result<Written, SinkError> {
        if let Some(opening) = self.opening.take()
            && let Ok(opened) = opening.await
        {
            self.check = opened.check;
            let id = self.external_id.clone();
            if let Some(check) = self.check.as_mut().filter(|_| !id.is_empty()) {
                check.is_of(id);
            }
        }
        let text = rendered(journal, |journal| check::check(journal, &self.surroundings));
        let check = match &mut self.check {
            Some(check) => check,
            None => {
                let Some(sha) = self.spot.commit().await? else { return Err(SinkError::NoCommit) };
                let details = self.surroundings.run_url.clone();
                let id = if self.external_id.is_empty() { details.clone().unwrap_or_default() } else { self.external_id.clone() };
                self.check.insert(Check::new(self.client.clone(), self.name.clone(), sha, id, details))
            }
        };
        let may_be_told = rendered(journal, |journal| is_superseded(journal) || is_look(journal));
        if may_be_told && !check.is_running().await? {
            return Ok(Written::Nothing);
        }
        let said = check.say(&text).await;
        said.map(Written::At).map_err(|error| explained(error, self.read_only_token))
    }
}

fn is_superseded(journal: &Journal) -> bool {
    journal.outcome().is_some_and(|outcome| outcome.kind == OutcomeKind::Superseded)
}

/// A held rollout was looked at, and left as it is.
fn is_look(journal: &Journal) -> bool {
    let is_ours = |entry: &Entry| matches!(entry.event, Happening::Claimed | Happening::TakenOver);
    journal.outcome().is_some_and(|outcome| outcome.kind == OutcomeKind::Held) && !journal.entries.iter().any(is_ours)
}

fn rendered<T>(journal: &Mutex<Journal>, render: impl FnOnce(&Journal) -> T) -> T {
    render(&journal.lock().unwrap_or_else(PoisonError::into_inner))
}
