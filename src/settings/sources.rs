//! Precedence: a flag, else its variable, else the config, else the default. Whatever is found remembers where it was found.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    AwsSettings, Environment,
    config::{Config, unreadable},
    project::{ECSPRESSO, templating},
    surroundings::Runner,
    templating::{Readable, Templating},
};
use crate::{
    cli::Common,
    definition::{
        Finding, Given,
        finding::{choice, list},
        patch::Seen,
        template::{Found, Reference},
    },
};

const DEFAULT_CONFIG: &str = "espalier.yml";
/// Flags that name something of AWS's, by name, id, ARN or reference.
const REFERRING: [&str; 9] =
    ["cluster", "lattice-service", "listener", "target-group", "infrastructure-role", "from", "to", "traffic-target", "service"];
/// Times are added to the time of day, which has an end.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What is asked for: the flag's name without dashes, its value, and what the config says.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) flag: &'a str,
    pub(super) value: Option<&'a str>,
    pub(super) config: Option<&'a Given>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(flag: &'a str, value: Option<&'a String>, config: Option<&'a Given>) -> Self {
        Self { flag, value: value.map(String::as_str), config }
    }
}

/// The environment and the config, and what was found wrong so far.
pub(super) struct Sources<'e> {
    pub(super) environment: &'e Environment,
    pub(super) findings: Vec<Finding>,
    /// There is neither a config nor a project of ecspresso's.
    nothing_here: bool,
    /// What fills in definitions.
    pub(super) templating: Templating,
    /// What has to be looked up before all is settled.
    lacking: BTreeSet<Reference>,
    /// Where AWS is, as far as it is known.
    pub(super) aws: AwsSettings,
}

/// Why settings could not be settled.
#[derive(Debug, Default)]
pub struct Unsettled {
    /// What is wrong. It may be so because something is not looked up yet.
    pub findings: Vec<Finding>,
    /// What has to be looked up first.
    pub lacking: BTreeSet<Reference>,
    /// Where, and as whom.
    pub aws: Box<AwsSettings>,
}

impl From<Vec<Finding>> for Unsettled {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }
}

