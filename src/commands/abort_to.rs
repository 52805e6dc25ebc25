//! `abort --to TARGET_GROUP`: two weights and no record that says why. A person says which group gets everything.

use super::{connect, recorded};
use crate::{
    aws::{
        Aws,
        lattice::{
            action::Action,
            groups::{TargetGroup, TargetStatus},
            traffic::{LatticeService, TrafficTarget},
        },
        ledger,
    },
    clock::Clock,
    exit::{Error, Exit},
    rollout::{record::State, split::Split},
    settings::AbortSettings,
};

/// Puts all traffic of every traffic target that lists the group on it.
///
/// # Errors
/// When the group is unknown, has no healthy target (unless forced), is listed nowhere, or a rollout is under way.
pub(super) async fn abort_to(settings: &AbortSettings, aws: &Aws, clock: &dyn Clock, group: &str) -> Result<Exit, Error> {
    let service_arn = recorded::service_arn(aws, &settings.which).await?;
    let found = ledger::find(aws, &service_arn).await?;
    if let Some(found) = found.filter(|found| !matches!(found.record.state, State::Closed | State::Stuck)) {
        let now = aws.date().unwrap_or_else(|| clock.now());
        let until = found.leased_until.filter(|until| *until > now).map_or_else(String::new, |until| format!(", until {until}"));
        let message = format!("rollout {} is under way{until}: it has a record that says what to restore", found.record.id);
        return Err(Error::new(Exit::Refused, message).hint("run `espalier abort` without `--to`"));
    }
    let service = aws.lattice.resolve_service(&service_arn).await?;
    let group =
        aws.lattice.resolve_group(group).await?.ok_or_else(|| Error::invalid(format!("there is no target group {group}")))?;
    let healthy =
        aws.lattice.list_targets(&group.arn).await?.iter().filter(|target| target.status == TargetStatus::Healthy).count();
    if healthy == 0 && !settings.force {
        let message = format!("{} has no healthy target", group.name);
        return Err(Error::new(Exit::Refused, message).hint("`--force` sends it all traffic nevertheless"));
    }
    let writes = writes(aws, &service, &group).await?;
    let lines: Vec<_> = writes.iter().map(|(target, _)| format!("{}: everything to {}", target.label(), group.name)).collect();
    if !settings.dry_run {
        aws.lattice.write_actions(&writes).await?;
        let targets: Vec<TrafficTarget> = writes.iter().map(|(target, _)| target.clone()).collect();
        for ((target, wanted), read) in writes.iter().zip(aws.lattice.read_actions(&targets).await) {
            if read?.as_ref() != Some(wanted) {
                return Err(Error::new(Exit::Stuck, format!("{} does not show what was written", target.label())));
            }
        }
    }
    connect::show(settings.format, &lines);
    Ok(Exit::Done)
}

async fn writes(aws: &Aws, service: &LatticeService, group: &TargetGroup) -> Result<Vec<(TrafficTarget, Action)>, Error> {
    let listing =
        aws.lattice.traffic_targets(service, None).await?.into_iter().filter(|(_, action)| action.weight(&group.id).is_some());
    let alone = |(target, action): (TrafficTarget, Action)| {
        let weight =
            |listed: &crate::aws::lattice::ids::TargetGroupId| if *listed == group.id { Split::STABLE.stable } else { 0 };
        (target, Action::Forward(action.groups().iter().map(|(listed, _)| (listed.clone(), weight(listed))).collect()))
    };
    let writes: Vec<_> = listing.map(alone).collect();
    if writes.is_empty() {
        return Err(Error::invalid(format!("nothing in {} forwards to {}", service.name, group.name)));
    }
    Ok(writes)
}
