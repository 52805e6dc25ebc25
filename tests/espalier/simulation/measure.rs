//! Metrics as `aws::metrics` reads them: what of the world's traffic CloudWatch has published, in the analysis's order.

use espalier::{
    rollout::analysis::{
        AlarmReading, AlarmState, Analysis, Measured, Number, Question, Readings, Series, SideReadings, Source, Window,
    },
    sandbox::direct::Direct,
};

use super::calls::{Fate, fate};

/// What an error rate counts.
const FAILURES: [&str; 3] = ["HTTPCode_5XX_Count", "ConnectionErrorCount", "ConnectionTimeoutCount"];
const REQUESTS: &str = "TotalRequestCount";
/// Why an alarm is on that a person has set.
const BY_HAND: &str = "Set by hand";

/// Asks for the metrics of a window, by the ids of both groups.
pub(super) fn measure(
    world: &mut Direct,
    analysis: &Analysis,
    candidate: &str,
    stable: Option<&str>,
    question: Question,
) -> Measured {
    let stable = stable.filter(|_| question.both);
    let Some(alarms) = alarms(world, analysis) else { return Measured::Unread("refused".to_owned()) };
    let Some(window) = question.window else {
        return Measured::Read(Readings { alarms, ..Readings::default() });
    };
    let asked = Window { from: question.since.map_or(window.from, |since| since.min(window.from)), ..window };
    let fate = fate(world, "cloudwatch", "GetMetricData");
    if !matches!(fate, Fate::Done | Fate::Partial) {
        return Measured::Unread("refused".to_owned());
    }
    // What is answered in part lacks its last query.
    let breaks = |is_last: bool| fate == Fate::Partial && is_last;
    let readings = Readings {
        window: Some(window),
        candidate: side(world, analysis, candidate, asked, breaks(stable.is_none())),
        stable: stable.map(|stable| side(world, analysis, stable, asked, breaks(true))),
        alarms,
    };
    Measured::Read(readings)
}

/// The states of the alarms, in one call; none where that is refused.
fn alarms(world: &mut Direct, analysis: &Analysis) -> Option<Vec<AlarmReading>> {
    if !analysis.alarms.is_empty() && !matches!(fate(world, "cloudwatch", "DescribeAlarms"), Fate::Done | Fate::Partial) {
        return None;
    }
    let reading = |name: &str| {
        let state = match world.alarm(name) {
            Some("OK") => AlarmState::Ok,
            Some("ALARM") => AlarmState::InAlarm,
            Some(_) => AlarmState::NoData,
            None => AlarmState::Gone,
        };
        AlarmReading { state, why: BY_HAND.to_owned() }
    };
    Some(analysis.alarms.iter().map(|alarm| reading(&alarm.name)).collect())
}

/// One side's metrics; the query that comes last is told as failed where `breaks`.
fn side(world: &Direct, analysis: &Analysis, group: &str, window: Window, breaks: bool) -> SideReadings {
    let queries = |source: &Source| {
        if let Source::RequestTime(statistic) = source {
            return vec![("RequestTime".to_owned(), statistic.clone())];
        }
        assert!(matches!(source, Source::ErrorRate), "no case is judged by {source}");
        FAILURES.iter().map(|name| ((*name).to_owned(), "Sum".to_owned())).collect()
    };
    // Each is asked once, however many want it.
    let mut order = vec![(REQUESTS.to_owned(), "Sum".to_owned())];
    for query in analysis.metrics.iter().flat_map(|metric| queries(&metric.source)) {
        if !order.contains(&query) {
            order.push(query);
        }
    }
    let last = order.last().cloned().filter(|_| breaks);
    let series = |query: &(String, String)| {
        if Some(query) == last.as_ref() {
            return Series { complete: false, ..Series::default() };
        }
        let minutes = world.measured(group, &query.0, &query.1, window.from, window.until).into_iter();
        Series { minutes: minutes.filter_map(|(at, value)| Some((at, Number::new(value)?))).collect(), complete: true }
    };
    let sum = |source: &Source| queries(source).iter().map(series).reduce(added).unwrap_or_default();
    SideReadings { requests: series(&order[0]), metrics: analysis.metrics.iter().map(|metric| sum(&metric.source)).collect() }
}

fn added(mut one: Series, other: Series) -> Series {
    one.complete &= other.complete;
    for (minute, value) in other.minutes {
        let sum = one.minutes.get(&minute).map_or(0.0, |value| value.get()) + value.get();
        one.minutes.extend(Number::new(sum).map(|sum| (minute, sum)));
    }
    one
}
