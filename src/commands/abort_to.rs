//! `abort --to TARGET_GROUP`: weights that no record explains. A person says which group gets everything.

use std::time::Duration;

use super::{
    conduct, connect,
    recorded::{self, OnService, Recorded},
    test_rule,
};
use crate::{
    aws::{
        Aws, Fault,
        lattice::{action::Action, groups::TargetGroup, ids::TargetGroupId, traffic::TrafficTarget},
        ledger::{self, Found},
        slots::{self, Launch, Slots},
    },
    clock::Clock,
    exit::{Error, Exit, Problem},
    rollout::{
        machine::{Role, Steer},
        observation::RefusalKind,
        record::{ABORT, SlotRecord, State},
        scaling::Scaling,
        split::Split,
    },
    settings::{AbortSettings, Which},
    signals::Signals,
};

/// How long the weights are tried, as long as a rollback is.
const LIMIT: Duration = Duration::from_secs(600);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// Puts all traffic on the group, wherever it is listed, and closes the record. Where one traffic target is named it is that one, with
/// whatever its rollout moved together with it.
///
/// # Errors
/// When the group is unknown, has no healthy target (unless forced), is listed nowhere, or a job holds the rollout.
pub(super) async fn abort_to(settings: &AbortSettings, group: &str, signals: &mut Signals) -> Result<Exit, Error> {
    let plan = conduct::until_signal(signals, plan(settings, group)).await?;
    let Plan { aws, clock, service_arn, group, records, writes } = plan;
    let mut lines: Vec<_> =
        writes.iter().map(|(target, _)| format!("{}: everything to {}", target.label(), group.name)).collect();
    if !settings.dry_run {
        // Weights may have moved from here on: a signal makes it hurry, and does not end it.
        write(&aws, clock.as_ref(), &writes, signals).await?;
        for found in records {
            lines.extend(settle(&aws, clock.as_ref(), &service_arn, found, &group).await?);
        }
    }
    connect::show(settings.format, &lines);
    Ok(Exit::Done)
}

/// What is to be written, and whose records say otherwise.
struct Plan {
    aws: Aws,
    clock: Box<dyn Clock>,
    service_arn: String,
    group: TargetGroup,
    records: Vec<Found>,
    writes: Vec<(TrafficTarget, Action)>,
}

async fn plan(settings: &AbortSettings, group: &str) -> Result<Plan, Error> {
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let service_arn = recorded::service_arn(&aws, &settings.which).await?;
    let mut records = recorded::records(&aws, &settings.which, &service_arn).await?;
    if let Some(id) = &settings.rollout_id {
        recorded::refuse_a_stale_id(&records, id)?;
    }
    let group =
        aws.lattice.resolve_group(group).await?.ok_or_else(|| Error::invalid(format!("there is no target group {group}")))?;
    // Others share the Lattice service, and are not asked.
    let is = |slot: &SlotRecord| slot.group == group.arn.as_str();
    records.retain(|found| is(&found.record.candidate) || found.record.stable.as_ref().is_some_and(is));
    let now = aws.date().unwrap_or_else(|| clock.now());
    if let Some(held) = records.iter().find(|found| found.is_held(now)) {
        let message = format!("rollout {} is under way: a job holds it", held.record.id);
        let hint = format!("roll it back: espalier abort --traffic-target {}", held.holder);
        return Err(Error::new(Exit::Refused, message).hint(hint));
    }
    let unchecked = records.iter().any(|found| found.record.plan.health.unchecked);
    if !settings.force && slots::healthy(&aws.lattice.list_targets(&group.arn).await?, unchecked) == 0 {
        let message = format!("{} has no healthy target", group.name);
        return Err(Error::new(Exit::Refused, message).hint("`--force` sends it all traffic nevertheless"));
    }
    let writes = writes(&aws, settings, &service_arn, (&group, &records)).await?;
    Ok(Plan { aws, clock, service_arn, group, records, writes })
}

/// Writes and reads back until it shows, or says how to finish by hand (exit 4).
async fn write(aws: &Aws, clock: &dyn Clock, writes: &[(TrafficTarget, Action)], signals: &mut Signals) -> Result<(), Error> {
    let targets: Vec<TrafficTarget> = writes.iter().map(|(target, _)| target.clone()).collect();
    let mut deadline = clock.now() + LIMIT;
    loop {
        let refused = aws.lattice.write_actions(writes).await.err();
        let read = aws.lattice.read_actions(&targets).await;
        let shows = |((_, wanted), read): (&(TrafficTarget, Action), &Result<Option<Action>, Fault>)| {
            read.as_ref().is_ok_and(|action| action.as_ref() == Some(wanted))
        };
        if writes.iter().zip(&read).all(shows) {
            return Ok(());
        }
        let permanent = refused.as_ref().is_some_and(|fault| fault.refusal().kind == RefusalKind::Permanent);
        if permanent || clock.now() >= deadline {
            let why = refused.map_or_else(|| "the traffic targets do not show it".to_owned(), |fault| fault.to_string());
            let mut problems =
                vec![Problem { message: format!("not everything could be written: {why}; these commands do it:"), hint: None }];
            let commands = writes.iter().filter_map(|(target, action)| slots::command(target, action));
            problems.extend(commands.map(|message| Problem { message, hint: None }));
            return Err(Error { exit: Exit::Stuck, problems });
        }
        tokio::select! {
            () = signals.first() => deadline = deadline.min(clock.now() + PAUSE),
            () = clock.sleep_until(clock.now() + PAUSE) => {}
        }
    }
}

