//! Settings of `sandbox serve` and `sandbox run`.

use super::{common::surroundings, release::deploy};
use crate::{
    cli,
    definition::{Finding, template::Reference},
    settings::{
        DeploySettings, Environment, LiveSettings, Rehearsed, SandboxRunSettings, SandboxServeSettings, SandboxStartSettings,
        Unsettled,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Settles what `sandbox serve` is told.
///
/// # Errors
/// Every mistake in flags and environment.
pub fn sandbox_serve(args: &cli::SandboxServe, environment: &Environment) -> Result<SandboxServeSettings, Unsettled> {
    let mut sources = Sources::new(environment);
    let start = start(&mut sources, &args.start);
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
        start,
        speed,
        record: sources.path("record", args.record.as_deref(), None, &environment.directory),
    };
    sources.done(settings)
}

/// Settles what `sandbox run` is told.
///
/// # Errors
/// Every mistake in flags and environment.
pub fn sandbox_run(args: &cli::SandboxRun, environment: &Environment) -> Result<SandboxRunSettings, Unsettled> {
    let mut sources = Sources::new(environment);
    let mut start = start(&mut sources, &args.start);
    // What `up` makes must not be there before.
    let makes_it = args.command.first().is_some_and(|verb| ["up", "down"].contains(&verb.as_str()));
    if args.rehearse && !makes_it {
        start.rehearsed = own(&mut sources)?;
    }
    let record = sources.path("record", args.record.as_deref(), None, &environment.directory);
    sources.done(SandboxRunSettings { start, snapshot: args.snapshot.clone(), record, command: args.command.clone() })
}

/// The world to begin with. A config counts only where the flag names it: neither a file that happens to lie in the folder nor a
/// variable that is meant for the command inside must change what a named scenario is.
fn start(sources: &mut Sources<'_>, args: &cli::SandboxStart) -> SandboxStartSettings {
    let environment = sources.environment;
    let rehearsed = args.config.clone().and_then(|named| {
        let path = environment.directory.join(&named);
        let common = cli::Common { config: Some(named), region: args.region.clone(), ..cli::Common::default() };
        match deploy(&cli::Deploy { common, ..cli::Deploy::default() }, environment) {
            Ok(release) => Some(Rehearsed { config: Some(path), release: Box::new(release) }),
            Err(unsettled) => {
                sources.also(unsettled);
                None
            }
        }
    });
    let live = args.from_live.then(|| live(sources, args, rehearsed.as_ref().map(|it| &*it.release)));
    SandboxStartSettings { scenario: sources.text(Asked::new("scenario", args.scenario.as_ref(), None)), rehearsed, live }
}

/// The release that the command inside would find. Where there is none, or it cannot be read, that command says so itself, in the form
/// that it was asked for; and no account is asked for what belongs to a rehearsal.
fn own(sources: &mut Sources<'_>) -> Result<Option<Rehearsed>, Unsettled> {
    let reporting = cli::Reporting { format: Some(cli::Format::Text), ..cli::Reporting::default() };
    let release = deploy(&cli::Deploy { reporting, ..cli::Deploy::default() }, sources.environment);
    let is_here = |reference: &Reference| matches!(reference, Reference::Terraform { state, .. } if !state.starts_with("s3://"));
    match release {
        Ok(release) => Ok(Some(Rehearsed { config: None, release: Box::new(release) })),
        Err(Unsettled { lacking, aws, .. }) if !lacking.is_empty() && lacking.iter().all(is_here) => {
            Err(Unsettled { lacking, aws, findings: Vec::new() })
        }
        Err(_) => Ok(None),
    }
}

fn live(sources: &mut Sources<'_>, args: &cli::SandboxStart, config: Option<&DeploySettings>) -> LiveSettings {
    let none = (cli::Common { region: args.region.clone(), ..cli::Common::default() }, Config::default());
    let surroundings = surroundings(sources, None);
    LiveSettings {
        aws: config.map_or_else(|| super::common::aws(sources, &none.0, &none.1, &surroundings), |config| config.aws.clone()),
        cluster: args.cluster.clone().or_else(|| config.map(|config| config.cluster.clone())),
        lattice_service: args.lattice_service.clone().or_else(|| config.map(|config| config.lattice.service.clone())),
        slots: config.map_or_else(Vec::new, |config| {
            config.lattice.slots.iter().map(|slot| (slot.ecs_service.clone(), slot.target_group.text.clone())).collect()
        }),
    }
}
