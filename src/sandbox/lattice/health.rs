//! Everything in VPC Lattice that happens by itself: health checks, draining, propagation, and resources becoming ACTIVE or gone.

use std::time::Duration;

use super::{
    routes,
    state::{Action, Checks, Group, Health, Life, Target},
};
use crate::{
    clock::Timestamp,
    sandbox::{dataplane, world::World},
};

/// When something happens next.
pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    let state = &world.lattice;
    let targets =
        state.groups.iter().flat_map(|group| group.targets.iter().filter_map(|target| next_check(world, group, target)));
    let ahead = state.rules().filter_map(|(_, _, rule)| rule.ahead.front().map(|(at, _)| *at));
    let groups = state.groups.iter().filter_map(|group| group.life.due());
    let services = state.services.iter().filter_map(|service| service.life.due());
    let associations = state.associations.iter().filter_map(|association| association.life.due());
    let vpcs = state.vpcs.iter().filter_map(|vpc| vpc.life.due());
    targets.chain(ahead).chain(groups).chain(services).chain(associations).chain(vpcs).min()
}

/// When a check of this target is done next that may find something new, or when it is drained.
fn next_check(world: &World, group: &Group, target: &Target) -> Option<Timestamp> {
    let due = target.due?;
    let Some(stirs) = target.rests else { return Some(due) };
    let later = Timestamp::from_millis(world.now.as_millis() + 1);
    let from = if is_foreseen(world, stirs) { world.lattice.foreseen.1?.max(later) } else { later };
    Some(turn_from(due, group.checks.interval, from))
}

/// Whether all that may change what checks find, compared with what they found at these stirs, is known to be a matter of age.
fn is_foreseen(world: &World, stirs: u64) -> bool {
    stirs == world.stirs() && world.lattice.foreseen.0 == stirs
}

/// The first of the moments `due`, `due + interval`, `due + 2 × interval`, … that is not before `from`.
fn turn_from(due: Timestamp, interval: Duration, from: Timestamp) -> Timestamp {
    let turns = from.since(due).as_millis().div_ceil(interval.as_millis());
    due + interval * u32::try_from(turns).unwrap_or(u32::MAX)
}

/// Does what is due now; whether anything changed but the times of health checks.
pub(crate) fn on_time(world: &mut World) -> bool {
    let (before, now) = (world.stirs(), world.now);
    let state = &world.lattice;
    let lives = state.groups.iter().map(|group| group.life).chain(state.services.iter().map(|service| service.life));
    let lives = lives.chain(state.associations.iter().map(|one| one.life)).chain(state.vpcs.iter().map(|vpc| vpc.life));
    let ages = lives.into_iter().any(|life| life.due().is_some_and(|due| due <= now));
    if ages {
        live(world);
    }
    propagate(world);
    let drains = drop_drained(world);
    check_due(world);
    ages || drains || world.stirs() != before
}

/// Creating and updating → ACTIVE, deleting → gone.
fn live(world: &mut World) {
    let now = world.now;
    let age = |life: &mut Life| match *life {
        Life::Creating(at) | Life::Updating(at) if at <= now => {
            *life = Life::Active;
            true
        }
        Life::Deleting(at) => at > now,
        Life::Creating(_) | Life::Updating(_) | Life::Active => true,
    };
    let state = &mut world.lattice;
    state.groups.retain_mut(|group| age(&mut group.life));
    state.services.retain_mut(|service| age(&mut service.life));
    state.associations.retain_mut(|association| age(&mut association.life));
    state.vpcs.retain_mut(|vpc| age(&mut vpc.life));
}

fn propagate(world: &mut World) {
    let now = world.now;
    let mut followed = Vec::new();
    for rule in world.lattice.rules_mut() {
        while let Some((_, action)) = rule.ahead.pop_front_if(|(at, _)| *at <= now) {
            followed.push((rule.card.id.clone(), action.clone()));
            rule.seen = Some(action);
        }
    }
    for (id, action) in followed {
        let name = |id: &str| world.lattice.group(id).map_or_else(|_| id.to_owned(), |group| group.card.name.clone());
        let words = match &action {
            Action::Fixed(status) => format!("fixed response {status}"),
            Action::Forward(groups) => {
                groups.iter().map(|(id, weight)| format!("{} {weight}", name(id))).collect::<Vec<_>>().join(", ")
            }
        };
        world.note("propagation", format!("{id} now routes {words}"));
    }
}

