//! Rollouts that metrics judge; tests named after other tools are the hazards of theirs that concern metrics.

use std::time::Duration;

use super::{
    Desired, Effect, Ending, Event, GoOn, Rollout,
    adversary::{plan, rollout, run},
    adversary_world::{ALL, Metrics, World},
};
use crate::{
    rollout::{
        analysis::{Analysis, Margin, Metric, Number, OnNoData, Source, Verdict, Why},
        hooks::{Hook, Point},
        journal::{Entry, Happening, Release},
        outcome::{Outcome, OutcomeKind, Reason},
        plan::{Hold, OnCancel, OnDrift, OnTimeout},
        split::Share,
    },
    time::Timestamp,
};

const LAG: Duration = Duration::from_secs(120);

fn errors() -> Metric {
    Metric {
        name: "errors".to_owned(),
        source: Source::ErrorRate,
        max: Number::new(0.01),
        min: None,
        versus: None,
        confidence: Share::percent(95),
        min_requests: 100,
        failures: None,
        consecutive: None,
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

fn judged_by(metric: Metric, world: &World) -> Rollout {
    judged_for(Duration::from_secs(60), metric, world)
}

fn judged_for(bake: Duration, metric: Metric, world: &World) -> Rollout {
    let mut plan = plan(OnDrift::Stop, OnCancel::Rollback);
    for step in &mut plan.steps {
        (step.lag, step.bake) = (LAG, bake);
        if metric.report_only {
            step.bake = LAG * 3;
        }
    }
    let analysis = Analysis { metrics: vec![metric], lag: LAG, ..Analysis::default() };
    rollout(world, plan, true).analysed(analysis)
}

/// Lets it run, `meddle` having a hand in the world before each effect, and gives its journal.
fn told(metric: Metric, meddle: impl FnMut(&mut World, &Rollout)) -> (Outcome, Vec<Entry>, World) {
    let world = World::new(false);
    let rollout = judged_by(metric, &world);
    told_of(rollout, world, meddle)
}

fn told_of(mut rollout: Rollout, mut world: World, mut meddle: impl FnMut(&mut World, &Rollout)) -> (Outcome, Vec<Entry>, World) {
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    for _ in 0..4000 {
        if let Effect::Finish(ending) = effect {
            let Ending::Outcome(outcome) = ending else { panic!("{ending:?}") };
            return (outcome, rollout.journal().entries.clone(), world);
        }
        meddle(&mut world, &rollout);
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    panic!("no end");
}

fn when(entries: &[Entry], is: impl Fn(&Happening) -> bool) -> Vec<Timestamp> {
    entries.iter().filter(|entry| is(&entry.event)).map(|entry| entry.at).collect()
}

#[test]
fn a_pass_waits_until_the_window_covers_the_bake() {
    let (outcome, entries, _) = told(errors(), |_, _| {});
    assert_eq!(outcome.kind, OutcomeKind::Promoted);
    let settled = when(&entries, |event| matches!(event, Happening::Settled { .. }));
    let passed = when(&entries, |event| matches!(event, Happening::StepPassed { .. }));
    assert_eq!((settled.len(), passed.len()), (3, 3));
    for (settled, passed) in settled.into_iter().zip(passed) {
        // A bake of a minute, as whole minutes, and then what metrics are late.
        assert!(passed.since(settled) >= Duration::from_secs(60) + LAG, "{settled} {passed}");
        assert!(passed.since(settled) <= Duration::from_secs(180) + LAG, "{settled} {passed}");
    }
    let judged = entries.iter().filter_map(|entry| {
        if let Happening::Judged { assessments, window: Some(_), .. } = &entry.event { Some(assessments) } else { None }
    });
    let judged: Vec<_> = judged.collect();
    assert!(judged.len() >= 3 && judged.iter().all(|all| all.len() == 1 && all[0].verdict == Verdict::Pass), "passing ones too");
}

#[test]
fn flagger_b2_a_fail_never_waits_and_is_acted_on_in_the_same_tick() {
    let mut world = World { metrics: Metrics::Bad, ..World::new(false) };
    let mut rollout = judged_by(errors(), &world);
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    loop {
        let asked = matches!(effect, Effect::Observe(Some(question)) if question.window.is_some());
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
        if asked {
            break;
        }
    }
    assert_eq!(effect, Effect::Write(Desired::BaselineBesideCandidate));
    let settled = when(&rollout.journal().entries, |event| matches!(event, Happening::Settled { .. }));
    assert!(world.now.since(settled[0]) <= Duration::from_secs(150) + LAG, "the first minute condemns it");
    let Some(Happening::RollingBack { reason: Reason::AnalysisFailed { failed, window: Some(window), share } }) = rollout
        .journal()
        .entries
        .iter()
        .rev()
        .map(|entry| &entry.event)
        .find(|event| matches!(event, Happening::RollingBack { .. }))
    else {
        panic!("{:?}", rollout.journal().entries.last())
    };
    assert_eq!((failed.len(), window.length(), *share), (1, 1, Share::percent(5)));
}

/// Seed 501123 of the simulator: a runner that stood still while a step settled opened the window when it woke, and the minutes that
/// condemned the candidate were before it.
#[test]
fn the_window_opens_when_settle_ends_also_where_that_is_noticed_late() {
    let mut world = World { metrics: Metrics::Bad, ..World::new(false) };
    let mut rollout = judged_by(errors(), &world);
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    while world.candidate_weight() == 0 || !matches!(effect, Effect::WaitUntil(_)) {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    let event = world.carry_out(&effect);
    world.now = world.now + Duration::from_secs(600);
    let woke = world.now;
    effect = rollout.handle(world.now, event).expect("in place");
    while effect != Effect::Write(Desired::BaselineBesideCandidate) {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    assert!(world.now.since(woke) <= rollout.record().plan.interval, "{:?}", world.now.since(woke));
}

#[test]
fn flagger_b11_c14_a_metrics_outage_is_not_a_failure() {
    // It ends in time.
    let until = Timestamp::from_secs(1_800_000_000 + 900);
    let (outcome, entries, _) = told(errors(), |world, _| {
        world.metrics = if world.now < until { Metrics::Out } else { Metrics::Good };
    });
    assert_eq!(outcome.kind, OutcomeKind::Promoted);
    let said = when(&entries, |event| matches!(event, Happening::Concern { what } if what.starts_with("metrics cannot be read")));
    assert_eq!(said.len(), 1, "once");
    assert_eq!(when(&entries, |event| matches!(event, Happening::Note { what } if what.contains("again"))).len(), 1);
    // It does not, whatever missing data means.
    for on_no_data in [OnNoData::Extend, OnNoData::Pass, OnNoData::Fail] {
        let (outcome, entries, world) = told(Metric { on_no_data, ..errors() }, |world, _| world.metrics = Metrics::Out);
        let Reason::Inconclusive { missing, timeout } = &outcome.reason else { panic!("{outcome:?}") };
        assert!(missing[0].contains("cannot be read (GetMetricData: InternalFailure)"), "{missing:?}");
        let took = entries.last().expect("an end").at.since(entries[0].at);
        assert!(outcome.kind == OutcomeKind::RolledBack && took >= *timeout && world.candidate_weight() == 0);
    }
}

#[test]
fn harness_2_no_data_extends_until_the_deadline_and_says_what_is_missing() {
    let (outcome, entries, _) = told(errors(), |world, _| world.metrics = Metrics::Silent);
    let Reason::Inconclusive { missing, .. } = &outcome.reason else { panic!("{outcome:?}") };
    assert_eq!((outcome.kind, missing.as_slice()), (OutcomeKind::RolledBack, &["errors (nothing was measured)".to_owned()][..]));
    let extended = when(&entries, |event| matches!(event, Happening::Concern { what } if what.contains("goes on being watched")));
    assert_eq!(extended.len(), 1);
}

/// There it is successful when it is ended without a measurement.
#[test]
fn argo_a2_an_analysis_that_never_measured_anything_has_not_passed() {
    let (outcome, entries, world) = told(errors(), |world, _| world.metrics = Metrics::Silent);
    assert_eq!((outcome.kind, world.candidate_weight()), (OutcomeKind::RolledBack, 0), "{outcome:?}");
    assert!(when(&entries, |event| matches!(event, Happening::StepPassed { .. })).is_empty(), "no step passes");
    let passed =
        |event: &Happening| matches!(event, Happening::Judged { assessments, .. } if assessments[0].verdict == Verdict::Pass);
    assert!(when(&entries, passed).is_empty(), "and nothing is said to have");
}

/// Metrics that come later than they are taken to, or not any more: the minutes that were seen do not pass those that were not.
#[test]
fn c15_the_last_minutes_have_to_be_counted_before_a_step_passes() {
    let bake = Duration::from_secs(300);
    let promoted = |on_no_data, late: Option<Duration>| {
        let world = World::new(false);
        let rollout = judged_for(bake, Metric { on_no_data, min_requests: 0, ..errors() }, &world);
        let (outcome, entries, _) = told_of(rollout, world, |world, rollout| {
            let settled = when(&rollout.journal().entries, |event| matches!(event, Happening::Settled { .. }));
            world.metrics_until = match late {
                Some(late) => Some(Timestamp::from_secs(world.now.as_secs() - late.as_secs())),
                // Of each step the first minutes alone.
                None => settled.last().map(|settled| *settled + Duration::from_secs(150)),
            };
        });
        let settled = when(&entries, |event| matches!(event, Happening::Settled { .. }));
        let passed = when(&entries, |event| matches!(event, Happening::StepPassed { .. }));
        let extends = "goes on being watched: the metrics of its last minutes are not in yet";
        let extended = when(&entries, |event| matches!(event, Happening::Concern { what } if what.contains(extends)));
        (outcome, passed.first().map(|passed| passed.since(settled[0])), extended.len())
    };
    let (outcome, _, extended) = promoted(OnNoData::Extend, None);
    assert!(matches!(outcome.reason, Reason::Inconclusive { .. }) && extended == 1, "{outcome:?}");
    assert_eq!(promoted(OnNoData::Pass, None).0.kind, OutcomeKind::Promoted, "the user says so");
    let (outcome, took, _) = promoted(OnNoData::Extend, Some(LAG * 3));
    assert_eq!(outcome.kind, OutcomeKind::Promoted);
    // All of its last minute is late.
    assert!(took.expect("it passes") >= bake + LAG * 3 - Duration::from_secs(60), "{took:?}");
}

#[test]
fn what_missing_data_means_is_the_users_choice() {
    let silent = |on_no_data| told(Metric { on_no_data, ..errors() }, |world, _| world.metrics = Metrics::Silent).0;
    assert_eq!(silent(OnNoData::Pass).kind, OutcomeKind::Promoted);
    let failed = silent(OnNoData::Fail);
    assert!(matches!(failed.reason, Reason::AnalysisFailed { window: Some(_), .. }), "{failed:?}");
}

#[test]
fn what_is_only_reported_decides_nothing_and_makes_nothing_wait() {
    let (outcome, entries, _) = told(Metric { report_only: true, ..errors() }, |world, _| world.metrics = Metrics::Bad);
    assert_eq!(outcome.kind, OutcomeKind::Promoted);
    let failing =
        |event: &Happening| matches!(event, Happening::Judged { assessments, .. } if assessments[0].verdict == Verdict::Fail);
    assert!(!when(&entries, failing).is_empty(), "it is shown");
    let (outcome, _, _) = told(Metric { report_only: true, ..errors() }, |world, _| world.metrics = Metrics::Out);
    assert_eq!(outcome.kind, OutcomeKind::Promoted, "nor does it when it cannot be read");
}

/// From the end of the newest settle to a window's opening, in whole minutes.
fn minutes_since_settled(rollout: &Rollout, opened: Timestamp) -> u64 {
    let settled = when(&rollout.journal().entries, |event| matches!(event, Happening::Settled { .. }));
    opened.since(*settled.last().expect("a step has settled")).as_secs() / 60
}

#[test]
fn metrics_are_asked_for_at_most_once_a_minute_and_only_where_a_step_is_watched() {
    let mut asked: Vec<Timestamp> = Vec::new();
    let mut world = World::new(false);
    let mut rollout = judged_by(errors(), &world);
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    while !matches!(effect, Effect::Finish(_)) {
        if let Effect::Observe(Some(question)) = &effect {
            asked.push(world.now);
            let window = question.window.expect("no alarms");
            assert!(window.length() > 0 && window.until + LAG <= world.now, "{window:?} at {}", world.now);
            assert_eq!(minutes_since_settled(&rollout, window.from), 0, "the window of this step's own bake");
            assert_eq!(question.both, world.candidate_weight() < 100, "stable is asked about while it serves");
        }
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    }
    assert!(asked.len() >= 3);
    for pair in asked.windows(2) {
        assert_ne!(pair[0].as_secs() / 60, pair[1].as_secs() / 60, "{asked:?}");
    }
}

#[test]
fn flagger_1268_target_health_is_judged_first_and_without_metrics() {
    for metrics in [Metrics::Good, Metrics::Out, Metrics::Silent] {
        let (outcome, _, _) = told(errors(), |world, rollout| {
            world.metrics = metrics;
            if rollout.record().verified.candidate > 0 && !world.fell {
                world.candidate_healthy = 0;
            }
        });
        assert!(matches!(outcome.reason, Reason::NoHealthyTargets { .. }), "{metrics:?}: {outcome:?}");
    }
}

#[test]
fn every_single_misfortune_leaves_a_judged_rollout_in_an_end_that_fits() {
    for metrics in [Metrics::Good, Metrics::Bad, Metrics::Silent, Metrics::Out] {
        let world = World { metrics, ..World::new(false) };
        let (_, _, effects) = run(world.clone(), judged_by(errors(), &world), &[]);
        for misfortune in ALL {
            for at in (0..effects).step_by(7) {
                run(world.clone(), judged_by(errors(), &world), &[(at, misfortune)]);
            }
        }
    }
}

#[test]
fn flagger_b9_the_digest_of_the_record_covers_what_is_judged() {
    let world = World::new(false);
    let plain = judged_by(errors(), &world);
    let other = judged_by(Metric { max: Number::new(0.02), ..errors() }, &world);
    assert!(plain.record().digest != other.record().digest && plain.record().digest != plain.record().plan.digest());
    assert_eq!(plain.record().digest, judged_by(errors(), &world).record().digest);
}

/// How many requests are said to be missing when a step's first minute is compared with stable's.
fn first_missing(mut rollout: Rollout, world: &mut World) -> u64 {
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    for _ in 0..400 {
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
        let judged = rollout.journal().entries.iter().find_map(|entry| {
            let Happening::Judged { window: Some(_), assessments, .. } = &entry.event else { return None };
            Some(assessments[0].why.clone())
        });
        if let Some(why) = judged {
            let Why::NotEnough { missing: Some(missing) } = why else { panic!("{why:?}") };
            return missing;
        }
    }
    panic!("nothing was judged");
}

/// What may go wrong is the whole rollout's: holds, behind which there is one more look, and jobs that watch a step once more have to be
/// reckoned with.
#[test]
fn a_hold_and_a_job_that_takes_over_in_mid_step_have_parts_of_what_a_comparison_may_get_wrong() {
    let versus = || Metric { max: None, versus: Number::new(0.005).map(Margin::Absolute), ..errors() };
    let mut world = World::new(false);
    let usual = first_missing(judged_by(versus(), &world), &mut world);
    let (record, _) = world.written.clone().expect("recorded");
    let again = |times: u64| {
        let (mut world, mut record) = (world.clone(), record.clone());
        (0..times).for_each(|_| record.take_over_to_go_on("another", GoOn::Here, false, world.now));
        let release = Release { traffic_targets: vec!["one".to_owned(), "two".to_owned()], ..Release::default() };
        let analysis = Analysis { metrics: vec![versus()], lag: LAG, ..Analysis::default() };
        first_missing(Rollout::resume(record, release, GoOn::Here).analysed(analysis), &mut world)
    };
    let [once, twice] = [again(1), again(2)];
    assert!(usual < once && once < twice, "{usual}, {once}, {twice}");
    let mut plan = judged_by(versus(), &world).record().plan.clone();
    plan.steps[1].hold = Some(Hold { timeout: Duration::from_secs(600), on_timeout: OnTimeout::Rollback });
    let mut world = World::new(false);
    let analysis = Analysis { metrics: vec![versus()], lag: LAG, ..Analysis::default() };
    let held = first_missing(rollout(&world, plan, true).analysed(analysis), &mut world);
    assert!(usual < held && held < once, "{usual}, {held}, {once}");
}

/// A hook before the next step, or a gate on capacity, takes its time: the candidate has requests meanwhile.
#[test]
fn a_candidate_is_judged_while_a_hook_stands_before_the_next_step() {
    let mut world = World::new(false);
    let mut rollout = judged_by(errors(), &world);
    let hook = Hook { what: "x".to_owned(), limit: Duration::from_secs(1200) };
    rollout.with_hooks([(Point::BeforeShift, hook)].into());
    let mut effect = rollout.handle(world.now, Event::Begun).expect("begins");
    let ending = loop {
        if let Effect::Finish(ending) = effect {
            break ending;
        }
        if world.candidate_weight() > 0 && matches!(effect, Effect::StartHook(_)) {
            (world.hook_takes, world.metrics) = (None, Metrics::Bad);
        }
        let event = world.carry_out(&effect);
        effect = rollout.handle(world.now, event).expect("in place");
    };
    let Ending::Outcome(Outcome { reason: Reason::AnalysisFailed { .. }, .. }) = ending else { panic!("{ending:?}") };
    let judged = |event: &Happening| matches!(event, Happening::Judged { index: 0, .. });
    assert!(when(&rollout.journal().entries, judged).len() > 1, "as the step that its requests come from");
}
