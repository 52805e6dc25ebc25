//! What the verbs take that act on a recorded rollout.

use std::path::PathBuf;

use clap::Args;

use super::releases::{Common, DryRun, Format, Reporting};

/// Which rollout a command is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Which {
    /// The Lattice service whose rollout it is: name, id or ARN
    #[arg(long, value_name = "SERVICE")]
    pub lattice_service: Option<String>,
    /// Or one of its traffic targets: the ARN of a rule or listener
    #[arg(long, value_name = "ARN", conflicts_with = "lattice_service")]
    pub traffic_target: Option<String>,
    /// Only this rollout: one that is over, or another one, is left alone
    #[arg(long, value_name = "ID")]
    pub rollout_id: Option<String>,
}

/// Arguments of `promote`.
#[derive(Args, Clone, Debug, Default)]
pub struct Promote {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Which rollout.
    #[command(flatten)]
    pub which: Which,
    /// Only where it waits before this step, counted from 1
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<String>,
    /// Release later holds too: every step is still walked and watched
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub full: Option<bool>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `resume`.
#[derive(Args, Clone, Debug, Default)]
pub struct Resume {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Which rollout.
    #[command(flatten)]
    pub which: Which,
    /// Only where a cancelled job left it before this step, counted from 1
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<String>,
    /// Every Lattice service of the region: roll back what no job holds any more, finish what is decided, look after held
    /// rollouts
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub all: Option<bool>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `recover`.
#[derive(Args, Clone, Debug, Default)]
pub struct Recover {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Which rollout.
    #[command(flatten)]
    pub which: Which,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `abort`.
#[derive(Args, Clone, Debug, Default)]
pub struct Abort {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Which rollout.
    #[command(flatten)]
    pub which: Which,
    /// The target group that is to have all traffic, where no record says it
    #[arg(long, value_name = "TARGET_GROUP")]
    pub to: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Restore even when that side has no healthy targets
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub force: Option<bool>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `rollback`.
#[derive(Args, Clone, Debug, Default)]
pub struct Rollback {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Which rollout.
    #[command(flatten)]
    pub which: Which,
    /// Only if this is the revision that it goes back to: FAMILY:NUMBER
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `status`.
#[derive(Args, Clone, Debug, Default)]
pub struct Status {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// The Lattice service: name, id or ARN
    #[arg(long, value_name = "SERVICE")]
    pub lattice_service: Option<String>,
    /// Show it again whenever something has changed, until the rollout has ended
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub watch: Option<bool>,
    /// How to show it
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// Arguments of `answer`.
#[derive(Args, Clone, Debug, Default)]
pub struct Answer {
    /// The config of a service that can be asked for (repeatable) [default: espalier.yml, if there is one]
    #[arg(short, long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// The AWS region
    #[arg(long)]
    pub region: Option<String>,
    /// The role to assume through GitHub's OIDC token, an ARN [default: the credentials of the job]
    #[arg(long, value_name = "ARN")]
    pub aws_role: Option<String>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}
