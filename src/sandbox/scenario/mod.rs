//! A world as data: what there is at the start, how each image behaves, what goes wrong and who meddles.
//!
//! Inside: the keys of a scenario file ([`Scenario`] and what it holds, in `shape`), the built-in scenarios (the `.yml` files beside
//! this one) and reading either: `tree` (YAML with places), `conform` (against the `schema`), `check` (whether the parts fit), `load`.
//! Deliberately absent: anything that happens. To call: [`load`] or [`open`],
//! [`built_in`], [`schema`].

mod check;
mod conform;
mod load;
mod mistake;
mod schema;
mod shape;
mod tree;

pub use super::iam::Policy;
pub use load::{Draft, Error, built_in, load, open, read};
pub use mistake::{Mistake, Place};
pub use schema::schema;
pub(crate) use shape::WELL;
pub use shape::{
    ActionSeed, AlarmEdit, AlarmSeed, AlarmState, Behaviour, Demand, EcsServiceSeed, Edit, Effect, Exit, Fault, GithubMode,
    GroupSeed, HostedZoneSeed, IamSeed, Knobs, LatticeSeed, ListenerSeed, Load, MemberSeed, MetricSeed, MetricStep, NetworkSeed,
    OidcSeed, Person, Quotas, RecordSeed, RoleSeed, RuleSeed, ScalingSeed, Scenario, SecurityGroupSeed, ServiceSeed, TargetSeed,
    TokenMismatch, VpcSeed,
};
