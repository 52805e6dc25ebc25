//! The keys of the config, and what each of them fills.

use std::path::{Path, PathBuf};

use super::{
    ConfigAnalysis, ConfigUp, JudgedBy,
    hooks::ConfigHooks,
    reader::{Reader, unreadable},
    steps::Placed,
};
use crate::{
    definition::{Finding, Given},
    rollout::plan::{Step, Strategy},
    settings::{
        previews::Previews,
        types::{Rules, TestRule},
        yaml::{self, Node, Tree},
    },
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
    pub(crate) ecspresso: Option<Given>,
    /// The ECS service that the project of ecspresso's names as it is, without a template.
    pub(crate) deployed_by_ecspresso: Option<Given>,
    pub(crate) envfile: Vec<Given>,
    pub(crate) templates: Option<Given>,
    pub(crate) tfstate: Option<Given>,
    pub(crate) region: Option<Given>,
    pub(crate) role: Option<Given>,
    pub(crate) cluster: Option<Given>,
    pub(crate) service: Option<Given>,
    pub(crate) service_definition: Option<Given>,
    pub(crate) task_definition: Option<Given>,
    pub(crate) timeout: Option<Given>,
    pub(crate) lattice_service: Option<Given>,
    pub(crate) listener: Option<Given>,
    pub(crate) rules: Option<Rules>,
    pub(crate) test_rule: Option<TestRule>,
    pub(crate) infrastructure_role: Option<Given>,
    pub(crate) port_name: Option<Given>,
    pub(crate) slots: [ConfigSlot; 2],
    pub(crate) steps: Option<Placed<Vec<Step>>>,
    pub(crate) strategy: Option<Placed<Strategy>>,
    pub(crate) settle: Option<Given>,
    pub(crate) retire_after: Option<Given>,
    pub(crate) on_cancel: Option<Given>,
    pub(crate) on_drift: Option<Given>,
    pub(crate) on_existing: Option<Given>,
    pub(crate) lock: Option<Given>,
    pub(crate) interval: Option<Given>,
    pub(crate) min_healthy: Option<Given>,
    pub(crate) unhealthy_for: Option<Given>,
    pub(crate) analysis: ConfigAnalysis,
    /// For each of `steps` the metrics that judge it.
    pub(crate) judged_by: Vec<JudgedBy>,
    pub(crate) jq: Vec<Given>,
    pub(crate) jq_env: Vec<Given>,
    pub(crate) hooks: ConfigHooks,
    pub(crate) preview: Option<Previews>,
    pub(crate) comment: Option<Given>,
    pub(crate) check: Option<Given>,
    pub(crate) summary: Option<Given>,
    pub(crate) deployment: Option<Given>,
    pub(crate) environment_url: Option<Given>,
    pub(crate) rollback_workflow: Option<Given>,
    pub(crate) up: Option<ConfigUp>,
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
        let mut reader = Reader::new(file);
        let mut config = Self::default();
        if let Some(root) = yaml::read(file, text).map_err(|finding| vec![finding])? {
            config.root(&mut reader, &root);
            config.judged_by = std::mem::take(&mut reader.judged_by);
        }
        // Unknown keys are found before known ones are read; people read from the top.
        reader.findings.sort_by_key(|finding| finding.place);
        if reader.findings.is_empty() { Ok(config) } else { Err(reader.findings) }
    }

    fn root(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 20] = [
            "ecspresso",
            "envfile",
            "templates",
            "tfstate",
            "region",
            "aws",
            "cluster",
            "service",
            "service_definition",
            "task_definition",
            "timeout",
            "lattice",
            "rollout",
            "analysis",
            "jq",
            "jq_env",
            "hooks",
            "preview",
            "github",
            "up",
        ];
        for (key, value) in reader.entries(node, "", &KEYS) {
            match key {
                "ecspresso" => self.ecspresso = reader.text(value, key),
                "envfile" => self.envfile = reader.texts(value, key),
                "templates" => self.templates = reader.text(value, key),
                "tfstate" => self.tfstate = reader.text(value, key),
                "region" => self.region = reader.text(value, key),
                "cluster" => self.cluster = reader.text(value, key),
                "service" => self.service = reader.text(value, key),
                "service_definition" => self.service_definition = reader.text(value, key),
                "task_definition" => self.task_definition = reader.text(value, key),
                "timeout" => self.timeout = reader.text(value, key),
                "aws" => {
                    for (key, value) in reader.entries(value, "aws.", &["role"]) {
                        self.role = reader.text(value, key);
                    }
                }
                "jq" => self.jq = reader.texts(value, key),
                "jq_env" => self.jq_env = reader.texts(value, key),
                "lattice" => self.lattice(reader, value),
                "rollout" => self.rollout(reader, value),
                "analysis" => self.analysis(reader, value),
                "up" => self.up = Some(ConfigUp::read(reader, value)),
                "hooks" => self.hooks = ConfigHooks::read(reader, value),
                "preview" => self.preview = Some(super::preview::read(reader, value)),
                _ => self.github(reader, value),
            }
        }
    }

    fn lattice(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 7] = ["service", "listener", "rules", "infrastructure_role", "port_name", "slots", "test_rule"];
        for (key, value) in reader.entries(node, "lattice.", &KEYS) {
            match key {
                "service" => self.lattice_service = reader.text(value, key),
                "listener" => self.listener = reader.text(value, key),
                "infrastructure_role" => self.infrastructure_role = reader.text(value, key),
                "port_name" => self.port_name = reader.text(value, key),
                "test_rule" => self.test_rule = super::test_rule::read(reader, value),
                "rules" => {
                    let rules = reader.texts(value, key);
                    self.rules = Some(match rules.as_slice() {
                        [all] if all.text == "all" => Rules::All,
                        listed => Rules::Listed(listed.iter().map(|rule| rule.text.clone()).collect()),
                    });
                }
                _ => self.slots(reader, value),
            }
        }
    }

    fn slots(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 3] = ["ecs_service", "target_group", "overrides"];
        for (name, slot) in reader.entries(node, "lattice.slots.", &["a", "b"]) {
            let written = &mut self.slots[usize::from(name == "b")];
            for (key, value) in reader.entries(slot, &format!("lattice.slots.{name}."), &KEYS) {
                match key {
                    "ecs_service" => written.ecs_service = reader.text(value, key),
                    "overrides" => written.overrides = reader.text(value, key),
                    _ if matches!(value.value, Tree::List(_) | Tree::Map(_)) => {
                        let message =
                            format!("several target groups for `lattice.slots.{name}.{key}` are not supported by this version");
                        reader.refuse(yaml::place(value), message, "write one: its name, id or ARN");
                    }
                    _ => written.target_group = reader.text(value, key),
                }
            }
        }
    }

    fn rollout(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 8] = ["steps", "strategy", "settle", "retire_after", "on_cancel", "on_drift", "on_existing", "lock"];
        for (key, value) in reader.entries(node, "rollout.", &KEYS) {
            match key {
                "steps" => self.steps = reader.steps(value),
                "strategy" => self.strategy = reader.strategy(value),
                "settle" => self.settle = reader.text(value, key),
                "retire_after" => self.retire_after = reader.text(value, key),
                "on_cancel" => self.on_cancel = reader.text(value, key),
                "on_existing" => self.on_existing = reader.text(value, key),
                "lock" => self.lock = reader.text(value, key),
                _ => self.on_drift = reader.text(value, key),
            }
        }
    }

    fn analysis(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 6] = ["interval", "health", "metrics", "alarms", "reporting_lag", "alarm_at_start"];
        for (key, value) in reader.entries(node, "analysis.", &KEYS) {
            match key {
                "interval" => self.interval = reader.text(value, key),
                "metrics" => self.analysis.metrics = reader.metrics(value),
                "alarms" => self.analysis.alarms = reader.alarms(value),
                "reporting_lag" => self.analysis.reporting_lag = reader.text(value, key),
                "alarm_at_start" => self.analysis.alarm_at_start = reader.text(value, key),
                _ if matches!(&value.value, Tree::Scalar(text) if text == "unchecked") => {
                    self.analysis.unchecked = reader.text(value, key);
                }
                _ => self.health(reader, value),
            }
        }
    }

    fn health(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for (key, value) in reader.entries(node, "analysis.health.", &["min_healthy", "unhealthy_for"]) {
            match key {
                "min_healthy" => self.min_healthy = reader.text(value, key),
                _ => self.unhealthy_for = reader.text(value, key),
            }
        }
    }

    fn github(&mut self, reader: &mut Reader<'_>, node: &Node) {
        const KEYS: [&str; 5] = ["comment", "check", "summary", "deployment", "rollback_workflow"];
        for (key, value) in reader.entries(node, "github.", &KEYS) {
            match key {
                "deployment" if matches!(value.value, Tree::Map(_)) => {
                    for (key, value) in reader.entries(value, "github.deployment.", &["environment", "url"]) {
                        match key {
                            "environment" => self.deployment = reader.text(value, key),
                            _ => self.environment_url = reader.text(value, key),
                        }
                    }
                    if self.deployment.is_none() {
                        let hint = "write `deployment: { environment: production, url: … }`";
                        reader.refuse(yaml::place(value), "`github.deployment` has no environment", hint);
                    }
                }
                "deployment" => self.deployment = reader.text(value, key),
                "comment" => self.comment = reader.text(value, key),
                "check" => self.check = reader.text(value, key),
                "rollback_workflow" => self.rollback_workflow = reader.text(value, key),
                _ => self.summary = reader.text(value, key),
            }
        }
    }
}
