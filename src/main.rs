//! The binary: parse, run, print, exit.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use espalier::{cli::Cli, commands};

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => commands::run(cli),
        // Help and version are "errors" of clap's that go to stdout and exit 0; usage errors exit 2.
        Err(error) => {
            let printed = error.print();
            return if error.use_stderr() || printed.is_err() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // Where stderr is closed the exit code still tells.
            let _ = writeln!(io::stderr(), "{}", commands::in_words(&error));
            error.exit.into()
        }
    }
}
