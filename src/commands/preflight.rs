//! Before the first write: everything that would make a release fail, and what was there already.

use std::collections::BTreeMap;

use crate::{
    aws::{
        Aws,
        ecs::services::EcsService,
        lattice::{
            action::{Action, MAX_GROUPS},
            groups::TargetGroup,
            packing::free_tags,
            traffic::{LatticeService, TrafficTarget},
        },
        ledger::{Found, Ledger},
        slots::Slots,
        survey::{self, Roles, Survey},
    },
    exit::{Error, Exit, Problem},
    resources::resource::OWNER,
    rollout::{
        plan::Plan,
        record::{SlotRecord, State},
        ways,
    },
    time::Timestamp,
    verify::Code,
};

/// Of the records on traffic targets, those of this application. Where nothing lists its groups yet, every target of the Lattice service is
/// looked at, and what other applications have under way there is theirs.
pub(crate) fn ours(records: Vec<Found>, survey: &Survey) -> Vec<Found> {
    let is_ours = |recorded: &SlotRecord| {
        survey.slots.iter().any(|slot| {
            let is_group = slot.group.as_ref().is_some_and(|group| group.arn.as_str() == recorded.group);
            is_group || (slot.wanted.ecs_service.is_some() && slot.wanted.ecs_service == recorded.ecs_service)
        })
    };
    let concerns = |found: &Found| is_ours(&found.record.candidate) || found.record.stable.as_ref().is_some_and(is_ours);
    records.into_iter().filter(concerns).collect()
}

/// Refuses while another rollout is under way on the same traffic targets (exit 5).
pub(crate) fn refuse_while_busy(records: &[Found], now: Timestamp) -> Result<(), Error> {
    let Some(found) = records.iter().find(|found| found.is_open() || found.is_held(now)) else { return Ok(()) };
    let Found { record, leased_until, holder, .. } = found;
    let what = format!("rollout {} of {}", record.id, record.name);
    let abort = format!("espalier abort --traffic-target {holder}");
    // A rollback that a person asked for is not undone for a release.
    let by_itself = if record.verb == "rollback" { "" } else { "; `--on-existing rollback-first` does that by itself" };
    let back = format!("roll it back: {abort}{by_itself}");
    let on = ways::on(record, holder, now).map_or_else(String::new, |command| {
        let with = if record.needs_config() { format!(" ({})", ways::WITH_CONFIG) } else { String::new() };
        format!("go on with it: {command}{with}; or ")
    });
    let held = leased_until.filter(|until| *until > now);
    let (message, hint) = match (record.state, held) {
        (State::Held, _) => {
            let until = record.hold.map_or_else(String::new, |held| {
                if held.until > now {
                    format!(": it waits for somebody to promote it until {}", held.until)
                } else {
                    format!(": nobody promoted it by {}, and the next sweep ends that", held.until)
                }
            });
            (format!("{what} is held{until}"), format!("{on}{back}"))
        }
        (State::Running, Some(until)) => {
            (format!("{what} is under way: another job holds it until {until}"), format!("wait for that job, or {back}"))
        }
        (State::Running, None) => (format!("{what} is under way and no job holds it any more"), format!("{on}{back}")),
        (State::Stuck, _) => (format!("{what} is stuck: traffic is not known to be good"), out_of_stuck(holder)),
        (State::RolledBack | State::Promoted | State::Closed, until) => {
            // Its job renews its lease for as long as it waits.
            match record.retires_at().filter(|due| record.state == State::Promoted && *due > now) {
                Some(due) => {
                    let ended = if record.verb == "rollback" { "went back" } else { "is promoted" };
                    let message =
                        format!("{what} {ended}, and its job keeps the tasks of the slot that served before until {due}");
                    (message, "run this again once it has stopped them".to_owned())
                }
                None => {
                    let message = format!("{what} is done, and its job is stopping the tasks that are not needed any more");
                    let gone = until.map_or_else(String::new, |until| format!(", or after {until} should that job be gone"));
                    (message, format!("run this again when it has ended{gone}"))
                }
            }
        }
    };
    Err(Error::new(Exit::Refused, message).hint(hint))
}

