//! Answers to commands in comments, as Markdown. Pure. Everything that somebody else wrote is shown as text, and calls nobody.

use super::escape::{code, fenced, log_line, markdown, plain};
use crate::{exit::Exit, rollout::outcome::OutcomeKind};

/// The longest list of lines that an answer shows, in bytes; GitHub takes 65 536 characters.
const MOST_LINES: usize = 40_000;

/// What can be asked for.
const COMMANDS: [(&str, &str); 4] = [
    ("status", "shows what is live: weights, revisions, targets"),
    ("promote", "releases a held rollout to its next step; `--full` later holds too"),
    ("abort", "rolls the rollout that is under way back; `--reason \"…\"` says why"),
    ("rollback", "goes back to the revision before the last promotion; `--reason \"…\"` says why"),
];

/// The hidden first line by which the answer to a comment is found again, when its job is run a second time.
#[must_use]
pub fn marker(comment: u64) -> String {
    format!("<!-- espalier-answer:{comment} -->")
}

/// The author may not.
#[must_use]
pub fn refused(author: &str) -> String {
    format!(
        "Thank you, {}. Only people with write permission to this repository can steer a rollout by comments, so nothing was done. \
         Please ask one of them.",
        code(author)
    )
}

/// It is not on a pull request.
#[must_use]
pub fn elsewhere() -> String {
    "Rollouts are steered in the thread of their pull request, and this is an issue, so nothing was done.".to_owned()
}

/// It cannot be read, or asks for a service that there is not.
#[must_use]
pub fn misread(why: &str, services: &[&str]) -> String {
    format!("That is no command that I know: {}. Nothing was done.\n\n{}", markdown(why), commands(services))
}

fn commands(services: &[&str]) -> String {
    let mut lines = vec!["These are, each on the first line of a comment of its own:".to_owned(), String::new()];
    lines.extend(COMMANDS.iter().map(|(verb, does)| format!("- `/espalier {verb}` {does}")));
    if services.len() > 1 {
        let names: Vec<_> = services.iter().map(|name| code(name)).collect();
        lines.push(String::new());
        lines.push(format!("`--service NAME` says for which one: {}.", names.join(", ")));
    }
    lines.join("\n")
}

/// What a verb came to, with what is live now.
#[must_use]
pub fn done(verb: &str, outcome: Option<OutcomeKind>, because: Option<&str>, exit: Exit, live: &[String]) -> String {
    let (symbol, title) = match outcome {
        Some(OutcomeKind::Promoted) => ("✅", "promoted"),
        Some(OutcomeKind::RolledBack) => ("↩️", "rolled back"),
        Some(OutcomeKind::Held) => ("⏸️", "held"),
        Some(OutcomeKind::Unchanged) => ("➖", "unchanged"),
        Some(OutcomeKind::Superseded) => ("⏭️", "superseded by another job"),
        Some(OutcomeKind::Stuck) => ("🛑", "STUCK: a person must act"),
        None if verb == "status" => ("🔎", "what is live"),
        None => ("➖", "nothing was changed"),
    };
    let because = because.map(|because| format!(" {}.", markdown(&sentence(because)))).unwrap_or_default();
    let code = if exit == Exit::Done { String::new() } else { format!(" (exit code {})", exit.code()) };
    format!("{symbol} **{verb}: {title}**{code}{because}{}", lines(live))
}

/// It did not get that far.
#[must_use]
pub fn failed(verb: &str, exit: Exit, problems: &[String], live: &[String]) -> String {
    let title = match exit {
        Exit::Stuck => "🛑 **STUCK: a person must act**",
        Exit::Refused => "✋ **refused, nothing was done**",
        Exit::Invalid => "😕 **it cannot be done like this, nothing was done**",
        Exit::Done | Exit::Malfunction | Exit::RolledBack => "😕 **it did not work**",
    };
    format!("{title} ({verb}, exit code {}){}{}", exit.code(), lines(problems), lines(live))
}

/// Where the job's log is.
#[must_use]
pub fn signed(answer: &str, run_url: Option<&str>) -> String {
    let link = run_url.map(|url| format!("\n\n<sub>[Log of this job]({url})</sub>")).unwrap_or_default();
    answer.to_owned() + &link
}

/// For the job's log: no line of it is a workflow command.
#[must_use]
pub fn log(text: &str) -> String {
    text.lines().map(|line| log_line(&plain(line))).collect::<Vec<_>>().join("\n")
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Lines as they stand, in a block where nothing means anything.
fn lines(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut shown = String::new();
    for line in lines.iter().flat_map(|line| line.lines()) {
        let indent: String = line.chars().take_while(|character| *character == ' ').collect();
        let line = fenced(&plain(line));
        if shown.len() + line.len() > MOST_LINES {
            shown.push_str("\n… the rest is in the job's log");
            break;
        }
        shown.push_str(&format!("\n{indent}{line}"));
    }
    format!("\n\n```text{shown}\n```")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_others_wrote_means_nothing_and_calls_nobody() {
        let nasty = "@octo/team <img src=x> `x` [a](b)\n::error::x ```";
        for answer in [
            refused(nasty),
            misread(nasty, &["web", nasty]),
            failed("abort", Exit::Refused, &[nasty.to_owned()], &[nasty.to_owned()]),
        ] {
            let outside: String = answer.split("```").step_by(2).collect();
            assert!(!outside.contains("<img") && !outside.contains("[a](b)"), "{answer}");
            assert!(!outside.replace("<code>@octo", "").contains("@octo/"), "{answer}");
            assert_eq!(answer.matches("```").count() % 2, 0, "{answer}");
        }
        assert_eq!(log("fine\n::error::x ##[error]y"), "fine\n\u{200B}::error::x #\u{200B}#[error]y");
    }

    #[test]
    fn an_answer_says_how_it_ended_and_why() {
        let live = ["myservice".to_owned(), "  rule-1: a 100".to_owned()];
        let answer = done("abort", Some(OutcomeKind::RolledBack), Some("aborted by octocat: slow"), Exit::Done, &live);
        assert_eq!(answer, "↩️ **abort: rolled back** Aborted by octocat: slow.\n\n```text\nmyservice\n  rule-1: a 100\n```");
        let misread = misread("there is no command `deploy` in comments", &["web", "api"]);
        assert!(misread.contains("- `/espalier abort` rolls the rollout that is under way back"), "{misread}");
        assert!(misread.ends_with("`--service NAME` says for which one: `web`, `api`."), "{misread}");
        assert!(signed("done", Some("https://run")).ends_with("<sub>[Log of this job](https://run)</sub>"));
    }

    #[test]
    fn a_long_answer_is_cut_and_says_so() {
        let answer = done("status", None, None, Exit::Done, &vec!["x".repeat(500); 1000]);
        assert!(answer.len() < 60_000 && answer.contains("the rest is in the job's log"));
    }
}
