//! From minutes to verdicts.
//!
//! An error rate is judged over the whole window, as counts: each minute adds one measurement, of the window until then. All else is
//! measured minute by minute, since percentiles of minutes do not add up.

use super::{
    assessment::{Assessment, Verdict, Why},
    metric::{Alarm, Analysis, Margin, Metric, Source, Unit},
    number::Number,
    rate::Counts,
    reading::{AlarmReading, AlarmState, MINUTE, Series, SideReadings, Window},
    versus::{Comparison, Part, Versus},
};
use crate::{
    rollout::{plan::Step, split::Share},
    time::Timestamp,
};

/// Stable's side, and which minutes of it.
#[derive(Clone, Debug)]
pub struct StableSide {
    /// What was measured.
    pub readings: SideReadings,
    /// In which minutes.
    pub window: Window,
    /// These are the last minutes in which it had requests, not those of the candidate.
    pub is_last: bool,
}

impl StableSide {
    /// The last minutes in which it had requests, so many of them; none where it had none.
    #[must_use]
    pub fn last(readings: SideReadings, minutes: u32) -> Option<Self> {
        let last = *readings.requests.minutes.iter().rev().find(|(_, count)| count.get() > 0.0)?.0;
        let until = last + MINUTE;
        let from = Timestamp::from_secs(until.as_secs().saturating_sub(60 * u64::from(minutes)));
        Some(Self { readings, window: Window { from, until }, is_last: true })
    }
}

/// What one look has to go by.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The candidate's minutes.
    pub window: Window,
    /// What was measured in them.
    pub candidate: &'a SideReadings,
    /// Stable's side, where there is one.
    pub stable: Option<&'a StableSide>,
    /// The rollout's steps: in how many windows it compares.
    pub steps: &'a [Step],
    /// The step is watched once more, by the job that took the rollout over as the so-and-so-many-th.
    pub again: Option<u64>,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    Good,
    /// Better than this value of stable's.
    Better(Number),
    Bad(Why),
    Unclear(Why),
}

/// Judges a step by every metric that judges it, whatever the others say (flagger stops at the first one that fails).
#[must_use]
pub fn assess(analysis: &Analysis, step: usize, seen: Seen<'_>) -> Vec<Assessment> {
    let metrics = analysis.metrics.iter().enumerate().filter(|(place, _)| analysis.judges(step, *place));
    metrics.map(|(place, metric)| one(analysis, place, metric, seen)).collect()
}

/// Until when a metric's window is counted: the end of the newest minute of it in which either side has a count of requests. A side
/// without one in a minute in which the other has one had no requests then; without one of both sides that minute's metrics are
/// missing, or late. Where requests are not counted at all it is the newest minute in which the metric itself has a value.
#[must_use]
pub fn counted_until(place: usize, window: Window, sides: [Option<&SideReadings>; 2]) -> Option<Timestamp> {
    let newest = |series: &Series| {
        let minutes = series.minutes.keys().copied();
        minutes.filter(|minute| *minute >= window.from && *minute < window.until).max().map(|minute| minute + MINUTE)
    };
    let sides = || sides.into_iter().flatten();
    let requests = sides().filter_map(|side| newest(&side.requests)).max();
    requests.or_else(|| sides().filter_map(|side| newest(side.metrics.get(place)?)).max())
}

/// Judges an alarm.
#[must_use]
pub fn assess_alarm(alarm: &Alarm, reading: Option<&AlarmReading>) -> Assessment {
    let (verdict, why) = match reading.map(|reading| (reading.state, &reading.why)) {
        Some((AlarmState::Ok, _)) => (Verdict::Pass, Why::AlarmOff),
        Some((AlarmState::InAlarm, _)) if alarm.ignored => (Verdict::Pass, Why::AlarmIgnored),
        Some((AlarmState::InAlarm, why)) => (Verdict::Fail, Why::AlarmOn { message: why.clone() }),
        Some((AlarmState::NoData, _)) => (Verdict::Inconclusive, Why::AlarmWithoutData),
        Some((AlarmState::Gone, _)) | None => (Verdict::Inconclusive, Why::AlarmGone),
    };
    Assessment {
        name: alarm.name.clone(),
        measures: "alarm".to_owned(),
        unit: Unit::Plain,
        verdict,
        why,
        candidate: None,
        stable: None,
        stable_is_last: false,
        stable_age: None,
        requests: None,
        limits: String::new(),
        report_only: false,
        on_no_data: alarm.on_no_data,
    }
}