/// Something that is wrong with the world for this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) exit: Exit,
    pub(crate) code: Code,
    /// The ARN or name of what it is about.
    pub(crate) about: String,
    pub(crate) problem: Problem,
}

/// What a person can do about a rollout that is stuck.
pub(crate) fn out_of_stuck(holder: &str) -> String {
    let abort = format!("espalier abort --traffic-target {holder}");
    format!("roll it back, {abort}, or say which group gets everything: {abort} --to TARGET_GROUP")
}

/// That ECS moves the weights of this service by itself.
pub(crate) fn managed(service: &EcsService) -> Option<Judged> {
    // Any deployment's, not only the newest one's: one that is under way still moves the weights.
    let strategy = service.shifts_weights()?;
    let message = format!("ECS moves the weights of {} itself ({strategy}): two hands on one rule break a release", service.name);
    let hint = "set its deployment strategy to ROLLING and remove `advancedConfiguration`, or leave the release to ECS";
    let problem = Problem { message, hint: Some(hint.to_owned()) };
    Some(Judged { exit: Exit::Refused, code: Code::ManagedByEcs, about: service.arn.clone(), problem })
}

/// The same of every one of these, as they are now.
pub(crate) async fn all_managed(aws: &Aws, cluster: &str, ecs_services: &[&str]) -> Result<Vec<Judged>, Error> {
    let described = aws.ecs.describe_services(cluster, ecs_services).await?;
    Ok(described.iter().flatten().filter_map(managed).collect())
}

/// Which slot serves. Where ECS moves the weights that is said, whatever they are: nobody settles them for it.
pub(crate) fn roles(survey: &Survey, rules: Option<&[String]>) -> Result<Roles, Error> {
    survey::roles(survey, rules).or_else(|errors| {
        refuse(survey.slots.iter().filter_map(|slot| managed(slot.service.as_ref()?)).collect())?;
        Err(errors.into())
    })
}

/// What is wrong with the world for this release: all findings.
pub(crate) fn judge(survey: &Survey, roles: &Roles, unchecked: bool) -> Vec<Judged> {
    let mut problems: Vec<Judged> = survey.slots.iter().filter_map(|slot| managed(slot.service.as_ref()?)).collect();
    let mut problem = |exit, code, about: &str, message: String, hint: String| {
        let problem = Problem { message, hint: Some(hint) };
        problems.push(Judged { exit, code, about: about.to_owned(), problem });
    };
    for slot in &survey.slots {
        let name = &slot.wanted.name;
        if let Some(group) = slot.group.as_ref().filter(|group| !group.health_checked && !unchecked) {
            problem(
                Exit::Invalid,
                Code::NoHealthCheck,
                group.arn.as_str(),
                format!(
                    "the target group {} of slot {name} has no health check: nothing would tell a good candidate from a bad one",
                    group.name
                ),
                format!("{}let metrics or alarms judge alone: `analysis: {{ health: unchecked }}`", turned_on(group)),
            );
        }
    }
    // A `shift` moves weights and stops nothing: what does not move stays as it is.
    let stops = survey.slots.iter().any(|slot| slot.wanted.ecs_service.is_some());
    for (target, slots) in survey.left_behind(&roles.targets).into_iter().filter(|_| stops) {
        problem(
            Exit::Invalid,
            Code::LeftBehind,
            target.arn(),
            format!(
                "{} sends requests to slot {} and is not among the traffic targets that move: they would get what is released there \
                 unjudged, and nobody would answer them once its tasks are stopped",
                target.label(),
                slots.join(" and slot ")
            ),
            "let it move too: leave `listener` out of the config, or name it in `rules` with the others; or send its requests \
             somewhere else"
                .to_owned(),
        );
    }
    for (target, action) in &roles.targets {
        let candidate = survey.slots[roles.candidate].group.as_ref();
        let listed = candidate.is_some_and(|group| action.weight(&group.id).is_some());
        if !listed && action.groups().len() >= MAX_GROUPS && roles.stable.is_some() {
            problem(
                Exit::Invalid,
                Code::TooManyGroups,
                target.arn(),
                format!("{} lists {MAX_GROUPS} target groups already: Lattice takes no more", target.label()),
                "remove one with weight 0 from it".to_owned(),
            );
        }
    }
    if roles.stable.is_none() && survey.slots[roles.candidate].group.is_none() {
        let slot = &survey.slots[roles.candidate].wanted;
        problem(
            Exit::Invalid,
            Code::NotFound,
            &slot.target_group,
            format!("there is no target group {}, and no other one that it could be made like", slot.target_group),
            "create it first: aws vpc-lattice create-target-group --type IP …, with the VPC, port and health check of your tasks"
                .to_owned(),
        );
    }
    if let Some(stable) = roles.stable {
        let missing = &survey.slots[roles.candidate];
        if missing.group.is_none()
            && (missing.wanted.target_group.starts_with("arn:") || missing.wanted.target_group.starts_with("tg-"))
        {
            problem(
                Exit::Invalid,
                Code::NotFound,
                &missing.wanted.target_group,
                format!("there is no target group {}", missing.wanted.target_group),
                format!(
                    "give slot {} a name: a group of that name is then made like {}",
                    missing.wanted.name, survey.slots[stable].wanted.target_group
                ),
            );
        }
    }
    problems
}

