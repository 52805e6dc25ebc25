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
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    /// How many stay as they are.
    pub(super) kept: usize,
}

/// Where it is told.
pub(super) struct Progress {
    format: Format,
    owner: String,
    options: ReportOptions,
}

impl Progress {
    /// # Errors
    /// When the event of the workflow run cannot be read.
    pub(super) fn new(settings: &DeclaredSettings) -> Result<Self, Error> {
        let options = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
        Ok(Self { format: settings.format, owner: settings.owner.clone(), options })
    }

    /// Nobody is told.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self { format: Format::Json, owner: String::new(), options: ReportOptions::default() }
    }

    /// The plan, before anything is done.
    pub(super) async fn plan(&self, plan: &Plan, is_all: bool) {
        match self.format {
            Format::Text => connect::print(&plan::text(&plan.title, &plan.lines, plan.kept).join("\n")),
            Format::Markdown => connect::print(&plan::markdown(&plan.title, &plan.lines, plan.kept)),
            Format::Json => {}
        }
        if !is_all {
            self.comment(&format!("{}\nGoing on.", plan::markdown(&plan.title, &plan.lines, plan.kept))).await;
        }
    }

    /// One resource was made, changed or taken away.
    pub(super) fn acted(&self, resource: &Resource, what: &str) {
        if self.format == Format::Text {
            connect::print(&format!("{}: {} {what}", resource.address, resource.title()));
        }
    }

    /// What came of it.
    pub(super) async fn finish(&self, plan: &Plan, outcome: &str, error: Option<&Error>) {
        let said = match outcome {
            "planned" => "Nothing was written: this is what would be done.".to_owned(),
            "unchanged" => "Nothing to do.".to_owned(),
            "done" => "Done.".to_owned(),
            _ => "It is not all done:".to_owned(),
        };
        let problems: Vec<String> =
            error.iter().flat_map(|error| &error.problems).map(|problem| problem.message.clone()).collect();
        match self.format {
            Format::Text => connect::print(&said),
            Format::Markdown => connect::print(&format!("\n{said}")),
            Format::Json => {
                let mut whole = plan::json(&plan.lines, plan.kept);
                whole["outcome"] = outcome.into();
                whole["problems"] = json!(problems);
                connect::print(&format!("{whole:#}"));
            }
        }
        let list: String = problems.iter().map(|problem| format!("\n- {}", report::prose(problem))).collect();
        let body = format!("{}\n{said}{list}\n", plan::markdown(&plan.title, &plan.lines, plan.kept));
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
