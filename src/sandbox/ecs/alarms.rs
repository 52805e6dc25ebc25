//! CloudWatch alarms on deployments. Source: ECS developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures".

use std::time::Duration;

use serde_json::Value;

use super::{
    clusters::{text, texts},
    rollback::{self, Cause},
    state::{AlarmWatch, Rollout},
};
use crate::sandbox::{cloudwatch, world::World};

/// How often ECS asks for the states of alarms.
const LOOK: Duration = Duration::from_secs(10);

/// Whether an alarm is in ALARM. One that does not exist is not.
fn in_alarm(world: &World, name: &str) -> bool {
    cloudwatch::alarm_state(world, name) == Some("ALARM")
}

/// A service deployment starts: alarms that are in ALARM already make it ignore all of them.
pub(crate) fn begin(world: &mut World, service_arn: &str) {
    let Some(current) = world.ecs.under_way(service_arn) else { return };
    let Some(given) = current.configuration.get("alarms").filter(|given| given.get("enable") == Some(&Value::Bool(true))) else {
        return;
    };
    let names = texts(given, "alarmNames").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let ignored = names.iter().any(|name| in_alarm(world, name));
    let rollback = given.get("rollback") == Some(&Value::Bool(true));
    if let Some(current) = world.ecs.under_way_mut(service_arn) {
        current.alarms = AlarmWatch { names, ignored, rollback, triggered: Vec::new() };
    }
}

/// An alarm that goes to ALARM makes the deployment FAILED, and rolls it back where it is told to.
pub(crate) fn watch(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let failing = service.primary().is_none_or(|primary| primary.rollout != Rollout::InProgress);
    let Some(current) = world.ecs.under_way(&service.arn) else { return };
    if failing || current.rollback.is_some() || current.alarms.ignored || current.alarms.names.is_empty() {
        return;
    }
    let arn = service.arn.clone();
    let (back, names) = (current.alarms.rollback, current.alarms.names.iter());
    let triggered = names.filter(|name| in_alarm(world, name)).cloned().collect::<Vec<_>>();
    if triggered.is_empty() {
        let at = world.now + LOOK;
        return world.ecs.wake_at(at);
    }
    if let Some(current) = world.ecs.under_way_mut(&arn) {
        current.alarms.triggered.clone_from(&triggered);
    }
    rollback::fail(world, place, &Cause::Alarms(triggered), back);
}

/// Whether a rolling deployment that is whole has to wait longer for its alarms. How long ECS waits is its own reckoning and not
/// documented: a knob.
pub(crate) fn baking(world: &mut World, service_arn: &str) -> bool {
    let (now, knob) = (world.now, world.scenario.knobs.rolling_bake);
    let Some(current) = world.ecs.under_way_mut(service_arn) else { return false };
    if current.rollback.is_some() || current.alarms.ignored || current.alarms.names.is_empty() {
        return false;
    }
    let until = *current.baked_at.get_or_insert(now + Duration::from_secs(knob));
    if until > now {
        world.ecs.wake_at(until);
    }
    until > now
}

/// Whether a service deployment's `alarms` are valid where they are given: a name at least.
pub(crate) fn named(configuration: &Value) -> bool {
    let given = configuration.get("alarms").filter(|given| given.get("enable") == Some(&Value::Bool(true)));
    given.is_none_or(|given| !texts(given, "alarmNames").is_empty() && text(given, "alarmNames").is_none())
}
