//! The sentences that all reports share. Plain text; whoever shows them escapes them.

use super::{
    judging,
    progress::{Break, Phase, Progress, length},
};
use crate::{
    exit::Exit,
    rollout::{
        analysis::{Verdict, assessment::UNREAD},
        hooks::HookFailure,
        journal::{Entry, Happening, Journal, Release},
        observation::Side,
        outcome::{Outcome, OutcomeKind, Reason},
        split::Split,
    },
};

/// The outcome first: `✅ myservice:42 promoted`, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Headline {
    /// Says nothing that `state` does not say.
    pub(super) symbol: &'static str,
    pub(super) name: String,
    pub(super) revision: String,
    pub(super) state: String,
}

impl Headline {
    /// As one line of plain text.
    pub(super) fn text(&self) -> String {
        let name = if self.name_is_told() { String::new() } else { format!("{}: ", self.name) };
        format!("{} {name}{} {}", self.symbol, self.revision, self.state)
    }

    /// Whether the revision says the name already: `myservice:42` is one of `myservice`.
    pub(super) fn name_is_told(&self) -> bool {
        self.revision.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

pub(super) fn headline(journal: &Journal, progress: &Progress<'_>) -> Headline {
    let share = progress.share();
    let (name, revision) = (journal.release.name.clone(), journal.release.candidate_revision.clone());
    let (symbol, state) = match progress.phase {
        // Nothing is known of it yet, not even its revision.
        Phase::Preparing if revision.is_empty() => ("⏳", "is being looked into".to_owned()),
        Phase::BrokenOff(Break { cancelled: true, .. }) => ("⚪", "was not released: the job was cancelled".to_owned()),
        Phase::BrokenOff(Break { exit, .. }) => match exit {
            2 => ("❌", "was not released: the request is invalid".to_owned()),
            4 => ("🛑", "STUCK: a person must act".to_owned()),
            5 => ("❌", "was not released: refused".to_owned()),
            _ => ("❌", "was not released: a malfunction".to_owned()),
        },
        Phase::Preparing => ("⏳", "is being prepared".to_owned()),
        Phase::Launching => ("⏳", "is starting, without traffic".to_owned()),
        Phase::Stepping(index) => ("🟡", format!("at {share} (step {} of {})", index + 1, journal.release.steps.len())),
        Phase::RollingBack(_) => ("↩️", "is being rolled back".to_owned()),
        Phase::Promoted if progress.serves_again() => ("↩️", "serves again".to_owned()),
        Phase::Promoted => ("✅", "promoted".to_owned()),
        Phase::Ended(outcome) => match outcome.kind {
            OutcomeKind::Promoted => ("✅", "promoted".to_owned()),
            OutcomeKind::RolledBack if progress.serves_again() => ("↩️", "serves again".to_owned()),
            OutcomeKind::RolledBack => ("↩️", "rolled back".to_owned()),
            OutcomeKind::Held => ("⏸️", format!("held at {share}")),
            OutcomeKind::Unchanged => ("➖", "unchanged".to_owned()),
            OutcomeKind::Superseded => ("⏭️", "superseded by another job".to_owned()),
            OutcomeKind::Stuck => ("🛑", "STUCK: a person must act".to_owned()),
        },
    };
    let revision = if revision.is_empty() { name.clone() } else { revision };
    Headline { symbol, name, revision, state }
}

/// What the entry with this index tells, in a few words. Readings are worth a line only where they differ from the last ones.
pub(super) fn phrase(journal: &Journal, index: usize) -> Option<String> {
    let release = &journal.release;
    let (earlier, event) = (journal.entries.get(..index)?, &journal.entries.get(index)?.event);
    let mut earlier = earlier.iter().rev().map(|entry| &entry.event);
    let step = |index: usize| format!("step {} of {}", index + 1, release.steps.len());
    let passed_before = release.standing.as_ref().map_or(0, |standing| standing.passed);
    let candidate = &release.candidate_revision;
    Some(match event {
        Happening::Claimed => format!("rollout {} begins: its record is written, other jobs keep off", release.rollout_id),
        Happening::TakenOver => format!("this job goes on with rollout {}: its record is written", release.rollout_id),
        Happening::Prepared { what } => what.clone(),
        Happening::Launching { wanted } => format!("waiting for {} of {candidate} to run and be healthy", count(*wanted, "task")),
        Happening::Ready { healthy } => format!("{candidate} is ready: {} healthy", count(*healthy, "target")),
        Happening::StepBegun { index, .. } if *index < passed_before => return None,
        Happening::StepBegun { index, share } => format!("{}: {share} of the requests are to go to {candidate}", step(*index)),
        // Whoever goes on with a rollout finds them so.
        Happening::Shifted { split } if is_left(journal, index, *split) => format!("weights are {split}, as they were left"),
        Happening::Shifted { split } => {
            let mut but_readings = earlier.filter(|event| !matches!(event, Happening::Observed { .. }));
            let is_step = matches!(but_readings.next(), Some(Happening::StepBegun { .. })) && !release.settle.is_zero();
            let settling = if is_step { "; settling" } else { "" };
            format!("weights are {split}, written and read back{settling}")
        }
        Happening::Settled { index } => {
            let bake = release.steps.get(*index).map(|step| format!(" for {}", length(step.bake))).unwrap_or_default();
            format!("{}: settled, watching{bake}", step(*index))
        }
        Happening::Observed { stable, candidate, .. } => {
            let before = earlier.find(|before| matches!(before, Happening::Observed { .. }));
            if before.is_some_and(|before| same_readings(before, event)) {
                return None;
            }
            let stable = stable.as_ref().map(|side| format!("; stable: {}", side_in_words(side))).unwrap_or_default();
            format!("candidate: {}{stable}", side_in_words(candidate))
        }
        Happening::Judged { window, assessments, .. } => {
            let line = judging::line(*window, assessments);
            let before = earlier.find_map(|before| {
                if let Happening::Judged { window, assessments, .. } = before {
                    Some(judging::line(*window, assessments))
                } else {
                    None
                }
            });
            if before.is_some_and(|before| before == line) {
                return None;
            }
            line
        }
        Happening::Concern { what } => format!("concern: {what}"),
        Happening::StepPassed { index } if *index < passed_before => format!("{}: passed before this job", step(*index)),
        Happening::StepPassed { index } => format!("{}: passed", step(*index)),
        Happening::TestOpened { .. } => format!("test requests reach {candidate}, whatever the weights say"),
        Happening::TestClosed { .. } => "the test rule is taken away".to_owned(),
        Happening::HookBegun { .. } | Happening::HookEnded { .. } => return super::hooks::phrase(event),
        Happening::Retrying { doing, message } => format!("{doing} will be repeated: {message}"),
        Happening::RollingBack { reason } => format!("rolling back: {reason}"),
        Happening::Restored => "the weights are exactly as before the release, written and read back".to_owned(),
        Happening::Promoted => format!("{candidate} is stable now"),
        Happening::Retiring { ecs_service } => {
            format!("stopping the tasks of {} (ECS service {ecs_service})", loser(release, earlier))
        }
        Happening::Retired { ecs_service } => {
            format!("the tasks of {} are stopped (ECS service {ecs_service})", loser(release, earlier))
        }
        Happening::Note { what } if is_command(what) => match what.split(' ').nth(1) {
            Some("promote" | "resume") => format!("it is held; to go on: {what}"),
            Some("abort") => format!("to go back: {what}"),
            Some(_) | None => what.clone(),
        },
        Happening::Note { what } => format!("note: {what}"),
        Happening::Finished { outcome } => format!("the end: {} ({})", outcome.kind, outcome.reason.code()),
        Happening::BrokenOff { exit, problems, .. } => {
            let each: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
            format!("the end without an outcome, exit code {exit}: {}", each.join("; "))
        }
    })
}

/// Whether the weights are those that another job wrote.
fn is_left(journal: &Journal, index: usize, split: Split) -> bool {
    let is_left = journal.release.standing.as_ref().is_some_and(|left| left.step.is_some() && left.split == split);
    let is_written = |entry: &Entry| matches!(entry.event, Happening::Shifted { .. } | Happening::Restored);
    is_left && !journal.entries.iter().take(index).any(is_written)
}

/// Whose tasks are not needed any more: the old revision's once the candidate was promoted, else the candidate's.
fn loser<'a>(release: &Release, mut earlier: impl Iterator<Item = &'a Happening>) -> String {
    let is_promoted = earlier.any(|event| *event == Happening::Promoted);
    let old = release.stable_revision.as_ref().filter(|_| is_promoted);
    old.unwrap_or(&release.candidate_revision).clone()
}

/// Two readings that would read the same.
fn same_readings(one: &Happening, other: &Happening) -> bool {
    let words = |event: &Happening| {
        let Happening::Observed { stable, candidate, .. } = event else { return None };
        Some((stable.as_ref().map(side_in_words), side_in_words(candidate)))
    };
    words(one) == words(other)
}

/// `2 of 3 healthy (1 × HealthCheckFailed)`.
pub(super) fn side_in_words(side: &Side) -> String {
    let mut more: Vec<_> = side.reasons.iter().take(10).map(|(reason, count)| format!("{count} × {reason}")).collect();
    for (number, what) in [(side.initial, "starting"), (side.draining, "draining"), (side.unchecked, "unchecked")] {
        if number > 0 {
            more.push(format!("{number} {what}"));
        }
    }
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    if side.expected() == 0 {
        format!("no targets{more}")
    } else {
        format!("{} of {} healthy{more}", side.healthy, side.expected())
    }
}

/// What the end means to whoever called us, with the exit code (DESIGN §3): going back is what `abort` and `rollback` are asked for.
pub(super) fn exit_in_words(release: &Release, outcome: &Outcome) -> String {
    let Outcome { kind, reason } = outcome;
    let is_done = *kind == OutcomeKind::RolledBack && reason.is_asked_for(&release.verb);
    let exit = if is_done { Exit::Done } else { Exit::of_release(*kind) };
    let meaning = match kind {
        OutcomeKind::Promoted => "the candidate serves every request",
        OutcomeKind::RolledBack if is_done => "done, as asked for",
        OutcomeKind::RolledBack => "requests go where they went before the release",
        OutcomeKind::Held => "another job goes on from here",
        OutcomeKind::Unchanged => "there was nothing to do",
        OutcomeKind::Superseded => "another job has taken over, nothing more was written",
        OutcomeKind::Stuck => "traffic is not known to be good, a person must act",
    };
    format!("exit code {}, {kind} ({}): {meaning}", exit.code(), reason.code())
}

/// `1 task`, `3 tasks`.
pub(super) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Whether a note is a command to type, or several.
pub(super) fn is_command(note: &str) -> bool {
    ["aws ", "espalier "].iter().any(|program| note.trim_start().starts_with(program))
}

/// What a person can do about it; none where nothing went wrong.
pub(super) fn advice(Outcome { kind, reason }: &Outcome) -> Option<&'static str> {
    Some(match reason {
        Reason::StepsPassed
        | Reason::FirstRevisionHealthy
        | Reason::NothingChanged
        | Reason::Cancelled
        | Reason::Aborted { .. }
        | Reason::Hold { .. }
        | Reason::CancelledHold { .. }
        | Reason::RolledBackByRequest { .. } => return None,
        Reason::HoldExpired { .. } => "Nobody promoted it in time: nothing says that the candidate is bad. Release again.",
        Reason::JobLost { .. } => "The job that released it is gone: look at its log, then release again.",
        Reason::NoHealthyTargets { .. } | Reason::Unhealthy { .. } => {
            "Look at the candidate's logs around that time and at its target group's health check (path, port, matcher, timeout); \
             then push a fix and release again."
        }
        Reason::StableShort { .. } => {
            "The stable revision itself was short of healthy targets: look at its tasks and capacity before the next release."
        }
        Reason::StableDown { .. } => {
            "Stable has no healthy target, so weights were not moved away from the candidate. Bring stable back, or run \
             `abort --force` to send everything to it regardless."
        }
        Reason::NotReady { wanted: 0, .. } => {
            "Nothing in the candidate's target group was healthy: look at what is registered there and at its health check, then \
             release again."
        }
        Reason::NotReady { .. } | Reason::DeploymentFailed { .. } => {
            "Look at why the candidate's tasks stopped, or could not be started (image, secrets, memory, quotas, health check grace \
             period), then release again."
        }
        Reason::ForeignTargets { .. } => {
            "Something else deploys to the candidate's ECS service, or registers targets in its group: stop it, then release again."
        }
        Reason::AnalysisFailed { failed, .. } if failed.iter().all(|one| one.verdict == Verdict::Inconclusive) => {
            "Nothing was measured that says that the candidate is bad: `on_no_data: fail` does. Give its steps more requests, or time, or \
             say otherwise what it means that there are none."
        }
        Reason::AnalysisFailed { .. } => {
            "Look at the candidate's logs and traces in these minutes, then push a fix and release again. If a limit is wrong, change it \
             under `analysis`."
        }
        Reason::Inconclusive { missing, .. } if missing.iter().any(|what| what.starts_with(UNREAD)) => {
            "Nothing says that the candidate is bad: its metrics could not be read. If it is about permissions, give the role what the \
             README lists under \"What the AWS role needs\"; else release again."
        }
        Reason::Inconclusive { .. } => {
            "Nothing says that the candidate is bad. Give its steps more requests or more time (`timeout`), ask for fewer \
             (`min_requests`), or say with `on_no_data` what it means that there are none."
        }
        Reason::TimedOut { .. } => "Raise `timeout`, or shorten the steps; nothing says that the candidate is bad.",
        Reason::HookFailed { failure: HookFailure::NotStarted { .. }, .. } => {
            "The hook never ran, so that it says nothing about the candidate. Look at what it is started with (its program; a task's \
             definition, network, permissions and room), then release again."
        }
        Reason::HookFailed { .. } => {
            "Look at what the hook said (all of it is in the job's log, a task's in the logs of its container), then push a fix, of the \
             candidate or of the hook, and release again."
        }
        Reason::Drifted { .. } if *kind == OutcomeKind::Stuck => {
            "Somebody or something else writes the same weights (console, Terraform, another deployer): find it and stop it. Then run \
             `abort`: it puts back what was before, and closes the rollout."
        }
        Reason::Drifted { .. } => {
            "Somebody or something else writes the same weights (console, Terraform, another deployer): find it and stop it, then \
             release again."
        }
        Reason::TargetGone { .. } => {
            "A listener rule was deleted or replaced during the release: put it back, then release again."
        }
        Reason::Refused { .. } => {
            "If it is about permissions, give the role what the README lists under \"What the AWS role needs\"; else release again."
        }
        Reason::TakenOver { .. } => "Another job owns this rollout now: look at that job's report.",
        Reason::NotRestored { .. } => {
            "Check the weights now, and run the commands given here until they are as they should be. The next \
             `espalier resume --all` tries again too, unless a traffic target is gone."
        }
    })
}