fn drop_drained(world: &mut World) -> bool {
    let now = world.now;
    let mut drained = false;
    for group in &mut world.lattice.groups {
        let before = group.targets.len();
        group.targets.retain(|target| target.health != Health::Draining || target.due.is_none_or(|due| due > now));
        drained |= group.targets.len() != before;
    }
    drained
}

/// Asks every target whose check is due, then writes down what was heard.
fn check_due(world: &mut World) {
    let (now, stirs) = (world.now, world.stirs());
    let foresees = |target: &Target| {
        let of_age = world.lattice.foreseen.1.is_some_and(|changes| changes <= now);
        target.rests.is_some_and(|stirs| is_foreseen(world, stirs)) && !of_age
    };
    let mut heard = Vec::new();
    for (at, group) in world.lattice.groups.iter().enumerate() {
        for (index, target) in group.targets.iter().enumerate() {
            let Some(due) = target.due.filter(|due| *due <= now && target.health != Health::Draining) else { continue };
            let is_turn =
                target.rests.is_none() || (now > world.lattice.checked && turn_from(due, group.checks.interval, now) == now);
            if is_turn && !foresees(target) {
                heard.push((at, index, passes(world, group, target)));
            }
        }
    }
    for (at, index, passed) in heard {
        let group = &mut world.lattice.groups[at];
        let Checks { interval, thresholds, .. } = group.checks;
        let target = &mut group.targets[index];
        target.due = Some(now + interval);
        let before = target.health;
        hear(target, passed, thresholds);
        target.rests = (target.contrary == 0 && target.health == before).then_some(stirs);
        if target.health != before {
            let (id, port, after, name) = (&target.id, target.port, target.health.word(), &group.card.name);
            let line = format!("{id}:{port} of {name}: {} → {after}", before.word());
            world.note("target", line);
        }
    }
    foresee(world);
    done_until_now(world);
}

/// Finds out when answers change by age alone, from here on. Where they just did, every target is checked again.
fn foresee(world: &mut World) {
    let ((stirs, changes), now) = (world.lattice.foreseen, world.now);
    let have_changed = changes.is_some_and(|changes| changes <= now);
    if have_changed {
        world.lattice.groups.iter_mut().for_each(|group| checks_change(group, now));
    }
    if have_changed || stirs != world.stirs() {
        world.lattice.foreseen = (world.stirs(), dataplane::next_change(world));
    }
}

/// Whatever was due until now is done, or would have found nothing new.
pub(crate) fn done_until_now(world: &mut World) {
    world.lattice.checked = world.now;
}

/// What checks find, or how often they are done, is another matter from now on: none rests, and those until now are behind it.
pub(super) fn checks_change(group: &mut Group, now: Timestamp) {
    let interval = group.checks.interval;
    let later = Timestamp::from_millis(now.as_millis() + 1);
    for target in group.targets.iter_mut().filter(|target| target.rests.is_some()) {
        target.rests = None;
        target.due = target.due.map(|due| turn_from(due, interval, later));
    }
}

/// The state machine of a target's health. The first pass of a new target makes it healthy; the thresholds are for changes.
fn hear(target: &mut Target, passed: bool, (healthy, unhealthy): (u64, u64)) {
    let (turns, threshold) = match (target.health, passed) {
        (Health::Initial, true) => (Some(Health::Healthy), 1),
        (Health::Initial | Health::Healthy, false) => (Some(Health::Unhealthy), unhealthy),
        (Health::Unhealthy, true) => (Some(Health::Healthy), healthy),
        (Health::Healthy | Health::Unhealthy | Health::Unused | Health::Draining | Health::Unavailable, _) => (None, 0),
    };
    let Some(turns) = turns else {
        target.contrary = 0;
        return;
    };
    target.contrary += 1;
    if target.contrary >= threshold {
        target.health = turns;
        target.contrary = 0;
    }
}

/// Whether a health check of this target would pass now.
fn passes(world: &World, group: &Group, target: &Target) -> bool {
    let answer = routes::checked_at(group, target).and_then(|place| dataplane::checked(world, place));
    let is_well = |status| group.checks.codes.iter().any(|(from, to)| (*from..=*to).contains(&status));
    answer.is_some_and(|answer| answer.latency <= group.checks.timeout && is_well(answer.status))
}

/// What a target is when it is new, or newly in use, or newly checked.
fn fresh(world: &World, group: &Group) -> (Health, Option<Timestamp>) {
    if world.lattice.user_of(&group.card.id).is_none() {
        (Health::Unused, None)
    } else if group.checks.enabled {
        (Health::Initial, Some(world.now + Duration::from_secs(world.scenario.knobs.registration)))
    } else {
        (Health::Unavailable, None)
    }
}

