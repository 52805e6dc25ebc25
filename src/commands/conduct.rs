//! From a prepared rollout to an exit code: reports begin, the driver drives, reports end.

use crate::{
    aws::{Aws, ledger::Ledger, slots::Slots},
    clock::Clock,
    driver::{self, Hands},
    exit::{Error, Exit},
    report::Reports,
    rollout::{
        machine::{Ending, Rollout},
        outcome::{Outcome, OutcomeKind},
    },
    signals::Signals,
};

/// A rollout that is ready to be driven.
pub(crate) struct Prepared {
    /// The machine at its beginning.
    pub(crate) rollout: Rollout,
    /// What it moves.
    pub(crate) slots: Slots,
    /// Where its record is kept.
    pub(crate) ledger: Ledger,
    /// The candidate's task definition, for the outputs.
    pub(crate) task_definition_arn: Option<String>,
}

/// Drives it to its end and reports it.
///
/// # Errors
/// A malfunction with traffic untouched, or a refusal before our first write.
pub(crate) async fn conduct(prepared: Prepared, aws: &Aws, clock: &dyn Clock, mut reports: Reports, mut signals: Signals) -> Result<Exit, Error> {
    let Prepared { mut rollout, slots, ledger, task_definition_arn } = prepared;
    if let Some(arn) = task_definition_arn {
        reports.task_definition(&arn);
    }
    let hands = Hands { aws, clock, slots, ledger };
    let ending = driver::drive(&mut rollout, &hands, &reports, &mut signals).await;
    reports.finish(rollout.journal()).await;
    match ending {
        Ok(Ending::Outcome(outcome)) => Ok(exit(&outcome, &rollout.journal().release.verb)),
        Ok(Ending::Untouched(reason)) => Err(Error::malfunction(format!("{reason}; traffic is untouched"))),
        Ok(Ending::Declined(reason)) => Err(Error::refused(reason.to_string())),
        Err(defect) => Err(Error::malfunction(defect.to_string())),
    }
}

/// DESIGN §3: an `abort` or `rollback` that succeeded is 0, a release that was rolled back is 3.
fn exit(outcome: &Outcome, verb: &str) -> Exit {
    match outcome.kind {
        OutcomeKind::Promoted | OutcomeKind::Held | OutcomeKind::Unchanged => Exit::Done,
        OutcomeKind::RolledBack if matches!(verb, "abort" | "rollback") => Exit::Done,
        OutcomeKind::RolledBack => Exit::RolledBack,
        OutcomeKind::Stuck => Exit::Stuck,
        OutcomeKind::Superseded => Exit::Refused,
    }
}
