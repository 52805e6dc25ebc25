//! `patch`: a service definition in, the patched one out.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

use super::{as_findings, connect, definitions, dispatch::on_runtime, patch_slot, replace::replace};
use crate::{
    aws::lattice::groups::TargetGroup,
    definition::{self, Document, Finding, Given, Origin, PatchRequest, Patched, Severity, arn, casing},
    exit::{Error, Exit, Problem},
    report,
    settings::{FindingsFormat, PatchInput, PatchOutput, PatchSettings},
    verify::{Code, Found},
};

/// Runs the command. Nothing is written anywhere unless all of it succeeded.
///
/// # Errors
/// The definitions, filters and flags that make no patch; files that cannot be read or written.
pub(super) fn run(settings: &PatchSettings) -> Result<Exit, Error> {
    if let Some(slot) = &settings.slot {
        return on_runtime(patch_slot::run(settings, slot));
    }
    let (service_definition, task_definition) = read(settings)?;
    let target_group = settings.target_group.as_ref();
    let target_group = target_group.map(|given| resolve_target_group(given, &service_definition, settings)).transpose()?;
    let patched = definition::patch(&PatchRequest {
        service_definition: &service_definition,
        task_definition: task_definition.as_ref(),
        target_group,
        infrastructure_role: settings.infrastructure_role.clone(),
        port_name: settings.port_name.clone(),
        ecs_service: settings.service.clone(),
        filters: settings.jq.clone(),
        seen: settings.seen.clone(),
    })?;
    write(settings, &service_definition, &patched)
}

/// Says what is to be said, and puts the patched definition where it goes.
///
/// # Errors
/// It cannot be written there.
pub(super) fn write(settings: &PatchSettings, service_definition: &Document, patched: &Patched) -> Result<Exit, Error> {
    let warnings = settings.templating.warnings.iter().chain(&patched.warnings);
    if settings.format == FindingsFormat::Text {
        warnings.for_each(say);
    } else {
        let found: Vec<Found> = warnings.map(|warning| Found::of(Code::Definition, warning)).collect();
        let file = &service_definition.file;
        connect::print(&as_findings::rendered(&found, settings.format, &settings.surroundings, file));
    }
    refuse_to_lose_templates(settings, service_definition)?;
    let text = patched.document.text.as_bytes();
    match (&settings.output, &settings.input) {
        (PatchOutput::Check, _) if patched.changed => {
            note(&format!("{} needs a change", patched.document.file));
            return Ok(Exit::RolledBack);
        }
        (PatchOutput::Check, _) => {}
        (PatchOutput::InPlace, PatchInput::File(path)) if !patched.changed => {
            note(&format!("{} needs no change", patched.document.file));
            if !settings.dry_run {
                tell(settings, path)?;
            }
        }
        (PatchOutput::File(path), _) | (PatchOutput::InPlace, PatchInput::File(path)) if !settings.dry_run => {
            replace(path, text)?;
            tell(settings, path)?;
        }
        (PatchOutput::Stdout | PatchOutput::InPlace | PatchOutput::File(_), _) => to_stdout(text)?,
    }
    Ok(Exit::Done)
}

/// A template is not what it was once its values stand in its place.
pub(super) fn refuse_to_lose_templates(settings: &PatchSettings, service_definition: &Document) -> Result<(), Error> {
    if settings.output == PatchOutput::InPlace && service_definition.origin != Origin::File {
        let finding = Finding::error(&service_definition.file, "its templates would be replaced by their values");
        return Err(finding.hint("write the result into another file: `--output FILE`").into());
    }
    Ok(())
}

/// Tells the steps after this one where the patched definition is.
fn tell(settings: &PatchSettings, path: &Path) -> Result<(), Error> {
    output(settings, &report::outputs::patched(path))
}

/// Tells the steps after this one.
pub(super) fn output(settings: &PatchSettings, lines: &str) -> Result<(), Error> {
    let Some(file) = &settings.surroundings.runner.output else { return Ok(()) };
    report::append_outputs(file, lines)
        .map_err(|error| Error::malfunction(format!("GITHUB_OUTPUT ({}) cannot be written", file.display()), &error))
}

/// The target group's ARN, where it was given by name or id: the definition may tell the id's, else AWS is asked.
fn resolve_target_group(given: &Given, service_definition: &Document, settings: &PatchSettings) -> Result<Given, Error> {
    if let Some(known) = without_asking(given, service_definition) {
        return Ok(known);
    }
    answered(given, on_runtime(async { Ok(connect::aws(&settings.aws).await?.lattice.resolve_group(&given.text).await?) }))
}

/// What needs no answer of AWS: an ARN, and an id that the definition contains.
fn without_asking(given: &Given, service_definition: &Document) -> Option<Given> {
    // No name starts with `tg-`, so what does and is no id is a slip, which is told with the right form.
    if (given.text.contains(':') && !given.text.starts_with("tag:"))
        || (given.text.starts_with("tg-") && !arn::is_target_group_id(&given.text))
    {
        return Some(given.clone());
    }
    let known = definition::patch::target_groups_in(service_definition);
    let arn = known.iter().find(|arn| arn.ends_with(&format!("/{}", given.text)))?;
    Some(Given::new(*arn, &given.from))
}

/// What AWS says of the target group.
fn answered(given: &Given, group: Result<Option<TargetGroup>, Error>) -> Result<Given, Error> {
    let offline = format!("with its ARN nothing is asked of AWS: {}", arn::TARGET_GROUP_FORM);
    match group {
        Ok(Some(group)) => Ok(Given::new(group.arn.as_str(), &given.from)),
        Ok(None) => Err(Finding::error(&given.from, format!("there is no target group `{}`", given.text)).hint(offline).into()),
        Err(mut error) => {
            error.problems.push(Problem {
                message: format!("{}: the target group `{}` was not looked up", given.from, given.text),
                hint: Some(offline),
            });
            Err(error)
        }
    }
}

/// Reads both definitions, and tells what is wrong with both.
pub(super) fn read(settings: &PatchSettings) -> Result<(Document, Option<Document>), Error> {
    let service_definition = match &settings.input {
        PatchInput::Stdin => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| Error::malfunction("standard input cannot be read", &error))?;
            let read = Document::read("standard input", &bytes).map_err(|finding| vec![finding]);
            read.and_then(|document| casing::canonical(document, casing::Definition::Service))
        }
        PatchInput::File(path) => definitions::document(path, &settings.templating, casing::Definition::Service),
    };
    let task_definition = settings.task_definition.as_deref();
    let task_definition =
        task_definition.map(|path| definitions::document(path, &settings.templating, casing::Definition::Task)).transpose();
    match (service_definition, task_definition) {
        (Ok(service_definition), Ok(task_definition)) => Ok((service_definition, task_definition)),
        (service_definition, task_definition) => {
            Err([service_definition.err(), task_definition.err()].into_iter().flatten().flatten().collect::<Vec<_>>().into())
        }
    }
}

fn to_stdout(text: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text).and_then(|()| stdout.flush());
    written.map_err(|error| Error::malfunction("standard output cannot be written to", &error))
}

fn say(finding: &Finding) {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    note(&format!("{kind}: {finding}"));
    if let Some(hint) = &finding.hint {
        note(&format!("hint: {hint}"));
    }
}

/// A line on standard error. Where that is closed nobody is listening, which is no reason to fail.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
