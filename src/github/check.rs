//! The check run: created on the head of the pull request, updated in place, concluded.
//!
//! Needs `checks: write`, which only a GitHub App's token can have; `GITHUB_TOKEN` is one (REST reference, "Check runs").

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{client::Client, error::GitHubError};

/// The permission that check runs need, as a workflow writes it.
pub const PERMISSION: &str = "checks: write";
/// `output.summary` holds at most this many characters (GitHub's OpenAPI description, `checks/create`).
pub const LARGEST_SUMMARY: usize = 65_535;

/// How a check run ends; `stale` and `timed_out` are left out, since we never end in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// A person has to act before anything goes on.
    ActionRequired,
    /// Stopped by a signal or by a person.
    Cancelled,
    /// It ended badly.
    Failure,
    /// Nothing to say.
    Neutral,
    /// It ended well.
    Success,
}

/// What a check run says at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckText {
    /// One line of plain text.
    pub title: String,
    /// GitHub-flavoured Markdown.
    pub summary: String,
    /// How it ended; none while it runs.
    pub conclusion: Option<Conclusion>,
}

/// One check run, looked for before it is created.
#[derive(Debug)]
pub struct Check {
    client: Client,
    name: String,
    head_sha: String,
    external_id: String,
    details_url: Option<String>,
    found: Option<Run>,
}

#[derive(Clone, Debug, Deserialize)]
struct Run {
    id: u64,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Runs {
    #[serde(default)]
    check_runs: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_sha: Option<&'a str>,
    external_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details_url: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<Conclusion>,
    output: Output<'a>,
}

#[derive(Serialize)]
struct Output<'a> {
    title: &'a str,
    summary: &'a str,
}

impl Check {
    /// A check run called `name` on `head_sha`, told apart from others of that name by `external_id`.
    /// `details_url` is sent, but ignored by GitHub for `GITHUB_TOKEN`: say it in the summary too.
    #[must_use]
    pub const fn new(client: Client, name: String, head_sha: String, external_id: String, details_url: Option<String>) -> Self {
        Self { client, name, head_sha, external_id, details_url, found: None }
    }

    /// Makes the check run say `text`, creating it when there is none. Gives its page's URL.
    ///
    /// # Errors
    /// See [`GitHubError`]. After [`GitHubError::Unreachable`] it may exist all the same: the next call looks again.
    pub async fn say(&mut self, text: &CheckText) -> Result<Option<String>, GitHubError> {
        if self.found.is_none() {
            self.found = self.find().await?;
        }
        let answer = match &self.found {
            Some(run) => {
                let path = format!("/check-runs/{}", run.id);
                self.client.patch_here(&path, &self.body(text, None), PERMISSION, "the check run").await
            }
            None => self.client.post_here("/check-runs", &self.body(text, Some(&self.head_sha)), PERMISSION, "the commit").await,
        };
        if matches!(answer, Err(GitHubError::NotFound { .. })) {
            self.found = None;
        }
        let run: Run = answer?.json()?;
        let url = run.html_url.clone();
        self.found = Some(run);
        Ok(url)
    }

    /// Whether it is there and nobody has concluded it yet.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn is_running(&self) -> Result<bool, GitHubError> {
        let run = self.find().await?;
        Ok(run.is_some_and(|run| run.status.as_deref() != Some("completed")))
    }

    async fn find(&self) -> Result<Option<Run>, GitHubError> {
        let name = utf8_percent_encode(&self.name, NON_ALPHANUMERIC);
        let sha = utf8_percent_encode(&self.head_sha, NON_ALPHANUMERIC);
        let path = format!("/commits/{sha}/check-runs?check_name={name}&filter=all&per_page=100");
        let runs: Runs = self.client.get_here(&path, PERMISSION, "the commit").await?.json()?;
        let ours = |run: &Run| run.external_id.as_deref() == Some(&self.external_id);
        Ok(runs.check_runs.into_iter().filter_map(|run| serde_json::from_value(run).ok()).find(ours))
    }

    fn body<'a>(&'a self, text: &'a CheckText, head_sha: Option<&'a str>) -> Body<'a> {
        Body {
            name: &self.name,
            head_sha,
            external_id: &self.external_id,
            details_url: self.details_url.as_deref(),
            status: if text.conclusion.is_some() { "completed" } else { "in_progress" },
            conclusion: text.conclusion,
            output: Output {
                title: first_characters(&text.title, 255),
                summary: first_characters(&text.summary, LARGEST_SUMMARY),
            },
        }
    }
}

fn first_characters(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{client::Token, test_server::Server};

    fn text(title: &str, conclusion: Option<Conclusion>) -> CheckText {
        CheckText { title: title.to_owned(), summary: "words".to_owned(), conclusion }
    }

    fn check(server: &Server) -> Check {
        let client = Client::new(&server.url(), "o/r", &Token::new("ghs_secret")).expect("a client");
        Check::new(client, "espalier / app".to_owned(), "abc123".to_owned(), "rollout-1".to_owned(), None)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_run_is_created_once_and_then_patched() {
        let server = Server::start().await;
        let mut run = check(&server);
        let url = run.say(&text("begun", None)).await.expect("created");
        assert_eq!(url.as_deref(), Some("https://github.test/o/r/runs/1"));
        assert_eq!(run.is_running().await, Ok(true));
        run.say(&text("done", Some(Conclusion::Success))).await.expect("updated");
        assert_eq!(run.is_running().await, Ok(false));
        let stored = server.check_runs();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0]["head_sha"], "abc123");
        assert_eq!(stored[0]["status"], "completed");
        assert_eq!(stored[0]["conclusion"], "success");
        assert_eq!(stored[0]["output"]["title"], "done");
        assert_eq!(server.methods(), ["GET", "POST", "GET", "PATCH", "GET"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn another_job_of_the_same_rollout_finds_the_run_and_another_rollout_does_not() {
        let server = Server::start().await;
        check(&server).say(&text("first job", None)).await.expect("created");
        check(&server).say(&text("second job", None)).await.expect("found");
        assert_eq!(server.check_runs().len(), 1);
        let mut other = check(&server);
        other.external_id = "rollout-2".to_owned();
        other.say(&text("other", None)).await.expect("created");
        assert_eq!(server.check_runs().len(), 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_create_whose_answer_is_lost_is_not_repeated_blindly() {
        let server = Server::start().await;
        server.lose_answer_of("POST");
        let mut run = check(&server);
        let lost = run.say(&text("begun", None)).await.expect_err("no answer");
        assert!(matches!(lost, GitHubError::Unreachable { .. }), "{lost}");
        run.say(&text("begun", None)).await.expect("found");
        assert_eq!(server.check_runs().len(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_missing_permission_names_itself() {
        let server = Server::start().await;
        server.forbid("check-runs");
        let error = check(&server).say(&text("begun", None)).await.expect_err("forbidden");
        assert!(error.to_string().contains("add `checks: write`"), "{error}");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(first_characters("äöü", 2), "äö");
        assert_eq!(first_characters("äöü", 3), "äöü");
    }
}
