//! From a prepared rollout to an exit code: reports begin, the driver drives, reports end.

use std::time::Duration;

use super::{connect, lock, opened, preflight};
use crate::{
    aws::{Aws, ledger::Ledger, slots::Slots, test_rules::TestRules},
    clock::{Clock, Timestamp},
    driver::{self, Hands},
    exit::{Error, Exit},
    hooks,
    report::{ReportOptions, Reports},
    rollout::{
        analysis::Analysis,
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

/// Everything that it takes to drive it.
pub(crate) struct Ready {
    pub(crate) prepared: Prepared,
    pub(crate) aws: Aws,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) reports: ReportOptions,
}

/// What a verb came to before anything was claimed.
pub(crate) enum Begun {
    /// A rollout to drive.
    Ready(Box<Ready>),
    /// There is nothing to drive.
    Done(Exit),
    /// There is nothing to drive, and nothing is wrong: why, said already.
    Left(String),
}

/// How a verb ended.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// None where there was nothing to drive.
    pub(crate) outcome: Option<Outcome>,
    /// Why there was nothing to drive, where that has to be told.
    pub(crate) why: Option<String>,
}

/// Runs a verb: its beginning, which is given up at the first signal since nothing refers to what it wrote, then its rollout.
///
/// # Errors
/// What keeps it from beginning; see [`conduct`].
pub(crate) async fn run(begin: impl Future<Output = Result<Begun, Error>>) -> Result<Exit, Error> {
    told(begin).await.map(|ended| ended.exit)
}

/// The same, for whoever has to tell what it came to.
///
/// # Errors
/// What keeps it from beginning; see [`conduct`].
pub(crate) async fn told(begin: impl Future<Output = Result<Begun, Error>>) -> Result<Ended, Error> {
    let mut signals = listen()?;
    match until_signal(&mut signals, begin).await? {
        Begun::Done(exit) => Ok(Ended { exit, outcome: None, why: None }),
        Begun::Left(why) => Ok(Ended { exit: Exit::Done, outcome: None, why: Some(why) }),
        Begun::Ready(ready) => conduct(ready.prepared, &ready.aws, ready.clock.as_ref(), ready.reports, &mut signals).await,
    }
}

/// Listens for signals from here on.
///
/// # Errors
/// When the operating system refuses.
pub(crate) fn listen() -> Result<Signals, Error> {
    Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))
}

/// What is done before anything is claimed: the first signal ends it at once.
///
/// # Errors
/// Its own, or that it was cancelled.
pub(crate) async fn until_signal<T>(signals: &mut Signals, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        biased;
        () = signals.first() => Err(connect::cancelled()),
        done = work => done,
    }
}

