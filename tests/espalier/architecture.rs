//! Holds the doors of DESIGN §6: which room may mention what, and how big a file may be.
//!
//! It judges the paths that the text of `src/` mentions, resolved (see `source`).

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::source::{Mention, Token, mentions, tokens};

/// What a file may not mention.
struct Door {
    /// The rule, as the message gives it.
    rule: &'static str,
    /// Whether it holds in a file, given by its path from `src/`.
    holds_in: fn(&str) -> bool,
    /// Paths, each with all that is below it; a last segment may end in `*`.
    forbids: &'static [&'static str],
    /// Paths below those that are allowed after all.
    allows: &'static [&'static str],
    /// What to do about it.
    instead: &'static str,
}

/// The most lines that a file may have.
const MOST_LINES: usize = 400;

/// Rooms that must be there, so that a renamed one cannot slip out of its rules.
const ROOMS: [&str; 11] =
    ["rollout", "definition", "models", "preview", "resources", "verify", "aws", "github", "report", "commands", "sandbox"];

const DOORS: [Door; 9] = [
    Door {
        rule: "rollout, definition, models, preview, resources and verify are pure",
        holds_in: pure,
        forbids: &[
            "tokio",
            "std::time::SystemTime",
            "std::time::Instant",
            "std::env",
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
            "aws_*",
            "octocrab",
            "hyper*",
            "http*",
        ],
        allows: &[],
        instead: "take the value as an argument and let commands/ or driver.rs fetch it",
    },
    Door {
        rule: "pure rooms import no room that touches the world",
        holds_in: pure,
        forbids: &["crate::*"],
        allows: &[
            "crate::rollout",
            "crate::definition",
            "crate::models",
            "crate::preview",
            "crate::resources",
            "crate::verify",
            "crate::packed",
            "crate::time",
        ],
        instead: "say it in rollout's own words; time is crate::time, handed in",
    },
    Door {
        rule: "only aws/ imports the AWS SDK",
        holds_in: |file| !within(file, "aws"),
        forbids: &["aws_*"],
        allows: &[],
        instead: "add what you need to aws/, with types of our own, and call that",
    },
    Door {
        rule: "only github/ imports octocrab",
        holds_in: |file| !within(file, "github"),
        forbids: &["octocrab"],
        allows: &[],
        instead: "add what you need to github/, with types of our own, and call that",
    },
    Door {
        rule: "github does not know aws",
        holds_in: |file| within(file, "github"),
        forbids: &["crate::aws"],
        allows: &[],
        instead: "let commands/ hand over what both need",
    },
    Door {
        rule: "aws does not know github",
        holds_in: |file| within(file, "aws"),
        forbids: &["crate::github"],
        allows: &[],
        instead: "let commands/ hand over what both need",
    },
    Door {
        rule: "report does not know aws",
        holds_in: |file| within(file, "report"),
        forbids: &["crate::aws"],
        allows: &[],
        instead: "report from the journal (rollout::journal); put what is missing there",
    },
    Door {
        rule: "the sandbox imports nothing of ours but the clock, AWS's models and packed text",
        holds_in: |file| within(file, "sandbox"),
        forbids: &["crate::*"],
        allows: &["crate::sandbox", "crate::clock", "crate::models", "crate::packed"],
        instead: "write the sandbox's own, or the fake and its client share a misunderstanding; Timestamp is crate::clock's",
    },
    Door {
        rule: "only settings reads the environment",
        holds_in: |file| !within(file, "settings"),
        forbids: &["std::env"],
        // Where this process is, not what somebody set for it.
        allows: &[
            "std::env::args_os",
            "std::env::consts",
            "std::env::current_dir",
            "std::env::current_exe",
            "std::env::temp_dir",
        ],
        instead: "make it a setting, read it in settings.rs and hand it in",
    },
];

const CLOCKS: Door = Door {
    rule: "only clock.rs reads clocks",
    holds_in: |file| !within(file, "clock"),
    forbids: &[
        "std::time::SystemTime::now",
        "std::time::Instant::now",
        "std::thread::sleep",
        "tokio::time::Instant",
        "tokio::time::advance",
        "tokio::time::interval*",
        "tokio::time::pause",
        "tokio::time::sleep*",
    ],
    allows: &[],
    instead: "ask the Clock that you are given: now() and sleep_until()",
};

