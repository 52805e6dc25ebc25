//! Journals for the tests of all reports, and the golden files that they are compared with.

use std::time::Duration;

use super::{
    markdown,
    options::Surroundings,
    text::{Console, json_lines},
};
use crate::{
    rollout::{
        analysis::{Assessment, Number, OnNoData, Unit, Verdict, Why, Window},
        journal::{Entry, Happening, Journal, Release},
        observation::{Side, Tasks},
        outcome::{Outcome, OutcomeKind, Reason},
        plan::parse_steps,
        split::{Share, Split},
    },
    time::Timestamp,
};

/// Builds a journal entry by entry; time goes by between them.
struct Story {
    journal: Journal,
    now: Timestamp,
}

impl Story {
    fn new() -> Self {
        let release = Release {
            rollout_id: "7f3a9c".to_owned(),
            verb: "deploy".to_owned(),
            name: "myservice".to_owned(),
            cluster: Some("my-cluster".to_owned()),
            stable_revision: Some("myservice:41".to_owned()),
            candidate_revision: "myservice:42".to_owned(),
            stable_slot: "a".to_owned(),
            candidate_slot: "b".to_owned(),
            traffic_targets: vec!["rule api (priority 10) of http-80".to_owned(), "default action of http-80".to_owned()],
            steps: parse_steps("5%:2m,25%:5m,100%:10m").expect("steps"),
            settle: Duration::from_secs(90),
            endpoint: Some("http://127.0.0.1:4566".to_owned()),
        };
        Self { journal: Journal { release, entries: Vec::new() }, now: Timestamp::from_secs(1_795_312_800) }
    }

    fn after(mut self, seconds: u64) -> Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }

    fn add(mut self, event: Happening) -> Self {
        self.journal.entries.push(Entry { at: self.now, event });
        self
    }

    fn prepared(self) -> Self {
        self.add(Happening::Claimed)
            .after(2)
            .add(Happening::Prepared { what: "registered task definition myservice:42".to_owned() })
            .add(Happening::Prepared { what: "put myservice-b into rule api (priority 10) of http-80 at weight 0".to_owned() })
            .after(3)
            .add(Happening::Launching { wanted: 3 })
            .after(40)
            .add(Happening::Ready { healthy: 3 })
    }

    fn observed(self, share: u32, healthy: u32) -> Self {
        let reasons = if healthy < 3 { vec![("HealthCheckFailed".to_owned(), 3 - healthy)] } else { Vec::new() };
        let tasks = |desired| Some(Tasks { desired, running: desired, current: desired, ..Tasks::default() });
        self.add(Happening::Observed {
            share: Share::percent(share),
            stable: Some(Side { healthy: 3, tasks: tasks(3), ..Side::default() }),
            candidate: Side { healthy, unhealthy: 3 - healthy, reasons, tasks: tasks(3), ..Side::default() },
        })
    }

    fn step(self, index: usize, share: u32) -> Self {
        let split = Split::for_share(Share::percent(share)).expect("a split");
        self.add(Happening::StepBegun { index, share: Share::percent(share) })
            .after(1)
            .add(Happening::Shifted { split })
            .after(90)
            .add(Happening::Settled { index })
            .after(15)
            .observed(share, 3)
            .after(15)
            .observed(share, 3)
    }

    fn passed(self, index: usize, share: u32, bake: u64) -> Self {
        self.step(index, share).after(bake - 30).observed(share, 3).add(Happening::StepPassed { index })
    }

    fn finished(mut self, kind: OutcomeKind, reason: Reason) -> Journal {
        self = self.add(Happening::Finished { outcome: Outcome { kind, reason } });
        self.journal
    }
}

pub(super) fn surroundings() -> Surroundings {
    Surroundings {
        run_url: Some("https://github.com/octo/app/actions/runs/99/attempts/1".to_owned()),
        commit: Some("4f2b8c1d9e".to_owned()),
        commit_url: Some("https://github.com/octo/app/commit/4f2b8c1d9e".to_owned()),
        pull_request: Some(42),
        abort_command: "espalier abort --cluster my-cluster --service myservice".to_owned(),
        rollback_command: "espalier rollback --cluster my-cluster --service myservice".to_owned(),
        ..Surroundings::default()
    }
}

pub(super) fn in_progress() -> Journal {
    Story::new().prepared().passed(0, 5, 120).step(1, 25).journal
}

pub(super) fn promoted() -> Journal {
    let mut story = Story::new().prepared().passed(0, 5, 120).passed(1, 25, 300).passed(2, 100, 600);
    story.journal.release.endpoint = None;
    story
        .add(Happening::Promoted)
        .after(600)
        .add(Happening::Retiring { ecs_service: "myservice".to_owned() })
        .after(60)
        .add(Happening::Retired { ecs_service: "myservice".to_owned() })
        .finished(OutcomeKind::Promoted, Reason::StepsPassed)
}

