//! From a prepared rollout to an exit code: reports begin, the driver drives, reports end.

use std::time::Duration;

use super::{lock, preflight};
use crate::{
    aws::{Aws, ledger::Ledger, slots::Slots, test_rules::TestRules},
    clock::{Clock, Timestamp},
    driver::{self, Hands},
    exit::{Error, Exit},
    hooks,
    report::{ReportOptions, Reports},
    rollout::{
        journal::{Entry, Happening, Journal, Release},
        machine::{Ending, Rollout},
        outcome::{Outcome, OutcomeKind, Reason},
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
    /// Its test rules.
    pub(crate) test_rules: TestRules,
    /// What it has run.
    pub(crate) hooks: hooks::Runner,
    /// The candidate's task definition, for the outputs.
    pub(crate) task_definition_arn: Option<String>,
}

/// Drives it to its end and reports it.
///
/// # Errors
/// A malfunction with traffic untouched, or a refusal before our first write.
pub(crate) async fn conduct(
    prepared: Prepared,
    aws: &Aws,
    clock: &dyn Clock,
    mut options: ReportOptions,
    mut signals: Signals,
) -> Result<Exit, Error> {
    let Prepared { mut rollout, slots, ledger, test_rules, mut hooks, task_definition_arn } = prepared;
    if test_rules.are_wanted() {
        rollout.with_test_rule();
    }
    rollout.with_hooks(hooks.jobs().hooks());
    options.task_definition_arn = task_definition_arn;
    let command = |verb: &str| Some(format!("espalier {verb} --lattice-service {}", preflight::short(ledger.service_arn())));
    options.abort_command = command("abort");
    options.rollback_command = command("rollback");
    options.ecs_service.clone_from(&slots.candidate.ecs_service);
    let (holder, id) = (ledger.holder().to_owned(), rollout.record().id.clone());
    let locks = matches!(rollout.journal().release.verb.as_str(), "deploy" | "shift");
    if rollout.record().locked
        && locks
        && let Some(what) = lock::take(aws, clock, &holder, &id).await?
    {
        rollout.note(clock.now(), Happening::Concern { what });
    }
    warn_of_expiry(&mut rollout, aws, clock.now());
    let mut reports = Reports::start(options, &rollout.journal().release, Box::new(std::io::stdout()));
    let hands = Hands { aws, clock, slots, ledger, test_rules };
    let ending = driver::drive(&mut rollout, &hands, &mut hooks, &mut reports, &mut signals).await;
    if rollout.record().locked
        && let Some(what) = lock::release(aws, clock, &holder, &id).await
    {
        rollout.note(clock.now(), Happening::Concern { what });
        reports.publish(rollout.journal());
    }
    reports.finish(rollout.journal()).await;
    match ending {
        Ok(Ending::Outcome(outcome)) => Ok(exit(&outcome, &rollout.journal().release.verb)),
        Ok(Ending::Untouched(reason)) => Err(Error::new(Exit::Malfunction, format!("{reason}; traffic is untouched"))),
        Ok(Ending::Declined(reason)) => Err(Error::new(Exit::Refused, reason.to_string())),
        Err(defect) if rollout.is_touched() => {
            let error = Error::new(Exit::Stuck, format!("the rollout stopped: {defect}"));
            Err(error.hint("`espalier abort` restores what was there before"))
        }
        Err(defect) => Err(Error::malfunction("the rollout stopped", &defect)),
    }
}

/// How much longer than its timeout a rollout may need credentials: for the way back.
const WAY_BACK: Duration = Duration::from_secs(600);

/// Credentials that end while the rollout may still run leave it stuck.
fn warn_of_expiry(rollout: &mut Rollout, aws: &Aws, now: Timestamp) {
    let Some(ends) = aws.expires else { return };
    let now = aws.date().unwrap_or(now);
    let needed = rollout.record().plan.timeout + WAY_BACK;
    if rollout.journal().release.verb == "abort" || ends.since(now) >= needed {
        return;
    }
    let what = format!(
        "the credentials end at {ends}, in {}, and the release may need them for {} (its timeout and ten minutes): when they end in the middle a person has to finish it. Let espalier assume the role (`aws.role`), which renews them, or ask for a longer session",
        humantime::format_duration(Duration::from_secs(ends.since(now).as_secs())),
        humantime::format_duration(needed)
    );
    rollout.note(now, Happening::Concern { what });
}

/// DESIGN §3: an `abort` or `rollback` that succeeded is 0, a release that was rolled back is 3.
fn exit(outcome: &Outcome, verb: &str) -> Exit {
    let done = matches!(outcome.reason, Reason::Aborted { .. } | Reason::RolledBackByRequest { .. });
    let asked_for = outcome.kind == OutcomeKind::RolledBack && done && matches!(verb, "abort" | "rollback");
    if asked_for { Exit::Done } else { Exit::of_release(outcome.kind) }
}

/// Reports a release that had nothing to do.
pub(crate) async fn say_unchanged(release: Release, options: ReportOptions, now: Timestamp) -> Exit {
    let reports = Reports::start(options, &release, Box::new(std::io::stdout()));
    let outcome = Outcome { kind: OutcomeKind::Unchanged, reason: Reason::NothingChanged };
    let journal = Journal { release, entries: vec![Entry { at: now, event: Happening::Finished { outcome } }] };
    reports.finish(&journal).await;
    Exit::Done
}
