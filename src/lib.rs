//! espalier trains traffic along VPC Lattice: see the README for what it does.

pub mod aws;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod definition;
pub mod exit;
pub mod github;
pub mod report;
pub mod rollout;
pub mod sandbox;
pub mod settings;
pub mod time;
pub mod driver;
pub mod signals;
