//! From the command line to the verb's own file.

use std::process::ExitCode;

use super::{
    abort, answer, connect, demo, deploy, opened, patch, promote, recover, resume, rollback, sandbox, schema, shift, status,
};
use crate::{
    cli::{Cli, Command, Sandbox},
    exit::Error,
    settings::{Environment, Surroundings, resolve},
};

/// Runs the command that was asked for.
///
/// # Errors
/// Everything that ends a command without an outcome; it carries the exit code.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    let environment = Environment::of_process();
    let exit = match cli.command {
        Command::Patch(args) => patch::run(&resolve::patch(&args, &environment)?)?,
        Command::Deploy(args) => match resolve::deploy(&args, &environment) {
            Ok(settings) => on_runtime(deploy::deploy(settings))?,
            Err(findings) => {
                let who = resolve::who(&args, &environment);
                return on_runtime(opened::refused(who, findings.into()));
            }
        },
        Command::Shift(args) => on_runtime(shift::shift(resolve::shift(&args, &environment)?))?,
        Command::Abort(args) => on_runtime(abort::abort(resolve::abort(&args, &environment)?))?,
        Command::Promote(args) => on_runtime(promote::promote(resolve::promote(&args, &environment)?))?,
        Command::Resume(args) => on_runtime(resume::resume(resolve::resume(&args, &environment)?))?,
        Command::Recover(args) => on_runtime(recover::recover(resolve::recover(&args, &environment)?))?,
        Command::Rollback(args) => on_runtime(rollback::rollback(resolve::rollback(&args, &environment)?))?,
        Command::Answer(args) => on_runtime(answer::answer(&args, &environment))?,
        Command::Status(args) => on_runtime(status::status(resolve::status(&args, &environment)?))?,
        Command::Sandbox(Sandbox::Serve(args)) => on_runtime(sandbox::serve(resolve::sandbox_serve(&args, &environment)?))?,
        Command::Sandbox(Sandbox::Run(args)) => return on_runtime(sandbox::run(resolve::sandbox_run(&args, &environment)?)),
        // The only file so far whose schema there is; clap has seen to it that it was asked for.
        Command::Schema(_) => schema::of_scenarios(),
        Command::Sandbox(Sandbox::Scenarios) => sandbox::scenarios(),
        Command::Demo => on_runtime(demo::demo(environment.stdout_is_terminal))?,
    };
    Ok(exit.into())
}

/// An error as the process prints it: in a job of GitHub Actions as commands that GitHub shows on the lines of the files.
#[must_use]
pub fn in_words(error: &Error) -> String {
    let surroundings = Surroundings::read(&Environment::of_process(), None);
    if !surroundings.runner.is_actions {
        return error.to_string();
    }
    connect::base(&surroundings).commands(&opened::problems(error))
}

/// Commands that wait for the network run here; the others never pay for it.
pub(super) fn on_runtime<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::malfunction("the asynchronous runtime cannot start", &error))?.block_on(work)
}
