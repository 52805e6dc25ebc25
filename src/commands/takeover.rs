//! A recorded rollout taken over by another job: rolled back, gone on with, or looked at.

use std::hash::{BuildHasher as _, Hasher as _};

use super::{
    conduct::Prepared,
    connect, preflight,
    recorded::{self, OnService, Recorded},
    test_rule,
};
use crate::{
    aws::{
        Aws,
        ledger::{Found, Ledger},
        slots::{Launch, Slots},
    },
    exit::{Error, Exit},
    hooks::{self, Jobs},
    rollout::{
        analysis::Analysis,
        machine::{GoOn, Rollout},
        outcome::Reason,
        plan::{Difference, Plan},
        record::{Record, State},
    },
    settings::{AnalysisSettings, Format, PlanOrigin, ResumeSettings, Surroundings},
    time::Timestamp,
};

/// Tells this job from every other one that takes the same rollout over at the same moment.
pub(super) fn owner() -> String {
    // The standard library's hashers are seeded by the system, differently in each process.
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:08x}", random & 0xffff_ffff)
}

/// Who asked, in words for the record's readers.
pub(super) fn asked_by(surroundings: &Surroundings, reason: Option<&str>) -> String {
    let who = surroundings.runner.actor.clone().unwrap_or_else(|| "a person".to_owned());
    reason.map_or_else(|| who.clone(), |reason| format!("{who}: {reason}"))
}

/// A rollout that is over, another one, or one that is left alone: nothing is to be done, and nothing is wrong.
pub(super) fn leave(format: Format, record: &Record, why: &str) -> Exit {
    connect::show(format, &[format!("rollout {} of {}: {why}", record.id, record.name)]);
    Exit::Done
}

/// The takeover of a recorded rollout, to roll it back.
///
/// # Errors
/// When a baseline cannot be recorded.
pub(super) fn roll_back(
    aws: &Aws,
    recorded: Recorded,
    verb: &str,
    reason: Reason,
    force: bool,
    now: Timestamp,
) -> Result<Prepared, Error> {
    let Recorded { service_arn, found, targets } = recorded;
    let release = recorded::release(aws, &found.record, verb, &targets);
    let mut record = found.record;
    record.take_over_to_roll_back(&owner(), now);
    let slots = Slots::recorded(&record, targets, Launch::Nothing);
    let ledger = Ledger::new(&service_arn, &slots.targets, true)?;
    let test_rules = test_rule::recorded(&record, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    let hooks = hooks::Runner::default().inheriting(record.unended_in(record.cluster.as_deref()));
    let rollout = Rollout::abort(record, release, reason, force);
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn })
}

/// The takeover of a recorded rollout, to go on with it. `launch` starts a candidate that was not started yet; without one it is
/// expected to exist.
///
/// # Errors
/// When a baseline cannot be recorded.
pub(super) fn go_on(
    aws: &Aws,
    recorded: Recorded,
    verb: &str,
    from: GoOn,
    full: bool,
    launch: Option<Launch>,
    now: Timestamp,
) -> Result<Prepared, Error> {
    let Recorded { service_arn, found, targets } = recorded;
    let release = recorded::release(aws, &found.record, verb, &targets);
    let mut record = found.record;
    record.take_over_to_go_on(&owner(), from, full, now);
    let again = |task_definition| Launch::Previous { task_definition };
    let launch = launch.unwrap_or_else(|| record.candidate.task_definition.clone().map_or(Launch::Nothing, again));
    let slots = Slots::recorded(&record, targets, launch);
    let ledger = Ledger::new(&service_arn, &slots.targets, true)?;
    let test_rules = test_rule::recorded(&record, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    let hooks = hooks::Runner::default().inheriting(record.unended_in(record.cluster.as_deref()));
    let rollout = Rollout::resume(record, release, from);
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn })
}

/// A look at a held rollout.
///
/// # Errors
/// When a baseline cannot be recorded.
pub(super) fn watch(aws: &Aws, recorded: Recorded, verb: &str) -> Result<Prepared, Error> {
    let Recorded { service_arn, found, targets } = recorded;
    let record = found.record;
    let release = recorded::release(aws, &record, verb, &targets);
    let slots = Slots::recorded(&record, targets, Launch::Nothing);
    let ledger = Ledger::new(&service_arn, &slots.targets, true)?;
    let test_rules = test_rule::recorded(&record, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    let hooks = hooks::Runner::default().inheriting(record.unended_in(record.cluster.as_deref()));
    let rollout = Rollout::watch(record, release, &owner());
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn })
}

/// Whether a job that goes on with it walks on: what only restores, or is decided, is finished whatever else is the case.
fn is_walked_on(record: &Record) -> bool {
    record.verb != "rollback" && matches!(record.state, State::Running | State::Held | State::Stuck)
}