impl Prepared {
    /// The same, judged by metrics and alarms besides target health; what is to be said about them comes first.
    pub(crate) fn analysed(mut self, now: Timestamp, (analysis, notes): (Analysis, Vec<String>)) -> Self {
        self.rollout = self.rollout.analysed(analysis);
        for what in notes {
            self.rollout.note(now, Happening::Note { what });
        }
        self
    }
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
    signals: &mut Signals,
) -> Result<Ended, Error> {
    let Prepared { mut rollout, slots, ledger, test_rules, mut hooks, task_definition_arn } = prepared;
    if test_rules.are_wanted() {
        rollout.with_test_rule();
    }
    if let Some(what) = rollout.with_hooks(hooks.jobs().hooks()) {
        rollout.note(clock.now(), Happening::Concern { what: what.to_owned() });
    }
    options.task_definition_arn = task_definition_arn;
    options.traffic_target = Some(ledger.holder().to_owned());
    // Bound to this rollout: one that is used too late does nothing, to this application and to others on its Lattice service.
    let id = &rollout.record().id;
    let command = |verb: &str| {
        Some(format!("espalier {verb} --lattice-service {} --rollout-id {id}", preflight::short(ledger.service_arn())))
    };
    options.abort_command = command("abort");
    options.rollback_command = command("rollback");
    options.ecs_services =
        [slots.stable.as_ref().and_then(|stable| stable.ecs_service.clone()), slots.candidate.ecs_service.clone()];
    let (holder, id) = (ledger.holder().to_owned(), rollout.record().id.clone());
    let is_new = matches!(rollout.journal().release.verb.as_str(), "deploy" | "shift");
    // Whoever takes one over is recorded after its first write: it goes by the id alone.
    options.owner = is_new.then(|| rollout.record().owner.clone());
    if rollout.takes_the_lock() {
        match lock::take(aws, clock, &holder, (&id, &rollout.record().owner)).await {
            Ok(told) => {
                if let Some(what) = told {
                    rollout.note(clock.now(), Happening::Concern { what });
                }
            }
            Err(error) => {
                if let Some(opening) = options.opening.take() {
                    opening.break_off(clock.now(), error.exit.code(), signals.came(), opened::problems(&error)).await;
                }
                return Err(error);
            }
        }
    }
    warn_of_expiry(&mut rollout, aws, clock.now());
    if let Some(github) = &mut options.github {
        // A rollback of what another job released is told where that was.
        if is_new {
            rollout.begun_for(github.begins_for());
        }
        github.origin.clone_from(&rollout.record().origin);
    }
    let mut reports = Reports::start(options, &rollout.journal().release, Box::new(std::io::stdout()));
    let hands = Hands { aws, clock, slots, ledger, test_rules };
    let ending = driver::drive(&mut rollout, &hands, &mut hooks, &mut reports, signals).await;
    let is_anothers =
        matches!(&ending, Ok(Ending::Outcome(outcome)) if matches!(outcome.kind, OutcomeKind::Superseded | OutcomeKind::Held));
    let owner = is_anothers.then(|| rollout.record().owner.clone());
    if rollout.record().locked
        && let Some(what) = lock::release(aws, clock, &holder, (&id, owner.as_deref())).await
    {
        rollout.note(clock.now(), Happening::Concern { what });
        reports.publish(rollout.journal());
    }
    let ended = match ending {
        Ok(Ending::Outcome(outcome)) => {
            Ok(Ended { exit: exit(&outcome, &rollout.journal().release.verb), outcome: Some(outcome), why: None })
        }
        Ok(Ending::Untouched(reason)) => Err(Error::new(Exit::Malfunction, format!("{reason}; traffic is untouched"))),
        Ok(Ending::Declined(reason)) => Err(Error::new(Exit::Refused, reason.to_string())),
        Err(defect) if rollout.is_touched() => {
            let error = Error::new(Exit::Stuck, format!("the rollout stopped: {defect}"));
            Err(error.hint("`espalier abort` restores what was there before"))
        }
        Err(defect) => Err(Error::malfunction("the rollout stopped", &defect)),
    };
    if let Err(error) = &ended {
        rollout.note(clock.now(), opened::broken_off(error, signals.came()));
    }
    let hurry = async {
        if !signals.came() {
            signals.first().await;
        }
    };
    reports.finish(rollout.journal(), hurry).await;
    ended
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
    let asked_for = outcome.kind == OutcomeKind::RolledBack && outcome.reason.is_asked_for(verb);
    if asked_for { Exit::Done } else { Exit::of_release(outcome.kind) }
}

/// Reports a release that had nothing to do.
pub(crate) async fn say_unchanged(release: Release, options: ReportOptions, now: Timestamp) -> Exit {
    let reports = Reports::start(options, &release, Box::new(std::io::stdout()));
    let outcome = Outcome { kind: OutcomeKind::Unchanged, reason: Reason::NothingChanged };
    let journal = Journal { release, entries: vec![Entry { at: now, event: Happening::Finished { outcome } }] };
    reports.finish(&journal, std::future::pending()).await;
    Exit::Done
}
