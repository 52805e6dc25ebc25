//! `preview down`: takes the preview of a pull request away.

use super::{
    lowering::{Lowering, Progress, lower},
    stage::Stage,
    told::GitHub,
};
use crate::{
    commands::connect,
    exit::{Error, Exit},
    preview::{
        claim::{Claim, Purpose},
        name::Names,
        seen::Seen,
    },
    report::preview::{Preview, State},
    settings::PreviewSettings,
};

/// Runs it. What is not there is as wanted.
///
/// # Errors
/// Whatever keeps something of it from being taken away.
pub(crate) async fn down(settings: PreviewSettings) -> Result<Exit, Error> {
    let github = GitHub::of(&settings)?;
    let number = github.number(settings.pull_request)?;
    let stage = Stage::set(&settings).await?;
    let names = Names::of(settings.prefix(), number);
    if settings.dry_run {
        let seen = look(&stage, &names).await?;
        let lines = in_words(&seen).into_iter().map(|what| format!("would take away {what}"));
        connect::show(settings.format, &lines.collect::<Vec<_>>());
        return Ok(Exit::Done);
    }
    let mut lowering = Lowering::new(&stage, names, stage.claim(Purpose::Down));
    let end = lower(&stage, &mut lowering).await?;
    if let Progress::GaveWay(other) = end {
        return Err(gave_way(&other, number));
    }
    let why = match github.pull_request(number).await {
        Ok(Some(pull)) if !pull.is_open => format!("pull request {number} is closed"),
        _ => "somebody asked for that".to_owned(),
    };
    end_told(&stage, &github, &lowering, &why).await;
    Ok(Exit::Done)
}

/// Another job is at it.
pub(super) fn gave_way(other: &Claim, number: u64) -> Error {
    let (what, hint) = match other.purpose {
        Purpose::Up => ("a newer job brings it up", "nothing: that job goes on"),
        Purpose::Down => ("another job takes it away", "nothing: that job goes on; reopen the pull request for a new one"),
    };
    Error::new(Exit::Refused, format!("the preview of pull request {number}: {what}")).hint(hint)
}

/// Says that it is gone, where people look.
pub(super) async fn end_told(stage: &Stage<'_>, github: &GitHub, lowering: &Lowering<'_>, why: &str) {
    let names = &lowering.names;
    let was = lowering.was.clone().unwrap_or_default();
    let (repository_url, run_url) = github.pages();
    let told = Preview {
        service: stage.settings.service.clone(),
        key: names.key.clone(),
        state: State::Gone(why.to_owned()),
        commit: was.group.as_ref().and_then(|group| group.commit.clone()),
        before: None,
        branch: was.group.as_ref().and_then(|group| group.branch.clone()),
        runs: None,
        reached: None,
        until: None,
        run_url,
        repository_url,
        endpoint: stage.aws.endpoint.clone(),
    };
    let lines = if was.is_nothing() { vec![format!("there is nothing of preview {}", names.key)] } else { told.lines() };
    connect::show(stage.settings.format, &lines);
    github.end(names, why).await;
    github.comment(names.number, &told).await;
}

async fn look(stage: &Stage<'_>, names: &Names) -> Result<Seen, Error> {
    use crate::aws::previews::look::{Depth, Header};
    let listing = stage.home.list(&stage.aws, stage.now()).await?;
    let header = Header(&stage.settings.previews.header);
    Ok(stage.home.look(&stage.aws, (&listing, names), header, Depth::Down, stage.now()).await?)
}

/// What there is of one, thing by thing.
pub(super) fn in_words(seen: &Seen) -> Vec<String> {
    use crate::preview::seen::Tasks;
    let rules = seen.rules.iter().map(|rule| format!("rule {}", rule.arn));
    let own = seen.own.iter().map(|own| format!("Lattice service {}", own.arn));
    let tasks = match &seen.tasks {
        Tasks::Active { arn, .. } => Some(format!("ECS service {arn}")),
        Tasks::Absent | Tasks::Draining => None,
    };
    let definitions = seen.definitions.iter().map(|arn| format!("task definition {arn}"));
    let group = seen.group.iter().map(|group| format!("target group {}", group.arn));
    rules.chain(own).chain(tasks).chain(definitions).chain(group).collect()
}