/// That ECS has begun to move the weights by itself meanwhile: they are not walked on beside it.
///
/// # Errors
/// AWS's refusal.
pub(super) async fn managed(aws: &Aws, record: &Record) -> Result<Vec<preflight::Judged>, Error> {
    let Some(cluster) = record.cluster.as_deref().filter(|_| is_walked_on(record)) else { return Ok(Vec::new()) };
    let slots = record.stable.iter().chain([&record.candidate]);
    let ecs_services: Vec<_> = slots.filter_map(|slot| slot.ecs_service.as_deref()).collect();
    preflight::all_managed(aws, cluster, &ecs_services).await
}

/// Gates fail closed: a release that began with hooks is not walked on by a job that has none (exit 5). What was decided is finished.
///
/// # Errors
/// That it is so.
pub(super) fn refuse_without_gates(found: &Found, jobs: &Jobs) -> Result<(), Error> {
    let record = &found.record;
    if !record.hooked || !is_walked_on(record) || !jobs.hooks().is_empty() {
        return Ok(());
    }
    let message = format!("rollout {} began with hooks, and what they run is in the config that it began with", record.id);
    let hint = format!(
        "give that config (`--config`), or in ESPALIER_HOOKS the hooks that it was given as flags; or roll it back: {}",
        abort(found)
    );
    Err(Error::new(Exit::Refused, message).hint(hint))
}

/// What always goes back.
fn abort(found: &Found) -> String {
    format!("espalier abort --traffic-target {}", found.holder)
}

/// Whether all that a sweep has to know to walk on is known: from the record, or from a config that plans what it began with, and has
/// its hooks where there were any.
pub(super) fn knows(record: &Record, settings: &ResumeSettings) -> bool {
    let is_planned = || planned(record, &settings.plan).digest_with(&settings.judging.analysis) == record.digest;
    (record.is_whole() || is_planned()) && (!record.hooked || has_gates(record, settings))
}

/// Whether the config's hooks are this rollout's.
pub(super) fn has_gates(record: &Record, settings: &ResumeSettings) -> bool {
    !settings.hooks.hooks().is_empty() && settings.scope.application().is_some_and(|application| application.owns(record))
}

/// The plan of a config, as far as the rollout's verb goes by it.
fn planned(record: &Record, plan: &Plan) -> Plan {
    let retire_after = plan.retire_after.filter(|_| record.verb != "shift");
    Plan { retire_after, ..plan.clone() }
}

/// The variables that make a plan what the recorded one is, as a shell takes them. Limits on health are in a config alone.
fn again(differing: &[Difference]) -> String {
    let settable = differing.iter().filter(|difference| difference.key != "health");
    let variable = |Difference { key, other, .. }: &Difference| {
        let quote = if other.contains(' ') { "'" } else { "" };
        format!("ESPALIER_{}={quote}{other}{quote}", key.to_ascii_uppercase())
    };
    settable.map(variable).collect::<Vec<_>>().join(" ")
}

/// What the config says has to be what the rollout began with; what only the config knows is taken from there. Gives what it goes
/// on to be judged by besides target health.
///
/// # Errors
/// When it is another plan, or the record alone does not hold all of it (exit 5).
pub(super) fn agree(on: &mut OnService, plan: &Plan, judging: &AnalysisSettings, origin: &PlanOrigin) -> Result<Analysis, Error> {
    let abort = abort(&on.found);
    let record = &mut on.found.record;
    // A rollback's plan is its own: one step.
    if record.verb == "rollback" {
        return Ok(Analysis::default());
    }
    let plan = planned(record, plan);
    if !origin.is_said {
        if record.is_whole() {
            return Ok(Analysis::default());
        }
        let message = format!("what rollout {} is judged by is in the config that it began with, not in its record", record.id);
        return Err(Error::new(Exit::Refused, message).hint(format!("give that config (`--config`), or roll it back: {abort}")));
    }
    if plan.digest_with(&judging.analysis) != record.digest {
        let differing = plan.differences(&record.plan);
        let mut differences: Vec<_> = differing.iter().map(ToString::to_string).collect();
        if record.plan.digest_with(&judging.analysis) != record.digest {
            differences.push("`analysis` is another one".to_owned());
        }
        let message =
            format!("this config plans something else than rollout {} began with: {}", record.id, differences.join("; "));
        let again = again(&differing);
        let given = if again.is_empty() {
            String::new()
        } else {
            format!(
                "what `deploy` was told beside the config has to be told again, by variables or the action's inputs: {again}; else "
            )
        };
        let hint = format!("{given}go on from the commit that it began with, or roll it back: {abort}");
        return Err(Error::new(Exit::Refused, message).hint(hint));
    }
    record.plan = plan;
    let mut analysis = judging.analysis.clone();
    for (place, alarm) in analysis.alarms.iter_mut().enumerate() {
        alarm.ignored = judging.ignores_alarms_at_start && record.ignored.contains(&place);
    }
    Ok(analysis)
}
