//! AWS: the only room that imports `aws_*` crates. Concrete structs with few verbs, in the rollout's vocabulary.
//!
//! Inside: [`mod@connect`] (region, credentials, clients; [`role`] assumed through GitHub) → [`fault`] (what went wrong, in our words) → [`lattice`] (traffic targets,
//! actions, groups, tags) → [`ecs`] (services, task definitions, tasks) → [`autoscaling`] (what else sets the size of services) → [`observe`] (a side of a rollout, from one tick's reads) →
//! [`metrics`] (what was measured of them, and alarms) → [`survey`] (what is there before a rollout; `serving`: which slot serves) → [`slots`] (what a rollout moves, with [`capacity`]) → [`ledger`] (its record) with [`baselines`] (what its traffic targets said before). Beside them [`test_rules`] (a way to the candidate beside the weights), [`hook_tasks`] (tasks that hooks run), [`parameters`] (for a lock), [`lookups`] (what definitions refer to), [`calls`] (any operation by its name) and [`mod@resources`] (what a config makes and takes away), with [`sharing`] (with other accounts), [`names`] (in DNS) and `beside`, [`previews`] (environments of pull requests), [`access`] (who calls, and what roles may), [`reach`] and [`security_groups`] (the rest of what `verify` reads) and [`inventory`] (what an account holds).
//!
//! Deliberately absent: loops, waiting, clocks, and every decision about weights. A call is made once (reads are repeated for
//! some twenty seconds, by the SDK or as it does it) and its answer returned; who calls again, and when, is the rollout's business.
//!
//! Call [`connect::connect`] once and pass [`connect::Aws`] by reference.

pub mod access;
pub mod autoscaling;
pub mod baselines;
mod beside;
pub mod calls;
pub mod capacity;
#[cfg(test)]
mod capacity_tests;
pub mod connect;
pub mod ecs;
pub mod error;
pub mod fault;
pub mod hook_tasks;
mod http;
pub mod inventory;
pub mod lattice;
pub mod ledger;
#[cfg(test)]
mod ledger_tests;
pub mod lookups;
mod meter;
pub mod metrics;
pub mod names;
#[cfg(test)]
mod names_tests;
pub mod observe;
pub mod parameters;
mod plain;
pub mod previews;
pub mod reach;
pub mod resources;
pub mod role;
pub mod security_groups;
mod serving;
pub mod sharing;
mod signed;
pub mod slots;
pub mod survey;
pub mod test_rules;
#[cfg(test)]
pub(crate) mod testing;
mod xml;

pub use connect::{Aws, AwsOptions, connect};
pub use error::AwsError;
pub use fault::{Fault, FaultKind};
pub use role::RoleOptions;
