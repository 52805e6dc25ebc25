//! Downwards: what goes, what stays and why, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Life, Resource, Seen, next::is_ours};

/// What becomes of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not there.
    Gone,
    /// It goes.
    Goes,
    /// It stays, and why.
    Stays(String),
}

/// What becomes of each, by address. Only what is ours goes, and nothing goes that something which stays needs.
#[must_use]
pub fn fates(resources: &[Resource], seen: &BTreeMap<String, Seen>, owner: &str) -> BTreeMap<String, Fate> {
    let mut fates: BTreeMap<String, Fate> = resources
        .iter()
        .map(|resource| {
            let fate = match seen.get(&resource.address) {
                None => Fate::Gone,
                Some(_) if resource.is_external => Fate::Stays("it is only named here".to_owned()),
                Some(seen) if resource.kind.is_tagged() && !is_ours(seen, owner) => Fate::Stays("it is not ours".to_owned()),
                Some(_) => Fate::Goes,
            };
            (resource.address.clone(), fate)
        })
        .collect();
    let by_address: BTreeMap<&str, &Resource> = resources.iter().map(|resource| (resource.address.as_str(), resource)).collect();
    // What stays keeps what it needs, and what is in it. Each round settles at least one, so this ends.
    loop {
        let mut kept: Vec<(String, String)> = Vec::new();
        for resource in resources {
            let mine = &fates[&resource.address];
            for need in resource.needs.iter().filter_map(|need| by_address.get(need.as_str())) {
                let its = &fates[&need.address];
                match (mine, its) {
                    (Fate::Stays(_), Fate::Goes) => {
                        kept.push((need.address.clone(), format!("{} still needs it", resource.title())));
                    }
                    (Fate::Goes, Fate::Stays(_)) if !need.is_external && is_part(resource.kind, need.kind) => {
                        kept.push((resource.address.clone(), format!("{} stays", need.title())));
                    }
                    _ => {}
                }
            }
        }
        if kept.is_empty() {
            return fates;
        }
        for (address, why) in kept {
            fates.insert(address, Fate::Stays(why));
        }
    }
}

/// Whether it is no more than a part of what it needs. A group that still gets requests keeps its targets, and what registers them.
fn is_part(kind: Kind, of: Kind) -> bool {
    (matches!(of, Kind::Network | Kind::Service) && kind.is_inside())
        || (matches!(kind, Kind::Targets | Kind::EcsService) && of == Kind::TargetGroup)
}

/// Which of them can be taken away now: what goes, and is needed by nothing that is still there. Targets wait for the service that
/// sends requests to them.
#[must_use]
pub fn ready<'r>(resources: &'r [Resource], fates: &BTreeMap<String, Fate>, gone: &BTreeSet<String>) -> Vec<&'r Resource> {
    let is_there = |resource: &Resource| fates[&resource.address] == Fate::Goes && !gone.contains(&resource.address);
    let serves = resources.iter().any(|resource| resource.kind == Kind::Service && is_there(resource));
    resources
        .iter()
        .filter(|resource| is_there(resource))
        .filter(|resource| !(serves && matches!(resource.kind, Kind::Targets | Kind::TargetGroup | Kind::EcsService)))
        .filter(|resource| !resources.iter().any(|other| is_there(other) && other.needs.contains(&resource.address)))
        .collect()
}

/// What is to be done next about one that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is gone.
    Gone,
    /// Take it away.
    Take,
    /// Ask again: AWS is still at it.
    Wait,
}

/// The next step about one that goes.
#[must_use]
pub fn next(seen: Option<&Seen>) -> Step {
    match seen.map(|seen| &seen.life) {
        None => Step::Gone,
        Some(Life::Going | Life::Changing) => Step::Wait,
        Some(Life::Active | Life::Failed(_)) => Step::Take,
    }
}

/// What has to be taken away so that these can be made again: they, and everything that needs them.
#[must_use]
pub fn with_dependents(resources: &[Resource], these: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = these.clone();
    loop {
        let more: Vec<String> = resources
            .iter()
            .filter(|resource| !all.contains(&resource.address) && resource.needs.iter().any(|need| all.contains(need)))
            .map(|resource| resource.address.clone())
            .collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::resource::OWNER, *};

    fn resource(address: &str, kind: Kind, needs: &[&str]) -> Resource {
        Resource {
            address: address.to_owned(),
            kind,
            name: address.to_owned(),
            from: "f".to_owned(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            is_external: false,
            wanted: Value::Null,
        }
    }

    fn whole() -> Vec<Resource> {
        vec![
            resource("network", Kind::Network, &[]),
            resource("vpc", Kind::VpcAssociation, &["network"]),
            resource("service", Kind::Service, &[]),
            resource("in", Kind::ServiceAssociation, &["network", "service"]),
            resource("a", Kind::TargetGroup, &[]),
            resource("ecs", Kind::EcsService, &["a"]),
            resource("http", Kind::Listener, &["service", "a"]),
            resource("rule", Kind::Rule, &["service", "http", "a"]),
        ]
    }

    fn seen(resources: &[Resource], foreign: &[&str]) -> BTreeMap<String, Seen> {
        let seen = |resource: &Resource| {
            let owner = if foreign.contains(&resource.address.as_str()) { "other" } else { "shop" };
            let tags = BTreeMap::from([(OWNER.to_owned(), owner.to_owned())]);
            (resource.address.clone(), Seen { tags, ..Seen::default() })
        };
        resources.iter().map(seen).collect()
    }

    #[test]
    fn lattice_7_all_of_ours_goes_the_last_things_first() {
        let resources = whole();
        let fates = fates(&resources, &seen(&resources, &[]), "shop");
        assert!(fates.values().all(|fate| *fate == Fate::Goes));
        let (mut gone, mut order) = (BTreeSet::new(), Vec::new());
        loop {
            let now: Vec<String> = ready(&resources, &fates, &gone).into_iter().map(|it| it.address.clone()).collect();
            if now.is_empty() {
                break;
            }
            order.push(now.join(" "));
            gone.extend(now);
        }
        assert_eq!(order, ["vpc in rule", "network http", "service", "ecs", "a"]);
    }

    #[test]
    fn what_stays_keeps_what_it_needs_and_what_is_in_it() {
        let resources = whole();
        for (foreign, stay) in [
            ("ecs", "a ecs"),
            ("rule", "a ecs http rule service"),
            ("service", "a ecs http rule service"),
            ("network", "network vpc"),
            ("in", "a ecs http in network rule service vpc"),
        ] {
            let fates = fates(&resources, &seen(&resources, &[foreign]), "shop");
            let stays: Vec<&str> =
                fates.iter().filter(|(_, fate)| matches!(fate, Fate::Stays(_))).map(|(address, _)| address.as_str()).collect();
            assert_eq!(stays.join(" "), stay, "{foreign}");
        }
    }

    #[test]
    fn a_group_that_somebody_else_forwards_to_keeps_its_targets() {
        let resources = [
            resource("group", Kind::TargetGroup, &[]),
            resource("targets", Kind::Targets, &["group"]),
            resource("theirs", Kind::Listener, &["group"]),
        ];
        let fates = fates(&resources, &seen(&resources, &["theirs"]), "shop");
        assert_eq!(fates["targets"], Fate::Stays("target group group stays".to_owned()));
    }

    #[test]
    fn a_replacement_takes_away_all_that_needs_it() {
        let all = with_dependents(&whole(), &BTreeSet::from(["a".to_owned()]));
        assert_eq!(all.into_iter().collect::<Vec<_>>(), ["a", "ecs", "http", "rule"]);
    }
}
