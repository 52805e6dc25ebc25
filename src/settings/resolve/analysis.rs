//! What a release is judged by besides target health.

use std::time::Duration;

use crate::{
    definition::{Finding, Given, finding::choice},
    rollout::{analysis::Analysis, plan::Step},
    settings::{
        config::Config,
        sources::{Asked, Sources},
        types::AnalysisSettings,
    },
};

/// AWS does not document it; minutes have been seen to be complete by then.
const DEFAULT_LAG: Duration = Duration::from_secs(120);
const SHORTEST_LAG: Duration = Duration::from_secs(60);
const LONGEST_LAG: Duration = Duration::from_secs(3600);

/// Metrics and alarms, and which of them judge these steps, which are told how late their metrics are.
pub(super) fn analysis(sources: &mut Sources<'_>, config: &Config, steps: &mut [Step], steps_from: &str) -> AnalysisSettings {
    let said = &config.analysis;
    let only_config = |given| Asked { config: given, ..Asked::default() };
    let lag = sources.duration(only_config(said.reporting_lag.as_ref()), DEFAULT_LAG);
    if let Some(given) = said.reporting_lag.as_ref().filter(|_| !(SHORTEST_LAG..=LONGEST_LAG).contains(&lag)) {
        let finding = Finding::error(&given.from, format!("metrics do not come `{}` after their minute", given.text));
        sources.findings.push(finding.hint("write a time from `1m` to `1h`, such as `2m`"));
    }
    let mut analysis =
        Analysis { metrics: said.metrics.clone(), alarms: said.alarms.clone(), lag, steps: vec![None; steps.len()] };
    // Steps of a flag or a variable are not those that the config says something about.
    if config.steps.as_ref().is_some_and(|(_, from)| from == steps_from) {
        let judged_by = &config.judged_by;
        analysis.steps = judged_by.iter().map(|named| named.as_ref().map(|named| places(sources, &analysis, named))).collect();
    }
    for (index, step) in steps.iter_mut().enumerate() {
        let decides = |place: usize| analysis.judges(index, place) && !analysis.metrics[place].report_only;
        if (0..analysis.metrics.len()).any(decides) {
            step.lag = analysis.lag;
        }
    }
    unchecked(sources, config, &analysis, steps);
    let words = [("refuse", false), ("ignore", true)];
    let ignores_alarms_at_start = sources.word(only_config(said.alarm_at_start.as_ref()), &words, false);
    AnalysisSettings { analysis, ignores_alarms_at_start }
}

/// The places of the metrics that a step names.
fn places(sources: &mut Sources<'_>, analysis: &Analysis, named: &[Given]) -> Vec<usize> {
    let mut places = Vec::new();
    for given in named {
        if let Some(place) = analysis.metrics.iter().position(|metric| metric.name == given.text) {
            places.push(place);
            continue;
        }
        let known: Vec<_> = analysis.metrics.iter().map(|metric| metric.name.as_str()).collect();
        let hint = if known.is_empty() {
            "write it under `analysis.metrics`".to_owned()
        } else {
            format!("write {}; an empty list is no metric at all", choice(&known))
        };
        sources.findings.push(Finding::error(&given.from, format!("there is no metric `{}`", given.text)).hint(hint));
    }
    places
}

/// Where nothing checks targets, something else has to judge each step.
fn unchecked(sources: &mut Sources<'_>, config: &Config, analysis: &Analysis, steps: &[Step]) {
    let Some(given) = &config.analysis.unchecked else { return };
    let hint = "write `metrics` or `alarms`, or let the target group check the health of its targets";
    if !analysis.decides() {
        let finding = Finding::error(&given.from, "without health checks, metrics and alarms nothing would judge a release");
        sources.findings.push(finding.hint(hint));
        return;
    }
    if !analysis.alarms.is_empty() {
        return;
    }
    for (number, step) in (1..).zip(steps) {
        if step.lag.is_zero() {
            let message = format!("without health checks nothing would judge step {number} ({})", step.share);
            sources
                .findings
                .push(Finding::error(&given.from, message).hint("let one of the metrics judge it, or write an alarm"));
        }
    }
}
