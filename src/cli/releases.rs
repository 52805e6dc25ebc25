//! The command, its verbs, what several of them take, and the arguments of those that begin something.

use super::{
    asked::Asked,
    editing::{Completions, Schema},
    init::Init,
    policy::IamPolicy,
    previews::Preview,
    resources::{Down, Up},
    rollouts::{Abort, Answer, Promote, Recover, Resume, Rollback, Status},
    sandbox::Sandbox,
    templates::{Filters, Templates},
};
use crate::settings::Secret;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Canary and blue/green releases of ECS services on VPC Lattice, from GitHub Actions
#[derive(Debug, Parser)]
#[command(name = "espalier", version, arg_required_else_help = true, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin: write config, workflows and IAM policies for an ECS service that runs
    Init(Asked<Init>),
    /// Release: patch, register, run the candidate, shift step by step, promote or roll back
    Deploy(Asked<Deploy>),
    /// Show what a release would change in what runs
    Diff(Asked<Diff>),
    /// Tell everything that would make a release fail, beforehand and all at once
    Verify(Asked<Verify>),
    /// Print the IAM policy that the role of these releases needs, and nothing beyond it
    IamPolicy(Asked<IamPolicy>),
    /// Shift the weights between any two target groups, along the same steps
    Shift(Asked<Shift>),
    /// Release a held rollout to its next step, from any job
    Promote(Asked<Promote>),
    /// Roll a running or held rollout back, from any job
    Abort(Asked<Abort>),
    /// Go back to the revision that was stable before the last promotion
    Rollback(Asked<Rollback>),
    /// Go on with a rollout whose job is gone; `--all` sweeps for such and rolls them back
    Resume(Asked<Resume>),
    /// After a cancelled or failed job: roll back what it left half-way; does nothing when all is well
    Recover(Asked<Recover>),
    /// Show what is live: weights, revisions, targets, the record
    Status(Asked<Status>),
    /// Answer a comment on a pull request that says `/espalier status`, `promote`, `abort` or `rollback`
    Answer(Asked<Answer>),
    /// An environment for each pull request
    #[command(subcommand)]
    Preview(Preview),
    /// Make the Lattice resources that the config declares, and change those that differ
    Up(Asked<Up>),
    /// Take away the Lattice resources that the config declares, and nothing that is not ours
    Down(Asked<Down>),
    /// Put a VPC Lattice target group into a service definition
    Patch(Asked<Patch>),
    /// Print the JSON Schema of the config, for editors
    Schema(Schema),
    /// Print what makes a shell complete the command's words
    Completions(Completions),
    /// AWS and GitHub, emulated on loopback
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Two releases in the sandbox, with nothing set up: one promoted, one rolled back
    Demo,
}

/// How to show something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, at a terminal or in a log.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For pull requests and summaries.
    Markdown,
}

/// How to show findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// For people, at a terminal or in a log.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For pull requests and summaries.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// What every command that works on AWS takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// The config file [default: espalier.yml, if there is one]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The AWS region
    #[arg(long)]
    pub region: Option<String>,
    /// The role to assume through GitHub's OIDC token, an ARN; `none` leaves out the config's [default: the credentials of the job]
    #[arg(long, value_name = "ARN")]
    pub aws_role: Option<String>,
    /// What fills in definitions and references.
    #[command(flatten)]
    pub templates: Templates,
}

/// What every command that reports takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Reporting {
    /// How to show what happens
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The token for comments and checks [default: GITHUB_TOKEN]
    #[arg(long, value_name = "TOKEN", hide_short_help = true)]
    pub github_token: Option<Secret>,
}

/// Where the weights are.
#[derive(Args, Clone, Debug, Default)]
pub struct Traffic {
    /// The Lattice service: name, id or ARN
    #[arg(long, value_name = "SERVICE")]
    pub lattice_service: Option<String>,
    /// Its listener: name, id or ARN
    #[arg(long)]
    pub listener: Option<String>,
    /// `all` that forward to the live target group, or a list of rules: names, ids or ARNs
    #[arg(long, value_name = "all|RULE,…")]
    pub rules: Option<String>,
}

