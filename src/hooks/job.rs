//! What hooks run, and what all of them are told.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::rollout::hooks::{Hook, Hooks, Point};

/// What a hook runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// A text for `sh -c`.
    Shell(String),
    /// A program with its arguments, run as it is; never empty.
    Program(Vec<String>),
    /// An ECS task beside the candidate's.
    Task(Task),
}

/// An ECS task in the candidate's own network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// The command of its container; that of its task definition when empty.
    pub command: Vec<String>,
    /// The container whose command it is and whose exit code decides; the first essential one when `None`.
    pub container: Option<String>,
    /// The task definition: `family`, `family:revision` or an ARN; the candidate's when `None`.
    pub task_definition: Option<String>,
}

/// One hook as the config has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it runs.
    pub job: Job,
    /// How long it may take.
    pub limit: Duration,
    /// Where it was asked for: `espalier.yml:7:3`, `--hooks`.
    pub from: String,
}

/// The hooks of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// By the point that they run at.
    pub wanted: BTreeMap<Point, Wanted>,
    /// Where programs run; the working directory when empty.
    pub directory: PathBuf,
    /// Variables that they get beside what the rollout itself has to say.
    pub told: Vec<(&'static str, String)>,
    /// Texts that must not be shown, wherever a hook says them.
    pub secrets: Vec<crate::settings::Secret>,
}

impl Job {
    /// As people know it: the command, in one line.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Shell(text) => text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; "),
            Self::Program(words) => words.join(" "),
            Self::Task(Task { command, task_definition, .. }) if command.is_empty() => {
                format!("task {}", task_definition.as_deref().unwrap_or_default())
            }
            Self::Task(Task { command, .. }) => format!("task {}", command.join(" ")),
        }
    }
}

impl Jobs {
    /// What the machine needs to know of them.
    #[must_use]
    pub fn hooks(&self) -> Hooks {
        let hook = |wanted: &Wanted| Hook { what: wanted.job.what(), limit: wanted.limit };
        self.wanted.iter().map(|(point, wanted)| (*point, hook(wanted))).collect()
    }

    /// The points at which a task runs.
    pub fn tasks(&self) -> impl Iterator<Item = (Point, &Task)> {
        self.wanted
            .iter()
            .filter_map(|(point, wanted)| if let Job::Task(task) = &wanted.job { Some((*point, task)) } else { None })
    }
}
