//! `abort`: roll a running or held rollout back, from any job.

use super::{
    abort_to,
    conduct::{Prepared, conduct},
    connect,
    recorded::{self, Recorded},
    test_rule,
};
use crate::{
    aws::{Aws, ledger::Ledger, slots::Launch},
    exit::{Error, Exit},
    hooks,
    rollout::{
        machine::{Desired, Rollout},
        outcome::Reason,
        record::State,
    },
    settings::{AbortSettings, Surroundings},
    signals::Signals,
};

/// Runs it.
///
/// # Errors
/// When there is nothing that it could abort, or nothing can be read.
pub(crate) async fn abort(settings: AbortSettings) -> Result<Exit, Error> {
    let signals = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    let reports = connect::reports(settings.format, settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    if let Some(group) = &settings.to {
        return abort_to::abort_to(&settings, &aws, clock.as_ref(), group).await;
    }
    let recorded = recorded::find(&aws, &settings.which).await?;
    match recorded.found.record.state {
        State::Running | State::Held | State::Stuck | State::RolledBack => {}
        State::Promoted | State::Closed => {
            let record = &recorded.found.record;
            connect::show(
                settings.format,
                &[format!(
                    "rollout {} has ended: there is nothing to abort; `espalier rollback` goes back to what was stable before",
                    record.id
                )],
            );
            return Ok(Exit::Done);
        }
    }
    let reason = Reason::Aborted { by: asked_by(&settings.surroundings, settings.reason.as_deref()) };
    let prepared = prepare(&aws, recorded, "abort", reason, settings.force)?;
    if settings.dry_run {
        connect::show(settings.format, &prepared.slots.commands(Desired::BaselineBesideCandidate));
        return Ok(Exit::Done);
    }
    conduct(prepared, &aws, clock.as_ref(), reports, signals).await
}

/// The takeover of a recorded rollout, to roll it back.
pub(super) fn prepare(aws: &Aws, recorded: Recorded, verb: &str, reason: Reason, force: bool) -> Result<Prepared, Error> {
    let Recorded { service_arn, found, targets } = recorded;
    let mut record = found.record;
    record.generation += 1;
    record.state = State::Running;
    let release = recorded::release(aws, &record, verb, &targets);
    let slots = recorded::slots(&record, targets, Launch::Nothing);
    let ledger = Ledger::new(&service_arn, &slots.targets, true)?;
    let test_rules = test_rule::recorded(&record, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    Ok(Prepared {
        rollout: Rollout::abort(record, release, reason, force),
        slots,
        ledger,
        test_rules,
        hooks: hooks::Runner::default(),
        task_definition_arn,
    })
}

/// Who asked, in words for the record's readers.
pub(super) fn asked_by(surroundings: &Surroundings, reason: Option<&str>) -> String {
    let who = surroundings.runner.actor.clone().unwrap_or_else(|| "a person".to_owned());
    reason.map_or_else(|| who.clone(), |reason| format!("{who}: {reason}"))
}
