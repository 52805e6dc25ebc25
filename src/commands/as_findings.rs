//! Findings in the format that was asked for: those of `verify`, and what is wrong with a request to `patch` or `diff`.

use super::connect;
use crate::{
    exit::{Error, Exit, Problem},
    report::{findings, sarif},
    settings::{FindingsFormat, Surroundings},
    verify::{Code, Found, Spot},
};

/// The findings as text in this format. What is about no file stands, in SARIF, in `config`.
pub(super) fn rendered(found: &[Found], format: FindingsFormat, surroundings: &Surroundings, config: &str) -> String {
    match format {
        FindingsFormat::Text => findings::text(found),
        FindingsFormat::Markdown => findings::markdown(found),
        FindingsFormat::Json => findings::json(found),
        FindingsFormat::Sarif => sarif::sarif(found, &connect::base(surroundings), config),
    }
}

/// A result whose errors are also shown on standard output, unless they are wanted as text alone, which is what standard error has.
///
/// # Errors
/// As it was.
pub(super) fn shown<T>(result: Result<T, Error>, format: FindingsFormat, surroundings: &Surroundings) -> Result<T, Error> {
    if let Err(error) = &result
        && format != FindingsFormat::Text
    {
        let found: Vec<Found> = error.problems.iter().map(|problem| of(problem, error.exit)).collect();
        connect::print(&rendered(&found, format, surroundings, "espalier.yml"));
    }
    result
}

fn of(problem: &Problem, exit: Exit) -> Found {
    let found = Found::said(Code::Config, &problem.message, problem.hint.as_deref());
    let code = match &found.spot {
        Spot::File { file, .. } if !file.ends_with(".yml") && !file.ends_with(".yaml") => Code::Definition,
        Spot::Request | Spot::Thing(_) if exit == Exit::Malfunction => Code::AwsRefused,
        Spot::Request | Spot::Thing(_) | Spot::File { .. } => Code::Config,
    };
    Found { code, ..found }
}