#[test]
fn every_room_keeps_its_doors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = rust_files(&root.join("src"));
    for room in ROOMS {
        assert!(
            source.iter().any(|(name, _)| within(name, room)),
            "src/{room} is gone: name the room that took over in ROOMS and DOORS"
        );
    }
    let mut findings: Vec<String> =
        source.iter().flat_map(|(name, text)| judge(name, text)).map(|found| format!("src/{found}")).collect();
    findings.extend(
        rust_files(&root.join("tests"))
            .iter()
            .filter_map(|(name, text)| too_long(name, text))
            .map(|found| format!("tests/{found}")),
    );
    assert!(findings.is_empty(), "{} broken rules of DESIGN §6:\n{}", findings.len(), findings.join("\n"));
}

fn pure(file: &str) -> bool {
    ["rollout", "definition", "models", "preview", "resources", "verify"].iter().any(|room| within(file, room))
}

fn within(file: &str, room: &str) -> bool {
    file.split(['/', '.']).next() == Some(room)
}

/// Everything wrong with one file, as `file:line: rule, …` lines.
fn judge(file: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let mentions = mentions(file, &tokens);
    let mut findings: Vec<_> = too_long(file, text).into_iter().collect();
    for door in DOORS.iter().chain([&CLOCKS]).filter(|door| (door.holds_in)(file)) {
        let mut last = 0;
        for mention in mentions.iter().filter(|mention| mention.breaks(door)) {
            if mention.line != last {
                let path = mention.path.join("::") + if mention.glob { "::*" } else { "" };
                findings.push(format!("{file}:{}: {}, but this mentions {path}: {}", mention.line, door.rule, door.instead));
            }
            last = mention.line;
        }
    }
    if file.ends_with("/mod.rs")
        && let Some((line, _)) = tokens.iter().find(|(_, token)| *token == Token::Word("fn"))
    {
        findings
            .push(format!("{file}:{line}: mod.rs is a door without logic, but this is a function: move it to a file of its own"));
    }
    findings
}

fn too_long(file: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MOST_LINES).then(|| {
        format!(
            "{file}:{}: a file has at most {MOST_LINES} lines, but this one has {lines}: divide it by subject",
            MOST_LINES + 1
        )
    })
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(&next).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).expect("below").to_str().expect("UTF-8").replace('\\', "/");
                files.push((name, fs::read_to_string(&path).expect("Rust is UTF-8")));
            }
        }
    }
    files.sort();
    files
}

impl Mention {
    fn breaks(&self, door: &Door) -> bool {
        door.forbids.iter().any(|pattern| self.is_below(pattern) || self.glob && covers(&self.path, pattern))
            && !door.allows.iter().any(|pattern| self.is_below(pattern))
            // `use std::env;` reads nothing yet: what is then said with it is judged where it is said.
            && !door.allows.iter().any(|pattern| !self.glob && self.path.len() > 1 && covers(&self.path, pattern))
    }

    fn is_below(&self, pattern: &str) -> bool {
        let segments: Vec<_> = pattern.split("::").collect();
        segments.len() <= self.path.len() && segments.iter().zip(&self.path).all(|(wanted, found)| fits(wanted, found))
    }
}

fn fits(wanted: &str, found: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == found, |start| found.starts_with(start))
}

/// Whether `path` is above `pattern`.
fn covers(path: &[String], pattern: &str) -> bool {
    let segments: Vec<_> = pattern.split("::").collect();
    path.len() < segments.len() && segments.iter().zip(path).all(|(wanted, found)| fits(wanted, found))
}

#[cfg(test)]
mod tests {
    use super::judge;

    /// Findings in `text` at `file`, without the advice.
    fn found(file: &str, text: &str) -> Vec<String> {
        judge(file, text).iter().map(|finding| finding.rsplit_once(": ").unwrap().0.to_owned()).collect()
    }

    #[test]
    fn a_pure_room_may_not_touch_the_world() {
        let text = "use std::{\n    collections::BTreeMap,\n    fs,\n};\nuse tokio::sync::mpsc;\nuse crate::time::Timestamp;\n";
        let rule = "rollout, definition, models, preview, resources and verify are pure, but this mentions";
        assert_eq!(
            found("rollout/split.rs", text),
            [format!("rollout/split.rs:3: {rule} std::fs"), format!("rollout/split.rs:5: {rule} tokio::sync::mpsc")]
        );
        assert_eq!(found("report/words.rs", text), [""; 0], "other rooms may");
    }

    #[test]
    fn messages_say_what_to_do() {
        assert_eq!(
            judge("github/check.rs", "\nuse crate::aws;\n"),
            ["github/check.rs:2: github does not know aws, but this mentions crate::aws: let commands/ hand over what both need"]
        );
    }

