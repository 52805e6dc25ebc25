//! VPC Lattice, built from its service model (`vpc-lattice` 2022-11-30) and from what AWS documents about its behaviour.
//!
//! Inside: `operation` (the table of operations), one file per family of them, `state` and `find` (what is kept), `action` (what
//! rules do, and handing it to the data plane), `health` (everything that happens by itself), `authorize` (auth policies at work),
//! `quotas` and `refusal` (its errors), `verbs` (the same without requests).
//!
//! Deliberately absent: resource configurations, resource gateways, endpoint associations and domain verification: asking for them
//! is an `UnknownOperationException`. Access log subscriptions are kept, and no logs are written. To call: `OPERATIONS` for the wire,
//! the rest for the sandbox.

mod action;
mod associations;
mod authorize;
mod batch;
mod find;
mod groups;
mod health;
mod listeners;
mod logs;
mod managed;
mod matching;
mod networks;
mod operation;
mod parts;
mod policies;
mod quotas;
mod refusal;
mod routes;
mod rules;
mod seed;
mod services;
mod state;
mod tags;
mod targets;
#[cfg(test)]
mod tests;
mod verbs;
mod view;
mod vpcs;

pub(crate) use authorize::{Invocation, authorized};
pub(crate) use health::{done_until_now, next_event, on_time, settle};
pub(crate) use managed::{forward, forwards};
pub(crate) use operation::OPERATIONS;
pub(crate) use routes::{Addressed, Destination, addressed, routable, route, service_of_domain, service_of_name};
pub(crate) use seed::seed;
pub(crate) use services::HOSTED_ZONE;
pub use state::{Action, Health};
pub(crate) use state::{State, Written};
pub use verbs::RuleSeen;
pub(crate) use verbs::{behind, inventory, routed, rules, tags, targets, traffic_targets, write_action, write_tags, written};
pub(crate) use view::{
    added_share, deregister_target, domain_of, edit, group_arn, group_exists, has_domain, history, register_target, share,
    shareable, snapshot, target_health,
};
