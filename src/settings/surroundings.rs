//! What else the environment says: the runner, endpoints, the clock.

use std::{fmt, path::PathBuf};

use super::Environment;
use crate::definition::Finding;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What GitHub's runner says (docs.github.com, "Variables reference").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runner {
    /// `GITHUB_ACTIONS`: whether this is a job of GitHub Actions.
    pub is_actions: bool,
    /// `GITHUB_API_URL`; `https://api.github.com` when `None`.
    pub api_url: Option<String>,
    /// `GITHUB_SERVER_URL`; `https://github.com` when `None`.
    pub server_url: Option<String>,
    /// `GITHUB_REPOSITORY`: `owner/name`.
    pub repository: Option<String>,
    /// `GITHUB_EVENT_NAME`.
    pub event_name: Option<String>,
    /// `GITHUB_EVENT_PATH`: the file with the event.
    pub event_path: Option<PathBuf>,
    /// `GITHUB_SHA`.
    pub sha: Option<String>,
    /// `GITHUB_REF`.
    pub git_ref: Option<String>,
    /// `GITHUB_RUN_ID`.
    pub run_id: Option<String>,
    /// `GITHUB_RUN_ATTEMPT`.
    pub run_attempt: Option<String>,
    /// `GITHUB_JOB`.
    pub job: Option<String>,
    /// `GITHUB_ACTOR`.
    pub actor: Option<String>,
    /// `GITHUB_WORKFLOW`.
    pub workflow: Option<String>,
    /// `GITHUB_OUTPUT`: the file for the step's outputs.
    pub output: Option<PathBuf>,
    /// `GITHUB_STEP_SUMMARY`: the file for the step's summary.
    pub step_summary: Option<PathBuf>,
    /// `GITHUB_WORKSPACE`: where the repository is checked out, if it is.
    pub workspace: Option<PathBuf>,
    /// `RUNNER_TEMP`: a directory that the runner empties after the job.
    pub temp: Option<PathBuf>,
}

/// Everything read from the environment that is not a setting of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `AWS_ENDPOINT_URL`: where AWS is, when it is not AWS.
    pub aws_endpoint_url: Option<String>,
    /// `ESPALIER_CLOCK`: the sandbox whose clock is ours.
    pub clock: Option<String>,
    /// The runner.
    pub runner: Runner,
    /// `--github-token`, `ESPALIER_GITHUB_TOKEN` or `GITHUB_TOKEN`.
    pub github_token: Option<Secret>,
    /// `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`: there where the job has `id-token: write`.
    pub id_token: Option<(String, Secret)>,
    /// `NO_COLOR`.
    pub no_color: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// The working directory.
    pub directory: PathBuf,
}

