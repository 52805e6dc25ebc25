//! What people read, word for word, in `tests/fixtures/words/`. After a change that is meant: look at what `cargo test` shows, then
//! `INSTA_UPDATE=always cargo test --test espalier words`.

use std::sync::LazyLock;

use clap::CommandFactory as _;

use crate::{
    harness::{Run, Story, espalier},
    stories::QUICKLY,
};

fn golden(name: &str, text: &str) {
    // The only thing that differs from one run to the next.
    let masked = mask_ports(text);
    insta::with_settings!({ snapshot_path => "../fixtures/words", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.to_owned(), masked);
    });
}

fn mask_ports(text: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = text.split(HOST);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |masked, part| masked + HOST + "PORT" + part.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

#[test]
fn the_help_of_every_command() {
    let mut commands = vec![(vec![], espalier::cli::Cli::command())];
    while let Some((path, command)) = commands.pop() {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let run = Run::of(&mut espalier(&arguments)).ends_with(0);
        golden(&["help".to_owned()].into_iter().chain(path.iter().cloned()).collect::<Vec<_>>().join("-"), &run.stdout);
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            commands.push(([&path[..], &[verb.get_name().to_owned()]].concat(), verb.clone()));
        }
    }
}

/// The demo takes some seconds: one run of it serves all tests.
pub(crate) fn demo() -> &'static Run {
    static DEMO: LazyLock<Run> = LazyLock::new(|| Run::of(&mut espalier(&["demo"])));
    &DEMO
}

/// The demo, cut where GitHub's view of each release begins and ends.
#[test]
fn the_demo() {
    let run = demo();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let sections: Vec<_> =
        run.stdout.split("\n━━ ").map(|section| section.split_once(" ━━\n").unwrap_or(("", section))).collect();
    let titles: Vec<_> = sections.iter().map(|(title, _)| *title).collect();
    let parts = [
        "Release 1",
        "The pull request's comment",
        "Its check run",
        "Release 2",
        "The pull request's comment",
        "Its check run",
        "Exit codes",
    ];
    assert!(titles.len() == 8 && titles[1..].iter().zip(parts).all(|(title, part)| title.starts_with(part)), "{titles:#?}");
    for (number, name) in ["demo-1-lines", "demo-1-comment", "demo-1-check", "demo-2-lines", "demo-2-comment", "demo-2-check"]
        .into_iter()
        .enumerate()
    {
        golden(name, sections[number + 1].1);
    }
    golden("demo-exit-codes", sections[7].1);
}

#[test]
fn the_status() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        r#"
        exits 0 deploy {QUICKLY} >"$FOLDER/deploy"
        exits 0 espalier status --lattice-service myservice
        "#
    ));
    golden("status", &told.ends_with(0).run.stdout);
}

#[test]
fn the_dry_run() {
    golden("dry-run", &Story::within("promoted").deploy(&["--dry-run"]).ends_with(0).run.stdout);
}

#[test]
fn the_hooks() {
    let hooks = [
        "before_release=echo \"asked about $ESPALIER_CANDIDATE_REVISION\"",
        "after_step=echo \"step $ESPALIER_STEP of $ESPALIER_STEP_COUNT\"; test \"$ESPALIER_STEP\" = 1 || { echo 'the `checkout` is <slow>' >&2; exit 7; }",
        "on_rollback=echo \"$ESPALIER_OUTCOME_TEXT\"; exit 1",
    ];
    let hooks = hooks.map(|hook| ["--hooks", hook]).concat();
    let told = Story::within("promoted").deploy(&[&QUICKLY.split(' ').collect::<Vec<_>>()[..], &hooks].concat()).ends_with(3);
    golden("hooks-lines", &told.run.stdout);
    golden("hooks-comment", &told.world.comments()[0]);
}

#[test]
fn only_ports_are_masked() {
    assert_eq!(mask_ports("at http://127.0.0.1:4711/a (127.0.0.1:1) 4711"), "at http://127.0.0.1:PORT/a (127.0.0.1:PORT) 4711");
}
