//! The sentences that all reports share. Plain text; whoever shows them escapes them.

use super::progress::{Phase, Progress, length};
use crate::rollout::{
    journal::{Happening, Journal, Release},
    observation::Side,
    outcome::{OutcomeKind, Reason},
};

/// The outcome first: `✅ myservice: myservice:42 promoted`, in its parts.
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
        let name = if self.name == self.revision { String::new() } else { format!("{}: ", self.name) };
        format!("{} {name}{} {}", self.symbol, self.revision, self.state)
    }
}

pub(super) fn headline(journal: &Journal, progress: &Progress<'_>) -> Headline {
    let share = progress.share();
    let (symbol, state) = match progress.phase {
        Phase::Preparing => ("⏳", "is being prepared".to_owned()),
        Phase::Launching => ("⏳", "is starting, without traffic".to_owned()),
        Phase::Stepping(index) => ("🟡", format!("at {share} (step {} of {})", index + 1, journal.release.steps.len())),
        Phase::RollingBack(_) => ("↩️", "is being rolled back".to_owned()),
        Phase::Promoted => ("✅", "promoted".to_owned()),
        Phase::Ended(outcome) => match outcome.kind {
            OutcomeKind::Promoted => ("✅", "promoted".to_owned()),
            OutcomeKind::RolledBack => ("↩️", "rolled back".to_owned()),
            OutcomeKind::Held => ("⏸️", format!("held at {share}")),
            OutcomeKind::Unchanged => ("➖", "unchanged".to_owned()),
            OutcomeKind::Superseded => ("⏭️", "superseded by another job".to_owned()),
            OutcomeKind::Stuck => ("🛑", "STUCK: a person must act".to_owned()),
        },
    };
    Headline { symbol, name: journal.release.name.clone(), revision: journal.release.candidate_revision.clone(), state }
}

/// What happened, in a few words. Readings are worth a line only where they differ from `before`, the last ones.
pub(super) fn phrase(release: &Release, event: &Happening, before: Option<&Happening>) -> Option<String> {
    let step = |index: usize| format!("step {}/{}", index + 1, release.steps.len());
    let candidate = &release.candidate_revision;
    Some(match event {
        Happening::Claimed => format!("rollout {} begins", release.rollout_id),
        Happening::Prepared { what } => what.clone(),
        Happening::Launching { wanted } => format!("waiting for {} of {candidate} to run and be healthy", count(*wanted, "task")),
        Happening::Ready { healthy } => format!("{candidate} is ready: {} healthy", count(*healthy, "target")),
        Happening::StepBegun { index, share } => match release.steps.get(*index) {
            Some(begun) => format!("{}: {share} for {}", step(*index), length(begun.bake)),
            None => format!("{}: {share}", step(*index)),
        },
        Happening::Shifted { split } => format!("weights are {split}, written and read back"),
        Happening::Settled { index } => format!("{}: settled, watching", step(*index)),
        Happening::Observed { stable, candidate, .. } => {
            if before.is_some_and(|before| same_readings(before, event)) {
                return None;
            }
            let stable = stable.as_ref().map(|side| format!("; stable {}", side_in_words(side))).unwrap_or_default();
            format!("candidate {}{stable}", side_in_words(candidate))
        }
        Happening::Concern { what } => format!("concern: {what}"),
        Happening::StepPassed { index } => format!("{}: passed", step(*index)),
        Happening::Retrying { doing, message } => format!("{doing} will be repeated: {message}"),
        Happening::RollingBack { reason } => format!("rolling back: {reason}"),
        Happening::Restored => "the weights are as they were before, written and read back".to_owned(),
        Happening::Promoted => format!("{candidate} is stable now"),
        Happening::Retiring { ecs_service } => format!("stopping the tasks of {ecs_service}"),
        Happening::Retired { ecs_service } => format!("the tasks of {ecs_service} are stopped"),
        Happening::Note { what } => what.clone(),
        Happening::Finished { outcome } => format!("the end: {} ({})", outcome.kind, outcome.reason.code()),
    })
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
    format!("{} of {} healthy{more}", side.healthy, side.expected())
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
pub(super) fn advice(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::StepsPassed
        | Reason::FirstRevisionHealthy
        | Reason::NothingChanged
        | Reason::Cancelled
        | Reason::Aborted { .. }
        | Reason::RolledBackByRequest { .. } => return None,
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
        Reason::NotReady { .. } | Reason::DeploymentFailed { .. } => {
            "No traffic was moved. Look at why the candidate's tasks stopped (image, secrets, memory, health check grace period), \
             then release again."
        }
        Reason::ForeignTargets { .. } => {
            "Something else deploys to the candidate's ECS service, or registers targets in its group: stop it, then release again."
        }
        Reason::TimedOut { .. } => "Raise `timeout`, or shorten the steps; nothing says that the candidate is bad.",
        Reason::Drifted { .. } => {
            "Somebody or something else writes the same weights (console, Terraform, another deployer): find it and stop it. Then \
             set the weights as they should be, or run `abort`."
        }
        Reason::TargetGone { .. } => {
            "A listener rule was deleted or replaced during the release: put it back, then release again."
        }
        Reason::Refused { .. } => {
            "If it is about permissions, compare the role's policy with `espalier iam-policy`; else release again."
        }
        Reason::TakenOver { .. } => "Another job owns this rollout now: look at that job's report.",
        Reason::NotRestored { .. } => "Check the weights now, and run the commands given here until they are as they should be.",
    })
}
