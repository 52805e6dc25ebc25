//! Definitions as they come, in `tests/fixtures/definitions/corpus`: each folder one quirk, and what comes of it, word for word. After a
//! change that is meant: look at what `cargo test` shows, then `INSTA_UPDATE=always cargo test --test espalier corpus`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::harness::{BINARY, Run, program, root};

fn folder() -> PathBuf {
    root().join("tests/fixtures/definitions/corpus")
}

/// What a folder's `case.txt` says.
struct Case {
    name: String,
    /// What the quirk is.
    what: String,
    variables: BTreeMap<String, String>,
    /// The commands, as a shell would read them.
    commands: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder()).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let Ok(text) = fs::read_to_string(path.join("case.txt")) else { continue };
        let mut lines = text.lines();
        let what = lines.next().and_then(|line| line.strip_prefix("# ")).expect("what it is").to_owned();
        let (mut variables, mut commands) = (BTreeMap::new(), Vec::new());
        for line in lines {
            match line.strip_prefix("env ").and_then(|line| line.split_once('=')) {
                Some((name, value)) => _ = variables.insert(name.to_owned(), value.to_owned()),
                None => commands.push(line.to_owned()),
            }
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        cases.push(Case { name, what, variables, commands });
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// Everything that the commands say, with their exit codes. Only the sandbox's port differs from one run to the next.
fn said(case: &Case) -> String {
    let mut said = format!("{}\n", case.what);
    for command in &case.commands {
        let mut bash = program("bash");
        bash.current_dir(folder().join(&case.name)).envs(&case.variables).env("ESPALIER", BINARY);
        // A line is one command of the binary's, with a shell's quotes; `$` in it is the filter's.
        let line = command.replace('$', "\\$");
        let Run { code, stdout, stderr } = Run::of(bash.args(["-c", &format!("\"$ESPALIER\" {line}")]));
        said += &format!("\n$ espalier {command}\nexit code: {code}\n");
        for (name, text) in [("stdout", stdout), ("stderr", stderr)] {
            if !text.is_empty() {
                said += &format!("--- {name}\n{}\n", shown(&text));
            }
        }
    }
    said
}

/// What nobody sees otherwise; and no port.
fn shown(text: &str) -> String {
    let text = text.replace('\u{feff}', "<byte order mark>").replace('\r', "<CR>");
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    let masked =
        parts.fold(first, |masked, part| masked + "127.0.0.1:PORT" + part.trim_start_matches(|c: char| c.is_ascii_digit()));
    masked.trim_end().to_owned()
}

#[test]
fn every_quirk_comes_to_what_it_came_to() {
    let cases = cases();
    assert!(cases.len() > 50, "{}", cases.len());
    for case in &cases {
        let text = said(case);
        insta::with_settings!({ snapshot_path => "../fixtures/definitions/corpus/golden", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(case.name.clone(), text);
        });
    }
}

#[test]
fn the_table_names_every_case_and_says_what_it_says() {
    let table = fs::read_to_string(folder().join("README.md")).expect("the table");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let cases = cases();
    assert_eq!(rows.len(), cases.len());
    for case in &cases {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{}` |", case.name)));
        assert!(row.is_some_and(|row| row.contains(&case.what)), "{}: {row:?}", case.name);
        assert!(folder().join("golden").join(format!("{}.snap", case.name)).is_file(), "{} has no golden", case.name);
    }
}

/// Patching what was patched changes nothing, in every case that can be patched.
#[test]
fn a_patched_definition_needs_no_second_patch() {
    let mut patched = 0;
    for case in cases() {
        let Some(command) = case.commands.iter().find(|command| command.starts_with("patch ") && !command.contains("--jq"))
        else {
            continue;
        };
        let in_folder = |arguments: &str, file: &PathBuf| {
            let mut bash = program("bash");
            bash.current_dir(folder().join(&case.name)).envs(&case.variables).env("ESPALIER", BINARY).env("OUT", file);
            Run::of(bash.args(["-c", &format!("\"$ESPALIER\" {arguments}")]))
        };
        let out = tempfile::tempdir().expect("a folder");
        let file = out.path().join("out.json");
        if in_folder(&format!("{command} -o \"$OUT\""), &file).code != 0 {
            continue;
        }
        let is_in = fs::read_to_string(&file).expect("it was written").to_lowercase().contains("vpclatticeconfigurations");
        if !is_in {
            continue;
        }
        // The same flags over the result, and no template any more.
        let flags: Vec<&str> = command.split(' ').skip(1).filter(|word| !word.starts_with("service.")).collect();
        let run = in_folder(&format!("patch \"$OUT\" --check {}", flags.join(" ")), &file);
        assert_eq!(run.code, 0, "{}: {}", case.name, run.stderr);
        patched += 1;
    }
    assert!(patched > 20, "{patched}");
}
