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
