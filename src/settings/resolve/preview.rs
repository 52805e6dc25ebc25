//! Settings of `preview`.

use super::{
    common::{aws, github, surroundings},
    release::{deploy, lattice_service},
    slots::slots,
};
use crate::{
    cli,
    definition::{Finding, request::Variable},
    settings::{
        DeploySettings, Environment, PreviewSettings, Unsettled,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Settles what `preview up` is told.
///
/// # Errors
/// As [`deploy`], and every mistake of its own.
pub fn preview_up(args: &cli::PreviewUp, environment: &Environment) -> Result<PreviewSettings, Unsettled> {
    let release = cli::Deploy {
        common: args.common.clone(),
        released: args.released.clone(),
        reporting: args.reporting.clone(),
        ..cli::Deploy::default()
    };
    let mut release = deploy(&release, environment)?;
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.released.service.as_ref())?;
    release.variables.extend(variables(&config));
    let of = Of {
        common: &args.common,
        reporting: &args.reporting,
        dry_run: args.dry_run.dry_run,
        cluster: release.cluster.clone(),
        service: release.service.clone(),
        lattice_service: release.lattice.service.clone(),
        listener: release.lattice.listener.clone(),
        slots: release.lattice.slots.iter().map(|slot| slot.target_group.text.clone()).collect(),
        pull_request: args.pull_request.as_ref(),
    };
    let settings = settled(&mut sources, config, of, Some(release));
    sources.done(settings)
}

/// Settles what `preview down`, `list` and `sweep` are told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn preview(
    args: &cli::Previewed,
    pull_request: Option<&String>,
    environment: &Environment,
) -> Result<PreviewSettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.service.as_ref())?;
    let cluster = sources.required(Asked::new("cluster", args.cluster.as_ref(), config.cluster.as_ref()), "cluster");
    let service = sources.required(Asked::new("service", args.service.as_ref(), config.service.as_ref()), "service");
    let said = sources.list("slot", &[]);
    let of = Of {
        common: &args.common,
        reporting: &args.reporting,
        dry_run: args.dry_run.dry_run,
        lattice_service: lattice_service(&mut sources, args.lattice_service.as_ref(), &config),
        listener: sources.text(Asked::new("listener", None, config.listener.as_ref())),
        slots: slots(&mut sources, said, None, &config, &service).map(|slot| slot.target_group.text).into(),
        cluster,
        service,
        pull_request,
    };
    let settings = settled(&mut sources, config, of, None);
    sources.done(settings)
}

/// What the verbs are told in different ways.
struct Of<'a> {
    common: &'a cli::Common,
    reporting: &'a cli::Reporting,
    dry_run: Option<bool>,
    cluster: String,
    service: String,
    lattice_service: String,
    listener: Option<String>,
    slots: Vec<String>,
    pull_request: Option<&'a String>,
}

fn settled(sources: &mut Sources<'_>, config: Config, of: Of<'_>, release: Option<DeploySettings>) -> PreviewSettings {
    let surroundings = surroundings(sources, of.reporting.github_token.as_ref());
    let previews = config.preview.clone().unwrap_or_default();
    let own = previews.listener.clone().map(|given| sources.referred(given).text);
    let pull_request = sources.given(Asked::new("pull-request", of.pull_request, None)).and_then(|given| {
        let number = given.text.trim_start_matches('#').parse().ok().filter(|number| *number > 0);
        if number.is_none() {
            let finding = Finding::error(given.from, format!("`{}` is not the number of a pull request", given.text));
            sources.findings.push(finding.hint("write it like `123`"));
        }
        number
    });
    PreviewSettings {
        aws: aws(sources, of.common, &config, &surroundings),
        cluster: of.cluster,
        service: of.service,
        lattice_service: of.lattice_service,
        listener: own.or(of.listener),
        pull_request,
        slots: of.slots,
        test_rule: config.test_rule.is_some(),
        release: release.map(Box::new),
        dry_run: sources.boolean("dry-run", of.dry_run, None, false),
        format: sources.format(of.reporting.format),
        github: github(sources, &config),
        previews,
        surroundings,
    }
}

/// Those of the config. What stands in them for the pull request is filled in when that is known.
fn variables(config: &Config) -> impl Iterator<Item = Variable> + '_ {
    config.preview.iter().flat_map(|preview| preview.environment.clone())
}
