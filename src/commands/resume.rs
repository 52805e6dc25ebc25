//! `resume`: go on with a rollout whose job is gone. `--all` is the sweep.

use super::{
    conduct::{self, Begun, Ready},
    connect,
    definitions::{ForSlot, weighted},
    deploy, preflight,
    recorded::{self, OnService, Recorded, Wanted},
    sweep, takeover, test_rule,
};
use crate::{
    aws::slots::Launch,
    exit::{Error, Exit},
    rollout::{
        machine::{Desired, GoOn},
        record::State,
        split::Split,
        takeover::Takeover,
    },
    settings::{DeploySettings, ResumeSettings, Scope, Which},
};

/// Runs it.
///
/// # Errors
/// When another job holds the rollout, under another plan, or nothing can be read.
pub(crate) async fn resume(settings: ResumeSettings) -> Result<Exit, Error> {
    match &settings.scope {
        Scope::All(_) => sweep::sweep(&settings).await,
        Scope::One(which) => conduct::run(begin(&settings, which)).await,
    }
}

async fn begin(settings: &ResumeSettings, which: &Which) -> Result<Begun, Error> {
    let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let mut on = recorded::find(&aws, which, settings.rollout_id.as_deref(), Wanted::GoOn).await?;
    let now = aws.date().unwrap_or_else(|| clock.now());
    let record = &on.found.record;
    if let (Some(step), Some(held)) = (settings.step, record.hold)
        && held.next + 1 != step
    {
        return Err(refused(&on, &format!("it waits before step {}, not before step {step}", held.next + 1)));
    }
    let prepared = match Takeover::resume(record, on.found.leased_until, now) {
        Takeover::Leave(why) => return Ok(Begun::Done(takeover::leave(settings.format, record, &why))),
        Takeover::Watch => return Ok(Begun::Done(Exit::Done)),
        Takeover::Refuse(why) | Takeover::Stuck(why) => return Err(refused(&on, &why)),
        Takeover::RollBack(reason) => {
            let recorded = on.with_targets(&aws).await?;
            takeover::roll_back(&aws, recorded, "resume", reason, false, now)?
        }
        Takeover::GoOn(from) => {
            takeover::refuse_without_gates(&on.found, &settings.hooks)?;
            preflight::refuse(takeover::managed(&aws, record).await?)?;
            let analysis = takeover::agree(&mut on, &settings.plan, &settings.judging, &settings.plan_origin)?;
            let recorded = on.with_targets(&aws).await?;
            let launch = settings.release.as_deref().map(|release| launch(release, &recorded)).transpose()?.flatten();
            let prepared = takeover::go_on(&aws, recorded, "resume", from, false, launch, now)?;
            let mut prepared = prepared.analysed(clock.now(), (analysis, Vec::new()));
            // A rollback that is gone on with has neither gates nor a test rule.
            if prepared.rollout.record().verb != "rollback" {
                prepared.hooks.set_jobs(settings.hooks.clone());
                let wanted = settings.release.as_deref().and_then(|release| release.lattice.test_rule.as_ref());
                prepared.test_rules = test_rule::resumed(prepared.rollout.record(), &prepared.slots, wanted);
            }
            prepared
        }
    };
    if settings.dry_run {
        let record = prepared.rollout.record();
        let lines = if record.state == State::Running && record.intent == Split::STABLE {
            prepared.slots.commands(Desired::BaselineBesideCandidate)
        } else {
            vec![format!("rollout {} of {} would go on from step {}", record.id, record.name, record.step + 1)]
        };
        connect::show(settings.format, &lines);
        return Ok(Begun::Done(Exit::Done));
    }
    Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })))
}

/// Why a rollout cannot be gone on with, and what to do instead.
pub(super) fn refused(on: &OnService, why: &str) -> Error {
    let record = &on.found.record;
    let message = format!("rollout {} of {} cannot be resumed: {why}", record.id, record.name);
    let which = format!("--traffic-target {}", on.found.holder);
    Error::new(Exit::Refused, message).hint(match record.state {
        State::Promoted if record.way_back().is_some() => {
            format!("wait for that job, or go back to what was stable before: espalier rollback {which}")
        }
        State::Promoted | State::Closed => "wait for that job".to_owned(),
        State::RolledBack => format!("wait for that job, or finish it from here: espalier abort {which}"),
        State::Running | State::Held | State::Stuck => format!("roll it back: espalier abort {which}"),
    })
}

