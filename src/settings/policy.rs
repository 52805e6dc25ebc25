//! What `iam-policy` is told.

use std::path::PathBuf;

use super::{AwsSettings, DeploySettings, Format, Previews, Surroundings};

/// What `iam-policy` is told.
#[derive(Clone, Debug)]
pub struct PolicySettings {
    /// The release that the role is for.
    pub release: DeploySettings,
    /// The role itself, where that is not the one that is assumed.
    pub role: Option<String>,
    /// How previews are, where there are some.
    pub previews: Option<Previews>,
    /// The account, with the region of [`DeploySettings::aws`]; AWS is asked when `None`.
    pub account: Option<String>,
    /// Where it is written to; standard output when `None`.
    pub output: Option<PathBuf>,
    /// How: the policy itself as JSON, or in words.
    pub format: Format,
}

/// What `iam-policy --trust` is told.
#[derive(Clone, Debug)]
pub struct TrustSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// The account; AWS is asked when `None`.
    pub account: Option<String>,
    /// Who is trusted.
    pub trusted: Trusted,
    /// Where it is written to; standard output when `None`.
    pub output: Option<PathBuf>,
    /// Where this runs.
    pub surroundings: Surroundings,
}

/// Which jobs of GitHub Actions may have the role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// `OWNER/NAME`, with ids where the repository's tokens have them; none where nobody says.
    pub repository: Option<String>,
    /// Jobs in these environments.
    pub environments: Vec<String>,
    /// Jobs without one, on these branches.
    pub branches: Vec<String>,
    /// Jobs without one, on pull requests.
    pub pull_requests: bool,
}
