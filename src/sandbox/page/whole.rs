//! The page from its parts.

use super::{
    chart, ecs,
    html::escaped,
    lattice, log, pull_request,
    style::{SCRIPT, STYLE},
    traffic::traffic,
};
use crate::sandbox::{ecs as emulated_ecs, github, lattice as emulated_lattice, world::World};

/// The world as it is now.
pub(super) fn page(world: &World) -> String {
    let scenario = escaped(&world.scenario.name);
    let lattice = emulated_lattice::snapshot(world);
    let history = emulated_lattice::history(world);
    let colours = lattice::colours(&lattice, history);
    let part = |name: &str, title: &str, inside: String| {
        format!("<section><h2>{title}</h2><div data-part=\"{name}\">{inside}</div></section>")
    };
    let sections = [
        part("services", "Services", lattice::services(&lattice, &colours)),
        part("weights", "Weights over time", chart::weights(history, world.scenario.start, world.now, &colours)),
        part("traffic", "Requests a minute", chart::requests(&traffic(world, &lattice), world.now, &colours)),
        part("groups", "Target groups", lattice::groups(&lattice, &colours)),
        part("ecs", "ECS", ecs::services(&emulated_ecs::snapshot(world))),
        part("pull", "Pull request", pull_request::pull_request(&github::snapshot(world))),
        part("log", "What happened", log::log(&world.log, world.scenario.start)),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{scenario}: espalier sandbox</title>\
         <style>{STYLE}</style></head><body>\n\
         <header><h1>espalier sandbox</h1><span>{scenario}</span><span class=\"faint\" data-part=\"time\">{} · {} since the \
         start</span><span class=\"faint\">{}</span></header>\n<main>\n{}\n<footer>As JSON: <a href=\"/_sandbox/world\">/_sandbox/world</a>\
         </footer></main>\n<script>{SCRIPT}</script></body></html>\n",
        escaped(&world.now.to_string()),
        offset(world.now.since(world.scenario.start)),
        escaped(&world.scenario.description),
        sections.join("\n")
    )
}

/// Minutes and seconds, `+04:05`.
pub(super) fn offset(since: std::time::Duration) -> String {
    format!("+{:02}:{:02}", since.as_secs() / 60, since.as_secs() % 60)
}
