//! `rollback`: back to the revision that was stable before the last promotion, also when nothing is running.

use serde_json::Value;

use super::{
    conduct::{self, Begun, Prepared, Ready},
    connect, live, preflight,
    recorded::{self, OnService, Wanted},
    takeover, test_rule,
    view::rollout_id,
};
use crate::{
    aws::{
        Aws, baselines,
        lattice::{action::Action, ids::TargetGroupArn, traffic::TrafficTarget},
        ledger::Ledger,
        slots::{self, Launch, Slots},
    },
    clock::Timestamp,
    exit::{Error, Exit, Problem},
    hooks,
    rollout::{
        journal::Happening,
        machine::{Desired, Rollout},
        record::{Record, SlotRecord, State},
        split::Split,
        takeover::Takeover,
    },
    settings::RollbackSettings,
};

/// Runs it. A rollout that is under way is aborted instead: that is what a person who asks for a rollback then means.
///
/// # Errors
/// When there is nothing to go back to, or nothing can be read.
pub(crate) async fn rollback(settings: RollbackSettings) -> Result<Exit, Error> {
    conduct::run(begin(&settings)).await
}

pub(super) async fn begin(settings: &RollbackSettings) -> Result<Begun, Error> {
    let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let on = recorded::find(&aws, &settings.which, settings.rollout_id.as_deref(), Wanted::Rollback).await?;
    refuse_another_revision(&on.found.record, settings.revision.as_deref())?;
    let by = takeover::asked_by(&settings.surroundings, settings.reason.as_deref());
    let now = aws.date().unwrap_or_else(|| clock.now());
    let prepared = match Takeover::rollback(&on.found.record, on.found.leased_until, by.clone(), now) {
        Some(Takeover::GoOn(from)) => takeover::go_on(&aws, on.with_targets(&aws).await?, "rollback", from, false, None, now)?,
        Some(Takeover::RollBack(reason)) => {
            takeover::roll_back(&aws, on.with_targets(&aws).await?, "rollback", reason, false, now)?
        }
        Some(Takeover::Refuse(why) | Takeover::Leave(why) | Takeover::Stuck(why)) => {
            let message = format!("rollback {} is under way: {why}", on.found.record.id);
            return Err(Error::new(Exit::Refused, message).hint("wait for that job"));
        }
        Some(Takeover::Watch) => return Ok(Begun::Done(Exit::Done)),
        None => prepare(&aws, on, now, &by, settings.dry_run).await?,
    };
    if settings.dry_run {
        let desired = if prepared.rollout.record().verb == "rollback" {
            Desired::Split(Split::CANDIDATE)
        } else {
            Desired::BaselineBesideCandidate
        };
        let notes = prepared.rollout.journal().entries.iter().filter_map(|entry| {
            let Happening::Note { what } = &entry.event else { return None };
            Some(what.clone())
        });
        connect::show(settings.format, &notes.chain(prepared.slots.commands(desired)).collect::<Vec<_>>());
        return Ok(Begun::Done(Exit::Done));
    }
    Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })))
}

/// A rollout of one step whose candidate is the slot of the recorded previous revision.
///
/// Before the first write it costs one call for each traffic target and one for the targets of each slot.
async fn prepare(aws: &Aws, on: OnService, now: Timestamp, by: &str, dry_run: bool) -> Result<Prepared, Error> {
    let old = &on.found.record;
    let Some(mut previous) = old.way_back() else {
        let message = match &old.previous {
            Some(_) => format!("what rollout {} records as stable before serves already", old.id),
            None => format!("rollout {} records no revision that was stable before", old.id),
        };
        return Err(Error::new(Exit::Refused, message).hint("release the revision you want with `espalier deploy`"));
    };
    let (group, serving) = (TargetGroupArn::of(&previous.group), TargetGroupArn::of(&old.serving().group));
    let targets = baselines::recorded_targets(&on.found)?;
    let (targets, registered, serving) =
        tokio::join!(as_they_are(aws, targets), aws.lattice.list_targets(&group), aws.lattice.list_targets(&serving));
    let (targets, gone) = targets?;
    refuse_unless_all_on(old.serving(), &previous, &targets)?;

    let mut notes = if dry_run { Vec::new() } else { vec![format!("asked for by {by}")] };
    notes.extend(gone.iter().map(|label| format!("{label} is gone: it is left out")));
    let unchecked = old.plan.health.unchecked;
    let healthy = if old.left_untouched(&previous) { slots::healthy(&registered?, unchecked) } else { 0 };
    let wanted = old.needed_of(&previous, slots::healthy(&serving?, unchecked));
    let warm = healthy >= wanted;
    if !warm && healthy > 0 {
        notes.push(too_small(&on, &previous, healthy, wanted));
    }
    if !warm && previous.ecs_service.is_some() {
        notes.push(
            "the slot is started again with its former task definition: a rollback changes weights, task definition and the \
             number of tasks; network, scaling and every other setting of the ECS service stay as they are now"
                .to_owned(),
        );
        notes.extend(register_again(aws, &mut previous, dry_run).await?);
    }
    if dry_run {
        let scaled = previous.ecs_service.as_ref().filter(|_| !warm);
        notes.extend(scaled.map(|name| {
            format!("{name} is scaled up to {wanted} tasks; the weights move once {wanted} of its targets are healthy")
        }));
        let stopped = old.serving().ecs_service.as_ref().filter(|_| old.plan.retire_after.is_some());
        notes.extend(stopped.map(|name| format!("the tasks of {name} are stopped once the weights have settled")));
    }
    let started = aws.date().unwrap_or(now);
    let id = rollout_id(started, &[&on.service_arn, &previous.group, &old.id]);
    let mut record = old.restoring(previous.clone(), id, takeover::owner(), started);
    // Whoever goes on with it asks for as many, and a slot that is too small for them is started with so many.
    record.candidate.count = wanted;
    record.targets.retain(|arn| targets.iter().any(|(target, _)| target.arn() == arn));
    let launch = previous.task_definition.map_or(Launch::Nothing, |task_definition| Launch::Previous { task_definition });
    let release = recorded::release(aws, &record, "rollback", &targets);
    let slots = Slots::recorded(&record, targets, launch);
    preflight::refuse_unwritable(&slots)?;
    // The baselines of the release before say all that there is to say.
    let ledger = Ledger::new(&on.service_arn, &slots.targets, true)?;
    // Named after the rollout that made them.
    let test_rules = test_rule::recorded(old, &slots);
    let task_definition_arn = record.candidate.task_definition.clone();
    let contested = Takeover::may_stop_tasks(old, on.found.leased_until, now);
    if contested && warm {
        let what = "the job of the release before may have been stopping the tasks of the slot that is to serve again: whether \
                    they stay is read first";
        notes.push(what.to_owned());
    }
    let hooks = hooks::Runner::default().inheriting(record.unended.clone());
    let mut rollout = Rollout::restore(record, release, if warm { wanted } else { 0 }, contested);
    for what in notes {
        rollout.note(now, Happening::Note { what });
    }
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn })
}

