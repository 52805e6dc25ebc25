//! What the commands are told that act on a recorded rollout.

use std::path::PathBuf;

use super::{
    Surroundings,
    types::{AnalysisSettings, AwsSettings, DeploySettings, Format, GitHubSettings, PlanOrigin, StatusSettings},
};

use crate::{hooks::Jobs, rollout::plan::Plan};

/// Which rollout a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// That of this Lattice service: name, id or ARN.
    LatticeService(String),
    /// That of this traffic target: the ARN of a rule or listener.
    TrafficTarget(String),
}

/// What `abort` is told.
#[derive(Clone, Debug)]
pub struct AbortSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Which rollout.
    pub which: Which,
    /// Only if it has this id.
    pub rollout_id: Option<String>,
    /// The target group that is to have all traffic, where no record says it.
    pub to: Option<String>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Restore even when that side has no healthy targets.
    pub force: bool,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// What `rollback` is told.
#[derive(Clone, Debug)]
pub struct RollbackSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Which release.
    pub which: Which,
    /// Only if it has this id.
    pub rollout_id: Option<String>,
    /// Only to this revision.
    pub revision: Option<String>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// What a `deploy` does that finds a rollout under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExisting {
    /// Nothing: exit 5.
    #[default]
    Refuse,
    /// Goes on with it, if it releases the same and its job is gone.
    Resume,
    /// Rolls it back, then releases.
    RollbackFirst,
}

/// What `promote` is told.
#[derive(Clone, Debug)]
pub struct PromoteSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Which rollout.
    pub which: Which,
    /// Only if it has this id.
    pub rollout_id: Option<String>,
    /// Only where it waits before this step, counted from 1.
    pub step: Option<usize>,
    /// Later holds are released too.
    pub full: bool,
    /// The plan as the config has it.
    pub plan: Plan,
    /// Where that comes from.
    pub plan_origin: PlanOrigin,
    /// What that plan is judged by.
    pub judging: AnalysisSettings,
    /// What is run on the way.
    pub hooks: Jobs,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// How much a `resume` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every rollout of the account's region.
    All,
    /// One.
    One(Which),
}

/// What `resume` is told.
#[derive(Clone, Debug)]
pub struct ResumeSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Which rollouts.
    pub scope: Scope,
    /// Only if it has this id.
    pub rollout_id: Option<String>,
    /// The plan as the config has it.
    pub plan: Plan,
    /// Where that comes from.
    pub plan_origin: PlanOrigin,
    /// What that plan is judged by.
    pub judging: AnalysisSettings,
    /// What is run on the way.
    pub hooks: Jobs,
    /// What `deploy` would be told: to start a candidate that was not started yet.
    pub release: Option<Box<DeploySettings>>,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// What `recover` is told.
#[derive(Clone, Debug)]
pub struct RecoverSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Which rollout.
    pub which: Which,
    /// The rollout of this very job; without it only one that no job holds any more is touched.
    pub rollout_id: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
    /// How to show it.
    pub format: Format,
    /// What is reported to GitHub.
    pub github: GitHubSettings,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// What `answer` is told.
#[derive(Clone, Debug)]
pub struct AnswerSettings {
    /// What can be asked about; one at least.
    pub services: Vec<Served>,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// A service that comments can ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What it is called.
    pub name: Option<String>,
    /// Its config; variables alone say it all when `None`.
    pub config: Option<PathBuf>,
}

/// What the verb is told that a comment asks for.
#[derive(Clone, Debug)]
pub enum AskedSettings {
    /// `status`.
    Status(Box<StatusSettings>),
    /// `promote`.
    Promote(Box<PromoteSettings>),
    /// `abort`.
    Abort(Box<AbortSettings>),
    /// `rollback`.
    Rollback(Box<RollbackSettings>),
}

impl AskedSettings {
    /// Everything else from the environment, of a verb that leaves a trace.
    pub fn surroundings(&mut self) -> Option<&mut Surroundings> {
        match self {
            Self::Status(_) => None,
            Self::Promote(settings) => Some(&mut settings.surroundings),
            Self::Abort(settings) => Some(&mut settings.surroundings),
            Self::Rollback(settings) => Some(&mut settings.surroundings),
        }
    }
}
