//! The words of the pull request comment, the job summary and the check run, in GitHub-flavoured Markdown. Pure.

use std::fmt::Write as _;

use super::{
    chart, escape,
    options::Surroundings,
    phrases::{self, Headline},
    progress::{self, Phase, Progress, StepProgress, StepState, length, offset},
    text,
};
use crate::rollout::{
    journal::{Happening, Journal},
    observation::Side,
    outcome::OutcomeKind,
    split::{Share, Split},
};

/// GitHub refuses comments beyond 65 536 characters; as bytes, and with the marker to come, this is well inside.
pub const LARGEST: usize = 60_000;

/// What each part may take at most, so that the log gets what is left. All parts but the log together stay below [`LARGEST`].
const MOST_STEPS: usize = 50;
const MOST_DECISIONS: usize = 40;
const MOST_CHANGES: usize = 40;
/// Bytes; commands come before everything else that can be left out.
const MOST_COMMANDS: usize = 24_000;
const MOST_TARGETS: usize = 10;

/// The whole report. It never exceeds [`LARGEST`] bytes: the log is cut, and says so.
#[must_use]
pub fn report(journal: &Journal, surroundings: &Surroundings) -> String {
    let progress = Progress::of(journal);
    let mut parts = Vec::new();
    if let Some(endpoint) = &journal.release.endpoint {
        parts.push(format!("> [!NOTE]\n> **Not AWS.** Every call of this release goes to {}.", escape::code(endpoint)));
    }
    parts.push(title(&phrases::headline(journal, &progress)));
    parts.push(lead(journal, &progress));
    parts.push(sides(journal, &progress));
    parts.extend(commands(journal));
    parts.extend(what_to_do(journal, &progress, surroundings));
    parts.extend(steps(&progress));
    parts.extend(decisions(journal, &progress));
    parts.extend(weights(journal, &progress));
    let footer = footer(journal, &progress, surroundings);
    let used: usize = parts.iter().chain([&footer]).map(|part| part.len() + 2).sum();
    parts.push(log(journal, LARGEST.saturating_sub(used)));
    parts.push(footer);
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn title(headline: &Headline) -> String {
    let Headline { symbol, name, revision, state } = headline;
    let name = if name == revision { String::new() } else { format!("{}: ", escape::markdown(name)) };
    format!("### {symbol} {name}{} {}", escape::code(revision), escape::markdown(state))
}

/// The one sentence that a reader in a hurry needs.
fn lead(journal: &Journal, progress: &Progress<'_>) -> String {
    let took = length(progress.elapsed());
    match progress.phase {
        Phase::Preparing | Phase::Launching => "No request goes to the candidate yet.".to_owned(),
        Phase::Stepping(index) => {
            let doing = progress.steps.get(index).map_or("", |step| state_in_words(step.state));
            format!("{} of the requests go to the candidate; this step is {doing}. Begun {took} ago.", progress.share())
        }
        Phase::RollingBack(reason) => {
            format!("**{}.** The weights are being put back.", escape::markdown(&capital(&reason.to_string())))
        }
        Phase::Promoted => format!("Every request goes to {}.", escape::code(&journal.release.candidate_revision)),
        Phase::Ended(outcome) => {
            let reason = escape::markdown(&capital(&outcome.reason.to_string()));
            let traffic = match outcome.kind {
                OutcomeKind::Promoted => format!(" Every request goes to {}.", escape::code(&journal.release.candidate_revision)),
                OutcomeKind::RolledBack => {
                    let stable = journal.release.stable_revision.as_deref();
                    stable
                        .map(|stable| format!(" Every request goes to {}, as before.", escape::code(stable)))
                        .unwrap_or_default()
                }
                OutcomeKind::Held => " The weights stay as they are until another job goes on.".to_owned(),
                OutcomeKind::Stuck => " Traffic is not known to be good.".to_owned(),
                OutcomeKind::Unchanged | OutcomeKind::Superseded => String::new(),
            };
            format!("**{reason}.**{traffic} Reason {}, after {took}.", escape::code(outcome.reason.code()))
        }
    }
}

fn sides(journal: &Journal, progress: &Progress<'_>) -> String {
    let release = &journal.release;
    let share = progress.share();
    let rest = if release.stable_revision.is_none() { Share::ZERO } else { rest_of(share) };
    let readings = journal.sides();
    let row = |role: &str, revision: &str, slot: &str, weight: String, side: Option<&Side>| {
        let targets = side.map_or_else(|| "not asked yet".to_owned(), |side| escape::markdown(&phrases::side_in_words(side)));
        format!("| **{role}** | {revision} | {} | {weight} | {targets} |\n", escape::code(slot))
    };
    let weight = |share: Share, bar: &str, weight: Option<u16>| {
        let number = weight.map(|weight| format!(" (weight {weight})")).unwrap_or_default();
        format!("`{bar}` {share}{number}")
    };
    let (stable_bar, candidate_bar) = chart::bars(share);
    let mut table = String::from("| | revision | slot | weight | targets |\n| --- | --- | --- | --- | --- |\n");
    if let Some(stable) = &release.stable_revision {
        let weight = weight(rest, &stable_bar, progress.split.map(|split| split.stable));
        table += &row("stable", &escape::code(stable), &release.stable_slot, weight, readings.and_then(|(stable, _)| stable));
    }
    let weight = weight(share, &candidate_bar, progress.split.map(|split: Split| split.candidate));
    let revision = escape::code(&release.candidate_revision);
    table += &row("candidate", &revision, &release.candidate_slot, weight, readings.map(|(_, candidate)| candidate));
    table.trim_end().to_owned()
}

/// The commands that finish the job by hand, where notes hold some.
fn commands(journal: &Journal) -> Option<String> {
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
    (!lines.is_empty()).then(|| format!("**Finish by hand**\n\n```sh\n{}\n```", lines.join("\n")))
}

fn what_to_do(journal: &Journal, progress: &Progress<'_>, surroundings: &Surroundings) -> Option<String> {
    let command = |why: &str, command: &str| {
        format!(
            "**{why}**, from any job or shell with the deploying role:\n\n```sh\n{}\n```",
            escape::fenced(&escape::command(command))
        )
    };
    // After the first release of all there is nothing to go back to.
    let go_back = || journal.release.stable_revision.as_ref().map(|_| command("To go back", &surroundings.rollback_command));
    match progress.phase {
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) => Some(command("To abort", &surroundings.abort_command)),
        Phase::Promoted => go_back(),
        Phase::RollingBack(_) => None,
        Phase::Ended(outcome) => match outcome.kind {
            OutcomeKind::Promoted => go_back(),
            OutcomeKind::Held => Some(command("To abort instead of going on", &surroundings.abort_command)),
            OutcomeKind::RolledBack | OutcomeKind::Stuck => {
                phrases::advice(&outcome.reason).map(|advice| format!("**What to do.** {advice}"))
            }
            OutcomeKind::Unchanged | OutcomeKind::Superseded => None,
        },
    }
}

