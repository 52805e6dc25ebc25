//! Settings of `up` and `down`.

use std::time::Duration;

use super::{
    common::{aws, github, surroundings},
    declare::declare,
    slots::slots,
};
use crate::{
    cli,
    definition::Finding,
    resources::next::Allowed,
    settings::{
        DeclaredSettings, DownSettings, Environment, Unsettled, UpSettings,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Making things takes AWS seconds; taking them away takes minutes, with targets that drain.
const UP: Duration = Duration::from_secs(10 * 60);
const DOWN: Duration = Duration::from_secs(20 * 60);

/// Settles what `up` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn up(args: &cli::Up, environment: &Environment) -> Result<UpSettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.service.as_ref())?;
    let timeout = sources.duration(Asked::new("timeout", args.timeout.as_ref(), None), UP);
    let declared =
        declared(&mut sources, &config, &args.common, args.service.as_ref(), &args.reporting, args.dry_run.dry_run, timeout);
    let allowed = Allowed {
        adopt: sources.boolean("adopt", args.adopt, None, false),
        replace: sources.boolean("replace", args.replace, None, false),
    };
    sources.done(UpSettings { declared, allowed })
}

/// Settles what `down` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn down(args: &cli::Down, environment: &Environment) -> Result<DownSettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.service.as_ref())?;
    let timeout = sources.duration(Asked::new("timeout", args.timeout.as_ref(), None), DOWN);
    let declared =
        declared(&mut sources, &config, &args.common, args.service.as_ref(), &args.reporting, args.dry_run.dry_run, timeout);
    let cluster = sources.text(Asked::new("cluster", args.cluster.as_ref(), config.cluster.as_ref()));
    let slots = slots(&mut sources, Vec::new(), None, &config, &declared.owner);
    let slots = cluster.map(|cluster| (cluster, slots.map(|slot| (slot.ecs_service, slot.target_group.text)).into()));
    sources.done(DownSettings { declared, slots })
}

fn declared(
    sources: &mut Sources<'_>,
    config: &Config,
    common: &cli::Common,
    service: Option<&String>,
    reporting: &cli::Reporting,
    dry_run: Option<bool>,
    timeout: Duration,
) -> DeclaredSettings {
    let surroundings = surroundings(sources, reporting.github_token.as_ref());
    let aws = aws(sources, common, config, &surroundings);
    let owner = sources.required(Asked::new("service", service, config.service.as_ref()), "service");
    let resources = match &config.up {
        Some(up) => declare(sources, config, up, &owner),
        None if sources.tell_that_nothing_is_here() => Vec::new(),
        None => {
            let finding = Finding::error("espalier.yml", "the config has no `up`: nothing is declared");
            sources
                .findings
                .push(finding.hint("write `up:` with a service, its target groups and listeners: see docs/resources.md"));
            Vec::new()
        }
    };
    DeclaredSettings {
        aws,
        owner,
        resources,
        timeout,
        dry_run: sources.boolean("dry-run", dry_run, None, false),
        format: sources.format(reporting.format),
        github: github(sources, config),
        surroundings,
    }
}
