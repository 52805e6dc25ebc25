//! What a project has besides the config: an ecspresso config, files of variables, a Terraform state.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Environment, Unsettled,
    config::{Config, Ecspresso, Loaded, load_ecspresso, place_of_state, unreadable},
    sources::{Sources, variable},
    templating::{Templating, envfile},
};
use crate::{
    cli::Templates,
    definition::{Finding, Given},
};

/// What a project of ecspresso's is known by.
pub(super) const ECSPRESSO: [&str; 4] = ["ecspresso.yml", "ecspresso.yaml", "ecspresso.json", "ecspresso.jsonnet"];

impl Sources<'_> {
    /// What an ecspresso config says, where there is one, into the config; whether there is one.
    pub(super) fn take_over_ecspresso(
        &mut self,
        flags: &Templates,
        config: &mut Config,
        is_there: bool,
    ) -> Result<bool, Unsettled> {
        let flag = flags.ecspresso.clone().or_else(|| self.environment.get("ESPALIER_ECSPRESSO").map(PathBuf::from));
        let by_itself =
            || ECSPRESSO.into_iter().map(PathBuf::from).find(|name| !is_there && self.environment.directory.join(name).is_file());
        // Its own paths start from its directory, and those of the config from the config's.
        let (path, shown, prefix) = match (flag, &config.ecspresso) {
            (Some(flag), _) => {
                let path = self.environment.directory.join(&flag);
                let directory = flag.parent().unwrap_or(Path::new(""));
                let directory = if config.directory == self.environment.directory {
                    directory.to_owned()
                } else {
                    let directory = self.environment.directory.join(directory);
                    std::path::absolute(&directory).unwrap_or(directory)
                };
                (path, flag.display().to_string(), directory)
            }
            (None, Some(given)) => {
                let path = config.directory.join(&given.text);
                (
                    path.clone(),
                    path.display().to_string(),
                    Path::new(&given.text).parent().map(Path::to_path_buf).unwrap_or_default(),
                )
            }
            (None, None) => match by_itself() {
                Some(name) => (self.environment.directory.join(&name), name.display().to_string(), PathBuf::new()),
                None => return Ok(false),
            },
        };
        let ecspresso = match load_ecspresso(&path, &shown, &mut self.templating)? {
            Loaded::Whole(ecspresso) => *ecspresso,
            Loaded::Lacking(lacking) => {
                return Err(Unsettled { lacking, aws: Box::new(self.aws.clone()), findings: Vec::new() });
            }
        };
        let from_it = |given: Option<Given>| given.map(|it| Given::new(prefix.join(&it.text).display().to_string(), it.from));
        let Ecspresso { region, cluster, service, service_definition, task_definition, timeout, names_one_service, .. } =
            ecspresso;
        config.deployed_by_ecspresso = service.clone().filter(|_| names_one_service);
        for (own, its, key) in [
            (&mut config.region, region, "region"),
            (&mut config.cluster, cluster.or_else(|| Some(Given::new("default", "the default of ecspresso"))), "cluster"),
            (&mut config.service, service, "service"),
            (&mut config.service_definition, from_it(service_definition), "service_definition"),
            (&mut config.task_definition, from_it(task_definition), "task_definition"),
            (&mut config.timeout, timeout, "timeout"),
        ] {
            match (&own, its) {
                // A deployment of ecspresso's takes minutes, a release takes longer: both may have their own limit.
                (Some(own), Some(its)) if own.text != its.text && key != "timeout" && its.from.contains(':') => {
                    let message = format!("`{key}` is `{}` here and `{}` in {}", own.text, its.text, its.from);
                    self.findings.push(Finding::error(&own.from, message).hint("remove one of them"));
                }
                (Some(_), _) => {}
                (None, its) => *own = its,
            }
        }
        Ok(true)
    }
}

/// What fills in definitions, before any plugin is known.
pub(super) fn templating(environment: &Environment, flags: &Templates, config: &Config) -> (Templating, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut templating =
        Templating { variables: environment.all().clone(), answers: environment.answers.clone(), ..Templating::default() };
    let listed = |flag: &str| {
        let text = environment.get(&variable(flag)).unwrap_or_default().to_owned();
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let here = |path: &PathBuf| environment.directory.join(path);
    let mut files: Vec<PathBuf> = flags.envfile.iter().map(here).collect();
    if files.is_empty() {
        files = listed("envfile").iter().map(|line| here(&PathBuf::from(line))).collect();
    }
    if files.is_empty() {
        files = config.envfile.iter().map(|given| config.directory.join(&given.text)).collect();
    }
    for path in files {
        let file = path.display().to_string();
        match std::fs::read_to_string(&path)
            .map_err(|error| vec![unreadable(&file, &error)])
            .and_then(|text| envfile(&file, &text))
        {
            Ok(variables) => templating.variables.extend(variables),
            Err(wrong) => findings.extend(wrong),
        }
    }
    let mut pairs = |flag: &str, values: &[String]| {
        let values = if values.is_empty() { listed(flag) } else { values.to_vec() };
        let mut pairs = BTreeMap::new();
        for value in values {
            match value.split_once('=') {
                Some((name, value)) if !name.is_empty() => _ = pairs.insert(name.to_owned(), value.to_owned()),
                _ => findings
                    .push(Finding::error(format!("--{flag}"), format!("`{value}` names nothing")).hint("write `NAME=VALUE`")),
            }
        }
        pairs
    };
    templating.texts = pairs("ext-str", &flags.ext_str);
    templating.codes = pairs("ext-code", &flags.ext_code);
    let said = flags.tfstate.as_deref().or_else(|| environment.get("ESPALIER_TFSTATE"));
    let state = match (said, &config.tfstate) {
        (Some(text), _) => Some((text.to_owned(), "--tfstate".to_owned(), environment.directory.clone())),
        (None, Some(given)) => Some((given.text.clone(), given.from.clone(), config.directory.clone())),
        (None, None) => None,
    };
    if let Some((text, from, directory)) = state {
        match place_of_state(&text, &directory) {
            Ok(state) => templating.state = Some(state),
            Err(hint) => findings.push(Finding::error(from, format!("states at `{text}` are not read")).hint(hint)),
        }
    }
    (templating, findings)
}
