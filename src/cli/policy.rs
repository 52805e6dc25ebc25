//! Arguments of `iam-policy`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, Format, Released, Steps};

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
    /// Write the policy there instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to show it: the policy itself, or what its statements are for [default: json]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}
