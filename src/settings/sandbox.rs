//! What the sandbox's verbs are told.

use std::path::PathBuf;

use super::{AwsSettings, DeploySettings};

/// Where the sandbox's world comes from.
#[derive(Clone, Debug, Default)]
pub struct SandboxStartSettings {
    /// A scenario's name, or a file with one.
    pub scenario: Option<String>,
    /// The release to rehearse.
    pub rehearsed: Option<Rehearsed>,
    /// The account to begin with.
    pub live: Option<LiveSettings>,
}

/// A release whose names and definitions a scenario gets.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The config that was named; none where it is whatever the command inside finds, which then tells what is wrong with it.
    pub config: Option<PathBuf>,
    /// What `deploy` is told by it.
    pub release: Box<DeploySettings>,
}

/// What of an account is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Name or ARN of the cluster; the only one when `None`.
    pub cluster: Option<String>,
    /// The Lattice service: name, id or ARN; all of them when `None`.
    pub lattice_service: Option<String>,
    /// Target groups and ECS services that nothing leads to: the slots of the config.
    pub slots: Vec<(String, String)>,
}

/// What `sandbox serve` is told.
#[derive(Clone, Debug)]
pub struct SandboxServeSettings {
    /// The port; any free one when `None`.
    pub port: Option<u16>,
    /// Where to write the variables that point an SDK at the sandbox.
    pub env_file: Option<PathBuf>,
    /// The world to begin with.
    pub start: SandboxStartSettings,
    /// How many times faster than on the wall time passes; more than zero.
    pub speed: f64,
    /// Where to write every request and its answer.
    pub record: Option<PathBuf>,
}

/// What `sandbox run` is told.
#[derive(Clone, Debug)]
pub struct SandboxRunSettings {
    /// The world to begin with.
    pub start: SandboxStartSettings,
    /// Where to write the world as it is when the command has ended.
    pub snapshot: Option<PathBuf>,
    /// Where to write every request and its answer.
    pub record: Option<PathBuf>,
    /// The command and its arguments; never empty.
    pub command: Vec<String>,
}
