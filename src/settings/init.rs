//! What `init` is told, and what it finds beside.

use std::path::PathBuf;

use super::{AwsSettings, Format, Surroundings, policy::Trusted};

/// What `init` is told.
#[derive(Clone, Debug)]
pub struct InitSettings {
    /// Where AWS is. Its role is not assumed: it is the one that releases are going to have.
    pub aws: AwsSettings,
    /// The role of the releases.
    pub role: Option<String>,
    /// The ECS cluster.
    pub cluster: Option<String>,
    /// The ECS service.
    pub service: Option<String>,
    /// The Lattice service.
    pub lattice_service: Option<String>,
    /// The config that is to be written.
    pub config: PathBuf,
    /// The project of ecspresso's that is there, as the config would name it.
    pub ecspresso: Option<String>,
    /// The Terraform state that is there: as it is read, and as the config would name it.
    pub state: Option<(String, String)>,
    /// Which jobs may have the role.
    pub trusted: Trusted,
    /// Whether files that are there are written anew.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// How it is told.
    pub format: Format,
    /// Where this runs.
    pub surroundings: Surroundings,
}
