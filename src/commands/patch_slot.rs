//! `patch --slot`: the definition of one slot, for whoever deploys it, with the slot's target group put beside the live one at weight 0.
//!
//! No rollout begins here: there is nothing to go back to, since a group at weight 0 gets no requests. What a later rollout finds is
//! its baseline.

use std::time::Duration;

use super::{
    connect,
    definitions::weighted,
    deploy,
    patch::{note, output, read, refuse_to_lose_templates, write},
    preflight,
};
use crate::{
    aws::{
        Aws,
        lattice::{action::Action, groups::TargetGroup, ids::TargetGroupId, traffic::TrafficTarget},
        survey::{self, Roles, SeenSlot, Survey, WantedSlot},
    },
    clock::Clock,
    definition::{self, Document, Finding, Given, PatchRequest, Patched, candidate, patch::Seen},
    exit::{Error, Exit},
    report,
    settings::{PatchOutput, PatchSettings, PatchSlot, WhichSlot},
};

/// `serviceName`, where a definition has one, is the slot's.
const NAME: &str = r#"if has("serviceName") then .serviceName = $lattice.service else . end"#;
/// How often the group is put there before it is given up.
const TRIES: u32 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs it. Nothing is written anywhere before everything is known to be right.
///
/// # Errors
/// What is wrong with the definitions and the slots; a rollout that is under way.
pub(super) async fn run(settings: &PatchSettings, asked: &PatchSlot) -> Result<Exit, Error> {
    let (service_definition, task_definition) = read(settings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let wanted = asked.slots.each_ref().map(|slot| WantedSlot {
        name: slot.name.clone(),
        ecs_service: Some(slot.ecs_service.clone()),
        target_group: slot.target_group.text.clone(),
    });
    let survey = survey::survey(&aws, &asked.lattice_service, asked.listener.as_deref(), Some(&asked.cluster), wanted).await?;
    deploy::refuse_while_busy(&aws, clock.as_ref(), &survey).await?;
    let roles = preflight::roles(&survey, deploy::listed(&asked.rules))?;
    preflight::refuse(preflight::judge(&survey, &roles, asked.unchecked))?;
    let index = index(asked, &roles)?;
    refuse_live(asked, &survey, &roles, index)?;
    let model = model(&survey, &roles, index)?;
    let files = (&service_definition, task_definition.as_ref());
    let judged = patched(settings, asked, &roles, files, (index, model))?;
    refuse_to_lose_templates(settings, &service_definition)?;

    let only_look = settings.dry_run || settings.output == PatchOutput::Check;
    let (slot, there) = (&asked.slots[index], survey.slots[index].group.as_ref());
    if there.is_none() && only_look {
        note(&format!("would create target group {} like {}, for the definition to name", slot.target_group.text, model.name));
        return Ok(if settings.output == PatchOutput::Check { Exit::RolledBack } else { Exit::Done });
    }
    let group = deploy::ensure_group(&aws, clock.as_ref(), (there, Some(model)), &slot.target_group.text, &asked.service).await?;
    let patched = if there.is_some() { judged } else { patched(settings, asked, &roles, files, (index, &group))? };

    let lacking = if roles.stable == Some(index) { Vec::new() } else { lacking(&roles, &group.id) };
    for (target, to) in &lacking {
        let place = target.label();
        note(&match to {
            Some(_) if only_look => format!("would put {} into {place} at weight 0", group.name),
            Some(_) => format!("{} is put into {place} at weight 0", group.name),
            None => format!(
                "{place} forwards nowhere yet, so {} cannot stand there at weight 0: `espalier deploy` makes the first release",
                group.name
            ),
        });
    }
    let writes: Vec<(TrafficTarget, Action)> = lacking.into_iter().filter_map(|(target, to)| Some((target, to?))).collect();
    if !only_look && !writes.is_empty() {
        deploy::refuse_while_busy(&aws, clock.as_ref(), &survey).await?;
        attach(&aws, clock.as_ref(), &roles, &writes).await?;
    }
    let exit = write(settings, &service_definition, &patched)?;
    if !only_look {
        tell(settings, asked, &survey, &roles, index)?;
    }
    Ok(if settings.output == PatchOutput::Check && !writes.is_empty() { Exit::RolledBack } else { exit })
}

/// The index of the slot that is asked for.
fn index(asked: &PatchSlot, roles: &Roles) -> Result<usize, Error> {
    match asked.which {
        WhichSlot::Of(index) => Ok(index),
        WhichSlot::Idle => Ok(roles.candidate),
        WhichSlot::Live => roles
            .stable
            .ok_or_else(|| Error::invalid("no slot is live: nothing serves yet").hint("`--slot idle` is the first one")),
    }
}

/// The slot's target group; while there is none, the one that it will be made like.
fn model<'s>(survey: &'s Survey, roles: &Roles, index: usize) -> Result<&'s TargetGroup, Error> {
    let of = |slot: usize| survey.slots[slot].group.as_ref();
    of(index).or_else(|| of(roles.stable?)).ok_or_else(|| {
        let SeenSlot { wanted, .. } = &survey.slots[index];
        Error::invalid(format!("there is no target group {} for slot {}", wanted.target_group, wanted.name))
            .hint("create it first: no other one serves that it could be made like")
    })
}

