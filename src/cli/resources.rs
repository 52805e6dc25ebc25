//! Arguments of `up` and `down`.

use clap::Args;

use super::{Common, DryRun, Reporting};

/// Arguments of `up`.
#[derive(Args, Clone, Debug, Default)]
pub struct Up {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What is released: names come from it
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Take over what exists under these names and has no owner
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub adopt: Option<bool>,
    /// Take away and make again what cannot be changed, with everything that needs it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub replace: Option<bool>,
    /// How long AWS may take [default: 10m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `down`.
#[derive(Args, Clone, Debug, Default)]
pub struct Down {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What is released: names come from it
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// The ECS cluster, name or ARN, in which the slots' services are looked for
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// How long AWS may take [default: 20m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}
