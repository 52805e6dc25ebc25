//! `espalier.yml`: what is in it, with the place of everything, so that a later finding can point there.

use std::path::{Path, PathBuf};

use super::{
    types::Rules,
    yaml::{self, Key, Node, Tree},
};
use crate::{
    definition::{Finding, Given, Place},
    rollout::plan::Step,
};

/// One slot as the config has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigSlot {
    pub(crate) ecs_service: Option<Given>,
    pub(crate) target_group: Option<Given>,
    pub(crate) overrides: Option<Given>,
}

/// The config. Texts that have a meaning of their own (times, shares) are read where flags of the same name are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// What its relative paths start from.
    pub(crate) directory: PathBuf,
    pub(crate) region: Option<Given>,
    pub(crate) cluster: Option<Given>,
    pub(crate) service: Option<Given>,
    pub(crate) service_definition: Option<Given>,
    pub(crate) task_definition: Option<Given>,
    pub(crate) timeout: Option<Given>,
    pub(crate) lattice_service: Option<Given>,
    pub(crate) listener: Option<Given>,
    pub(crate) rules: Option<Rules>,
    pub(crate) infrastructure_role: Option<Given>,
    pub(crate) port_name: Option<Given>,
    pub(crate) slots: [ConfigSlot; 2],
    pub(crate) steps: Option<(Vec<Step>, String)>,
    pub(crate) settle: Option<Given>,
    pub(crate) retire_after: Option<Given>,
    pub(crate) on_cancel: Option<Given>,
    pub(crate) on_drift: Option<Given>,
    pub(crate) interval: Option<Given>,
    pub(crate) min_healthy: Option<Given>,
    pub(crate) unhealthy_for: Option<Given>,
    pub(crate) jq: Vec<Given>,
    pub(crate) comment: Option<Given>,
    pub(crate) check: Option<Given>,
    pub(crate) summary: Option<Given>,
}

impl Config {
    /// Reads the config at `path`, which messages call `file`.
    ///
    /// # Errors
    /// It cannot be read, is not YAML, or has keys and values that it cannot have: all of them.
    pub(crate) fn read(path: &Path, file: &str) -> Result<Self, Vec<Finding>> {
        let text = std::fs::read(path).map_err(|error| vec![unreadable(file, &error)])?;
        let text =
            String::from_utf8(text).map_err(|_| vec![Finding::error(file, "this is not UTF-8").hint("save it as UTF-8")])?;
        let mut config = Self::parse(file, &text)?;
        config.directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(config)
    }

    /// Reads the text of a config.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let mut reader = Reader { file, findings: Vec::new() };
        let mut config = Self::default();
        if let Some(root) = yaml::read(file, text).map_err(|finding| vec![finding])? {
            config.root(&mut reader, &root);
        }
        // Unknown keys are found before known ones are read; people read from the top.
        reader.findings.sort_by_key(|finding| finding.place);
        if reader.findings.is_empty() { Ok(config) } else { Err(reader.findings) }
    }

    fn root(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 11] = [
            "region",
            "cluster",
            "service",
            "service_definition",
            "task_definition",
            "timeout",
            "lattice",
            "rollout",
            "analysis",
            "jq",
            "github",
        ];
        for (key, value) in reader.entries(node, "", &KEYS, &["aws", "ecspresso", "hooks"]) {
            match key {
                "region" => self.region = reader.text(value, key),
                "cluster" => self.cluster = reader.text(value, key),
                "service" => self.service = reader.text(value, key),
                "service_definition" => self.service_definition = reader.text(value, key),
                "task_definition" => self.task_definition = reader.text(value, key),
                "timeout" => self.timeout = reader.text(value, key),
                "jq" => self.jq = reader.texts(value, key),
                "lattice" => self.lattice(reader, value),
                "rollout" => self.rollout(reader, value),
                "analysis" => self.analysis(reader, value),
                _ => self.github(reader, value),
            }
        }
    }

    fn lattice(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 6] = ["service", "listener", "rules", "infrastructure_role", "port_name", "slots"];
        for (key, value) in reader.entries(node, "lattice.", &KEYS, &["test_rule"]) {
            match key {
                "service" => self.lattice_service = reader.text(value, key),
                "listener" => self.listener = reader.text(value, key),
                "infrastructure_role" => self.infrastructure_role = reader.text(value, key),
                "port_name" => self.port_name = reader.text(value, key),
                "rules" => {
                    let rules = reader.texts(value, key);
                    self.rules = Some(match rules.as_slice() {
                        [all] if all.text == "all" => Rules::All,
                        listed => Rules::Listed(listed.iter().map(|rule| rule.text.clone()).collect()),
                    });
                }
                _ => {
                    for (name, slot) in reader.entries(value, "lattice.slots.", &["a", "b"], &[]) {
                        let index = usize::from(name == "b");
                        for (key, value) in reader.entries(
                            slot,
                            &format!("lattice.slots.{name}."),
                            &["ecs_service", "target_group", "overrides"],
                            &[],
                        ) {
                            let text = reader.text(value, key);
                            match key {
                                "ecs_service" => self.slots[index].ecs_service = text,
                                "target_group" => self.slots[index].target_group = text,
                                _ => self.slots[index].overrides = text,
                            }
                        }
                    }
                }
            }
        }
    }

    fn rollout(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 5] = ["steps", "settle", "retire_after", "on_cancel", "on_drift"];
        for (key, value) in reader.entries(node, "rollout.", &KEYS, &["strategy"]) {
            match key {
                "steps" => self.steps = reader.steps(value),
                "settle" => self.settle = reader.text(value, key),
                "retire_after" => self.retire_after = reader.text(value, key),
                "on_cancel" => self.on_cancel = reader.text(value, key),
                _ => self.on_drift = reader.text(value, key),
            }
        }
    }

    fn analysis(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for (key, value) in reader.entries(node, "analysis.", &["interval", "health"], &["metrics", "alarms"]) {
            if key == "interval" {
                self.interval = reader.text(value, key);
            } else if matches!(&value.value, Tree::Scalar(text) if text == "unchecked") {
                let finding = reader.error(yaml::place(value), "`health: unchecked` is not supported by this version");
                reader
                    .findings
                    .push(finding.hint("turn the target group's health checks on: they are what this version judges by"));
            } else {
                for (key, value) in reader.entries(value, "analysis.health.", &["min_healthy", "unhealthy_for"], &[]) {
                    match key {
                        "min_healthy" => self.min_healthy = reader.text(value, key),
                        _ => self.unhealthy_for = reader.text(value, key),
                    }
                }
            }
        }
    }

    fn github(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for (key, value) in reader.entries(node, "github.", &["comment", "check", "summary"], &["deployment"]) {
            let text = reader.text(value, key);
            match key {
                "comment" => self.comment = text,
                "check" => self.check = text,
                _ => self.summary = text,
            }
        }
    }
}

