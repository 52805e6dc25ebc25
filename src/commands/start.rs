//! The world that a sandbox begins with: a scenario, under the names of a config, or over what an account holds.

use super::{live, rehearse};
use crate::{
    exit::{Error, Exit, Problem},
    sandbox::scenario::{self, Scenario},
    settings::{Rehearsed, SandboxStartSettings},
};

/// The world when nobody names another.
pub(super) const DEFAULT: &str = "promoted";

/// The world that is asked for, checked.
///
/// # Errors
/// Everything that is wrong with the scenario, the config or its definitions; an account that cannot be read.
pub(super) async fn world(settings: &SandboxStartSettings) -> Result<Scenario, Error> {
    let mut draft = scenario::open(settings.scenario.as_deref().unwrap_or(DEFAULT)).map_err(refused)?;
    if let Some(Rehearsed { config, release }) = &settings.rehearsed {
        let before = draft.scenario.clone();
        match rehearse::rename(&mut draft.scenario, release) {
            Ok(()) => {}
            Err(error) if config.is_some() => return Err(error),
            // The command inside reads the same definitions, and says it where it is looked for.
            Err(_) => draft.scenario = before,
        }
    }
    if let Some(live) = &settings.live {
        live::take_over(&mut draft, live).await?;
    }
    draft.finish().map_err(refused)
}

/// The scenario of that name.
///
/// # Errors
/// As [`world`].
pub(super) fn named(scenario: &str) -> Result<Scenario, Error> {
    scenario::load(scenario).map_err(refused)
}

/// A problem for each mistake.
pub(super) fn refused(error: scenario::Error) -> Error {
    let scenario::Error::Invalid { origin, mistakes } = error else { return Error::invalid(error.to_string()) };
    let message = |mistake: &scenario::Mistake| match mistake.place {
        Some(_) => format!("{origin}:{mistake}"),
        None => format!("{origin}: {mistake}"),
    };
    let problems = mistakes.iter().map(|mistake| Problem { message: message(mistake), hint: mistake.hint.clone() }).collect();
    Error { exit: Exit::Invalid, problems }
}
