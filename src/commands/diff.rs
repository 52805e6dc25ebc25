//! `diff`: what a release would change in what runs.

use serde_json::{Value, json};

use super::{as_findings, connect, deploy, view::View};
use crate::{
    aws::survey,
    definition::change::Change,
    exit::{Error, Exit},
    settings::{DiffSettings, FindingsFormat, Format},
    verify::{Code, Found},
};

/// Runs it. Nothing is written.
///
/// # Errors
/// What is wrong with the definitions, and what keeps a release from knowing which slot serves.
pub(crate) async fn diff(settings: DiffSettings) -> Result<Exit, Error> {
    let DiffSettings { release, exit_code, format } = settings;
    let definitions = deploy::definitions(&release)?;
    let aws = connect::aws(&release.aws).await?;
    let survey = deploy::look(&release, &aws).await?;
    let roles = survey::roles(&survey, deploy::listed(&release.lattice.rules))?;
    let view = View { settings: &release, survey: &survey, roles: &roles, definitions: &definitions };
    let patched = view.patched()?;
    let changes = view.changes(&aws).await?;
    let is_different = changes.as_ref().is_none_or(|changes| changes.iter().any(|change| !change.is_empty()));
    let format = match format {
        FindingsFormat::Text => Format::Text,
        FindingsFormat::Json => Format::Json,
        FindingsFormat::Markdown => Format::Markdown,
        FindingsFormat::Sarif => {
            let found: Vec<Found> = patched.warnings.iter().map(|warning| Found::of(Code::Definition, warning)).collect();
            let file = release.service_definition.display().to_string();
            connect::print(&as_findings::rendered(&found, format, &release.surroundings, &file));
            return Ok(if is_different && exit_code { Exit::RolledBack } else { Exit::Done });
        }
    };
    connect::print(&shown(format, changes.as_ref().map(<[Change; 2]>::as_slice), &definitions.floating_images()));
    Ok(if is_different && exit_code { Exit::RolledBack } else { Exit::Done })
}

fn shown(format: Format, changes: Option<&[Change]>, floating: &[String]) -> String {
    let nothing_runs = "nothing serves yet: all of it is new";
    // An image without a fixed meaning is released again whatever the definitions say.
    let notes = floating.iter().map(|image| format!("{image} may be another image by now: it is released again"));
    let Some(changes) = changes else {
        return match format {
            Format::Json => Value::Null.to_string(),
            Format::Text | Format::Markdown => nothing_runs.to_owned(),
        };
    };
    let differing: Vec<&Change> = changes.iter().filter(|change| !change.is_empty()).collect();
    let unified = || differing.iter().map(|change| change.unified());
    match format {
        Format::Json => {
            let patches = changes.iter().map(|change| json!({"name": change.name, "patch": change.patch()}));
            format!("{:#}", patches.collect::<Value>())
        }
        Format::Text if differing.is_empty() => {
            ["nothing would change".to_owned()].into_iter().chain(notes).collect::<Vec<_>>().join("\n")
        }
        Format::Text => unified().chain(notes).collect::<Vec<_>>().join("\n"),
        Format::Markdown if differing.is_empty() => "Nothing would change.".to_owned(),
        Format::Markdown => {
            let fence = |diff: String| format!("```diff\n{}\n```", diff.replace("```", "`\u{200b}``"));
            unified().map(fence).collect::<Vec<_>>().join("\n\n")
        }
    }
}
