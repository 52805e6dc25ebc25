//! Whether metrics and alarms will say anything.

use super::{
    words::{thing, unchecked},
    world::Known,
};
use crate::{
    aws::{lattice::groups::TargetGroup, metrics::queries},
    commands::judging::{self, Alarms, Side},
    exit::Problem,
    rollout::{
        analysis::{Analysis, Readings, Source},
        observation::RefusalKind,
    },
    verify::{Code, Found, Level, metric},
};

/// Everything that can be said of metrics and alarms.
pub(super) async fn check(known: &Known<'_>) -> Vec<Found> {
    let mut analysis = known.release.judging.analysis.clone();
    if analysis.is_empty() {
        return Vec::new();
    }
    let side = |index: usize| {
        let slot = &known.survey.slots[index];
        let ecs_service = slot.wanted.ecs_service.as_deref();
        Some(Side { group: slot.group.as_ref()?, ecs_service, cluster: Some(&known.release.cluster) })
    };
    let (stable, candidate) = match known.roles {
        Some(roles) => (roles.stable.and_then(side), side(roles.candidate)),
        None => (side(0), side(1)),
    };
    let Some(one) = stable.or(candidate) else { return Vec::new() };
    let said = |code: Code, problem: Problem| Found { hint: problem.hint, ..Found::error(code, thing(""), problem.message) };
    let unpublished = judging::unpublished(&analysis, [stable, candidate].map(|side| side.map(|side| side.group)));
    let mut found: Vec<Found> = unpublished.into_iter().map(|problem| said(Code::MetricUnpublished, problem)).collect();
    let (names, readings) =
        tokio::join!(named(known, &analysis, one.group), judging::read(known.aws, known.now, &analysis, one, None));
    found.extend(names);
    match readings {
        Ok(readings) => {
            if stable.is_some() {
                found.extend(silent(&analysis, &readings));
            }
            let ignores = known.release.judging.ignores_alarms_at_start;
            let Alarms { missing, on, notes } = judging::alarms(&mut analysis, &readings, ignores);
            found.extend(missing.into_iter().map(|problem| said(Code::AlarmMissing, problem)));
            found.extend(on.into_iter().map(|problem| said(Code::AlarmOn, problem)));
            found.extend(notes.into_iter().map(|note| Found::note(Code::AlarmOn, thing(""), note)));
        }
        Err(fault) => {
            // A release waits for an outage to pass, and does not begin where it is refused.
            let level = if fault.refusal().kind == RefusalKind::Transient { Level::Warning } else { Level::Error };
            let message = format!("metrics and alarms cannot be read: {fault}");
            found.push(Found { level, ..Found::error(Code::MetricUnreadable, thing(""), message).hint(fault.hint()) });
        }
    }
    found
}

/// Metrics of other namespaces that have no value of what serves just now: nobody else says that a dimension is misspelt.
fn silent(analysis: &Analysis, readings: &Readings) -> Vec<Found> {
    let read = analysis.metrics.iter().zip(&readings.candidate.metrics);
    let silent = read.filter(|(metric, series)| matches!(metric.source, Source::Elsewhere { .. }) && series.minutes.is_empty());
    silent
        .map(|(metric, _)| {
            let message = format!(
                "metric {}: {} has had no value of what serves within five minutes, and steps wait for it until their deadline",
                metric.name, metric.source
            );
            let hint = "look at `namespace`, `metric` and `dimensions`: aws cloudwatch list-metrics has what there is; or write `on_no_data: pass`";
            Found::warning(Code::MetricUnpublished, thing(&metric.name), message).hint(hint)
        })
        .collect()
}

/// Whether the metrics that are asked for exist.
async fn named(known: &Known<'_>, analysis: &Analysis, group: &TargetGroup) -> Vec<Found> {
    if analysis.metrics.is_empty() {
        return Vec::new();
    }
    let listed = match known.aws.metric_names(&group.id, known.now).await {
        Ok(listed) => listed,
        Err(fault) => return vec![unchecked("whether there is anything of the metrics was not checked", &fault, &group.name)],
    };
    let unknown = judging::unknown(analysis, &listed).into_iter();
    let mut found: Vec<Found> = unknown
        .map(|(name, Problem { message, hint })| Found { hint, ..Found::error(Code::MetricUnknown, thing(name), message) })
        .collect();
    let mut silent: Vec<String> = analysis.metrics.iter().flat_map(|metric| queries::names(&metric.source)).collect();
    silent.retain(|name| metric::known(name, &listed) == metric::Known::Unpublished);
    // Errors and failed connections are only published once there are some: what tells is whether there was traffic at all.
    if listed.is_empty() {
        silent.sort();
        silent.dedup();
        let message = format!(
            "nothing has been published for {} within two weeks ({}): without traffic metrics say nothing, and steps wait for them until their deadline",
            group.name,
            silent.join(", ")
        );
        let hint = "send it traffic first, or write `on_no_data: pass` where that is meant";
        found.push(Found::warning(Code::MetricUnpublished, thing(group.arn.as_str()), message).hint(hint));
    }
    found
}
