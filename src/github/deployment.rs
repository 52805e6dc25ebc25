//! The deployment: a commit in an environment, and what became of it, one status after the other.
//!
//! Needs `deployments: write`. It shows on a pull request only when its commit is the pull request's head.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{client::Client, error::GitHubError};

/// The permission that deployments need, as a workflow writes it.
pub const PERMISSION: &str = "deployments: write";
/// A status holds at most this many characters of description ("Create a deployment status").
pub const LONGEST_DESCRIPTION: usize = 140;
/// How many earlier deployments are looked at for those that are not active any more.
const MOST_EARLIER: usize = 10;

/// What is said of a deployment; `queued` is left out, since ours begin when their job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way.
    InProgress,
    /// It waits for a person.
    Pending,
    /// It serves.
    Success,
    /// It was rejected.
    Failure,
    /// Nobody knows, and a person has to look.
    Error,
    /// It does not serve, and nothing is wrong with it.
    Inactive,
}

/// What a deployment says at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentText {
    /// The state.
    pub state: State,
    /// One line of plain text.
    pub description: String,
}

/// What is deployed, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The environment.
    pub environment: String,
    /// Where it is to be seen.
    pub environment_url: Option<String>,
    /// What is released.
    pub service: String,
    /// Which rollout releases it.
    pub rollout: String,
    /// Its revision.
    pub revision: String,
    /// The job's page.
    pub log_url: Option<String>,
    /// It was deployed before, and serves again: the deployment of the revision, not of the rollout.
    pub again: bool,
    /// The environment is there for a while only.
    pub transient: bool,
}

/// One deployment, looked for before it is created.
#[derive(Debug)]
pub struct Deployment {
    client: Client,
    about: About,
    id: Option<u64>,
    said: Option<DeploymentText>,
    /// The last status may or may not have arrived.
    in_doubt: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Found {
    id: u64,
    #[serde(default)]
    payload: serde_json::Value,
}

/// What we leave in a deployment to know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Payload {
    espalier: Mark,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    service: String,
    rollout: String,
    revision: String,
}

#[derive(Serialize)]
struct New<'a> {
    r#ref: &'a str,
    environment: &'a str,
    description: String,
    payload: Payload,
    /// GitHub would merge the base branch into ours.
    auto_merge: bool,
    /// GitHub would wait for every check of the commit, our own one too.
    required_contexts: [&'a str; 0],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    transient_environment: bool,
}

#[derive(Serialize)]
struct Status<'a> {
    state: State,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_url: Option<&'a str>,
    /// GitHub would end the deployments of every other service in the environment as well.
    auto_inactive: bool,
}

#[derive(Deserialize)]
struct Last {
    #[serde(default)]
    state: String,
    #[serde(default)]
    description: Option<String>,
}

impl Found {
    fn mark(&self) -> Option<Mark> {
        // What was given as an object may come back as text.
        let text = self.payload.as_str().and_then(|text| serde_json::from_str(text).ok());
        let payload: serde_json::Value = text.unwrap_or_else(|| self.payload.clone());
        serde_json::from_value::<Payload>(payload).ok().map(|payload| payload.espalier)
    }
}

impl Deployment {
    /// The deployment of this.
    #[must_use]
    pub const fn new(client: Client, about: About) -> Self {
        Self { client, about, id: None, said: None, in_doubt: false }
    }

    /// The same, to be seen at this address from now on.
    #[must_use]
    pub fn at(mut self, url: Option<String>) -> Self {
        self.about.environment_url = url.or(self.about.environment_url);
        self
    }

    /// Another job may have said it already: the next call looks first.
    pub const fn may_be_said(&mut self) {
        self.in_doubt = true;
    }

