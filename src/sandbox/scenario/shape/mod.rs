//! The shape of a scenario: every key that a scenario file may have, what it means and what it is when it is left out.
//!
//! Inside: one file per subject; the root is [`Scenario`]. Deliberately absent: whether the values fit together. To call: nothing,
//! these are data. A new key goes into the file of its subject, with a sentence that the schema shows to whoever writes a scenario.

mod ec2;
mod ecs;
mod faults;
mod github;
mod iam;
mod images;
mod knobs;
mod lattice;
mod load;
mod metrics;
mod names;
mod people;
mod quotas;
mod scaling;
mod scenario;

pub use ec2::SecurityGroupSeed;
pub use ecs::EcsServiceSeed;
pub use faults::{Effect, Fault};
pub use github::GithubMode;
pub use iam::{IamSeed, OidcSeed, RoleSeed};
pub(crate) use images::WELL;
pub use images::{Behaviour, Exit};
pub use knobs::{Knobs, TokenMismatch};
pub use lattice::{ActionSeed, GroupSeed, LatticeSeed, ListenerSeed, MemberSeed, NetworkSeed, RuleSeed, ServiceSeed, VpcSeed};
pub use load::Load;
pub use metrics::{AlarmEdit, AlarmSeed, AlarmState, MetricSeed, MetricStep};
pub use names::{HostedZoneSeed, RecordSeed};
pub use people::{Edit, Person};
pub use quotas::Quotas;
pub use scaling::{Demand, ScalingSeed, TargetSeed};
pub use scenario::Scenario;
