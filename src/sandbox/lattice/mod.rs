//! VPC Lattice, built from its service model (`vpc-lattice` 2022-11-30) and from what AWS documents about its behaviour.
//!
//! Inside: `operation` (the table of operations), one file per family of them, `action` (what rules do, and handing it to the data plane), `health` (everything that happens by itself) and
//! `refusal` (its errors). Deliberately absent: access logs, auth policies, VPC associations, resource gateways and domain
//! verification: asking for them is an `UnknownOperationException`. To call: `OPERATIONS` for the wire, the rest for the sandbox.

mod action;
mod groups;
mod health;
mod listeners;
mod managed;
mod networks;
mod operation;
mod refusal;
mod rules;
mod seed;
mod services;
mod state;
mod tags;
mod targets;
#[cfg(test)]
mod traffic_tests;
mod view;
#[cfg(test)]
mod wire_tests;

pub(crate) use health::{next_event, on_time, settle};
pub(crate) use managed::{forward, forwards};
pub(crate) use operation::OPERATIONS;
pub(crate) use seed::seed;
pub(crate) use state::{Health, State};
pub(crate) use view::{
    Routed, added_share, deregister_target, edit, group_arn, group_exists, history, register_target, routable, route,
    service_of_domain, share, snapshot, target_health,
};
