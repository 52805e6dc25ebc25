//! Rules 7 and 8: what a release is judged by is what the world measured, all of it and nothing else.
//!
//! The minutes here are those of the world's own traffic, complete and at once. What the machine is told of them comes late, in
//! part, or not at all.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::{
            Margin, Measured, Metric, OnNoData, Series, Source,
            reading::{minute_from, minute_of},
        },
        machine::Desired,
        outcome::{Outcome, OutcomeKind, Reason},
        record::{Record, State},
        split::Share,
    },
    sandbox::direct::MinuteSeen,
    time::Timestamp,
};

use super::{
    case::{Case, Errand, Runs},
    court::Court,
    rules::{Stands, step as step_of, watches},
    watched::Watched,
};

pub(crate) use espalier::rollout::analysis::reading::MINUTE;

pub(crate) const PASS: &str = "7: a step passes when all of its window was measured and is good: missing data is no good news";
pub(crate) const FAIL: &str = "7: analysis fails by what was measured: missing data is no bad news";
pub(crate) const OUTAGE: &str = "8: where nothing else goes wrong, an outage of metrics ends no release before its deadline";

/// A fail never waits.
pub(crate) const CONDEMNED: Stands = Stands {
    rule: "7: what was measured beyond a limit rolls back at the next look",
    what: "the candidate had weight and was beyond a limit",
    more_intervals: 1,
    is: |_, job, facts| watches(job) && job.condemned && !job.unread && !job.denied && facts.share(job.candidate) > 0,
};

/// Neither does an alarm, which is asked about once a minute.
pub(crate) const RINGS: Stands = Stands {
    rule: "7: an alarm that is on rolls back at the next look",
    what: "the candidate had weight and the alarm was on",
    more_intervals: 5,
    is: |case, job, facts| {
        let is_judged = !case.analysis.alarms.is_empty() && job.record.verb == "deploy";
        watches(job) && is_judged && facts.rings && !job.unread && !job.denied && facts.share(job.candidate) > 0
    },
};

/// What one metric says of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Good,
    Bad,
    Nothing,
}

type Minutes = [(Timestamp, MinuteSeen)];

fn within(minutes: &Minutes, from: Timestamp, until: Timestamp) -> impl Iterator<Item = MinuteSeen> {
    minutes.iter().filter(move |(at, _)| *at >= from && *at < until).map(|(_, minute)| *minute)
}

/// Requests, and the part of them that failed.
#[expect(clippy::cast_precision_loss, reason = "requests of a release")]
fn rate(minutes: &Minutes, from: Timestamp, until: Timestamp) -> (u64, f64) {
    let (requests, failures) = within(minutes, from, until)
        .fold((0, 0), |(requests, failures), minute| (requests + minute.requests, failures + minute.failures));
    (requests, if requests == 0 { 0.0 } else { failures as f64 / requests as f64 })
}

/// Of what is measured minute by minute so many beyond the limit are bad, in all or in a row. Fewer are allowed, but not at the end.
fn each_minute(metric: &Metric, beyond: impl Iterator<Item = bool>) -> Look {
    let (mut all, mut row, mut longest, mut newest) = (0, 0, 0, None);
    for is_beyond in beyond {
        row = if is_beyond { row + 1 } else { 0 };
        (all, longest, newest) = (all + u32::from(is_beyond), row.max(longest), Some(is_beyond));
    }
    let failures = metric.failures.or(metric.consecutive.is_none().then_some(1));
    let reaches = |limit: Option<u32>, count: u32| limit.is_some_and(|limit| count >= limit);
    match newest {
        _ if reaches(failures, all) || reaches(metric.consecutive, longest) => Look::Bad,
        Some(false) => Look::Good,
        Some(true) | None => Look::Nothing,
    }
}

fn look(metric: &Metric, candidate: &Minutes, stable: Option<&Minutes>, from: Timestamp, until: Timestamp) -> Look {
    let (requests, found) = rate(candidate, from, until);
    if requests < u64::from(metric.min_requests.max(1)) {
        return Look::Nothing;
    }
    let is_above = |value: f64| metric.max.is_some_and(|max| value > max.get());
    if metric.source != Source::ErrorRate {
        return each_minute(metric, within(candidate, from, until).filter_map(|minute| minute.p99).map(is_above));
    }
    if is_above(found) {
        return Look::Bad;
    }
    let (Some(Margin::Absolute(margin)), Some(stable)) = (metric.versus, stable) else { return Look::Good };
    let (others, other) = rate(stable, from, until);
    match () {
        () if others == 0 => Look::Nothing,
        () if found > other + margin.get() => Look::Bad,
        () => Look::Good,
    }
}