/// An ECS service whose tasks have the traffic keeps its group: with another one in its definition ECS would roll it out of that.
fn refuse_live(asked: &PatchSlot, survey: &Survey, roles: &Roles, index: usize) -> Result<(), Error> {
    let Some(stable) = roles.stable.filter(|stable| *stable != index) else { return Ok(()) };
    let (slot, live) = (&asked.slots[index], &asked.slots[stable]);
    let serves = survey.slots[stable].group.as_ref().map(|group| &group.id);
    let mut registers = survey.slots[index].service.iter().flat_map(|service| &service.vpc_lattice);
    if registers.any(|entry| Some(&TargetGroupId::of(&entry.target_group)) == serves) {
        let message = format!(
            "the ECS service {} is live: its tasks stand in {}, which has the traffic; with {} in its definition ECS would roll them out of it",
            slot.ecs_service, live.target_group.text, slot.target_group.text
        );
        let hint = format!("name the ECS service of slot {} whose tasks stand in {}", slot.name, slot.target_group.text);
        return Err(Error::invalid(message).hint(hint));
    }
    if let Some(fixed) = asked.deployed_by_ecspresso.as_ref().filter(|fixed| fixed.text == live.ecs_service) {
        let live = &live.ecs_service;
        let message = format!("ecspresso would deploy it to {live}, which is live, and roll that out of its target group");
        let hint = format!(
            "write `service: \"{{{{ env `ECS_SERVICE` `{live}` }}}}\"`, and give ecspresso the output `ecs-service` as ECS_SERVICE"
        );
        return Err(Finding::error(&fixed.from, message).hint(hint).into());
    }
    Ok(())
}

/// The definition as the slot has it, judged as a release would.
fn patched(
    settings: &PatchSettings,
    asked: &PatchSlot,
    roles: &Roles,
    (service_definition, task_definition): (&Document, Option<&Document>),
    (index, group): (usize, &TargetGroup),
) -> Result<Patched, Vec<Finding>> {
    let slot = &asked.slots[index];
    let mut filters = vec![Given::new(NAME, "the slot's name")];
    filters.extend(settings.jq.iter().chain(&slot.overrides).cloned());
    let patched = definition::patch(&PatchRequest {
        service_definition,
        task_definition,
        target_group: Some(Given::new(group.arn.as_str(), format!("slot {}", slot.name))),
        infrastructure_role: settings.infrastructure_role.clone(),
        port_name: settings.port_name.clone(),
        ecs_service: Some(slot.ecs_service.clone()),
        filters,
        seen: Seen { rules: weighted(&roles.targets), ..settings.seen.clone() },
    })?;
    let mut findings = candidate::for_any_slot(&patched.document);
    if roles.stable.is_some_and(|stable| stable != index) {
        findings.extend(candidate::beside_stable(&patched.document, &slot.name));
    }
    if findings.is_empty() { Ok(patched) } else { Err(findings) }
}

/// The traffic targets that do not list the group, each with what it is to say; none where it cannot list anything at weight 0.
fn lacking(roles: &Roles, group: &TargetGroupId) -> Vec<(TrafficTarget, Option<Action>)> {
    let lacks = roles.targets.iter().filter(|(_, action)| action.weight(group).is_none());
    lacks.map(|(target, action)| (target.clone(), action.beside(group))).collect()
}

/// Puts the group there. What is read back counts: an answer may be lost, and nobody is written over.
async fn attach(aws: &Aws, clock: &dyn Clock, roles: &Roles, writes: &[(TrafficTarget, Action)]) -> Result<(), Error> {
    let targets: Vec<TrafficTarget> = writes.iter().map(|(target, _)| target.clone()).collect();
    let mut fault = None;
    for attempt in 0..=TRIES {
        if attempt > 0 {
            fault = aws.lattice.write_actions(&left(aws, roles, writes, &targets).await?).await.err();
        }
        if left(aws, roles, writes, &targets).await?.is_empty() {
            return Ok(());
        }
        if attempt > 0 {
            clock.sleep_until(clock.now() + PAUSE).await;
        }
    }
    let what = "the target group is not in every rule; no weight has changed";
    Err(match fault {
        Some(fault) => Error::malfunction(what, &fault),
        None => Error::new(Exit::Malfunction, what),
    })
}

/// What is not written yet. What says neither the old nor the new is somebody else's.
async fn left(
    aws: &Aws,
    roles: &Roles,
    writes: &[(TrafficTarget, Action)],
    targets: &[TrafficTarget],
) -> Result<Vec<(TrafficTarget, Action)>, Error> {
    let mut left = Vec::new();
    for ((target, wanted), found) in writes.iter().zip(aws.lattice.read_actions(targets).await) {
        let found = found?;
        if found.as_ref() == Some(wanted) {
            continue;
        }
        let before = roles.targets.iter().find(|(known, _)| known == target).map(|(_, action)| action);
        if found.as_ref() != before {
            let message = format!("{} was changed by somebody else in this moment", target.label());
            return Err(Error::new(Exit::Refused, message).hint("run it again"));
        }
        left.push((target.clone(), wanted.clone()));
    }
    Ok(left)
}

/// Tells the steps after this one which slot it is. GitHub drops an ARN whose account id is masked, so a group is told by its id.
fn tell(settings: &PatchSettings, asked: &PatchSlot, survey: &Survey, roles: &Roles, index: usize) -> Result<(), Error> {
    let slot = &asked.slots[index];
    let named = &slot.target_group.text;
    let group = named.rsplit('/').next().filter(|_| named.starts_with("arn:")).unwrap_or(named);
    let stable = roles.stable.and_then(|stable| survey.slots[stable].service.as_ref());
    let revision = stable.map(|service| preflight::short(&service.task_definition));
    output(settings, &report::outputs::slot(&slot.ecs_service, group, revision.as_deref()))
}
