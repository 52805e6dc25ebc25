//! `status --watch`: the same again, until the rollout has ended or somebody has seen enough.

use std::time::Duration;

use super::{
    conduct, connect,
    status::{View, look},
};
use crate::{
    aws::{Aws, ledger::Found},
    exit::{Error, Exit},
    rollout::record::State,
    settings::{Format, StatusSettings},
    time::Timestamp,
};

/// How often it is looked: as often as targets are in a release.
const INTERVAL: Duration = Duration::from_secs(15);
/// To the upper left corner, and what is below it away.
const AFRESH: &str = "\u{1b}[H\u{1b}[J";

/// Runs it. A signal is the way to leave, not an error.
///
/// # Errors
/// When the Lattice service cannot be found or read.
pub(super) async fn watch(aws: &Aws, settings: &StatusSettings) -> Result<Exit, Error> {
    let clock = connect::clock(&settings.surroundings).await?;
    let mut signals = conduct::listen()?;
    let mut before: Vec<String> = Vec::new();
    loop {
        let view = tokio::select! {
            biased;
            () = signals.first() => return Ok(Exit::Done),
            view = look(aws, settings) => view?,
        };
        let now = aws.date().unwrap_or_else(|| clock.now());
        let lines = view.lines();
        if settings.surroundings.stdout_is_terminal && settings.format != Format::Json {
            connect::print(&format!("{AFRESH}{}", lines.join("\n")));
        } else {
            print(&view, &news(&before, &lines), before.is_empty(), settings.format, now);
        }
        if !view.records.iter().any(|found| goes_on(found, now)) {
            return Ok(Exit::Done);
        }
        before = lines;
        tokio::select! {
            biased;
            () = signals.first() => return Ok(Exit::Done),
            () = clock.sleep_until(clock.now() + INTERVAL) => {}
        }
    }
}

/// A job is at it, or somebody has yet to promote it.
fn goes_on(found: &Found, now: Timestamp) -> bool {
    matches!(found.record.state, State::Running | State::Held) || found.is_held(now)
}

fn print(view: &View<'_>, news: &[String], is_first: bool, format: Format, now: Timestamp) {
    if news.is_empty() {
        return;
    }
    match format {
        Format::Json => connect::print(&view.json().to_string()),
        Format::Text | Format::Markdown if is_first => connect::print(&news.join("\n")),
        Format::Text | Format::Markdown => {
            news.iter().for_each(|line| connect::print(&format!("{now} {}", line.trim_start())));
        }
    }
}

/// The lines that say something else than before. That a job has renewed its lease is no news.
fn news(before: &[String], lines: &[String]) -> Vec<String> {
    let said = |line: &str| line.split(", a job's until ").next().unwrap_or_default().to_owned();
    let known: Vec<String> = before.iter().map(|line| said(line)).collect();
    lines.iter().filter(|line| !known.contains(&said(line))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::news;

    #[test]
    fn only_what_has_changed_is_news() {
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        let before = lines(&["myservice", "  rule: a 95, b 5", "  rollout 1: running, step 1, a job's until 12:00"]);
        let after = lines(&["myservice", "  rule: a 75, b 25", "  rollout 1: running, step 1, a job's until 12:01"]);
        assert_eq!(news(&before, &after), ["  rule: a 75, b 25"]);
        assert_eq!(news(&[], &before), before, "at first all of it");
        assert_eq!(news(&after, &after), [""; 0]);
    }
}
