//! Settings of `sandbox serve` and `sandbox run`.

use crate::{
    cli,
    definition::Finding,
    settings::{
        Environment, SandboxRunSettings, SandboxServeSettings,
        sources::{Asked, Sources},
    },
};

/// Settles what `sandbox serve` is told. The config has no part in it.
///
/// # Errors
/// Every mistake in flags and environment.
pub fn sandbox_serve(args: &cli::SandboxServe, environment: &Environment) -> Result<SandboxServeSettings, Vec<Finding>> {
    let mut sources = Sources { environment, findings: Vec::new() };
    let speed =
        sources.given(Asked::new("speed", args.speed.as_ref(), None)).map_or(1.0, |given| match given.text.parse::<f64>() {
            Ok(speed) if speed.is_finite() && speed > 0.0 => speed,
            Ok(_) | Err(_) => {
                let finding = Finding::error(given.from, format!("`{}` is not a speed", given.text));
                sources.findings.push(finding.hint("write how many times faster than on the wall time passes, such as `60`"));
                1.0
            }
        });
    let port = sources.given(Asked { flag: "port", ..Asked::default() }).and_then(|given| {
        let port = given.text.parse::<u16>();
        port.map_err(|_| sources.findings.push(Finding::error(given.from, format!("`{}` is not a port", given.text)))).ok()
    });
    let settings = SandboxServeSettings {
        port: args.port.or(port).filter(|port| *port != 0),
        env_file: sources.path("env-file", args.env_file.as_deref(), None, &environment.directory),
        scenario: sources.text(Asked::new("scenario", args.scenario.as_ref(), None)),
        speed,
        record: sources.path("record", args.record.as_deref(), None, &environment.directory),
    };
    sources.done(settings)
}

/// Settles what `sandbox run` is told.
///
/// # Errors
/// Every mistake in flags and environment.
pub fn sandbox_run(args: &cli::SandboxRun, environment: &Environment) -> Result<SandboxRunSettings, Vec<Finding>> {
    let sources = Sources { environment, findings: Vec::new() };
    let scenario = sources.text(Asked::new("scenario", args.scenario.as_ref(), None));
    let record = sources.path("record", args.record.as_deref(), None, &environment.directory);
    sources.done(SandboxRunSettings { scenario, snapshot: args.snapshot.clone(), record, command: args.command.clone() })
}
