//! From flags to an exit code.

use std::path::Path;

use super::{
    super::dispatch::{on_runtime, settled},
    release,
};
use crate::{
    cli,
    commands::{as_findings, connect, replace::replace},
    exit::{Error, Exit},
    report::{append_outputs, findings},
    settings::{Environment, FindingsFormat, FindingsSettings, resolve},
    verify::{Code, Found, Level, Spot},
};

/// Runs it: exit code 2 with any error, else 0.
///
/// # Errors
/// Only what keeps findings from being told.
pub(in crate::commands) fn verify(args: &cli::Verify, environment: &mut Environment) -> Result<Exit, Error> {
    let told = settled(environment, |it| resolve::findings(args, it))?;
    let mut found = match settled(environment, |it| resolve::verified(args, it)) {
        Ok(release) => on_runtime(async { Ok(release::check(&release).await) })?,
        // Nothing more can be asked without knowing what for.
        Err(error) => {
            let of = |problem: &crate::exit::Problem| Found::said(Code::Config, &problem.message, problem.hint.as_deref());
            let mut found: Vec<Found> = error.problems.iter().map(of).collect();
            found.push(Found::note(
                Code::NotChecked,
                Spot::Request,
                "definitions, AWS and GitHub were not looked at: first it has to be known what is to be released",
            ));
            found
        }
    };
    found.sort_by_key(|found| found.level);
    let mut different: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        if !different.contains(&one) {
            different.push(one);
        }
    }
    tell(&different, &told)?;
    Ok(if different.iter().any(|found| found.level == Level::Error) { Exit::Invalid } else { Exit::Done })
}

fn tell(found: &[Found], told: &FindingsSettings) -> Result<(), Error> {
    let base = connect::base(&told.surroundings);
    let runner = &told.surroundings.runner;
    let in_format = as_findings::rendered(found, told.format, &told.surroundings, &told.config);
    let for_people = || if runner.is_actions { findings::commands(found, &base) } else { findings::text(found) };
    match &told.output {
        Some(path) if path != Path::new("-") => {
            replace(path, format!("{in_format}\n").as_bytes())?;
            connect::print(&for_people());
        }
        Some(_) | None if told.format == FindingsFormat::Text => connect::print(&for_people()),
        Some(_) | None => connect::print(&in_format),
    }
    if let Some(summary) = &runner.step_summary {
        // As everywhere: where the summary cannot be written, the findings stand in the log.
        let _best_effort = append_outputs(summary, &format!("{}\n", findings::markdown(found)));
    }
    Ok(())
}