/// The windows of the step in hand that the machine may have opened: at the first whole minute after it settled, which it may have
/// noticed one tick later; where calls were refused, as much later as they were.
fn openings(job: &Watched, now: Timestamp) -> Vec<Timestamp> {
    if job.stepped == Timestamp::default() {
        return Vec::new();
    }
    let settled = job.stepped + job.record.plan.settle;
    let first = minute_from(Timestamp::from_millis(settled.as_millis().saturating_sub(1000)));
    let count = if job.refused { (now.since(first).as_secs() / 60).max(1) + 1 } else { 2 };
    (0..count).map(|later| first + MINUTE * u32::try_from(later).unwrap_or(u32::MAX)).collect()
}

/// The end of the newest minute that is so old.
fn ended(now: Timestamp, age: Duration) -> Timestamp {
    minute_of(Timestamp::from_millis(now.as_millis().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX))))
}

/// How old a minute is when all of it is published.
const fn published(case: &Case) -> Duration {
    Duration::from_secs(case.knobs.metrics_delay + case.knobs.metrics_partial)
}

fn sides<'c>(court: &'c Court<'_>, job: &Watched) -> (&'c Minutes, Option<&'c Minutes>) {
    // Alone, the candidate is compared with what stable was like before.
    let alone = job.step.and_then(|step| job.record.plan.steps.get(step)).is_none_or(|step| step.share == Share::FULL);
    (&court.traffic[job.candidate], job.stable.filter(|_| !alone).map(|stable| court.traffic[stable].as_slice()))
}

/// Whether this metric decides about the step in hand.
fn deciding<'c>(court: &'c Court<'_>, step: usize) -> impl Iterator<Item = &'c Metric> {
    let analysis = &court.case.analysis;
    let metrics = analysis.metrics.iter().enumerate();
    metrics.filter(move |(place, metric)| analysis.judges(step, *place) && !metric.report_only).map(|(_, metric)| metric)
}

/// Whether what was measured until now is beyond a limit, in whichever window.
pub(crate) fn condemned(court: &Court<'_>, job: &Watched, now: Timestamp) -> bool {
    let until = ended(now, published(court.case).max(court.case.analysis.lag));
    let openings = openings(job, now);
    let (Some(step), false) = (job.step, openings.is_empty() || job.record.verb != "deploy") else { return false };
    let (candidate, _) = sides(court, job);
    let limited = deciding(court, step).filter(|metric| metric.max.is_some());
    let mut limited = limited.map(|metric| openings.iter().all(|from| look(metric, candidate, None, *from, until) == Look::Bad));
    limited.any(|is_beyond| is_beyond)
}

/// The write of another step than the one in hand.
pub(crate) fn step(court: &Court<'_>, job: &Watched, desired: Desired, now: Timestamp) -> Result<(), String> {
    let Desired::Split(split) = desired else { return Ok(()) };
    if job.stable.is_none() || step_of(job, split) == job.step { Ok(()) } else { passed(court, job, now) }
}

/// The record of a promotion.
pub(crate) fn promotion(court: &Court<'_>, job: &Watched, record: &Record, now: Timestamp) -> Result<(), String> {
    if record.state != State::Promoted || job.promoted || job.stable.is_none() { Ok(()) } else { passed(court, job, now) }
}

/// There is a window that covers the bake, is old enough, and in which everything that decides is good.
fn passed(court: &Court<'_>, job: &Watched, now: Timestamp) -> Result<(), String> {
    let (analysis, Some(step)) = (&court.case.analysis, job.step) else { return Ok(()) };
    let openings = openings(job, now);
    if job.record.verb != "deploy" || openings.is_empty() || deciding(court, step).next().is_none() {
        return Ok(());
    }
    let bake = job.record.plan.steps.get(step).map_or(Duration::ZERO, |step| step.bake);
    let minutes = u32::try_from(bake.as_secs().div_ceil(60).max(1)).unwrap_or(u32::MAX);
    let newest = ended(now + Duration::from_secs(1), analysis.lag);
    if openings.iter().all(|from| *from + MINUTE * minutes > newest) {
        return Err(format!("{} passed step {} at {now}: its minutes are not over for the lag", job.name, step + 1));
    }
    let (candidate, stable) = sides(court, job);
    // Of metrics that are later than the lag some minutes were not seen; a pass waits for these, and takes what is published of a
    // minute for all of it.
    let is_late = published(court.case) > analysis.lag;
    let in_part = is_late && court.case.knobs.metrics_partial > 0;
    // What missing data means is then the user's word.
    let waits = |metric: &Metric| metric.on_no_data != OnNoData::Pass;
    let shortest = if in_part || (is_late && !deciding(court, step).all(waits)) { 1 } else { minutes };
    let good = |metric: &Metric, from: Timestamp, until: Timestamp| match look(metric, candidate, stable, from, until) {
        Look::Good => true,
        // What comes too late, or in part, is none, and none is what the user said that it is. So is a difference that chance may
        // have made.
        Look::Bad => metric.on_no_data == OnNoData::Pass && (is_late || job.unread || metric.versus.is_some()),
        Look::Nothing => metric.on_no_data == OnNoData::Pass,
    };
    let is_good = openings.iter().any(|from| {
        let ends = || (shortest..).map(|count| *from + MINUTE * count).take_while(|until| *until <= newest);
        if in_part {
            // What was seen of the newest minute may be enough requests for one metric, and too few failures for another (seed 110180175).
            return deciding(court, step).all(|metric| ends().any(|until| good(metric, *from, until)));
        }
        ends().any(|until| deciding(court, step).all(|metric| good(metric, *from, until)))
    });
    if is_good {
        return Ok(());
    }
    let seen: Vec<_> = within(candidate, openings[0], newest).collect();
    Err(format!("{} passed step {}, and its candidate had {seen:?} since {}", job.name, step + 1, openings[0]))
}

