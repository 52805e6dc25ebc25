//! How a preview is reached: by a rule on the real service, or by a Lattice service of its own.

/// The numbers that a rule's priority may have (service model, `RulePriority`); lower goes first.
const PRIORITIES: std::ops::RangeInclusive<u32> = 1..=100;
/// How many rules a listener may have where AWS was not asked for more (AWS General Reference, "Amazon VPC Lattice endpoints and
/// quotas"); the default action is none.
const RULES_PER_LISTENER: u32 = 10;
/// The same of a service's target groups.
const GROUPS_PER_SERVICE: u32 = 10;

/// What the config wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// A rule while there is room for one, else a service.
    #[default]
    Auto,
    /// A rule.
    Header,
    /// A service.
    Service,
}

/// The room that there is for one more rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The priorities of the listener's rules that are neither previews' nor test rules: a preview goes before all of them.
    pub others: Vec<u32>,
    /// Those of the listener's other rules.
    pub passing: Vec<u32>,
    /// How many target groups the service uses.
    pub groups: u32,
    /// How many rules a release may need.
    pub kept_rules: u32,
    /// How many target groups a release may need.
    pub kept_groups: u32,
    /// What Service Quotas says of "Rules per listener", where that was raised.
    pub rules_per_listener: Option<u32>,
    /// What it says of "Target groups per service".
    pub groups_per_service: Option<u32>,
}

/// Why there is no room for a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// There is no listener that matches headers.
    #[error("the service has no HTTP or HTTPS listener")]
    NoListener,
    /// The listener has as many rules as it may have.
    #[error("the listener has {count} rules of {most} (the quota \"Rules per listener\", L-CF78395E){}", spare(*.kept))]
    Rules {
        /// How many there are.
        count: u32,
        /// How many there may be.
        most: u32,
        /// How many of those are kept free for a release.
        kept: u32,
    },
    /// The service uses as many target groups as it may use.
    #[error("the service uses {count} target groups of {most} (the quota \"Target groups per service\", L-3DEC3B9F){}", spare(*.kept))]
    Groups {
        /// How many there are.
        count: u32,
        /// How many there may be.
        most: u32,
        /// How many of those are kept free for a release.
        kept: u32,
    },
    /// The numbers before other rules are taken.
    #[error("no priority is free before the rule of priority {first}, and nobody else's rules are renumbered")]
    Priorities {
        /// The first of the other rules.
        first: u32,
    },
    /// AWS said so.
    #[error("AWS refused one more: {0}")]
    Refused(String),
}

fn spare(kept: u32) -> String {
    if kept == 0 { String::new() } else { format!(", {kept} of which a release may need") }
}

/// Which way it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a rule of this priority.
    Rule {
        /// Its priority.
        priority: u32,
    },
    /// By a service of its own.
    Service {
        /// Why not by a rule, where one was wanted first.
        because: Option<Full>,
    },
}

/// Which way a preview is to be reached that has none yet.
///
/// # Errors
/// Only a rule would do, and there is no room for one.
pub fn choose(reach: Reach, room: Result<&Room, Full>) -> Result<Way, Full> {
    match (reach, room.and_then(priority)) {
        (Reach::Service, _) => Ok(Way::Service { because: None }),
        (_, Ok(priority)) => Ok(Way::Rule { priority }),
        (Reach::Auto, Err(full)) => Ok(Way::Service { because: Some(full) }),
        (Reach::Header, Err(full)) => Err(full),
    }
}

/// The number for one more rule: the nearest before the others that is nobody's.
///
/// # Errors
/// Why there is none.
pub fn priority(room: &Room) -> Result<u32, Full> {
    let count = u32::try_from(room.others.len() + room.passing.len()).unwrap_or(u32::MAX);
    if let Some(most) = over(count, room.kept_rules, room.rules_per_listener, RULES_PER_LISTENER) {
        return Err(Full::Rules { count, most, kept: room.kept_rules });
    }
    if let Some(most) = over(room.groups, room.kept_groups, room.groups_per_service, GROUPS_PER_SERVICE) {
        return Err(Full::Groups { count: room.groups, most, kept: room.kept_groups });
    }
    let first = room.others.iter().min().copied();
    let end = first.unwrap_or(PRIORITIES.end() + 1);
    let is_free = |number: &u32| *number < end && !room.passing.contains(number);
    // A release's own test rule stands there, too.
    let free: Vec<u32> = PRIORITIES.rev().filter(is_free).collect();
    let kept = usize::try_from(room.kept_rules).unwrap_or(usize::MAX);
    free.get(kept).copied().ok_or_else(|| Full::Priorities { first: first.unwrap_or(end) })
}

