//! How the weights move: steps, times and limits.

use std::time::Duration;

use crate::{
    cli,
    definition::{Finding, Given},
    rollout::{
        plan::{HealthLimits, OnCancel, OnDrift, Plan, PlanError, Step, parse_steps},
        split::Share,
    },
    settings::{
        config::Config,
        sources::{Asked, Sources},
    },
};

const DEFAULT_STEPS: &str = "5%:2m,25%:5m,100%:10m";
const DEFAULT_SETTLE: Duration = Duration::from_secs(90);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
const DEFAULT_RETIRE_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long the old slot keeps its tasks; `None` is for ever.
pub(super) fn retire_after(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> Option<Duration> {
    let asked = Asked::new("retire-after", flag, config.retire_after.as_ref());
    if sources.text(asked).as_deref() == Some("never") { None } else { Some(sources.duration(asked, DEFAULT_RETIRE_AFTER)) }
}

/// The plan, checked; with findings it is not to be used.
pub(super) fn plan(sources: &mut Sources<'_>, args: &cli::Steps, config: &Config, retire_after: Option<Duration>) -> Plan {
    let before = sources.findings.len();
    let (steps, steps_from) = steps(sources, args.steps.as_ref(), config);
    let interval = Asked::new("interval", args.interval.as_ref(), config.interval.as_ref());
    let interval_from = sources.given(interval).map_or_else(|| "--interval".to_owned(), |given| given.from);
    let plan = Plan {
        steps,
        settle: sources.duration(Asked::new("settle", args.settle.as_ref(), config.settle.as_ref()), DEFAULT_SETTLE),
        timeout: sources.duration(Asked::new("timeout", args.timeout.as_ref(), config.timeout.as_ref()), DEFAULT_TIMEOUT),
        interval: sources.duration(interval, DEFAULT_INTERVAL),
        health: health(sources, config),
        on_cancel: on_cancel(sources, args.on_cancel.as_ref(), config),
        on_drift: sources.word(
            Asked::new("on-drift", args.on_drift.as_ref(), config.on_drift.as_ref()),
            &[("stop", OnDrift::Stop), ("restore", OnDrift::Restore)],
            OnDrift::default(),
        ),
        retire_after,
    };
    if sources.findings.len() > before {
        // What could not be read has been told; judging the defaults in its place would only confuse.
        return plan;
    }
    match plan.clone().check() {
        Ok(plan) => plan,
        Err(errors) => {
            sources.findings.extend(errors.into_iter().map(|error| {
                let from = if error == PlanError::ZeroInterval { &interval_from } else { &steps_from };
                let message = error.to_string();
                match message.split_once(": ") {
                    Some((message, hint)) => Finding::error(from, message).hint(hint),
                    None => Finding::error(from, message),
                }
            }));
            plan
        }
    }
}

/// DESIGN §2's `hold` ends the job and leaves the weights; without a command that goes on from there it would be a trap.
fn on_cancel(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> OnCancel {
    if let Some(given) = sources.given(Asked::new("on-cancel", flag, config.on_cancel.as_ref()))
        && given.text != "rollback"
    {
        let message = if given.text == "hold" {
            "`on_cancel: hold` is not supported by this version: nothing could go on with the rollout that is left standing"
                .to_owned()
        } else {
            format!("`{}` is not what a cancelled job can do", given.text)
        };
        sources.findings.push(Finding::error(given.from, message).hint("write `rollback`, or leave it out"));
    }
    OnCancel::Rollback
}

fn steps(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> (Vec<Step>, String) {
    let given = match (sources.given(Asked::new("steps", flag, None)), &config.steps) {
        (Some(given), _) => given,
        (None, Some((steps, from))) => return (steps.clone(), from.clone()),
        (None, None) => Given::new(DEFAULT_STEPS, "the default steps"),
    };
    if given.text.split(',').any(|step| step.trim().split(':').next() == Some("hold")) {
        let finding =
            Finding::error(&given.from, "`hold` as a step is not supported by this version: nothing could go on after it");
        sources.findings.push(finding.hint("give the step before it a longer time, and stop the release with `abort`"));
        return (Vec::new(), given.from);
    }
    match parse_steps(&given.text) {
        Ok(steps) => (steps, given.from),
        Err(error) => {
            let finding = Finding::error(&given.from, error.to_string());
            sources.findings.push(finding.hint(format!("steps are written like `{DEFAULT_STEPS}`")));
            (Vec::new(), given.from)
        }
    }
}

fn health(sources: &mut Sources<'_>, config: &Config) -> HealthLimits {
    let mut health = HealthLimits::default();
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
