//! The same cases through the real driver, the real clients and HTTP, in a sandbox whose clock only they move.
//!
//! The journals must be the same, entry for entry and to the second. Two things are left out of the comparison: the words of an
//! AWS refusal (the simulator has none), and the notes that the driver adds when all is over (how to finish by hand).
//!
//! What befalls the first job befalls it on the way, by [`runner`](super::runner).
//!
//! The clients take their credentials from the environment: whoever calls this sets `AWS_ACCESS_KEY_ID` and
//! `AWS_SECRET_ACCESS_KEY` to anything.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use espalier::{
    aws::{
        self, AwsOptions, baselines,
        lattice::{ids::TargetGroupArn, rules::Conditions},
        ledger, slots,
        test_rules::{Opening, TestRules},
    },
    clock::{Clock as _, Stepped},
    driver::{self, Hands},
    hooks::{
        self,
        job::{Job, Jobs, Task, Wanted},
    },
    report::{ReportOptions, Reports},
    rollout::{
        hooks::HookFailure,
        journal::{Entry, Happening, Journal},
        outcome::Reason,
    },
    sandbox::serve::{self, Mode, Serve},
    signals::Signals,
};

use super::{
    case::{Case, Verb},
    furnish::command,
    play::play,
    readings::{Reading, restores},
    rules::longest,
    runner::{Fall, Runner},
    stage::{Stage, scenario},
    verbs::{Begun, begin_on, deploy},
};

/// A case that can be played over the wire as it is, and what befalls its first job.
pub(crate) struct Fitting {
    case: Case,
    fall: Option<Fall>,
}

/// How many of them have what befalls a job besides the faults and people of a scenario.
pub(crate) fn befallen(cases: &[Fitting]) -> [(&'static str, usize); 4] {
    let count = |is: &dyn Fn(&Fitting) -> bool| cases.iter().filter(|fitting| is(fitting)).count();
    let is_signalled = |fitting: &Fitting| fitting.fall.is_some_and(Fall::is_signal);
    [
        ("signals", count(&is_signalled)),
        ("kills", count(&|fitting| fitting.fall.is_some() && !is_signalled(fitting))),
        ("wrong clocks", count(&|fitting| fitting.case.ahead != 0)),
        ("later jobs", count(&|fitting| !fitting.case.afterwards.is_empty())),
    ]
}

/// The first so many of the seeds from `from` on whose cases can.
pub(crate) fn fitting(from: u64, count: usize) -> Vec<Fitting> {
    let fits = |seed| {
        let case = Case::of(seed);
        let fall = if case.is_a_scenario() { Fall::of(&case).ok()? } else { return None };
        Some(Fitting { case, fall })
    };
    (from..).filter_map(fits).take(count).collect()
}

/// Plays these cases both ways, several at a time; what differs, in words. A signal is heard in the whole process: those cases go last, one
/// at a time.
pub(crate) fn compare(cases: Vec<Fitting>) -> Vec<String> {
    let (signalled, others): (VecDeque<_>, VecDeque<_>) =
        cases.into_iter().partition(|fitting| fitting.fall.is_some_and(Fall::is_signal));
    let differences = Mutex::new(Vec::new());
    for (cases, threads) in [(others, 8), (signalled, 1)] {
        let cases = Mutex::new(cases);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                    loop {
                        let Some(fitting) = cases.lock().expect("nobody panics").pop_front() else { break };
                        let found = played_both_ways(&fitting, &runtime);
                        differences.lock().expect("nobody panics").extend(found);
                    }
                });
            }
        });
    }
    differences.into_inner().expect("nobody panics")
}

fn played_both_ways(fitting: &Fitting, runtime: &tokio::runtime::Runtime) -> Vec<String> {
    let case = &fitting.case;
    let driven: Vec<_> = runtime.block_on(drive(fitting)).into_iter().map(plain).collect();
    let played = play(case, false);
    let simulated: Vec<_> = played.journals.into_iter().map(plain).collect();
    let broken = played.violation.map(|violation| format!("{case}broken: {violation:?}"));
    let difference = difference(&driven, &simulated).map(|difference| format!("{case}{difference}"));
    broken.into_iter().chain(difference).collect()
}

