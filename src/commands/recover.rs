//! `recover`: after a cancelled or failed job. What it left half-way is rolled back, a rollback that was asked for is finished; nothing is
//! done when all is well.

use super::{
    conduct::{self, Begun, Ready},
    connect, recorded, takeover,
};
use crate::{
    exit::{Error, Exit},
    rollout::{machine::Desired, takeover::Takeover, ways},
    settings::RecoverSettings,
};

/// Runs it.
///
/// # Errors
/// When nothing can be read, or a person must act.
pub(crate) async fn recover(settings: RecoverSettings) -> Result<Exit, Error> {
    conduct::run(begin(&settings)).await
}

async fn begin(settings: &RecoverSettings) -> Result<Begun, Error> {
    let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let service_arn = recorded::service_arn(&aws, &settings.which).await?;
    let records = recorded::records(&aws, &settings.which, &service_arn).await?;
    let now = aws.date().unwrap_or_else(|| clock.now());
    let asked = |id: &String| settings.rollout_id.as_ref().is_none_or(|asked| asked == id);
    let records: Vec<_> = records.into_iter().filter(|found| asked(&found.record.id)).collect();
    let (records, _) =
        if settings.rollout_id.is_some() { (records, Vec::new()) } else { recorded::own(records, &settings.which) };
    let (mut left, mut stuck) = (Vec::new(), None);
    for found in records {
        let name = format!("rollout {} of {}", found.record.id, found.record.name);
        let is_ours = settings.rollout_id.is_some() && settings.owner.as_ref().is_none_or(|owner| *owner == found.record.owner);
        match Takeover::recover(&found.record, is_ours, found.leased_until, now) {
            Takeover::RollBack(reason) => {
                let recorded = recorded::OnService { service_arn, found }.with_targets(&aws).await?;
                let prepared = takeover::roll_back(&aws, recorded, "recover", reason, false, now)?;
                if settings.dry_run {
                    connect::show(settings.format, &prepared.slots.commands(Desired::BaselineBesideCandidate));
                    return Ok(Begun::Done(Exit::Done));
                }
                return Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })));
            }
            Takeover::Stuck(why) => {
                let hint = format!("roll it back: espalier abort --traffic-target {}", found.holder);
                // It does not keep another one from being recovered.
                stuck = Some(Error::new(Exit::Stuck, format!("{name}: {why}")).hint(hint));
            }
            Takeover::Leave(why) | Takeover::Refuse(why) => {
                left.push(format!("{name}: {why}"));
                // What a promoted one still owes, the old slot's tasks or a test rule, harms nobody, and may take longer than a last step has.
                let to_the_end = ways::to_the_end(&found.record, &found.holder).filter(|_| is_ours || !found.is_held(now));
                left.extend(to_the_end.map(|command| format!("to finish it, as the next sweep does: {command}")));
            }
            Takeover::GoOn(from) => {
                let recorded = recorded::OnService { service_arn, found }.with_targets(&aws).await?;
                let prepared = takeover::go_on(&aws, recorded, "recover", from, false, None, now)?;
                if settings.dry_run {
                    connect::show(settings.format, &[format!("{name}: it would be finished")]);
                    return Ok(Begun::Done(Exit::Done));
                }
                return Ok(Begun::Ready(Box::new(Ready { prepared, aws, clock, reports })));
            }
            Takeover::Watch => {}
        }
    }
    if let Some(error) = stuck {
        return Err(error);
    }
    if left.is_empty() {
        left.push("there is no such rollout: nothing to recover from".to_owned());
    }
    connect::show(settings.format, &left);
    Ok(Begun::Done(Exit::Done))
}
