//! A preview in words: the pull request's comment, lines for a log, the list. Pure. Everything that somebody else wrote is shown as
//! text.

use serde_json::{Value, json};

use super::escape::{self, code, markdown, plain};
use crate::{preview::admit::short, time::Timestamp};

/// Where a preview stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being brought up, or made to run another commit.
    Coming,
    /// It is there and healthy.
    Up,
    /// It did not become healthy, and why.
    Failed(String),
    /// It is taken away, and why.
    Gone(String),
}

/// How it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Its address.
    pub url: String,
    /// The header that its requests have, `NAME: VALUE`; none with a Lattice service of its own.
    pub header: Option<String>,
    /// Why it has a service of its own, where a header was wanted first.
    pub because: Option<String>,
    /// Callers need a permission.
    pub needs_auth: bool,
}

/// What is said of a preview.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The service whose preview it is.
    pub service: String,
    /// `pr-7`.
    pub key: String,
    /// Where it stands.
    pub state: State,
    /// The commit that it is to run.
    pub commit: Option<String>,
    /// The commit that it ran before, and still runs where the new one failed.
    pub before: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// What it runs: task definition, and how many tasks.
    pub runs: Option<(String, u32)>,
    /// How it is reached.
    pub reached: Option<Reached>,
    /// Until when it is there.
    pub until: Option<Timestamp>,
    /// The job's page.
    pub run_url: Option<String>,
    /// The repository's page.
    pub repository_url: Option<String>,
    /// Endpoints that are not AWS's own.
    pub endpoint: Option<String>,
}

impl Preview {
    fn title(&self) -> String {
        let (symbol, state) = match &self.state {
            State::Coming => ("🔄", "coming up"),
            State::Up => ("✅", "up"),
            State::Failed(_) => ("❌", "not healthy"),
            State::Gone(_) => ("⚪", "taken away"),
        };
        format!("### {symbol} Preview of {}: {state}", code(&self.service))
    }

    fn commit(&self, commit: &str) -> String {
        let is_commit = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.repository_url.as_ref().filter(|_| is_commit) {
            Some(repository) => format!("[{}]({repository}/commit/{commit})", code(&short(commit))),
            None => code(&short(commit)),
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        if let Some(commit) = &self.commit {
            let branch = self.branch.as_ref().map(|branch| format!(" of {}", code(branch))).unwrap_or_default();
            rows.push(("commit", format!("{}{branch}", self.commit(commit))));
        }
        if let (Some((revision, count)), State::Up) = (&self.runs, &self.state) {
            let tasks = if *count == 1 { "task" } else { "tasks" };
            rows.push(("runs", format!("{}, {count} {tasks}, all healthy", code(revision))));
        }
        if let (Some(until), State::Up | State::Failed(_)) = (self.until, &self.state) {
            rows.push(("until", format!("{until}; each push begins that time anew")));
        }
        rows
    }

    /// The comment, below its marker.
    #[must_use]
    pub fn comment(&self) -> String {
        let mut parts = vec![self.title()];
        if let Some(endpoint) = &self.endpoint {
            parts.push(format!("In a rehearsal: AWS is {}.", code(endpoint)));
        }
        match &self.state {
            State::Failed(why) => {
                parts.push(format!("**It did not become healthy:** {}", markdown(why)));
                if let Some(before) = self.before.as_ref().filter(|before| Some(*before) != self.commit.as_ref()) {
                    parts.push(format!("What answers is still {}.", self.commit(before)));
                }
            }
            State::Gone(why) => parts.push(format!("Nothing of it is left: {}.", markdown(why))),
            State::Coming | State::Up => {}
        }
        let rows = self.rows();
        if !rows.is_empty() {
            let lines = rows.iter().map(|(name, value)| format!("| {name} | {value} |"));
            parts.push(["| | |".to_owned(), "| --- | --- |".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
        }
        if let (Some(reached), State::Up | State::Coming | State::Failed(_)) = (&self.reached, &self.state) {
            parts.extend(reached_in_words(reached));
        }
        if let Some(url) = &self.run_url {
            parts.push(format!("<sub>[the job]({url})</sub>"));
        }
        parts.join("\n\n") + "\n"
    }

    /// The same for a log, or a person at a terminal.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let of = format!("{} of {}", self.key, plain(&self.service));
        let commit = self.commit.as_ref().map(|commit| format!(" ({})", short(commit))).unwrap_or_default();
        let mut lines = vec![match &self.state {
            State::Coming => format!("preview {of}{commit} is coming up"),
            State::Up => format!("preview {of}{commit} is up and healthy"),
            State::Failed(why) => format!("preview {of}{commit} did not become healthy: {}", plain(why)),
            State::Gone(why) => format!("preview {of} is taken away: {}", plain(why)),
        }];
        if let (Some(reached), State::Up) = (&self.reached, &self.state) {
            lines.extend(reached.because.as_ref().map(|why| format!("it has a Lattice service of its own: {why}")));
            lines.push(curl(reached));
            lines.extend(self.until.map(|until| format!("it is there until {until}; each push begins that time anew")));
        }
        lines
    }
}

/// The command that asks it something.
fn curl(reached: &Reached) -> String {
    let url = escape::command(&reached.url);
    match &reached.header {
        Some(header) => format!("curl -H '{}' {url}", escape::command(header)),
        None => format!("curl {url}"),
    }
}

fn reached_in_words(reached: &Reached) -> Vec<String> {
    let mut parts = vec!["From where the service itself is reached:".to_owned(), format!("```sh\n{}\n```", curl(reached))];
    parts.push(match (&reached.header, &reached.because) {
        (Some(_), _) => "Only requests with this header get there: none of production's traffic does.".to_owned(),
        (None, Some(why)) => format!("It has a Lattice service of its own, because {}.", markdown(why)),
        (None, None) => "It has a Lattice service of its own: none of production's traffic gets there.".to_owned(),
    });
    if reached.needs_auth {
        parts.push("Requests have to be signed, as those to the service itself.".to_owned());
    }
    parts
}

/// One line of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// `pr-7`.
    pub key: String,
    /// `open`, `closed`, or why that is not known.
    pub pull_request: String,
    /// The commit that it runs.
    pub commit: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// `header`, `service`, or nothing.
    pub reach: String,
    /// How many targets are healthy, and how many there are.
    pub healthy: (u32, u32),
    /// Until when it is there.
    pub until: Option<Timestamp>,
}

impl Listed {
    fn cells(&self) -> [String; 7] {
        [
            self.key.clone(),
            plain(&self.pull_request),
            self.commit.as_deref().map(short).unwrap_or_default(),
            self.branch.as_deref().map(plain).unwrap_or_default(),
            self.reach.clone(),
            format!("{} of {}", self.healthy.0, self.healthy.1),
            self.until.map(|until| until.to_string()).unwrap_or_default(),
        ]
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "preview": self.key, "pull_request": self.pull_request, "commit": self.commit, "branch": self.branch,
            "reach": self.reach, "healthy": self.healthy.0, "targets": self.healthy.1,
            "until": self.until.map(|until| until.to_string()),
        })
    }
}

