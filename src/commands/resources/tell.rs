//! Plan and progress: to the log, to the job's summary and to the pull request.

use serde_json::json;

use crate::{
    commands::connect,
    exit::Error,
    github::{
        client::Client,
        comment::{Sticky, marker},
    },
    report::{self, ReportOptions},
    resources::{
        Resource,
        plan::{self, Line},
    },
    settings::{DeclaredSettings, Format},
};

/// What is going to be done.
pub(super) struct Plan {
    /// `up` or `down`.
    pub(super) verb: &'static str,
    pub(super) lines: Vec<Line>,
    /// How many stay as they are.
    pub(super) kept: usize,
}

/// Where it is told.
pub(super) struct Progress {
    format: Format,
    owner: String,
    /// AWS, where it is not AWS.
    endpoint: Option<String>,
    options: ReportOptions,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Only a plan was wanted.
    Planned,
    /// It has begun.
    Begun,
    /// There was nothing to do.
    Unchanged,
    Done,
    /// Something is in the way, and nothing was written.
    Refused,
    /// Not all of it could be done.
    Failed,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Begun => "begun",
            Self::Unchanged => "unchanged",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Planned => "Nothing was written: this is what would be done.",
            Self::Begun => "Going on.",
            Self::Unchanged => "Nothing to do.",
            Self::Done => "Done.",
            Self::Refused => "Nothing was written:",
            Self::Failed => "It is not all done:",
        }
    }

    /// The outcome first.
    fn heading(self, verb: &str, owner: &str) -> String {
        let (mark, what) = match (self, verb) {
            (Self::Planned, verb) => ("⚪", format!("what `{verb}` would do")),
            (Self::Begun, verb) => ("🔄", format!("`{verb}` goes on")),
            (Self::Unchanged, "up") => ("✅", "as declared".to_owned()),
            (Self::Done, "up") => ("✅", "up".to_owned()),
            (Self::Unchanged | Self::Done, _) => ("⚪", "taken away".to_owned()),
            (Self::Refused, verb) => ("❌", format!("`{verb}` is refused")),
            (Self::Failed, verb) => ("❌", format!("`{verb}` is not all done")),
        };
        format!("### {mark} Resources of `{owner}`: {what}")
    }
}

impl Progress {
    /// # Errors
    /// When the event of the workflow run cannot be read.
    pub(super) fn new(settings: &DeclaredSettings, endpoint: Option<String>) -> Result<Self, Error> {
        let options = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
        Ok(Self { format: settings.format, owner: settings.owner.clone(), endpoint, options })
    }

    /// Nobody is told.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self { format: Format::Json, owner: String::new(), endpoint: None, options: ReportOptions::default() }
    }

    /// The plan, before anything is done.
    pub(super) async fn plan(&self, plan: &Plan, is_all: bool) {
        match self.format {
            Format::Text => {
                let title = format!("{}: {}", plan.verb, self.owner);
                connect::print(&plan::text(&title, &plan.lines, plan.kept).join("\n"));
            }
            Format::Markdown => connect::print(&plan::markdown(&plan.lines, plan.kept)),
            Format::Json => {}
        }
        if !is_all {
            self.comment(&self.body(plan, Outcome::Begun, "")).await;
        }
    }

    /// The comment: where it stands, the plan, and what is in the way.
    fn body(&self, plan: &Plan, outcome: Outcome, problems: &str) -> String {
        let heading = outcome.heading(plan.verb, &self.owner);
        let rehearsal = self.endpoint.as_ref().map(|url| format!("In a rehearsal: AWS is `{url}`.\n\n")).unwrap_or_default();
        format!("{heading}\n\n{rehearsal}{}\n{}{problems}\n", plan::markdown(&plan.lines, plan.kept), outcome.sentence())
    }

    /// One resource was made, changed or taken away.
    pub(super) fn acted(&self, resource: &Resource, what: &str) {
        if self.format == Format::Text {
            connect::print(&format!("{}: {} {what}", resource.address, resource.title()));
        }
    }

    /// What came of it.
    pub(super) async fn finish(&self, plan: &Plan, outcome: Outcome, error: Option<&Error>) {
        let problems: Vec<String> =
            error.iter().flat_map(|error| &error.problems).map(|problem| problem.message.clone()).collect();
        match self.format {
            // What is in the way is told as the error.
            Format::Text | Format::Markdown if outcome == Outcome::Refused => {}
            Format::Text => connect::print(outcome.sentence()),
            Format::Markdown => connect::print(&format!("\n{}", outcome.sentence())),
            Format::Json => {
                let mut whole = plan::json(&plan.lines, plan.kept);
                whole["outcome"] = outcome.word().into();
                whole["problems"] = json!(problems);
                connect::print(&format!("{whole:#}"));
            }
        }
        let list: String = problems.iter().map(|problem| format!("\n- {}", report::prose(problem))).collect();
        let body = self.body(plan, outcome, &list);
        self.comment(&body).await;
        if let Some(file) = self.options.summary_file.as_ref()
            && let Err(error) = report::append_outputs(file, &format!("{body}\n"))
        {
            connect::print(&format!("the summary could not be written: {error}"));
        }
    }

    /// On the pull request, edited in place. It decides nothing, and its failure is only said.
    async fn comment(&self, body: &str) {
        let Some(github) = self.options.github.as_ref().filter(|github| github.comment) else { return };
        let Some(token) = &github.token else { return };
        let Ok(Some(number)) = github.subject().map(|subject| subject.pull_request) else { return };
        let said = match Client::new(&github.api_url, &github.repository, token) {
            Ok(client) => Sticky::new(client, number, marker(&self.owner, "resources")).say(body).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = said {
            connect::print(&format!("the plan could not be written to the pull request: {error}"));
        }
    }
}
