//! Settings of `iam-policy`.

use super::release::deploy;
use crate::{
    cli,
    definition::Finding,
    settings::{
        Environment, Format, PolicySettings, Unsettled,
        sources::{Asked, Sources},
    },
};

/// Settles what `iam-policy` is told.
///
/// # Errors
/// As [`deploy`].
pub fn iam_policy(args: &cli::IamPolicy, environment: &Environment) -> Result<PolicySettings, Unsettled> {
    let release = cli::Deploy {
        common: args.common.clone(),
        released: args.released.clone(),
        steps: args.steps.clone(),
        reporting: cli::Reporting { format: Some(Format::Json), github_token: None },
        ..cli::Deploy::default()
    };
    let release = deploy(&release, environment)?;
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let account = sources.given(Asked::new("account", args.account.as_ref(), None));
    if let Some(account) = &account {
        let is_one = account.text.len() == 12 && account.text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_one {
            let finding = Finding::error(account.from.clone(), format!("`{}` is no AWS account", account.text));
            sources.findings.push(finding.hint("write its twelve digits"));
        }
        if release.aws.region.is_none() {
            let finding = Finding::error(account.from.clone(), "without the region it says nothing of where");
            sources.findings.push(finding.hint("give --region too"));
        }
    }
    let is_said = args.format.is_some() || environment.get("ESPALIER_FORMAT").is_some();
    let settings = PolicySettings {
        previews: config.preview,
        account: account.map(|account| account.text),
        output: sources.path("output", args.output.as_deref(), None, &environment.directory),
        format: if is_said { sources.format(args.format) } else { Format::Json },
        release,
    };
    sources.done(settings)
}
