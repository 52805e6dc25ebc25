//! `preview sweep`: takes away every preview whose pull request is closed, or whose time to live is over. All of them at once: most of
//! the time is waiting for tasks to stop.

use super::{
    down::end_told,
    lowering::{Lowering, Progress},
    stage::{Stage, log},
    told::GitHub,
};
use crate::{
    aws::previews::look::{Depth, Header},
    commands::connect,
    exit::{Error, Exit},
    preview::{
        claim::Purpose,
        sweep::{Verdict, judge},
    },
    settings::PreviewSettings,
};

/// Runs it: none keeps the others from their turn.
///
/// # Errors
/// What kept some of them, told at the end.
pub(crate) async fn sweep(settings: PreviewSettings) -> Result<Exit, Error> {
    let github = GitHub::of(&settings)?;
    let stage = Stage::set(&settings).await?;
    let mut going = decide(&stage, &github).await?;
    if going.is_empty() {
        connect::show(settings.format, &["no preview has to be taken away".to_owned()]);
        return Ok(Exit::Done);
    }
    if settings.dry_run {
        let lines = going.iter().map(|(lowering, why)| format!("would take away {}: {why}", lowering.names.key));
        connect::show(settings.format, &lines.collect::<Vec<_>>());
        return Ok(Exit::Done);
    }
    let mut problems = Vec::new();
    while !going.is_empty() {
        let Some(listing) = stage.seen(stage.home.list(&stage.aws, stage.now()).await).await? else { continue };
        let (mut left, mut stepped, mut waits_for) = (Vec::new(), false, String::new());
        for (mut lowering, why) in going {
            match lowering.step(&listing).await {
                Ok(Progress::Stepped) => {
                    stepped = true;
                    left.push((lowering, why));
                }
                Ok(Progress::Waits(what)) => {
                    waits_for = format!("{}: {what}", lowering.names.key);
                    left.push((lowering, why));
                }
                Ok(Progress::Done) => end_told(&stage, &github, &lowering, &why).await,
                Ok(Progress::GaveWay(_)) => log(&format!("{}: a newer job is at it", lowering.names.key)),
                Err(error) => {
                    let of = &lowering.names.key;
                    problems.extend(error.problems.into_iter().map(|mut problem| {
                        problem.message = format!("{of}: {}", problem.message);
                        problem
                    }));
                }
            }
        }
        going = left;
        if !stepped && !going.is_empty() {
            stage.rest(&waits_for).await?;
        }
    }
    if problems.is_empty() { Ok(Exit::Done) } else { Err(Error { exit: Exit::Malfunction, problems }) }
}

/// Those that go, each with the reason.
async fn decide<'s>(stage: &'s Stage<'s>, github: &GitHub) -> Result<Vec<(Lowering<'s>, String)>, Error> {
    let listing = stage.home.list(&stage.aws, stage.now()).await?;
    let claim = stage.claim(Purpose::Down);
    let mut going = Vec::new();
    for names in stage.home.candidates(&stage.aws, &listing, stage.now()).await? {
        let header = Header(&stage.settings.previews.header);
        let seen = stage.home.look(&stage.aws, (&listing, &names), header, Depth::Up, stage.now()).await?;
        if seen.is_nothing() {
            continue;
        }
        let word = github.word(names.number).await;
        let now = stage.aws.date().unwrap_or_else(|| stage.now());
        match judge(&word, seen.group.as_ref().and_then(|group| group.until), now) {
            Verdict::Keep(why) => log(&format!("{} stays: {why}", names.key)),
            Verdict::Remove(why) => going.push((Lowering::new(stage, names, claim.clone()), why)),
        }
    }
    Ok(going)
}
