//! What `iam-policy` is told.

use std::path::PathBuf;

use super::{DeploySettings, Format, Previews};

/// What `iam-policy` is told.
#[derive(Clone, Debug)]
pub struct PolicySettings {
    /// The release that the role is for.
    pub release: DeploySettings,
    /// How previews are, where there are some.
    pub previews: Option<Previews>,
    /// The account, with the region of [`DeploySettings::aws`]; AWS is asked when `None`.
    pub account: Option<String>,
    /// Where it is written to; standard output when `None`.
    pub output: Option<PathBuf>,
    /// How: the policy itself as JSON, or in words.
    pub format: Format,
}
