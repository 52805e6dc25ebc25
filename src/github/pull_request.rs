//! What only asking GitHub tells about a pull request.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{client::Client, error::GitHubError, event::Subject};
use crate::preview::admit;

/// The permission that it needs, as a workflow writes it.
const PERMISSION: &str = "pull-requests: read";

#[derive(Clone, Debug, Deserialize)]
struct PullRequest {
    #[serde(default)]
    number: u64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    merge_commit_sha: Option<String>,
    head: Head,
    #[serde(default)]
    labels: Vec<Label>,
}

#[derive(Clone, Debug, Deserialize)]
struct Label {
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Head {
    sha: String,
    #[serde(default, rename = "ref")]
    branch: String,
    /// None where the repository is gone.
    #[serde(default)]
    repo: Option<Repository>,
}

#[derive(Clone, Debug, Deserialize)]
struct Repository {
    #[serde(default)]
    full_name: String,
}

/// Where a report belongs: a pull request and a commit, each asked for once where the event does not say it.
#[derive(Clone, Debug)]
pub struct Spot {
    client: Client,
    pull_request: Option<u64>,
    commit: Option<String>,
    /// The pull request may be found by the commit, and was not looked for yet.
    by_commit: bool,
}

impl Spot {
    /// Where a report about this belongs.
    #[must_use]
    pub fn new(client: Client, subject: &Subject) -> Self {
        let by_commit = subject.is_of_commit && subject.pull_request.is_none() && subject.head_sha.is_some();
        Self { client, pull_request: subject.pull_request, commit: subject.head_sha.clone(), by_commit }
    }

    /// Whether there may be a pull request.
    #[must_use]
    pub const fn may_have_pull_request(&self) -> bool {
        self.pull_request.is_some() || self.by_commit
    }

    /// Whether there may be a commit.
    #[must_use]
    pub const fn may_have_commit(&self) -> bool {
        self.pull_request.is_some() || self.commit.is_some()
    }

    /// The pull request; none where the commit belongs to none, or to several.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn pull_request(&mut self) -> Result<Option<u64>, GitHubError> {
        if let (true, Some(sha)) = (self.by_commit, &self.commit) {
            self.pull_request = of_commit(&self.client, sha).await?;
            self.by_commit = false;
        }
        Ok(self.pull_request)
    }

    /// The commit: the head of the pull request, for events that do not carry it (`issue_comment`, `workflow_dispatch`).
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn commit(&mut self) -> Result<Option<String>, GitHubError> {
        if let (None, Some(number)) = (&self.commit, self.pull_request) {
            let what = format!("pull request {number}");
            let answer = self.client.get_here(&format!("/pulls/{number}"), PERMISSION, &what).await?;
            self.commit = Some(answer.json::<PullRequest>()?.head.sha);
        }
        Ok(self.commit.clone())
    }
}

/// A pull request as it stands.
///
/// # Errors
/// See [`GitHubError`].
pub async fn read(client: &Client, number: u64) -> Result<admit::PullRequest, GitHubError> {
    let what = format!("pull request {number}");
    let pull: PullRequest = client.get_here(&format!("/pulls/{number}"), PERMISSION, &what).await?.json()?;
    let is_here = |repository: &Repository| repository.full_name.eq_ignore_ascii_case(client.repository());
    Ok(admit::PullRequest {
        number,
        is_open: pull.state == "open",
        from_fork: !pull.head.repo.as_ref().is_some_and(is_here),
        head: pull.head.sha,
        branch: pull.head.branch,
        labels: pull.labels.into_iter().map(|label| label.name).collect(),
    })
}

/// The pull request that brought a commit, else the only open one that ends in it.
async fn of_commit(client: &Client, sha: &str) -> Result<Option<u64>, GitHubError> {
    let path = format!("/commits/{}/pulls?per_page=100", utf8_percent_encode(sha, NON_ALPHANUMERIC));
    let answer = client.get_here(&path, PERMISSION, "the commit").await?;
    let all = answer.json::<Vec<serde_json::Value>>()?;
    let all: Vec<PullRequest> = all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
    Ok(chosen(&all, sha))
}

fn chosen(all: &[PullRequest], sha: &str) -> Option<u64> {
    let only = |fits: &dyn Fn(&PullRequest) -> bool| {
        let mut fitting = all.iter().filter(|one| fits(one));
        fitting.next().filter(|_| fitting.next().is_none()).map(|one| one.number)
    };
    // An open one's merge commit is only GitHub's trial of the merge.
    let brought = only(&|one| one.state != "open" && one.merge_commit_sha.as_deref() == Some(sha));
    brought.or_else(|| only(&|one| one.state == "open" && one.head.sha == sha))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{client::Token, test_server::Server};

    fn spot(server: &Server, subject: &Subject) -> Spot {
        Spot::new(Client::new(&server.url(), "o/r", &Token::new("ghs_secret")).expect("a client"), subject)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_head_is_asked_for_once() {
        let server = Server::start().await;
        let mut known = spot(&server, &Subject { pull_request: Some(7), ..Subject::default() });
        assert_eq!(known.commit().await, Ok(Some("abc123".to_owned())));
        assert_eq!(known.commit().await, Ok(Some("abc123".to_owned())));
        assert_eq!(server.paths(), ["/api/v3/repos/o/r/pulls/7"]);
        let mut unknown = spot(&server, &Subject { pull_request: Some(8), ..Subject::default() });
        assert_eq!(unknown.commit().await, Err(GitHubError::NotFound { what: "pull request 8".to_owned() }));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_pushed_commit_leads_to_its_pull_request() {
        let server = Server::start().await;
        let pushed = Subject { head_sha: Some("abc123".to_owned()), is_of_commit: true, ..Subject::default() };
        let mut pushed = spot(&server, &pushed);
        assert!(pushed.may_have_pull_request());
        assert_eq!(pushed.pull_request().await, Ok(Some(7)));
        assert_eq!(pushed.pull_request().await, Ok(Some(7)));
        assert_eq!(server.paths(), ["/api/v3/repos/o/r/commits/abc123/pulls?per_page=100"]);
        let scheduled = Subject { head_sha: Some("abc123".to_owned()), ..Subject::default() };
        assert!(!spot(&server, &scheduled).may_have_pull_request());
    }

    #[test]
    fn the_one_that_was_merged_comes_before_the_open_one_and_several_are_none() {
        let one = |number, state: &str, merged: &str, head: &str| PullRequest {
            number,
            state: state.to_owned(),
            merge_commit_sha: Some(merged.to_owned()),
            head: Head { sha: head.to_owned(), branch: String::new(), repo: None },
            labels: Vec::new(),
        };
        let merged = one(1, "closed", "sha", "x");
        let open = one(2, "open", "y", "sha");
        let trial = one(3, "open", "sha", "z");
        assert_eq!(chosen(&[open.clone(), merged.clone(), trial.clone()], "sha"), Some(1));
        assert_eq!(chosen(&[open.clone(), trial], "sha"), Some(2));
        assert_eq!(chosen(&[open.clone(), one(4, "open", "y", "sha")], "sha"), None);
        assert_eq!(chosen(&[merged.clone(), one(5, "closed", "sha", "x")], "sha"), None);
        assert_eq!(chosen(&[one(6, "closed", "w", "sha")], "sha"), None);
    }
}
