//! `completions`: what makes a shell complete the command's words.

use clap::CommandFactory as _;

use super::connect;
use crate::{
    cli::{Cli, Shell},
    exit::Exit,
};

/// Prints the script of a shell.
pub(super) fn of(shell: Shell) -> Exit {
    let mut script = Vec::new();
    let generator = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Elvish => clap_complete::Shell::Elvish,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
        Shell::Zsh => clap_complete::Shell::Zsh,
    };
    clap_complete::generate(generator, &mut Cli::command(), "espalier", &mut script);
    connect::print(String::from_utf8_lossy(&script).trim_end());
    Exit::Done
}
