//! Arguments of `iam-policy`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, Format, Released, Steps};

/// Which jobs of GitHub Actions may have the role.
#[derive(Args, Clone, Debug, Default)]
pub struct Trusted {
    /// The repository on GitHub [default: GITHUB_REPOSITORY, or git's remote `origin`]
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// Trust jobs in this environment of GitHub's (repeatable) [default: production]
    #[arg(long, value_name = "NAME")]
    pub environment: Vec<String>,
    /// Trust jobs without an environment on this branch (repeatable) [default: main]
    #[arg(long, value_name = "NAME")]
    pub branch: Vec<String>,
    /// Trust jobs without an environment on pull requests: whoever may push a branch gets the role
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub pull_requests: Option<bool>,
}

/// Arguments of `iam-policy`.
#[derive(Args, Clone, Debug, Default)]
pub struct IamPolicy {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What will be released.
    #[command(flatten)]
    pub released: Released,
    /// How the weights will move.
    #[command(flatten)]
    pub steps: Steps,
    /// The AWS account, with --region, in place of asking AWS: what only AWS knows becomes a pattern
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Print the role's trust policy instead: which jobs of GitHub Actions may have it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub trust: Option<bool>,
    /// Whose jobs those are.
    #[command(flatten)]
    pub trusted: Trusted,
    /// Write the policy there instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to show it: the policy itself, or what its statements are for [default: json]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}
