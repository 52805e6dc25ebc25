//! What several commands are told in the same way.

use crate::{
    cli::Common,
    settings::{
        Secret, Surroundings,
        config::Config,
        sources::{Asked, Sources},
        surroundings::check_clock,
        types::{AwsSettings, GitHubSettings},
    },
};

/// Where AWS is: the region that is said, else the one that the job has anyway.
pub(super) fn aws(sources: &Sources<'_>, common: &Common, config: &Config, surroundings: &Surroundings) -> AwsSettings {
    let said = sources.text(Asked::new("region", common.region.as_ref(), config.region.as_ref()));
    let ambient =
        || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| sources.environment.get(name)).map(str::to_owned);
    AwsSettings { region: said.or_else(ambient), endpoint_url: surroundings.aws_endpoint_url.clone() }
}

/// Everything else that the environment says, checked.
pub(super) fn surroundings(sources: &mut Sources<'_>, github_token: Option<&Secret>) -> Surroundings {
    let surroundings = Surroundings::read(sources.environment, github_token);
    check_clock(sources.environment, &surroundings, &mut sources.findings);
    surroundings
}

/// The config alone decides these: `ESPALIER_CHECK` is `patch --check`.
pub(super) fn github(sources: &mut Sources<'_>, config: &Config) -> GitHubSettings {
    let mut switch = |given: &Option<_>| sources.boolean("github", None, given.as_ref(), true);
    GitHubSettings { comment: switch(&config.comment), check: switch(&config.check), summary: switch(&config.summary) }
}
