//! What is behind a target: a task, or what the scenario says of instances, functions, load balancers and other addresses.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    clock::Timestamp,
    sandbox::{
        ecs, lattice,
        scenario::{Behaviour, WELL},
        world::World,
    },
};

/// What a body counts for in the traffic where it is the JSON that names the target.
const USUAL_BYTES: u64 = 256;

/// What a backend would answer now to a request that is not refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answer {
    /// To a health check, and to a request that `error_rate` spares.
    pub(crate) status: u16,
    /// Half of the requests take no longer; a health check takes exactly so long.
    pub(crate) latency: Duration,
    /// 99 of 100 requests take no longer.
    pub(crate) latency_p99: Duration,
    /// Percent of ordinary requests that are answered with `error_status` instead; health checks never see it.
    pub(crate) error_rate: f64,
    pub(crate) error_status: u16,
    /// The size of the body.
    pub(crate) bytes: u64,
}

/// What happens to somebody who connects to a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Backend {
    Answers(Answer),
    /// Something is there, and nothing listens.
    Refuses,
    /// There is nothing there.
    Nobody,
}

/// Where to knock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The target group's id, name and type.
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    /// The target's id and port.
    pub(crate) target: &'a str,
    pub(crate) port: u16,
}

/// What is behind a target now.
pub(super) fn backend(world: &World, place: Place<'_>) -> Backend {
    if place.kind == "IP" && ecs::is_occupied(world, place.target) {
        return ecs::answer(world, place.target, place.port).map_or(Backend::Refuses, Backend::Answers);
    }
    let Some(behaviour) = listed(world, place) else { return Backend::Nobody };
    let age = world.now.since(world.scenario.start);
    let answer = answer_of(behaviour, age, lattice::share(world, place.group));
    answer.map_or(Backend::Refuses, Backend::Answers)
}

/// What a health check gets; none where nothing listens.
pub(crate) fn checked(world: &World, place: Place<'_>) -> Option<Answer> {
    match backend(world, place) {
        Backend::Answers(answer) => Some(answer),
        Backend::Refuses | Backend::Nobody => None,
    }
}

/// The behaviour of a target, a task's image or what `backends` lists; none where nobody is there.
pub(super) fn behaviour<'a>(world: &'a World, place: Place<'_>) -> Option<&'a Behaviour> {
    if place.kind == "IP" && ecs::is_occupied(world, place.target) {
        return ecs::behaviour(world, place.target, place.port);
    }
    listed(world, place)
}

fn listed<'a>(world: &'a World, place: Place<'_>) -> Option<&'a Behaviour> {
    let listed = &world.scenario.backends;
    let socket = format!("{}:{}", place.target, place.port);
    let found = [socket.as_str(), place.target, place.name, place.group].into_iter().find_map(|key| listed.get(key));
    found.or_else(|| (!(place.kind == "IP" && is_for_tasks(place.target))).then_some(&*WELL))
}

/// Whether an address is one of those that only ECS gives out: 10.0.0.0/16.
fn is_for_tasks(target: &str) -> bool {
    target.parse::<Ipv4Addr>().is_ok_and(|ip| matches!(ip.octets(), [10, 0, _, _]))
}

/// The answer of something that behaves so, at this age and with this share of the requests, in percent; none where it accepts no
/// connections any more.
pub(crate) fn answer_of(behaviour: &Behaviour, age: Duration, share: f64) -> Option<Answer> {
    let over = |seconds: Option<u64>| seconds.is_some_and(|seconds| age >= Duration::from_secs(seconds));
    if over(behaviour.fails_after) {
        return None;
    }
    let above = |limit: Option<f64>| limit.is_some_and(|limit| share >= limit);
    let well = behaviour.healthy && !over(behaviour.healthy_for) && !above(behaviour.unhealthy_above);
    let ordinary = if behaviour.degrades_above.is_some_and(|limit| share < limit) { &*WELL } else { behaviour };
    let p99 = ordinary.latency_p99_ms.unwrap_or(ordinary.latency_ms.saturating_mul(2)).max(ordinary.latency_ms);
    Some(Answer {
        status: if well { behaviour.status } else { 500 },
        latency: Duration::from_millis(ordinary.latency_ms),
        latency_p99: Duration::from_millis(p99),
        error_rate: ordinary.error_rate,
        error_status: behaviour.error_status,
        bytes: behaviour.body.as_ref().map_or(USUAL_BYTES, |body| u64::try_from(body.len()).unwrap_or(u64::MAX)),
    })
}

