//! Before the first write: whether metrics and alarms can be read, and whether an alarm is on already.

use crate::{
    aws::{
        Aws, Fault,
        lattice::groups::TargetGroup,
        metrics::queries::{Called, names, needs_http},
    },
    exit::{Error, Exit, Problem},
    rollout::{
        analysis::{
            AlarmState, Analysis, Question, Readings, Window,
            metric::{CLUSTER, ECS_SERVICE},
            reading::{MINUTE, minute_of},
        },
        observation::RefusalKind,
    },
    settings::AnalysisSettings,
    time::Timestamp,
    verify::metric,
};

/// A side of a release before it begins.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) group: &'a TargetGroup,
    /// None of either where groups alone are known.
    pub(crate) ecs_service: Option<&'a str>,
    pub(crate) cluster: Option<&'a str>,
}

impl<'a> Side<'a> {
    const fn called(self) -> Called<'a> {
        Called { group: &self.group.id, ecs_service: self.ecs_service, cluster: self.cluster }
    }
}

/// What a release is judged by, with the alarms that do not count yet, and what is to be noted about it.
///
/// # Errors
/// What CloudWatch will never answer (exit 2, or 1 where the role may not ask), metrics that the sides do not have (2), and
/// alarms that are on (5). That CloudWatch does not answer just now is no error.
pub(crate) async fn judge(
    aws: &Aws,
    now: Timestamp,
    settings: &AnalysisSettings,
    sides: [Option<Side<'_>>; 2],
) -> Result<(Analysis, Vec<String>), Error> {
    let mut analysis = settings.analysis.clone();
    let [Some(one), other] = sides else { return Ok((analysis, Vec::new())) };
    if analysis.is_empty() {
        return Ok((analysis, Vec::new()));
    }
    let mut problems = unpublished(&analysis, sides.map(|side| side.map(|side| side.group)));
    problems.extend(nameless(&analysis, one));
    // Lattice may have learned some since; CloudWatch knows. Where it does not say so, the release finds out.
    if !unknown(&analysis, &[]).is_empty()
        && let Ok(listed) = aws.metric_names(&one.group.id, now).await
    {
        problems.extend(unknown(&analysis, &listed).into_iter().map(|(_, problem)| problem));
    }
    if !problems.is_empty() {
        return Err(Error { exit: Exit::Invalid, problems });
    }
    match read(aws, now, &analysis, one, other).await {
        Ok(readings) => {
            let Alarms { missing, on, notes } = alarms(&mut analysis, &readings, settings.ignores_alarms_at_start);
            let exit = if missing.is_empty() { Exit::Refused } else { Exit::Invalid };
            let problems = [missing, on].concat();
            if problems.is_empty() { Ok((analysis, notes)) } else { Err(Error { exit, problems }) }
        }
        Err(fault) if fault.refusal().kind == RefusalKind::Transient => {
            Ok((analysis, vec![format!("metrics and alarms could not be read beforehand: {fault}")]))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What is measured just now, of both sides or of the first alone.
///
/// # Errors
/// AWS's refusal.
pub(crate) async fn read(
    aws: &Aws,
    now: Timestamp,
    analysis: &Analysis,
    one: Side<'_>,
    other: Option<Side<'_>>,
) -> Result<Readings, Fault> {
    // The last minutes, whatever they hold: what counts is that the question is understood and allowed.
    let until = minute_of(aws.date().unwrap_or(now));
    let from = Timestamp::from_millis(until.as_millis().saturating_sub(5 * 60_000));
    debug_assert!(from + MINUTE * 5 >= until);
    let window = Some(Window { from, until }).filter(|_| !analysis.metrics.is_empty());
    let question = Question { window, both: true, since: None };
    aws.metrics.read(analysis, one.called(), other.map(Side::called), question, now).await
}

/// Metrics that go by an ECS service, which a shift between groups does not know.
fn nameless(analysis: &Analysis, side: Side<'_>) -> Vec<Problem> {
    let unknown = [(ECS_SERVICE, side.ecs_service), (CLUSTER, side.cluster)];
    let unknown = unknown.into_iter().filter(|(_, known)| known.is_none()).map(|(name, _)| format!("${{{name}}}"));
    let has = |name: &String| {
        let metric = analysis.metrics.iter().find(|metric| metric.source.texts().iter().any(|text| text.contains(name)))?;
        Some(Problem {
            message: format!("metric {} has `{name}`, and a shift knows target groups alone", metric.name),
            hint: Some("write the name itself where both sides have it, or let `${target_group}` tell them apart".to_owned()),
        })
    };
    unknown.filter_map(|name| has(&name)).collect()
}

/// Metrics of which Lattice publishes none by such a name, given those that CloudWatch lists for a group: their names in the config, and why.
pub(crate) fn unknown<'a>(analysis: &'a Analysis, listed: &[String]) -> Vec<(&'a str, Problem)> {
    let named = analysis.metrics.iter().flat_map(|metric| names(&metric.source).into_iter().map(move |name| (metric, name)));
    let unknown = named.filter_map(|(metric, name)| {
        let metric::Known::No(near) = metric::known(&name, listed) else { return None };
        let message = format!("metric {}: Lattice publishes no `{name}` for target groups", metric.name);
        Some((metric.name.as_str(), Problem { message, hint: near.map(|near| format!("did you mean `{near}`?")) }))
    });
    unknown.collect()
}

/// Groups of TCP have no metrics of HTTP: nothing would ever be measured.
pub(crate) fn unpublished(analysis: &Analysis, groups: [Option<&TargetGroup>; 2]) -> Vec<Problem> {
    let Some(group) = groups.into_iter().flatten().find(|group| group.protocol.as_deref() == Some("TCP")) else {
        return Vec::new();
    };
    let needs = analysis.metrics.iter().filter(|metric| needs_http(&metric.source) || metric.min_requests > 0);
    needs
        .map(|metric| Problem {
            message: format!(
                "metric {} ({}) is about HTTP requests, and the target group {} forwards TCP: Lattice publishes none of it",
                metric.name, metric.source, group.name
            ),
            hint: Some(
                "judge by `connection-errors`, another metric of connections, or an alarm, without `min_requests`".to_owned(),
            ),
        })
        .collect()
}

/// Alarms as they are before a release.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alarms {
    /// There are none of these names.
    pub(crate) missing: Vec<Problem>,
    /// They are on, and that counts.
    pub(crate) on: Vec<Problem>,
    /// They are on, and that does not count.
    pub(crate) notes: Vec<String>,
}

/// Alarms that are not there, or are on.
pub(crate) fn alarms(analysis: &mut Analysis, readings: &Readings, ignores: bool) -> Alarms {
    let Alarms { mut missing, mut on, mut notes } = Alarms::default();
    for (alarm, reading) in analysis.alarms.iter_mut().zip(&readings.alarms) {
        let name = &alarm.name;
        match reading.state {
            AlarmState::Ok | AlarmState::NoData => {}
            AlarmState::Gone => missing.push(Problem {
                message: format!("there is no alarm {name}"),
                hint: Some("check its name, the account and the region: aws cloudwatch describe-alarms lists them".to_owned()),
            }),
            AlarmState::InAlarm if ignores => {
                alarm.ignored = true;
                notes.push(format!("the alarm {name} is on already: it does not count until it was off once"));
            }
            AlarmState::InAlarm => on.push(Problem {
                message: format!("the alarm {name} is on before the release begins: {}", reading.why.trim_end_matches('.')),
                hint: Some("release when it is off, or write `analysis: { alarm_at_start: ignore }`".to_owned()),
            }),
        }
    }
    Alarms { missing, on, notes }
}

/// What each step is judged by, for `--dry-run`.
pub(crate) fn in_words(analysis: &Analysis, steps: usize) -> Vec<String> {
    let mut lines: Vec<_> = analysis
        .metrics
        .iter()
        .enumerate()
        .map(|(place, metric)| {
            let judged: Vec<_> =
                (0..steps).filter(|step| analysis.judges(*step, place)).map(|step| (step + 1).to_string()).collect();
            let which = if judged.len() == steps { "each step".to_owned() } else { format!("step {}", judged.join(", ")) };
            let which = if judged.is_empty() { "no step".to_owned() } else { which };
            let limits = if metric.limits().is_empty() { String::new() } else { format!(", {}", metric.limits()) };
            let shown = if metric.report_only { " (report only)" } else { "" };
            format!("{which} is judged by {} ({}){limits}{shown}", metric.name, metric.source)
        })
        .collect();
    lines.extend(analysis.alarms.iter().map(|alarm| format!("each step is judged by the alarm {}", alarm.name)));
    if !analysis.metrics.is_empty() {
        let lag = humantime::format_duration(analysis.lag);
        // What is only reported is not waited for.
        let decides = analysis.metrics.iter().any(|metric| !metric.report_only);
        let passes =
            if decides { "passes when those of its whole time are in" } else { "shows those that are in before it ends" };
        lines.push(format!("metrics come in whole minutes, {lag} late: a step {passes}"));
    }
    lines
}