/// A case by HTTP: the release, and the jobs after it, each by what the real clients read before it.
async fn drive(Fitting { case, fall }: &Fitting) -> Vec<Journal> {
    let stage = Stage::of(case);
    let options = Serve { port: 0, env_file: None, record: None, scenario: scenario(case), mode: Mode::Stepped };
    let running = serve::start(options).await.expect("a free port");
    let environment: BTreeMap<String, String> = running.environment().into_iter().collect();
    let options = AwsOptions {
        region: Some(environment["AWS_REGION"].clone()),
        endpoint_url: Some(environment["AWS_ENDPOINT_URL"].clone()),
        sandboxed: true,
        ..AwsOptions::default()
    };
    let aws = aws::connect(options).await.expect("credentials in the environment");
    let clock = Stepped::connect(&environment["ESPALIER_CLOCK"]).await.expect("a stepped clock");
    let begun = deploy(case, &stage.world, &stage, clock.now()).expect("a definition that is not refused");
    let began = clock.now();
    let mut journals = vec![job(begun, case, &aws, &Runner::new(&clock, case.ahead, *fall)).await];
    for (after, verb) in &case.afterwards {
        clock.sleep_until(clock.now() + Duration::from_secs(*after)).await;
        let read = loop {
            match read(&aws, &stage.service_arn, *verb).await {
                Ok(read) => break read,
                // A person tries again.
                Err(_) if clock.now().since(began) < longest(case) => {
                    clock.sleep_until(clock.now() + Duration::from_secs(30)).await;
                }
                Err(_) => break None,
            }
        };
        let begun = read.and_then(|reading| begin_on(*verb, case, reading, &stage, (clock.now(), journals.len())));
        if let Some(begun) = begun {
            journals.push(job(begun, case, &aws, &Runner::new(&clock, case.ahead, None)).await);
        }
    }
    running.shutdown().await;
    journals
}

/// What a verb reads before it begins; none where there is no record.
async fn read(aws: &aws::Aws, service_arn: &str, verb: Verb) -> Result<Option<Reading>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let found = ledger::on_service(aws, service_arn).await.map_err(|error| told(&error))?;
    let Some(found) = found.into_iter().next() else { return Ok(None) };
    let targets = baselines::targets(aws, &found).await.map_err(|error| told(&error))?;
    let mut reading = Reading { targets: Some(targets), actions: None, healthy: [0; 2], found };
    if let (true, Some(previous)) = (restores(verb, &reading.found), &reading.found.record.previous) {
        let recorded = baselines::recorded_targets(&reading.found).map_err(|error| told(&error))?;
        let actions: Result<Vec<_>, _> = aws.lattice.read_actions(&recorded).await.into_iter().collect();
        reading.actions = actions.map_err(|error| told(&error))?.into_iter().collect();
        for (place, slot) in [previous, reading.found.record.serving()].into_iter().enumerate() {
            let listed = aws.lattice.list_targets(&TargetGroupArn::of(&slot.group)).await.map_err(|error| told(&error))?;
            reading.healthy[place] = slots::healthy(&listed, reading.found.record.plan.health.unchecked) as usize;
        }
    }
    Ok(Some(reading))
}

/// One job by the real driver, to its end or until it is killed.
async fn job(begun: Begun, case: &Case, aws: &aws::Aws, runner: &Runner<'_>) -> Journal {
    let Begun { mut rollout, slots, ledger, door, errands, rolls_back: _ } = begun;
    let opening = door.wanted.then(|| Opening {
        conditions: Conditions { headers: vec![("x-test".to_owned(), "1".to_owned())], path: None },
        group: slots.candidate.group.id.clone(),
        owner: [("espalier:app".to_owned(), "simulated".to_owned())].into_iter().collect(),
    });
    let traffic_targets: Vec<_> = slots.targets.iter().map(|(target, _)| target.clone()).collect();
    let test_rules = TestRules::new(&door.rollout, &traffic_targets, opening, door.recorded.clone());
    let mut reports = Reports::start(ReportOptions::default(), &rollout.journal().release, Box::new(std::io::sink()));
    let mut signals = Signals::listen().expect("signals");
    let mut hooks = hooks::Runner::default().inheriting(errands.inherited());
    if !errands.hooks().is_empty() {
        hooks.set_jobs(jobs(case));
    }
    let hands = Hands { aws, clock: runner, slots, ledger, test_rules };
    tokio::select! {
        ended = driver::drive(&mut rollout, &hands, &mut hooks, &mut reports, &mut signals) => {
            ended.expect("driver and machine understand each other");
        }
        () = runner.kills() => {}
    }
    let journal = rollout.journal().clone();
    reports.finish(&journal, std::future::pending()).await;
    journal
}

