//! `down`: what the config declares, and what releases added to it, is taken away. Nothing else is.

use serde_json::json;

use super::{
    converge::has_no_targets,
    survey::{Survey, Work, unless_cancelled},
    tell::{Outcome, Plan, Progress},
};
use crate::{
    commands::connect,
    exit::{Error, Exit},
    resources::{
        Kind, Resource, plan,
        removal::{Fate, fates},
    },
    settings::DownSettings,
};

/// Runs it.
///
/// # Errors
/// What is in the way, before anything is written; or what could not be taken away in time.
pub(in crate::commands) async fn down(settings: DownSettings) -> Result<Exit, Error> {
    unless_cancelled("down", run(&settings)).await
}

async fn run(settings: &DownSettings) -> Result<Exit, Error> {
    let declared = &settings.declared;
    let aws = connect::aws(&declared.aws).await?;
    let clock = connect::clock(&declared.surroundings).await?;
    let cluster = settings.slots.as_ref().map(|(cluster, _)| cluster.as_str());
    let work = Work { takes_away: true, ..Work::new(declared, &aws, &*clock, cluster) };
    let progress = Progress::new(declared, aws.endpoint.clone())?;

    let mut resources = declared.resources.clone();
    released(settings, &mut resources);
    let mut survey = work.survey(&resources).await?;
    work.discover(&mut resources, &mut survey).await?;
    registered(&mut resources, &survey);
    for targets in resources.iter().filter(|resource| resource.kind == Kind::Targets) {
        let seen = work.patiently(async || work.find(targets, &survey.known).await).await?;
        survey.note(&targets.address, seen.filter(|seen| !has_no_targets(seen)));
    }
    refuse_rollouts(&work)?;

    let fates = fates(&resources, &survey.seen, work.owner);
    let lines: Vec<(Resource, Fate)> =
        resources.iter().map(|resource| (resource.clone(), fates[&resource.address].clone())).collect();
    let plan = Plan { verb: "down", lines: plan::down(&lines), kept: 0 };
    let writes_nothing = declared.dry_run || !fates.values().any(|fate| *fate == Fate::Goes);
    progress.plan(&plan, writes_nothing).await;
    if writes_nothing {
        progress.finish(&plan, if declared.dry_run { Outcome::Planned } else { Outcome::Unchanged }, None).await;
        return Ok(Exit::Done);
    }
    let done = apply(&work, &resources, &survey, &fates, &progress).await;
    progress.finish(&plan, if done.is_ok() { Outcome::Done } else { Outcome::Failed }, done.as_ref().err()).await;
    done.map(|()| Exit::Done)
}

/// What releases made: the groups of the slots, and the ECS services that register in them.
fn released(settings: &DownSettings, resources: &mut Vec<Resource>) {
    let Some((_, slots)) = &settings.slots else { return };
    for (ecs_service, group) in slots {
        let is_it = |resource: &&Resource| resource.kind == Kind::TargetGroup && resource.name == *group;
        let address = match resources.iter().find(is_it) {
            Some(declared) => declared.address.clone(),
            None => {
                let address = format!("slots.{group}");
                let wanted = json!({ "name": group });
                resources.push(Resource {
                    address: address.clone(),
                    kind: Kind::TargetGroup,
                    name: group.clone(),
                    from: "lattice.slots".to_owned(),
                    needs: Vec::new(),
                    is_external: false,
                    wanted,
                });
                address
            }
        };
        resources.push(Resource {
            address: format!("ecs.{ecs_service}"),
            kind: Kind::EcsService,
            name: ecs_service.clone(),
            from: "lattice.slots".to_owned(),
            needs: vec![address],
            is_external: false,
            wanted: json!(null),
        });
    }
}

/// An ECS service needs the groups that its tasks register in, and no other.
fn registered(resources: &mut Vec<Resource>, survey: &Survey) {
    let groups: Vec<(String, String)> = resources
        .iter()
        .filter(|resource| resource.kind == Kind::TargetGroup)
        .filter_map(|resource| Some((resource.address.clone(), survey.known.get(&resource.address)?.1.clone())))
        .collect();
    for resource in resources.iter_mut().filter(|resource| resource.kind == Kind::EcsService) {
        let Some(seen) = survey.seen.get(&resource.address) else { continue };
        let text = seen.attributes.to_string();
        resource.needs = groups.iter().filter(|(_, arn)| text.contains(arn)).map(|(address, _)| address.clone()).collect();
    }
    // One that registers nowhere here is no business of ours.
    resources.retain(|resource| resource.kind != Kind::EcsService || !resource.needs.is_empty());
    // Whatever is registered in a group goes before it, after the service that would register it again.
    for (address, _) in groups {
        let targets = format!("{address}.targets");
        let of = resources.iter().find(|resource| resource.address == address).map(|resource| resource.name.clone());
        if !resources.iter().any(|resource| resource.address == targets) {
            resources.push(Resource {
                address: targets.clone(),
                kind: Kind::Targets,
                name: format!("of {}", of.unwrap_or_default()),
                from: "AWS".to_owned(),
                needs: vec![address.clone()],
                is_external: false,
                wanted: json!({ "targetGroupIdentifier": format!("@{address}") }),
            });
        }
        let fills = |resource: &&mut Resource| resource.kind == Kind::EcsService && resource.needs.contains(&address);
        for service in resources.iter_mut().filter(fills) {
            service.needs.push(targets.clone());
        }
    }
}

/// A service whose traffic moves is not taken away.
fn refuse_rollouts(work: &Work<'_>) -> Result<(), Error> {
    if work.is_rolled_out.get() {
        let message = "a rollout of this service's traffic is under way";
        return Err(Error::new(Exit::Refused, message).hint("wait for its end, or abort it: `espalier abort`"));
    }
    Ok(())
}

async fn apply(
    work: &Work<'_>,
    resources: &[Resource],
    survey: &Survey,
    fates: &std::collections::BTreeMap<String, Fate>,
    progress: &Progress,
) -> Result<(), Error> {
    // Weights off first: once its rules go, requests that are left fall to a listener's default, which is to be no target group
    // that is going too.
    for resource in resources.iter().filter(|resource| resource.kind == Kind::Listener) {
        let Some(seen) = survey.seen.get(&resource.address) else { continue };
        let forwards = !seen.attributes["defaultAction"]["forward"].is_null();
        let sees_requests = seen.attributes["protocol"] != "TLS_PASSTHROUGH";
        if fates[&resource.address] == Fate::Goes && forwards && sees_requests {
            work.quiet(resource, seen, &survey.known, progress).await?;
        }
    }
    work.down(resources, survey, fates, progress).await
}
