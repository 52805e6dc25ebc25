//! One function per command: its arguments and the environment in, its settings or every mistake out.

mod patch;
mod release;
mod sandbox;

pub use patch::patch;
pub use release::{abort, deploy, rollback, shift, status};
pub use sandbox::{sandbox_run, sandbox_serve};

use super::{
    Secret, Surroundings,
    config::Config,
    sources::{Asked, Sources},
    surroundings::check_clock,
    types::{AwsSettings, GitHubSettings},
};
use crate::cli::Common;

fn aws(sources: &Sources<'_>, common: &Common, config: &Config, surroundings: &Surroundings) -> AwsSettings {
    let said = sources.text(Asked::new("region", common.region.as_ref(), config.region.as_ref()));
    let ambient =
        || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| sources.environment.get(name)).map(str::to_owned);
    AwsSettings { region: said.or_else(ambient), endpoint_url: surroundings.aws_endpoint_url.clone() }
}

fn surroundings(sources: &mut Sources<'_>, github_token: Option<&Secret>) -> Surroundings {
    let surroundings = Surroundings::read(sources.environment, github_token);
    check_clock(sources.environment, &surroundings, &mut sources.findings);
    surroundings
}

/// The config alone decides these: `ESPALIER_CHECK` is `patch --check`.
fn github(sources: &mut Sources<'_>, config: &Config) -> GitHubSettings {
    let mut switch = |given: &Option<_>| sources.boolean("github", None, given.as_ref(), true);
    GitHubSettings { comment: switch(&config.comment), check: switch(&config.check), summary: switch(&config.summary) }
}

#[cfg(test)]
mod tests;