/// The hooks of a case: tasks, since a program takes real time.
fn jobs(case: &Case) -> Jobs {
    let wanted = |errand: &super::case::Errand| {
        let task = Task { command: command(errand.at).split(' ').map(str::to_owned).collect(), ..Task::default() };
        (errand.at, Wanted { job: Job::Task(task), limit: errand.limit, from: "a case".to_owned() })
    };
    Jobs { wanted: case.errands.iter().map(wanted).collect(), ..Jobs::default() }
}

/// A journal without what the two may tell differently.
fn plain(mut journal: Journal) -> Vec<Entry> {
    let end = journal.entries.iter().position(|entry| matches!(entry.event, Happening::Finished { .. }));
    journal.entries.truncate(end.map_or(journal.entries.len(), |end| end + 1));
    for entry in &mut journal.entries {
        let event = &mut entry.event;
        if let Happening::Retrying { message, .. } = event {
            message.clear();
        } else if let Happening::Concern { what } | Happening::Note { what } = event {
            *what = without_refusal(what);
        } else if let Happening::HookEnded { failure, tail, .. } = event {
            // Tasks are named by chance, and ECS has words for why they stopped.
            tail.clear();
            failure.iter_mut().for_each(hook_wordless);
        } else if let Happening::TestOpened { rules } | Happening::TestClosed { rules } = event {
            rules.clear();
        } else if let Happening::RollingBack { reason } = event {
            wordless(reason);
        } else if let Happening::Finished { outcome } = event {
            wordless(&mut outcome.reason);
        }
    }
    journal.entries
}

/// A sentence that ends with a refusal, without it.
fn without_refusal(what: &str) -> String {
    let cut = |what: &str, at: &str| what.split_once(at).map_or(what, |(before, _)| before).to_owned();
    cut(&cut(&cut(what, " failed: "), "metrics cannot be read"), "could not be ended: ")
}

fn hook_wordless(failure: &mut HookFailure) {
    if let HookFailure::Exited { why, .. } = failure {
        *why = None;
    } else if let HookFailure::NotStarted { message } = failure {
        message.clear();
    }
}

fn wordless(reason: &mut Reason) {
    if let Reason::HookFailed { failure, .. } = reason {
        hook_wordless(failure);
    } else if let Reason::Inconclusive { missing, .. } = reason {
        missing.iter_mut().for_each(|what| *what = without_refusal(what));
    } else if let Reason::Refused { message, .. } = reason {
        message.clear();
    } else if let Reason::NotRestored { message, cause } = reason {
        // Either a refusal, or the machine's own words.
        if !message.starts_with("the traffic targets") && !message.ends_with("is gone") {
            message.clear();
        }
        wordless(cause);
    }
}

/// The first entry that differs, of the first job that does.
fn difference(driven: &[Vec<Entry>], simulated: &[Vec<Entry>]) -> Option<String> {
    let nothing = Vec::new();
    let job = (0..driven.len().max(simulated.len())).find(|job| driven.get(*job) != simulated.get(*job))?;
    let (driven, simulated) = (driven.get(job).unwrap_or(&nothing), simulated.get(job).unwrap_or(&nothing));
    let place = (0..driven.len().max(simulated.len())).find(|place| driven.get(*place) != simulated.get(*place)).unwrap_or(0);
    let before = place.checked_sub(1).and_then(|before| driven.get(before));
    Some(format!(
        "job {job}, entry {place} differs, after {before:?}\ndriven    {:?}\nsimulated {:?}",
        driven.get(place),
        simulated.get(place)
    ))
}
