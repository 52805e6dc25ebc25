//! Settings of `init`.

use std::path::{Path, PathBuf};

use super::{
    common::{aws, surroundings},
    trusted::trusted,
};
use crate::{
    cli,
    settings::{
        Environment, InitSettings, Unsettled,
        project::ECSPRESSO,
        sources::{Asked, Sources},
    },
};

/// Where Terraform keeps a state that is in no other place.
const STATE: &str = "terraform.tfstate";

/// Settles what `init` is told, and what project there is.
///
/// # Errors
/// Every mistake in flags, environment, and the files that are there.
pub fn init(args: &cli::Init, environment: &Environment) -> Result<InitSettings, Unsettled> {
    let named = args.common.config.clone().unwrap_or_else(|| PathBuf::from("espalier.yml"));
    let path = environment.directory.join(&named);
    // The config is what `init` writes: it need not be there.
    let common = cli::Common { config: Some(named).filter(|_| path.is_file()), ..args.common.clone() };
    let (mut sources, config) = Sources::open(environment, &common)?;
    let surroundings = surroundings(&mut sources, None);
    let here = |name: &str| environment.directory.join(name).is_file();
    let by_itself = || ECSPRESSO.into_iter().find(|name| common.config.is_none() && here(name)).map(str::to_owned);
    let flag = args.common.templates.ecspresso.as_ref().map(|path| path.display().to_string());
    let ecspresso = flag.or_else(|| config.ecspresso.as_ref().map(|given| given.text.clone())).or_else(by_itself);
    let state = match &sources.templating.state {
        Some(read) => {
            let shown = args.common.templates.tfstate.clone().or_else(|| config.tfstate.as_ref().map(|given| given.text.clone()));
            Some((read.clone(), shown.unwrap_or_else(|| read.clone())))
        }
        None => here(STATE).then(|| (environment.directory.join(STATE).display().to_string(), STATE.to_owned())),
    };
    let mut aws = aws(&mut sources, &common, &config, &surroundings);
    let settings = InitSettings {
        role: aws.role.take(),
        aws,
        cluster: sources.text(Asked::new("cluster", args.cluster.as_ref(), config.cluster.as_ref())),
        service: sources.text(Asked::new("service", args.service.as_ref(), config.service.as_ref())),
        lattice_service: sources.text(Asked::new("lattice-service", args.lattice_service.as_ref(), None)),
        config: if path.parent() == Some(Path::new("")) { Path::new(".").join(&path) } else { path },
        ecspresso,
        state,
        trusted: trusted(&mut sources, &args.trusted),
        force: sources.boolean("force", args.force, None, false),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.format),
        surroundings,
    };
    sources.done(settings)
}
