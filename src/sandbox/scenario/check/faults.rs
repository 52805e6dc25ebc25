//! Faults: operations that there are, and counts that can be reached.

use super::{operations, whole::steps};
use crate::sandbox::scenario::{
    Effect, Fault, Scenario,
    mistake::{Mistake, choice, instead},
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    for (index, fault) in scenario.faults.iter().enumerate() {
        for mistake in wrong(fault) {
            let path = steps!["faults", index].into_iter().chain(mistake.path.iter().cloned()).collect();
            found.push(Mistake { path, ..mistake });
        }
    }
}

/// What is wrong with one fault; paths begin at the fault.
pub(crate) fn wrong(fault: &Fault) -> Vec<Mistake> {
    let mut found = Vec::new();
    for (index, pattern) in fault.operations.iter().enumerate() {
        if let Err((message, hint)) = operation(pattern) {
            found.push(Mistake::at(&["operations", &index.to_string()], message).hint(hint));
        }
    }
    let counts = [("every", fault.every.is_some()), ("from", fault.from.is_some()), ("until", fault.until.is_some())];
    for (key, _) in counts.into_iter().filter(|(_, given)| *given && fault.nth.is_some()) {
        let message = format!("`nth` means one request, so `{key}` beside it changes nothing or keeps it from ever happening");
        found.push(Mistake::at(&[key], message).hint("write two faults, or one of the two keys"));
    }
    if let (Some(from), Some(until)) = (fault.from, fault.until)
        && from > until
    {
        let message = format!("it ends at the {until}th request and begins at the {from}th: it never happens");
        found.push(Mistake::at(&["until"], message).hint("swap the two"));
    }
    if let (Some(after), Some(before)) = (fault.after, fault.before)
        && after >= before
    {
        let message = format!("`before` ({before}) is not later than `after` ({after}): it never happens");
        found.push(Mistake::at(&["before"], message).hint("give the later moment to `before`"));
    }
    if fault.effect == Effect::Partial && !fault.operations.iter().any(|pattern| operations::can_be_partial(pattern)) {
        let hint = format!("only batches are: write {}", choice(&operations::BATCHES));
        found.push(Mistake::at(&["effect"], "none of these operations can be done in part").hint(hint));
    }
    found
}

/// Whether a pattern can mean any request.
fn operation(pattern: &str) -> Result<(), (String, String)> {
    let services = operations::services();
    let (service, operation) = pattern.split_once(':').map_or((None, pattern), |(service, operation)| (Some(service), operation));
    if let Some(service) = service
        && !services.contains(&service)
    {
        return Err((format!("there is no service `{service}` here"), instead(service, &services)));
    }
    if service == Some("github") {
        return github(operation);
    }
    if matches!(operation, "*" | "write") || (service, operation) == (Some("oidc"), "GetIdToken") {
        return Ok(());
    }
    let known = operations::of(service);
    if known.contains(&operation) {
        return Ok(());
    }
    let of = service.map_or_else(String::new, |service| format!(" of {service}"));
    let near = instead(operation, &known);
    // All of them would fill a page.
    let hint =
        if near.starts_with("did") { near } else { "write an operation's name, `SERVICE:*` or `SERVICE:write`".to_owned() };
    Err((format!("there is no operation `{operation}`{of}"), hint))
}

/// `*`, `write`, or a method and a path.
fn github(operation: &str) -> Result<(), (String, String)> {
    let request = operation
        .split_once(' ')
        .is_some_and(|(method, path)| matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") && path.starts_with('/'));
    if matches!(operation, "*" | "write") || request {
        return Ok(());
    }
    let hint = "write `github:*`, `github:write`, or a method and a path such as `github:POST /repos/octo/myservice/check-runs`";
    Err((format!("`{operation}` is not a request to GitHub"), hint.to_owned()))
}
