//! Service events: what `DescribeServices` tells people.

use super::state::Event;
use crate::sandbox::world::World;

/// Adds an event; the newest 100 are kept, and a repetition of the newest one within six hours is left out.
pub(crate) fn event(world: &mut World, place: usize, message: String) {
    let hex = world.uuid32();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let id = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let repeated = |event: &Event| event.message == message && now.since(event.at).as_secs() < 6 * 60 * 60;
    if service.events.front().is_some_and(repeated) {
        return;
    }
    service.events.push_front(Event { id, at: now, message: message.clone() });
    service.events.truncate(100);
    world.note("ecs", message);
}

/// `(task A) (task B)`, as events name tasks.
pub(crate) fn named(ids: &[String]) -> String {
    ids.iter().map(|id| format!("(task {id})")).collect::<Vec<_>>().join(" ")
}
