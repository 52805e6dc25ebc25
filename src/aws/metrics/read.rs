//! Metrics of whole minutes, and the states of alarms.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    Metrics,
    queries::{Called, MOST, Queries, Query, SideQueries, What, expression_id},
};
use crate::{
    aws::fault::Fault,
    rollout::analysis::{
        Alarm, AlarmReading, AlarmState, Analysis, Number, Question, Readings, Series, SideReadings, Window, reading::minute_of,
    },
    time::Timestamp,
};

const GET: &str = "GetMetricData";

impl Metrics {
    /// Everything that the question is about, in two calls at once. `now` is for the signature.
    ///
    /// # Errors
    /// The first refusal: of a reading, half is none.
    pub async fn read(
        &self,
        analysis: &Analysis,
        candidate: Called<'_>,
        stable: Option<Called<'_>>,
        question: Question,
        now: Timestamp,
    ) -> Result<Readings, Fault> {
        let stable = stable.filter(|_| question.both);
        let data = async {
            match question.window {
                Some(window) => {
                    let from = question.since.map_or(window.from, |since| since.min(window.from));
                    self.data(analysis, candidate, stable, Window { from, ..window }, now).await
                }
                None => Ok((SideReadings::default(), None)),
            }
        };
        let ((candidate, stable), alarms) = tokio::try_join!(data, self.alarms(&analysis.alarms, now))?;
        Ok(Readings { window: question.window, candidate, stable, alarms })
    }

    async fn data(
        &self,
        analysis: &Analysis,
        candidate: Called<'_>,
        stable: Option<Called<'_>>,
        window: Window,
        now: Timestamp,
    ) -> Result<(SideReadings, Option<SideReadings>), Fault> {
        let mut queries = Queries::default();
        let candidate = queries.add('c', candidate, analysis);
        let stable = stable.map(|stable| queries.add('s', stable, analysis));
        if queries.all.len() > MOST {
            let message = format!("the metrics come to {} queries, CloudWatch takes {MOST} at once", queries.all.len());
            return Err(Fault::invalid(GET, message));
        }
        let asked = json!({
            "MetricDataQueries": queries.all.iter().map(query).collect::<Vec<_>>(),
            "StartTime": window.from.as_secs(), "EndTime": window.until.as_secs(),
        });
        let answer = self.ask(GET, &asked, now).await.map_err(|fault| by_name(fault, analysis))?;
        let series = series(&answer)?;
        Ok((side(&candidate, &series), stable.map(|stable| side(&stable, &series))))
    }

    /// The states of alarms, in their order.
    async fn alarms(&self, alarms: &[Alarm], now: Timestamp) -> Result<Vec<AlarmReading>, Fault> {
        if alarms.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = alarms.iter().map(|alarm| alarm.name.as_str()).collect();
        let asked = json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100 });
        let answer = self.ask("DescribeAlarms", &asked, now).await?;
        let found = list(&answer["MetricAlarms"]).iter().chain(list(&answer["CompositeAlarms"]));
        let found: BTreeMap<_, _> = found.filter_map(|alarm| Some((alarm["AlarmName"].as_str()?, reading(alarm)))).collect();
        let gone = || AlarmReading { state: AlarmState::Gone, why: String::new() };
        Ok(alarms.iter().map(|alarm| found.get(alarm.name.as_str()).cloned().unwrap_or_else(gone)).collect())
    }
}

/// A refusal that names expressions by the metrics that they are, in place of the ids that we gave them.
fn by_name(mut fault: Fault, analysis: &Analysis) -> Fault {
    for (place, metric) in analysis.metrics.iter().enumerate() {
        for side in ['c', 's'] {
            fault.message = fault.message.replace(&format!("'{}'", expression_id(side, place)), &format!("'{}'", metric.name));
        }
    }
    fault
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn reading(alarm: &Value) -> AlarmReading {
    let state = match alarm["StateValue"].as_str() {
        Some("OK") => AlarmState::Ok,
        Some("ALARM") => AlarmState::InAlarm,
        // INSUFFICIENT_DATA, and whatever a later version has: nobody knows.
        Some(_) | None => AlarmState::NoData,
    };
    AlarmReading { state, why: alarm["StateReason"].as_str().unwrap_or_default().to_owned() }
}

fn query(query: &Query) -> Value {
    match &query.what {
        What::Metric { namespace, name, dimensions, stat } => {
            let dimensions: Vec<_> = dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
            let metric = json!({ "Namespace": namespace, "MetricName": name, "Dimensions": dimensions });
            let stat = json!({ "Metric": metric, "Period": 60, "Stat": stat });
            json!({ "Id": query.id, "ReturnData": query.shown, "MetricStat": stat })
        }
        What::Expression(text) => json!({ "Id": query.id, "ReturnData": query.shown, "Expression": text, "Period": 60 }),
    }
}

/// The answer's series by query. What CloudWatch calls partial, failed or forbidden, and what it has more pages of, is not complete.
pub(super) fn series(answer: &Value) -> Result<BTreeMap<&str, Series>, Fault> {
    let mut found: BTreeMap<&str, Series> = BTreeMap::new();
    for result in list(&answer["MetricDataResults"]) {
        let Some(id) = result["Id"].as_str() else { continue };
        if found.contains_key(id) {
            let label = result["Label"].as_str().unwrap_or(id);
            return Err(Fault::invalid(GET, format!("an expression gives several series, such as {label}: let it give one")));
        }
        let series = found.entry(id).or_default();
        series.complete &= result["StatusCode"] == "Complete" && answer["NextToken"].is_null();
        for (at, value) in list(&result["Timestamps"]).iter().zip(list(&result["Values"])) {
            // What is no number (`"NaN"`) is no value.
            let value = value.as_f64().and_then(Number::new);
            series.minutes.extend(time(at).map(minute_of).zip(value));
        }
    }
    Ok(found)
}

/// Seconds since 1970, with or without a fraction.
fn time(said: &Value) -> Option<Timestamp> {
    let secs = said.as_f64().filter(|secs| secs.is_finite() && *secs >= 0.0)?;
    Duration::try_from_secs_f64(secs).ok().map(|since| Timestamp::from_secs(since.as_secs()))
}

/// One side's readings. A query that was not answered at all is not complete.
pub(super) fn side(queries: &SideQueries, series: &BTreeMap<&str, Series>) -> SideReadings {
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
