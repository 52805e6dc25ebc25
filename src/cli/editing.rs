//! Arguments of the verbs that help to write configs and commands.

use clap::{Args, ValueEnum};

/// Arguments of `schema`.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Schema {
    /// That of the sandbox's scenarios instead
    #[arg(long)]
    pub scenario: bool,
}

/// Arguments of `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Shells whose words can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "their names")]
pub enum Shell {
    Bash,
    Fish,
    Zsh,
}