fn one(analysis: &Analysis, place: usize, metric: &Metric, seen: Seen<'_>) -> Assessment {
    let nothing = Series::default();
    let own = seen.candidate.metrics.get(place).unwrap_or(&nothing);
    let candidate = Side { requests: &seen.candidate.requests, values: own, window: seen.window, source: &metric.source };
    let stable = seen.stable.map(|stable| Side {
        requests: &stable.readings.requests,
        values: stable.readings.metrics.get(place).unwrap_or(&nothing),
        window: stable.window,
        source: &metric.source,
    });
    let is_last = seen.stable.is_some_and(|stable| stable.is_last);
    let looks = if !candidate.is_complete() {
        vec![Look::Unclear(Why::Partial)]
    } else if metric.source == Source::ErrorRate {
        let part = seen.again.map_or_else(|| Part::Planned(windows(analysis, seen.steps, place)), Part::Again);
        rates(metric, &candidate, stable.as_ref(), is_last, part)
    } else {
        minutes(metric, &candidate, stable.as_ref(), is_last)
    };
    let (verdict, why) = tally(metric, looks);
    let requests = (!candidate.requests.minutes.is_empty()).then(|| whole(candidate.counts(None).requests));
    Assessment {
        name: metric.name.clone(),
        measures: metric.source.to_string(),
        unit: metric.source.unit(),
        verdict,
        why,
        candidate: candidate.value(),
        stable: stable.as_ref().and_then(Side::value),
        stable_is_last: is_last,
        stable_age: seen.stable.filter(|_| is_last).map(|stable| seen.window.until.since(stable.window.until)),
        requests,
        limits: metric.limits(),
        report_only: metric.report_only,
        on_no_data: metric.on_no_data,
    }
}

/// In how many windows the plan has a metric compared: each step that it judges, and the look after each hold behind one.
fn windows(analysis: &Analysis, steps: &[Step], place: usize) -> u32 {
    let windows = steps.iter().enumerate().map(|(index, step)| {
        // Before the first step there is nothing to look at.
        let looks = step.hold.is_some() && index.checked_sub(1).is_some_and(|before| analysis.judges(before, place));
        u32::from(analysis.judges(index, place)) + u32::from(looks)
    });
    windows.sum()
}

/// One side of one metric.
#[derive(Clone, Copy)]
struct Side<'a> {
    requests: &'a Series,
    values: &'a Series,
    window: Window,
    source: &'a Source,
}

impl Side<'_> {
    /// What is partial is no data. A source that cannot count requests has none, which is complete.
    const fn is_complete(&self) -> bool {
        self.values.complete && self.requests.complete
    }

    /// Requests and failures of the window, or of its minutes before `until`. Minutes without a count of requests are left out;
    /// in the others no failures were told means that there were none (DESIGN §5 rule 7).
    fn counts(&self, until: Option<Timestamp>) -> Counts {
        let (mut requests, mut failures) = (0.0, 0.0);
        for minute in self.window.minutes().take_while(|minute| until.is_none_or(|until| *minute < until)) {
            if let Some(count) = self.requests.minutes.get(&minute) {
                requests += count.get();
                failures += self.values.minutes.get(&minute).map_or(0.0, |count| count.get());
            }
        }
        Counts::new(requests, failures)
    }

    /// The value of one minute: nothing told in a minute with requests is none for what is counted.
    fn at(&self, minute: Timestamp) -> Option<Number> {
        let none = || (self.source.counts() && self.requests.minutes.contains_key(&minute)).then(Number::default);
        self.values.minutes.get(&minute).copied().or_else(none)
    }

    /// The value of the whole window.
    fn value(&self) -> Option<Number> {
        if !self.is_complete() {
            return None;
        }
        if *self.source == Source::ErrorRate {
            return self.counts(None).rate().and_then(Number::new);
        }
        let values: Vec<f64> = self.window.minutes().filter_map(|minute| self.at(minute)).map(Number::get).collect();
        #[expect(clippy::cast_precision_loss, reason = "minutes of a release")]
        let count = values.len() as f64;
        Number::new(values.iter().sum::<f64>() / count)
    }
}

