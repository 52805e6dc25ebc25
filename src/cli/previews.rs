//! Arguments of `preview`.

use clap::{Args, Subcommand};

use super::{
    asked::Asked,
    releases::{Common, DryRun, Released, Reporting},
};

/// The verbs of `preview`.
#[derive(Debug, Subcommand)]
pub enum Preview {
    /// Bring up the preview of a pull request, or have it run its new commit
    Up(Asked<PreviewUp>),
    /// Take away the preview of a pull request
    Down(Asked<PreviewDown>),
    /// List the previews of the service
    List(Asked<PreviewList>),
    /// Take away every preview whose pull request is closed or whose time to live is over
    Sweep(Asked<PreviewSweep>),
}

/// Which previews.
#[derive(Args, Clone, Debug, Default)]
pub struct Previewed {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// The ECS cluster: name or ARN
    #[arg(long)]
    pub cluster: Option<String>,
    /// The service whose previews they are
    #[arg(long)]
    pub service: Option<String>,
    /// The Lattice service: name, id or ARN
    #[arg(long, value_name = "SERVICE")]
    pub lattice_service: Option<String>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `preview up`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewUp {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// The pull request [default: the one that the job is about]
    #[arg(long, value_name = "NUMBER")]
    pub pull_request: Option<String>,
    /// What it runs.
    #[command(flatten)]
    pub released: Released,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `preview down`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewDown {
    /// Which previews.
    #[command(flatten)]
    pub previewed: Previewed,
    /// The pull request [default: the one that the job is about]
    #[arg(long, value_name = "NUMBER")]
    pub pull_request: Option<String>,
}

/// Arguments of `preview list`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewList {
    /// Which previews.
    #[command(flatten)]
    pub previewed: Previewed,
}

/// Arguments of `preview sweep`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewSweep {
    /// Which previews.
    #[command(flatten)]
    pub previewed: Previewed,
}