const HEAD: [&str; 7] = ["preview", "pull request", "commit", "branch", "reached by", "healthy", "until"];

/// The list for a terminal.
#[must_use]
pub fn table(list: &[Listed]) -> String {
    let rows: Vec<[String; 7]> = [HEAD.map(str::to_owned)].into_iter().chain(list.iter().map(Listed::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The list as Markdown.
#[must_use]
pub fn markdown_table(list: &[Listed]) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let head = line(HEAD.iter().map(ToString::to_string).collect());
    let rule = line(HEAD.iter().map(|_| "---".to_owned()).collect());
    let rows = list.iter().map(|listed| line(listed.cells().iter().map(|cell| markdown(cell)).collect()));
    [head, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(state: State) -> Preview {
        Preview {
            service: "myservice".to_owned(),
            key: "pr-7".to_owned(),
            state,
            commit: Some("4f2b8c1d9e".to_owned()),
            before: Some("0a1b2c3d4e".to_owned()),
            branch: Some("feature/`a|b` @octo/team <!-- x".to_owned()),
            runs: Some(("myservice-pr-7:2".to_owned(), 1)),
            reached: Some(Reached {
                url: "http://myservice-0123.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws/".to_owned(),
                header: Some("x-espalier-preview: pr-7".to_owned()),
                ..Reached::default()
            }),
            until: Some(Timestamp::from_secs(1_796_083_200)),
            run_url: Some("https://github.com/octo/app/actions/runs/42".to_owned()),
            repository_url: Some("https://github.com/octo/app".to_owned()),
            endpoint: None,
        }
    }

    #[test]
    fn the_comments_read_as_they_should() {
        let own = Reached {
            url: "https://myservice-pr-7-0456.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws/".to_owned(),
            header: None,
            because: Some("the listener has 10 rules of 10".to_owned()),
            needs_auth: true,
        };
        let told = [
            ("coming", Preview { before: None, runs: None, ..preview(State::Coming) }),
            ("up, by a header", preview(State::Up)),
            ("up, with a service of its own", Preview { reached: Some(own), ..preview(State::Up) }),
            ("failed", preview(State::Failed("0 of 1 tasks run: CannotPullContainerError `x`".to_owned()))),
            (
                "gone",
                Preview { reached: None, runs: None, until: None, ..preview(State::Gone("pull request 7 is closed".to_owned())) },
            ),
        ];
        let text: Vec<String> = told
            .iter()
            .map(|(name, preview)| {
                format!("{name}\n{0}\n{1}{0}\n{2}", "-".repeat(80), preview.comment(), preview.lines().join("\n"))
            })
            .collect();
        insta::with_settings!({ snapshot_path => "../../tests/fixtures/reports", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("previews.md", text.join("\n\n"));
        });
    }

    #[test]
    fn the_list_is_a_table() {
        let list = [
            Listed {
                key: "pr-7".to_owned(),
                pull_request: "open".to_owned(),
                commit: Some("4f2b8c1d9e".to_owned()),
                branch: Some("a|b".to_owned()),
                reach: "header".to_owned(),
                healthy: (1, 1),
                until: Some(Timestamp::from_secs(1_796_083_200)),
            },
            Listed { key: "pr-123".to_owned(), pull_request: "closed".to_owned(), healthy: (0, 2), ..Listed::default() },
        ];
        insta::assert_snapshot!(table(&list), @r"
        preview  pull request  commit   branch  reached by  healthy  until
        pr-7     open          4f2b8c1  a|b     header      1 of 1   2026-12-01T00:00:00Z
        pr-123   closed                                     0 of 2
        ");
        insta::assert_snapshot!(markdown_table(&list), @r"
        | preview | pull request | commit | branch | reached by | healthy | until |
        | --- | --- | --- | --- | --- | --- | --- |
        | pr-7 | open | 4f2b8c1 | a&#124;b | header | 1 of 1 | 2026-12-01T00:00:00Z |
        | pr-123 | closed |  |  |  | 0 of 2 |  |
        ");
    }
}
