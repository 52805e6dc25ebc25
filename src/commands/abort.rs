//! `abort`: roll a running or held rollout back, from any job.

use super::{
    abort_to,
    conduct::{self, Begun, Ready},
    connect,
    recorded::{self, Wanted},
    takeover,
};
use crate::{
    exit::{Error, Exit},
    rollout::{machine::Desired, takeover::Takeover},
    settings::AbortSettings,
};

/// Runs it.
///
/// # Errors
/// When there is nothing that it could abort, or nothing can be read.
pub(crate) async fn abort(settings: AbortSettings) -> Result<Exit, Error> {
    if let Some(group) = &settings.to {
        return abort_to::abort_to(&settings, group, &mut conduct::listen()?).await;
    }
    conduct::run(begin(&settings)).await
}

pub(super) async fn begin(settings: &AbortSettings) -> Result<Begun, Error> {
    let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let on = recorded::find(&aws, &settings.which, settings.rollout_id.as_deref(), Wanted::Abort).await?;
    let by = takeover::asked_by(&settings.surroundings, settings.reason.as_deref());
    let reason = match Takeover::abort(&on.found.record, by) {
        Takeover::RollBack(reason) => reason,
        Takeover::Leave(why) | Takeover::Refuse(why) | Takeover::Stuck(why) => {
            takeover::leave(settings.format, &on.found.record, &why);
            return Ok(Begun::Left(why));
        }
        Takeover::GoOn(_) | Takeover::Watch => return Ok(Begun::Done(Exit::Done)),
    };
    let recorded = on.with_targets(&aws).await?;
    let now = aws.date().unwrap_or_else(|| clock.now());
    let prepared = takeover::roll_back(&aws, recorded, "abort", reason, settings.force, now)?;
    if settings.dry_run {
        connect::show(settings.format, &prepared.slots.commands(Desired::BaselineBesideCandidate));
        return Ok(Begun::Done(Exit::Done));
    }
    Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })))
}
