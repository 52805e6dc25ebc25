//! Journals for the tests of all reports.

use std::time::Duration;

use super::options::Surroundings;
use crate::{
    rollout::{
        analysis::{Assessment, Number, OnNoData, Unit, Verdict, Why, Window},
        hooks::{HookFailure, Point},
        journal::{Entry, Happening, Journal, Problem, Release},
        observation::{Side, Tasks},
        outcome::{Outcome, OutcomeKind, Reason},
        plan::{OnTimeout, parse_steps},
        split::{Share, Split},
    },
    time::Timestamp,
};

/// Builds a journal entry by entry; time goes by between them.
pub(super) struct Story {
    pub(super) journal: Journal,
    now: Timestamp,
}

impl Story {
    pub(super) fn new() -> Self {
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
            standing: None,
        };
        Self { journal: Journal { release, entries: Vec::new() }, now: Timestamp::from_secs(1_795_312_800) }
    }

    pub(super) fn after(mut self, seconds: u64) -> Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }

    pub(super) fn add(mut self, event: Happening) -> Self {
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

    pub(super) fn observed(self, share: u32, healthy: u32) -> Self {
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

    pub(super) fn passed(self, index: usize, share: u32, bake: u64) -> Self {
        self.step(index, share).after(bake - 30).observed(share, 3).add(Happening::StepPassed { index })
    }

    pub(super) fn finished(mut self, kind: OutcomeKind, reason: Reason) -> Journal {
        self = self.add(Happening::Finished { outcome: Outcome { kind, reason } });
        self.journal
    }
}

pub(super) fn surroundings() -> Surroundings {
    Surroundings {
        run_url: Some("https://github.com/octo/app/actions/runs/99/attempts/1".to_owned()),
        commit: Some("4f2b8c1d9e".to_owned()),
        repository_url: Some("https://github.com/octo/app".to_owned()),
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
    Reason::NoHealthyTargets {
        share: Share::percent(25),
        reasons: vec![("HealthCheckFailed".to_owned(), 3)],
        stopped: Vec::new(),
    }
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

pub(super) fn measured(name: &str, verdict: Verdict, why: Why, (candidate, stable): (f64, f64)) -> Assessment {
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

/// Held before its second step, with the commands that go on from there.
pub(super) fn held() -> Journal {
    let mut story = Story::new();
    story.journal.release.steps = parse_steps("5%:2m,hold:4h,100%:10m").expect("steps");
    let target =
        "--traffic-target arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-0a/listener/listener-0b --rollout-id 7f3a9c";
    let until = story.now + Duration::from_secs(4 * 3600);
    let note = |what: String| Happening::Note { what };
    story
        .prepared()
        .passed(0, 5, 120)
        .add(note(format!("espalier promote {target} --step 2")))
        .add(note(format!("espalier abort {target}")))
        .finished(
            OutcomeKind::Held,
            Reason::Hold { step: 2, steps: 2, share: Share::FULL, until, on_timeout: OnTimeout::Rollback, judged: false },
        )
}

/// Two hooks, the second of which fails.
pub(super) fn hooked() -> Journal {
    let begun = |hook, step, what: &str| Happening::HookBegun { hook, step, what: what.to_owned() };
    let ended = |hook, step, failure, tail: &[&str]| Happening::HookEnded {
        hook,
        step,
        failure,
        took: Duration::from_secs(4),
        tail: tail.iter().map(|line| (*line).to_owned()).collect(),
    };
    let failure = HookFailure::Exited { exit: Some(7), why: None };
    let reason = Reason::HookFailed { hook: Point::AfterStep, failure: failure.clone() };
    Story::new()
        .prepared()
        .add(begun(Point::BeforeShift, Some(0), "./smoke.sh"))
        .after(4)
        .add(ended(Point::BeforeShift, Some(0), None, &["ok"]))
        .passed(0, 5, 120)
        .add(begun(Point::AfterStep, Some(0), "task myservice:42: ./probe"))
        .after(4)
        .add(ended(Point::AfterStep, Some(0), Some(failure), &["GET /orders", "500 Internal Server Error"]))
        .add(Happening::RollingBack { reason: reason.clone() })
        .after(1)
        .add(Happening::Restored)
        .finished(OutcomeKind::RolledBack, reason)
}

pub(super) fn unchanged() -> Journal {
    let mut story = Story::new();
    story.journal.release.rollout_id = String::new();
    story.journal.release.candidate_revision = "myservice:41".to_owned();
    story.finished(OutcomeKind::Unchanged, Reason::NothingChanged)
}

pub(super) fn superseded() -> Journal {
    let by = "an abort".to_owned();
    Story::new().prepared().step(0, 5).finished(OutcomeKind::Superseded, Reason::TakenOver { by })
}

pub(super) fn aborted() -> Journal {
    let reason = Reason::Aborted { by: "octocat: too slow".to_owned() };
    let story = Story::new().prepared().step(0, 5).add(Happening::RollingBack { reason: reason.clone() });
    story.after(1).add(Happening::Restored).finished(OutcomeKind::RolledBack, reason)
}

/// A candidate whose tasks stop one after the other.
pub(super) fn never_ready() -> Journal {
    let stopped = vec![("Essential container in task exited (web: exit code 137, OutOfMemoryError)".to_owned(), 4)];
    let reason = Reason::NotReady { healthy: 0, wanted: 3, waited: Duration::from_secs(600), stopped: stopped.clone() };
    let tasks = Tasks { desired: 3, stopped, ..Tasks::default() };
    Story::new()
        .add(Happening::Claimed)
        .add(Happening::Launching { wanted: 3 })
        .after(600)
        .add(Happening::Observed {
            share: Share::ZERO,
            stable: Some(Side { healthy: 3, ..Side::default() }),
            candidate: Side { initial: 1, tasks: Some(tasks), ..Side::default() },
        })
        .add(Happening::RollingBack { reason: reason.clone() })
        .after(1)
        .add(Happening::Restored)
        .finished(OutcomeKind::RolledBack, reason)
}

/// Nothing is known of it but what is to be released.
pub(super) fn opened() -> Journal {
    let release = Release {
        verb: "deploy".to_owned(),
        name: "myservice".to_owned(),
        cluster: Some("my-cluster".to_owned()),
        ..Release::default()
    };
    Journal { release, entries: Vec::new() }
}

/// It came to nothing: the config has mistakes.
pub(super) fn invalid() -> Journal {
    let problem = |message: &str, hint: &str| Problem { message: message.to_owned(), hint: Some(hint.to_owned()) };
    let problems = vec![
        problem("deploy/espalier.yml:3:1: unknown key `latice`", "did you mean `lattice`?"),
        problem("--port-name: no port mapping in deploy/task.json has the name `grpc`", "the names there are: `http`"),
        problem("no AWS credentials", "add to the job:\npermissions:\n  id-token: write"),
    ];
    let broken_off = Happening::BrokenOff { exit: 2, cancelled: false, problems };
    let at = Timestamp::from_secs(1_795_312_800);
    Journal { entries: vec![Entry { at, event: broken_off }], ..opened() }
}