    /// Each is one broken rule, at its line, in its file.
    #[test]
    fn nothing_slips_through() {
        for (file, line, text) in [
            ("definition/mod.rs", 1, "use hyper_util::rt::TokioIo;"),
            ("rollout/plan.rs", 1, "use crate::clock::Clock;"),
            ("rollout/machine/core.rs", 1, "use super::super::super::aws::Aws;"),
            ("rollout/machine/core.rs", 1, "mod tests { mod inner { use super::super::super::super::super::driver; } }"),
            ("rollout/machine/core.rs", 2, "mod tests { use super::*; }\nuse super::super::super::report;"),
            ("rollout/mod.rs", 1, "use super::*;"),
            ("rollout/plan.rs", 2, "use std as s;\nfn f() { s::net::lookup(); }"),
            ("rollout/plan.rs", 1, "use std::{time::{Duration, Instant as Now}};"),
            ("rollout/plan.rs", 1, "fn f() -> ::std::fs::File {}"),
            ("report/sink.rs", 1, "fn f(e: aws_sdk_ecs::Error) {}"),
            ("driver.rs", 1, "extern crate aws_config;"),
            ("commands/status.rs", 1, "use octocrab::Octocrab;"),
            ("aws/ecs.rs", 1, "use crate::{clock::Clock, github::comment};"),
            ("report/words.rs", 1, "pub(in crate::aws) fn f() {}"),
            ("sandbox/world.rs", 1, "use crate::time::Timestamp;"),
            ("sandbox/world.rs", 2, "use crate as ours;\nfn f() { ours::rollout::split::share(); }"),
            ("sandbox/github/routes.rs", 1, "fn f() { super::super::super::github::comment(); }"),
            ("aws/connect.rs", 2, "use std::env;\nfn f() { env::var(\"A\"); }"),
            ("aws/connect.rs", 1, "use std::env::*;"),
            ("aws/connect.rs", 2, "use std::env::{self as e, current_dir};\nfn f() { e::vars_os(); }"),
            ("driver.rs", 2, "use std::time::Instant;\nfn f() { Instant::now(); }"),
            ("driver.rs", 2, "use tokio::time;\nasync fn f() { time::sleep_until(x).await; }"),
            ("main.rs", 1, "use espalier::{cli, clock}; fn f() { std::time::SystemTime::now(); }"),
            ("aws/mod.rs", 3, "//! Door.\npub mod ecs;\npub fn logic() {}"),
        ] {
            let found = judge(file, text);
            let places: Vec<_> = found.iter().map(|finding| finding.split(": ").next().unwrap()).collect();
            assert!(!places.is_empty(), "{file} with {text:?} passes");
            assert!(places.iter().all(|place| *place == format!("{file}:{line}")), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn what_is_allowed_passes() {
        for (file, text) in [
            ("rollout/split.rs", "//! Not tokio::spawn.\n/* std::fs /* std::env */ aws_config::x */ use std::fmt;"),
            (
                "rollout/split.rs",
                "const A: &str = \"std::env::var\"; const B: &str = r#\"\"tokio::spawn\"#; const C: char = '\"'; fn f<'a>() {}",
            ),
            ("rollout/split.rs", "use std::time::Duration; use crate::{rollout::plan, time::Timestamp}; use super::plan;"),
            ("rollout/split.rs", "mod tests { use super::*; use super::super::plan; }"),
            ("definition/filter.rs", "fn f(hyper: u8, aws_region: u8) -> impl Sized + use<> { hyper + aws_region }"),
            ("aws/ecs.rs", "use aws_sdk_ecs::Client; use crate::clock::Clock;"),
            ("github/check.rs", "use octocrab::Octocrab;"),
            ("sandbox/github/mod.rs", "pub mod routes; use crate::{clock::Timestamp, sandbox::world}; use super::world::World;"),
            ("commands/sandbox.rs", "use std::env; fn f() { env::current_exe(); }"),
            ("settings.rs", "fn f() { std::env::var_os(\"A\"); }"),
            ("settings/read.rs", "use std::env::vars_os;"),
            ("clock.rs", "use std::time::Instant; fn f() { Instant::now(); tokio::time::sleep(x); }"),
            ("driver.rs", "use crate::{aws::Aws, report::Reports}; fn f() { tokio::time::timeout(d, x); }"),
        ] {
            assert_eq!(judge(file, text), [""; 0], "{file}: {text}");
        }
    }

    #[test]
    fn a_long_file_is_reported_where_it_gets_too_long() {
        assert_eq!(judge("cli.rs", &"\n".repeat(400)), [""; 0]);
        assert_eq!(found("cli.rs", &"\n".repeat(401)), ["cli.rs:401: a file has at most 400 lines, but this one has 401"]);
    }
}