/// A rollback for what was measured.
pub(crate) fn failed(court: &Court<'_>, job: &Watched, outcome: &Outcome, now: Timestamp) -> Result<(), String> {
    let (OutcomeKind::RolledBack, Reason::AnalysisFailed { failed, .. }) = (outcome.kind, &outcome.reason) else { return Ok(()) };
    let openings = openings(job, now);
    // Half of a minute may look otherwise than the whole of it.
    if openings.is_empty() || published(court.case) > court.case.analysis.lag {
        return Ok(());
    }
    let (candidate, stable) = sides(court, job);
    let known = |name: &str| court.case.analysis.metrics.iter().find(|metric| metric.name == name);
    let is_bad = |metric: &Metric| {
        let windows = || {
            openings
                .iter()
                .flat_map(|from| (1..).map(|count| (*from, *from + MINUTE * count)).take_while(|(_, until)| *until <= now))
        };
        let unlike_before = metric.versus.is_some() && stable.is_none();
        metric.on_no_data == OnNoData::Fail
            || unlike_before
            || windows().any(|(from, until)| look(metric, candidate, stable, from, until) == Look::Bad)
    };
    let alarm = |name: &str| court.case.analysis.alarms.iter().find(|alarm| alarm.name == name);
    let rang = |name: &str| alarm(name).is_some_and(|alarm| court.rang || alarm.on_no_data == OnNoData::Fail);
    let backed = !failed.is_empty() && failed.iter().all(|failed| known(&failed.name).is_some_and(is_bad) || rang(&failed.name));
    if backed {
        Ok(())
    } else {
        Err(format!("{} was rolled back for {}, which the world does not know", job.name, outcome.reason))
    }
}

/// A release in which nothing goes wrong but the metrics.
fn is_well(case: &Case) -> bool {
    let metrics_alone = case.faults.iter().all(|fault| fault.operations.iter().all(|name| name.starts_with("cloudwatch:")));
    // A task of the candidate's image takes its time to start, like all of them.
    let lasts = |errand: &Errand| errand.takes + if errand.runs == Runs::Task { case.candidate.starts_after } else { 0 };
    let hooks = case
        .errands
        .iter()
        .all(|errand| errand.exit == 0 && Duration::from_secs(lasts(errand) + 15) < errand.limit && errand.runs != Runs::Nothing);
    let image = |behaviour: &espalier::sandbox::direct::Behaviour| {
        let plain = espalier::sandbox::direct::Behaviour::default();
        let allowed = (behaviour.starts_after, behaviour.commands.clone());
        *behaviour == espalier::sandbox::direct::Behaviour { starts_after: allowed.0, commands: allowed.1, ..plain }
    };
    metrics_alone
        && hooks
        && case.people.is_empty()
        && case.others.is_empty()
        && case.blows.is_empty()
        // More load is nobody's fault, and still something.
        && case.demand.is_empty()
        && case.beside.is_empty()
        && case.together.is_none()
        && image(&case.stable)
        && image(&case.candidate)
        && case.analysis.metrics.iter().all(|metric| metric.on_no_data != OnNoData::Fail)
        && case.analysis.alarms.iter().all(|alarm| alarm.on_no_data != OnNoData::Fail)
}

pub(crate) fn outage(case: &Case, job: &Watched, outcome: &Outcome, now: Timestamp) -> Result<(), String> {
    if !is_well(case) {
        return Ok(());
    }
    let late = now.since(job.record.started) >= job.record.plan.timeout;
    let waited = late && matches!(outcome.reason, Reason::Inconclusive { .. } | Reason::TimedOut { .. });
    match outcome.kind {
        OutcomeKind::Promoted | OutcomeKind::Held => Ok(()),
        OutcomeKind::RolledBack if waited => Ok(()),
        OutcomeKind::RolledBack | OutcomeKind::Stuck | OutcomeKind::Superseded | OutcomeKind::Unchanged => {
            Err(format!("{} ended {}: {}", job.name, outcome.kind, outcome.reason))
        }
    }
}

/// All that was asked for was read.
pub(crate) fn is_whole(metrics: &Measured) -> bool {
    let Measured::Read(readings) = metrics else { return false };
    let sides = [Some(&readings.candidate), readings.stable.as_ref()].into_iter().flatten();
    let mut series = sides.flat_map(|side| side.metrics.iter().chain([&side.requests]));
    series.all(|Series { complete, .. }| *complete)
}
