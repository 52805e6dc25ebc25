//! `rollback`: back to the revision that was stable before the last promotion, also when nothing is running.

use std::time::Duration;

use super::{
    abort,
    conduct::{Prepared, conduct},
    connect, preflight,
    recorded::{self, Recorded},
    test_rule,
    view::rollout_id,
};
use crate::{
    aws::{
        Aws,
        lattice::{action::Action, ids::TargetGroupArn, traffic::TrafficTarget},
        ledger::Ledger,
        slots::Launch,
    },
    clock::Timestamp,
    exit::{Error, Exit, Problem},
    hooks,
    rollout::{
        journal::Happening,
        machine::{Desired, Rollout},
        outcome::Reason,
        plan::{Plan, Step},
        record::{Record, SlotRecord, State},
        scaling::Scaling,
        split::{Share, Split},
    },
    settings::RollbackSettings,
    signals::Signals,
};

/// Runs it. A rollout that is under way is aborted instead: that is what a person who asks for a rollback then means.
///
/// # Errors
/// When there is nothing to go back to, or nothing can be read.
pub(crate) async fn rollback(settings: RollbackSettings) -> Result<Exit, Error> {
    let signals = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    let reports = connect::reports(settings.format, settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let recorded = recorded::find(&aws, &settings.which).await?;
    let by = abort::asked_by(&settings.surroundings, settings.reason.as_deref());
    let prepared = match recorded.found.record.state {
        // A rollback whose job died goes on to where it was going.
        State::Running | State::Stuck if recorded.found.record.verb == "rollback" => {
            let to = recorded.found.record.candidate.clone();
            prepare(&aws, recorded, Some(to), clock.now(), by).await?
        }
        State::Running | State::Held | State::Stuck => abort::prepare(&aws, recorded, "rollback", Reason::Aborted { by }, false)?,
        State::RolledBack | State::Promoted | State::Closed => {
            let to = recorded.found.record.previous.clone();
            prepare(&aws, recorded, to, clock.now(), by).await?
        }
    };
    if settings.dry_run {
        connect::show(settings.format, &prepared.slots.commands(Desired::Split(Split::CANDIDATE)));
        return Ok(Exit::Done);
    }
    conduct(prepared, &aws, clock.as_ref(), reports, signals).await
}

/// A rollout of one step whose candidate is the slot of the recorded previous revision.
async fn prepare(aws: &Aws, recorded: Recorded, to: Option<SlotRecord>, now: Timestamp, by: String) -> Result<Prepared, Error> {
    let Recorded { service_arn, found, targets } = recorded;
    let old = found.record;
    let Some(previous) = to else {
        let message = format!("rollout {} records no revision that was stable before", old.id);
        return Err(Error::new(Exit::Refused, message).hint("release the revision you want with `espalier deploy`"));
    };
    let targets = as_they_are(aws, targets).await?;
    refuse_unless_all_on(old.serving(), &previous, &targets)?;
    let started = aws.date().unwrap_or(now);
    let id = rollout_id(started, &[&service_arn, &previous.group, &old.id]);
    let plan = Plan {
        steps: vec![Step { share: Share::FULL, bake: Duration::ZERO, hold: None }],
        // The rejected slot keeps its tasks until the data plane has followed.
        retire_after: old.plan.retire_after.map(|_| old.plan.settle),
        ..old.plan.clone()
    };
    let mut record = Record::new(id, "rollback", started, plan, Some(old.serving().clone()), previous.clone());
    record.generation = old.generation + 1;
    record.name.clone_from(&old.name);
    record.cluster.clone_from(&old.cluster);
    record.targets.clone_from(&old.targets);
    record.test.clone_from(&old.test);
    record.previous = Some(previous.clone());
    // The slot that serves again gets back what scaled it, and what still has to be given back goes along.
    record.scaling = old.scaling.map(|scaling| Scaling { held: true, ..scaling });

    let launch = previous.task_definition.map_or(Launch::Nothing, |task_definition| Launch::Previous { task_definition });
    let release = recorded::release(aws, &record, "rollback", &targets);
    let slots = recorded::slots(&record, targets, launch);
    preflight::refuse_unwritable(&slots)?;
    let ledger = Ledger::new(&service_arn, &slots.targets, false)?;
    // Named after the rollout that made them.
    let test_rules = test_rule::recorded(&old, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    let mut rollout = Rollout::restore(record, release);
    rollout.note(now, Happening::Note { what: format!("asked for by {by}") });
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks: hooks::Runner::default(), task_definition_arn })
}

/// What the record says to serve must serve, everywhere: on any other weights a rollback would undo what somebody else did.
fn refuse_unless_all_on(serving: &SlotRecord, previous: &SlotRecord, targets: &[(TrafficTarget, Action)]) -> Result<(), Error> {
    let serving = TargetGroupArn::of(&serving.group).id();
    let all_on = |action: &Action| {
        let weighted = || action.groups().iter().filter(|(_, weight)| *weight > 0);
        weighted().count() == 1 && weighted().all(|(group, _)| *group == serving)
    };
    let problem = |(target, action): &(TrafficTarget, Action)| Problem {
        message: format!(
            "{} says {}, where the record says that {serving} serves everything",
            target.label(),
            action.words(|_| None)
        ),
        hint: Some(format!(
            "somebody changed the weights since: to put everything on one group run `espalier abort --traffic-target {} --to TARGET_GROUP`, for example {}",
            target.arn(),
            TargetGroupArn::of(&previous.group).id()
        )),
    };
    let problems: Vec<_> = targets.iter().filter(|(_, action)| !all_on(action)).map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error { exit: Exit::Refused, problems }) }
}

/// What a rollback that fails has to restore is what is there now, not what the last release began from.
async fn as_they_are(aws: &Aws, recorded: Vec<(TrafficTarget, Action)>) -> Result<Vec<(TrafficTarget, Action)>, Error> {
    let targets: Vec<TrafficTarget> = recorded.into_iter().map(|(target, _)| target).collect();
    let actions = aws.lattice.read_actions(&targets).await;
    let mut now = Vec::with_capacity(targets.len());
    for (target, action) in targets.into_iter().zip(actions) {
        let gone = || Error::new(Exit::Refused, format!("{} is gone", target.label()));
        let action = action?.ok_or_else(gone)?;
        now.push((target, action));
    }
    Ok(now)
}