impl Surroundings {
    /// Reads them; `github_token` is the flag.
    #[must_use]
    pub fn read(environment: &Environment, github_token: Option<&Secret>) -> Self {
        let text = |name: &str| environment.get(name).map(str::to_owned);
        let path = |name: &str| environment.get(name).map(PathBuf::from);
        let token = ["ESPALIER_GITHUB_TOKEN", "GITHUB_TOKEN"].into_iter().find_map(|name| environment.get(name));
        Self {
            aws_endpoint_url: text("AWS_ENDPOINT_URL"),
            clock: text("ESPALIER_CLOCK"),
            runner: Runner {
                is_actions: environment.get("GITHUB_ACTIONS") == Some("true"),
                api_url: text("GITHUB_API_URL"),
                server_url: text("GITHUB_SERVER_URL"),
                repository: text("GITHUB_REPOSITORY"),
                event_name: text("GITHUB_EVENT_NAME"),
                event_path: path("GITHUB_EVENT_PATH"),
                sha: text("GITHUB_SHA"),
                git_ref: text("GITHUB_REF"),
                run_id: text("GITHUB_RUN_ID"),
                run_attempt: text("GITHUB_RUN_ATTEMPT"),
                job: text("GITHUB_JOB"),
                actor: text("GITHUB_ACTOR"),
                workflow: text("GITHUB_WORKFLOW"),
                output: path("GITHUB_OUTPUT"),
                step_summary: path("GITHUB_STEP_SUMMARY"),
                workspace: path("GITHUB_WORKSPACE"),
                temp: path("RUNNER_TEMP"),
            },
            github_token: github_token.filter(|token| !token.0.is_empty()).cloned().or_else(|| token.map(Secret::new)),
            id_token: text("ACTIONS_ID_TOKEN_REQUEST_URL")
                .zip(environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN").map(Secret::new))
                // A rehearsal asks nobody but the sandbox, also where the job around it may have tokens.
                .filter(|(url, _)| environment.get("ESPALIER_CLOCK").is_none() || is_loopback(url)),
            no_color: environment.get("NO_COLOR").is_some(),
            stdout_is_terminal: environment.stdout_is_terminal,
            directory: environment.directory.clone(),
        }
    }
}

/// A clock that does as it is told must never drive a release of real traffic: with `ESPALIER_CLOCK` every endpoint has to be on
/// this machine.
pub(super) fn check_clock(environment: &Environment, surroundings: &Surroundings, findings: &mut Vec<Finding>) {
    let Some(clock) = &surroundings.clock else { return };
    let why = "ESPALIER_CLOCK stands for the sandbox's clock, which may only drive what is on this machine";
    let mut refuse = |name: &str, message: String| findings.push(Finding::error(name, message).hint(why));
    if !is_loopback(clock) {
        refuse("ESPALIER_CLOCK", format!("`{clock}` is not on this machine"));
    }
    if surroundings.aws_endpoint_url.is_none() {
        refuse("AWS_ENDPOINT_URL", "it is not set, so AWS itself would be called".to_owned());
    }
    for (name, url) in environment.starting_with("AWS_ENDPOINT_URL") {
        if !is_loopback(url) {
            refuse(name, format!("`{url}` is not on this machine"));
        }
    }
    match &surroundings.runner.api_url {
        Some(url) if !is_loopback(url) => refuse("GITHUB_API_URL", format!("`{url}` is not on this machine")),
        None if surroundings.github_token.is_some() => {
            refuse("GITHUB_API_URL", "it is not set, so GitHub itself would be called".to_owned());
        }
        Some(_) | None => {}
    }
}

/// Whether a URL is on this machine: by address or as `localhost`, never by how a name looks.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Some(host) = url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)) else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(&str, &str)]) -> Vec<String> {
        let environment = Environment::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut findings = Vec::new();
        check_clock(&environment, &Surroundings::read(&environment, None), &mut findings);
        findings.into_iter().map(|finding| finding.file).collect()
    }

    #[test]
    fn the_sandboxs_clock_drives_only_what_is_on_this_machine() {
        let clock = ("ESPALIER_CLOCK", "http://127.0.0.1:9/clock");
        let aws = ("AWS_ENDPOINT_URL", "http://localhost:9");
        assert_eq!(refused(&[]), [""; 0]);
        assert_eq!(refused(&[clock, aws]), [""; 0]);
        assert_eq!(
            refused(&[
                clock,
                ("AWS_ENDPOINT_URL", "http://[::1]:9"),
                ("GITHUB_TOKEN", "t"),
                ("GITHUB_API_URL", "http://127.9.9.9")
            ]),
            [""; 0]
        );
        assert_eq!(refused(&[clock]), ["AWS_ENDPOINT_URL"]);
        assert_eq!(refused(&[clock, aws, ("GITHUB_TOKEN", "t")]), ["GITHUB_API_URL"]);
        assert_eq!(
            refused(&[clock, aws, ("AWS_ENDPOINT_URL_ECS", "https://ecs.eu-west-1.amazonaws.com")]),
            ["AWS_ENDPOINT_URL_ECS"]
        );
        for elsewhere in ["http://127.0.0.1@example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "nonsense"] {
            assert_eq!(refused(&[clock, ("AWS_ENDPOINT_URL", elsewhere)]), ["AWS_ENDPOINT_URL"], "{elsewhere}");
            assert_eq!(refused(&[("ESPALIER_CLOCK", elsewhere), aws]), ["ESPALIER_CLOCK"], "{elsewhere}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let environment = Environment::of([
            ("GITHUB_TOKEN".to_owned(), "ghs_x".to_owned()),
            ("ESPALIER_GITHUB_TOKEN".to_owned(), " ".to_owned()),
        ]);
        let surroundings = Surroundings::read(&environment, None);
        assert!(!format!("{surroundings:?}").contains("ghs_x"));
        assert_eq!(surroundings.github_token.as_ref().map(Secret::reveal), Some("ghs_x"));
        assert_eq!(Surroundings::read(&environment, Some(&Secret::new("flag"))).github_token, Some(Secret::new("flag")));
    }
}
