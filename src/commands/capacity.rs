//! What else scales the slots, looked at before the first write of a release.

use super::view::View;
use crate::{
    aws::{
        Aws,
        capacity::{self, Capacity},
        fault::{Fault, FaultKind},
        ledger::Found,
    },
    exit::{Error, Exit, Problem},
    rollout::{journal::Happening, machine::Rollout},
    time::Timestamp,
};

/// What scales stable's ECS service by itself.
///
/// # Errors
/// When it cannot be read, or may not be held: exit 2 with the actions that the role lacks.
pub(super) async fn look(aws: &Aws, view: &View<'_>, records: &[Found], now: Timestamp) -> Result<Capacity, Error> {
    let Some((stable, candidate)) = view.ecs_services() else { return Ok(Capacity::default()) };
    let mut recorded = records.iter().filter_map(|found| found.record.scaling);
    let held = recorded.clone().find(|scaling| scaling.held);
    let before = held.or_else(|| recorded.next());
    let look = capacity::look(aws, &view.settings.cluster, stable, candidate, before, now).await;
    look.map_err(|faults| Error {
        exit: if faults.iter().all(|fault| fault.kind == FaultKind::Denied) { Exit::Invalid } else { Exit::Malfunction },
        problems: faults.iter().map(|fault| problem(stable, fault)).collect(),
    })
}

fn problem(stable: &str, fault: &Fault) -> Problem {
    let message = if fault.operation.starts_with("Describe") {
        format!("whether something scales {stable} down in the middle of a release cannot be told: {fault}")
    } else {
        format!("{stable} is scaled by Application Auto Scaling, which cannot be held for the release: {fault}")
    };
    let hint = if fault.kind == FaultKind::Denied {
        format!("let the role call application-autoscaling:{}; `espalier iam-policy` prints all that it needs", fault.operation)
    } else {
        fault.hint()
    };
    Problem { message, hint: Some(hint) }
}

/// Hands it to the machine, with what people should know about it.
pub(super) fn tell(capacity: Capacity, rollout: &mut Rollout, now: Timestamp) {
    rollout.expect_scaling(capacity.scaling, capacity.unfinished);
    for what in capacity.findings {
        rollout.note(now, Happening::Concern { what });
    }
}

/// What `--dry-run` shows of it.
pub(super) fn in_words(capacity: &Capacity, view: &View<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(scaling), Some((stable, candidate))) = (capacity.scaling, view.ecs_services()) {
        lines.push(format!(
            "hold the scaling of {stable} ({} to {} tasks), which may grow and not shrink meanwhile, and give {candidate} the same",
            scaling.min, scaling.max
        ));
    }
    lines.extend(capacity.findings.iter().map(|finding| format!("note: {finding}")));
    lines
}
