//! `sandbox serve`, `sandbox run`, `sandbox scenarios`.

use std::{
    path::Path,
    process::{ExitCode, ExitStatus},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{connect, start};
use crate::{
    exit::{Error, Exit},
    sandbox::{
        scenario::{self, Scenario},
        serve::{self, Mode, Running, Serve},
    },
    settings::{SandboxRunSettings, SandboxServeSettings},
    signals::Signals,
};

/// Variables of the outer environment that would send a command past the sandbox, or change what it is told there.
const OUTER: [&str; 9] = [
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_VPC_LATTICE",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    // The action's input; the sandbox's GitHub knows one token only, and another one is nobody's to show around.
    "ESPALIER_GITHUB_TOKEN",
];

/// `sandbox serve`: until a signal comes.
///
/// # Errors
/// An unknown scenario, a port that cannot be had, a file that cannot be written.
pub(crate) async fn serve(settings: SandboxServeSettings) -> Result<Exit, Error> {
    let mut signals = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    let mode = Mode::Scaled(settings.speed);
    let scenario = start::world(&settings.start).await?;
    let SandboxServeSettings { port, env_file, record, .. } = settings;
    let running = started(Serve { port: port.unwrap_or(0), env_file, record, scenario, mode }).await?;
    let mut lines = vec![format!("sandbox ready on http://{}", running.addr)];
    lines.extend(running.environment().into_iter().map(|(name, value)| format!("export {name}={value}")));
    connect::print(&lines.join("\n"));
    signals.first().await;
    let recorded = recorded(&running);
    running.shutdown().await;
    recorded.map(|()| Exit::Done)
}

/// `sandbox run`: a command inside, on a clock that waits for nobody. Ends as the command did.
///
/// # Errors
/// An unknown scenario, or a command that cannot be started.
pub(crate) async fn run(settings: SandboxRunSettings) -> Result<ExitCode, Error> {
    let scenario = start::world(&settings.start).await?;
    let config = settings.start.rehearsed.as_ref().and_then(|it| it.config.as_deref());
    let options = Serve { port: 0, env_file: None, record: settings.record, scenario, mode: Mode::Stepped };
    let running = started(options).await?;
    let status = child(&running, &settings.command, Path::new("."), config).await?;
    let world = running.snapshot();
    let recorded = recorded(&running);
    running.shutdown().await;
    recorded?;
    if let Some(path) = &settings.snapshot {
        std::fs::write(path, format!("{world:#}\n"))
            .map_err(|error| Error::malfunction(format!("cannot write {}", path.display()), &error))?;
    }
    Ok(code(status))
}

/// `sandbox scenarios`.
pub(crate) fn scenarios() -> Exit {
    let all = scenario::built_in();
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<_> = all.into_iter().map(|(name, description)| format!("{name:width$}  {description}")).collect();
    connect::print(&lines.join("\n"));
    Exit::Done
}

/// Runs a command that lives in this sandbox, with this config unless it is told another; gives how it ended.
///
/// # Errors
/// When it cannot be started.
pub(super) async fn child(
    running: &Running,
    command: &[String],
    folder: &Path,
    config: Option<&Path>,
) -> Result<ExitStatus, Error> {
    // A signal from the terminal reaches the command too; it decides what to do, and we wait for it.
    let _listening = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    let (program, arguments) = program(command)?;
    let mut child = tokio::process::Command::new(&program);
    child.args(arguments).current_dir(folder).envs(running.environment());
    for name in OUTER {
        child.env_remove(name);
    }
    if let Some(config) = config {
        child.env("ESPALIER_CONFIG", config);
    }
    let refused = |error: std::io::Error| {
        Error::new(Exit::Invalid, format!("cannot run `{}`: {error}", command.first().map_or("", String::as_str)))
            .hint("after `--` write a verb of espalier, such as `deploy`, or a command that is on PATH")
    };
    let mut cancels = running.cancels();
    let mut child = child.spawn().map_err(refused)?;
    loop {
        tokio::select! {
            biased;
            ended = child.wait() => return ended.map_err(refused),
            Some(_told) = cancels.recv() => cancel(&child),
        }
    }
}

/// As GitHub's runner does: SIGINT to what it started, and to nothing that this started.
fn cancel(child: &tokio::process::Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // One that is gone needs no telling.
    let _sent = id.map(|id| kill_process(id, Signal::INT));
}

/// Our own verbs run this binary; anything else comes from PATH.
fn program(command: &[String]) -> Result<(std::ffi::OsString, &[String]), Error> {
    let (first, rest) = command.split_first().ok_or_else(|| Error::invalid("there is no command to run after `--`"))?;
    let ours = <crate::cli::Cli as clap::CommandFactory>::command().get_subcommands().any(|verb| verb.get_name() == first);
    if !ours {
        return Ok((first.into(), rest));
    }
    let own = std::env::current_exe().map_err(|error| Error::malfunction("cannot find this binary", &error))?;
    Ok((own.into(), command))
}

/// A sandbox on any free port.
pub(super) async fn begin(scenario: Scenario, mode: Mode) -> Result<Running, Error> {
    started(Serve { port: 0, env_file: None, record: None, scenario, mode }).await
}

/// Whether every line of `--record` was written.
fn recorded(running: &Running) -> Result<(), Error> {
    running.recorded().map_err(|error| Error::malfunction("the record is not complete", &error))
}

async fn started(options: Serve) -> Result<Running, Error> {
    serve::start(options).await.map_err(|error| Error::malfunction("the sandbox cannot start", &error))
}

/// The child's own code; 128 and the signal's number where it was killed, as shells have it.
fn code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