/// How the health check of a group is turned on; where there can be none, that (service model, `UpdateTargetGroupRequest$healthCheck`).
fn turned_on(group: &TargetGroup) -> String {
    if matches!(group.target_type.as_str(), "LAMBDA" | "ALB") {
        return format!("Lattice has none for groups of type {}: ", group.target_type);
    }
    format!(
        "turn it on: aws vpc-lattice update-target-group --target-group-identifier {} --health-check enabled=true; or ",
        group.id
    )
}

/// Whether every traffic target, and the Lattice service, has room for the tags of the record.
pub(crate) async fn judge_tags(
    aws: &Aws,
    service: &LatticeService,
    targets: &[(TrafficTarget, Action)],
    plan: &Plan,
) -> Result<(), Error> {
    let ledger = Ledger::new(&service.arn, targets, false)?;
    let mut problems = Vec::new();
    for (arn, needed) in ledger.needed(plan.steps.len()) {
        let tags = aws.lattice.read_tags(arn).await?;
        if let Err(missing) = free_tags(&tags, needed, ledger.marks_of_others(&tags)) {
            let label = targets.iter().find(|(target, _)| target.arn() == arn);
            let label = label.map_or_else(|| format!("the Lattice service {}", service.name), |(target, _)| target.label());
            let hint = "the rollout's record is kept in tags: remove some others".to_owned();
            problems.push(Problem { message: format!("{label}: {missing}"), hint: Some(hint) });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error { exit: Exit::Invalid, problems }) }
}

/// All findings as one error: a refusal only when nothing is invalid besides.
pub(crate) fn refuse(problems: Vec<Judged>) -> Result<(), Error> {
    let Some(first) = problems.first() else { return Ok(()) };
    let exit = if problems.iter().any(|judged| judged.exit == Exit::Invalid) { Exit::Invalid } else { first.exit };
    Err(Error { exit, problems: problems.into_iter().map(|judged| judged.problem).collect() })
}

/// Refuses when a split could not be written on some traffic target.
pub(crate) fn refuse_unwritable(slots: &Slots) -> Result<(), Error> {
    let problems: Vec<_> =
        slots.check().into_iter().map(|(label, error)| Problem { message: format!("{label}: {error}"), hint: None }).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error { exit: Exit::Invalid, problems }) }
}

/// What marks a resource as made by us.
pub(crate) fn owner_tags(service: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(OWNER.to_owned(), service.to_owned())])
}

/// The last part of an ARN: `myservice:42`, `my-cluster`.
pub(crate) fn short(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}
