//! VPC Lattice, built from its service model (`vpc-lattice` 2022-11-30) and from what AWS documents about its behaviour.
//!
//! Inside: `operation` (which operation a request is; validation by `shape` over the tables of `members`), one file per family of
//! operations, `action` (what rules do, and handing it to the data plane), `health` (everything that happens by itself) and
//! `refusal` (its errors). Deliberately absent: access logs, auth policies, VPC associations, resource gateways and domain
//! verification: asking for them is an `UnknownOperationException`. To call: `handle` for the wire, the rest for the sandbox.

mod action;
mod groups;
mod health;
mod listeners;
mod members;
mod networks;
mod operation;
mod refusal;
mod routes;
mod rules;
mod seed;
mod services;
mod shape;
mod state;
mod tags;
mod targets;
#[cfg(test)]
mod traffic_tests;
mod view;
#[cfg(test)]
mod wire_tests;

pub(crate) use health::{next_event, on_time, settle};
pub(crate) use operation::{handle, name, query};
pub(crate) use routes::{Addressed, Destination, addressed, routable, route, service_of_domain, service_of_name};
pub(crate) use seed::seed;
pub(crate) use state::{Health, State};
pub(crate) use view::{
    added_share, deregister_target, edit, group_exists, history, register_target, share, snapshot, target_health,
};
