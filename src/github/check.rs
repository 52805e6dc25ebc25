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

/// GitHub takes at most so many in one request, and adds those of each request to what is there ("Update a check run").
const MOST_ANNOTATIONS: usize = 50;

/// Something that is wrong with a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file, from the repository's root.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: Option<u32>,
    /// What is wrong, as plain text.
    pub message: String,
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
    /// What is wrong with which line. They only ever become more.
    pub annotations: Vec<Annotation>,
}

/// One check run, looked for before it is created.
#[derive(Clone, Debug)]
pub struct Check {
    client: Client,
    name: String,
    head_sha: String,
    external_id: String,
    details_url: Option<String>,
    found: Option<Run>,
    /// How many annotations it has.
    annotated: usize,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Told {
    #[serde(default)]
    annotations_count: usize,
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
    #[serde(default)]
    output: Option<Told>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Marked<'a>>,
}

#[derive(Serialize)]
struct Marked<'a> {
    path: &'a str,
    start_line: u32,
    end_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
    annotation_level: &'static str,
    message: &'a str,
}

impl Check {
    /// A check run called `name` on `head_sha`, told apart from others of that name by `external_id`.
    /// `details_url` is sent, but ignored by GitHub for `GITHUB_TOKEN`: say it in the summary too.
    #[must_use]
    pub const fn new(client: Client, name: String, head_sha: String, external_id: String, details_url: Option<String>) -> Self {
        Self { client, name, head_sha, external_id, details_url, found: None, annotated: 0 }
    }

    /// From now on it is told apart by another `external_id`.
    pub fn is_of(&mut self, external_id: String) {
        self.external_id = external_id;
    }

    /// Makes the check run say `text`, creating it when there is none. Gives its page's URL.
    ///
    /// # Errors
    /// See [`GitHubError`]. After [`GitHubError::Unreachable`] it may exist all the same: the next call looks again.
    pub async fn say(&mut self, text: &CheckText) -> Result<Option<String>, GitHubError> {
        if self.found.is_none() {
            self.found = self.find().await?;
            let told = self.found.as_ref().and_then(|run| run.output.as_ref());
            self.annotated = told.map_or(0, |told| told.annotations_count);
        }
        loop {
            let url = self.write(text).await?;
            if self.annotated >= text.annotations.len() {
                return Ok(url);
            }
        }
    }

    /// One request, with as many of the missing annotations as it may have.
    async fn write(&mut self, text: &CheckText) -> Result<Option<String>, GitHubError> {
        let missing = text.annotations.get(self.annotated..).unwrap_or_default();
        let missing = &missing[..missing.len().min(MOST_ANNOTATIONS)];
        let answer = match &self.found {
            Some(run) => {
                let (path, body) = (format!("/check-runs/{}", run.id), self.body(text, None, missing));
                if missing.is_empty() {
                    self.client.patch_here(&path, &body, PERMISSION, "the check run").await
                } else {
                    // Sent again they would be there twice: what has arrived is looked up first.
                    self.client.patch_once_here(&path, &body, PERMISSION, "the check run").await
                }
            }
            None => {
                let body = self.body(text, Some(&self.head_sha), missing);
                self.client.post_here("/check-runs", &body, PERMISSION, "the commit").await
            }
        };
        let is_in_doubt = !missing.is_empty() && matches!(answer, Err(GitHubError::Unreachable { .. }));
        if is_in_doubt || matches!(answer, Err(GitHubError::NotFound { .. })) {
            self.found = None;
        }
        let run: Run = answer?.json()?;
        let url = run.html_url.clone();
        self.annotated += missing.len();
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

    fn body<'a>(&'a self, text: &'a CheckText, head_sha: Option<&'a str>, annotations: &'a [Annotation]) -> Body<'a> {
        let marked = |one: &'a Annotation| Marked {
            path: &one.path,
            start_line: one.line,
            end_line: one.line,
            start_column: one.column,
            end_column: one.column,
            annotation_level: "failure",
            message: first_characters(&one.message, 4096),
        };
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
                annotations: annotations.iter().map(marked).collect(),
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
        CheckText { title: title.to_owned(), summary: "words".to_owned(), conclusion, annotations: Vec::new() }
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
    async fn annotations_come_fifty_at_a_time_and_each_once() {
        let server = Server::start().await;
        let marked = |line| Annotation { path: "a.yml".to_owned(), line, column: Some(3), message: "odd".to_owned() };
        let wrong = CheckText { annotations: (1..=120).map(marked).collect(), ..text("wrong", Some(Conclusion::Failure)) };
        let mut run = check(&server);
        run.say(&text("begun", None)).await.expect("created");
        server.lose_answer_of("PATCH");
        run.say(&wrong).await.expect_err("no answer");
        run.say(&wrong).await.expect("written");
        run.say(&wrong).await.expect("written");
        assert_eq!(server.annotations(), (1..=120).collect::<Vec<u64>>());
        assert_eq!(server.methods().iter().filter(|method| *method == "PATCH").count(), 4);
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