/// A file that cannot be read, as a finding.
pub(crate) fn unreadable(file: &str, error: &std::io::Error) -> Finding {
    if error.kind() == std::io::ErrorKind::NotFound {
        let hint = "relative paths start from the working directory, those in a config from the config's own";
        return Finding::error(file, "there is no such file").hint(hint);
    }
    Finding::error(file, format!("it cannot be read: {error}"))
}

struct Reader<'f> {
    file: &'f str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn error(&self, place: Place, message: impl Into<String>) -> Finding {
        Finding::error(self.file, message).at(place)
    }

    /// The entries of a map whose keys are known; the others become findings. A map that is left empty has none.
    fn entries<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        known: &[&'static str],
        later: &[&str],
    ) -> Vec<(&'static str, &'n Node)> {
        let map: &[(Key, Node)] = match &node.value {
            Tree::Map(map) => map,
            Tree::Null => &[],
            Tree::Scalar(_) | Tree::List(_) => {
                let name = path.strip_suffix('.').unwrap_or("the config");
                let finding = self.error(yaml::place(node), format!("{name} is a map"));
                self.findings.push(finding.hint(format!("its keys are {}", known.join(", "))));
                &[]
            }
        };
        let mut entries = Vec::new();
        for (key, value) in map {
            if let Some(known) = known.iter().find(|known| **known == key.value) {
                entries.push((*known, value));
            } else if later.contains(&key.value.as_str()) {
                let finding = self.error(yaml::place(key), format!("`{path}{}` is not supported by this version", key.value));
                self.findings.push(finding.hint("remove it, or use a version that supports it"));
            } else {
                let near = known.iter().map(|known| (strsim::damerau_levenshtein(&key.value, known), known)).min();
                let hint = match near {
                    Some((distance, near)) if distance <= 3 => format!("did you mean `{near}`?"),
                    Some(_) | None => format!("the keys here are {}", known.join(", ")),
                };
                let finding = self.error(yaml::place(key), format!("unknown key `{path}{}`", key.value));
                self.findings.push(finding.hint(hint));
            }
        }
        entries
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<Given> {
        let Place { line, column } = yaml::place(node);
        match &node.value {
            Tree::Scalar(text) if !text.trim().is_empty() => Some(Given::new(text, format!("{}:{line}:{column}", self.file))),
            Tree::Null | Tree::Scalar(_) => {
                let finding = self.error(Place { line, column }, format!("`{key}` has no value"));
                self.findings.push(finding.hint("write one, or remove the key"));
                None
            }
            Tree::List(_) | Tree::Map(_) => {
                self.findings.push(self.error(Place { line, column }, format!("`{key}` is one text, not a list or map")));
                None
            }
        }
    }

    /// One text or a list of texts.
    fn texts(&mut self, node: &Node, key: &str) -> Vec<Given> {
        match &node.value {
            Tree::List(list) => list.iter().filter_map(|element| self.text(element, key)).collect(),
            Tree::Null | Tree::Scalar(_) | Tree::Map(_) => self.text(node, key).into_iter().collect(),
        }
    }

    fn steps(&mut self, node: &Node) -> Option<(Vec<Step>, String)> {
        let Place { line, column } = yaml::place(node);
        let Tree::List(list) = &node.value else {
            let finding = self.error(Place { line, column }, "`steps` is a list");
            self.findings.push(finding.hint("write `steps: [{ weight: 5%, bake: 2m }, { weight: 100%, bake: 10m }]`"));
            return None;
        };
        let mut steps = Vec::new();
        for element in list {
            let before = self.findings.len();
            let (mut weight, mut bake) = (None, None);
            for (key, value) in self.entries(element, "rollout.steps.", &["weight", "bake"], &["hold"]) {
                match key {
                    "weight" => weight = self.text(value, key),
                    _ => bake = self.text(value, key),
                }
            }
            match (weight, bake) {
                (Some(weight), Some(bake)) => match format!("{}:{}", weight.text, bake.text).parse::<Step>() {
                    Ok(step) => steps.push(step),
                    Err(error) => self.findings.push(self.error(yaml::place(element), error.to_string())),
                },
                _ if self.findings.len() > before => {}
                _ => {
                    let finding = self.error(yaml::place(element), "a step needs `weight` and `bake`");
                    self.findings.push(finding.hint("write `{ weight: 5%, bake: 2m }`"));
                }
            }
        }
        Some((steps, format!("{}:{line}:{column}", self.file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        Config::parse("espalier.yml", text).expect_err("refused").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_seeds_config_reads() {
        let config = Config::parse("espalier.yml", include_str!("../../tests/fixtures/seed/espalier.yml")).expect("a config");
        let overrides = config.slots[1].overrides.as_ref().expect("overrides");
        assert_eq!(
            (overrides.text.as_str(), overrides.from.as_str()),
            ("del(.serviceConnectConfiguration)", "espalier.yml:14:78")
        );
        assert_eq!(config.steps.expect("steps").0.len(), 3);
        assert_eq!(config.cluster.expect("a cluster").text, "my-cluster");
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_places() {
        let text = "regoin: x\nhooks: { before_shift: x }\nlattice:\n  service: [a]\n  test_rule: 1\n  slots: { c: {} }\nrollout:\n  steps: [{ weight: 5, bake: 2m }, { hold: {} }, { weight: 100% }]\n  strategy: {}\nanalysis: { metrics: [], health: unchecked }\ncluster:\n";
        assert_eq!(
            told(text),
            [
                "espalier.yml:1:1: unknown key `regoin`",
                "espalier.yml:2:1: `hooks` is not supported by this version",
                "espalier.yml:4:12: `service` is one text, not a list or map",
                "espalier.yml:5:3: `lattice.test_rule` is not supported by this version",
                "espalier.yml:6:12: unknown key `lattice.slots.c`",
                "espalier.yml:8:11: `5` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`",
                "espalier.yml:8:38: `rollout.steps.hold` is not supported by this version",
                "espalier.yml:8:50: a step needs `weight` and `bake`",
                "espalier.yml:9:3: `rollout.strategy` is not supported by this version",
                "espalier.yml:10:13: `analysis.metrics` is not supported by this version",
                "espalier.yml:10:34: `health: unchecked` is not supported by this version",
                "espalier.yml:11:8: `cluster` has no value",
            ]
        );
        let finding = Config::parse("f", "regoin: x").expect_err("refused").remove(0);
        assert_eq!(finding.hint.as_deref(), Some("did you mean `region`?"));
    }

    #[test]
    fn what_is_not_yaml_is_told_with_its_place() {
        assert!(
            told("a: b: c")[0].starts_with("espalier.yml:1:5: this is not YAML that a config can be: "),
            "{:?}",
            told("a: b: c")
        );
        assert!(told("region: x\nregion: y")[0].starts_with("espalier.yml:2:1: "), "{:?}", told("region: x\nregion: y"));
        assert_eq!(told("- a"), ["espalier.yml:1:1: the config is a map"]);
        assert!(Config::parse("f", "# nothing\n---\n").is_ok());
    }

    #[test]
    fn numbers_and_ids_keep_their_spelling() {
        let config = Config::parse("f", "cluster: 012345678901\nservice: no\ntimeout: 45m").expect("a config");
        assert_eq!(config.cluster.map(|given| given.text).as_deref(), Some("012345678901"));
        assert_eq!(config.service.map(|given| given.text).as_deref(), Some("no"));
    }
}
