//! `ecspresso.yml`: the keys that espalier takes from a project of ecspresso's, and what it makes of the others.
//!
//! As ecspresso v3 does, the plugins are read from the file as it is, and everything else from the file with its templates filled in;
//! where the file is no YAML before that (v2 allows it), the plugins are read afterwards as well.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::reader::{Reader, unreadable};
use crate::{
    definition::{
        Finding, Given,
        template::{Functions, Plugin, PluginKind, Reference, Rendering, render},
    },
    settings::{
        templating::{Filled, Templating},
        yaml::{self, Node, Tree},
    },
};

/// What a project of ecspresso's says. Paths are as they are written: from the file's own directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ecspresso {
    pub(crate) region: Option<Given>,
    pub(crate) cluster: Option<Given>,
    pub(crate) service: Option<Given>,
    pub(crate) service_definition: Option<Given>,
    pub(crate) task_definition: Option<Given>,
    pub(crate) timeout: Option<Given>,
    /// `service` is what the file says, and no variable changes it.
    pub(crate) names_one_service: bool,
    plugins: Vec<Plugin>,
    warnings: Vec<Finding>,
}

/// What came of reading it.
pub(crate) enum Loaded {
    Whole(Box<Ecspresso>),
    /// This has to be looked up first.
    Lacking(BTreeSet<Reference>),
}

/// Reads the file at `path`, which messages call `file`, and teaches `templating` its plugins.
///
/// # Errors
/// It cannot be read, is not YAML, or says what contradicts espalier: everything.
pub(crate) fn load(path: &Path, file: &str, templating: &mut Templating) -> Result<Loaded, Vec<Finding>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![unreadable(file, &error)])?;
    templating.is_on = true;
    let directory = path.parent().unwrap_or(Path::new(""));
    let raw = raw(path, file, &text, templating);
    let is_yaml = raw.is_some();
    let is_program = path.extension().is_some_and(|extension| extension == "jsonnet");
    let names_one_service = !is_program && raw.as_ref().and_then(Option::as_ref).is_some_and(names_one_service);
    if let Some(node) = raw.flatten() {
        let mut reader = Reader::new(file);
        let plugins = plugins_of(&mut reader, &node, directory, Some(templating));
        refuse_if_wrong(reader)?;
        templating.functions = Functions::of(&plugins)?;
    }
    let text = match templating.fill(path, file, text)? {
        Filled::Whole { text, .. } => text,
        Filled::Lacking(lacking) => return Ok(Loaded::Lacking(lacking)),
    };
    let mut reader = Reader::new(file);
    let mut ecspresso = Ecspresso { names_one_service, ..Ecspresso::default() };
    if let Some(root) = yaml::read(file, &text).map_err(|finding| vec![finding])? {
        ecspresso.root(&mut reader, &root, directory);
    }
    refuse_if_wrong(reader)?;
    if !is_yaml {
        templating.functions = Functions::of(&ecspresso.plugins)?;
    }
    templating.warnings.append(&mut ecspresso.warnings);
    Ok(Loaded::Whole(Box::new(ecspresso)))
}

fn refuse_if_wrong(mut reader: Reader<'_>) -> Result<(), Vec<Finding>> {
    reader.findings.sort_by_key(|finding| finding.place);
    if reader.findings.is_empty() { Ok(()) } else { Err(reader.findings) }
}

/// The file before anything is filled in; none where it is no YAML then.
fn raw(path: &Path, file: &str, text: &str, templating: &Templating) -> Option<Option<Node>> {
    // A program is evaluated without its templates: what it refers to does not matter for the plugins.
    let evaluated = Templating { is_on: false, ..templating.clone() }.fill(path, file, text.to_owned());
    match evaluated {
        Ok(Filled::Whole { text, .. }) => yaml::read(file, &text).ok(),
        Ok(Filled::Lacking(_)) | Err(_) => None,
    }
}

/// Whether `service` is a plain text in the file as it is.
fn names_one_service(root: &Node) -> bool {
    let Tree::Map(entries) = &root.value else { return false };
    let plain = |node: &Node| matches!(&node.value, Tree::Scalar(text) if !text.contains("{{"));
    entries.iter().any(|(key, value)| key.value == "service" && plain(value))
}

