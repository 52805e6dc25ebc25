//! Precedence: a flag, else its variable, else the config, else the default. Whatever is found remembers where it was found.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::ValueEnum as _;

use super::{Environment, config::Config, types::Format};
use crate::definition::{
    Finding, Given,
    finding::{choice, list},
};

const DEFAULT_CONFIG: &str = "espalier.yml";
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
}

/// The variable of a flag.
pub(super) fn variable(flag: &str) -> String {
    format!("ESPALIER_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

impl<'e> Sources<'e> {
    /// Opens the config that is named, or `espalier.yml` if there is one.
    pub(super) fn open(environment: &'e Environment, config: Option<&Path>) -> Result<(Self, Config), Vec<Finding>> {
        let named = config.map(Path::to_path_buf).or_else(|| environment.get("ESPALIER_CONFIG").map(PathBuf::from));
        let path = environment.directory.join(named.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG)));
        let config = if named.is_some() || path.is_file() {
            let file = named.unwrap_or_else(|| DEFAULT_CONFIG.into());
            Config::read(&path, &file.display().to_string())?
        } else {
            Config::default()
        };
        Ok((Self { environment, findings: Vec::new() }, config))
    }

    /// What is said, and where.
    pub(super) fn given(&self, asked: Asked<'_>) -> Option<Given> {
        let flag = asked.value.filter(|value| !value.is_empty()).map(|value| Given::new(value, format!("--{}", asked.flag)));
        flag.or_else(|| {
            let name = variable(asked.flag);
            self.environment.get(&name).map(|value| Given::new(value, name.clone()))
        })
        .or_else(|| asked.config.cloned())
    }

    pub(super) fn text(&self, asked: Asked<'_>) -> Option<String> {
        self.given(asked).map(|given| given.text)
    }

    /// What has to be said; a finding and an empty text when it is not.
    pub(super) fn required(&mut self, asked: Asked<'_>, key: &str) -> String {
        self.text(asked).unwrap_or_else(|| {
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
    pub(super) fn format(&mut self, value: Option<Format>) -> Format {
        let words: Vec<(String, Format)> = Format::value_variants()
            .iter()
            .filter_map(|format| Some((format.to_possible_value()?.get_name().to_owned(), *format)))
            .collect();
        let words: Vec<(&str, Format)> = words.iter().map(|(word, format)| (word.as_str(), *format)).collect();
        value.unwrap_or_else(|| self.word(Asked { flag: "format", ..Asked::default() }, &words, Format::default()))
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

    /// Filters: flags, or the variable as one filter (which may have lines and commas), or the config's.
    pub(super) fn filters(&self, values: &[String], config: &[Given]) -> Vec<Given> {
        if values.is_empty() {
            let variable = self.given(Asked { flag: "jq", ..Asked::default() });
            return variable.map_or_else(|| config.to_vec(), |filter| vec![filter]);
        }
        let name = |index: usize| if values.len() == 1 { "--jq".to_owned() } else { format!("--jq (number {})", index + 1) };
        values.iter().enumerate().map(|(index, value)| Given::new(value, name(index))).collect()
    }

    /// The settings, if nothing was found wrong.
    pub(super) fn done<T>(self, settings: T) -> Result<T, Vec<Finding>> {
        if self.findings.is_empty() { Ok(settings) } else { Err(self.findings) }
    }
}
