//! What the reports are told before anything happens.

use std::path::PathBuf;

use super::{escape, feed::Pace, opening::Opening, trouble::Base};
use crate::{
    github::{
        client::Token,
        event::{self, EventError, Subject},
    },
    rollout::{journal::Release, origin::Origin},
};

/// How progress is written to the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Lines for people, grouped in GitHub Actions, with a live view on a terminal.
    #[default]
    Text,
    /// The journal, one JSON object a line, as it grows.
    Json,
    /// Nothing until the end, then the words of the pull request comment.
    Markdown,
}

/// Where reports go, and in which form. The default is plain lines and nothing else.
#[derive(Debug, Default)]
pub struct ReportOptions {
    /// The form of the console's lines.
    pub format: Format,
    /// The console is a terminal: draw a live view on it.
    pub terminal: bool,
    /// Colours are wanted (`NO_COLOR` is unset, and the console is a terminal).
    pub color: bool,
    /// The console is a GitHub Actions log: groups and annotations.
    pub actions: bool,
    /// `$GITHUB_OUTPUT`: appended to at the end.
    pub output_file: Option<PathBuf>,
    /// `$GITHUB_STEP_SUMMARY`: what this process wrote is replaced on every change, what was there before stays.
    pub summary_file: Option<PathBuf>,
    /// The journal as JSON lines, written anew and then added to as it grows.
    pub journal_path: Option<PathBuf>,
    /// GitHub, where there is one.
    pub github: Option<GitHubOptions>,
    /// Where the files of the request lie.
    pub base: Base,
    /// The check run that is there already.
    pub opening: Option<Opening>,
    /// The command that aborts this rollout; one is put together from the release when this is none.
    pub abort_command: Option<String>,
    /// The command that goes back after promotion; put together likewise.
    pub rollback_command: Option<String>,
    /// The ECS services of stable and candidate, for the `ecs-service` output.
    pub ecs_services: [Option<String>; 2],
    /// The candidate's task definition, for the `task-definition-arn` output.
    pub task_definition_arn: Option<String>,
    /// The traffic target that holds the rollout's record, by its ARN: what finds it, whatever else shares the Lattice service.
    pub traffic_target: Option<String>,
    /// Which job holds that record: another one's is not for this job to recover.
    pub owner: Option<String>,
}

/// GitHub as the runner describes it.
#[derive(Clone, Debug)]
pub struct GitHubOptions {
    /// `GITHUB_API_URL`.
    pub api_url: String,
    /// `GITHUB_SERVER_URL`, for links.
    pub server_url: String,
    /// The token; none: nothing is sent to GitHub, and one line says so.
    pub token: Option<Token>,
    /// `GITHUB_REPOSITORY`, `owner/name`.
    pub repository: String,
    /// `GITHUB_EVENT_NAME`.
    pub event_name: String,
    /// The contents of the file that `GITHUB_EVENT_PATH` names.
    pub event: String,
    /// `GITHUB_SHA`.
    pub sha: String,
    /// `GITHUB_RUN_ID`; empty when unknown.
    pub run_id: String,
    /// `GITHUB_RUN_ATTEMPT`; empty when unknown.
    pub run_attempt: String,
    /// Tells apart comments and checks of one service in several places; the cluster when this is none.
    pub environment: Option<String>,
    /// `github.comment`: write the sticky comment.
    pub comment: bool,
    /// `github.check`: write the check run.
    pub check: bool,
    /// `github.summary`: write the job summary.
    pub summary: bool,
    /// `github.deployment`: the environment whose deployments are recorded.
    pub deployment: Option<String>,
    /// Where that environment is to be seen.
    pub environment_url: Option<String>,
    /// The file of the workflow that rolls back, where there is one.
    pub rollback_workflow: Option<String>,
    /// A workflow answers `/espalier` comments.
    pub answers_comments: bool,
    /// What the rollout was begun for, where another job began it.
    pub origin: Option<Origin>,
    /// How writes to GitHub are spaced.
    pub pace: Pace,
}

impl GitHubOptions {
    /// What the run is about: what the event says, or what the rollout was begun for where the event is about no pull request and
    /// no commit (a schedule, somebody's `workflow_dispatch`). Call it before anything is written: an error is exit 2.
    ///
    /// # Errors
    /// See [`EventError`].
    pub fn subject(&self) -> Result<Subject, EventError> {
        let subject = event::subject_of_text(&self.event_name, &self.event, &self.sha)?;
        let of_another = self.origin.as_ref().filter(|origin| origin.repository == self.repository);
        Ok(match of_another {
            Some(origin) if subject.pull_request.is_none() && !subject.is_of_commit => Subject {
                pull_request: origin.pull_request,
                head_sha: origin.commit.clone(),
                is_of_commit: origin.pull_request.is_none(),
                ..subject
            },
            Some(_) | None => subject,
        })
    }