/// How the weights move.
#[derive(Args, Clone, Debug, Default)]
pub struct Steps {
    /// Shares and how long to watch each; `hold:4h` waits for `promote`, `hold:4h:continue` goes on without [default: 5%:2m,25%:5m,100%:10m]
    #[arg(long, value_name = "SHARE:TIME,…")]
    pub steps: Option<String>,
    /// Short for steps: `canary:5%:10m`, `linear:10%:5m` or `blue_green:10m`
    #[arg(long, value_name = "NAME:…", conflicts_with = "steps")]
    pub strategy: Option<String>,
    /// How long weights take to have effect [default: 90s]
    #[arg(long, value_name = "TIME")]
    pub settle: Option<String>,
    /// Of the whole rollout; passing it rolls back [default: 45m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Time between two observations, a minute at most [default: 15s]
    #[arg(long, value_name = "TIME")]
    pub interval: Option<String>,
    /// What a cancelled job does to the weights: `rollback`, or `hold` for another job [default: rollback]
    #[arg(long, value_name = "rollback|hold")]
    pub on_cancel: Option<String>,
    /// What somebody else's change of weights does: `stop` or `restore` [default: stop]
    #[arg(long, value_name = "stop|restore")]
    pub on_drift: Option<String>,
    /// What keeps two releases apart: `tags`, or `ssm`, a parameter that only one can create [default: tags]
    #[arg(long, value_name = "tags|ssm")]
    pub lock: Option<String>,
    /// What runs on the way.
    #[command(flatten)]
    pub hooks: crate::hooks::flags::Hooks,
}

/// `--dry-run`.
#[derive(Args, Clone, Debug, Default)]
pub struct DryRun {
    /// Show what would be written, and write nothing
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub dry_run: Option<bool>,
}

/// What is released, and where.
#[derive(Args, Clone, Debug, Default)]
pub struct Released {
    /// The ECS cluster: name or ARN
    #[arg(long)]
    pub cluster: Option<String>,
    /// What is released; the first slot's ECS service has this name
    #[arg(long)]
    pub service: Option<String>,
    /// The ECS service definition, JSON or Jsonnet
    #[arg(long, value_name = "FILE")]
    pub service_definition: Option<PathBuf>,
    /// The task definition, JSON or Jsonnet
    #[arg(long, value_name = "FILE")]
    pub task_definition: Option<PathBuf>,
    /// Replace a container's image (repeatable)
    #[arg(long, value_name = "CONTAINER=IMAGE")]
    pub image: Vec<String>,
    /// Set a container's variable; without a container where there is only one (repeatable)
    #[arg(long, value_name = "[CONTAINER:]NAME=VALUE")]
    pub env: Vec<String>,
    /// Where the weights are.
    #[command(flatten)]
    pub traffic: Traffic,
    /// The target group of slot a: name, id or ARN [default: SERVICE-a]
    #[arg(long, value_name = "TARGET_GROUP")]
    pub target_group: Option<String>,
    /// A slot's ECS service and target group (repeatable) [default: a=SERVICE:SERVICE-a, b=SERVICE-b:SERVICE-b]
    #[arg(long, value_name = "NAME=ECS_SERVICE:TARGET_GROUP")]
    pub slot: Vec<String>,
    /// The role by which ECS registers tasks in target groups: name or ARN
    #[arg(long, value_name = "ROLE")]
    pub infrastructure_role: Option<String>,
    /// The name of the port mapping that receives the traffic
    #[arg(long, value_name = "NAME")]
    pub port_name: Option<String>,
    /// A filter over the service definition, after the built-in one; nothing limits its time or depth (repeatable)
    #[arg(long, value_name = "FILTER")]
    pub jq: Vec<String>,
    /// What filters see besides, and files with filters.
    #[command(flatten)]
    pub filters: Filters,
}