/// When the answers of something that behaves so, and began at `start`, next change by its age alone; none when they never do.
pub(crate) fn changes_after(behaviour: &Behaviour, start: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let changes = [behaviour.healthy_for, behaviour.fails_after].into_iter().flatten();
    changes.map(|seconds| start + Duration::from_secs(seconds)).filter(|at| *at > now).min()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backend, Behaviour, Place, answer_of, backend, changes_after};
    use crate::{
        clock::Timestamp,
        sandbox::{scenario, world::World},
    };

    #[test]
    fn a_target_is_found_by_socket_then_id_then_group_and_is_well_otherwise() {
        let mut scenario = scenario::load("promoted").unwrap();
        let status = |status| Behaviour { status, ..Behaviour::default() };
        let listed = [("i-1:8080", 201), ("i-1", 202), ("named", 203), ("tg-1", 204), ("10.0.7.7", 205)];
        scenario.backends = listed.into_iter().map(|(key, code)| (key.to_owned(), status(code))).collect();
        let world = World::new(scenario);
        let found = |kind, name, group, target, port| match backend(&world, Place { group, name, kind, target, port }) {
            Backend::Answers(answer) => Ok(answer.status),
            other @ (Backend::Refuses | Backend::Nobody) => Err(other),
        };
        assert_eq!(found("INSTANCE", "named", "tg-1", "i-1", 8080), Ok(201));
        assert_eq!(found("INSTANCE", "named", "tg-1", "i-1", 80), Ok(202));
        assert_eq!(found("INSTANCE", "named", "tg-1", "i-2", 80), Ok(203));
        assert_eq!(found("LAMBDA", "other", "tg-1", "arn:aws:lambda:x", 0), Ok(204));
        assert_eq!(found("ALB", "other", "tg-2", "arn:aws:elasticloadbalancing:x", 80), Ok(200));
        assert_eq!(found("IP", "other", "tg-2", "192.168.1.1", 80), Ok(200));
        assert_eq!(found("IP", "other", "tg-2", "10.0.7.7", 80), Ok(205));
        assert_eq!(found("IP", "other", "tg-2", "10.0.7.8", 80), Err(Backend::Nobody), "a task's address without a task");
        assert_eq!(found("IP", "other", "tg-2", "10.0.1.10", 80), Ok(200), "a task");
        assert_eq!(found("IP", "other", "tg-2", "10.0.1.10", 81), Err(Backend::Refuses), "not its port");
    }

    #[test]
    fn what_degrades_does_so_only_above_its_share() {
        let behaviour = Behaviour {
            degrades_above: Some(25.0),
            error_rate: 7.0,
            latency_ms: 900,
            latency_p99_ms: Some(950),
            ..Behaviour::default()
        };
        let seen = |share| {
            let answer = answer_of(&behaviour, Duration::ZERO, share).unwrap();
            (answer.status, answer.error_rate, answer.latency.as_millis(), answer.latency_p99.as_millis())
        };
        assert_eq!(seen(24.9), (200, 0.0, 20, 40));
        assert_eq!(seen(25.0), (200, 7.0, 900, 950));
    }

    #[test]
    fn ages_at_which_answers_change_are_known_ahead() {
        let behaviour = Behaviour { healthy_for: Some(30), fails_after: Some(60), ..Behaviour::default() };
        let at = Timestamp::from_secs;
        let next = |now| changes_after(&behaviour, at(100), at(now));
        assert_eq!((next(100), next(130), next(160)), (Some(at(130)), Some(at(160)), None));
    }
}