/// The variable of a flag.
pub(super) fn variable(flag: &str) -> String {
    format!("ESPALIER_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

impl<'e> Sources<'e> {
    /// The environment alone.
    pub(super) fn new(environment: &'e Environment) -> Self {
        let (templating, lacking) = (Templating::default(), BTreeSet::new());
        Self { environment, findings: Vec::new(), nothing_here: false, templating, lacking, aws: AwsSettings::default() }
    }

    /// Opens the config that is named, or `espalier.yml` if there is one; and the project of ecspresso's that it takes the rest from, or
    /// that is there in its place.
    pub(super) fn open(environment: &'e Environment, common: &Common) -> Result<(Self, Config), Unsettled> {
        Self::open_for(environment, common, None)
    }

    /// The same, where a flag may say what is released: names of what the config declares come from it.
    pub(super) fn open_for(
        environment: &'e Environment,
        common: &Common,
        service: Option<&String>,
    ) -> Result<(Self, Config), Unsettled> {
        let named = common.config.clone().or_else(|| environment.get("ESPALIER_CONFIG").map(PathBuf::from));
        let path = environment.directory.join(named.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG)));
        let is_there = named.is_some() || path.is_file();
        let mut config = if is_there {
            let file = named.unwrap_or_else(|| DEFAULT_CONFIG.into());
            Config::read(&path, &file.display().to_string())?
        } else {
            Config { directory: environment.directory.clone(), ..Config::default() }
        };
        let (templating, findings) = templating(environment, &common.templates, &config);
        let mut sources = Self { findings, templating, ..Self::new(environment) };
        sources.aws = AwsSettings {
            region: ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| environment.get(name)).map(str::to_owned),
            endpoint_url: environment.get("AWS_ENDPOINT_URL").map(str::to_owned),
            ..AwsSettings::default()
        };
        let has_project = sources.take_over_ecspresso(&common.templates, &mut config, is_there)?;
        sources.nothing_here = !is_there && !has_project;
        let service = service.map(String::as_str).filter(|service| !service.is_empty());
        config.name_what_is_declared(service.or_else(|| environment.get("ESPALIER_SERVICE")));
        if sources.boolean("templates", None, config.templates.clone().as_ref(), sources.templating.is_on) {
            sources.templating.is_on = true;
        }
        Ok((sources, config))
    }

    /// What is said, and where; looked up where it is a reference and can be one.
    pub(super) fn given(&mut self, asked: Asked<'_>) -> Option<Given> {
        let given = self.said(asked)?;
        Some(if REFERRING.contains(&asked.flag) { self.referred(given) } else { given })
    }

    /// What a reference refers to: `tfstate:ADDRESS` or `ssm:NAME`. Anything else is itself.
    pub(super) fn referred(&mut self, given: Given) -> Given {
        let reference = if let Some(address) = given.text.strip_prefix("tfstate:") {
            let states = self.templating.states();
            match states.as_slice() {
                [state] => Reference::Terraform { state: state.clone(), address: address.replace('\'', "\""), optional: false },
                [] | [_, _, ..] => {
                    let message =
                        if states.is_empty() { "in which Terraform state?" } else { "in which of the Terraform states?" };
                    self.findings.push(
                        Finding::error(given.from.clone(), message)
                            .hint("name it: `tfstate: terraform.tfstate` in the config, or `--tfstate`; also `s3://BUCKET/KEY`"),
                    );
                    return given;
                }
            }
        } else if let Some(name) = given.text.strip_prefix("ssm:") {
            Reference::Parameter { name: name.to_owned() }
        } else {
            return given;
        };
        match self.templating.answers.get(&reference) {
            None => {
                self.lacking.insert(reference);
                given
            }
            Some(Ok(Found { value: serde_json::Value::String(text), .. })) => Given::new(text, given.from),
            Some(Ok(found)) => {
                let message = format!("{reference} is not a text but {}", found.value);
                self.findings.push(Finding::error(given.from.clone(), message));
                given
            }
            Some(Err(why)) => {
                self.findings.push(Finding::error(given.from.clone(), format!("{reference} cannot be read: {why}")));
                given
            }
        }
    }

    /// Notes what a definition refers to and has not been looked up. What else is wrong with it is for whoever reads it.
    pub(super) fn look_into(&mut self, path: &Path) {
        if self.templating.may_concern(path)
            && let Ok(Readable::Lacking(lacking)) = self.templating.read(path)
        {
            self.lacking.extend(lacking);
        }
    }

    fn said(&self, asked: Asked<'_>) -> Option<Given> {
        let flag = asked.value.filter(|value| !value.is_empty()).map(|value| Given::new(value, format!("--{}", asked.flag)));
        flag.or_else(|| {
            let name = variable(asked.flag);
            self.environment.get(&name).map(|value| Given::new(value, name.clone()))
        })
        .or_else(|| asked.config.cloned())
    }

    pub(super) fn text(&mut self, asked: Asked<'_>) -> Option<String> {
        self.given(asked).map(|given| given.text)
    }

    /// That no config was found, said once and before what follows from it; whether it is so.
    pub(super) fn tell_that_nothing_is_here(&mut self) -> bool {
        const PLACE: &str = "--config";
        if self.nothing_here && self.findings.iter().all(|finding| finding.file != PLACE) {
            let finding = Finding::error(PLACE, format!("there is no {DEFAULT_CONFIG} here, and no {}", ECSPRESSO[0]));
            self.findings.push(finding.hint(format!(
                "go to your project's folder, name its config (`--config FILE`), let `espalier init` write {DEFAULT_CONFIG} for an ECS service \
                 that runs, or say by flags or variables what is needed"
            )));
        }
        self.nothing_here
    }

    /// What has to be said; a finding and an empty text when it is not.
    pub(super) fn required(&mut self, asked: Asked<'_>, key: &str) -> String {
        self.text(asked).unwrap_or_else(|| {
            self.tell_that_nothing_is_here();
            let finding = Finding::error(format!("--{}", asked.flag), "it is needed, and nothing says it");
            self.findings.push(
                finding.hint(format!("give the flag, the variable {}, or `{key}:` in {DEFAULT_CONFIG}", variable(asked.flag))),
            );
            String::new()
        })
    }

    /// A path: one from the config starts from the config's directory, others from the working directory.
    pub(super) fn path(
        &self,
        flag: &str,
        value: Option<&Path>,
        config: Option<&Given>,
        config_directory: &Path,
    ) -> Option<PathBuf> {
        let here = value.filter(|path| !path.as_os_str().is_empty()).map(Path::to_path_buf);
        let here = here.or_else(|| self.environment.get(&variable(flag)).map(PathBuf::from));
        match here {
            Some(path) if path == Path::new("-") => Some(path),
            Some(path) => Some(self.environment.directory.join(path)),
            None => config.map(|given| config_directory.join(&given.text)),
        }
    }

    /// A length of time, zero included.
    pub(super) fn duration(&mut self, asked: Asked<'_>, default: Duration) -> Duration {
        let Some(given) = self.given(asked) else { return default };
        let (wrong, hint) = match humantime::parse_duration(given.text.trim()) {
            Ok(duration) if duration <= LONGEST => return duration,
            Ok(_) => ("longer than a year", "nothing in a release takes that long"),
            Err(_) => ("not a length of time", "write `30s`, `2m` or `1h 30m`"),
        };
        self.findings.push(Finding::error(given.from, format!("`{}` is {wrong}", given.text)).hint(hint));
        default
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, flag: &str, value: Option<bool>, config: Option<&Given>, default: bool) -> bool {
        if let Some(value) = value {
            return value;
        }
        match self.given(Asked { flag, value: None, config }) {
            None => default,
            Some(Given { text, .. }) if text == "true" => true,
            Some(Given { text, .. }) if text == "false" => false,
            Some(Given { text, from }) => {
                self.findings
                    .push(Finding::error(from, format!("`{text}` is neither true nor false")).hint("write `true` or `false`"));
                default
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, asked: Asked<'_>, words: &[(&str, T)], default: T) -> T {
        let Some(given) = self.given(asked) else { return default };
        words.iter().find(|(word, _)| *word == given.text).map_or_else(
            || {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let finding = Finding::error(given.from, format!("`{}` is not one of {}", given.text, list(&known)));
                self.findings.push(finding.hint(format!("write {}", choice(&known))));
                default
            },
            |(_, value)| *value,
        )
    }

    /// How to show something.
    pub(super) fn format<F: clap::ValueEnum + Copy + Default>(&mut self, value: Option<F>) -> F {
        let words: Vec<(String, F)> = F::value_variants()
            .iter()
            .filter_map(|format| Some((format.to_possible_value()?.get_name().to_owned(), *format)))
            .collect();
        let words: Vec<(&str, F)> = words.iter().map(|(word, format)| (word.as_str(), *format)).collect();
        value.unwrap_or_else(|| self.word(Asked { flag: "format", ..Asked::default() }, &words, F::default()))
    }

    /// The values of a repeatable flag; in its variable they stand on lines or between commas.
    pub(super) fn list(&self, flag: &str, values: &[String]) -> Vec<Given> {
        if !values.is_empty() {
            return values.iter().map(|value| Given::new(value, format!("--{flag}"))).collect();
        }
        let name = variable(flag);
        let text = self.environment.get(&name).unwrap_or_default();
        text.split(['\n', ','])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Given::new(part, name.clone()))
            .collect()
    }

    /// Filters: those in files, then flags, or the variable as one filter (which may have lines and commas), or the config's.
    pub(super) fn filters(&mut self, values: &[String], files: &[PathBuf], config: &[Given]) -> Vec<Given> {
        let mut filters = Vec::new();
        let listed: Vec<PathBuf> = if files.is_empty() {
            self.list("jq-file", &[]).into_iter().map(|given| given.text.into()).collect()
        } else {
            files.to_vec()
        };
        for file in listed {
            let name = file.display().to_string();
            match std::fs::read_to_string(self.environment.directory.join(&file)) {
                Ok(text) => filters.push(Given::new(text, name)),
                Err(error) => self.findings.push(unreadable(&name, &error)),
            }
        }
        if values.is_empty() {
            let variable = self.given(Asked { flag: "jq", ..Asked::default() });
            filters.extend(variable.map_or_else(|| config.to_vec(), |filter| vec![filter]));
            return filters;
        }
        let name = |index: usize| if values.len() == 1 { "--jq".to_owned() } else { format!("--jq (number {})", index + 1) };
        filters.extend(values.iter().enumerate().map(|(index, value)| Given::new(value, name(index))));
        filters
    }

    /// What filters see: the variables that somebody named, each of which has to be there, and the job's commit.
    pub(super) fn seen(&mut self, names: &[String], config: &[Given], runner: &Runner) -> Seen {
        let mut named = self.list("jq-env", names);
        if named.is_empty() {
            named = config.to_vec();
        }
        let mut env = Vec::new();
        for Given { text: name, from } in named {
            match self.templating.variables.get(&name).or_else(|| self.environment.all().get(&name)) {
                Some(value) => env.push((name, value.clone())),
                None => self.findings.push(
                    Finding::error(from, format!("the variable {name} is not set")).hint("set it, or do not let filters see it"),
                ),
            }
        }
        let git = [
            ("sha", &runner.sha),
            ("ref", &runner.git_ref),
            ("repository", &runner.repository),
            ("actor", &runner.actor),
            ("run_id", &runner.run_id),
        ];
        let git = git.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
        Seen { env, git, ..Seen::default() }
    }

    /// Takes over why other settings could not be settled.
    pub(super) fn also(&mut self, unsettled: Unsettled) {
        self.findings.extend(unsettled.findings);
        if !unsettled.lacking.is_empty() {
            self.lacking.extend(unsettled.lacking);
            self.aws = *unsettled.aws;
        }
    }

    /// The settings, if nothing was found wrong.
    pub(super) fn done<T>(self, settings: T) -> Result<T, Unsettled> {
        if self.findings.is_empty() && self.lacking.is_empty() {
            return Ok(settings);
        }
        Err(Unsettled { findings: self.findings, lacking: self.lacking, aws: Box::new(self.aws) })
    }
}
