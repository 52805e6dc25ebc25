//! `iam-policy --trust`: which jobs of GitHub Actions may have the role.

use std::path::Path;

use super::{connect, dispatch::on_runtime, patch::note, replace::replace};
use crate::{
    exit::{Error, Exit},
    settings::{TrustSettings, Trusted},
    verify::trust,
};

/// Prints it.
///
/// # Errors
/// AWS's refusal, where it has to say which account this is.
pub(super) fn print(settings: &TrustSettings) -> Result<Exit, Error> {
    let account = match &settings.account {
        Some(account) => account.clone(),
        None => on_runtime(async {
            let aws = connect::aws(&settings.aws).await?;
            let now = connect::clock(&settings.surroundings).await?.now();
            Ok(aws.access.caller(now).await?.account)
        })?,
    };
    let partition = partition(settings.aws.region.as_deref().unwrap_or_default());
    let text = of(&settings.trusted, partition, &account);
    match &settings.output {
        Some(path) if path != Path::new("-") => replace(path, format!("{text}\n").as_bytes())?,
        Some(_) | None => connect::print(&text),
    }
    note(&format!("note: {}", provider(partition, &account)));
    Ok(Exit::Done)
}

/// The partition that a region is in.
pub(super) fn partition(region: &str) -> &'static str {
    let known = [("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")];
    known.into_iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, partition)| partition)
}

/// The policy's text. The repository is known by now.
pub(super) fn of(trusted: &Trusted, partition: &str, account: &str) -> String {
    let Trusted { repository, environments, branches, pull_requests } = trusted;
    let subjects = trust::subjects(repository.as_deref().unwrap_or_default(), environments, branches, *pull_requests);
    format!("{:#}", trust::of_jobs(partition, account, &subjects))
}

/// What the account needs besides.
pub(super) fn provider(partition: &str, account: &str) -> String {
    format!(
        "the account needs the OIDC provider arn:{partition}:iam::{account}:oidc-provider/{} with the audience {}",
        trust::GITHUB,
        trust::AUDIENCE
    )
}
