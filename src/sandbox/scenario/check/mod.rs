//! Whether the parts of a scenario fit together: names that lead somewhere, nothing twice, no contradictions.
//!
//! Inside: one file per subject. What a single value may be is the schema's to say, and what AWS makes of a definition its service
//! model's, by seeding a world. To call: [`check`], for a scenario that was read as well as for one that was put together.

mod behaviours;
mod cloudwatch;
mod ec2;
mod ecs;
mod faults;
mod lattice;
mod names;
mod operations;
mod traffic;
mod whole;

pub(crate) use whole::check;

#[cfg(test)]
mod tests;
