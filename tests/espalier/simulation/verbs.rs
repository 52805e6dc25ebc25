//! What the verbs of a later job begin from: the record in the world's tags, and nothing else.

use espalier::{
    aws::{
        lattice::{action::NamedGroup, ids::TargetGroupArn},
        ledger::{self, Found, Ledger},
        slots::{Launch, Slot, Slots},
    },
    rollout::{
        machine::Rollout,
        outcome::Reason,
        plan::{Plan, Step},
        record::{Record, SlotRecord, State},
        split::Share,
    },
    sandbox::direct::Direct,
    time::Timestamp,
};

use super::{
    case::Verb,
    stage::{Stage, release, seen},
};

/// A job that is ready to go.
pub(crate) struct Begun {
    pub(crate) rollout: Rollout,
    pub(crate) slots: Slots,
    pub(crate) ledger: Ledger,
}

/// The record that the Lattice service's mark leads to, as `abort` and `rollback` find it.
pub(crate) fn recorded(world: &Direct, stage: &Stage) -> Option<Found> {
    let marks = world.tags(&stage.service_arn)?;
    let holder = marks.iter().find(|(mark, _)| mark.starts_with("espalier:rollout.")).map(|(_, holder)| holder)?;
    ledger::found(holder, world.tags(holder)?.clone()).ok().flatten()
}

/// Begins a verb; none where there is nothing for it to do.
pub(crate) fn begin(verb: Verb, world: &Direct, stage: &Stage, now: Timestamp) -> Option<Begun> {
    let found = recorded(world, stage)?;
    let state = found.record.state;
    let restores = found.record.verb == "rollback";
    match (verb, state) {
        (Verb::Abort | Verb::ForcedAbort, State::Promoted | State::Closed) => None,
        (Verb::Abort | Verb::ForcedAbort, _) => abort(&found, world, stage, verb == Verb::ForcedAbort),
        (Verb::Rollback, State::Running | State::Stuck) if restores => {
            let to = found.record.candidate.clone();
            restore(found, Some(to), world, stage, now)
        }
        (Verb::Rollback, State::Running | State::Held | State::Stuck) => abort(&found, world, stage, false),
        (Verb::Rollback, State::RolledBack | State::Promoted | State::Closed) => {
            let to = found.record.previous.clone();
            restore(found, to, world, stage, now)
        }
    }
}

fn abort(found: &Found, world: &Direct, stage: &Stage, force: bool) -> Option<Begun> {
    let mut record = found.record.clone();
    record.generation += 1;
    record.state = State::Running;
    let slots = slots(&record, world, Launch::Nothing)?;
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, true).ok()?;
    let release = release(&record, &slots);
    let reason = Reason::Aborted { by: "a person".to_owned() };
    Some(Begun { rollout: Rollout::abort(record, release, reason, force), slots, ledger })
}

fn restore(found: Found, to: Option<SlotRecord>, world: &Direct, stage: &Stage, now: Timestamp) -> Option<Begun> {
    let (old, previous) = (found.record, to?);
    let plan = Plan {
        steps: vec![Step { share: Share::FULL, bake: std::time::Duration::ZERO, hold: None }],
        retire_after: old.plan.retire_after.map(|_| old.plan.settle),
        ..old.plan.clone()
    };
    let id = format!("{}-back", old.id);
    let mut record = Record::new(id, "rollback", now, plan, Some(old.serving().clone()), previous.clone());
    record.generation = old.generation + 1;
    record.cluster.clone_from(&old.cluster);
    record.targets.clone_from(&old.targets);
    record.previous = Some(previous.clone());
    let launch = previous.task_definition.map_or(Launch::Nothing, |task_definition| Launch::Previous { task_definition });
    let mut slots = slots(&record, world, launch)?;
    let serving = TargetGroupArn::of(&old.serving().group).id();
    for (target, baseline) in &mut slots.targets {
        // What a rollback that fails restores is what is there now.
        *baseline = seen(world.action(target.arn())?);
        let all_on = baseline.groups().iter().filter(|(_, weight)| *weight > 0).all(|(group, _)| *group == serving);
        if !all_on || baseline.groups().is_empty() {
            return None;
        }
    }
    if !slots.check().is_empty() {
        return None;
    }
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, false).ok()?;
    let release = release(&record, &slots);
    Some(Begun { rollout: Rollout::restore(record, release), slots, ledger })
}

fn slots(record: &Record, world: &Direct, launch: Launch) -> Option<Slots> {
    let target = |arn: &String| {
        let tags = world.tags(arn).cloned().unwrap_or_default();
        ledger::recorded(record, arn, &tags).ok()
    };
    Some(Slots {
        cluster: record.cluster.clone(),
        targets: record.targets.iter().map(target).collect::<Option<_>>()?,
        stable: record.stable.as_ref().map(slot),
        candidate: slot(&record.candidate),
        launch,
    })
}

fn slot(recorded: &SlotRecord) -> Slot {
    let group_arn = TargetGroupArn::of(&recorded.group);
    let id = group_arn.id();
    Slot {
        name: recorded.name.clone(),
        group: NamedGroup { name: id.to_string(), id },
        group_arn,
        ecs_service: recorded.ecs_service.clone(),
        task_definition: recorded.task_definition.clone(),
    }
}
