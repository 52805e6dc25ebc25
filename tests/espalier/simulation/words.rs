//! Effects and events in a few words, for stories.

use espalier::rollout::{
    machine::{Effect, Event},
    observation::Side,
};

/// An effect in a few words.
pub(crate) fn short(effect: &Effect) -> String {
    let Effect::Record(record, lease) = effect else { return format!("{effect:?}") };
    let lease = if lease.is_some() { "" } else { ", lease ended" };
    format!("record {} step {} intent {}{lease}", record.state, record.step, record.intent)
}

/// What a job is told, in a few words.
pub(crate) fn heard(event: &Event) -> String {
    let Event::Observed(seen) = event else { return format!("{event:?}") };
    let actions: Vec<_> = seen.actions.iter().map(|action| action.as_ref().map_or("gone", |action| &action.shown)).collect();
    let side = |side: &Side| {
        let tasks = side.tasks.as_ref().map_or(0, |tasks| tasks.running);
        let Side { healthy, unhealthy, initial, draining, .. } = side;
        format!("{healthy} healthy, {unhealthy} unhealthy, {initial} initial, {draining} draining, {tasks} tasks")
    };
    let stable = seen.stable.as_ref().map(side).unwrap_or_default();
    format!("{:?}, {}; stable {stable}; candidate {}", seen.lease, actions.join(" | "), side(&seen.candidate))
}
