//! `/_sandbox/`: the world's clock, a look at everything, and events that a test or a person throws in.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    autoscaling, dataplane, ecs, github, iam, lattice, ram, route53,
    scenario::{Fault, Person},
    ssm,
    wire::{Reply, Request},
    world::World,
};
use crate::clock::Timestamp;

/// The longest step: health checks go on all the time, and each of them is done.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// What `POST /_sandbox/events` takes; both lists may be left out. Counters and times begin now.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    until: Timestamp,
}

/// Answers a request whose path begins with `/_sandbox/`. Only in a stepped world does it move the clock.
pub(crate) fn handle(world: &mut World, request: &Request, stepped: bool) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_sandbox/clock") => clock(world),
        ("POST", "/_sandbox/clock") if !stepped => refuse(409, "the time of this sandbox goes by itself; it cannot be stepped"),
        ("POST", "/_sandbox/clock") => match serde_json::from_slice::<Until>(&request.body) {
            Ok(wanted) if wanted.until.since(world.now) > LONGEST => refuse(400, "that is more than 31 days at once"),
            Ok(wanted) => {
                world.advance(wanted.until);
                clock(world)
            }
            Err(error) => refuse(400, &format!("{error}; wanted is {{\"until\": milliseconds since 1970}}")),
        },
        ("GET", "/_sandbox/traffic") => Reply::json(200, &dataplane::report(world, world.scenario.start)),
        ("GET", "/_sandbox/world") => Reply::json(200, &snapshot(world)),
        ("POST", "/_sandbox/events") => match serde_json::from_slice::<Events>(&request.body) {
            Ok(events) => {
                events.faults.into_iter().for_each(|fault| world.faults.add(fault));
                let now = world.now;
                events.people.into_iter().for_each(|person| world.people.add(person, now));
                // Somebody may be due at once.
                world.advance(now);
                Reply::json(200, &json!({}))
            }
            Err(error) => refuse(400, &format!("{error}; wanted is {{\"faults\": […], \"people\": […]}} as in a scenario")),
        },
        (_, "/_sandbox/clock" | "/_sandbox/world" | "/_sandbox/traffic" | "/_sandbox/events") => {
            refuse(405, "this takes another method")
        }
        _ => refuse(404, "there are /_sandbox/clock, /_sandbox/world, /_sandbox/traffic and /_sandbox/events"),
    }
}

/// By how much this request would move the clock; none where it is not about the clock.
pub(crate) fn step(world: &World, request: &Request) -> Option<Duration> {
    if request.method != http::Method::POST || request.path != "/_sandbox/clock" {
        return None;
    }
    let wanted = serde_json::from_slice::<Until>(&request.body).ok()?;
    Some(wanted.until.since(world.now))
}

fn clock(world: &World) -> Reply {
    Reply::json(200, &json!({"now": world.now}))
}

fn refuse(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"message": message}))
}

/// Everything worth looking at, as JSON.
pub(crate) fn snapshot(world: &World) -> Value {
    json!({
        "scenario": world.scenario.name,
        "start": world.scenario.start,
        "now": world.now,
        "time": world.now.to_string(),
        "lattice": lattice::snapshot(world),
        "ecs": ecs::snapshot(world),
        "scaling": autoscaling::snapshot(world),
        "parameters": ssm::names(world),
        "shares": ram::snapshot(world),
        "hosted_zones": route53::snapshot(world),
        "github": github::snapshot(world),
        "iam": iam::snapshot(world),
        "weights": lattice::history(world),
        "log": world.log,
    })
}
