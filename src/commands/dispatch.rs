//! From the command line to the verb's own file.

use std::process::ExitCode;

use super::{
    abort, answer, as_findings, completions, connect, demo, deploy, diff, filter_log, iam_policy, init, lookups, opened, patch,
    preview, promote, recover, resources, resume, rollback, sandbox, schema, shift, status, verify,
};
use crate::{
    cli::{Cli, Command, Preview, Sandbox},
    exit::Error,
    settings::{Environment, FindingsFormat, Surroundings, Unsettled, resolve},
};

/// Runs the command that was asked for.
///
/// # Errors
/// Everything that ends a command without an outcome; it carries the exit code.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    filter_log::listen();
    let mut environment = Environment::of_process();
    let environment = &mut environment;
    let exit = match cli.command {
        Command::Patch(args) => {
            let (format, surroundings) = asked(args.format, environment);
            let settings = settled(environment, |it| resolve::patch(&args, it));
            as_findings::shown(settings.and_then(|settings| patch::run(&settings)), format, &surroundings)?
        }
        Command::Deploy(args) => match settled(environment, |it| resolve::deploy(&args, it)) {
            Ok(settings) => on_runtime(deploy::deploy(settings))?,
            Err(error) => {
                let who = resolve::who(&args, environment);
                return on_runtime(opened::refused(who, error));
            }
        },
        Command::Diff(args) => {
            let (format, surroundings) = asked(args.format, environment);
            // As JSON and Markdown there is the difference itself.
            let format = if format == FindingsFormat::Sarif { format } else { FindingsFormat::Text };
            let settings = settled(environment, |it| resolve::diff(&args, it));
            as_findings::shown(settings.and_then(|settings| on_runtime(diff::diff(settings))), format, &surroundings)?
        }
        Command::Verify(args) => verify::verify(&args, environment)?,
        Command::Init(args) => init::init(&args, environment)?,
        Command::IamPolicy(args) => iam_policy::iam_policy(&args, environment)?,
        Command::Shift(args) => on_runtime(shift::shift(settled(environment, |it| resolve::shift(&args, it))?))?,
        Command::Abort(args) => on_runtime(abort::abort(settled(environment, |it| resolve::abort(&args, it))?))?,
        Command::Promote(args) => on_runtime(promote::promote(settled(environment, |it| resolve::promote(&args, it))?))?,
        Command::Resume(args) => on_runtime(resume::resume(settled(environment, |it| resolve::resume(&args, it))?))?,
        Command::Recover(args) => on_runtime(recover::recover(settled(environment, |it| resolve::recover(&args, it))?))?,
        Command::Rollback(args) => on_runtime(rollback::rollback(settled(environment, |it| resolve::rollback(&args, it))?))?,
        Command::Up(args) => on_runtime(resources::up::up(settled(environment, |it| resolve::up(&args, it))?))?,
        Command::Down(args) => on_runtime(resources::down::down(settled(environment, |it| resolve::down(&args, it))?))?,
        Command::Answer(args) => on_runtime(answer::answer(&args, environment))?,
        Command::Preview(Preview::Up(args)) => {
            on_runtime(preview::up::up(settled(environment, |it| resolve::preview_up(&args, it))?))?
        }
        Command::Preview(Preview::Down(args)) => {
            let settle = |it: &_| resolve::preview(&args.previewed, args.pull_request.as_ref(), it);
            on_runtime(preview::down::down(settled(environment, settle)?))?
        }
        Command::Preview(Preview::List(args)) => {
            on_runtime(preview::list::list(settled(environment, |it| resolve::preview(&args.previewed, None, it))?))?
        }
        Command::Preview(Preview::Sweep(args)) => {
            on_runtime(preview::sweep::sweep(settled(environment, |it| resolve::preview(&args.previewed, None, it))?))?
        }
        Command::Status(args) => on_runtime(status::status(settled(environment, |it| resolve::status(&args, it))?))?,
        Command::Sandbox(Sandbox::Serve(args)) => {
            on_runtime(sandbox::serve(settled(environment, |it| resolve::sandbox_serve(&args, it))?))?
        }
        Command::Sandbox(Sandbox::Run(args)) => {
            return on_runtime(sandbox::run(settled(environment, |it| resolve::sandbox_run(&args, it))?));
        }
        Command::Schema(args) => schema::schema(&args),
        Command::Sandbox(Sandbox::Scenarios) => sandbox::scenarios(),
        Command::Completions(args) => completions::of(args.shell),
        Command::Demo => on_runtime(demo::demo(environment.stdout_is_terminal))?,
    };
    Ok(exit.into())
}

/// How what is wrong is to be shown, and where this runs.
fn asked(format: Option<FindingsFormat>, environment: &Environment) -> (FindingsFormat, Surroundings) {
    (resolve::findings_format(format, environment), Surroundings::read(environment, None))
}

/// Settings. Only where something has to be looked up first a runtime is paid for.
pub(super) fn settled<T>(
    environment: &mut Environment,
    settle: impl Fn(&Environment) -> Result<T, Unsettled>,
) -> Result<T, Error> {
    match settle(environment) {
        Err(unsettled) if !unsettled.lacking.is_empty() => on_runtime(lookups::settled(environment, settle)),
        settled => settled.map_err(|unsettled| unsettled.findings.into()),
    }
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
