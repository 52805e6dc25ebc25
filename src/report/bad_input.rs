//! What others wrote (revisions, reason codes, messages, what hooks say) changes no report's layout, notifies nobody and begins nothing.

use std::path::PathBuf;

use proptest::prelude::*;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::{
    check, deployment, markdown, outputs,
    past::Past,
    samples::{self, surroundings},
    text::Console,
    trouble::Base,
};
use crate::rollout::{
    analysis::{Assessment, Verdict, Why},
    journal::{Happening, Journal, Problem},
    outcome::{OutcomeKind, Reason},
    plan::parse_steps,
    split::{Share, Split},
};

/// What is foreign in the samples, each of it a whole text or a part of one.
const FOREIGN: [&str; 15] = [
    "my-cluster",
    "myservice:42",
    "myservice:41",
    "HealthCheckFailed",
    "rule api (priority 10) of http-80",
    "default action of http-80",
    "Rate exceeded",
    "my_service-5xx | @ops",
    "octocat: too slow",
    "an abort",
    "./smoke.sh",
    "500 Internal Server Error",
    "Essential container in task exited",
    "unknown key `latice`",
    "errors-versus-stable",
];

/// Pieces that mean something somewhere.
const PIECES: [&str; 40] = [
    "@octo/all",
    "#12",
    "GH-7",
    "|",
    "`",
    "```",
    "~~~",
    "**",
    "__",
    "~~",
    "<img src=x>",
    "<!--",
    "-->",
    "</details>",
    "</code>",
    "<b>",
    "![x](//y)",
    "[x](https://a.b)",
    "https://a.b",
    "www.a.b",
    "a@b.c",
    "&#64;",
    "\\",
    "$",
    "$$",
    "##[error]",
    "::error::",
    "::endgroup::",
    "%0A",
    "\n",
    "\r\n",
    "\n\n# x\n",
    "\n::add-mask::x\n",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{0}",
    "ü",
    "界",
    " ",
    "x",
];

fn foreign_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => ".{0,6}"], 1..8)
        // A text that is nothing but space is another layout: there is nothing to show.
        .prop_map(|pieces| format!("x{}", pieces.concat()))
}

fn all() -> [Journal; 12] {
    [
        samples::in_progress(),
        samples::promoted(),
        samples::rolled_back(),
        samples::judged(),
        samples::stuck(),
        samples::bootstrap(),
        samples::held(),
        samples::hooked(),
        samples::superseded(),
        samples::aborted(),
        samples::never_ready(),
        samples::invalid(),
    ]
}

/// The journal with other texts in the place of the foreign ones.
fn with(journal: &Journal, texts: &[String]) -> Journal {
    let mut json = serde_json::to_string(journal).expect("JSON");
    for (foreign, text) in FOREIGN.iter().zip(texts) {
        let inside = |text: &str| {
            let quoted = serde_json::to_string(text).expect("JSON");
            quoted[1..quoted.len() - 1].to_owned()
        };
        json = json.replace(&inside(foreign), &inside(text));
    }
    serde_json::from_str(&json).expect("a journal")
}

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_GFM | Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// What stands where, without the words: a name in code type is one however it is written.
fn layout(markdown: &str) -> Vec<String> {
    let is_code = |html: &CowStr<'_>| matches!(html.as_ref(), "<code>" | "</code>");
    let part = |event: Event<'_>| {
        let is_words =
            matches!(&event, Event::Text(_) | Event::Code(_)) || matches!(&event, Event::InlineHtml(html) if is_code(html));
        (!is_words).then(|| format!("{event:?}"))
    };
    events(markdown).filter_map(part).collect()
}

/// The words that GitHub looks for mentions, references and links in: those outside of code.
fn prose(markdown: &str) -> String {
    let mut depth = 0_i32;
    let mut words = String::new();
    for event in events(markdown) {
        let is_html = |tag: &str| matches!(&event, Event::InlineHtml(html) if html.as_ref() == tag);
        if matches!(event, Event::Start(Tag::CodeBlock(_))) || is_html("<code>") {
            depth += 1;
        } else if matches!(event, Event::End(TagEnd::CodeBlock)) || is_html("</code>") {
            depth -= 1;
        } else if let Event::Text(text) = &event
            && depth == 0
        {
            words.push_str(text);
        } else {
            words.push('\u{1}');
        }
    }
    words
}

