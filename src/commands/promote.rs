//! `promote`: release a held rollout to its next step, from any job.

use super::{
    conduct::{self, Begun, Ready},
    connect, preflight,
    recorded::{self, Wanted},
    takeover,
};
use crate::{
    exit::{Error, Exit},
    rollout::{plan::Step, takeover::Takeover},
    settings::PromoteSettings,
};

/// Runs it.
///
/// # Errors
/// When there is no such hold (any more), under another plan, or nothing can be read.
pub(crate) async fn promote(settings: PromoteSettings) -> Result<Exit, Error> {
    conduct::run(begin(&settings)).await
}

pub(super) async fn begin(settings: &PromoteSettings) -> Result<Begun, Error> {
    let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let mut on = recorded::find(&aws, &settings.which, settings.rollout_id.as_deref(), Wanted::GoOn).await?;
    let now = aws.date().unwrap_or_else(|| clock.now());
    let record = &on.found.record;
    let from = match Takeover::promote(record, settings.step, now) {
        Takeover::GoOn(from) => from,
        Takeover::Refuse(why) | Takeover::Leave(why) | Takeover::Stuck(why) => {
            let message = format!("rollout {} of {} cannot be promoted: {why}; nothing was done", record.id, record.name);
            return Err(Error::new(Exit::Refused, message).hint("`espalier status` shows where it stands"));
        }
        Takeover::RollBack(_) | Takeover::Watch => return Ok(Begun::Done(Exit::Done)),
    };
    takeover::refuse_without_gates(&on.found, &settings.hooks)?;
    preflight::refuse(takeover::managed(&aws, record).await?)?;
    let analysis = takeover::agree(&mut on, &settings.plan, &settings.judging, &settings.plan_origin)?;
    let recorded = on.with_targets(&aws).await?;
    if settings.dry_run {
        let record = &recorded.found.record;
        let next = record.hold.map_or(0, |held| held.next);
        // The hold that it is in is over then, with `--full` so is every other.
        let is_over = |index: usize| index == next || settings.full;
        let left = |(index, step): (usize, &Step)| Step { hold: step.hold.filter(|_| !is_over(index)), ..*step }.to_string();
        let steps: Vec<_> = record.plan.steps.iter().enumerate().skip(next).map(left).collect();
        connect::show(settings.format, &[format!("rollout {} would go on: {}", record.id, steps.join(","))]);
        return Ok(Begun::Done(Exit::Done));
    }
    let prepared = takeover::go_on(&aws, recorded, "promote", from, settings.full, None, now)?;
    let mut prepared = prepared.analysed(clock.now(), (analysis, Vec::new()));
    prepared.hooks.set_jobs(settings.hooks.clone());
    Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })))
}