fn no_healthy_targets() -> Reason {
    Reason::NoHealthyTargets { share: Share::percent(25), reasons: vec![("HealthCheckFailed".to_owned(), 3)] }
}

fn turning_back() -> Story {
    Story::new()
        .prepared()
        .passed(0, 5, 120)
        .step(1, 25)
        .after(15)
        .observed(25, 1)
        .add(Happening::Concern { what: "1 of the candidate's 3 targets is healthy, below 80%".to_owned() })
        .after(15)
        .observed(25, 0)
        .add(Happening::RollingBack { reason: no_healthy_targets() })
}

pub(super) fn rolled_back() -> Journal {
    turning_back()
        .after(1)
        .add(Happening::Restored)
        .after(5)
        .add(Happening::Retiring { ecs_service: "myservice-green".to_owned() })
        .after(40)
        .add(Happening::Retired { ecs_service: "myservice-green".to_owned() })
        .finished(OutcomeKind::RolledBack, no_healthy_targets())
}

fn measured(name: &str, verdict: Verdict, why: Why, (candidate, stable): (f64, f64)) -> Assessment {
    let is_rate = name.starts_with("errors");
    Assessment {
        name: name.to_owned(),
        measures: if is_rate { "error-rate" } else { "request-time p99" }.to_owned(),
        unit: if is_rate { Unit::Rate } else { Unit::Milliseconds },
        verdict,
        why,
        candidate: Number::new(candidate),
        stable: Number::new(stable),
        stable_is_last: false,
        stable_age: None,
        requests: Some(610),
        limits: if is_rate { "at most 1%" } else { "at most 800ms" }.to_owned(),
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

/// Judged by metrics and an alarm at each minute of its second step, and condemned.
pub(super) fn judged() -> Journal {
    let minute = |number: u64| Timestamp::from_secs(1_795_313_100 + 60 * number);
    let alarm = Assessment {
        name: "my_service-5xx | @ops".to_owned(),
        measures: "alarm".to_owned(),
        unit: Unit::Plain,
        requests: None,
        limits: String::new(),
        ..measured("", Verdict::Pass, Why::AlarmOff, (f64::NAN, f64::NAN))
    };
    let judged = |index, until, assessments: Vec<Assessment>| Happening::Judged {
        index,
        window: Some(Window { from: minute(0), until: minute(until) }),
        assessments,
    };
    let good = vec![
        measured("errors", Verdict::Pass, Why::Within, (0.0021, 0.0018)),
        measured("errors-versus-stable", Verdict::Inconclusive, Why::NotEnough { missing: Some(1240) }, (0.0021, 0.0018)),
        Assessment { report_only: true, ..measured("latency", Verdict::Pass, Why::Within, (142.0, 120.0)) },
        alarm.clone(),
    ];
    let limit = Number::new(0.01).expect("finite");
    let found = Number::new(0.031).expect("finite");
    let bad = measured("errors", Verdict::Fail, Why::Above { found, limit }, (0.031, 0.0019));
    let reason = Reason::AnalysisFailed {
        share: Share::percent(25),
        window: Some(Window { from: minute(0), until: minute(2) }),
        failed: vec![bad.clone()],
    };
    Story::new()
        .prepared()
        .passed(0, 5, 120)
        .step(1, 25)
        .after(60)
        .add(judged(1, 1, good.clone()))
        .after(60)
        .add(judged(1, 2, [vec![bad], good[1..].to_vec()].concat()))
        .add(Happening::RollingBack { reason: reason.clone() })
        .after(1)
        .add(Happening::Restored)
        .finished(OutcomeKind::RolledBack, reason)
}

pub(super) fn stuck() -> Journal {
    turning_back()
        .after(2)
        .add(Happening::Retrying { doing: "restoring rule api".to_owned(), message: "ThrottlingException: Rate exceeded".to_owned() })
        .after(300)
        .add(Happening::Note { what: "the rule said myservice-a 75, myservice-b 25 when it was last read".to_owned() })
        .add(Happening::Note {
            what: "aws vpc-lattice update-rule --service-identifier svc-0a --listener-identifier listener-0b --rule-identifier rule-0c \
                   --action '{\"forward\":{\"targetGroups\":[{\"targetGroupIdentifier\":\"tg-0d\",\"weight\":100}]}}'"
                .to_owned(),
        })
        .finished(
            OutcomeKind::Stuck,
            Reason::NotRestored { message: "ThrottlingException: Rate exceeded".to_owned(), cause: Box::new(no_healthy_targets()) },
        )
}

pub(super) fn bootstrap() -> Journal {
    let mut story = Story::new();
    story.journal.release.stable_revision = None;
    story.journal.release.candidate_revision = "myservice:1".to_owned();
    story.journal.release.steps.clear();
    story.journal.release.candidate_slot = "a".to_owned();
    story
        .add(Happening::Claimed)
        .add(Happening::Launching { wanted: 3 })
        .after(1)
        .add(Happening::Shifted { split: Split::CANDIDATE })
        .after(45)
        .add(Happening::Ready { healthy: 3 })
        .add(Happening::Promoted)
        .finished(OutcomeKind::Promoted, Reason::FirstRevisionHealthy)
}

pub(super) fn shift() -> Journal {
    let mut story = Story::new();
    let release = &mut story.journal.release;
    release.verb = "shift".to_owned();
    release.name = "lambda-new".to_owned();
    release.cluster = None;
    release.stable_revision = Some("lambda-old".to_owned());
    release.candidate_revision = "lambda-new".to_owned();
    release.stable_slot = "lambda-old".to_owned();
    release.candidate_slot = "lambda-new".to_owned();
    release.steps = parse_steps("50%:1m,100%:1m").expect("steps");
    let unchecked = || Side { healthy: 1, ..Side::default() };
    let seen = |share| Happening::Observed { share: Share::percent(share), stable: Some(unchecked()), candidate: unchecked() };
    story
        .add(Happening::Claimed)
        .add(Happening::StepBegun { index: 0, share: Share::percent(50) })
        .add(Happening::Shifted { split: Split { stable: 50, candidate: 50 } })
        .after(150)
        .add(seen(50))
        .add(Happening::StepPassed { index: 0 })
        .add(Happening::StepBegun { index: 1, share: Share::FULL })
        .add(Happening::Shifted { split: Split::CANDIDATE })
        .after(150)
        .add(seen(100))
        .add(Happening::StepPassed { index: 1 })
        .add(Happening::Promoted)
        .finished(OutcomeKind::Promoted, Reason::StepsPassed)
}

/// Everything foreign in it tries to be something else than text, and there is far too much of it.
fn hostile() -> Journal {
    let evil = "@octo/all | `x` <img src=x onerror=a> <!-- espalier:myservice:my-cluster --> ##[add-mask]a\n::error::b\n\n# ![x](//y) \u{1b}[2J ``` https://a.b";
    let mut story = Story::new();
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
                ..measured("", Verdict::Fail, Why::AlarmOn { message: evil.repeat(20) }, (1.0, 1.0))
            };
            let index = usize::from(number);
            story = story.add(Happening::Judged { index, window: None, assessments: vec![alarm; 130] });
        }
    }
    let reasons = vec![(evil.repeat(20), 3); 200];
    story.finished(OutcomeKind::RolledBack, Reason::NoHealthyTargets { share: Share::percent(25), reasons })
}

