//! How images behave: what cannot be true of the same tasks.

use super::whole::steps;
use crate::sandbox::scenario::{Behaviour, Scenario, mistake::Mistake};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    for (image, behaviour) in &scenario.images {
        for (key, message, hint) in contradictions(behaviour) {
            found.push(Mistake::of(steps!["images", image, key], message).hint(hint));
        }
    }
}

pub(super) fn contradictions(it: &Behaviour) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = Vec::new();
    if !it.healthy {
        let remove = "remove one of them";
        let never = [
            ("healthy_for", it.healthy_for.is_some(), "`healthy: false` is never healthy, not even for a while"),
            ("unhealthy_above", it.unhealthy_above.is_some(), "`healthy: false` is unhealthy at every share"),
            ("error_rate", it.error_rate > 0.0, "`healthy: false` answers 500 to everything"),
        ];
        all.extend(never.into_iter().filter(|(_, given, _)| *given).map(|(key, _, message)| (key, message, remove)));
    }
    if it.placement_fails.is_some() {
        let later = [
            ("exits", it.exits.is_some()),
            ("fails_after", it.fails_after.is_some()),
            ("healthy_for", it.healthy_for.is_some()),
            ("unhealthy_above", it.unhealthy_above.is_some()),
        ];
        let message = "tasks that are never placed never run, so this never happens";
        all.extend(
            later.into_iter().filter(|(_, given)| *given).map(|(key, _)| (key, message, "remove it, or `placement_fails`")),
        );
    }
    if let Some(exit) = &it.exits {
        let message = "the task has stopped by then";
        let hint = "write less than `exits.after`, or remove it";
        let later = [("healthy_for", it.healthy_for), ("fails_after", it.fails_after)];
        all.extend(
            later.into_iter().filter(|(_, at)| at.is_some_and(|at| at >= exit.after)).map(|(key, _)| (key, message, hint)),
        );
    }
    all
}