/// An error rate at each minute of its window.
fn rates(metric: &Metric, candidate: &Side<'_>, stable: Option<&Side<'_>>, is_last: bool, part: Part) -> Vec<Look> {
    // One that is failed by a single measurement has been judged by the earlier ones when they were the newest.
    let earlier = if metric.allowed() == (Some(1), None) { 0 } else { usize::MAX };
    let ends: Vec<Timestamp> = candidate.window.minutes().map(|minute| minute + MINUTE).collect();
    let skipped = ends.len().saturating_sub(1).saturating_sub(earlier);
    let look = |end: &Timestamp| {
        let counts = candidate.counts(Some(*end));
        if counts.requests <= 0.0 {
            return Look::Unclear(Why::NoData);
        }
        if counts.requests < f64::from(metric.min_requests) {
            return Look::Unclear(Why::TooFew { requests: whole(counts.requests), needed: metric.min_requests });
        }
        let Some(rate) = counts.rate().and_then(Number::new) else { return Look::Unclear(Why::NoData) };
        if let Some(limit) = metric.max.filter(|max| rate > *max) {
            return Look::Bad(Why::Above { found: rate, limit });
        }
        let Some(Margin::Absolute(margin)) = metric.versus else { return Look::Good };
        let Some(stable) = stable.filter(|stable| stable.is_complete()) else { return Look::Unclear(Why::NoStable) };
        let other = stable.counts(Some(*end).filter(|_| !is_last));
        let Some(stable_rate) = other.rate().and_then(Number::new) else { return Look::Unclear(Why::NoStable) };
        let versus = Versus { margin: margin.get(), alpha: metric.confidence.rest().fraction(), part };
        match versus.compare(counts, other) {
            Comparison::Worse => Look::Bad(Why::Worse { found: rate, stable: stable_rate }),
            Comparison::NoWorse => Look::Good,
            Comparison::Better => Look::Better(stable_rate),
            Comparison::NotEnough { missing } => Look::Unclear(Why::NotEnough { missing }),
        }
    };
    ends.iter().skip(skipped).map(look).collect()
}

/// Everything else, minute by minute; minutes without a value are no measurements.
fn minutes(metric: &Metric, candidate: &Side<'_>, stable: Option<&Side<'_>>, is_last: bool) -> Vec<Look> {
    let requests = candidate.counts(None).requests;
    if metric.min_requests > 0 && requests <= 0.0 {
        return Vec::new();
    }
    if requests < f64::from(metric.min_requests) {
        return vec![Look::Unclear(Why::TooFew { requests: whole(requests), needed: metric.min_requests })];
    }
    let look = |minute: Timestamp| {
        let found = candidate.at(minute)?;
        if let Some(limit) = metric.max.filter(|max| found > *max) {
            return Some(Look::Bad(Why::Above { found, limit }));
        }
        if let Some(limit) = metric.min.filter(|min| found < *min) {
            return Some(Look::Bad(Why::Below { found, limit }));
        }
        let Some(margin) = metric.versus else { return Some(Look::Good) };
        let stable = stable.filter(|stable| stable.is_complete());
        let Some(other) = stable.and_then(|stable| if is_last { stable.value() } else { stable.at(minute) }) else {
            return Some(Look::Unclear(Why::NoStable));
        };
        let by = match margin {
            Margin::Absolute(by) => by.get(),
            Margin::Relative(by) => by.get() * other.get().abs(),
        };
        let limit = other.get() + by;
        let is_worse = if margin.is_floor() { found.get() < limit } else { found.get() > limit };
        Some(if is_worse { Look::Bad(Why::Worse { found, stable: other }) } else { Look::Good })
    };
    candidate.window.minutes().filter_map(look).collect()
}

/// What all measurements together say: the limits on failing ones first, then the newest one.
fn tally(metric: &Metric, looks: Vec<Look>) -> (Verdict, Why) {
    let (mut failing, mut run, mut longest) = (0, 0, 0);
    let mut worst = None;
    for look in &looks {
        match look {
            Look::Bad(why) => {
                (failing, run) = (failing + 1, run + 1);
                longest = longest.max(run);
                worst = Some(why.clone());
            }
            Look::Good | Look::Better(_) => run = 0,
            Look::Unclear(_) => {}
        }
    }
    let (failures, consecutive) = metric.allowed();
    let is_over = |limit: Option<u32>, count: u32| limit.is_some_and(|limit| count >= limit);
    if let Some(worst) = worst
        && (is_over(failures, failing) || is_over(consecutive, longest))
    {
        return (Verdict::Fail, worst);
    }
    match looks.into_iter().next_back() {
        None => (Verdict::Inconclusive, Why::NoData),
        Some(Look::Good | Look::Better(_)) if failing > 0 => (Verdict::Pass, Why::Tolerated { failing }),
        Some(Look::Better(stable)) => (Verdict::Pass, Why::Better { stable }),
        Some(Look::Good) => (Verdict::Pass, Why::Within),
        Some(Look::Bad(why) | Look::Unclear(why)) => (Verdict::Inconclusive, why),
    }
}

impl Metric {
    /// How many failing measurements fail it, in all and in a row; one where nothing is said.
    const fn allowed(&self) -> (Option<u32>, Option<u32>) {
        match (self.failures, self.consecutive) {
            (None, None) => (Some(1), None),
            said => said,
        }
    }
}

impl Margin {
    /// Less than stable is worse.
    fn is_floor(self) -> bool {
        let (Self::Absolute(by) | Self::Relative(by)) = self;
        by.get() < 0.0
    }
}

fn whole(count: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests, not below zero")]
    let whole = count.max(0.0) as u64;
    whole
}

/// What the last step leaves for stable: nothing.
#[must_use]
pub fn is_alone(share: Share) -> bool {
    share == Share::FULL
}
