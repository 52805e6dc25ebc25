//! `up`: what the config declares is made, and changed where it differs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    survey::{Survey, Work, unless_cancelled},
    tell::{Outcome, Plan, Progress},
};
use crate::{
    commands::connect,
    exit::{Error, Exit, Problem},
    resources::{
        Resource,
        next::{Step, next},
        plan,
        removal::{Fate, with_dependents},
    },
    settings::UpSettings,
};

/// Runs it.
///
/// # Errors
/// What is in the way, before anything is written; or what could not be done.
pub(in crate::commands) async fn up(settings: UpSettings) -> Result<Exit, Error> {
    unless_cancelled("up", run(&settings)).await
}

async fn run(settings: &UpSettings) -> Result<Exit, Error> {
    let declared = &settings.declared;
    let aws = connect::aws(&declared.aws).await?;
    let clock = connect::clock(&declared.surroundings).await?;
    let work = Work::new(declared, &aws, &*clock, None);
    let progress = Progress::new(declared, aws.endpoint.clone())?;

    let mut survey = work.survey(&declared.resources).await?;
    let steps = steps(settings, &survey);
    let kept = steps.iter().filter(|(resource, step)| *step == Step::Keep && !resource.is_external).count();
    let plan = Plan { verb: "up", lines: plan::up(&steps), kept };
    let blocked: Vec<Problem> = steps
        .iter()
        .filter_map(|(resource, step)| match step {
            Step::Blocked(why, hint) => Some(Problem { message: format!("{}: {why}", resource.from), hint: Some(hint.clone()) }),
            Step::Keep | Step::Make | Step::Change(_) | Step::Remake(_) | Step::Wait => None,
        })
        .collect();
    let writes_nothing = declared.dry_run || plan.lines.is_empty() || !blocked.is_empty();
    progress.plan(&plan, writes_nothing).await;
    if !blocked.is_empty() {
        let error = Error { exit: Exit::Refused, problems: blocked };
        progress.finish(&plan, Outcome::Refused, Some(&error)).await;
        return Err(error);
    }
    if writes_nothing {
        progress.finish(&plan, if declared.dry_run { Outcome::Planned } else { Outcome::Unchanged }, None).await;
        return Ok(Exit::Done);
    }

    let done = apply(settings, &work, &mut survey, &steps, &progress).await;
    let outcome = if done.is_ok() { Outcome::Done } else { Outcome::Failed };
    progress.finish(&plan, outcome, done.as_ref().err()).await;
    done.map(|()| Exit::Done)
}

async fn apply(
    settings: &UpSettings,
    work: &Work<'_>,
    survey: &mut Survey,
    steps: &[(Resource, Step)],
    progress: &Progress,
) -> Result<(), Error> {
    let resources = &settings.declared.resources;
    let remade: BTreeSet<String> = steps
        .iter()
        .filter(|(_, step)| matches!(step, Step::Remake(differences) if !differences.is_empty()))
        .map(|(resource, _)| resource.address.clone())
        .collect();
    if !remade.is_empty() {
        let goes = with_dependents(resources, &remade);
        let fate = |resource: &Resource| {
            let is_there = survey.seen.contains_key(&resource.address) && !resource.is_external;
            if is_there && goes.contains(&resource.address) { Fate::Goes } else { Fate::Gone }
        };
        let fates: BTreeMap<String, Fate> = resources.iter().map(|resource| (resource.address.clone(), fate(resource))).collect();
        work.down(resources, survey, &fates, progress).await?;
        for address in goes {
            survey.note(&address, None);
        }
    }
    work.up(resources, survey, settings.allowed, progress).await
}

/// The next step of each. What needs something that is made again is made again with it.
fn steps(settings: &UpSettings, survey: &Survey) -> Vec<(Resource, Step)> {
    let declared = &settings.declared;
    let step = |resource: &Resource| {
        next(resource, survey.seen.get(&resource.address), &survey.known, &declared.owner, settings.allowed)
    };
    let mut steps: Vec<(Resource, Step)> = declared.resources.iter().map(|resource| (resource.clone(), step(resource))).collect();
    let remade: BTreeSet<String> = steps
        .iter()
        .filter(|(_, step)| matches!(step, Step::Remake(differences) if !differences.is_empty()))
        .map(|(resource, _)| resource.address.clone())
        .collect();
    let with = with_dependents(&declared.resources, &remade);
    for (resource, step) in &mut steps {
        if with.contains(&resource.address) && matches!(step, Step::Keep | Step::Change(_)) {
            *step = Step::Remake(Vec::new());
        }
    }
    steps
}
