//! The hosted zones: their ids, and the Lattice services that records lead to. What a record may be is Route 53's to say.

use super::whole::{steps, twice};
use crate::sandbox::scenario::{
    Scenario,
    mistake::{Mistake, instead},
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let zones = scenario.hosted_zones.iter().enumerate();
    twice(zones.clone().map(|(i, it)| (steps!["hosted_zones", i, "id"], it.id.as_str())), "hosted zones with the id", found);
    let names: Vec<&str> = scenario.lattice.services.iter().map(|service| service.name.as_str()).collect();
    for (index, zone) in zones {
        for (place, record) in zone.records.iter().enumerate() {
            let at = |key: &str| steps!["hosted_zones", index, "records", place, key];
            if !record.alias.is_empty() && !names.contains(&record.alias.as_str()) {
                let mistake = Mistake::of(at("alias"), format!("there is no Lattice service `{}`", record.alias));
                found.push(mistake.hint(instead(&record.alias, &names)));
            }
            if record.alias.is_empty() == record.values.is_empty() {
                let mistake = Mistake::of(at("name"), "a record has either `values` or an `alias`");
                found.push(mistake.hint("write `values: [192.0.2.1]`, or `alias: LATTICE_SERVICE`"));
            }
        }
    }
}