/// The quota, where one more would exceed it. More than the default allows tells that it was raised, not to what.
fn over(count: u32, kept: u32, raised: Option<u32>, default: u32) -> Option<u32> {
    let most = raised.unwrap_or(default);
    let is_unknown = raised.is_none() && count > default;
    (count.saturating_add(kept) >= most && !is_unknown).then_some(most)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn room(others: &[u32], passing: &[u32]) -> Room {
        Room { others: others.to_vec(), passing: passing.to_vec(), groups: 2, ..Room::default() }
    }

    #[test]
    fn a_rule_goes_before_the_others_and_takes_nobodys_number() {
        for (others, passing, found) in [
            (&[10, 20][..], &[][..], Ok(9)),
            (&[10], &[9, 8], Ok(7)),
            (&[], &[], Ok(100)),
            (&[], &[100, 99], Ok(98)),
            (&[1], &[], Err(Full::Priorities { first: 1 })),
            (&[3], &[1, 2], Err(Full::Priorities { first: 3 })),
        ] {
            assert_eq!(priority(&room(others, passing)), found, "{others:?} {passing:?}");
        }
        let kept = Room { kept_rules: 1, ..room(&[3], &[1]) };
        assert_eq!(priority(&kept), Err(Full::Priorities { first: 3 }), "2 is the test rule's");
        assert_eq!(priority(&Room { kept_rules: 1, ..room(&[10], &[]) }), Ok(8));
    }

    #[test]
    fn quotas_count_what_a_release_may_need() {
        let nine: Vec<u32> = (50..59).collect();
        assert_eq!(priority(&room(&nine, &[])), Ok(49));
        let ten: Vec<u32> = (50..60).collect();
        assert_eq!(priority(&room(&ten, &[])), Err(Full::Rules { count: 10, most: 10, kept: 0 }));
        assert_eq!(priority(&Room { kept_rules: 1, ..room(&nine, &[]) }), Err(Full::Rules { count: 9, most: 10, kept: 1 }));
        assert_eq!(priority(&Room { rules_per_listener: Some(25), ..room(&ten, &[]) }), Ok(49));
        let eleven: Vec<u32> = (50..61).collect();
        assert_eq!(priority(&room(&eleven, &[])), Ok(49), "it was raised, nobody says to what");
        let groups = |groups, kept_groups, groups_per_service| {
            priority(&Room { groups, kept_groups, groups_per_service, ..room(&[10], &[]) })
        };
        assert_eq!(groups(9, 0, None), Ok(9));
        assert_eq!(groups(9, 1, None), Err(Full::Groups { count: 9, most: 10, kept: 1 }));
        assert_eq!(groups(10, 0, None), Err(Full::Groups { count: 10, most: 10, kept: 0 }));
        assert_eq!(groups(10, 1, Some(20)), Ok(9));
    }

    #[test]
    fn without_room_it_has_a_service_of_its_own_unless_only_a_rule_would_do() {
        let (free, full) = (room(&[10], &[]), room(&[1], &[]));
        let why = Full::Priorities { first: 1 };
        for (reach, room, way) in [
            (Reach::Auto, Ok(&free), Ok(Way::Rule { priority: 9 })),
            (Reach::Auto, Ok(&full), Ok(Way::Service { because: Some(why.clone()) })),
            (Reach::Header, Ok(&free), Ok(Way::Rule { priority: 9 })),
            (Reach::Header, Ok(&full), Err(why)),
            (Reach::Service, Ok(&free), Ok(Way::Service { because: None })),
            (Reach::Auto, Err(Full::NoListener), Ok(Way::Service { because: Some(Full::NoListener) })),
            (Reach::Header, Err(Full::NoListener), Err(Full::NoListener)),
        ] {
            assert_eq!(choose(reach, room), way, "{reach:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_rules_there_are_the_number_is_free_and_before_production(
            others in vec(1..=100_u32, 0..12), passing in vec(1..=100_u32, 0..12), kept_rules in 0..3_u32,
        ) {
            let room = Room { kept_rules, rules_per_listener: Some(100), ..room(&others, &passing) };
            if let Ok(number) = priority(&room) {
                prop_assert!(PRIORITIES.contains(&number));
                prop_assert!(!passing.contains(&number) && others.iter().all(|other| number < *other));
                let first = others.iter().min().copied().unwrap_or(101);
                let free = (1..first).filter(|free| *free != number && !passing.contains(free)).count();
                prop_assert!(free >= kept_rules as usize);
            }
        }
    }
}
