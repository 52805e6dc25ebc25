//! From settings to what a command works with: AWS, the clock, the reports.

use std::{io::Write as _, path::Path};

use crate::{
    aws::{Aws, AwsOptions, FaultKind, RoleOptions, lattice::resolve::ResolveError},
    clock::{Clock, Stepped, System},
    exit::{Error, Exit},
    github::client::Token,
    report::{self, GitHubOptions, Pace, ReportOptions, trouble::Base},
    settings::{AwsSettings, Format, GitHubSettings, Surroundings, surroundings::is_loopback},
};

/// AWS, ready to call.
///
/// # Errors
/// No region, no credentials, a role that cannot be assumed.
pub(crate) async fn aws(settings: &AwsSettings) -> Result<Aws, Error> {
    let endpoint_url = settings.endpoint_url.clone();
    let sandboxed = endpoint_url.as_deref().is_some_and(is_loopback);
    let tokens = settings.id_token.as_ref().map(|(url, secret)| (url.clone(), secret.reveal().to_owned()));
    let role = settings.role.clone().map(|arn| RoleOptions { arn, session: settings.session.clone(), tokens });
    let (region, expires) = (settings.region.clone(), settings.expires);
    let connected = crate::aws::connect(AwsOptions { region, endpoint_url, role, expires, sandboxed }).await;
    connected.map_err(|error| Error::unconnected(&error, settings.in_a_job))
}

/// Why a name leads to nothing. In the sandbox it is mostly the scenario that has other names.
pub(crate) fn unresolved(aws: &Aws, error: &ResolveError) -> Error {
    let told = Error::from(error.clone());
    if let Some(hint) = other_names(aws, error) { told.hint(hint) } else { told }
}

/// What to do about a name that is absent from the sandbox; none for anything else.
pub(crate) fn other_names(aws: &Aws, error: &ResolveError) -> Option<&'static str> {
    let is_absent = matches!(error, ResolveError::Absent { .. });
    let is_absent = is_absent || matches!(error, ResolveError::Fault(fault) if fault.kind == FaultKind::NotFound);
    let is_sandbox = aws.endpoint.as_deref().is_some_and(is_loopback);
    (is_absent && is_sandbox).then_some(
        "check the name: the sandbox has those of its scenario, and `espalier sandbox run --config FILE -- …` gives it those of your config \
         (`sandbox serve --config FILE` too)",
    )
}

/// The clock that the environment asks for: the system's, or the sandbox's.
///
/// # Errors
/// When the sandbox's clock does not answer.
pub(crate) async fn clock(surroundings: &Surroundings) -> Result<Box<dyn Clock>, Error> {
    match &surroundings.clock {
        None => Ok(Box::new(System)),
        Some(url) => match Stepped::connect(url).await {
            Ok(clock) => Ok(Box::new(clock)),
            Err(error) => Err(Error::malfunction("cannot read the clock of the sandbox", &error)),
        },
    }
}

/// Where reports go.
///
/// # Errors
/// When the event of the workflow run cannot be read: exit 2, before anything is written.
pub(crate) fn reports(format: Format, github: &GitHubSettings, surroundings: &Surroundings) -> Result<ReportOptions, Error> {
    let runner = &surroundings.runner;
    let base = base(surroundings);
    let workflows = base.workspace.as_ref().unwrap_or(&base.directory).join(".github/workflows");
    let event = match &runner.event_path {
        None => "{}".to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Error::invalid(format!("GITHUB_EVENT_PATH ({}) cannot be read: {error}", path.display())))?,
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let github = runner.repository.as_ref().map(|repository| GitHubOptions {
        api_url: runner.api_url.clone().unwrap_or_else(|| "https://api.github.com".to_owned()),
        server_url: runner.server_url.clone().unwrap_or_else(|| "https://github.com".to_owned()),
        token: surroundings.github_token.as_ref().map(|token| Token::new(token.reveal())),
        repository: repository.clone(),
        event_name: text(&runner.event_name),
        event,
        sha: text(&runner.sha),
        run_id: text(&runner.run_id),
        run_attempt: text(&runner.run_attempt),
        environment: None,
        origin: None,
        comment: github.comment,
        check: github.check,
        summary: github.summary,
        deployment: github.deployment.clone(),
        environment_url: github.environment_url.clone(),
        rollback_workflow: github
            .rollback_workflow
            .clone()
            .or_else(|| is_ours(&workflows.join("rollback.yml"), "workflow_dispatch").then(|| "rollback.yml".to_owned())),
        answers_comments: is_ours(&workflows.join("command.yml"), "issue_comment"),
        pace: if surroundings.clock.is_some() { Pace::REHEARSED } else { Pace::REAL },
    });
    if let Some(github) = &github {
        github.subject().map_err(|error| Error::invalid(error.to_string()))?;
    }
    Ok(ReportOptions {
        format: match format {
            Format::Text => report::Format::Text,
            Format::Json => report::Format::Json,
            Format::Markdown => report::Format::Markdown,
        },
        terminal: surroundings.stdout_is_terminal,
        color: surroundings.stdout_is_terminal && !surroundings.no_color,
        actions: runner.is_actions,
        output_file: runner.output.clone(),
        summary_file: runner.step_summary.clone(),
        journal_path: runner.temp.as_ref().map(|temp| temp.join("espalier-journal.jsonl")),
        github,
        base,
        ..ReportOptions::default()
    })
}

/// Where the files of the request lie.
pub(crate) fn base(surroundings: &Surroundings) -> Base {
    Base { directory: surroundings.directory.clone(), workspace: surroundings.runner.workspace.clone() }
}

/// Whether a workflow runs us when that happens. One that only has the name of ours is somebody else's.
fn is_ours(workflow: &Path, event: &str) -> bool {
    std::fs::read_to_string(workflow).is_ok_and(|text| text.contains("espalier") && text.contains(event))
}

/// Shows lines on standard output in the form that was asked for.
pub(crate) fn show(format: Format, lines: &[String]) {
    print(&match format {
        Format::Text => lines.join("\n"),
        Format::Markdown => lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"),
        Format::Json => serde_json::json!(lines).to_string(),
    });
}

/// Writes a text to standard output. A reader that went away is not an error.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A signal came before the rollout was claimed.
pub(crate) fn cancelled() -> Error {
    Error::new(Exit::Malfunction, "the job was cancelled before anything was claimed; traffic is untouched")
}