    /// Makes the deployment say `text`, creating it on `commit` when there is none; without a commit only what is there is spoken
    /// of. Gives whether anything was sent.
    ///
    /// # Errors
    /// See [`GitHubError`]. After [`GitHubError::Unreachable`] it may have been said all the same: the next call looks first.
    pub async fn say(&mut self, text: &DeploymentText, commit: Option<&str>) -> Result<bool, GitHubError> {
        if self.said.as_ref() == Some(text) {
            return Ok(false);
        }
        let id = match self.id {
            Some(id) => id,
            None => {
                let there = self.list().await?.into_iter().find(|found| found.mark().is_some_and(|mark| self.is_ours(&mark)));
                let id = match (there, commit) {
                    (Some(there), _) => there.id,
                    (None, Some(commit)) => self.create(commit).await?,
                    (None, None) => return Ok(false),
                };
                *self.id.insert(id)
            }
        };
        let description = first_characters(&text.description);
        let is_said = std::mem::take(&mut self.in_doubt) && {
            let last = self.last(id).await?;
            last.is_some_and(|last| {
                serde_json::json!(text.state) == last.state && last.description.as_deref() == Some(description)
            })
        };
        if !is_said {
            let status = Status {
                state: text.state,
                description,
                log_url: self.about.log_url.as_deref(),
                environment_url: self.about.environment_url.as_deref(),
                auto_inactive: false,
            };
            let answer = self.status(id, &status).await;
            self.in_doubt = matches!(answer, Err(GitHubError::Unreachable { .. }));
            answer?;
        }
        if text.state == State::Success {
            self.end_earlier(id).await?;
        }
        self.said = Some(text.clone());
        Ok(true)
    }

    fn is_ours(&self, mark: &Mark) -> bool {
        let About { service, rollout, revision, again, .. } = &self.about;
        mark.service == *service && if *again { mark.revision == *revision } else { mark.rollout == *rollout }
    }

    /// Those of the environment, newest first.
    async fn list(&self) -> Result<Vec<Found>, GitHubError> {
        let environment = utf8_percent_encode(&self.about.environment, NON_ALPHANUMERIC);
        let path = format!("/deployments?environment={environment}&per_page=100");
        let all: Vec<serde_json::Value> = self.client.get_here(&path, PERMISSION, "the repository").await?.json()?;
        Ok(all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect())
    }

    async fn create(&self, commit: &str) -> Result<u64, GitHubError> {
        let About { environment, service, rollout, revision, .. } = &self.about;
        let mark = Mark { service: service.clone(), rollout: rollout.clone(), revision: revision.clone() };
        let new = New {
            r#ref: commit,
            environment,
            description: first_characters(revision).to_owned(),
            payload: Payload { espalier: mark },
            auto_merge: false,
            required_contexts: [],
            transient_environment: self.about.transient,
        };
        Ok(self.client.post_here("/deployments", &new, PERMISSION, "the commit").await?.json::<Found>()?.id)
    }

    async fn status(&self, id: u64, status: &Status<'_>) -> Result<(), GitHubError> {
        let path = format!("/deployments/{id}/statuses");
        self.client.post_here(&path, status, PERMISSION, "the deployment").await.map(drop)
    }

    /// What was said of a deployment last.
    async fn last(&self, id: u64) -> Result<Option<Last>, GitHubError> {
        let path = format!("/deployments/{id}/statuses?per_page=1");
        let statuses: Vec<Last> = self.client.get_here(&path, PERMISSION, "the deployment").await?.json()?;
        Ok(statuses.into_iter().next())
    }

    /// Says that nothing of this service serves there any more.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn end(&self, description: &str) -> Result<(), GitHubError> {
        let is_of_service = |found: &Found| found.mark().is_some_and(|mark| mark.service == self.about.service);
        for found in self.list().await?.into_iter().filter(is_of_service).take(MOST_EARLIER) {
            self.end_one(found.id, description).await?;
        }
        Ok(())
    }

    /// Says that one does not serve any more, where it did or was about to; its state before.
    async fn end_one(&self, id: u64, description: &str) -> Result<String, GitHubError> {
        let state = self.last(id).await?.map(|last| last.state).unwrap_or_default();
        if ["success", "in_progress", "pending", "queued"].contains(&state.as_str()) {
            let description = first_characters(description);
            let ended =
                Status { state: State::Inactive, description, log_url: None, environment_url: None, auto_inactive: false };
            self.status(id, &ended).await?;
        }
        Ok(state)
    }

    /// Whatever of this service was deployed there before does not serve any more.
    async fn end_earlier(&self, own: u64) -> Result<(), GitHubError> {
        let is_of_service = |found: &Found| found.mark().is_some_and(|mark| mark.service == self.about.service);
        let earlier = self.list().await?.into_iter().filter(|found| found.id != own && is_of_service(found));
        for found in earlier.take(MOST_EARLIER) {
            let state = self.end_one(found.id, &format!("{} serves now", self.about.revision)).await?;
            // Whatever served before this one was ended by it.
            if state == "success" {
                break;
            }
        }
        Ok(())
    }
}

