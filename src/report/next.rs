//! What a person can do now, and what there is to know for it. Pure.

use std::fmt::Write as _;

use super::{
    escape,
    options::Surroundings,
    phrases,
    progress::{Break, Phase, Progress},
};
use crate::rollout::{
    journal::{Happening, Journal},
    outcome::OutcomeKind,
};

/// Bytes; commands come before everything else that can be left out.
const MOST_COMMANDS: usize = 24_000;
/// How many problems are told, and the bytes that they may take.
const MOST_PROBLEMS: usize = 20;
const MOST_OF_PROBLEMS: usize = 12_000;
/// How many reasons of targets and of tasks are told.
const MOST_REASONS: usize = 5;

/// The commands that finish the job by hand, where notes hold some.
pub(super) fn commands(journal: &Journal, surroundings: &Surroundings) -> Option<String> {
    let notes =
        journal.entries.iter().filter_map(|entry| if let Happening::Note { what } = &entry.event { Some(what) } else { None });
    let mut room = MOST_COMMANDS;
    let mut lines = Vec::new();
    for command in notes.filter(|note| phrases::is_command(note)).map(|note| escape::fenced(&escape::command(note))) {
        if command.len() >= room {
            lines.push("# more commands are in the journal and in the job's log".to_owned());
            break;
        }
        room -= command.len() + 1;
        lines.push(command);
    }
    let heading = match journal.outcome() {
        Some(outcome) if outcome.kind == OutcomeKind::Held => {
            let how = from(surroundings.by_comment(&["promote", "abort"]));
            format!("**To go on, or to go back**, {how} any job or shell with the deploying role:")
        }
        Some(_) | None => "**Finish by hand**".to_owned(),
    };
    (!lines.is_empty()).then(|| format!("{heading}\n\n```sh\n{}\n```", lines.join("\n")))
}

/// From where a command is given, with what does the same from elsewhere.
fn from(elsewhere: Option<String>) -> String {
    elsewhere.map_or_else(|| "from".to_owned(), |how| format!("{how}, or from"))
}

/// The command of this phase, or what to look at.
pub(super) fn what_to_do(journal: &Journal, progress: &Progress<'_>, surroundings: &Surroundings) -> Option<String> {
    let command = |why: &str, elsewhere: Option<String>, command: &str| {
        let how = from(elsewhere);
        format!(
            "**{why}**, {how} any job or shell with the deploying role:\n\n```sh\n{}\n```",
            escape::fenced(&escape::command(command))
        )
    };
    // After the first release of all there is nothing to go back to.
    let go_back = || {
        let elsewhere = surroundings
            .rollback_workflow_url
            .as_ref()
            .map(|url| format!("run [the rollback workflow]({url})"))
            .or_else(|| surroundings.by_comment(&["rollback"]));
        journal.release.stable_revision.as_ref().map(|_| command("To go back", elsewhere, &surroundings.rollback_command))
    };
    match progress.phase {
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) => {
            // Before anything is claimed there is nothing to abort.
            let is_claimed = !journal.release.rollout_id.is_empty();
            is_claimed.then(|| command("To abort", surroundings.by_comment(&["abort"]), &surroundings.abort_command))
        }
        Phase::Promoted => go_back(),
        Phase::RollingBack(_) => None,
        Phase::BrokenOff(Break { problems, .. }) => Some(wrong(problems)),
        Phase::Ended(outcome) => match outcome.kind {
            OutcomeKind::Promoted => go_back(),
            OutcomeKind::RolledBack | OutcomeKind::Stuck => {
                let seen = failing(journal).map(|seen| format!("\n\n{seen}")).unwrap_or_default();
                phrases::advice(outcome).map(|advice| format!("**What to do.** {advice}{seen}"))
            }
            // How to go on from a hold is among the commands.
            OutcomeKind::Held | OutcomeKind::Unchanged | OutcomeKind::Superseded => None,
        },
    }
}

/// What was wrong with what was asked for, each with what to do instead.
fn wrong(problems: &[crate::rollout::journal::Problem]) -> String {
    let mut words = String::from("**What is wrong**\n");
    for (index, problem) in problems.iter().enumerate() {
        let hint = problem.hint.as_deref().map(str::trim).unwrap_or_default();
        let hint = if hint.contains('\n') {
            let lines: Vec<_> = hint.lines().map(|line| format!("  {}", escape::fenced(&escape::said(line)))).collect();
            format!("\n\n  ```text\n{}\n  ```", lines.join("\n"))
        } else if hint.is_empty() {
            String::new()
        } else {
            format!("<br>{}", escape::prose(hint))
        };
        let line = format!("\n- {}{hint}", escape::prose(&problem.message));
        if index == MOST_PROBLEMS || words.len() + line.len() > MOST_OF_PROBLEMS {
            let _ = write!(words, "\n- … {} more are in the job's log", problems.len() - index);
            break;
        }
        words.push_str(&line);
    }
    words
}

/// Why targets were unhealthy and tasks stopped when it turned back.
fn failing(journal: &Journal) -> Option<String> {
    let turned = journal.entries.iter().position(|entry| matches!(entry.event, Happening::RollingBack { .. }));
    let before = &journal.entries[..turned.unwrap_or(journal.entries.len())];
    let side = before
        .iter()
        .rev()
        .find_map(|entry| if let Happening::Observed { candidate, .. } = &entry.event { Some(candidate) } else { None })?;
    let stopped = side.tasks.as_ref().map(|tasks| tasks.stopped.as_slice()).unwrap_or_default();
    let unplaced =
        side.tasks.as_ref().and_then(|tasks| tasks.unplaced.as_deref()).map(|why| format!("- {}", escape::markdown(why)));
    let target = |(code, count): &(String, u32)| {
        let means = meaning(code).map(|means| format!(": {means}")).unwrap_or_default();
        format!("- {} unhealthy, {}{means}", phrases::count(*count, "target"), escape::code(code))
    };
    let task = |(why, count): &(String, u32)| format!("- {} stopped: {}", phrases::count(*count, "task"), escape::markdown(why));
    let targets = side.reasons.iter().take(MOST_REASONS).map(target);
    let lines: Vec<_> = targets.chain(unplaced).chain(stopped.iter().take(MOST_REASONS).map(task)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What a target's reason code means. AWS does not list them; these are the ones that are known.
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "HealthCheckFailed" => "its health check did not get the answer that it wants in time",
        "TargetGroupNotInUse" => "no rule or listener forwards to its target group",
        "HealthCheckNotSupported" | "HealthCheckDisabled" => "nothing checks its health",
        _ => return None,
    })
}
