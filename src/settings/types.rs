//! What each command is told: plain values, checked.

use std::path::PathBuf;

use super::{
    Secret, Surroundings,
    takeovers::{Application, OnExisting},
    templating::Templating,
};
pub use crate::cli::{FindingsFormat, Format};
use crate::{
    definition::{Given, patch::Seen, request::Variable},
    hooks::Jobs,
    rollout::{analysis::Analysis, plan::Plan},
    time::Timestamp,
};

/// Where AWS is, and as whom. Without a role credentials are found by the SDK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The region; the SDK's own way of finding one when `None`.
    pub region: Option<String>,
    /// Where AWS is, when it is not AWS.
    pub endpoint_url: Option<String>,
    /// The ARN of the role to assume through GitHub's OIDC token.
    pub role: Option<String>,
    /// The name of its session.
    pub session: String,
    /// Where the run gets its OIDC tokens, and what it proves itself with; none where it may not have any.
    pub id_token: Option<(String, Secret)>,
    /// When the credentials in the environment end, where it says so.
    pub expires: Option<Timestamp>,
    /// Whether this is a job of GitHub Actions.
    pub in_a_job: bool,
}

/// What keeps two releases apart (`rollout.lock`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// The lease in the record's tags: written, waited for, read back.
    #[default]
    Tags,
    /// A parameter of Systems Manager as well, which only one can create.
    Ssm,
}

/// Which traffic targets take part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// Every one that forwards to the live target group.
    #[default]
    All,
    /// These rules: names, ids or ARNs.
    Listed(Vec<String>),
}

/// One ECS service with the target group its tasks register in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// `a` or `b`.
    pub name: String,
    /// The ECS service's name.
    pub ecs_service: String,
    /// The target group: name, id or ARN.
    pub target_group: Given,
    /// A filter over the service definition for this slot alone, after all others.
    pub overrides: Option<Given>,
}

/// Which requests reach the candidate while a release runs, whatever the weights say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestRule {
    /// Names, in small letters, and exact values: all of them.
    pub headers: Vec<(String, String)>,
    /// The start of the path; any path when `None`.
    pub path: Option<String>,
    /// How many rules AWS lets a listener have, where that was raised.
    pub rules_per_listener: Option<u32>,
}

/// The Lattice side of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatticeSettings {
    /// The Lattice service: name, id or ARN.
    pub service: String,
    /// Its listener: name, id or ARN; every listener's rules when `None`.
    pub listener: Option<String>,
    /// Which traffic targets take part.
    pub rules: Rules,
    /// A way to the candidate for tests.
    pub test_rule: Option<TestRule>,
    /// Name or ARN; that of the definition's own entry when `None`.
    pub infrastructure_role: Option<Given>,
    /// The port mapping's name; looked for in the definitions when `None`.
    pub port_name: Option<Given>,
    /// Slots a and b, in this order. Roles (stable, candidate) change from release to release, slots do not.
    pub slots: [Slot; 2],
}

/// What is reported to GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHubSettings {
    /// The sticky comment on the pull request.
    pub comment: bool,
    /// The check run.
    pub check: bool,
    /// The step summary.
    pub summary: bool,
    /// The environment whose deployments are recorded; none are when `None`.
    pub deployment: Option<String>,
    /// Where that environment is to be seen.
    pub environment_url: Option<String>,
    /// The workflow that rolls back, by its file's name; `rollback.yml` when `None`, where there is one.
    pub rollback_workflow: Option<String>,
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self { comment: true, check: true, summary: true, deployment: None, environment_url: None, rollback_workflow: None }
    }
}

/// Where a plan comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOrigin {
    /// What its strategy expanded to, in words.
    pub expansion: Option<String>,
    /// Something of it was said: it is not all defaults.
    pub is_said: bool,
}

/// What is judged besides target health.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalysisSettings {
    /// Metrics and alarms.
    pub analysis: Analysis,
    /// An alarm that is on at the start is no reason to refuse: it does not count until it was off once.
    pub ignores_alarms_at_start: bool,
}

/// What `deploy` is told.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// Name or ARN of the cluster.
    pub cluster: String,
    /// What is released.
    pub service: String,
    /// What names things in AWS, each with its place: so that an error about one can say where to change it.
    pub named: Vec<Given>,
    /// The service definition.
    pub service_definition: PathBuf,
    /// The task definition.
    pub task_definition: PathBuf,
    /// Containers and the images they get.
    pub images: Vec<(String, String)>,
    /// Variables that containers get.
    pub variables: Vec<Variable>,
    /// The Lattice side.
    pub lattice: LatticeSettings,
    /// How the weights move; already checked.
    pub plan: Plan,
    /// What is judged besides target health.
    pub judging: AnalysisSettings,
    /// What keeps another release away.
    pub lock: Lock,
    /// Where that comes from.
    pub plan_origin: PlanOrigin,
    /// What is run on the way.
    pub hooks: Jobs,
    /// Filters over the service definition, in order.
    pub jq: Vec<Given>,
    /// What filters see besides the definition.
    pub seen: Seen,
    /// What fills in the definitions.
    pub templating: Templating,
    /// What a rollout that is there already makes it do.
    pub on_existing: OnExisting,
    /// Release even when nothing has changed.
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