/// What a slot that still runs lacks to take everything, and who gives it that.
fn too_small(on: &OnService, previous: &SlotRecord, healthy: u32, wanted: u32) -> String {
    let targets = if healthy == 1 { "target" } else { "targets" };
    let name = previous.ecs_service.as_ref().unwrap_or(&previous.name);
    let lacks = format!("{name} has {healthy} healthy {targets}, and it takes {wanted} to replace what serves");
    if previous.ecs_service.is_some() {
        return format!("{lacks}: it grows before it gets any request");
    }
    let (service, group) = (preflight::short(&on.service_arn), TargetGroupArn::of(&previous.group).id());
    format!(
        "{lacks}: nobody registers more for it, so there have to be as many within 5 minutes; in place of this rollback `espalier abort \
         --lattice-service {service} --to {group}` does not wait for them"
    )
}

/// Whoever names the revision to go back to wants that one and no other.
fn refuse_another_revision(record: &Record, wanted: Option<&str>) -> Result<(), Error> {
    let Some(wanted) = wanted else { return Ok(()) };
    let under_way = matches!(record.state, State::Running | State::Held | State::Stuck);
    let back_to = if under_way && record.verb != "rollback" { record.stable.as_ref() } else { record.previous.as_ref() };
    let found = back_to.and_then(|slot| slot.task_definition.as_deref()).map(preflight::short);
    if found.as_deref() == Some(preflight::short(wanted).as_str()) {
        return Ok(());
    }
    let found = found.unwrap_or_else(|| "no revision that is known".to_owned());
    let message = format!("a rollback of {} goes back to {found}, not to {wanted}; nothing was done", record.name);
    Err(Error::new(Exit::Refused, message).hint("release the revision you want with `espalier deploy`"))
}

/// ECS takes no task definition that was deregistered: the same is registered again, as a new revision.
async fn register_again(aws: &Aws, previous: &mut SlotRecord, dry_run: bool) -> Result<Option<String>, Error> {
    let Some(name) = &previous.task_definition else { return Ok(None) };
    let described = aws.ecs.describe_task_definition(name).await?;
    if described.raw["status"] != "INACTIVE" {
        return Ok(None);
    }
    if dry_run {
        return Ok(Some(format!("{} is INACTIVE: it would be registered again", described.short())));
    }
    let Value::Object(members) = &described.raw else { return Ok(None) };
    let again = aws.ecs.register_task_definition(&live::taken("RegisterTaskDefinition", members.clone())).await?;
    previous.task_definition = Some(again.arn.clone());
    Ok(Some(format!("{} is INACTIVE: the same was registered again as {}", described.short(), again.short())))
}

/// What the record says to serve must serve, everywhere: on any other weights a rollback would undo what somebody else did.
fn refuse_unless_all_on(serving: &SlotRecord, previous: &SlotRecord, targets: &[(TrafficTarget, Action)]) -> Result<(), Error> {
    let serving = TargetGroupArn::of(&serving.group).id();
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
    let problems: Vec<_> = targets.iter().filter(|(_, action)| !action.is_all_on(&serving)).map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error { exit: Exit::Refused, problems }) }
}

/// What a rollback that fails has to restore is what is there now, not what the last release began from. The labels are of those that are
/// gone: they do not keep the others from going back.
async fn as_they_are(aws: &Aws, targets: Vec<TrafficTarget>) -> Result<(Vec<(TrafficTarget, Action)>, Vec<String>), Error> {
    let actions = aws.lattice.read_actions(&targets).await;
    let (mut now, mut gone) = (Vec::with_capacity(targets.len()), Vec::new());
    for (target, action) in targets.into_iter().zip(actions) {
        match action? {
            Some(action) => now.push((target, action)),
            None => gone.push(target.label()),
        }
    }
    if now.is_empty() {
        let message = format!("{} is gone: nothing is left to go back on", gone.join(", "));
        return Err(Error::new(Exit::Refused, message).hint("release the revision you want with `espalier deploy`"));
    }
    Ok((now, gone))
}