/// What the record says serves is what serves now. What its rollout had in hand is put away; what is left is told.
async fn settle(
    aws: &Aws,
    clock: &dyn Clock,
    service_arn: &str,
    before: Found,
    group: &TargetGroup,
) -> Result<Vec<String>, Error> {
    // The tries may have taken minutes.
    let now = ledger::on_targets(aws, [before.holder.as_str()]).await?.into_iter().find(|found| found.holder == before.holder);
    let is_same = |found: &Found| found.record.id == before.record.id && found.record.generation == before.record.generation;
    let Some(mut found) = now.filter(is_same) else {
        return Ok(vec![format!("rollout {} is another job's by now: its record is left as it is", before.record.id)]);
    };
    let is = |slot: &SlotRecord| slot.group == group.arn.as_str();
    let (verified, idle) = match &found.record.stable {
        stable if is(&found.record.candidate) => (Split::CANDIDATE, stable.clone()),
        Some(stable) if is(stable) => (Split::STABLE, Some(found.record.candidate.clone())),
        Some(_) | None => return Ok(Vec::new()),
    };
    let was_over = matches!(found.record.state, State::Closed);
    let lines = if was_over { Vec::new() } else { put_away(aws, clock, service_arn, &mut found, idle.as_ref()).await };
    let record = &mut found.record;
    record.verified = verified;
    record.previous = record.previous.take().filter(|slot| slot.group != group.arn.as_str());
    record.intent = record.verified;
    record.generation += ABORT;
    record.state = State::Closed;
    ledger::settle(aws, &found).await?;
    Ok(lines)
}

/// Takes the test rules away and gives scaling back. Nothing of that keeps the record from being closed: what was refused is told, with
/// the command where there is one.
async fn put_away(aws: &Aws, clock: &dyn Clock, service_arn: &str, found: &mut Found, idle: Option<&SlotRecord>) -> Vec<String> {
    let mut lines = Vec::new();
    let on = OnService { service_arn: service_arn.to_owned(), found: found.clone() };
    match on.with_targets(aws).await {
        Ok(Recorded { found: Found { record, .. }, targets, .. }) => {
            let slots = Slots::recorded(&record, targets, Launch::Nothing);
            match test_rule::recorded(&record, &slots).close(aws).await {
                Ok(()) => found.record.test = None,
                Err(fault) => lines.push(format!("its test rules are left: {fault}")),
            }
            let roles: Vec<_> = [Role::Stable, Role::Candidate].into_iter().filter(|role| record.steers(*role)).collect();
            // What a shift has kept of an earlier release's stays held: nothing here says which ECS services it is about.
            if let Some(scaling) = record.scaling.filter(|scaling| scaling.held && !roles.is_empty()) {
                let mut held = false;
                for role in roles {
                    let steer = Steer::giving_back(&record, role);
                    if let Err(fault) = slots.steer(aws, steer, scaling, clock.now()).await {
                        let command = slots.steer_command(steer, scaling).unwrap_or_default();
                        lines.push(format!("its scaling was not given back ({fault}): {command}"));
                        held = true;
                    }
                }
                found.record.scaling = Some(Scaling { held, ..scaling });
            }
        }
        Err(error) => lines.extend(error.problems.iter().map(|problem| {
            format!("its test rules and what it had suspended of scaling are left as they are: {}", problem.message)
        })),
    }
    if let Some(ecs_service) = idle.and_then(|slot| slot.ecs_service.as_ref()) {
        lines.push(format!("the tasks of {ecs_service} are left running, where they run: nothing goes to them any more"));
    }
    lines
}

async fn writes(
    aws: &Aws,
    settings: &AbortSettings,
    service_arn: &str,
    (group, records): (&TargetGroup, &[Found]),
) -> Result<Vec<(TrafficTarget, Action)>, Error> {
    let service = aws.lattice.resolve_service(service_arn).await?;
    // What a rollout moved together stays together.
    let together =
        |target: &TrafficTarget| records.iter().any(|found| found.record.targets.iter().any(|arn| arn == target.arn()));
    let asked = |target: &TrafficTarget| match &settings.which {
        Which::TrafficTarget(arn) => target.arn() == arn || together(target),
        Which::LatticeService(_) | Which::Application(..) => true,
    };
    let all = aws.lattice.traffic_targets(&service.id).await?.into_iter();
    let alone = |(target, action): (TrafficTarget, Action)| {
        let weight = |listed: &TargetGroupId| if *listed == group.id { Split::STABLE.stable } else { 0 };
        (target, Action::Forward(action.groups().iter().map(|(listed, _)| (listed.clone(), weight(listed))).collect()))
    };
    let writes: Vec<_> = all.filter(|(target, action)| asked(target) && action.weight(&group.id).is_some()).map(alone).collect();
    if writes.is_empty() {
        return Err(Error::invalid(format!("nothing of what was asked for in {} forwards to {}", service.name, group.name)));
    }
    Ok(writes)
}
