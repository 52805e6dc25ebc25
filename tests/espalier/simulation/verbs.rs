//! What the verbs of a later job begin from: the record in the world's tags, and nothing else.

use espalier::{
    aws::{
        lattice::{action::NamedGroup, ids::TargetGroupArn},
        ledger::{self, Found, Ledger},
        slots::{Launch, Slot, Slots},
    },
    rollout::{
        machine::{GoOn, Rollout},
        outcome::Reason,
        plan::{Plan, Step},
        record::{ABORT, GO_ON, Record, SlotRecord, State},
        split::{Share, Split},
        takeover::Takeover,
    },
    sandbox::direct::{Direct, Health},
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
    let Found { record, leased_until, .. } = recorded(world, stage)?;
    let aborted = || Takeover::RollBack(Reason::Aborted { by: "a person".to_owned() });
    let restores = record.verb == "rollback";
    let leased = leased_until.is_some_and(|until| until > now);
    let takeover = match (verb, record.state) {
        (Verb::Abort | Verb::ForcedAbort, State::Promoted | State::Closed) => return None,
        (Verb::Abort | Verb::ForcedAbort, _) => aborted(),
        (Verb::Rollback, State::Running | State::Stuck) if restores && leased => return None,
        (Verb::Rollback, State::Running | State::Stuck) if restores => Takeover::GoOn(GoOn::Here),
        (Verb::Rollback, State::Running | State::Held | State::Stuck) => aborted(),
        (Verb::Rollback, State::RolledBack | State::Promoted | State::Closed) => return restore(&record, world, stage, now),
        (Verb::Promote, _) => Takeover::promote(&record, None, now),
        (Verb::Resume, _) => Takeover::resume(&record, leased_until, now),
        (Verb::Sweep, _) => Takeover::sweep(&record, leased_until, now),
        (Verb::Recover, _) => Takeover::recover(&record, false, leased_until, now),
    };
    take(takeover, record, verb, world, stage, now)
}

/// A recorded rollout taken over, in memory.
fn take(takeover: Takeover, mut record: Record, verb: Verb, world: &Direct, stage: &Stage, now: Timestamp) -> Option<Begun> {
    let owner = format!("{verb:?}-{}", now.as_millis());
    match &takeover {
        Takeover::RollBack(_) => {
            record.take_over(&owner, ABORT, now);
            record.state = State::Running;
        }
        Takeover::GoOn(from) => {
            if let (GoOn::Next, Some(held)) = (from, record.hold) {
                record.released = held.next + 1;
            }
            record.take_over(&owner, GO_ON, now);
        }
        Takeover::Watch => {}
        Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => return None,
    }
    let launch = match &record.candidate.task_definition {
        Some(task_definition) => Launch::Previous { task_definition: task_definition.clone() },
        None => Launch::Nothing,
    };
    let slots = slots(&record, world, launch)?;
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, true).ok()?;
    let release = release(&record, &slots);
    let rollout = match takeover {
        Takeover::RollBack(reason) => Rollout::abort(record, release, reason, verb == Verb::ForcedAbort),
        Takeover::GoOn(from) => Rollout::resume(record, release, from),
        Takeover::Watch | Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => {
            Rollout::watch(record, release, &owner)
        }
    };
    Some(Begun { rollout, slots, ledger })
}

/// Back to the slot that served before: at once where it still runs, otherwise it is started first.
fn restore(old: &Record, world: &Direct, stage: &Stage, now: Timestamp) -> Option<Begun> {
    let previous = old.previous.clone()?;
    let plan = Plan {
        steps: vec![Step { share: Share::FULL, bake: std::time::Duration::ZERO, lag: std::time::Duration::ZERO, hold: None }],
        retire_after: old.plan.retire_after.map(|_| old.plan.settle),
        ..old.plan.clone()
    };
    let id = format!("{}-back", old.id);
    let mut record = Record::new(id, "rollback", now, plan, Some(old.serving().clone()), previous.clone());
    record.generation = old.generation + 1;
    record.owner = format!("rollback-{}", now.as_millis());
    record.cluster.clone_from(&old.cluster);
    record.targets.clone_from(&old.targets);
    record.previous = Some(previous.clone());
    let untouched = old.verified == Split::CANDIDATE && old.stable.as_ref() == Some(&previous);
    let wanted = previous.count.max(old.serving().count).max(1);
    let healthy = world.targets(&previous.group).filter(|(_, _, health)| *health == Health::Healthy).count();
    let warm = untouched && healthy >= wanted as usize;
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
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, true).ok()?;
    let release = release(&record, &slots);
    Some(Begun { rollout: Rollout::restore(record, release, if warm { wanted } else { 0 }), slots, ledger })
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
        unchecked: record.plan.health.unchecked,
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
