//! `shift`: only the weights, between any two target groups.

use super::{
    capacity,
    conduct::{self, Begun, Prepared, Ready, conduct, say_unchanged},
    connect, deploy, dry_run, judging, opened, preflight, takeover, test_rule,
    view::{recorded, rollout_id},
};
use crate::{
    aws::{
        Aws,
        lattice::{
            groups::TargetGroup,
            ids::{Given, Resource},
        },
        ledger::{Found, Ledger},
        slots::{Launch, Slot, Slots},
        survey::{self, Roles, SeenSlot, Survey, WantedSlot},
    },
    clock::Timestamp,
    exit::{Error, Exit, Problem},
    hooks,
    report::Opening,
    rollout::{
        journal::{Happening, Release},
        machine::Rollout,
        record::Record,
    },
    settings::{Application, Lock, ShiftSettings},
    signals::Signals,
};

/// Runs it.
///
/// # Errors
/// Whatever keeps the shift from beginning; once it has begun, it ends in an outcome.
pub(crate) async fn shift(settings: ShiftSettings) -> Result<Exit, Error> {
    let mut signals = conduct::listen()?;
    let mut opening = opened::shift(&settings)?;
    let ended = run(&settings, &mut opening, &mut signals).await;
    if let (Err(error), Some(opening)) = (&ended, opening) {
        opened::break_off(opening, error, signals.came(), &settings.surroundings).await;
    }
    ended
}

async fn run(settings: &ShiftSettings, opening: &mut Option<Opening>, signals: &mut Signals) -> Result<Exit, Error> {
    match conduct::until_signal(signals, begin(settings, opening)).await? {
        Begun::Done(exit) => Ok(exit),
        Begun::Left(_) => Ok(Exit::Done),
        Begun::Ready(ready) => {
            let Ready { prepared, aws, clock, mut reports } = *ready;
            reports.opening = opening.take();
            conduct(prepared, &aws, clock.as_ref(), reports, signals).await.map(|ended| ended.exit)
        }
    }
}

async fn begin(settings: &ShiftSettings, opening: &mut Option<Opening>) -> Result<Begun, Error> {
    let mut reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;

    let slot = |group: &String| WantedSlot { name: group.clone(), ecs_service: None, target_group: group.clone() };
    let wanted = [slot(&settings.from), slot(&settings.to)];
    let survey = survey::survey(&aws, &settings.lattice_service, settings.listener.as_deref(), None, wanted).await;
    let survey = survey.map_err(|error| connect::unresolved(&aws, &error))?;
    let survey = survey.tagged(&aws, deploy::listed(&settings.rules)).await?;
    let [Some(from), Some(to)] = survey.slots.each_ref().map(as_slot) else {
        let unknown = survey.slots.iter().filter(|slot| slot.group.is_none());
        let hint = "`--from` and `--to` take names, ids or ARNs: aws vpc-lattice list-target-groups lists them";
        let problem = |slot: &SeenSlot| Problem {
            message: format!("there is no target group {}", slot.wanted.target_group),
            hint: Some(hint.to_owned()),
        };
        return Err(Error { exit: Exit::Invalid, problems: unknown.map(problem).collect() });
    };
    let records = deploy::refuse_while_busy(&aws, clock.as_ref(), &survey).await?;
    if let Some((cluster, application)) = &settings.application {
        preflight::refuse(preflight::all_managed(&aws, cluster, &fillers(application, &survey)).await?)?;
    }
    let roles = preflight::roles(&survey, deploy::listed(&settings.rules))?;
    let mut problems = preflight::judge(&survey, &roles, settings.plan.health.unchecked);
    problems.extend(test_rule::judge(&survey, &roles, settings.test_rule.as_ref(), &records));
    preflight::refuse(problems)?;
    let release = release(&aws, &survey, &roles, settings);
    match roles.stable {
        Some(0) => {}
        Some(_) => {
            reports.opening = opening.take();
            return Ok(Begun::Done(say_unchanged(release, reports, clock.now()).await));
        }
        None => {
            let message = format!("{} serves nothing: no target is registered in it", from.group.name);
            return Err(Error::new(Exit::Refused, message).hint("give `--from` the target group that has the traffic"));
        }
    }
    preflight::judge_tags(&aws, &survey.service, &roles.targets, &settings.plan).await?;
    let side =
        |index: usize| Some(judging::Side { group: survey.slots[index].group.as_ref()?, ecs_service: None, cluster: None });
    let analysis = judging::judge(&aws, clock.now(), &settings.judging, [side(1), side(0)]).await?;
    let rests = capacity::at_rest(&aws, &records, &to.group_arn, clock.now()).await;
    if settings.dry_run {
        let steps = settings.plan.steps.iter().map(ToString::to_string);
        let judged = judging::in_words(&settings.judging.analysis, settings.plan.steps.len());
        let lines = settings.plan_origin.expansion.iter().cloned().chain(steps).chain(judged);
        let besides = dry_run::besides(settings.lock, settings.test_rule.as_ref(), &settings.hooks, &roles.targets);
        let noted = rests.map(|what| format!("note: {what}"));
        connect::show(settings.format, &lines.chain(besides).chain(noted).collect::<Vec<_>>());
        return Ok(Begun::Done(Exit::Done));
    }
    let prepared = prepare(&aws, clock.now(), settings, &survey, roles, (from, to), (release, &records))?;
    let mut prepared = prepared.analysed(clock.now(), analysis);
    if let Some(what) = settings.plan_origin.expansion.clone() {
        prepared.rollout.note(clock.now(), Happening::Note { what });
    }
    prepared.rollout.expect_lock(settings.lock == Lock::Ssm);
    prepared.rollout.keep_scaling(capacity::recorded(&records));
    if let Some(what) = rests {
        prepared.rollout.note(clock.now(), Happening::Concern { what });
    }
    Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })))
}

