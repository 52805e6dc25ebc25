//! A comment that may be a command: what its event says, what its author may do, and reactions to it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{client::Client, comment::PERMISSION, error::GitHubError, event::EventError};

/// The comment that an `issue_comment` event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueComment {
    /// What happened to it: `created`, `edited` or `deleted`.
    pub action: String,
    /// Its id.
    pub id: u64,
    /// Its text, as it was when the event happened.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// The number of the issue or pull request that it is on.
    pub number: u64,
    /// Whether that is a pull request.
    pub is_on_pull_request: bool,
}

impl IssueComment {
    /// Reads the event's payload.
    ///
    /// # Errors
    /// See [`EventError`].
    pub fn read(payload: &str) -> Result<Self, EventError> {
        let event = || "issue_comment".to_owned();
        let payload: Value = serde_json::from_str(payload).map_err(|_| EventError::NotAnObject { event: event() })?;
        if !payload.is_object() {
            return Err(EventError::NotAnObject { event: event() });
        }
        let missing = |member| EventError::Missing { event: event(), member };
        let text = |pointer: &str, member| {
            payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| missing(member))
        };
        let number = |pointer: &str, member| payload.pointer(pointer).and_then(Value::as_u64).ok_or_else(|| missing(member));
        Ok(Self {
            action: text("/action", "`action`")?,
            id: number("/comment/id", "`comment.id`")?,
            body: text("/comment/body", "`comment.body`")?,
            author: text("/comment/user/login", "`comment.user.login`")?,
            number: number("/issue/number", "`issue.number`")?,
            is_on_pull_request: payload["issue"]["pull_request"].is_object(),
        })
    }
}

/// A reaction to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// 👀
    Eyes,
    /// 🚀
    Rocket,
    /// 😕
    Confused,
}

#[derive(Serialize)]
struct Content {
    content: Reaction,
}

/// Adds a reaction; one that is there already stays one.
///
/// # Errors
/// See [`GitHubError`].
pub async fn react(client: &Client, comment: u64, content: Reaction) -> Result<(), GitHubError> {
    let path = format!("/issues/comments/{comment}/reactions");
    client.post_here(&path, &Content { content }, PERMISSION, "the comment").await.map(|_| ())
}

#[derive(Deserialize)]
struct Collaborator {
    permission: String,
}

/// Whether somebody may write to the repository. Custom roles count as what they build on (`permission` of the API's answer).
///
/// # Errors
/// See [`GitHubError`]; that GitHub does not know the user is a no.
pub async fn may_write(client: &Client, login: &str) -> Result<bool, GitHubError> {
    let login = percent_encoding::utf8_percent_encode(login, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("/collaborators/{login}/permission");
    match client.get_here(&path, "contents: read", "the comment's author").await {
        Ok(answer) => {
            let Collaborator { permission } = answer.json()?;
            Ok(matches!(permission.as_str(), "admin" | "maintain" | "write"))
        }
        Err(GitHubError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "action": "created",
            "issue": { "number": 7, "pull_request": { "url": "u" } },
            "comment": { "id": 5, "body": "/espalier status", "user": { "login": "octocat" } },
        })
    }

    #[test]
    fn the_event_says_what_was_said_by_whom_and_where() {
        let comment = IssueComment::read(&event().to_string()).expect("a comment");
        assert_eq!((comment.id, comment.number, comment.is_on_pull_request), (5, 7, true));
        assert_eq!((comment.author.as_str(), comment.body.as_str()), ("octocat", "/espalier status"));
        let mut on_issue = event();
        on_issue["issue"] = json!({ "number": 6 });
        assert!(!IssueComment::read(&on_issue.to_string()).expect("a comment").is_on_pull_request);
    }

    #[test]
    fn malformed_payloads_say_what_is_wrong() {
        let error = |payload: &str| IssueComment::read(payload).expect_err("malformed").to_string();
        assert!(error("{").contains("not a JSON object") && error("[]").contains("not a JSON object"));
        for (pointer, member) in [
            ("/action", "`action`"),
            ("/comment/id", "`comment.id`"),
            ("/comment/body", "`comment.body`"),
            ("/comment/user/login", "`comment.user.login`"),
            ("/issue/number", "`issue.number`"),
        ] {
            for wrong in [Value::Null, json!([]), json!({ "a": 1 })] {
                let mut event = event();
                *event.pointer_mut(pointer).expect("a member") = wrong;
                assert!(error(&event.to_string()).contains(&format!("has no {member}")), "{event}");
            }
        }
    }
}
