//! `deploy`: patch, register, run the candidate, shift step by step, promote or roll back.
//!
//! Everything is read and judged before anything is written; then it is one rollout.

use std::time::Duration;

use super::{
    capacity,
    conduct::{self, Begun, Prepared, Ready, conduct, say_unchanged},
    connect,
    definitions::Definitions,
    dry_run, judging, opened, preflight,
    recorded::OnService,
    resume,
    stable_service::{self, Unfilled},
    takeover, test_rule,
    view::View,
};
use crate::{
    aws::{
        Aws, Fault,
        lattice::{
            groups::{GroupStatus, TargetGroup},
            resolve::ResolveError,
            traffic::TrafficTarget,
        },
        ledger::{self, Found},
        survey::{self, Survey, WantedSlot},
    },
    clock::{Clock, Timestamp},
    exit::{Error, Exit},
    report::{Opening, ReportOptions},
    rollout::{machine::GoOn, outcome::Reason, record::State, takeover::Takeover},
    settings::{DeploySettings, Lock, OnExisting, Rules},
    signals::Signals,
};

/// How long a new target group may take to be ready.
const GROUP_LIMIT: Duration = Duration::from_secs(120);
/// How often it is asked.
const GROUP_INTERVAL: Duration = Duration::from_secs(2);

/// What the beginning of a release comes to.
enum Beginning {
    /// The release itself, or nothing.
    Release(Begun),
    /// Something else has to end before it: another rollout, rolled back.
    Before(Box<Ready>),
}

/// Runs it.
///
/// # Errors
/// Whatever keeps the release from beginning; once it has begun, it ends in an outcome.
pub(crate) async fn deploy(settings: DeploySettings) -> Result<Exit, Error> {
    let mut signals = conduct::listen()?;
    let mut opening = opened::deploy(&settings)?;
    let ended = run(&settings, &mut opening, &mut signals).await;
    if let (Err(error), Some(opening)) = (&ended, opening) {
        opened::break_off(opening, error, signals.came(), &settings.surroundings).await;
    }
    ended
}

async fn run(settings: &DeploySettings, opening: &mut Option<Opening>, signals: &mut Signals) -> Result<Exit, Error> {
    let mut on_existing = settings.on_existing;
    loop {
        match conduct::until_signal(signals, begin(settings, on_existing, opening)).await? {
            Beginning::Release(Begun::Done(exit)) => return Ok(exit),
            Beginning::Release(Begun::Left(_)) => return Ok(Exit::Done),
            Beginning::Release(Begun::Ready(mut ready)) => {
                ready.reports.opening = opening.take();
                return drive(*ready, signals).await;
            }
            Beginning::Before(ready) => {
                let exit = drive(*ready, signals).await?;
                if exit != Exit::Done {
                    return Ok(exit);
                }
                if signals.came() {
                    return Err(connect::cancelled());
                }
                // Once: whatever is found now has begun in between, and is another job's.
                on_existing = OnExisting::Refuse;
            }
        }
    }
}

async fn drive(ready: Ready, signals: &mut Signals) -> Result<Exit, Error> {
    conduct(ready.prepared, &ready.aws, ready.clock.as_ref(), ready.reports, signals).await.map(|ended| ended.exit)
}

