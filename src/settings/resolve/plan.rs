//! How the weights move: steps, times and limits.

use std::{mem, time::Duration};

use super::analysis::analysis;
use crate::{
    cli,
    definition::{Finding, Given},
    rollout::{
        plan::{HealthLimits, OnCancel, OnDrift, Plan, PlanError, Step, Strategy, parse_steps},
        split::Share,
    },
    settings::{
        config::Config,
        sources::{Asked, Sources},
        types::{AnalysisSettings, Lock, PlanOrigin},
    },
};

const DEFAULT_STEPS: &str = "5%:2m,25%:5m,100%:10m";
const DEFAULT_STEPS_FROM: &str = "the default steps";
const DEFAULT_SETTLE: Duration = Duration::from_secs(90);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
const DEFAULT_RETIRE_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long the old slot keeps its tasks; `None` is for ever.
pub(super) fn retire_after(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> Option<Duration> {
    let asked = Asked::new("retire-after", flag, config.retire_after.as_ref());
    if sources.text(asked).as_deref() == Some("never") { None } else { Some(sources.duration(asked, DEFAULT_RETIRE_AFTER)) }
}

/// What keeps another release away.
pub(super) fn lock(sources: &mut Sources<'_>, args: &cli::Steps, config: &Config) -> Lock {
    let asked = Asked::new("lock", args.lock.as_ref(), config.lock.as_ref());
    sources.word(asked, &[("tags", Lock::Tags), ("ssm", Lock::Ssm)], Lock::default())
}

/// The plan, checked; with findings it is not to be used.
pub(super) fn plan(
    sources: &mut Sources<'_>,
    args: &cli::Steps,
    config: &Config,
    retire_after: Option<Duration>,
) -> (Plan, PlanOrigin, AnalysisSettings) {
    let before = sources.findings.len();
    let (mut steps, steps_from, expansion) = steps(sources, args, config);
    let judging = analysis(sources, config, &mut steps, &steps_from);
    let settle = Asked::new("settle", args.settle.as_ref(), config.settle.as_ref());
    let timeout = Asked::new("timeout", args.timeout.as_ref(), config.timeout.as_ref());
    let interval = Asked::new("interval", args.interval.as_ref(), config.interval.as_ref());
    let on_cancel = Asked::new("on-cancel", args.on_cancel.as_ref(), config.on_cancel.as_ref());
    let on_drift = Asked::new("on-drift", args.on_drift.as_ref(), config.on_drift.as_ref());
    let retire = Asked::new("retire-after", None, config.retire_after.as_ref());
    let limits = config.min_healthy.is_some() || config.unhealthy_for.is_some();
    let is_said = limits
        || !judging.analysis.is_empty()
        || steps_from != DEFAULT_STEPS_FROM
        || [settle, timeout, interval, on_cancel, on_drift, retire].into_iter().any(|asked| sources.given(asked).is_some());
    let interval_from = sources.given(interval).map_or_else(|| "--interval".to_owned(), |given| given.from);
    let plan = Plan {
        steps,
        settle: sources.duration(settle, DEFAULT_SETTLE),
        timeout: sources.duration(timeout, DEFAULT_TIMEOUT),
        interval: sources.duration(interval, DEFAULT_INTERVAL),
        health: health(sources, config),
        on_cancel: sources.word(on_cancel, &[("rollback", OnCancel::Rollback), ("hold", OnCancel::Hold)], OnCancel::default()),
        on_drift: sources.word(on_drift, &[("stop", OnDrift::Stop), ("restore", OnDrift::Restore)], OnDrift::default()),
        retire_after,
    };
    let origin = PlanOrigin { expansion, is_said };
    if sources.findings.len() > before {
        // What could not be read has been told; judging the defaults in its place would only confuse.
        return (plan, origin, judging);
    }
    let Err(mut errors) = plan.clone().check() else { return (plan, origin, judging) };
    if origin.expansion.is_some() {
        // Whoever names a strategy wrote one share, and not each of the steps that come of it.
        let mut is_told = false;
        errors.retain(|error| !matches!(error, PlanError::Unrepresentable { .. }) || !mem::replace(&mut is_told, true));
    }
    sources.findings.extend(errors.into_iter().map(|error| {
        let is_interval = matches!(error, PlanError::ZeroInterval | PlanError::LongInterval);
        let from = if is_interval { &interval_from } else { &steps_from };
        let message = error.to_string();
        match message.split_once(": ") {
            Some((message, hint)) => Finding::error(from, message).hint(hint),
            None => Finding::error(from, message),
        }
    }));
    (plan, origin, judging)
}

/// The steps, where they are from, and what a strategy expanded to. A flag is more than a variable is more than the config;
/// steps and a strategy in the same place contradict each other.
fn steps(sources: &mut Sources<'_>, args: &cli::Steps, config: &Config) -> (Vec<Step>, String, Option<String>) {
    let steps = sources.given(Asked::new("steps", args.steps.as_ref(), None));
    let strategy = sources.given(Asked::new("strategy", args.strategy.as_ref(), None));
    let is_flag = |given: &Given| given.from.starts_with("--");
    match (steps, strategy) {
        (Some(steps), Some(strategy)) if is_flag(&steps) == is_flag(&strategy) => {
            let message = format!("it stands beside {}, and both say which steps there are", steps.from);
            sources.findings.push(Finding::error(strategy.from, message).hint("write one of them"));
            (Vec::new(), steps.from, None)
        }
        (Some(steps), None) => written(sources, steps),
        (Some(steps), Some(strategy)) if is_flag(&steps) && !is_flag(&strategy) => written(sources, steps),
        (_, Some(strategy)) => match strategy.text.parse::<Strategy>() {
            Ok(expanded) => expand(expanded, strategy.from),
            Err(error) => {
                let hint = "a strategy is written like `canary:5%:10m`, `linear:10%:5m` or `blue_green:10m`; or write the steps themselves";
                sources.findings.push(Finding::error(&strategy.from, error.to_string()).hint(hint));
                (Vec::new(), strategy.from, None)
            }
        },
        (None, None) => match (&config.steps, &config.strategy) {
            (Some((_, steps)), Some((_, strategy))) => {
                let message = "`strategy` stands beside `steps`, and both say which steps there are";
                sources.findings.push(Finding::error(strategy, message).hint("write one of them"));
                (Vec::new(), steps.clone(), None)
            }
            (Some((steps, from)), None) => (steps.clone(), from.clone(), None),
            (None, Some((strategy, from))) => expand(*strategy, from.clone()),
            (None, None) => written(sources, Given::new(DEFAULT_STEPS, DEFAULT_STEPS_FROM)),
        },
    }
}

fn expand(strategy: Strategy, from: String) -> (Vec<Step>, String, Option<String>) {
    let steps = strategy.expand();
    let text: Vec<_> = steps.iter().map(ToString::to_string).collect();
    let expansion = format!("the strategy stands for the steps {}", text.join(","));
    (steps, from, Some(expansion))
}

fn written(sources: &mut Sources<'_>, given: Given) -> (Vec<Step>, String, Option<String>) {
    let steps = parse_steps(&given.text).unwrap_or_else(|error| {
        let finding = Finding::error(&given.from, error.to_string());
        sources.findings.push(finding.hint(format!("steps are written like `{DEFAULT_STEPS}`")));
        Vec::new()
    });
    (steps, given.from, None)
}

fn health(sources: &mut Sources<'_>, config: &Config) -> HealthLimits {
    let mut health = HealthLimits { unchecked: config.analysis.unchecked.is_some(), ..HealthLimits::default() };
    if let Some(given) = &config.min_healthy {
        match given.text.parse::<Share>() {
            Ok(share) => health.min_healthy = share,
            Err(_) => sources.findings.push(
                Finding::error(&given.from, format!("`{}` is not a share of healthy targets", given.text))
                    .hint("write a percentage, such as `80%`"),
            ),
        }
    }
    if let Some(given) = &config.unhealthy_for {
        match given.text.parse::<u32>() {
            Ok(count) if count > 0 => health.unhealthy_for = count,
            Ok(_) | Err(_) => sources.findings.push(
                Finding::error(&given.from, format!("`{}` is not a number of observations", given.text)).hint("write 1 or more"),
            ),
        }
    }
    health
}
