//! `init`: config, workflows and IAM policies for an ECS service that runs.
//!
//! Inside: `run` (the verb) → `look` (what AWS says of the service, and of what is in front of it) → `terraform` (what a state calls it)
//! → `config` and `workflows` (the files' texts).
//!
//! Deliberately absent: anything that changes AWS, and files that are there already. To call: [`init`].

mod config;
mod look;
mod run;
mod terraform;
mod workflows;

pub(super) use run::init;