/// How the candidate is started, where the job that is gone may not have come to it: by the definitions.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn launch(settings: &DeploySettings, on: &Recorded) -> Result<Option<Launch>, Error> {
    let record = &on.found.record;
    let at_rest = if record.stable.is_some() { Split::STABLE } else { Split::CANDIDATE };
    let started = record.intent != at_rest || record.verb != "deploy" || record.state != State::Running;
    let slot = settings.lattice.slots.iter().find(|slot| slot.name == record.candidate.name);
    let candidate = &record.candidate;
    // Another application's slots have the same names.
    let slot = slot.filter(|slot| Some(&slot.ecs_service) == candidate.ecs_service.as_ref());
    let (false, Some(slot), Some(ecs_service), Some(task_definition), Some(cluster)) =
        (started, slot, &candidate.ecs_service, &candidate.task_definition, &record.cluster)
    else {
        return Ok(None);
    };
    let definitions = deploy::definitions(settings)?;
    let patched = definitions.for_slot(ForSlot {
        slot: &slot.name,
        ecs_service,
        group_arn: &candidate.group,
        overrides: slot.overrides.as_slice(),
        beside_stable: record.stable.is_some(),
        rules: weighted(&on.targets),
    })?;
    Ok(Some(definitions.launch(&patched, cluster, ecs_service, task_definition, (&settings.service, &record.id)).0))
}

/// What `--on-existing resume` makes of a rollout that a `deploy` finds: it goes on with one that releases the same.
///
/// # Errors
/// When it cannot be gone on with.
pub(super) async fn existing(
    settings: &DeploySettings,
    aws: &crate::aws::Aws,
    mut on: OnService,
    now: crate::time::Timestamp,
) -> Result<conduct::Prepared, Error> {
    let record = &on.found.record;
    let definitions = deploy::definitions(settings)?;
    if let Some(task_definition) = &record.candidate.task_definition {
        let registered = aws.ecs.describe_task_definition(task_definition).await?;
        if !definitions.registers(&registered.raw) {
            let why = format!("it releases {}, which is not what this job releases", registered.short());
            let error = refused(&on, &why);
            let first = if record.verb == "rollback" { "finishes that rollback" } else { "rolls it back" };
            return Err(error.hint(format!("`--on-existing rollback-first` {first} and releases this one")));
        }
    }
    match Takeover::resume(record, on.found.leased_until, now) {
        Takeover::GoOn(from @ (GoOn::Here | GoOn::Next)) => {
            takeover::refuse_without_gates(&on.found, &settings.hooks)?;
            preflight::refuse(takeover::managed(aws, record).await?)?;
            let analysis = takeover::agree(&mut on, &settings.plan, &settings.judging, &settings.plan_origin)?;
            let recorded = on.with_targets(aws).await?;
            let launch = launch(settings, &recorded)?;
            let prepared = takeover::go_on(aws, recorded, "deploy", from, false, launch, now)?;
            let mut prepared = prepared.analysed(now, (analysis, Vec::new()));
            // A rollback that is gone on with has neither gates nor a test rule.
            if prepared.rollout.record().verb != "rollback" {
                prepared.hooks.set_jobs(settings.hooks.clone());
                let wanted = settings.lattice.test_rule.as_ref();
                prepared.test_rules = test_rule::resumed(prepared.rollout.record(), &prepared.slots, wanted);
            }
            Ok(prepared)
        }
        Takeover::RollBack(reason) => takeover::roll_back(aws, on.with_targets(aws).await?, "deploy", reason, false, now),
        Takeover::Leave(why) | Takeover::Refuse(why) | Takeover::Stuck(why) => Err(refused(&on, &why)),
        Takeover::Watch => Err(refused(&on, "it is held")),
    }
}
