//! Settings of `iam-policy`.

use super::{
    common::{aws, surroundings},
    release::deploy,
    trusted::trusted,
    up::down,
};
use crate::{
    cli,
    definition::{Finding, Given},
    settings::{
        Environment, Format, PolicySettings, TrustSettings, Unsettled,
        sources::{Asked, Sources},
    },
};

/// Settles what `iam-policy` is told.
///
/// # Errors
/// As [`deploy`].
pub fn iam_policy(args: &cli::IamPolicy, environment: &Environment) -> Result<PolicySettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.released.service.as_ref())?;
    let definition = args.released.service_definition.as_ref().map(|path| path.display().to_string());
    let releases = config.up.is_none()
        || sources.given(Asked::new("service-definition", definition.as_ref(), config.service_definition.as_ref())).is_some();
    let reporting = cli::Reporting { format: Some(Format::Json), github_token: None };
    let release = cli::Deploy {
        common: args.common.clone(),
        released: args.released.clone(),
        steps: args.steps.clone(),
        reporting: reporting.clone(),
        ..cli::Deploy::default()
    };
    let release = if releases { Some(deploy(&release, environment)?) } else { None };
    let declared = cli::Down {
        common: args.common.clone(),
        service: args.released.service.clone(),
        cluster: args.released.cluster.clone(),
        reporting,
        ..cli::Down::default()
    };
    let declared = if config.up.is_some() { Some(down(&declared, environment)?) } else { None };
    let settings = PolicySettings {
        role: None,
        templating: std::mem::take(&mut sources.templating),
        previews: config.preview,
        account: None,
        output: sources.path("output", args.output.as_deref(), None, &environment.directory),
        format: Format::Json,
        release,
        declared,
    };
    let account = account(&mut sources, args);
    let region = settings.place().and_then(|(aws, _)| aws.region.as_ref());
    if let Some(account) = account.as_ref().filter(|_| region.is_none()) {
        let finding = Finding::error(account.from.clone(), "without the region it says nothing of where");
        sources.findings.push(finding.hint("give --region too"));
    }
    let is_said = args.format.is_some() || environment.get("ESPALIER_FORMAT").is_some();
    let format = if is_said { sources.format(args.format) } else { Format::Json };
    sources.done(PolicySettings { account: account.map(|account| account.text), format, ..settings })
}

fn account(sources: &mut Sources<'_>, args: &cli::IamPolicy) -> Option<Given> {
    let account = sources.given(Asked::new("account", args.account.as_ref(), None))?;
    let is_one = account.text.len() == 12 && account.text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_one {
        let finding = Finding::error(account.from.clone(), format!("`{}` is no AWS account", account.text));
        sources.findings.push(finding.hint("write its twelve digits"));
    }
    Some(account)
}

/// Settles what `iam-policy --trust` is told; none where `--trust` is not.
///
/// # Errors
/// Every mistake in flags and environment.
pub fn trust(args: &cli::IamPolicy, environment: &Environment) -> Result<Option<TrustSettings>, Unsettled> {
    let mut sources = Sources::new(environment);
    if !sources.boolean("trust", args.trust, None, false) {
        return sources.done(None);
    }
    let surroundings = surroundings(&mut sources, None);
    let settings = TrustSettings {
        aws: aws(&mut sources, &args.common, &crate::settings::config::Config::default(), &surroundings),
        account: account(&mut sources, args).map(|account| account.text),
        trusted: trusted(&mut sources, &args.trusted),
        output: sources.path("output", args.output.as_deref(), None, &environment.directory),
        surroundings,
    };
    if settings.trusted.repository.is_none() && sources.findings.is_empty() {
        let finding = Finding::error("--repository", "it is needed, and neither GITHUB_REPOSITORY nor git's `origin` says it");
        sources.findings.push(finding.hint("write `--repository OWNER/NAME`"));
    }
    sources.done(Some(settings))
}
