//! The golden files of all reports, and what holds for every one of them.

use super::{
    check, deployment, markdown,
    past::Past,
    samples::{self, surroundings},
    samples_later,
    text::{Console, json_lines},
};
use crate::rollout::journal::{Entry, Journal, Release};

fn golden(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../../tests/fixtures/reports", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.to_owned(), text);
    });
}

#[test]
fn the_reports_read_as_they_should() {
    for (name, journal) in stories() {
        golden(&format!("{name}.md"), &markdown::report(&journal, &surroundings()));
        golden(&format!("{name}.log"), &Console::new(false, false).end(&journal));
    }
    golden("opened.md", &markdown::report(&samples::opened(), &surroundings()));
    golden("rolled-back.actions", &Console::new(true, true).end(&samples::rolled_back()));
    golden("rolled-back.jsonl", &json_lines(&samples::rolled_back(), 0));
}

fn stories() -> [(&'static str, Journal); 19] {
    [
        ("in-progress", samples::in_progress()),
        ("promoted", samples::promoted()),
        ("rolled-back", samples::rolled_back()),
        ("judged", samples::judged()),
        ("stuck", samples::stuck()),
        ("bootstrap", samples::bootstrap()),
        ("shift", samples::shift()),
        ("held", samples::held()),
        ("hooked", samples::hooked()),
        ("unchanged", samples::unchanged()),
        ("superseded", samples::superseded()),
        ("aborted", samples::aborted()),
        ("never-ready", samples::never_ready()),
        ("invalid", samples::invalid()),
        ("looked-at", samples_later::looked_at()),
        ("gone-on-with", samples_later::gone_on_with()),
        ("given-up", samples_later::given_up()),
        ("swept", samples_later::swept()),
        ("gone-back", samples_later::gone_back()),
    ]
}

/// The lines of checks and deployments: little of each, so that all stand together.
#[test]
fn checks_and_deployments_say_in_a_line_what_the_comment_says() {
    let mut told = String::new();
    let opened = [("opened", samples::opened())];
    for (name, journal) in opened.into_iter().chain(stories()) {
        let check = check::check(&journal, &surroundings());
        let conclusion = check.conclusion.map_or_else(|| "in progress".to_owned(), |conclusion| format!("{conclusion:?}"));
        told += &format!("{name}\n  check: {conclusion}: {}\n", check.title);
        for one in check.annotations {
            told += &format!("  annotation: {}:{}: {}\n", one.path, one.line, one.message.replace('\n', " / "));
        }
        let deployment = deployment::deployment(&journal);
        told += &deployment.map_or_else(String::new, |text| format!("  deployment: {:?}: {}\n", text.state, text.description));
    }
    golden("checks-and-deployments.txt", &told);
}

#[test]
fn the_comment_remembers_earlier_releases() {
    let mut surroundings = surroundings();
    surroundings.rollback_workflow_url = Some("https://github.com/octo/app/actions/workflows/rollback.yml".to_owned());
    surroundings.answers_comments = true;
    let mut first = samples::promoted();
    first.release.rollout_id = "5a1e00".to_owned();
    first.release.candidate_revision = "myservice:41".to_owned();
    let comment = markdown::comment(&first, &surroundings, &Past::default());
    surroundings.commit = Some("0be5e1c7d2".to_owned());
    let second = samples::judged();
    let comment = markdown::comment(&second, &surroundings, &Past::read(&comment, &second.release.rollout_id));
    golden("comment.md", &comment);
    let held = samples::held();
    golden("held-with-workflows.md", &markdown::report(&held, &surroundings));
    golden("promoted-with-workflows.md", &markdown::report(&samples::promoted(), &surroundings));
}

#[test]
fn lines_come_once_however_often_they_are_asked_for() {
    let journal = samples::rolled_back();
    let mut console = Console::new(true, false);
    let mut grown = Journal { release: journal.release.clone(), entries: Vec::new() };
    let mut text = String::new();
    for entry in &journal.entries {
        grown.entries.push(entry.clone());
        text += &console.next(&grown);
        text += &console.next(&grown);
    }
    text += &console.end(&grown);
    assert_eq!(text, Console::new(true, false).end(&journal));
}

#[test]
fn json_lines_read_back_as_the_journal() {
    let journal = samples::stuck();
    let lines = json_lines(&journal, 0);
    let entries: Vec<Entry> = lines.lines().skip(1).map(|line| serde_json::from_str(line).expect("an entry")).collect();
    let release: Release = serde_json::from_str(lines.lines().next().expect("a line")).expect("the release");
    assert_eq!(Journal { release, entries }, journal);
    assert_eq!(json_lines(&journal, journal.entries.len()), "");
}