impl Ecspresso {
    fn root(&mut self, reader: &mut Reader<'_>, node: &Node, directory: &Path) {
        let Tree::Map(entries) = &node.value else {
            reader.refuse(yaml::place(node), "the config is a map", "write `cluster: …` and so on");
            return;
        };
        for (key, value) in entries {
            let key_place = yaml::place(key);
            match key.value.as_str() {
                "region" => self.region = reader.text(value, &key.value),
                "cluster" => self.cluster = reader.text(value, &key.value),
                "service" => self.service = reader.text(value, &key.value),
                "service_definition" => self.service_definition = reader.text(value, &key.value),
                "task_definition" => self.task_definition = reader.text(value, &key.value),
                "timeout" => self.timeout = self.timeout(reader, value),
                "plugins" => self.plugins = plugins(reader, value, directory, None),
                "appspec" | "codedeploy" => reader.refuse(
                    key_place,
                    format!(
                        "`{}` makes CodeDeploy shift the traffic, through load balancers; espalier shifts it itself",
                        key.value
                    ),
                    "remove the key, and let the service's `deploymentController` be ECS",
                ),
                "express_definition" => reader.refuse(
                    key_place,
                    "services of ECS Express Mode bring their own load balancer: their traffic cannot be shifted",
                    "release a plain ECS service: `service_definition` and `task_definition`",
                ),
                // ecspresso's own business; tags are never compared here.
                "required_version" | "filter_command" | "ignore" => {}
                other => {
                    let warning = Finding::warning(reader.file, format!("`{other}` is no key of ecspresso.yml")).at(key_place);
                    self.warnings.push(warning.hint("it is ignored, as ecspresso ignores it"));
                }
            }
        }
    }

    /// Go's durations are ours, but for numbers: nanoseconds in v2, seconds in v3.
    fn timeout(&mut self, reader: &mut Reader<'_>, node: &Node) -> Option<Given> {
        let given = reader.text(node, "timeout")?;
        let Ok(number) = given.text.trim().parse::<u64>() else { return Some(given) };
        let place = yaml::place(node);
        if number == 0 {
            let message = "`timeout: 0` waits for ever in ecspresso; a release of espalier always has an end: 45m";
            self.warnings.push(Finding::warning(reader.file, message).at(place).hint("write a length of time, such as `45m`"));
            return None;
        }
        // Nobody waits a millisecond for a deployment, nor a month.
        let seconds = if number >= 1_000_000 { number / 1_000_000_000 } else { number };
        let message = format!("`timeout: {number}` is nanoseconds in ecspresso v2 and seconds in v3; {seconds}s is meant");
        self.warnings.push(Finding::warning(reader.file, message).at(place).hint(format!("write `timeout: {seconds}s`")));
        Some(Given::new(format!("{seconds}s"), given.from))
    }
}

fn plugins_of(reader: &mut Reader<'_>, root: &Node, directory: &Path, templating: Option<&Templating>) -> Vec<Plugin> {
    let Tree::Map(entries) = &root.value else { return Vec::new() };
    let plugins_key = entries.iter().find(|(key, _)| key.value == "plugins");
    plugins_key.map(|(_, value)| plugins(reader, value, directory, templating)).unwrap_or_default()
}

/// The plugins. Where the file is read as it is, `templating` fills in their texts: with variables alone, as in ecspresso.
fn plugins(reader: &mut Reader<'_>, node: &Node, directory: &Path, templating: Option<&Templating>) -> Vec<Plugin> {
    let list = match &node.value {
        Tree::List(list) => list.as_slice(),
        Tree::Null => &[],
        Tree::Scalar(_) | Tree::Map(_) => {
            reader.refuse(yaml::place(node), "`plugins` is a list", "write `- name: tfstate`");
            &[]
        }
    };
    list.iter().filter_map(|node| plugin(reader, node, directory, templating)).collect()
}

fn plugin(reader: &mut Reader<'_>, node: &Node, directory: &Path, templating: Option<&Templating>) -> Option<Plugin> {
    let (mut name, mut prefix, mut config) = (None, String::new(), None);
    for (key, value) in reader.entries(node, "plugins.", &["name", "config", "func_prefix"]) {
        match key {
            "name" => name = text(reader, value, key, templating),
            "func_prefix" => prefix = text(reader, value, key, templating)?.text,
            _ => config = Some(value),
        }
    }
    let from = reader.from(node);
    let Some(name) = name else {
        reader.refuse(yaml::place(node), "a plugin without a name", "write `name: tfstate`");
        return None;
    };
    let kind = match name.text.as_str() {
        "tfstate" => terraform(reader, node, config, directory, templating)?,
        "cloudformation" => PluginKind::CloudFormation,
        "ssm" => PluginKind::Parameters,
        "secretsmanager" => PluginKind::Secrets,
        "external" => external(reader, node, config, templating)?,
        other => {
            let hint = "there are tfstate, cloudformation, ssm, secretsmanager and external";
            reader.refuse(yaml::place(node), format!("there is no plugin `{other}`"), hint);
            return None;
        }
    };
    Some(Plugin { kind, prefix, from })
}

