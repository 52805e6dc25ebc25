//! All the checks, in the order in which people write scenarios.

use super::{behaviours, cloudwatch, ec2, ecs, faults, lattice, names, traffic};
use crate::sandbox::{
    scenario::{Scenario, mistake::Mistake},
    world::World,
};

/// Everything that keeps a scenario from being the world that it describes.
pub(crate) fn check(scenario: &Scenario) -> Vec<Mistake> {
    let mut found = Vec::new();
    lattice::check(scenario, &mut found);
    names::check(scenario, &mut found);
    ecs::check(scenario, &mut found);
    ec2::check(scenario, &mut found);
    behaviours::check(scenario, &mut found);
    faults::check(scenario, &mut found);
    traffic::check(scenario, &mut found);
    cloudwatch::check(scenario, &mut found);
    if found.is_empty() {
        // What AWS itself would refuse is asked of the emulated AWS; where names lead nowhere it would only say so again.
        found = World::new(scenario.clone()).unseeded;
    }
    found
}

/// Tells of each value that was there before; empty ones do not count.
pub(super) fn twice<'v>(values: impl IntoIterator<Item = (Vec<String>, &'v str)>, what: &str, found: &mut Vec<Mistake>) {
    let mut seen = std::collections::BTreeSet::new();
    for (path, value) in values {
        if !value.is_empty() && !seen.insert(value) {
            found.push(Mistake::of(path, format!("there are two {what} `{value}`")).hint("each needs its own"));
        }
    }
}

/// A path of keys and indices.
macro_rules! steps {
    ($($step:expr),* $(,)?) => { vec![$($step.to_string()),*] };
}
pub(super) use steps;
