//! Whether the token may write the reports that are wanted. They are best effort, so nothing here is an error.

use super::words::problems;
use crate::{
    commands::connect,
    github::{
        client::Client,
        error::GitHubError,
        permissions::{Report, may_write},
    },
    settings::{DeploySettings, Format},
    verify::{Code, Found, Level, Spot},
};

/// Everything that can be said of GitHub. Outside of a job there is nothing to report to.
pub(super) async fn check(release: &DeploySettings) -> Vec<Found> {
    let options = match connect::reports(Format::Text, &release.github, &release.surroundings) {
        Ok(options) => options,
        Err(error) => return problems(&error, Code::Config, ""),
    };
    let Some(github) = options.github else { return Vec::new() };
    // The options were made of it.
    let Ok(subject) = github.subject() else { return Vec::new() };
    let about = || Spot::Thing(github.repository.clone());
    if subject.read_only_token {
        let message = "GitHub gives this run a token that can only read: log and summary are all that a release would have";
        return vec![Found::note(Code::GitHubPermission, about(), message)];
    }
    let wanted = [
        subject.pull_request.filter(|_| github.comment).map(Report::Comment),
        github.check.then_some(Report::Check),
        github.deployment.as_ref().map(|_| Report::Deployment),
    ];
    let wanted: Vec<Report> = wanted.into_iter().flatten().collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let Some(token) = &github.token else {
        let message = "there is no token: nothing would be written on GitHub";
        let hint = "pass `github-token: ${{ github.token }}`, or set GITHUB_TOKEN";
        return vec![Found::warning(Code::GitHubPermission, about(), message).hint(hint)];
    };
    let client = match Client::new(&github.api_url, &github.repository, token) {
        Ok(client) => client,
        Err(error) => return vec![Found::warning(Code::GitHubUnreachable, about(), error.to_string())],
    };
    let mut found: Vec<Found> = Vec::new();
    for report in wanted {
        let Err(error) = may_write(&client, report).await else { continue };
        let lacks = matches!(error, GitHubError::Forbidden { .. } | GitHubError::NotFound { .. });
        let one = if lacks {
            let message = format!("the token may not write {}", report.what());
            Found::warning(Code::GitHubPermission, about(), message)
                .hint(format!("add `{}` to the `permissions:` of the job", report.permission()))
        } else {
            Found { level: Level::Warning, ..Found::error(Code::GitHubUnreachable, about(), error.to_string()) }
        };
        // An outage is one finding.
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}
