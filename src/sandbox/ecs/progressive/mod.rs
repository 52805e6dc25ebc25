//! Blue/green, linear and canary deployments on VPC Lattice, as ECS does them itself since October 2026.
//! Source: ECS developer guide, "VPC Lattice resources for blue/green, linear, and canary deployments" and "Amazon ECS blue/green
//! service deployments workflow".
//!
//! Inside: `input` (what a request may ask for), `plan` (a deployment's steps as data), `rules` (the rules that ECS asks for, and
//! writing their weights), `drive` (doing the steps as time goes by). Deliberately absent: hooks that invoke Lambda functions,
//! Elastic Load Balancing and Service Connect traffic: asking for them is refused.
//!
//! To call: [`check`] for a request, [`start`], [`reconcile`] and [`turn_back`] for a deployment.

mod drive;
mod input;
mod plan;
mod rules;

pub(crate) use drive::{reconcile, start, turn_back};
pub(crate) use input::{check, live_groups};
pub(crate) use plan::Progress;