/// Everything before the rollout is claimed. Given up at the first signal: nothing refers to what it wrote.
async fn begin(settings: &DeploySettings, on_existing: OnExisting, opening: &mut Option<Opening>) -> Result<Beginning, Error> {
    let definitions = definitions(settings)?;
    let mut reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;

    let survey = look(settings, &aws).await?;
    let records = preflight::ours(ledger::on_targets(&aws, survey.concerned().map(TrafficTarget::arn)).await?, &survey);
    let now = aws.date().unwrap_or_else(|| clock.now());
    if let Some(found) = records.iter().find(|found| found.is_open()).filter(|_| on_existing != OnExisting::Refuse) {
        if on_existing == OnExisting::RollbackFirst {
            // What is wrong whatever the weights say is told before anything is rolled back for it.
            let side = |slot: usize| {
                let slot = &survey.slots[slot];
                let (ecs_service, cluster) = (slot.wanted.ecs_service.as_deref(), Some(settings.cluster.as_str()));
                Some(judging::Side { group: slot.group.as_ref()?, ecs_service, cluster })
            };
            // What may be otherwise once the other one is back, such as an alarm that is on for it, is asked again then.
            if let Err(error) = judging::judge(&aws, now, &settings.judging, [side(0), side(1)]).await
                && error.exit == Exit::Invalid
            {
                return Err(error);
            }
        }
        let on = OnService { service_arn: survey.service.arn.clone(), found: found.clone() };
        let prepared = existing(settings, &aws, on, on_existing, now).await?;
        if settings.dry_run {
            let what = if on_existing == OnExisting::Resume { "go on with" } else { "first roll back" };
            let record = prepared.rollout.record();
            connect::show(settings.format, &[format!("would {what} rollout {} of {}", record.id, record.name)]);
            return Ok(Beginning::Release(Begun::Done(Exit::Done)));
        }
        let ready = Box::new(Ready { prepared, aws, clock, reports });
        return Ok(match on_existing {
            OnExisting::Resume => Beginning::Release(Begun::Ready(ready)),
            OnExisting::RollbackFirst | OnExisting::Refuse => Beginning::Before(ready),
        });
    }
    preflight::refuse_while_busy(&records, now)?;
    let roles = preflight::roles(&survey, listed(&settings.lattice.rules))?;
    let mut problems = preflight::judge(&survey, &roles, settings.plan.health.unchecked);
    problems.extend(test_rule::judge(&survey, &roles, settings.lattice.test_rule.as_ref(), &records));
    let unfilled = stable_service::look(&aws, &settings.cluster, &survey, &roles).await;
    let mut doubts = Vec::new();
    match unfilled {
        Some(Unfilled::ByAnother(judged)) => problems.push(judged),
        Some(Unfilled::ByNobody { what, .. }) => doubts.push(what),
        None => {}
    }
    preflight::refuse(problems)?;
    let view = View { settings, survey: &survey, roles: &roles, definitions: &definitions };
    view.judge()?;
    preflight::judge_tags(&aws, &survey.service, &roles.targets, &settings.plan).await?;
    if view.is_unchanged(&aws).await? {
        let unfinished = |found: &&Found| matches!(found.record.state, State::Promoted | State::RolledBack);
        if let Some(found) = records.iter().find(unfinished).filter(|_| !settings.dry_run) {
            let on = OnService { service_arn: survey.service.arn.clone(), found: found.clone() };
            return finish(settings, aws, clock, reports, (on, now)).await;
        }
        let release = view.release(&aws, String::new(), view.stable_revision());
        reports.opening = opening.take();
        reports.ecs_services[0] = view.ecs_services().map(|(stable, _)| stable.to_owned());
        return Ok(Beginning::Release(Begun::Done(say_unchanged(release, reports, clock.now()).await)));
    }
    let mut capacity = capacity::look(&aws, &view, &records, clock.now()).await?;
    capacity.findings.extend(doubts);
    // At bootstrap there are no steps to judge.
    let sides = roles.stable.map(|stable| view.sides(stable)).unwrap_or_default();
    let analysis = judging::judge(&aws, clock.now(), &settings.judging, sides).await?;
    if settings.dry_run {
        let test_rule = settings.lattice.test_rule.as_ref().filter(|_| view.roles.stable.is_some());
        let besides = dry_run::besides(settings.lock, test_rule, &settings.hooks, &view.roles.targets);
        connect::show(settings.format, &[view.plan_in_words(), capacity::in_words(&capacity, &view), besides].concat());
        return Ok(Beginning::Release(Begun::Done(Exit::Done)));
    }

    // The first writes: nothing refers to either until the rollout is claimed.
    let there = (view.candidate_group(), view.model_group());
    let group = ensure_group(&aws, clock.as_ref(), there, view.wanted_group(), &settings.service).await?;
    let registered = aws.ecs.register_task_definition(&definitions.register.body).await?;
    let mut prepared = view.prepare(&aws, clock.now(), &group, &registered, &records)?;
    prepared.rollout.expect_lock(settings.lock == Lock::Ssm);
    capacity::tell(capacity, &mut prepared.rollout, clock.now());
    Ok(Beginning::Release(Begun::Ready(Box::new(Ready {
        prepared: prepared.analysed(clock.now(), analysis),
        aws,
        clock,
        reports,
    }))))
}

/// The job of the rollout that has brought all this died before its end: what is left to do is done, the old slot's tasks are stopped.
async fn finish(
    settings: &DeploySettings,
    aws: Aws,
    clock: Box<dyn Clock>,
    reports: ReportOptions,
    (on, now): (OnService, Timestamp),
) -> Result<Beginning, Error> {
    let is_promoted = on.found.record.state == State::Promoted;
    let recorded = on.with_targets(&aws).await?;
    let prepared = if is_promoted {
        let mut prepared = takeover::go_on(&aws, recorded, "deploy", GoOn::Here, false, None, now)?;
        prepared.hooks.set_jobs(settings.hooks.clone());
        prepared
    } else {
        // Its weights are back: whoever cancelled it, or lost its job, was told so then. This is what the newer release asks for.
        let by = format!("a newer release of {}", settings.service);
        takeover::roll_back(&aws, recorded, "abort", Reason::Aborted { by }, false, now)?
    };
    let ready = Box::new(Ready { prepared, aws, clock, reports });
    Ok(if is_promoted { Beginning::Release(Begun::Ready(ready)) } else { Beginning::Before(ready) })
}

