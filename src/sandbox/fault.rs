//! What the services refuse, and when: counting requests against the scenario's faults, and doing late what is to be done late.

use std::{borrow::Cow, time::Duration};

use super::{
    lattice, route,
    scenario::{Effect, Fault},
    wire::Request,
    world::World,
};
use crate::clock::Timestamp;

/// The scenario's faults with their counters, and the writes that are still to land.
#[derive(Clone)]
pub(crate) struct Faults {
    faults: Vec<(Fault, u64)>,
    late: Vec<(Timestamp, Request)>,
    /// Whether the request that is being done now is to be done only in part.
    pub(crate) partial: bool,
}

/// What a request is, as far as faults tell requests apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind<'a> {
    /// A service of AWS's as the models name it, `github` or `oidc`.
    pub(crate) service: &'static str,
    pub(crate) operation: Cow<'a, str>,
    pub(crate) writes: bool,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self { faults: faults.into_iter().map(|fault| (fault, 0)).collect(), late: Vec::new(), partial: false }
    }

    /// Nothing ever goes wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// One more fault, counting from now.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push((fault, 0));
    }
}

/// Counts a request; what is to happen to it, when something is. The first fault that strikes wins, but all of them count.
pub(crate) fn strike(world: &mut World, kind: &Kind<'_>) -> Option<Effect> {
    let waits = world.faults.faults.iter().any(|(fault, _)| fault.share_at_least.is_some());
    let share = waits.then(|| lattice::added_share(world)).flatten();
    let passed = world.now.since(world.scenario.start).as_secs();
    let mut struck = None;
    for (fault, count) in &mut world.faults.faults {
        let waits = fault.share_at_least.is_some_and(|least| share.is_none_or(|share| share < least));
        let over = fault.after.is_some_and(|after| passed < after) || fault.before.is_some_and(|before| passed >= before);
        if waits || over || !fault.operations.iter().any(|pattern| means(pattern, kind)) {
            continue;
        }
        *count += 1;
        let hits = fault.nth.is_none_or(|nth| *count == nth)
            && fault.every.is_none_or(|every| every > 0 && (*count).is_multiple_of(every))
            && fault.from.is_none_or(|from| *count >= from)
            && fault.until.is_none_or(|until| *count <= until);
        if hits && struck.is_none() {
            struck = Some(fault.effect);
        }
    }
    struck
}

/// Whether a pattern like `UpdateRule`, `ecs:UpdateService`, `github:*` or `vpc-lattice:write` means this request.
fn means(pattern: &str, kind: &Kind<'_>) -> bool {
    let (service, operation) = pattern.split_once(':').map_or((None, pattern), |(service, operation)| (Some(service), operation));
    service.is_none_or(|service| service == kind.service)
        && (operation == "*" || operation == kind.operation || (operation == "write" && kind.writes))
}

/// Keeps a request to be done later, by nobody who waits for its answer.
pub(crate) fn postpone(world: &mut World, request: Request, secs: u64) {
    let at = world.now + Duration::from_secs(secs);
    world.faults.late.push((at, request));
}

pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    world.faults.late.iter().map(|(at, _)| *at).min()
}

pub(crate) fn on_time(world: &mut World) {
    let now = world.now;
    let (due, late) = std::mem::take(&mut world.faults.late).into_iter().partition(|(at, _)| *at <= now);
    world.faults.late = late;
    for (_, request) in due {
        world.note("late", format!("{} {} lands now", request.method, request.path));
        route::perform(world, &request);
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Fault, Kind, means, strike};
    use crate::sandbox::{scenario, world::World};

    fn kind<'a>(service: &'static str, operation: &'a str, writes: bool) -> Kind<'a> {
        Kind { service, operation: operation.into(), writes }
    }

    #[test]
    fn a_pattern_means_an_operation_a_service_or_its_writes() {
        let update = kind("vpc-lattice", "UpdateRule", true);
        assert!(["UpdateRule", "vpc-lattice:UpdateRule", "vpc-lattice:*", "vpc-lattice:write"].iter().all(|p| means(p, &update)));
        assert!(["UpdateListener", "ecs:*", "ecs:UpdateRule"].iter().all(|p| !means(p, &update)));
        assert!(!means("vpc-lattice:write", &kind("vpc-lattice", "GetRule", false)));
    }

    #[test]
    fn nth_every_from_and_until_count_only_the_requests_they_mean() {
        let mut world = World::new(scenario::load("promoted").unwrap());
        world.faults.add(Fault { operations: vec!["A".to_owned()], nth: Some(2), ..Fault::default() });
        world.faults.add(Fault {
            operations: vec!["B".to_owned()],
            every: Some(2),
            effect: Effect::Conflict,
            ..Fault::default()
        });
        world.faults.add(Fault { operations: vec!["C".to_owned()], from: Some(2), effect: Effect::Hang, ..Fault::default() });
        world.faults.add(Fault { operations: vec!["D".to_owned()], until: Some(2), ..Fault::default() });
        let mut seen = |name: &str| strike(&mut world, &kind("ecs", name, true));
        assert_eq!([seen("A"), seen("A"), seen("A")], [None, Some(Effect::Throttle), None]);
        assert_eq!([seen("B"), seen("B"), seen("B"), seen("B")], [None, Some(Effect::Conflict), None, Some(Effect::Conflict)]);
        assert_eq!([seen("C"), seen("C"), seen("C")], [None, Some(Effect::Hang), Some(Effect::Hang)]);
        assert_eq!([seen("D"), seen("D"), seen("D")], [Some(Effect::Throttle), Some(Effect::Throttle), None]);
    }

    #[test]
    fn a_fault_may_wait_for_a_share() {
        let mut world = World::new(scenario::load("stuck").unwrap());
        assert_eq!(strike(&mut world, &kind("vpc-lattice", "UpdateRule", true)), None);
    }
}
