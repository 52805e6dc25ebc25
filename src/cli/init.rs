//! Arguments of `init`.

use clap::Args;

use super::{Common, DryRun, Format, Trusted};

/// Arguments of `init`.
#[derive(Args, Clone, Debug, Default)]
pub struct Init {
    /// Config, region and role.
    #[command(flatten)]
    pub common: Common,
    /// The ECS cluster [default: the project's, or the only one that there is]
    #[arg(long)]
    pub cluster: Option<String>,
    /// The ECS service that runs [default: the project's, or the only one of the cluster]
    #[arg(long)]
    pub service: Option<String>,
    /// The Lattice service in front of it: name, id or ARN [default: the one that uses its target group]
    #[arg(long, value_name = "SERVICE")]
    pub lattice_service: Option<String>,
    /// Whose jobs the role is for.
    #[command(flatten)]
    pub trusted: Trusted,
    /// Write files that are there already, too
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub force: Option<bool>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How to show what was found and written
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}