/// What is left for stable.
fn rest_of(share: Share) -> Share {
    let parts = 100_000 - share.millipercent();
    format!("{}.{:03}%", parts / 1000, parts % 1000).parse().unwrap_or(Share::ZERO)
}

const fn state_in_words(state: StepState) -> &'static str {
    match state {
        StepState::Ahead => "still ahead",
        StepState::Shifting => "writing its weights",
        StepState::Settling => "settling",
        StepState::Baking => "being watched",
        StepState::Passed => "passed",
        StepState::Broken => "stopped",
    }
}

fn steps(progress: &Progress<'_>) -> Option<String> {
    if progress.steps.is_empty() {
        return None;
    }
    let mut table = String::from("| | step | watched for | state |\n| --- | --- | --- | --- |\n");
    for (number, step) in (1..).zip(&progress.steps).take(MOST_STEPS) {
        let mark = match step.state {
            StepState::Ahead => "·",
            StepState::Shifting | StepState::Settling | StepState::Baking => "▶",
            StepState::Passed => "✔",
            StepState::Broken => "✖",
        };
        let _ = writeln!(
            table,
            "| {mark} | {number}: {} | {} | {} |",
            step.step.share,
            length(step.step.bake),
            step_in_words(step, progress)
        );
    }
    if progress.steps.len() > MOST_STEPS {
        let _ = writeln!(table, "| | … | | {} more steps |", progress.steps.len() - MOST_STEPS);
    }
    Some(format!("**Steps**\n\n{}", table.trim_end()))
}

fn step_in_words(step: &StepProgress, progress: &Progress<'_>) -> String {
    let is_over = matches!(progress.phase, Phase::Ended(_) | Phase::RollingBack(_));
    let is_out_of_reach = step.state == StepState::Ahead && is_over;
    let mut words = if is_out_of_reach { "not reached" } else { state_in_words(step.state) }.to_owned();
    if let (StepState::Passed | StepState::Broken, Some(begun), Some(ended)) = (step.state, step.begun, step.ended) {
        let _ = write!(words, " after {} ({} to {})", length(ended.since(begun)), at(begun, progress), at(ended, progress));
    } else if let Some(begun) = step.begun {
        let _ = write!(words, ", for {} (since {})", length(progress.now.since(begun)), at(begun, progress));
    }
    if let Some((healthy, expected)) = step.lowest {
        let _ = write!(
            words,
            "; {}, at worst {healthy} of {expected} targets healthy",
            phrases::count(step.observations, "observation")
        );
    }
    words
}

fn at(time: crate::time::Timestamp, progress: &Progress<'_>) -> String {
    offset(time.since(progress.started))
}