/// Arguments of `deploy`.
#[derive(Args, Clone, Debug, Default)]
pub struct Deploy {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What is released.
    #[command(flatten)]
    pub released: Released,
    /// How the weights move.
    #[command(flatten)]
    pub steps: Steps,
    /// How long the old slot keeps its tasks, or `never` [default: 10m]
    #[arg(long, value_name = "TIME|never")]
    pub retire_after: Option<String>,
    /// What a rollout that is there already makes it do: `refuse`, `resume` (the same revision whose job is gone), or
    /// `rollback-first` [default: refuse]
    #[arg(long, value_name = "refuse|resume|rollback-first")]
    pub on_existing: Option<String>,
    /// Release even when nothing has changed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub force: Option<bool>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `diff`.
#[derive(Args, Clone, Debug, Default)]
pub struct Diff {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What would be released.
    #[command(flatten)]
    pub released: Released,
    /// Exit with 3 when there is a difference
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub exit_code: Option<bool>,
    /// How to show it; as JSON it is a patch (RFC 6902) for each definition, as SARIF what is wrong with them
    #[arg(long, value_enum)]
    pub format: Option<FindingsFormat>,
}

/// Arguments of `verify`.
#[derive(Args, Clone, Debug, Default)]
pub struct Verify {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// What would be released.
    #[command(flatten)]
    pub released: Released,
    /// How the weights would move.
    #[command(flatten)]
    pub steps: Steps,
    /// What a rollout that is there already would make a release do [default: refuse]
    #[arg(long, value_name = "refuse|resume|rollback-first")]
    pub on_existing: Option<String>,
    /// How to show the findings
    #[arg(long, value_enum)]
    pub format: Option<FindingsFormat>,
    /// Write them there in that format; the log has them as text
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The token that reports would be written with [default: GITHUB_TOKEN]
    #[arg(long, value_name = "TOKEN", hide_short_help = true)]
    pub github_token: Option<Secret>,
}

/// Arguments of `shift`.
#[derive(Args, Clone, Debug, Default)]
pub struct Shift {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// Where the weights are.
    #[command(flatten)]
    pub traffic: Traffic,
    /// The target group that has the traffic: name, id or ARN
    #[arg(long, value_name = "TARGET_GROUP")]
    pub from: Option<String>,
    /// The target group that gets it
    #[arg(long, value_name = "TARGET_GROUP")]
    pub to: Option<String>,
    /// How the weights move.
    #[command(flatten)]
    pub steps: Steps,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
    /// How it reports.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Arguments of `patch`.
#[derive(Args, Clone, Debug, Default)]
pub struct Patch {
    /// Config and region.
    #[command(flatten)]
    pub common: Common,
    /// The ECS service definition, JSON or Jsonnet; `-` is standard input
    #[arg(value_name = "FILE", conflicts_with = "service_definition")]
    pub file: Option<PathBuf>,
    /// The same as a flag
    #[arg(long, value_name = "FILE")]
    pub service_definition: Option<PathBuf>,
    /// The task definition, JSON or Jsonnet: it has the names of the ports
    #[arg(long, value_name = "FILE")]
    pub task_definition: Option<PathBuf>,
    /// The name of the ECS service, for filters
    #[arg(long)]
    pub service: Option<String>,
    /// For a slot: `idle` (or `live`, `a`, `b`), whose target group is put beside the live one at weight 0; and the slots
    /// themselves (repeatable)
    #[arg(long, value_name = "idle|live|a|b|NAME=ECS_SERVICE:TARGET_GROUP")]
    pub slot: Vec<String>,
    /// The ECS cluster of the slots: name or ARN
    #[arg(long)]
    pub cluster: Option<String>,
    /// Where the slots' weights are.
    #[command(flatten)]
    pub traffic: Traffic,
    /// The target group: ARN, id or name; with an ARN nothing is asked of AWS
    #[arg(long, value_name = "TARGET_GROUP")]
    pub target_group: Option<String>,
    /// The role by which ECS registers tasks in target groups: name or ARN
    #[arg(long, value_name = "ROLE")]
    pub infrastructure_role: Option<String>,
    /// The name of the port mapping that receives the traffic
    #[arg(long, value_name = "NAME")]
    pub port_name: Option<String>,
    /// A filter over the service definition, after the built-in one; nothing limits its time or depth (repeatable)
    #[arg(long, value_name = "FILTER")]
    pub jq: Vec<String>,
    /// What filters see besides, and files with filters.
    #[command(flatten)]
    pub filters: Filters,
    /// Write the patched definition there instead of to standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place")]
    pub output: Option<PathBuf>,
    /// Write it back into the file, if it needs a change
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub in_place: Option<bool>,
    /// Write nothing; exit 3 when the file needs a change
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub check: Option<bool>,
    /// How to show what is wrong; but for text on standard output, where the definition goes elsewhere
    #[arg(long, value_enum)]
    pub format: Option<FindingsFormat>,
    /// `--dry-run`.
    #[command(flatten)]
    pub dry_run: DryRun,
}