fn as_slot(seen: &SeenSlot) -> Option<Slot> {
    let group = seen.group.as_ref()?;
    Some(Slot {
        name: group.name.clone(),
        group: group.named(),
        group_arn: group.arn.clone(),
        ecs_service: None,
        task_definition: None,
    })
}

/// The ECS services that fill the two groups, by the word of the config's slots.
fn fillers<'s>(application: &'s Application, survey: &Survey) -> Vec<&'s str> {
    let is_meant = |given: &str| {
        let named = Given::parse(Resource::TargetGroup, given);
        let is = |group: &TargetGroup| named.as_ref().is_ok_and(|named| named.names(group.id.as_str(), &group.name));
        survey.slots.iter().any(|slot| slot.wanted.target_group == given || slot.group.as_ref().is_some_and(is))
    };
    let slots = application.target_groups.iter().zip(&application.ecs_services);
    slots.filter(|(group, _)| is_meant(group)).map(|(_, ecs_service)| ecs_service.as_str()).collect()
}

fn release(aws: &Aws, survey: &Survey, roles: &Roles, settings: &ShiftSettings) -> Release {
    let name = |index: usize| {
        let slot: &SeenSlot = &survey.slots[index];
        slot.group.as_ref().map_or_else(|| slot.wanted.target_group.clone(), |group| group.name.clone())
    };
    Release {
        rollout_id: String::new(),
        verb: "shift".to_owned(),
        name: name(1),
        cluster: None,
        stable_revision: Some(name(0)),
        candidate_revision: name(1),
        stable_slot: name(0),
        candidate_slot: name(1),
        traffic_targets: roles.targets.iter().map(|(target, _)| target.label()).collect(),
        steps: settings.plan.steps.clone(),
        settle: settings.plan.settle,
        endpoint: aws.endpoint.clone(),
        standing: None,
    }
}

fn prepare(
    aws: &Aws,
    now: Timestamp,
    settings: &ShiftSettings,
    survey: &Survey,
    roles: Roles,
    (from, to): (Slot, Slot),
    (release, records): (Release, &[Found]),
) -> Result<Prepared, Error> {
    let started = aws.date().unwrap_or(now);
    let id = rollout_id(started, &[from.group_arn.as_str(), to.group_arn.as_str()]);
    let mut record = Record::new(id.clone(), "shift", started, settings.plan.clone(), Some(recorded(&from, 0)), recorded(&to, 0));
    // Two shifts begun in the same second have the same id.
    record.owner = takeover::owner();
    record.targets = roles.targets.iter().map(|(target, _)| target.arn().to_owned()).collect();
    // A rollback may have to start its ECS service, of which the shift itself knows nothing.
    let before = |found: &Found| Some((found.record.previous_of(record.stable.as_ref())?, found.record.cluster.clone()));
    if let Some((previous, cluster)) = records.iter().find_map(before) {
        (record.previous, record.cluster) = (Some(previous), cluster);
    }
    let slots = Slots {
        cluster: record.cluster.clone(),
        targets: roles.targets,
        stable: Some(from),
        candidate: to,
        launch: Launch::Nothing,
        unchecked: settings.plan.health.unchecked,
    };
    preflight::refuse_unwritable(&slots)?;
    let ledger = Ledger::new(&survey.service.arn, &slots.targets, false)?;
    let test_rules = test_rule::begin(&mut record, &slots, settings.test_rule.as_ref(), (survey, records));
    record.end_of(records.iter().map(|found| &found.record));
    let hooks = hooks::Runner::new(settings.hooks.clone()).inheriting(record.unended.clone());
    let rollout = Rollout::release(record, Release { rollout_id: id, ..release });
    Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn: None })
}
