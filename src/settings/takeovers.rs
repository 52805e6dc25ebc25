//! What the commands are told that act on a recorded rollout.

use std::path::PathBuf;

use super::{
    Surroundings,
    types::{AnalysisSettings, AwsSettings, DeploySettings, Format, GitHubSettings, PlanOrigin, StatusSettings},
};

use crate::{
    hooks::Jobs,
    rollout::{
        plan::Plan,
        record::{Record, SlotRecord},
    },
};

/// Which rollout a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// That of this Lattice service: name, id or ARN.
    LatticeService(String),
    /// That of a config's application on the Lattice service that the config names: others may share it.
    Application(String, Application),
    /// That of this traffic target: the ARN of a rule or listener.
    TrafficTarget(String),
}

/// An application as a config names its two slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Their ECS services, by name.
    pub ecs_services: [String; 2],
    /// Their target groups: names, ids or ARNs.
    pub target_groups: [String; 2],
}

impl Application {
    /// Whether the rollout is this application's: by the ECS service of either side, or where it moves weights alone, by its target group.
    #[must_use]
    pub fn owns(&self, record: &Record) -> bool {
        let is_ours = |slot: &SlotRecord| match &slot.ecs_service {
            Some(ecs_service) => self.ecs_services.contains(ecs_service),
            None => self
                .target_groups
                .iter()
                .any(|group| !group.is_empty() && (*group == slot.name || slot.group.ends_with(group.as_str()))),
        };
        record.stable.iter().chain([&record.candidate]).any(is_ours)
    }
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
    /// Every rollout of the account's region; the config's application, where there is one.
    All(Option<Application>),
    /// One.
    One(Which),
}

impl Scope {
    /// Whose hooks are at hand: a sweep is about others' rollouts too.
    #[must_use]
    pub const fn application(&self) -> Option<&Application> {
        match self {
            Self::All(application) => application.as_ref(),
            Self::One(Which::Application(_, application)) => Some(application),
            Self::One(Which::LatticeService(_) | Which::TrafficTarget(_)) => None,
        }
    }
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
    /// Only where a cancelled job left it before this step, counted from 1.
    pub step: Option<usize>,
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
    /// Which job this is in that rollout's record, where that is known: one that another job has taken is that job's.
    pub owner: Option<String>,
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