fn golden(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../../tests/fixtures/reports", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.to_owned(), text);
    });
}

#[test]
fn the_reports_read_as_they_should() {
    let stories = [
        ("in-progress", in_progress()),
        ("promoted", promoted()),
        ("rolled-back", rolled_back()),
        ("judged", judged()),
        ("stuck", stuck()),
        ("bootstrap", bootstrap()),
        ("shift", shift()),
    ];
    for (name, journal) in stories {
        golden(&format!("{name}.md"), &markdown::report(&journal, &surroundings()));
        golden(&format!("{name}.log"), &Console::new(false, false).end(&journal));
    }
    golden("rolled-back.actions", &Console::new(true, true).end(&rolled_back()));
    golden("rolled-back.jsonl", &json_lines(&rolled_back(), 0));
}

#[test]
fn lines_come_once_however_often_they_are_asked_for() {
    let journal = rolled_back();
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
    let journal = stuck();
    let lines = json_lines(&journal, 0);
    let entries: Vec<Entry> = lines.lines().skip(1).map(|line| serde_json::from_str(line).expect("an entry")).collect();
    let release: Release = serde_json::from_str(lines.lines().next().expect("a line")).expect("the release");
    assert_eq!(Journal { release, entries }, journal);
    assert_eq!(json_lines(&journal, journal.entries.len()), "");
}

#[test]
fn foreign_text_stays_text_and_the_report_within_its_limit() {
    let report = markdown::report(&hostile(), &surroundings());
    assert!(report.len() <= markdown::LARGEST, "{}", report.len());
    assert!(report.contains("earlier lines are left out"));
    assert_eq!(report.matches("```").count() % 2, 0, "every fence is closed");
    assert_eq!(report.matches("<details>").count(), report.matches("</details>").count());
    let mut is_code = false;
    for line in report.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            for part in ["<img", "<!--", "![", "@octo", "https://a.b", "\u{1b}"] {
                assert!(!line.contains(part) || line.contains("<code>@octo"), "{part} in {line}");
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
