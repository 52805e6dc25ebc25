//! How GitHub is.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How GitHub is for the whole of a scenario; single failures are `faults`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GithubMode {
    /// It works, and the token may write.
    #[default]
    Ok,
    /// The token may read only, as on a pull request from a fork: every write is 403.
    ReadOnly,
    /// Every request is 503.
    Outage,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["number"])))]
pub struct PullRequestSeed {
    /// Its number; 7 is the one that the job of this world is about.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub number: u64,
    /// It is open.
    pub open: bool,
    /// Its branch.
    pub branch: String,
    /// Its last commit: forty hexadecimal digits.
    #[cfg_attr(test, schemars(regex(pattern = r"^[0-9a-f]{40}$")))]
    pub head: String,
    /// The branch lies in another repository.
    pub fork: bool,
    /// Its labels.
    pub labels: Vec<String>,
}

impl Default for PullRequestSeed {
    /// The one that the job of this world is about, but for its number.
    fn default() -> Self {
        let (branch, head) = ("release".to_owned(), "5eed".repeat(10));
        Self { number: 0, open: true, branch, head, fork: false, labels: Vec::new() }
    }
}
