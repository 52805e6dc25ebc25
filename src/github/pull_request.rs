//! What only asking GitHub tells about a pull request.

use serde::Deserialize;

use super::{client::Client, error::GitHubError};

#[derive(Deserialize)]
struct PullRequest {
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

/// The commit at the head of a pull request, for events that do not carry it (`issue_comment`, `workflow_dispatch`).
///
/// # Errors
/// See [`GitHubError`]. Needs `pull-requests: read`.
pub async fn head_sha(client: &Client, number: u64) -> Result<String, GitHubError> {
    let what = format!("pull request {number}");
    let answer = client.get_here(&format!("/pulls/{number}"), "pull-requests: read", &what).await?;
    Ok(answer.json::<PullRequest>()?.head.sha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{client::Token, test_server::Server};

    #[tokio::test(flavor = "current_thread")]
    async fn the_head_is_asked_for() {
        let server = Server::start().await;
        let client = Client::new(&server.url(), "o/r", &Token::new("ghs_secret")).expect("a client");
        assert_eq!(head_sha(&client, 7).await.as_deref(), Ok("abc123"));
        assert_eq!(head_sha(&client, 8).await, Err(GitHubError::NotFound { what: "pull request 8".to_owned() }));
    }
}