    /// The same, as the record of a rollout that begins keeps it; none where it is about nothing.
    #[must_use]
    pub fn begins_for(&self) -> Option<Origin> {
        let subject = self.subject().ok()?;
        let origin = Origin { repository: self.repository.clone(), pull_request: subject.pull_request, commit: subject.head_sha };
        // Only what reads back is worth its tag.
        origin.to_string().parse().ok()
    }

    fn repository_url(&self) -> String {
        format!("{}/{}", self.server_url.trim_end_matches('/'), self.repository)
    }

    fn run_url(&self) -> Option<String> {
        if self.run_id.is_empty() {
            return None;
        }
        let run = format!("{}/actions/runs/{}", self.repository_url(), self.run_id);
        Some(if self.run_attempt.is_empty() { run } else { format!("{run}/attempts/{}", self.run_attempt) })
    }
}

/// What a report says around the journal: links and commands. All optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The job's page on GitHub.
    pub run_url: Option<String>,
    /// The commit that is released.
    pub commit: Option<String>,
    /// The repository's page on GitHub.
    pub repository_url: Option<String>,
    /// The page where the workflow that rolls back is started.
    pub rollback_workflow_url: Option<String>,
    /// A workflow answers `/espalier` comments.
    pub answers_comments: bool,
    /// What a person types to abort.
    pub abort_command: String,
    /// What a person types to go back after promotion.
    pub rollback_command: String,
    /// The ECS services of stable and candidate.
    pub ecs_services: [Option<String>; 2],
    /// The candidate's task definition.
    pub task_definition_arn: Option<String>,
    /// Where the journal is kept.
    pub journal_path: Option<PathBuf>,
    /// Where the files of the request lie.
    pub base: Base,
}

impl Surroundings {
    /// Puts together what surrounds `release`.
    #[must_use]
    pub fn new(options: &ReportOptions, release: &Release, subject: &Subject) -> Self {
        let github = options.github.as_ref();
        let command = |verb: &str| {
            let cluster = release.cluster.as_ref().map(|cluster| format!(" --cluster {}", quoted(cluster))).unwrap_or_default();
            format!("espalier {verb}{cluster} --service {}", quoted(&release.name))
        };
        let workflow = |github: &GitHubOptions| {
            let file = github.rollback_workflow.as_ref()?;
            Some(format!("{}/actions/workflows/{file}", github.repository_url()))
        };
        Self {
            run_url: github.and_then(GitHubOptions::run_url),
            commit: subject.head_sha.clone(),
            repository_url: github.map(GitHubOptions::repository_url),
            rollback_workflow_url: github.and_then(workflow),
            // They are comments on a pull request.
            answers_comments: github.is_some_and(|github| github.answers_comments) && subject.pull_request.is_some(),
            abort_command: options.abort_command.clone().unwrap_or_else(|| command("abort")),
            rollback_command: options.rollback_command.clone().unwrap_or_else(|| command("rollback")),
            ecs_services: options.ecs_services.clone(),
            task_definition_arn: options.task_definition_arn.clone(),
            journal_path: options.journal_path.clone(),
            base: options.base.clone(),
        }
    }
}

impl Surroundings {
    /// A commit in short, with a link to its page where it can have one.
    pub(super) fn commit_link(&self, commit: &str) -> String {
        let short = escape::code(&commit.chars().take(7).collect::<String>());
        let is_commit = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.repository_url.as_ref().filter(|_| is_commit) {
            Some(repository) => format!("[{short}]({repository}/commit/{commit})"),
            None => short,
        }
    }

    /// Whether a URL is one of the repository's pages, and cannot end its own link.
    pub(super) fn is_of_repository(&self, url: &str) -> bool {
        let is_tame = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        let below = self.repository_url.as_ref().and_then(|repository| url.strip_prefix(repository.as_str()));
        below.is_some_and(|below| below.starts_with('/')) && url.bytes().all(is_tame)
    }

    /// How to do what commands do, without a shell: by a comment, where a workflow answers it.
    pub(super) fn by_comment(&self, verbs: &[&str]) -> Option<String> {
        let comments: Vec<_> = verbs.iter().map(|verb| format!("`/espalier {verb}`")).collect();
        self.answers_comments.then(|| format!("by commenting {}", comments.join(" or ")))
    }
}

/// A word of a shell command, quoted where it must be.
fn quoted(word: &str) -> String {
    let is_tame =
        !word.is_empty() && word.chars().all(|character| character.is_ascii_alphanumeric() || "-_./:".contains(character));
    if is_tame { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_put_together_for_a_shell() {
        let release = Release { name: "it's $x".to_owned(), cluster: Some("prod".to_owned()), ..Release::default() };
        let surroundings = Surroundings::new(&ReportOptions::default(), &release, &Subject::default());
        assert_eq!(surroundings.abort_command, r"espalier abort --cluster prod --service 'it'\''s $x'");
    }
}
