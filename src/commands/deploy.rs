//! `deploy`: patch, register, run the candidate, shift step by step, promote or roll back.
//!
//! Everything is read and judged before anything is written; then it is one rollout.

use std::time::Duration;

use super::{
    capacity,
    conduct::{Prepared, conduct, say_unchanged},
    connect,
    definitions::Definitions,
    preflight, test_rule,
    view::View,
};
use crate::{
    aws::{
        Aws,
        lattice::{
            groups::{GroupStatus, TargetGroup},
            traffic::TrafficTarget,
        },
        ledger::{self, Found},
        survey::{self, Roles, Survey, WantedSlot},
    },
    clock::Clock,
    exit::{Error, Exit},
    report::ReportOptions,
    settings::{DeploySettings, Lock, Rules},
    signals::Signals,
};

/// How long a new target group may take to be ready.
const GROUP_LIMIT: Duration = Duration::from_secs(120);
/// How often it is asked.
const GROUP_INTERVAL: Duration = Duration::from_secs(2);

/// A release that is ready to be driven, or one that has nothing to do.
enum Begun {
    Ready(Box<(Prepared, Aws, Box<dyn Clock>, ReportOptions)>),
    Done(Exit),
}

/// Runs it.
///
/// # Errors
/// Whatever keeps the release from beginning; once it has begun, it ends in an outcome.
pub(crate) async fn deploy(settings: DeploySettings) -> Result<Exit, Error> {
    let mut signals = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    let begun = tokio::select! {
        biased;
        () = signals.first() => return Err(connect::cancelled()),
        begun = begin(&settings) => begun?,
    };
    match begun {
        Begun::Done(exit) => Ok(exit),
        Begun::Ready(ready) => {
            let (prepared, aws, clock, reports) = *ready;
            conduct(prepared, &aws, clock.as_ref(), reports, signals).await
        }
    }
}

/// Everything before the rollout is claimed. Given up at the first signal: nothing refers to what it wrote.
async fn begin(settings: &DeploySettings) -> Result<Begun, Error> {
    let definitions = definitions(settings)?;
    let reports = connect::reports(settings.format, settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;

    let (survey, roles, records) = look(settings, &aws, clock.as_ref()).await?;
    let view = View { settings, survey: &survey, roles: &roles, definitions: &definitions };
    view.judge()?;
    preflight::judge_tags(&aws, &survey.service, &roles.targets).await?;
    if view.is_unchanged(&aws).await? {
        let release = view.release(&aws, String::new(), view.stable_revision());
        return Ok(Begun::Done(say_unchanged(release, reports, clock.now()).await));
    }
    let capacity = capacity::look(&aws, &view, &records).await?;
    if settings.dry_run {
        connect::show(settings.format, &[view.plan_in_words(), capacity::in_words(&capacity, &view)].concat());
        return Ok(Begun::Done(Exit::Done));
    }

    // The first writes: nothing refers to either until the rollout is claimed.
    let group = ensure_group(&aws, clock.as_ref(), &view).await?;
    let registered = aws.ecs.register_task_definition(&definitions.register.body).await?;
    let mut prepared = view.prepare(&aws, clock.now(), &group, &registered, &records)?;
    prepared.rollout.expect_lock(settings.lock == Lock::Ssm);
    capacity::tell(capacity, &mut prepared.rollout, clock.now());
    Ok(Begun::Ready(Box::new((prepared, aws, clock, reports))))
}

/// The two files of a release.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn definitions(settings: &DeploySettings) -> Result<Definitions, Error> {
    let lattice = &settings.lattice;
    Definitions::read(
        &settings.service_definition,
        &settings.task_definition,
        &settings.images,
        lattice.infrastructure_role.clone(),
        lattice.port_name.clone(),
        settings.jq.clone(),
    )
}

/// Reads what is there, and refuses while somebody else is at it.
async fn look(settings: &DeploySettings, aws: &Aws, clock: &dyn Clock) -> Result<(Survey, Roles, Vec<Found>), Error> {
    let lattice = &settings.lattice;
    let wanted = lattice.slots.each_ref().map(|slot| WantedSlot {
        name: slot.name.clone(),
        ecs_service: Some(slot.ecs_service.clone()),
        target_group: slot.target_group.text.clone(),
    });
    let survey = survey::survey(aws, &lattice.service, lattice.listener.as_deref(), Some(&settings.cluster), wanted).await?;
    let records = refuse_while_busy(aws, clock, &survey).await?;
    let roles = survey::roles(&survey, listed(&lattice.rules))?;
    let mut problems = preflight::judge(&survey, &roles);
    problems.extend(test_rule::judge(&survey, &roles, lattice.test_rule.as_ref()));
    preflight::refuse(problems)?;
    Ok((survey, roles, records))
}

/// The records of the traffic targets that either slot is in: a rollout that is half-way is told as what it is, before
/// anybody wonders about its weights.
pub(super) async fn refuse_while_busy(aws: &Aws, clock: &dyn Clock, survey: &Survey) -> Result<Vec<Found>, Error> {
    let records = ledger::on_targets(aws, survey.concerned().map(TrafficTarget::arn)).await?;
    preflight::refuse_while_busy(&records, aws.date().unwrap_or_else(|| clock.now()))?;
    Ok(records)
}

pub(super) fn listed(rules: &Rules) -> Option<&[String]> {
    match rules {
        Rules::All => None,
        Rules::Listed(rules) => Some(rules),
    }
}

/// The candidate's target group; made like stable's when it is missing, which a later run finds by its name.
async fn ensure_group(aws: &Aws, clock: &dyn Clock, view: &View<'_>) -> Result<TargetGroup, Error> {
    let mut group = match (view.candidate_group(), view.model_group()) {
        (Some(group), _) => group.clone(),
        (None, Some(model)) => {
            aws.lattice.create_like(view.wanted_group(), model, &preflight::owner_tags(&view.settings.service)).await?
        }
        (None, None) => return Err(Error::invalid(format!("there is no target group {}", view.wanted_group()))),
    };
    let deadline = clock.now() + GROUP_LIMIT;
    while group.status == GroupStatus::CreateInProgress {
        if clock.now() >= deadline {
            let message = format!(
                "the target group {} is still being created after {}",
                group.name,
                humantime::format_duration(GROUP_LIMIT)
            );
            return Err(Error::new(Exit::Malfunction, message).hint("run the release again: it goes on with this group"));
        }
        clock.sleep_until(clock.now() + GROUP_INTERVAL).await;
        group = aws.lattice.get_group(group.id.as_str()).await?.unwrap_or(group);
    }
    match (&group.status, &group.failure) {
        (GroupStatus::Active, _) => Ok(group),
        (_, failure) => {
            let why = failure.clone().unwrap_or_else(|| "AWS gives no reason".to_owned());
            let message = format!("the target group {} cannot be used: {why}", group.name);
            Err(Error::new(Exit::Malfunction, message).hint(format!(
                "delete it and run the release again: aws vpc-lattice delete-target-group --target-group-identifier {}",
                group.id
            )))
        }
    }
}
