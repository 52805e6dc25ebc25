//! What `up` and `down` are told.

use std::time::Duration;

use super::{AwsSettings, Format, GitHubSettings, Surroundings};
use crate::resources::{Resource, next::Allowed};

/// What `up` is told.
#[derive(Clone, Debug)]
pub struct UpSettings {
    /// What `down` is told too.
    pub declared: DeclaredSettings,
    /// What may be done to what is there.
    pub allowed: Allowed,
}

/// What `down` is told.
#[derive(Clone, Debug)]
pub struct DownSettings {
    /// What `up` is told too.
    pub declared: DeclaredSettings,
    /// The cluster, where there is one; and the ECS services of the slots with the target groups that they register in.
    pub slots: Option<(String, Vec<(String, String)>)>,
}

/// What a config declares, and where.
#[derive(Clone, Debug)]
pub struct DeclaredSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// What is released: the owner of all.
    pub owner: String,
    /// The resources, each after what it needs.
    pub resources: Vec<Resource>,
    /// How long AWS may take.
    pub timeout: Duration,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}
