//! Whether a token may write what reports write, found out without writing anything.
//!
//! Nothing tells the permissions of a job's token. So each write is asked for without the members that it requires: whoever may is
//! refused for what is missing (422), whoever may not is refused before (403).

use serde_json::json;

use super::{check, client::Client, comment, deployment, error::GitHubError};

/// What reports write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The comment on a pull request, by its number.
    Comment(u64),
    /// The check run.
    Check,
    /// The deployment.
    Deployment,
}

impl Report {
    /// The permission that it needs, as a workflow writes it.
    #[must_use]
    pub const fn permission(self) -> &'static str {
        match self {
            Self::Comment(_) => comment::PERMISSION,
            Self::Check => check::PERMISSION,
            Self::Deployment => deployment::PERMISSION,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Comment(_) => "the pull request comment",
            Self::Check => "the check run",
            Self::Deployment => "the deployment",
        }
    }
}

/// Whether the token may write this report.
///
/// # Errors
/// That it may not, or that GitHub does not say.
pub async fn may_write(client: &Client, report: Report) -> Result<(), GitHubError> {
    let path = match report {
        Report::Comment(number) => format!("/issues/{number}/comments"),
        Report::Check => "/check-runs".to_owned(),
        Report::Deployment => "/deployments".to_owned(),
    };
    match client.post_here(&path, &json!({}), report.permission(), report.what()).await {
        // Refused for what is missing: all else was in order.
        Err(GitHubError::Invalid { .. }) | Ok(_) => Ok(()),
        Err(other) => Err(other),
    }
}