/// What `--on-existing` makes of a rollout that is under way. The new release inherits stable, never the half-way candidate.
async fn existing(
    settings: &DeploySettings,
    aws: &Aws,
    on: OnService,
    on_existing: OnExisting,
    now: Timestamp,
) -> Result<Prepared, Error> {
    if on_existing == OnExisting::Resume {
        return resume::existing(settings, aws, on, now).await;
    }
    let by = format!("a newer release of {}", settings.service);
    if on.found.record.verb == "rollback" {
        // What a person asked for is finished, not undone.
        return match Takeover::rollback(&on.found.record, on.found.leased_until, by, now) {
            Some(Takeover::GoOn(from)) => takeover::go_on(aws, on.with_targets(aws).await?, "rollback", from, false, None, now),
            _ => Err(resume::refused(&on, "it is a rollback that is under way").hint("wait until it has ended")),
        };
    }
    if on.found.record.state == State::Stuck && !on.found.record.unrestored {
        let Found { record, holder, .. } = &on.found;
        let message = format!(
            "rollout {} of {} is not rolled back by itself: it is stuck, and only a person can say which side is to serve",
            record.id, record.name
        );
        return Err(Error::new(Exit::Refused, message).hint(preflight::out_of_stuck(holder)));
    }
    // What somebody has set since its job was stuck is looked at first.
    let lost = Reason::JobLost { leased_until: on.found.leased_until };
    let reason = if on.found.record.unrestored { lost } else { Reason::Aborted { by } };
    takeover::roll_back(aws, on.with_targets(aws).await?, "abort", reason, false, now)
}

/// The two files of a release.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn definitions(settings: &DeploySettings) -> Result<Definitions, Error> {
    Ok(Definitions::read(settings)?)
}

/// Reads what is there.
pub(super) async fn look(settings: &DeploySettings, aws: &Aws) -> Result<Survey, Error> {
    let lattice = &settings.lattice;
    let (listener, cluster) = (lattice.listener.as_deref(), Some(settings.cluster.as_str()));
    let survey = survey::survey(aws, &lattice.service, listener, cluster, wanted(settings)).await;
    let survey = survey.map_err(|error| placed(settings, connect::unresolved(aws, &error), &error))?;
    Ok(survey.tagged(aws, listed(&lattice.rules)).await?)
}

/// The same error at the place where what it is about was said.
fn placed(settings: &DeploySettings, mut told: Error, error: &ResolveError) -> Error {
    if let Some(place) = place(settings, error) {
        for problem in &mut told.problems {
            problem.message = format!("{place}: {}", problem.message);
        }
    }
    told
}

/// Where what an error is about was said: a flag, a variable, or a line of the config.
pub(super) fn place<'s>(settings: &'s DeploySettings, error: &ResolveError) -> Option<&'s str> {
    let cluster = |fault: &Fault| fault.is_about_the_cluster().then_some(settings.cluster.as_str());
    let given = if let ResolveError::Fault(fault) = error { cluster(fault) } else { error.given() };
    settings.place_of(given?)
}

/// The slots as they are configured.
pub(super) fn wanted(settings: &DeploySettings) -> [WantedSlot; 2] {
    settings.lattice.slots.each_ref().map(|slot| WantedSlot {
        name: slot.name.clone(),
        ecs_service: Some(slot.ecs_service.clone()),
        target_group: slot.target_group.text.clone(),
    })
}

/// The records of the traffic targets that either slot is in: a rollout that is half-way is told as what it is, before
/// anybody wonders about its weights.
pub(super) async fn refuse_while_busy(aws: &Aws, clock: &dyn Clock, survey: &Survey) -> Result<Vec<Found>, Error> {
    let records = preflight::ours(ledger::on_targets(aws, survey.concerned().map(TrafficTarget::arn)).await?, survey);
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
pub(super) async fn ensure_group(
    aws: &Aws,
    clock: &dyn Clock,
    there: (Option<&TargetGroup>, Option<&TargetGroup>),
    name: &str,
    service: &str,
) -> Result<TargetGroup, Error> {
    let mut group = match there {
        (Some(group), _) => group.clone(),
        (None, Some(model)) => aws.lattice.create_like(name, model, &preflight::owner_tags(service), &takeover::owner()).await?,
        (None, None) => return Err(Error::invalid(format!("there is no target group {name}"))),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ensure_group;
    use crate::{
        aws::testing::{Asked, heard, ok, with_aws},
        clock::System,
    };

    /// The Gateway API Controller goes on with what could not be made.
    #[test]
    fn lattice_2_a_release_does_not_go_on_with_a_target_group_that_could_not_be_made() {
        const ID: &str = "tg-0123456789abcdef0";
        let script = |_: &Asked, _| {
            let arn = format!("arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/{ID}");
            let group = json!({ "name": "app-b", "id": ID, "arn": arn, "type": "IP", "status": "CREATE_FAILED", "failureMessage": "no capacity" });
            Some(ok(group))
        };
        with_aws(script, async |aws, log| {
            let group = aws.lattice.get_group(ID).await.expect("asked").expect("there");
            let error = ensure_group(&aws, &System, (Some(&group), None), "app-b", "app").await.expect_err("of no use");
            assert_eq!(error.problems[0].message, "the target group app-b cannot be used: no capacity");
            assert_eq!(heard(&log).len(), 1, "nor is it waited for");
        });
    }
}
