//! Settings of `answer`, and of the verb that a comment asks for.

use std::path::PathBuf;

use super::{
    common::surroundings,
    release::status,
    takeovers::{abort, promote, rollback},
};
use crate::{
    cli,
    definition::Finding,
    settings::{AnswerSettings, AskedSettings, AskedVerb, Environment, Served, Unsettled, sources::Sources},
};

/// Settles what `answer` is told.
///
/// # Errors
/// Every mistake in flags, environment and configs.
pub fn answer(args: &cli::Answer, environment: &Environment) -> Result<AnswerSettings, Unsettled> {
    let mut sources = Sources::new(environment);
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let mut needed = |name: &str, is_there: bool, hint: &str| {
        if !is_there {
            sources.findings.push(Finding::error(name, "it is needed, and not set").hint(hint));
        }
    };
    let hint = "answer runs in a job of GitHub Actions, on the event `issue_comment`";
    needed("GITHUB_EVENT_PATH", surroundings.runner.event_path.is_some(), hint);
    needed("GITHUB_REPOSITORY", surroundings.runner.repository.is_some(), hint);
    needed("GITHUB_TOKEN", surroundings.github_token.is_some(), "give --github-token: the answer is a comment");
    if surroundings.runner.event_name.as_deref() != Some("issue_comment") {
        let event = surroundings.runner.event_name.as_deref().unwrap_or("none");
        sources
            .findings
            .push(Finding::error("GITHUB_EVENT_NAME", format!("`{event}` is not the event issue_comment")).hint(hint));
    }
    let mut configs: Vec<PathBuf> = args.config.clone();
    if configs.is_empty() {
        let listed = environment.get("ESPALIER_CONFIG").unwrap_or_default();
        configs = listed.lines().map(str::trim).filter(|line| !line.is_empty()).map(PathBuf::from).collect();
    }
    let mut services: Vec<Served> = Vec::new();
    for config in configs.into_iter().map(Some).chain([None]) {
        // Without any the default one counts.
        if config.is_none() && !services.is_empty() {
            break;
        }
        match Sources::open(environment, &cli::Common { config: config.clone(), ..cli::Common::default() }) {
            Ok((_, read)) => {
                let name = read.service.or(read.lattice_service).map(|given| given.text);
                services.push(Served { name, config });
            }
            Err(unsettled) => {
                sources.also(unsettled);
                break;
            }
        }
    }
    sources.done(AnswerSettings { services, surroundings })
}

/// Settles what the verb is told that a comment asks for.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn asked(
    args: &cli::Answer,
    environment: &Environment,
    config: Option<&PathBuf>,
    verb: &AskedVerb,
) -> Result<AskedSettings, Unsettled> {
    let common = cli::Common {
        config: config.cloned(),
        region: args.region.clone(),
        aws_role: args.aws_role.clone(),
        templates: cli::Templates::default(),
    };
    let which = |rollout_id: &Option<String>| cli::Which { rollout_id: rollout_id.clone(), ..cli::Which::default() };
    let (dry_run, reporting) = (args.dry_run.clone(), args.reporting.clone());
    Ok(match verb {
        AskedVerb::Status => {
            AskedSettings::Status(Box::new(status(&cli::Status { common, ..cli::Status::default() }, environment)?))
        }
        AskedVerb::Promote { full, step, rollout_id } => {
            let (which, step, full) = (which(rollout_id), step.clone(), full.then_some(true));
            let args = cli::Promote { common, which, step, full, dry_run, reporting };
            AskedSettings::Promote(Box::new(promote(&args, environment)?))
        }
        AskedVerb::Abort { reason, rollout_id } => {
            let (which, reason) = (which(rollout_id), reason.clone());
            let args = cli::Abort { common, which, reason, dry_run, reporting, ..cli::Abort::default() };
            AskedSettings::Abort(Box::new(abort(&args, environment)?))
        }
        AskedVerb::Rollback { reason, revision, rollout_id } => {
            let (which, reason, revision) = (which(rollout_id), reason.clone(), revision.clone());
            let args = cli::Rollback { common, which, reason, revision, dry_run, reporting };
            AskedSettings::Rollback(Box::new(rollback(&args, environment)?))
        }
    })
}
