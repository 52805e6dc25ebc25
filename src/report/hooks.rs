//! Hooks in words: which ran, how they went, and the last lines of the one that failed. Pure.

use std::fmt::Write as _;

use super::{
    escape,
    progress::{Phase, Progress, length, offset},
};
use crate::rollout::{
    hooks::Point,
    journal::{Happening, Journal, Release},
};

/// GitHub's comments have an end; steps are many, hooks at each of them twice as many.
const MOST_HOOKS: usize = 40;
/// Bytes of what a hook said.
const MOST_SAID: usize = 4_000;

/// `before_shift hook`, with its step where it has one: `after_step hook of step 2`.
pub(super) fn name(hook: Point, step: Option<usize>) -> String {
    let step = step.map(|step| format!(" of step {}", step + 1)).unwrap_or_default();
    format!("{hook} hook{step}")
}

/// What the log says of a hook's begin or end; none for any other event.
pub(super) fn phrase(event: &Happening) -> Option<String> {
    if let Happening::HookBegun { hook, step, what } = event {
        return Some(format!("{}: {what}", name(*hook, *step)));
    }
    let Happening::HookEnded { hook, step, failure, took, .. } = event else { return None };
    let how = failure.as_ref().map_or_else(|| "passed".to_owned(), |failure| format!("failed: {failure}"));
    Some(format!("{} {how} (took {})", name(*hook, *step), length(*took)))
}

/// The title of a hook's group in a workflow's log.
pub(super) fn title(hook: Point, step: Option<usize>, what: &str, release: &Release) -> String {
    let step = step.map(|step| format!(", step {} of {}", step + 1, release.steps.len())).unwrap_or_default();
    format!("{hook} hook{step}: {what}")
}

/// The hooks that ran, as a table, and the last lines of the newest one that failed.
pub(super) fn section(journal: &Journal, progress: &Progress<'_>) -> Option<String> {
    let mut table = String::from("| | hook | runs | result | time |\n| --- | --- | --- | --- | --- |\n");
    let begun: Vec<usize> =
        (0..journal.entries.len()).filter(|index| matches!(journal.entries[*index].event, Happening::HookBegun { .. })).collect();
    let left_out = begun.len().saturating_sub(MOST_HOOKS);
    if left_out > 0 {
        let _ = writeln!(table, "| | … | {left_out} earlier ones are in the journal | | |");
    }
    for index in begun.iter().skip(left_out) {
        let entry = &journal.entries[*index];
        let Happening::HookBegun { hook, step, what } = &entry.event else { continue };
        let ended = journal.entries[index + 1..].iter().find_map(|later| {
            let Happening::HookEnded { hook: ended, step: at, failure, took, .. } = &later.event else { return None };
            (ended == hook && at == step).then_some((failure, took))
        });
        let is_over = matches!(progress.phase, Phase::Ended(_));
        let (mark, result) = match ended {
            None if is_over => ("·", "ended with the rollout".to_owned()),
            None => ("▶", "running".to_owned()),
            Some((None, _)) => ("✔", "passed".to_owned()),
            Some((Some(failure), _)) => ("✖", escape::markdown(&failure.to_string())),
        };
        let step = step.map(|step| format!(", step {}", step + 1)).unwrap_or_default();
        let begun = offset(entry.at.since(progress.started));
        let time = ended.map_or_else(|| format!("since {begun}"), |(_, took)| format!("{begun} for {}", length(*took)));
        let _ = writeln!(table, "| {mark} | {}{step} | {} | {result} | {time} |", escape::code(hook.name()), escape::code(what));
    }
    let said = last_words(journal).map(|said| format!("\n\n{said}")).unwrap_or_default();
    (!begun.is_empty()).then(|| format!("**Hooks**\n\n{}{said}", table.trim_end()))
}

/// The last lines of the newest hook that failed; of one that decided, before those that came afterwards.
fn last_words(journal: &Journal) -> Option<String> {
    let failed = || {
        journal.entries.iter().rev().filter_map(|entry| {
            let Happening::HookEnded { hook, step, failure: Some(_), tail, .. } = &entry.event else { return None };
            Some((*hook, *step, tail))
        })
    };
    let (hook, step, tail) = failed().find(|(hook, ..)| hook.is_gate()).or_else(|| failed().next())?;
    let mut room = MOST_SAID;
    let mut lines: Vec<String> = tail
        .iter()
        .rev()
        .map(|line| escape::fenced(&escape::plain(line)))
        .take_while(|line| {
            room = room.saturating_sub(line.len() + 1);
            room > 0
        })
        .collect();
    lines.reverse();
    (!lines.is_empty()).then(|| format!("The last lines of the {}:\n\n```text\n{}\n```", name(hook, step), lines.join("\n")))
}
