//! What `preview` is told.

use std::time::Duration;

use super::{AwsSettings, DeploySettings, Format, GitHubSettings, Surroundings};
use crate::{
    definition::{Given, request::Variable},
    preview::{reach::Reach, size::Size},
};

/// How the previews of a service are: `preview:` in the config.
#[derive(Clone, Debug)]
pub struct Previews {
    /// What their names begin with; the service's name when `None`.
    pub prefix: Option<String>,
    /// How they are reached.
    pub reach: Reach,
    /// The header of their requests, in small letters.
    pub header: String,
    /// The listener for their rules; that of `lattice` when `None`.
    pub listener: Option<Given>,
    /// The networks that services of their own are in; those of the real service when empty.
    pub networks: Vec<String>,
    /// How much there is of each.
    pub size: Size,
    /// Variables that their containers get.
    pub environment: Vec<Variable>,
    /// A filter over the service definition, after all others.
    pub overrides: Option<Given>,
    /// A filter over the task definition.
    pub task_overrides: Option<Given>,
    /// How long they are there after the last push; until the pull request is closed when `None`.
    pub ttl: Option<Duration>,
    /// The label that allows the pull request of a fork.
    pub fork_label: Option<String>,
    /// How long one may take to be healthy, or to be gone.
    pub timeout: Duration,
    /// Where one is to be seen, where that is not the address that Lattice gives it.
    pub url: Option<String>,
    /// What Service Quotas says of "Rules per listener", where that was raised.
    pub rules_per_listener: Option<u32>,
    /// What it says of "Target groups per service".
    pub groups_per_service: Option<u32>,
}

impl Default for Previews {
    fn default() -> Self {
        Self {
            prefix: None,
            reach: Reach::Auto,
            header: "x-espalier-preview".to_owned(),
            listener: None,
            networks: Vec::new(),
            size: Size::default(),
            environment: Vec::new(),
            overrides: None,
            task_overrides: None,
            ttl: Some(Duration::from_secs(7 * 24 * 60 * 60)),
            fork_label: None,
            timeout: Duration::from_secs(15 * 60),
            url: None,
            rules_per_listener: None,
            groups_per_service: None,
        }
    }
}

/// What the verbs of `preview` are told.
#[derive(Clone, Debug)]
pub struct PreviewSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Name or ARN of the cluster.
    pub cluster: String,
    /// Whose previews they are.
    pub service: String,
    /// The Lattice service: name, id or ARN.
    pub lattice_service: String,
    /// Its listener for their rules.
    pub listener: Option<String>,
    /// How they are.
    pub previews: Previews,
    /// The pull request; the event's when `None`.
    pub pull_request: Option<u64>,
    /// The slots' target groups: what theirs are made like, and what a release needs room for.
    pub slots: Vec<String>,
    /// Releases make a test rule.
    pub test_rule: bool,
    /// What would be released: `preview up` runs it.
    pub release: Option<Box<DeploySettings>>,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

impl PreviewSettings {
    /// What their names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.previews.prefix.as_deref().unwrap_or(&self.service)
    }
}
