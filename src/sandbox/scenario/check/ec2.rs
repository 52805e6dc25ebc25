//! The security groups: each its own id, and permissions as EC2's model has them.

use super::whole::{steps, twice};
use crate::{
    models::{self, check},
    sandbox::scenario::{Scenario, mistake::Mistake},
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let groups = scenario.security_groups.iter().enumerate();
    twice(groups.clone().map(|(i, it)| (steps!["security_groups", i, "id"], it.id.as_str())), "security groups", found);
    let Some(ec2) = models::service("ec2") else { return };
    for (index, group) in groups {
        for (entry, permission) in group.ingress.iter().enumerate() {
            found.extend(check::value(ec2, "IpPermission", permission).into_iter().map(|odd| {
                let path = steps!["security_groups", index, "ingress", entry];
                let place = odd.place();
                let of = if place.is_empty() { String::new() } else { format!("`{place}` ") };
                Mistake::of(path, format!("{of}{}", odd.problem))
            }));
        }
    }
}
