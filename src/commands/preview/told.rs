//! GitHub: what it says of the pull request, and what the pull request is told. Telling never fails a preview.

use std::{cell::RefCell, collections::BTreeMap};

use super::stage::log;
use crate::{
    commands::connect,
    exit::{Error, Exit},
    github::{
        client::Client,
        comment::{Sticky, marker},
        deployment::{About, Deployment, DeploymentText, State},
        error::GitHubError,
        event, pull_request,
    },
    preview::{
        admit::{self, PullRequest, short},
        name::Names,
        sweep::Word,
    },
    report::{self, GitHubOptions, preview::Preview},
    settings::PreviewSettings,
};

/// GitHub as this job sees it.
pub(super) struct GitHub {
    options: Option<GitHubOptions>,
    client: Option<Client>,
    /// What has happened to the pull request, where the job began by that.
    action: Option<String>,
    /// The pull request and the commit that the job is about.
    subject: (Option<u64>, Option<String>),
    service: String,
    /// Tells apart the comments of one service in several clusters.
    cluster: String,
    comments: bool,
    /// What was said before, by pull request and by commit: it is not looked for again.
    said: Said,
}

#[derive(Default)]
struct Said {
    comments: RefCell<BTreeMap<u64, Sticky>>,
    deployments: RefCell<BTreeMap<String, Deployment>>,
}

impl GitHub {
    /// Reads what the job is about; nothing is sent.
    ///
    /// # Errors
    /// When the event of the workflow run cannot be read.
    pub(super) fn of(settings: &PreviewSettings) -> Result<Self, Error> {
        let options = connect::reports(settings.format, &settings.github, &settings.surroundings)?.github;
        let subject = options.as_ref().and_then(|github| github.subject().ok()).unwrap_or_default();
        let client =
            options.as_ref().and_then(|github| Client::new(&github.api_url, &github.repository, github.token.as_ref()?).ok());
        Ok(Self {
            action: options.as_ref().and_then(|github| event::action_of_text(&github.event)),
            subject: (subject.pull_request, subject.head_sha),
            client,
            options,
            service: settings.service.clone(),
            cluster: crate::commands::preflight::short(&settings.cluster),
            comments: settings.github.comment,
            said: Said::default(),
        })
    }

    /// The pull request that a verb is about.
    ///
    /// # Errors
    /// Nothing says which.
    pub(super) fn number(&self, given: Option<u64>) -> Result<u64, Error> {
        given.or(self.subject.0).ok_or_else(|| {
            let hint = "give `--pull-request NUMBER`, the variable ESPALIER_PULL_REQUEST, or run it on the event `pull_request`";
            Error::invalid("the preview of which pull request? Neither a flag nor the event says it").hint(hint)
        })
    }

    /// The pull request by GitHub's word, where there is a GitHub.
    ///
    /// # Errors
    /// It does not say.
    pub(super) async fn pull_request(&self, number: u64) -> Result<Option<PullRequest>, Error> {
        let Some(client) = &self.client else { return Ok(None) };
        let unknown = |error: GitHubError| {
            let what = format!("nothing is written: GitHub does not say what pull request {number} is");
            Error::malfunction(what, &error)
        };
        pull_request::read(client, number).await.map(Some).map_err(unknown)
    }

    /// Refuses a pull request that may have no preview.
    ///
    /// # Errors
    /// Why not: exit 5.
    pub(super) fn admit(&self, pull: &PullRequest, label: Option<&str>) -> Result<(), Error> {
        let is_of_event = self.subject.0 == Some(pull.number);
        let commit = self.subject.1.as_deref().filter(|_| is_of_event);
        let was_pushed = is_of_event && self.action.as_deref() == Some("synchronize");
        admit::admit(pull, commit, label, was_pushed)
            .map_err(|refused| Error::new(Exit::Refused, refused.to_string()).hint(refused.hint(label)))
    }

    /// What a sweep goes by.
    pub(super) async fn word(&self, number: u64) -> Word {
        let Some(client) = &self.client else { return Word::Silent("there is no token".to_owned()) };
        match pull_request::read(client, number).await {
            Ok(pull) if pull.is_open => Word::Open,
            Ok(_) => Word::Closed,
            Err(error) => Word::Silent(error.to_string()),
        }
    }

    /// The commit that the job is about, where GitHub does not say it.
    pub(super) fn commit(&self) -> Option<String> {
        self.subject.1.clone().or_else(|| self.options.as_ref().map(|github| github.sha.clone())).filter(|sha| !sha.is_empty())
    }

    /// The repository's page, and the job's.
    pub(super) fn pages(&self) -> (Option<String>, Option<String>) {
        let page = |github: &GitHubOptions| format!("{}/{}", github.server_url.trim_end_matches('/'), github.repository);
        let repository = self.options.as_ref().map(page);
        let run = self.options.as_ref().map(|github| &github.run_id).filter(|run| !run.is_empty());
        let run = repository.as_ref().zip(run).map(|(repository, run)| format!("{repository}/actions/runs/{run}"));
        (repository, run)
    }

    /// Writes the comment; its address.
    pub(super) async fn comment(&self, number: u64, preview: &Preview) -> Option<String> {
        let client = self.client.as_ref().filter(|_| self.comments)?;
        let marker = marker(&self.service, &format!("preview/{}", self.cluster));
        let before = self.said.comments.borrow_mut().remove(&number);
        let mut sticky = before.unwrap_or_else(|| Sticky::new(client.clone(), number, marker));
        // Nothing was ever said of it: its end is no news.
        if matches!(preview.state, report::preview::State::Gone(_)) && !matches!(sticky.look().await, Ok(Some(_))) {
            return None;
        }
        let said = sticky.say(&preview.comment()).await;
        self.said.comments.borrow_mut().insert(number, sticky);
        match said {
            Ok(url) => url,
            Err(error) => missed("the pull request comment", &error),
        }
    }

    fn deployment(&self, names: &Names, commit: &str, url: Option<String>) -> Option<Deployment> {
        let about = About {
            environment: format!("preview/{}", names.key),
            environment_url: url,
            service: self.service.clone(),
            rollout: format!("{}-{commit}", names.key),
            revision: short(commit),
            log_url: self.pages().1,
            again: false,
            transient: true,
        };
        Some(Deployment::new(self.client.clone()?, about))
    }

    /// Records how the deployment stands.
    pub(super) async fn deploy(&self, names: &Names, commit: Option<&str>, (state, text): (State, &str), url: Option<String>) {
        let Some(commit) = commit else { return };
        let before = self.said.deployments.borrow_mut().remove(commit).map(|before| before.at(url.clone()));
        let Some(mut deployment) = before.or_else(|| self.deployment(names, commit, url)) else { return };
        let text = DeploymentText { state, description: text.to_owned() };
        if let Err(error) = deployment.say(&text, Some(commit)).await {
            let _none: Option<()> = missed("the deployment", &error);
        }
        self.said.deployments.borrow_mut().insert(commit.to_owned(), deployment);
    }

    /// Records that nothing is deployed any more.
    pub(super) async fn end(&self, names: &Names, why: &str) {
        let Some(deployment) = self.deployment(names, "", None) else { return };
        if let Err(error) = deployment.end(why).await {
            let _none: Option<()> = missed("the deployment", &error);
        }
    }
}

fn missed<T>(what: &str, error: &GitHubError) -> Option<T> {
    log(&format!("warning: {what} is not written: {error}"));
    None
}