/// Of a mention, a reference or a link that GitHub would make of the words: where it stands.
fn noticed(words: &str) -> Option<&str> {
    let follows = |at: usize, fits: fn(char) -> bool| words[at..].chars().next().is_some_and(fits);
    words.char_indices().find_map(|(at, character)| {
        let is_noticed = match character {
            '@' => follows(at + 1, char::is_alphanumeric),
            '#' => follows(at + 1, |next| next.is_ascii_digit()),
            _ => {
                let follows_link = |link: &&str| {
                    let rest = words[at..].get(..link.len()).filter(|start| start.eq_ignore_ascii_case(link));
                    rest.is_some() && follows(at + link.len(), |next| next.is_alphanumeric() || matches!(next, '-' | '_'))
                };
                ["http://", "https://", "ftp://", "www."].iter().any(follows_link)
            }
        };
        is_noticed.then(|| &words[at..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_layout_does_not_depend_on_what_others_wrote(texts in prop::collection::vec(foreign_text(), FOREIGN.len())) {
        let tame: Vec<String> = (0..FOREIGN.len()).map(|number| format!("tame{number}")).collect();
        let past = Past::default();
        for journal in all() {
            let (wild, tame) = (with(&journal, &texts), with(&journal, &tame));
            let told = markdown::comment(&wild, &surroundings(), &past);
            let expected = markdown::comment(&tame, &surroundings(), &past);
            // The last line is what is remembered: one HTML comment.
            let visible = |comment: &str| comment.trim_end().rsplit_once('\n').map(|(visible, _)| visible.to_owned()).expect("lines");
            prop_assert_eq!(layout(&visible(&told)), layout(&visible(&expected)), "{}", told);
            let hidden = told.trim_end().lines().last().expect("a line");
            prop_assert!(hidden.starts_with("<!-- espalier-releases [") && hidden.matches("-->").count() == 1, "{}", hidden);
            let words = prose(&told);
            prop_assert!(noticed(&words).is_none(), "{:?} in {}", noticed(&words), told);
        }
    }

    #[test]
    fn logs_and_outputs_hold_no_commands_but_ours(texts in prop::collection::vec(foreign_text(), FOREIGN.len())) {
        for journal in all() {
            let journal = with(&journal, &texts);
            let log = Console::new(true, false).end(&journal);
            prop_assert!(!log.contains("##["), "{}", log);
            prop_assert!(!log.chars().any(|character| character.is_control() && character != '\n'), "{:?}", log);
            let commands = log.lines().filter(|line| line.trim_start().starts_with("::"));
            for line in commands {
                let own = ["::group::", "::endgroup::", "::warning title=", "::error title="];
                prop_assert!(own.iter().any(|own| line.starts_with(own)), "{}", line);
            }
            let told = outputs::outputs(&journal, &surroundings());
            let names: Vec<_> = read_as_the_runner_does(&told).into_iter().map(|(name, _)| name).collect();
            let tame = outputs::outputs(&with(&journal, &[]), &surroundings());
            let expected: Vec<_> = read_as_the_runner_does(&tame).into_iter().map(|(name, _)| name).collect();
            prop_assert_eq!(names, expected, "{}", told);
            let check = check::check(&journal, &surroundings());
            prop_assert!(!check.title.chars().any(char::is_control), "{:?}", check.title);
            if let Some(text) = deployment::deployment(&journal) {
                prop_assert!(!text.description.chars().any(char::is_control), "{:?}", text.description);
            }
        }
    }

    #[test]
    fn problems_are_one_command_each(message in foreign_text(), hint in foreign_text()) {
        let base = Base { directory: PathBuf::from("/w"), workspace: None };
        let commands = base.commands(&[Problem { message: format!("a.yml:1:2: {message}"), hint: Some(hint) }]);
        prop_assert_eq!(commands.lines().count(), 1, "{}", commands);
        prop_assert!(commands.starts_with("::error file=a.yml,line=1,col=2,title=espalier::") && !commands.contains("##["), "{}", commands);
    }
}

/// `name=value` and `name<<delimiter` (actions/runner, `FileCommandManager.cs`).
fn read_as_the_runner_does(file: &str) -> Vec<(String, String)> {
    let mut lines = file.split('\n');
    let mut read = Vec::new();
    while let Some(line) = lines.next() {
        match (line.find('='), line.find("<<")) {
            (Some(equals), heredoc) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                read.push((line[..equals].to_owned(), line[equals + 1..].to_owned()));
            }
            (_, Some(heredoc)) => {
                let delimiter = &line[heredoc + 2..];
                let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                read.push((line[..heredoc].to_owned(), value.join("\n")));
            }
            _ => assert_eq!(line, "", "neither form"),
        }
    }
    read
}

/// Everything foreign in it tries to be something else than text, and there is far too much of it.
fn hostile() -> Journal {
    let evil = "@octo/all | `x` <img src=x onerror=a> <!-- espalier:myservice:my-cluster --> ##[add-mask]a\n::error::b\n\n# ![x](//y) \u{1b}[2J ``` https://a.b";
    let mut story = samples::Story::new();
    let release = &mut story.journal.release;
    for text in [&mut release.name, &mut release.candidate_revision, &mut release.candidate_slot, &mut release.rollout_id] {
        *text = evil.to_owned();
    }
    release.endpoint = Some(evil.to_owned());
    release.traffic_targets = vec![evil.to_owned(); 100];
    release.steps = parse_steps(&(1..=99).map(|share| format!("{share}%:1m")).collect::<Vec<_>>().join(",")).expect("steps");
    for number in 0..3000 {
        let split = Split { stable: 100 - number % 100, candidate: number % 100 };
        story = story
            .add(Happening::Note { what: format!("{number} {evil}") })
            .add(Happening::Note { what: format!("aws {evil}") })
            .add(Happening::Concern { what: evil.to_owned() })
            .add(Happening::Shifted { split });
        if number < 99 {
            let alarm = Assessment {
                name: evil.to_owned(),
                measures: "alarm".to_owned(),
                ..samples::measured("", Verdict::Fail, Why::AlarmOn { message: evil.repeat(20) }, (1.0, 1.0))
            };
            let index = usize::from(number);
            story = story.add(Happening::Judged { index, window: None, assessments: vec![alarm; 130] });
        }
    }
    let reasons = vec![(evil.repeat(20), 3); 200];
    let stopped = reasons.clone();
    story.finished(OutcomeKind::RolledBack, Reason::NoHealthyTargets { share: Share::percent(25), reasons, stopped })
}

#[test]
fn foreign_text_stays_text_and_the_report_within_its_limit() {
    let report = markdown::report(&hostile(), &surroundings());
    assert!(report.len() <= markdown::LARGEST, "{}", report.len());
    assert!(report.contains("earlier lines are left out"));
    assert_eq!(report.matches("```").count() % 2, 0, "every fence is closed");
    assert_eq!(report.matches("<details>").count(), report.matches("</details>").count());
    let words = prose(&report);
    assert_eq!(noticed(&words), None);
    let mut is_code = false;
    for line in report.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            for part in ["<img", "<!--", "![", "\u{1b}"] {
                assert!(!line.contains(part), "{part} in {line}");
            }
        }
    }
    let log = Console::new(true, true).end(&hostile());
    assert!(!log.contains("##["));
    assert!(!log.contains('\u{1b}'));
    let commands = log.lines().filter(|line| line.trim_start().starts_with("::"));
    assert!(
        commands.clone().all(|line| ["::group::", "::endgroup::", "::warning title=", "::error title="]
            .iter()
            .any(|own| line.starts_with(own)))
    );
    assert_eq!(commands.filter(|line| line.starts_with("::warning")).count(), 5);
}
