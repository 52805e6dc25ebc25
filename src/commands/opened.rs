//! A release before anything is known of it: its check run begins with the job, and is concluded when the release does not begin.

use super::{connect, preflight};
use crate::{
    clock::{Clock as _, System},
    exit::{Error, Exit},
    report::Opening,
    rollout::journal::{Happening, Problem, Release},
    settings::{DeploySettings, Format, GitHubSettings, ShiftSettings, Surroundings, resolve::Who},
};

/// Begins it for a deploy; none where nothing is to be written.
///
/// # Errors
/// When the event of the workflow run cannot be read.
pub(super) fn deploy(settings: &DeploySettings) -> Result<Option<Opening>, Error> {
    if settings.dry_run {
        return Ok(None);
    }
    let options = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    Ok(Some(Opening::begin(&options, release(&settings.service, &settings.cluster))))
}

/// The same for a shift; none where the target group is given by anything but its name, which the check run goes by.
///
/// # Errors
/// As above.
pub(super) fn shift(settings: &ShiftSettings) -> Result<Option<Opening>, Error> {
    let is_name = settings.to.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !settings.to.starts_with("tg-");
    if settings.dry_run || !is_name {
        return Ok(None);
    }
    let options = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let release = Release { verb: "shift".to_owned(), name: settings.to.clone(), ..Release::default() };
    Ok(Some(Opening::begin(&options, release)))
}

/// Concludes it.
pub(super) async fn break_off(opening: Opening, error: &Error, cancelled: bool, surroundings: &Surroundings) {
    // The sandbox's clock is asked once more; where it does not answer, it is the process that cannot go on.
    let now = match connect::clock(surroundings).await {
        Ok(clock) => clock.now(),
        Err(_) => System.now(),
    };
    opening.break_off(now, error.exit.code(), cancelled, problems(error)).await;
}

/// A request that is refused before its settings are known.
///
/// # Errors
/// That it is refused, always.
pub(super) async fn refused(who: Option<Who>, error: Error) -> Result<std::process::ExitCode, Error> {
    if let Some(Who { service, cluster, surroundings }) = who
        && let Ok(options) = connect::reports(Format::Text, &GitHubSettings::default(), &surroundings)
    {
        let opening = Opening::begin(&options, release(&service, &cluster));
        break_off(opening, &error, false, &surroundings).await;
    }
    Err(error)
}

fn release(service: &str, cluster: &str) -> Release {
    let cluster = Some(preflight::short(cluster));
    Release { verb: "deploy".to_owned(), name: service.to_owned(), cluster, ..Release::default() }
}

/// What was wrong, for the journal.
pub(crate) fn problems(error: &Error) -> Vec<Problem> {
    let problem = |problem: &crate::exit::Problem| Problem { message: problem.message.clone(), hint: problem.hint.clone() };
    error.problems.iter().map(problem).collect()
}

/// The end of a rollout that came to no outcome, for the journal.
pub(super) fn broken_off(error: &Error, cancelled: bool) -> Happening {
    // A rollout that was touched is not over because its job is.
    let cancelled = cancelled && error.exit != Exit::Stuck;
    Happening::BrokenOff { exit: error.exit.code(), cancelled, problems: problems(error) }
}
