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
    let (command, out) = (&mut Cli::command(), &mut script);
    match shell {
        Shell::Bash => clap_complete::generate(clap_complete::shells::Bash, command, "espalier", out),
        Shell::Fish => clap_complete::generate(clap_complete::shells::Fish, command, "espalier", out),
        Shell::Zsh => clap_complete::generate(clap_complete::shells::Zsh, command, "espalier", out),
    }
    connect::print(String::from_utf8_lossy(&script).trim_end());
    Exit::Done
}
