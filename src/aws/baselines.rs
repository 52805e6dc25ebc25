//! What each traffic target said before a recorded rollout, as its tags say: what a rollback by another job restores.

use std::collections::BTreeMap;

use super::{
    Aws,
    lattice::{
        action::{Action, ActionError, ActionTextError},
        ids::TargetGroupArn,
        packing::unpack,
        traffic::TrafficTarget,
    },
    ledger::{BASELINE, Found, LedgerError},
};
use crate::rollout::{
    record::{Record, SlotRecord},
    split::Split,
};

/// The recorded traffic targets, as the record names them: no call.
///
/// # Errors
/// One that is none.
pub fn recorded_targets(found: &Found) -> Result<Vec<TrafficTarget>, LedgerError> {
    let parse = |arn: &String| {
        let unreadable = |why: String| LedgerError::Unreadable { at: arn.clone(), why };
        TrafficTarget::from_arn(arn).map_err(|error| unreadable(error.to_string()))
    };
    found.record.targets.iter().map(parse).collect()
}

/// The recorded traffic targets with their baselines: one call for each but the one whose tags are known already.
///
/// A rollback writes no baselines: it begins where everything is on the revision that it leaves, so its baseline is the one of
/// the release before with everything on the other side.
///
/// One that is gone, or that lost its tags, does not keep the others from being restored: see [`recorded`].
///
/// # Errors
/// AWS's refusal, or a baseline that is there and cannot be read.
pub async fn targets(aws: &Aws, found: &Found) -> Result<Vec<(TrafficTarget, Action)>, LedgerError> {
    let mut targets = Vec::with_capacity(found.record.targets.len());
    for arn in &found.record.targets {
        let tags = match arn {
            arn if *arn == found.holder => Some(found.tags.clone()),
            arn => match aws.lattice.read_tags(arn).await {
                Err(fault) if fault.is_not_found() => None,
                tags => Some(tags?),
            },
        };
        targets.push(recorded(&found.record, arn, tags.as_ref())?);
    }
    Ok(targets)
}

/// A recorded traffic target with its baseline, by its tags; none where it is gone. Pure.
///
/// Without tags the baseline is taken to be stable's group alone, which is what it is for every rule that nobody else shares. Where
/// nothing served before, only what is gone can do without: nothing is ever written to it.
///
/// # Errors
/// When the baseline cannot be read.
pub fn recorded(
    record: &Record,
    arn: &str,
    tags: Option<&BTreeMap<String, String>>,
) -> Result<(TrafficTarget, Action), LedgerError> {
    let unreadable = |why: String| LedgerError::Unreadable { at: arn.to_owned(), why };
    let target = TrafficTarget::from_arn(arn).map_err(|error| unreadable(error.to_string()))?;
    let text = tags.map(|tags| unpack(BASELINE, tags)).transpose().map_err(|torn| unreadable(torn.to_string()))?;
    let baseline = match text.flatten() {
        Some(text) => {
            let action: Action = text.parse().map_err(|error: ActionTextError| unreadable(error.to_string()))?;
            match (record.verb.as_str(), &record.stable) {
                ("rollback", Some(stable)) => {
                    all_on(&action, stable, &record.candidate).map_err(|error| unreadable(error.to_string()))?
                }
                _ => action,
            }
        }
        None => match &record.stable {
            Some(SlotRecord { group, .. }) => Action::alone(&TargetGroupArn::of(group).id()),
            None if tags.is_none() => Action::Fixed(404),
            None => return Err(unreadable("it has no recorded baseline, and nothing served before".to_owned())),
        },
    };
    Ok((target, baseline))
}

fn all_on(action: &Action, stable: &SlotRecord, candidate: &SlotRecord) -> Result<Action, ActionError> {
    let id = |slot: &SlotRecord| TargetGroupArn::of(&slot.group).id();
    action.with_split(&id(stable), &id(candidate), Split::STABLE)
}
