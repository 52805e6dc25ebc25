//! The same cases through the real driver, the real clients and HTTP, in a sandbox whose clock only they move.
//!
//! The journals must be the same, entry for entry and to the second. Two things are left out of the comparison: the words of an
//! AWS refusal (the simulator has none), and the notes that the driver adds when all is over (how to finish by hand).
//!
//! The clients take their credentials from the environment: whoever calls this sets `AWS_ACCESS_KEY_ID` and
//! `AWS_SECRET_ACCESS_KEY` to anything.

use std::{collections::BTreeMap, sync::Mutex};

use espalier::{
    aws::{
        self, AwsOptions,
        lattice::rules::Conditions,
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
    case::Case,
    furnish::command,
    play::play,
    stage::{Stage, scenario},
    verbs::{Begun, deploy},
};

/// Plays the cases of these seeds both ways, several at a time; what differs, in words.
pub(crate) fn compare(seeds: impl Iterator<Item = u64>) -> Vec<String> {
    let seeds = Mutex::new(seeds.collect::<Vec<_>>());
    let differences = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                loop {
                    let Some(seed) = seeds.lock().expect("nobody panics").pop() else { break };
                    let case = Case::wired(seed);
                    let driven = plain(runtime.block_on(drive(&case)));
                    let played = play(&case, false);
                    let simulated = plain(played.journal);
                    if let Some(violation) = played.violation {
                        differences.lock().expect("nobody panics").push(format!("{case}broken: {violation:?}"));
                    }
                    if let Some(difference) = difference(&driven, &simulated) {
                        differences.lock().expect("nobody panics").push(format!("{case}{difference}"));
                    }
                }
            });
        }
    });
    differences.into_inner().expect("nobody panics")
}

/// A case by HTTP.
async fn drive(case: &Case) -> Journal {
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
    let Begun { mut rollout, slots, ledger, door, .. } =
        deploy(case, &stage.world, &stage, clock.now()).expect("a definition that is not refused");
    let opening = door.wanted.then(|| Opening {
        conditions: Conditions { headers: vec![("x-test".to_owned(), "1".to_owned())], path: None },
        group: slots.candidate.group.id.clone(),
        owner: [("espalier:app".to_owned(), "simulated".to_owned())].into_iter().collect(),
    });
    let traffic_targets: Vec<_> = slots.targets.iter().map(|(target, _)| target.clone()).collect();
    let test_rules = TestRules::new(&door.rollout, &traffic_targets, opening, Vec::new());
    let mut reports = Reports::start(ReportOptions::default(), &rollout.journal().release, Box::new(std::io::sink()));
    let mut signals = Signals::listen().expect("signals");
    let hands = Hands { aws: &aws, clock: &clock, slots, ledger, test_rules };
    let mut hooks = hooks::Runner::new(jobs(case));
    driver::drive(&mut rollout, &hands, &mut hooks, &mut reports, &mut signals)
        .await
        .expect("driver and machine understand each other");
    let journal = rollout.journal().clone();
    reports.finish(&journal, std::future::pending()).await;
    running.shutdown().await;
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
    cut(&cut(what, " failed: "), "metrics cannot be read")
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

/// The first entry that differs.
fn difference(driven: &[Entry], simulated: &[Entry]) -> Option<String> {
    let place = (0..driven.len().max(simulated.len())).find(|place| driven.get(*place) != simulated.get(*place))?;
    let before = place.checked_sub(1).and_then(|before| driven.get(before));
    Some(format!(
        "entry {place} differs, after {before:?}\ndriven    {:?}\nsimulated {:?}",
        driven.get(place),
        simulated.get(place)
    ))
}