/// Brings all targets in line after an action or a health check was changed: a group counts as in use from the moment that an
/// action names it, with whatever weight.
pub(super) fn usage_changed(world: &mut World) {
    for at in 0..world.lattice.groups.len() {
        let (health, due) = fresh(world, &world.lattice.groups[at]);
        for target in &mut world.lattice.groups[at].targets {
            let checked = matches!(target.health, Health::Initial | Health::Healthy | Health::Unhealthy);
            if target.health != Health::Draining && target.health != health && !(health == Health::Initial && checked) {
                *target = Target { id: target.id.clone(), port: target.port, health, contrary: 0, due, rests: None };
            }
        }
    }
}

/// Registers a target, or takes back its deregistration.
pub(super) fn register(world: &mut World, group: &str, id: &str, port: u64) {
    let Ok(found) = world.lattice.group(group) else { return };
    let (health, due) = fresh(world, found);
    let now = world.now;
    let Ok(found) = world.lattice.group_mut(group) else { return };
    let name = found.card.name.clone();
    let new = Target { id: id.to_owned(), port, health, contrary: 0, due, rests: None };
    match found.targets.iter_mut().find(|target| target.id == id && target.port == port) {
        Some(target) if target.health == Health::Draining => *target = new,
        Some(_) => return,
        None => found.targets.push(new),
    }
    found.card.updated = now;
    world.note("target", format!("{id}:{port} of {name}: registered, {}", health.word()));
}

/// Deregisters a target: it drains, or is gone at once where nothing used its group. False when there is none.
pub(super) fn deregister(world: &mut World, group: &str, id: &str, port: u64) -> bool {
    let until = world.now + Duration::from_secs(world.scenario.knobs.drain);
    let Ok(found) = world.lattice.group_mut(group) else { return false };
    let name = found.card.name.clone();
    let Some(index) = found.targets.iter().position(|target| target.id == id && target.port == port) else { return false };
    let target = &mut found.targets[index];
    let before = target.health;
    if before == Health::Unused {
        found.targets.remove(index);
        world.note("target", format!("{id}:{port} of {name}: deregistered"));
    } else if before != Health::Draining {
        target.health = Health::Draining;
        (target.due, target.rests) = (Some(until), None);
        world.note("target", format!("{id}:{port} of {name}: {} → DRAINING", before.word()));
    }
    true
}

/// At the start of a world: what would pass a check has passed it.
pub(crate) fn settle(world: &mut World) {
    let mut passed = Vec::new();
    for (at, group) in world.lattice.groups.iter().enumerate() {
        for (index, target) in group.targets.iter().enumerate() {
            if target.health == Health::Initial && passes(world, group, target) {
                passed.push((at, index));
            }
        }
    }
    for (at, index) in passed {
        let interval = world.lattice.groups[at].checks.interval;
        let target = &mut world.lattice.groups[at].targets[index];
        target.health = Health::Healthy;
        target.due = Some(world.now + interval);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Checks, Health, Target, hear};

    fn after(start: Health, checks: &[bool]) -> Health {
        let mut target = Target { id: "10.0.0.1".to_owned(), port: 80, health: start, contrary: 0, due: None, rests: None };
        for passed in checks {
            hear(&mut target, *passed, (3, 2));
        }
        target.health
    }

    #[test]
    fn a_new_target_is_healthy_after_one_pass_and_unhealthy_after_the_threshold() {
        assert_eq!(after(Health::Initial, &[true]), Health::Healthy);
        assert_eq!(after(Health::Initial, &[false]), Health::Initial);
        assert_eq!(after(Health::Initial, &[false, true]), Health::Healthy);
        assert_eq!(after(Health::Initial, &[false, false]), Health::Unhealthy);
    }

    #[test]
    fn only_checks_in_a_row_count() {
        assert_eq!(after(Health::Healthy, &[false, true, false]), Health::Healthy);
        assert_eq!(after(Health::Healthy, &[false, false]), Health::Unhealthy);
        assert_eq!(after(Health::Unhealthy, &[true, true, false, true]), Health::Unhealthy);
        assert_eq!(after(Health::Unhealthy, &[true, true, true]), Health::Healthy);
    }

    #[test]
    fn codes_are_lists_of_codes_and_ranges() {
        let codes = |text: &str| Checks::of(&json!({ "healthCheck": { "matcher": { "httpCode": text } } })).codes;
        assert_eq!(codes("200"), [(200, 200)]);
        assert_eq!(codes("200,202-204"), [(200, 200), (202, 204)]);
        assert_eq!(Checks::of(&json!({})).codes, [(200, 200)]);
    }
}