fn terraform(
    reader: &mut Reader<'_>,
    node: &Node,
    config: Option<&Node>,
    directory: &Path,
    templating: Option<&Templating>,
) -> Option<PluginKind> {
    let (mut state, mut optional) = (None, false);
    for (key, value) in
        config.map(|config| reader.entries(config, "plugins.config.", &["path", "url", "optional"])).into_iter().flatten()
    {
        match key {
            "optional" => optional = text(reader, value, key, templating)?.text == "true",
            _ => state = Some(text(reader, value, key, templating)?),
        }
    }
    let Some(state) = state else {
        reader.refuse(
            yaml::place(node),
            "where is the Terraform state?",
            "write `config: { path: terraform.tfstate }`, or `url: s3://…`",
        );
        return None;
    };
    let (state, from) = (state.text, state.from);
    match place_of_state(&state, directory) {
        Ok(state) => Some(PluginKind::Terraform { state, optional }),
        Err(hint) => {
            reader.findings.push(Finding::error(from, format!("states at `{state}` are not read")).hint(hint));
            None
        }
    }
}

/// Where a state is: a path from `directory`, or an object in S3.
///
/// # Errors
/// What to do where it is neither.
pub(crate) fn place_of_state(state: &str, directory: &Path) -> Result<String, &'static str> {
    match state.split_once("://") {
        None => Ok(directory.join(state).display().to_string()),
        Some(("file", path)) => Ok(PathBuf::from(path).display().to_string()),
        Some(("s3", _)) => Ok(state.to_owned()),
        Some(_) => Err("write the state into a file first, `terraform show -json > state.json`, and give its path"),
    }
}

fn external(reader: &mut Reader<'_>, node: &Node, config: Option<&Node>, templating: Option<&Templating>) -> Option<PluginKind> {
    const KEYS: [&str; 6] = ["name", "command", "num_args", "parser", "timeout", "mode"];
    let (mut name, mut command, mut arguments, mut json, mut timeout) = (None, Vec::new(), 0, true, None);
    for (key, value) in config.map(|config| reader.entries(config, "plugins.config.", &KEYS)).into_iter().flatten() {
        if key == "command" {
            let texts = reader.texts(value, key);
            command = texts.into_iter().map(|given| filled(reader, given, templating)).collect::<Option<Vec<_>>>()?;
            continue;
        }
        let given = text(reader, value, key, templating)?;
        let number = given.text.trim_end_matches('s').parse::<u64>();
        match (key, number) {
            ("name", _) => name = Some(given.text),
            ("num_args", Ok(number)) => arguments = usize::try_from(number).unwrap_or_default(),
            ("timeout", Ok(number)) => timeout = Some(number).filter(|number| *number > 0),
            ("parser", _) if given.text == "json" => json = true,
            ("parser", _) if given.text == "string" => json = false,
            ("mode", _) if given.text == "exec" => {}
            _ => reader.findings.push(Finding::error(given.from, format!("`{key}: {}` is not supported", given.text))),
        }
    }
    let (Some(name), false) = (name, command.is_empty()) else {
        reader.refuse(
            yaml::place(node),
            "a program needs a name and a command",
            "write `config: { name: …, command: [./program] }`",
        );
        return None;
    };
    Some(PluginKind::External { name, command: command.into_iter().map(|given| given.text).collect(), arguments, json, timeout })
}

fn text(reader: &mut Reader<'_>, node: &Node, key: &str, templating: Option<&Templating>) -> Option<Given> {
    let given = reader.text(node, key)?;
    filled(reader, given, templating)
}

/// The same with its variables filled in.
fn filled(reader: &mut Reader<'_>, given: Given, templating: Option<&Templating>) -> Option<Given> {
    let Some(templating) = templating.filter(|_| given.text.contains("{{")) else { return Some(given) };
    let mut known = templating.known();
    let own = Functions::default();
    known.functions = &own;
    match render(&given.from, &given.text, known) {
        Ok(Rendering::Whole(rendered)) => Some(Given::new(rendered.text, given.from)),
        Ok(Rendering::Lacking(_)) => {
            let finding = Finding::error(given.from, "a plugin can be told by variables only");
            reader.findings.push(finding.hint("use `env` or `must_env` here"));
            None
        }
        Err(findings) => {
            reader.findings.extend(findings.into_iter().map(|finding| Finding { place: None, ..finding }));
            None
        }
    }
}
