//! What a program says, line by line: all of it for the log, the last lines for the reports.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::Notify,
};

use crate::{rollout::hooks::HookEnd, settings::Secret};

/// How many of the last lines are kept, and how many characters of each.
const TAIL: usize = 20;
const TAIL_WIDTH: usize = 300;
/// A line that is longer than this many bytes is several.
const LONGEST: usize = 8192;
/// How many lines may wait to be shown. A program that says more between two looks is cut short there.
const MOST_FRESH: usize = 2000;
/// What is shorter than this is too common to be hidden wherever it stands.
const SHORTEST_SECRET: usize = 8;

/// The account of one program.
#[derive(Debug, Default)]
struct Account {
    fresh: Vec<String>,
    left_out: usize,
    tail: VecDeque<String>,
    end: Option<HookEnd>,
    end_told: bool,
}

/// What one program has said and how it ended, shared by whoever writes it and the runner.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    account: Arc<Mutex<Account>>,
    stirred: Arc<Notify>,
    secrets: Arc<Vec<Secret>>,
}

impl Output {
    pub(super) fn hiding(secrets: &[Secret]) -> Self {
        let secrets = secrets.iter().filter(|secret| secret.reveal().len() >= SHORTEST_SECRET).cloned().collect();
        Self { secrets: Arc::new(secrets), ..Self::default() }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end of `from`. Both streams of a program may be read into one account.
    pub(super) async fn read(self, mut from: impl AsyncRead + Unpin) {
        let mut line = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            for byte in &bytes[..count] {
                if *byte == b'\n' {
                    self.say(&line);
                    line.clear();
                } else {
                    line.push(*byte);
                }
                if line.len() >= LONGEST {
                    self.say(&line);
                    line.clear();
                }
            }
        }
        if !line.is_empty() {
            self.say(&line);
        }
    }

    fn say(&self, line: &[u8]) {
        let line = without_colours(&String::from_utf8_lossy(line));
        let line = self.secrets.iter().fold(line.trim_end().to_owned(), |line, secret| line.replace(secret.reveal(), "***"));
        let mut account = self.account();
        if !line.is_empty() {
            account.tail.push_back(line.chars().take(TAIL_WIDTH).collect());
            if account.tail.len() > TAIL {
                account.tail.pop_front();
            }
        }
        if account.fresh.len() < MOST_FRESH {
            account.fresh.push(line);
        } else {
            account.left_out += 1;
        }
        drop(account);
        self.stirred.notify_one();
    }

    pub(super) fn ended(&self, end: HookEnd) {
        self.account().end = Some(end);
        self.stirred.notify_one();
    }

    /// How it ended, and the last lines so far.
    pub(super) fn seen(&self) -> (Option<HookEnd>, Vec<String>) {
        let account = self.account();
        (account.end.clone(), account.tail.iter().cloned().collect())
    }

    /// What was said since this was asked last.
    pub(super) fn fresh(&self) -> Vec<String> {
        let mut account = self.account();
        let mut lines = std::mem::take(&mut account.fresh);
        let left_out = std::mem::take(&mut account.left_out);
        if left_out > 0 {
            lines.push(format!("… {left_out} more lines"));
        }
        lines
    }

    /// Whether it has ended since this was asked last: once true.
    pub(super) fn has_just_ended(&self) -> bool {
        let mut account = self.account();
        let ended = account.end.is_some() && !account.end_told;
        account.end_told |= ended;
        ended
    }

    /// Something was said, or it ended.
    pub(super) async fn stirs(&self) {
        self.stirred.notified().await;
    }
}

/// Without what colours it on a terminal: `ESC [`, parameters, a letter (ECMA-48, "Control sequences").
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|character: char| matches!(character, '\u{20}'..='\u{3f}'));
        let mut characters = rest.chars();
        characters.next();
        rest = characters.as_str();
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], secrets: &[Secret]) -> Output {
        let output = Output::hiding(secrets);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(output.clone().read(bytes));
        output
    }

    #[test]
    fn lines_are_kept_whatever_bytes_they_are_of() {
        let output = read(b"one\r\n\n\xff two\n\x1b[1;31mthree\x1b[0m", &[]);
        assert_eq!(output.fresh(), ["one", "", "\u{fffd} two", "three"]);
        assert_eq!(output.fresh(), [""; 0], "each is shown once");
        assert_eq!(output.seen(), (None, vec!["one".to_owned(), "\u{fffd} two".to_owned(), "three".to_owned()]));
    }

    #[test]
    fn a_program_that_never_stops_talking_fills_no_memory() {
        let output = read("word \n".repeat(5000).as_bytes(), &[]);
        let fresh = output.fresh();
        assert_eq!((fresh.len(), fresh.last().map(String::as_str)), (MOST_FRESH + 1, Some("… 3000 more lines")));
        assert_eq!(output.seen().1.len(), TAIL);
        let output = read(&vec![b'x'; 3 * LONGEST + 1], &[]);
        assert_eq!(output.fresh().iter().map(String::len).collect::<Vec<_>>(), [LONGEST, LONGEST, LONGEST, 1]);
        assert!(output.seen().1.iter().all(|line| line.len() <= TAIL_WIDTH));
    }

    #[test]
    fn a_secret_that_a_hook_prints_is_not_shown() {
        let output = read(b"token=hush-hush!\nno\n", &["hush-hush".into(), "no".into()]);
        assert_eq!(output.fresh(), ["token=***!", "no"], "short ones would hide half of the log");
    }

    #[test]
    fn an_end_is_news_once() {
        let output = Output::default();
        assert!(!output.has_just_ended());
        output.ended(HookEnd { exit: Some(0), why: None });
        assert!(output.has_just_ended() && !output.has_just_ended());
    }
}
