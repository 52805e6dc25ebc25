//! The only reader of the process's environment.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use crate::definition::template::{Answer, Reference};

/// The variables that are set, and whether standard output is a terminal.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// What references in settings and definitions were found to be so far.
    pub answers: BTreeMap<Reference, Answer>,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// The directory that relative paths start from; empty for the process's own.
    pub directory: PathBuf,
}

impl Environment {
    /// That of this process. Variables that are not UTF-8 are left out: none of ours can be.
    #[must_use]
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { stdout_is_terminal: io::stdout().is_terminal(), ..Self::of(variables) }
    }

    /// One made of pairs.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect(), ..Self::default() }
    }

    /// The same, with relative paths starting from `directory`.
    #[cfg(test)]
    pub(crate) fn in_directory(self, directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), ..self }
    }

    /// A variable that is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// All variables that are set, empty ones included: what templates can ask for.
    #[must_use]
    pub const fn all(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The variables whose names start like this, with their names.
    pub fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables
            .iter()
            .filter(move |(name, value)| name.starts_with(prefix) && !value.trim().is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
