//! VPC Lattice on the wire, one file per family.

mod asking;
mod associations;
mod authorization;
mod groups;
mod logs;
mod policies;
mod quotas;
mod requests;
mod rules;
mod services;
mod targets;
mod traffic;
