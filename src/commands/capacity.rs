//! What else scales the slots, looked at before the first write of a release; and what earlier ones have recorded of it.

use super::view::View;
use crate::{
    aws::{
        Aws,
        capacity::{self, Capacity},
        fault::{Fault, FaultKind},
        lattice::ids::TargetGroupArn,
        ledger::Found,
        slots::{Launch, Slots},
    },
    exit::{Error, Exit, Problem},
    rollout::{
        journal::Happening,
        machine::{Role, Rollout, Steer},
        scaling::Scaling,
    },
    time::Timestamp,
};

/// What earlier rollouts have recorded of scaling: what one of them has not given back, else what the newest says.
pub(super) fn recorded(records: &[Found]) -> Option<Scaling> {
    let recorded = || records.iter().filter(|found| found.record.scaling.is_some());
    let held = recorded().find(|found| found.record.scaling.is_some_and(|scaling| scaling.held));
    held.or_else(|| recorded().max_by_key(|found| found.record.started)).and_then(|found| found.record.scaling)
}

/// What is to be known before a group gets requests by weights alone: the release before has left its ECS service at rest, so that nothing
/// scales it. Whether it still rests cannot be told where Application Auto Scaling may not be read.
pub(super) async fn at_rest(aws: &Aws, records: &[Found], group: &TargetGroupArn, now: Timestamp) -> Option<String> {
    for Found { record, .. } in records {
        for (role, slot) in [(Role::Stable, record.stable.as_ref()), (Role::Candidate, Some(&record.candidate))] {
            let (Some(slot), Some(scaling)) = (slot.filter(|slot| slot.group == group.as_str()), record.scaling) else {
                continue;
            };
            let slots = Slots::recorded(record, Vec::new(), Launch::Nothing);
            let rests = slots.rests(aws, role, scaling, now).await;
            if rests != Some(false)
                && let Some(command) = slots.steer_command(Steer::Wake(role), scaling)
            {
                let name = slot.ecs_service.as_ref().unwrap_or(&slot.name);
                let was = if rests.is_some() { "was" } else { "may have been" };
                return Some(format!(
                    "{name} {was} left at rest by the release before: then it does not scale by itself again until the next `espalier deploy`, or until you say so: {command}"
                ));
            }
        }
    }
    None
}

/// What scales stable's ECS service by itself; at bootstrap, what an earlier release has left of the candidate's.
///
/// # Errors
/// When it cannot be read, or may not be held: exit 2 with the actions that the role lacks.
pub(super) async fn look(aws: &Aws, view: &View<'_>, records: &[Found], now: Timestamp) -> Result<Capacity, Error> {
    let (cluster, before) = (&view.settings.cluster, recorded(records));
    let (scaled, look) = match (view.ecs_services(), before) {
        (Some((stable, candidate)), _) => (stable, capacity::look(aws, cluster, stable, candidate, before, now).await),
        (None, Some(before)) => {
            let candidate = view.candidate_service();
            (candidate, capacity::look_alone(aws, cluster, candidate, before, now).await)
        }
        (None, None) => return Ok(Capacity::default()),
    };
    look.map_err(|faults| Error {
        exit: if faults.iter().all(|fault| fault.kind == FaultKind::Denied) { Exit::Invalid } else { Exit::Malfunction },
        problems: faults.iter().map(|fault| problem(scaled, fault)).collect(),
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
    if let Some(Scaling { min, max, .. }) = capacity.scaling {
        lines.push(match view.ecs_services() {
            Some((stable, candidate)) => format!(
                "hold the scaling of {stable} ({min} to {max} tasks), which may grow and not shrink meanwhile, and give {candidate} the same"
            ),
            None => {
                format!("let {} scale by itself again ({min} to {max} tasks) once it serves", view.candidate_service())
            }
        });
    }
    lines.extend(capacity.findings.iter().map(|finding| format!("note: {finding}")));
    lines
}
