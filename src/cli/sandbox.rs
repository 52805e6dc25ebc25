//! The verbs of the sandbox.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The verbs of `sandbox`.
#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Serve until a signal comes
    Serve(SandboxServe),
    /// Run a command inside, on a clock that waits for nobody; espalier's own verbs run this binary
    Run(SandboxRun),
    /// List what can be rehearsed
    Scenarios,
}

/// Where the sandbox's world comes from.
#[derive(Args, Clone, Debug, Default)]
pub struct SandboxStart {
    /// A scenario's name, or a file with one [default: promoted]
    #[arg(long, value_name = "NAME|FILE")]
    pub scenario: Option<String>,
    /// Rehearse this config: the scenario's cluster, services, listener and groups get its names and its definitions
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Begin with what an AWS account holds: a look at it that writes nothing; the scenario says the rest
    #[arg(long)]
    pub from_live: bool,
    /// The account's region
    #[arg(long, requires = "from_live")]
    pub region: Option<String>,
    /// The account's ECS cluster, name or ARN [default: the config's, or the only one]
    #[arg(long, requires = "from_live")]
    pub cluster: Option<String>,
    /// The account's Lattice service: name, id or ARN [default: the config's, or all]
    #[arg(long, value_name = "SERVICE", requires = "from_live")]
    pub lattice_service: Option<String>,
}

/// Arguments of `sandbox serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct SandboxServe {
    /// The port to serve on [default: any free one]
    #[arg(long)]
    pub port: Option<u16>,
    /// Write the variables there that point an SDK at the sandbox; `set -a; . FILE; set +a` exports them
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// The world to begin with.
    #[command(flatten)]
    pub start: SandboxStart,
    /// How many times faster than the clock on the wall time passes [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<String>,
    /// Write every request and its answer there, JSON lines; tokens and secrets are masked
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Arguments of `sandbox run`.
#[derive(Args, Clone, Debug, Default)]
pub struct SandboxRun {
    /// The world to begin with.
    #[command(flatten)]
    pub start: SandboxStart,
    /// Rehearse the config that the command inside finds, and what variables say; where that is no whole release, or the
    /// command is `up`, the scenario's names stay
    #[arg(long, conflicts_with_all = ["config", "from_live"])]
    pub rehearse: bool,
    /// Write the world there as it is when the command has ended, JSON
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// Write every request and its answer there, JSON lines; tokens and secrets are masked
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}