impl DeploySettings {
    /// Where a name, id or ARN was said.
    #[must_use]
    pub fn place_of(&self, text: &str) -> Option<&str> {
        self.named.iter().find(|given| given.text == text).map(|given| given.from.as_str())
    }
}

/// What `diff` is told.
#[derive(Clone, Debug)]
pub struct DiffSettings {
    /// The release that would be made.
    pub release: DeploySettings,
    /// Exit with 3 when there is a difference.
    pub exit_code: bool,
    /// How it is shown.
    pub format: FindingsFormat,
}

/// What `shift` is told.
#[derive(Clone, Debug)]
pub struct ShiftSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// The Lattice service: name, id or ARN.
    pub lattice_service: String,
    /// Its listener; every listener's rules when `None`.
    pub listener: Option<String>,
    /// Which traffic targets take part.
    pub rules: Rules,
    /// A way to the candidate for tests.
    pub test_rule: Option<TestRule>,
    /// The target group that has the traffic: name, id or ARN.
    pub from: String,
    /// The target group that gets it.
    pub to: String,
    /// The ECS cluster and the slots that a config names: what fills the two groups may be moved by ECS itself.
    pub application: Option<(String, Application)>,
    /// How the weights move; already checked.
    pub plan: Plan,
    /// What is judged besides target health.
    pub judging: AnalysisSettings,
    /// What keeps another release away.
    pub lock: Lock,
    /// Where that comes from.
    pub plan_origin: PlanOrigin,
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

/// What `status` is told.
#[derive(Clone, Debug)]
pub struct StatusSettings {
    /// Where AWS is.
    pub aws: AwsSettings,
    /// The Lattice service: name, id or ARN.
    pub lattice_service: String,
    /// Again and again, until the rollout has ended.
    pub watch: bool,
    /// How to show it.
    pub format: Format,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}

/// Where `patch` reads from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchInput {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Where `patch` writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchOutput {
    /// Standard output.
    Stdout,
    /// Another file.
    File(PathBuf),
    /// The file it came from.
    InPlace,
    /// Nowhere: the exit code tells whether it needs a change.
    Check,
}

/// Which slot `patch` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSlot {
    /// The one that serves.
    Live,
    /// The other one.
    Idle,
    /// The one of this index, whatever it does.
    Of(usize),
}

/// For which slot `patch` is, and where its weights are.
#[derive(Clone, Debug)]
pub struct PatchSlot {
    /// Which.
    pub which: WhichSlot,
    /// What is released.
    pub service: String,
    /// Name or ARN of the cluster.
    pub cluster: String,
    /// The Lattice service: name, id or ARN.
    pub lattice_service: String,
    /// Its listener; every listener's rules when `None`.
    pub listener: Option<String>,
    /// Which traffic targets take part.
    pub rules: Rules,
    /// Slots a and b.
    pub slots: [Slot; 2],
    /// Target groups need no health checks.
    pub unchecked: bool,
    /// The ECS service that an ecspresso config deploys to, whatever it is told by variables.
    pub deployed_by_ecspresso: Option<Given>,
}

/// What `patch` is told.
#[derive(Clone, Debug)]
pub struct PatchSettings {
    /// Where AWS is, for target groups that are not given as ARNs.
    pub aws: AwsSettings,
    /// The service definition.
    pub input: PatchInput,
    /// The task definition.
    pub task_definition: Option<PathBuf>,
    /// The ECS service's name, for filters.
    pub service: Option<String>,
    /// The target group: ARN, id or name.
    pub target_group: Option<Given>,
    /// The slot whose target group and ECS service it is for.
    pub slot: Option<Box<PatchSlot>>,
    /// Name or ARN of the role.
    pub infrastructure_role: Option<Given>,
    /// The port mapping's name.
    pub port_name: Option<Given>,
    /// Filters, in order.
    pub jq: Vec<Given>,
    /// What filters see besides the definition.
    pub seen: Seen,
    /// What fills in the definitions.
    pub templating: Templating,
    /// Where it goes.
    pub output: PatchOutput,
    /// How what is wrong is shown.
    pub format: FindingsFormat,
    /// Write nothing.
    pub dry_run: bool,
    /// Everything else from the environment.
    pub surroundings: Surroundings,
}
