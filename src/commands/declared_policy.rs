//! `iam-policy`: where the resources are that a config declares.

use super::{connect, dispatch::on_runtime, trust_policy};
use crate::{exit::Error, resources::Kind, settings::DownSettings, verify::up_policy::Declared};

/// What is declared, with what AWS says of it; without asking where the account is given.
///
/// # Errors
/// AWS's refusal.
pub(super) fn declared(settings: &DownSettings, account: Option<&str>) -> Result<Declared, Error> {
    let there = &settings.declared;
    let (account, region, zone) = match account {
        Some(account) => (account.to_owned(), there.aws.region.clone().unwrap_or_default(), None),
        None => on_runtime(looked_up(settings))?,
    };
    let slots = settings.slots.as_ref().map(|(cluster, slots)| {
        let cluster = cluster.rsplit('/').next().unwrap_or_default().to_owned();
        (cluster, slots.iter().map(|(ecs_service, _)| ecs_service.clone()).collect())
    });
    Ok(Declared {
        home: (trust_policy::partition(&region).to_owned(), region, account),
        owner: there.owner.clone(),
        resources: there.resources.clone(),
        slots,
        zone,
        lookups: Vec::new(),
    })
}

/// Account, region, and the id of the domain's hosted zone.
async fn looked_up(settings: &DownSettings) -> Result<(String, String, Option<String>), Error> {
    let there = &settings.declared;
    let aws = connect::aws(&there.aws).await?;
    let now = connect::clock(&there.surroundings).await?.now();
    let account = aws.access.caller(now).await?.account;
    let zone = match there.resources.iter().find(|resource| resource.kind == Kind::Alias) {
        Some(alias) => Some(aws.zone_of(alias, now).await?),
        None => None,
    };
    Ok((account, aws.region.clone(), zone))
}
