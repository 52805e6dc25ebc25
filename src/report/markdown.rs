//! The words of the pull request comment, the job summary and the check run, in GitHub-flavoured Markdown. Pure.

use std::fmt::Write as _;

use super::{
    escape, hooks, judging, next,
    options::Surroundings,
    over_time,
    past::Past,
    phrases::{self, Headline},
    progress::{Break, Phase, Progress, StepProgress, StepState, length, offset},
    rows::{self, Row},
    text,
};
use crate::rollout::{
    journal::{Happening, Journal},
    outcome::OutcomeKind,
};

/// GitHub refuses comments beyond 65 536 characters; as bytes, and with the marker to come, this is well inside.
pub const LARGEST: usize = 60_000;

/// What each part may take at most, so that the log gets what is left. All parts but the log together stay below [`LARGEST`].
const MOST_STEPS: usize = 50;
/// Bytes of each list.
const MOST_LINES: usize = 5_000;
const MOST_TARGETS: usize = 10;

/// The whole report. It never exceeds [`LARGEST`] bytes: the log is cut, and says so.
#[must_use]
pub fn report(journal: &Journal, surroundings: &Surroundings) -> String {
    written(journal, surroundings, None)
}

/// The same for the comment, which remembers earlier releases.
#[must_use]
pub fn comment(journal: &Journal, surroundings: &Surroundings, past: &Past) -> String {
    written(journal, surroundings, Some(past))
}

