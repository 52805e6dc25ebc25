//! What is told of findings.

use std::path::PathBuf;

use super::{FindingsFormat, Surroundings};

/// How findings are shown, and where.
#[derive(Clone, Debug, Default)]
pub struct FindingsSettings {
    /// How.
    pub format: FindingsFormat,
    /// The file that they are written to; standard output when `None`.
    pub output: Option<PathBuf>,
    /// The config, for what is about no other file.
    pub config: String,
    /// The rest of the environment.
    pub surroundings: Surroundings,
}
