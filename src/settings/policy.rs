//! What `iam-policy` is told.

use std::path::PathBuf;

use super::{AwsSettings, DeploySettings, DownSettings, Format, Previews, Surroundings, Templating};

/// What `iam-policy` is told.
#[derive(Clone, Debug)]
pub struct PolicySettings {
    /// The release that the role is for; none where the config has no definitions, and declares resources.
    pub release: Option<DeploySettings>,
    /// The resources that it declares, where it does.
    pub declared: Option<DownSettings>,
    /// The role itself, where that is not the one that is assumed.
    pub role: Option<String>,
    /// Where Terraform's states are.
    pub templating: Templating,
    /// How previews are, where there are some.
    pub previews: Option<Previews>,
    /// The account, with the region of [`PolicySettings::place`]; AWS is asked when `None`.
    pub account: Option<String>,
    /// Where it is written to; standard output when `None`.
    pub output: Option<PathBuf>,
    /// How: the policy itself as JSON, or in words.
    pub format: Format,
}

impl PolicySettings {
    /// Where AWS is, and where this runs.
    #[must_use]
    pub fn place(&self) -> Option<(&AwsSettings, &Surroundings)> {
        let declared = self.declared.as_ref().map(|it| (&it.declared.aws, &it.declared.surroundings));
        self.release.as_ref().map(|release| (&release.aws, &release.surroundings)).or(declared)
    }
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