fn written(journal: &Journal, surroundings: &Surroundings, past: Option<&Past>) -> String {
    let progress = Progress::of(journal);
    let mut parts = Vec::new();
    if let Some(endpoint) = &journal.release.endpoint {
        parts.push(format!("> **Not AWS:** every call of this release goes to {}.", escape::code(endpoint)));
    }
    parts.push(title(&phrases::headline(journal, &progress)));
    parts.push(lead(journal, &progress));
    let nobody = Past::default();
    let commits = past.unwrap_or(&nobody).commits(&journal.release, surroundings);
    parts.extend(sides(journal, &progress, surroundings, commits));
    parts.extend(next::commands(journal, surroundings));
    parts.extend(next::what_to_do(journal, &progress, surroundings));
    parts.extend(judging::table(journal));
    parts.extend(steps(&progress));
    parts.extend(hooks::section(journal, &progress));
    parts.extend(seen_on_the_way(journal, &progress));
    parts.extend(notes(journal));
    parts.extend(over_time::section(journal, &progress));
    let footer = footer(journal, &progress, surroundings);
    let earlier = past.and_then(|past| past.section(surroundings)).unwrap_or_default();
    let remembered = past.map(|past| past.remembered(journal, surroundings)).unwrap_or_default();
    let used: usize = parts.iter().chain([&footer, &earlier, &remembered]).map(|part| part.len() + 2).sum();
    parts.push(log(journal, LARGEST.saturating_sub(used)));
    parts.extend([earlier, footer, remembered]);
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn title(headline: &Headline) -> String {
    let Headline { symbol, name, revision, state } = headline;
    let name = if headline.name_is_told() { String::new() } else { format!("{}: ", escape::markdown(name)) };
    format!("### {symbol} {name}{} {}", escape::code(revision), escape::markdown(state))
}

/// The one sentence that a reader in a hurry needs.
fn lead(journal: &Journal, progress: &Progress<'_>) -> String {
    let took = length(progress.elapsed());
    match progress.phase {
        Phase::BrokenOff(Break { exit: 4, .. }) => "Traffic is not known to be good.".to_owned(),
        Phase::BrokenOff(_) => "Traffic is untouched.".to_owned(),
        Phase::Preparing | Phase::Launching => "No request goes to the candidate yet.".to_owned(),
        Phase::Stepping(index) => {
            let doing = progress.steps.get(index).map_or("", |step| state_in_words(step.state));
            let left = progress.left().map(|left| format!(", at least {} to go", length(left))).unwrap_or_default();
            format!("**{} of the requests go to the candidate**; this step is {doing}. {took} so far{left}.", progress.share())
        }
        Phase::RollingBack(reason) => {
            format!("**{}.** The weights are being put back.", escape::prose(&capital(&reason.to_string())))
        }
        Phase::Promoted => format!("Every request goes to {}.", escape::code(&journal.release.candidate_revision)),
        Phase::Ended(outcome) => {
            let reason = escape::prose(&capital(&outcome.reason.to_string()));
            let traffic = match outcome.kind {
                OutcomeKind::Promoted => {
                    format!(" Every request goes to {} now.", escape::code(&journal.release.candidate_revision))
                }
                OutcomeKind::RolledBack if progress.serves_again() => {
                    format!(" Every request goes to {} now.", escape::code(&journal.release.candidate_revision))
                }
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
            let took = if progress.elapsed().is_zero() { String::new() } else { format!(" It took {took}.") };
            format!("**{reason}** ({}).{traffic}{took}", escape::code(outcome.reason.code()))
        }
    }
}

fn sides(
    journal: &Journal,
    progress: &Progress<'_>,
    surroundings: &Surroundings,
    [stable, candidate]: [Option<String>; 2],
) -> Option<String> {
    if journal.release.candidate_revision.is_empty() {
        return None;
    }
    let columns = judging::columns(journal);
    let has_commits = stable.is_some() || candidate.is_some();
    let commits = if has_commits { " commit |" } else { "" };
    let titles: String = columns.iter().map(|column| format!(" {} |", escape::markdown(&column.title))).collect();
    let mut table = format!("| | revision |{commits} slot | requests | targets |{titles}\n| --- | --- | --- | --- | --- |");
    table.push_str(&" --- |".repeat(columns.len() + usize::from(has_commits)));
    table.push('\n');
    for row in rows::rows(journal, progress) {
        let Row { role, revision, slot, share, weight, bar, targets, is_candidate, .. } = row;
        let weight = weight.map(|(weight, sum)| format!(" (weight {weight} of {sum})")).unwrap_or_default();
        // A bar and its number stay on one line.
        let (revision, slot, bar) = (escape::code(revision), escape::code(slot), bar(10));
        let measured: String = columns.iter().map(|column| format!(" {} |", column.cell(is_candidate))).collect();
        let commit = if is_candidate { &candidate } else { &stable };
        let commit = commit.as_deref().map(|commit| surroundings.commit_link(commit)).unwrap_or_default();
        let commit = if has_commits { format!(" {commit} |") } else { String::new() };
        let _ = writeln!(
            table,
            "| **{role}** | {revision} |{commit} {slot} | `{bar}` {share}{weight} | {} |{measured}",
            escape::markdown(&targets)
        );
    }
    Some(table.trim_end().to_owned())
}

const fn state_in_words(state: StepState) -> &'static str {
    match state {
        StepState::Ahead => "still ahead",
        StepState::Shifting => "writing its weights",
        StepState::Settling => "settling",
        StepState::Baking => "being watched",
        StepState::Passed => "passed",
        StepState::PassedBefore => "passed before this job",
        StepState::Broken => "stopped",
    }
}

fn steps(progress: &Progress<'_>) -> Option<String> {
    if progress.steps.is_empty() {
        return None;
    }
    let is_judged = progress.steps.iter().any(|step| step.judged.is_some());
    let (title, line) = if is_judged { (" metrics and alarms |", " --- |") } else { ("", "") };
    let mut table =
        format!("| | step | state | time | the candidate's targets |{title}\n| --- | --- | --- | --- | --- |{line}\n");
    for step in progress.steps.iter().take(MOST_STEPS) {
        let (mark, state) = match step.state {
            StepState::Ahead if progress.is_over() => ("·", "not reached"),
            StepState::Ahead => ("·", state_in_words(step.state)),
            StepState::Shifting | StepState::Settling | StepState::Baking => ("▶", state_in_words(step.state)),
            StepState::Passed | StepState::PassedBefore => ("✔", state_in_words(step.state)),
            StepState::Broken => ("✖", state_in_words(step.state)),
        };
        let hold = step.step.hold.map(|hold| format!(", after a hold of {}", length(hold.timeout))).unwrap_or_default();
        let plan = format!("{} for {}{hold}", step.step.share, length(step.step.bake));
        let time = step.begun.map(|begun| match step.ended {
            Some(ended) => format!("{} to {}", at(begun, progress), at(ended, progress)),
            None => format!("since {}", at(begun, progress)),
        });
        let judged = step.judged.map(judging::short).unwrap_or_default();
        let judged = if is_judged { format!(" {judged} |") } else { String::new() };
        let _ = writeln!(table, "| {mark} | {plan} | {state} | {} | {} |{judged}", time.unwrap_or_default(), looks(step));
    }
    if progress.steps.len() > MOST_STEPS {
        let _ = writeln!(table, "| | … | {} more steps | | |", progress.steps.len() - MOST_STEPS);
    }
    Some(table.trim_end().to_owned())
}

/// The numbers that a step was judged by.
fn looks(step: &StepProgress<'_>) -> String {
    let looks = phrases::count(step.observations, "look");
    match step.lowest {
        None => String::new(),
        Some((healthy, expected)) if healthy >= expected => format!("{healthy} of {expected} healthy at each of {looks}"),
        Some((healthy, expected)) => format!("{healthy} of {expected} healthy at worst, {looks}"),
    }
}

fn at(time: crate::time::Timestamp, progress: &Progress<'_>) -> String {
    offset(time.since(progress.started))
}

/// What a person should know beyond the table: concerns, refused calls, notes about the rollout itself.
fn seen_on_the_way(journal: &Journal, progress: &Progress<'_>) -> Option<String> {
    let is_worth_it = |event: &Happening| match event {
        Happening::Concern { .. } | Happening::Retrying { .. } => true,
        Happening::Note { what } => !phrases::is_command(what),
        Happening::Claimed
        | Happening::TakenOver
        | Happening::Prepared { .. }
        | Happening::Launching { .. }
        | Happening::Ready { .. }
        | Happening::StepBegun { .. }
        | Happening::Shifted { .. }
        | Happening::Settled { .. }
        | Happening::Observed { .. }
        | Happening::Judged { .. }
        | Happening::StepPassed { .. }
        | Happening::TestOpened { .. }
        | Happening::TestClosed { .. }
        | Happening::HookBegun { .. }
        | Happening::HookEnded { .. }
        | Happening::RollingBack { .. }
        | Happening::Restored
        | Happening::Promoted
        | Happening::Retiring { .. }
        | Happening::Retired { .. }
        | Happening::Finished { .. }
        | Happening::BrokenOff { .. } => false,
    };
    let lines = (begun(journal)..journal.entries.len()).filter(|index| is_worth_it(&journal.entries[*index].event));
    let lines: Vec<_> = lines
        .filter_map(|index| {
            Some(format!("- `{}` {}", at(journal.entries[index].at, progress), escape::prose(&phrases::phrase(journal, index)?)))
        })
        .collect();
    Some(format!("**Seen on the way**\n\n{}", newest(lines)?))
}

/// What was noted while the definitions were read: folded, since it is the same at each release.
fn notes(journal: &Journal) -> Option<String> {
    let noted = journal.entries[..begun(journal)].iter();
    let noted: Vec<_> =
        noted
            .filter_map(|entry| {
                if let Happening::Note { what } = &entry.event { Some(format!("- {}", escape::prose(what))) } else { None }
            })
            .collect();
    let summary = phrases::count(u32::try_from(noted.len()).unwrap_or(u32::MAX), "note");
    Some(format!("<details><summary>{summary} on the definitions</summary>\n\n{}\n\n</details>", newest(noted)?))
}

/// Where the preparations end.
fn begun(journal: &Journal) -> usize {
    journal.entries.iter().position(|entry| entry.event == Happening::Claimed).unwrap_or(0)
}

/// The newest of these lines, as many as may be shown.
fn newest(lines: Vec<String>) -> Option<String> {
    let mut room = MOST_LINES;
    let fitting = lines.iter().rev().take_while(|line| {
        room = room.saturating_sub(line.len() + 1);
        room > 0
    });
    let left_out = lines.len() - fitting.count();
    let mut shown = lines;
    if left_out > 0 {
        shown.drain(..left_out);
        shown.insert(0, format!("- … {left_out} earlier ones are in the journal"));
    }
    (!shown.is_empty()).then(|| shown.join("\n"))
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
        words.push(format!("commit {}", surroundings.commit_link(commit)));
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
    if !journal.release.rollout_id.is_empty() {
        words.push(format!("rollout {}", escape::code(&journal.release.rollout_id)));
    }
    if !journal.entries.is_empty() {
        words.push(format!("as of {}", progress.now));
    }
    format!("<sub>{}</sub>", words.join(" · "))
}

/// The first letter of a sentence as a capital.
fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