fn first_characters(text: &str) -> &str {
    text.char_indices().nth(LONGEST_DESCRIPTION).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::github::{client::Token, test_server::Server};

    fn deployment(server: &Server, rollout: &str, revision: &str) -> Deployment {
        let client = Client::new(&server.url(), "o/r", &Token::new("ghs_secret")).expect("a client");
        let about = About {
            environment: "production".to_owned(),
            service: "app".to_owned(),
            rollout: rollout.to_owned(),
            revision: revision.to_owned(),
            log_url: Some("https://github.test/run".to_owned()),
            ..About::default()
        };
        Deployment::new(client, about)
    }

    fn text(state: State, description: &str) -> DeploymentText {
        DeploymentText { state, description: description.to_owned() }
    }

    fn payload(service: &str, rollout: &str, revision: &str) -> serde_json::Value {
        json!({ "espalier": { "service": service, "rollout": rollout, "revision": revision } })
    }

    #[tokio::test(flavor = "current_thread")]
    async fn it_is_created_once_on_the_head_and_every_change_is_a_status() {
        let server = Server::start().await;
        let mut ours = deployment(&server, "r-1", "app:2");
        let begun = text(State::InProgress, "begins");
        assert_eq!(ours.say(&begun, Some("abc123")).await, Ok(true));
        assert_eq!(ours.say(&begun, Some("abc123")).await, Ok(false), "nothing new");
        deployment(&server, "r-1", "app:2").say(&text(State::Failure, "bad"), None).await.expect("another job's");
        let made = server.deployments();
        assert_eq!(made.len(), 1);
        assert_eq!(
            made[0],
            json!({
                "id": 1, "ref": "abc123", "environment": "production", "description": "app:2", "auto_merge": false,
                "required_contexts": [], "payload": payload("app", "r-1", "app:2"),
            })
        );
        let own = |state: &str| ("1".to_owned(), state.to_owned());
        assert_eq!(server.statuses(), [own("in_progress"), own("failure")]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_success_ends_what_served_before_and_nobody_elses() {
        let server = Server::start().await;
        let states = [
            (payload("app", "r-1", "app:1"), "success"),
            (payload("other", "r-2", "other:1"), "success"),
            (json!(payload("app", "r-3", "app:2").to_string()), "success"),
            (payload("app", "r-4", "app:3"), "failure"),
            (json!({}), "success"),
        ];
        for (payload, state) in states {
            server.add_status(server.add_deployment("production", &payload), state);
        }
        let before = server.statuses().len();
        deployment(&server, "r-5", "app:4").say(&text(State::Success, "serves"), Some("abc123")).await.expect("said");
        let said: Vec<_> = server.statuses().split_off(before);
        assert_eq!(said, [("6".to_owned(), "success".to_owned()), ("3".to_owned(), "inactive".to_owned())]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_serves_again_is_the_deployment_of_its_revision_and_none_is_made_for_it() {
        let server = Server::start().await;
        server.add_deployment("production", &payload("app", "r-1", "app:1"));
        let mut again = deployment(&server, "r-9", "app:1");
        again.about.again = true;
        assert_eq!(again.say(&text(State::Success, "serves again"), None).await, Ok(true));
        let mut unknown = deployment(&server, "r-9", "app:0");
        unknown.about.again = true;
        assert_eq!(unknown.say(&text(State::Success, "serves again"), None).await, Ok(false));
        assert_eq!(server.statuses(), [("1".to_owned(), "success".to_owned())]);
        assert_eq!(server.deployments().len(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_write_whose_answer_is_lost_is_not_repeated_blindly() {
        let server = Server::start().await;
        let mut ours = deployment(&server, "r-1", "app:2");
        server.lose_answer_of("POST");
        ours.say(&text(State::InProgress, "begins"), Some("abc123")).await.expect_err("no answer");
        ours.say(&text(State::InProgress, "begins"), Some("abc123")).await.expect("found");
        assert_eq!((server.deployments().len(), server.statuses().len()), (1, 1));
        server.lose_answer_of("POST");
        ours.say(&text(State::Success, "done"), Some("abc123")).await.expect_err("no answer");
        ours.say(&text(State::Success, "done"), Some("abc123")).await.expect("found");
        assert_eq!(server.statuses().len(), 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_missing_permission_names_itself() {
        let server = Server::start().await;
        server.forbid("deployments");
        let said = deployment(&server, "r-1", "app:2").say(&text(State::InProgress, "begins"), Some("abc123")).await;
        assert!(said.expect_err("forbidden").to_string().contains("add `deployments: write`"));
    }
}