/// What was decided, each with the numbers it was decided by.
fn decisions(journal: &Journal, progress: &Progress<'_>) -> Option<String> {
    let mut lines = Vec::new();
    for entry in &journal.entries {
        let numbers = match &entry.event {
            Happening::StepPassed { index } => progress.steps.get(*index).and_then(|step| {
                let (healthy, expected) = step.lowest?;
                let seen = phrases::count(step.observations, "observation");
                Some(format!(" ({seen}, at worst {healthy} of {expected} targets healthy)"))
            }),
            Happening::Note { what } if phrases::is_command(what) => continue,
            Happening::StepBegun { .. }
            | Happening::Ready { .. }
            | Happening::Concern { .. }
            | Happening::RollingBack { .. }
            | Happening::Restored
            | Happening::Promoted
            | Happening::Note { .. }
            | Happening::Finished { .. } => None,
            Happening::Claimed
            | Happening::Prepared { .. }
            | Happening::Launching { .. }
            | Happening::Shifted { .. }
            | Happening::Settled { .. }
            | Happening::Observed { .. }
            | Happening::Retrying { .. }
            | Happening::Retiring { .. }
            | Happening::Retired { .. } => continue,
        };
        let Some(phrase) = phrases::phrase(&journal.release, &entry.event, None) else { continue };
        lines.push(format!("- `{}` {}{}", at(entry.at, progress), escape::markdown(&phrase), numbers.unwrap_or_default()));
    }
    let left_out = lines.len().saturating_sub(MOST_DECISIONS);
    if left_out > 0 {
        lines.drain(..left_out);
        lines.insert(0, format!("- … {left_out} earlier ones are in the journal"));
    }
    (!lines.is_empty()).then(|| format!("**Decisions**\n\n{}", lines.join("\n")))
}

fn weights(journal: &Journal, progress: &Progress<'_>) -> Option<String> {
    let curve = progress::curve(journal);
    if curve.is_empty() {
        return None;
    }
    let mut table = String::from("| time | stable | candidate |\n| --- | --- | --- |\n");
    let left_out = curve.len().saturating_sub(MOST_CHANGES);
    if left_out > 0 {
        let _ = writeln!(table, "| … | | {left_out} earlier changes are in the journal |");
    }
    let has_stable = journal.release.stable_revision.is_some();
    for (time, share) in curve.iter().skip(left_out) {
        let _ = writeln!(
            table,
            "| `{}` | {} | {share} |",
            offset(*time),
            if has_stable { rest_of(*share).to_string() } else { "none yet".to_owned() }
        );
    }
    let chart = chart::mermaid(&curve, progress.elapsed());
    Some(format!("<details><summary>Weights over time</summary>\n\n{chart}\n{table}\n</details>"))
}

/// The newest lines that fit into `room` bytes, in the order they happened.
fn log(journal: &Journal, room: usize) -> String {
    let lines: Vec<_> = text::lines(journal).into_iter().map(|line| escape::fenced(&line)).collect();
    let total = lines.len();
    // What stands around the lines, and the words about those that are left out.
    let mut left = room.saturating_sub(200);
    let fitting = lines.iter().rev().take_while(|line| {
        let fits = line.len() < left;
        left = left.saturating_sub(line.len() + 1);
        fits
    });
    let shown = fitting.count();
    if shown == 0 {
        return String::new();
    }
    let cut = if shown < total {
        format!("… {} earlier lines are left out here; the journal has them\n", total - shown)
    } else {
        String::new()
    };
    let summary = if shown < total {
        format!("Log, the last {shown} of {total} lines")
    } else {
        format!("Log, {}", phrases::count(u32::try_from(total).unwrap_or(u32::MAX), "line"))
    };
    format!("<details><summary>{summary}</summary>\n\n```text\n{cut}{}\n```\n\n</details>", lines[total - shown..].join("\n"))
}

fn footer(journal: &Journal, progress: &Progress<'_>, surroundings: &Surroundings) -> String {
    let mut words = Vec::new();
    if let Some(url) = &surroundings.run_url {
        words.push(format!("[the job]({url})"));
    }
    if let Some(commit) = &surroundings.commit {
        let short = escape::code(&commit.chars().take(7).collect::<String>());
        words.push(surroundings.commit_url.as_ref().map_or_else(|| short.clone(), |url| format!("commit [{short}]({url})")));
    }
    let targets = &journal.release.traffic_targets;
    let more = targets.len().saturating_sub(MOST_TARGETS);
    let mut named: Vec<_> = targets.iter().take(MOST_TARGETS).map(|target| escape::markdown(target)).collect();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    if !named.is_empty() {
        words.push(format!("on {}", named.join(", ")));
    }
    words.push(format!("rollout {}", escape::code(&journal.release.rollout_id)));
    words.push(format!("as of {}", progress.now));
    format!("<sub>{}</sub>", words.join(" · "))
}

/// The first letter of a sentence as a capital.
fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
