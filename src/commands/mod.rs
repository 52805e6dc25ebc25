//! One file per verb; each reads top to bottom: settings, definitions, work, exit code.
//!
//! [`run`] is the only way in.

pub mod patch;

use crate::{
    cli::{Cli, Command},
    exit::{Error, Exit},
    settings::{Environment, resolve},
};

/// Runs the command that was asked for.
///
/// # Errors
/// Everything that ends a command without an outcome; it carries the exit code.
pub fn run(cli: Cli) -> Result<Exit, Error> {
    let environment = Environment::of_process();
    match cli.command {
        Command::Patch(args) => patch::run(&resolve::patch(&args, &environment)?),
        Command::Deploy(_)
        | Command::Shift(_)
        | Command::Abort(_)
        | Command::Rollback(_)
        | Command::Status(_)
        | Command::Sandbox(_)
        | Command::Demo => on_runtime(not_built()),
    }
}

/// Commands that wait for the network run here; the others never pay for it.
fn on_runtime(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::malfunction("the asynchronous runtime cannot start", &error))?.block_on(work)
}

async fn not_built() -> Result<Exit, Error> {
    Err(Error::new(Exit::Malfunction, "this command is not built yet"))
}
