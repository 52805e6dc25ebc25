//! Metrics of whole minutes, and the states of alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    primitives::DateTime,
    types::{AlarmType, Dimension, Metric, MetricDataQuery, MetricStat, StateValue, StatusCode},
};

use super::{
    Metrics,
    queries::{DIMENSION, MOST, NAMESPACE, Queries, Query, SideQueries, What},
};
use crate::{
    aws::{fault::Fault, lattice::ids::TargetGroupId},
    rollout::analysis::{
        Alarm, AlarmReading, AlarmState, Analysis, Number, Question, Readings, Series, SideReadings, Window, reading::minute_of,
    },
    time::Timestamp,
};

const GET: &str = "GetMetricData";
const ALARMS: &str = "DescribeAlarms";

impl Metrics {
    /// Everything that the question is about, in two calls at once.
    ///
    /// # Errors
    /// The first refusal: of a reading, half is none.
    pub async fn read(
        &self,
        analysis: &Analysis,
        candidate: &TargetGroupId,
        stable: Option<&TargetGroupId>,
        question: Question,
    ) -> Result<Readings, Fault> {
        let stable = stable.filter(|_| question.both);
        let data = async {
            match question.window {
                Some(window) => {
                    let from = question.since.map_or(window.from, |since| since.min(window.from));
                    self.data(analysis, candidate, stable, Window { from, ..window }).await
                }
                None => Ok((SideReadings::default(), None)),
            }
        };
        let ((candidate, stable), alarms) = tokio::try_join!(data, self.alarms(&analysis.alarms))?;
        Ok(Readings { window: question.window, candidate, stable, alarms })
    }

    async fn data(
        &self,
        analysis: &Analysis,
        candidate: &TargetGroupId,
        stable: Option<&TargetGroupId>,
        window: Window,
    ) -> Result<(SideReadings, Option<SideReadings>), Fault> {
        let mut queries = Queries::default();
        let candidate = queries.add('c', candidate.as_str(), analysis);
        let stable = stable.map(|stable| queries.add('s', stable.as_str(), analysis));
        if queries.all.len() > MOST {
            let message = format!("the metrics come to {} queries, CloudWatch takes {MOST} at once", queries.all.len());
            return Err(Fault::invalid(GET, message));
        }
        let at = |time: Timestamp| DateTime::from_secs(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        let asked = queries.all.iter().map(query).collect();
        let call = self.client.get_metric_data().set_metric_data_queries(Some(asked));
        let call = call.start_time(at(window.from)).end_time(at(window.until));
        let answer = call.send().await.map_err(|error| Fault::from_sdk(GET, &error))?;
        let series = series(&answer)?;
        Ok((side(&candidate, &series), stable.map(|stable| side(&stable, &series))))
    }

    /// The states of alarms, in their order.
    async fn alarms(&self, alarms: &[Alarm]) -> Result<Vec<AlarmReading>, Fault> {
        if alarms.is_empty() {
            return Ok(Vec::new());
        }
        let names = alarms.iter().map(|alarm| alarm.name.clone()).collect();
        let call = self.client.describe_alarms().set_alarm_names(Some(names)).max_records(100);
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let answer = call.send().await.map_err(|error| Fault::from_sdk(ALARMS, &error))?;
        let simple = answer.metric_alarms().iter();
        let simple = simple.map(|alarm| (alarm.alarm_name(), alarm.state_value(), alarm.state_reason()));
        let composite = answer.composite_alarms().iter();
        let composite = composite.map(|alarm| (alarm.alarm_name(), alarm.state_value(), alarm.state_reason()));
        let found: BTreeMap<_, _> =
            simple.chain(composite).filter_map(|(name, state, why)| Some((name?, reading(state, why)))).collect();
        let gone = || AlarmReading { state: AlarmState::Gone, why: String::new() };
        Ok(alarms.iter().map(|alarm| found.get(alarm.name.as_str()).cloned().unwrap_or_else(gone)).collect())
    }
}

fn reading(state: Option<&StateValue>, why: Option<&str>) -> AlarmReading {
    let state = match state.map(StateValue::as_str) {
        Some("OK") => AlarmState::Ok,
        Some("ALARM") => AlarmState::InAlarm,
        // INSUFFICIENT_DATA, and whatever a later version has: nobody knows.
        Some(_) | None => AlarmState::NoData,
    };
    AlarmReading { state, why: why.unwrap_or_default().to_owned() }
}

fn query(query: &Query) -> MetricDataQuery {
    let asked = MetricDataQuery::builder().id(&query.id).return_data(query.shown);
    match &query.what {
        What::Metric { group, name, stat } => {
            let dimension = Dimension::builder().name(DIMENSION).value(group).build();
            let metric = Metric::builder().namespace(NAMESPACE).metric_name(name).dimensions(dimension).build();
            asked.metric_stat(MetricStat::builder().metric(metric).period(60).stat(stat).build()).build()
        }
        What::Expression(text) => asked.expression(text).period(60).build(),
    }
}

/// The answer's series by query. What CloudWatch calls partial, failed or forbidden, and what it has more pages of, is not complete.
fn series(answer: &GetMetricDataOutput) -> Result<BTreeMap<&str, Series>, Fault> {
    let mut found: BTreeMap<&str, Series> = BTreeMap::new();
    for result in answer.metric_data_results() {
        let Some(id) = result.id() else { continue };
        if found.contains_key(id) {
            let label = result.label().unwrap_or(id);
            return Err(Fault::invalid(GET, format!("an expression gives several series, such as {label}: let it give one")));
        }
        let series = found.entry(id).or_default();
        series.complete &= result.status_code() == Some(&StatusCode::Complete) && answer.next_token().is_none();
        for (at, value) in result.timestamps().iter().zip(result.values()) {
            let at = minute_of(Timestamp::from_secs(u64::try_from(at.secs()).unwrap_or_default()));
            series.minutes.extend(Number::new(*value).map(|value| (at, value)));
        }
    }
    Ok(found)
}

/// One side's readings. A query that was not answered at all is not complete.
fn side(queries: &SideQueries, series: &BTreeMap<&str, Series>) -> SideReadings {
    let of = |id: &String| series.get(id.as_str()).cloned().unwrap_or(Series { complete: false, ..Series::default() });
    let sum = |ids: &Vec<String>| ids.iter().map(of).reduce(added).unwrap_or_default();
    SideReadings { requests: of(&queries.requests), metrics: queries.metrics.iter().map(sum).collect() }
}

fn added(mut one: Series, other: Series) -> Series {
    one.complete &= other.complete;
    for (minute, value) in other.minutes {
        let sum = one.minutes.get(&minute).map_or(0.0, |value| value.get()) + value.get();
        one.minutes.extend(Number::new(sum).map(|sum| (minute, sum)));
    }
    one
}
