//! `up`: the Lattice resources that the config declares.

use serde_json::{Map, Value};

use super::{Config, reader::Reader};
use crate::{
    definition::Given,
    settings::yaml::{self, Key, Node, Tree},
};

/// What is declared here, or is there already and only named.
#[derive(Clone, Debug)]
pub(crate) enum Declared<T> {
    /// Its own keys.
    Here(T),
    /// Name, id or ARN of one that exists.
    There(Given),
}

/// A JSON document that is written here or stands in a file.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// Written here, and where.
    Inline(Value, String),
    /// A path.
    File(Given),
}

/// `up`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigUp {
    /// Where it stands.
    pub(crate) from: String,
    pub(crate) env: Option<Given>,
    pub(crate) tags: Vec<(String, Given)>,
    pub(crate) network: Option<Declared<ConfigNetwork>>,
    pub(crate) service: Option<Declared<ConfigService>>,
    pub(crate) target_groups: Vec<(Given, ConfigGroup)>,
    pub(crate) listeners: Vec<(Given, ConfigListener)>,
}

/// What service networks and services have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarded {
    pub(crate) from: String,
    pub(crate) name: Option<Given>,
    pub(crate) auth: Option<Given>,
    pub(crate) auth_policy: Option<Document>,
    pub(crate) access_logs: Vec<Given>,
    pub(crate) share_with: Vec<Given>,
}

/// `up.network`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigNetwork {
    pub(crate) guarded: Guarded,
    /// VPCs and the security groups of their associations.
    pub(crate) vpcs: Vec<(Given, Vec<Given>)>,
}

/// `up.service`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigService {
    pub(crate) guarded: Guarded,
    pub(crate) domain: Option<Given>,
    pub(crate) certificate: Option<Given>,
    pub(crate) hosted_zone: Option<Given>,
}

/// One of `up.target_groups`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigGroup {
    pub(crate) name: Option<Given>,
    pub(crate) kind: Option<Given>,
    pub(crate) protocol: Option<Given>,
    pub(crate) protocol_version: Option<Given>,
    pub(crate) port: Option<Given>,
    pub(crate) vpc: Option<Given>,
    pub(crate) ip_address_type: Option<Given>,
    pub(crate) event_version: Option<Given>,
    pub(crate) health_check: Option<HealthCheck>,
    /// Targets and their ports.
    pub(crate) targets: Vec<(Given, Option<Given>)>,
}

/// A group's health check.
#[derive(Clone, Debug)]
pub(crate) enum HealthCheck {
    /// `off`.
    Off,
    /// Its keys, by name.
    On(Vec<(&'static str, Given)>),
}

/// One of `up.listeners`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigListener {
    pub(crate) name: Option<Given>,
    pub(crate) protocol: Option<Given>,
    pub(crate) port: Option<Given>,
    pub(crate) default: Option<ConfigAction>,
    pub(crate) rules: Vec<(Given, ConfigRule)>,
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) enum ConfigAction {
    /// To these target groups, by key, name, id or ARN; with their weights where several are named.
    Forward(Vec<(Given, Option<Given>)>),
    /// They get this status.
    Respond(Given),
}

/// One of a listener's `rules`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigRule {
    pub(crate) name: Option<Given>,
    pub(crate) priority: Option<Given>,
    pub(crate) method: Option<Given>,
    /// How it is matched (`exact`, `prefix`), and what.
    pub(crate) path: Option<(&'static str, Given)>,
    /// Names, how each is matched, and what.
    pub(crate) headers: Vec<(Given, &'static str, Given)>,
    pub(crate) action: Option<ConfigAction>,
}

impl ConfigUp {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let mut up = Self { from: reader.from(node), ..Self::default() };
        for (key, value) in reader.entries(node, "up.", &["env", "tags", "network", "service", "target_groups", "listeners"]) {
            match key {
                "env" => up.env = reader.text(value, key),
                "tags" => {
                    for (name, value) in named(reader, value, "up.tags") {
                        up.tags.extend(reader.text(value, &name.text).map(|given| (name.text, given)));
                    }
                }
                "network" => up.network = declared(reader, value, ConfigNetwork::read),
                "service" => up.service = declared(reader, value, ConfigService::read),
                "target_groups" => {
                    for (name, value) in named(reader, value, "up.target_groups") {
                        let group = ConfigGroup::read(reader, value, &format!("up.target_groups.{}.", name.text));
                        up.target_groups.push((name, group));
                    }
                }
                _ => {
                    for (name, value) in named(reader, value, "up.listeners") {
                        let listener = ConfigListener::read(reader, value, &format!("up.listeners.{}.", name.text));
                        up.listeners.push((name, listener));
                    }
                }
            }
        }
        up
    }
}

impl Config {
    /// Where releases find what `up` declares and nothing else names: the Lattice service, its only listener, the groups of the slots.
    pub(crate) fn name_what_is_declared(&mut self) {
        let (Some(up), Some(owner)) = (&self.up, &self.service) else { return };
        let env = up.env.as_ref().map(|env| env.text.as_str());
        let of = |said: Option<&Given>, kind: &str, key: Option<&Given>| {
            let name = || Given::new(default_name(env, &owner.text, kind, key.map(|key| key.text.as_str())), up.from.clone());
            said.cloned().unwrap_or_else(name)
        };
        let service = match &up.service {
            Some(Declared::Here(service)) => Some(of(service.guarded.name.as_ref(), "service", None)),
            Some(Declared::There(given)) => Some(given.clone()),
            None => None,
        };
        let listener = match up.listeners.as_slice() {
            [(key, listener)] => Some(of(listener.name.as_ref(), "listener", Some(key))),
            _ => None,
        };
        let groups = ["a", "b"].map(|slot| {
            let (key, group) = up.target_groups.iter().find(|(key, _)| key.text == slot)?;
            Some(of(group.name.as_ref(), "targetgroup", Some(key)))
        });
        self.lattice_service = self.lattice_service.take().or(service);
        self.listener = self.listener.take().or(listener);
        for (slot, group) in self.slots.iter_mut().zip(groups) {
            slot.target_group = slot.target_group.take().or(group);
        }
    }
}

/// Names as the first guide for VPC Lattice on ECS recommends them: `ENV-SERVICE-KIND`, and the key where there are several. Without
/// an environment they are what releases look for.
pub(crate) fn default_name(env: Option<&str>, owner: &str, kind: &str, key: Option<&str>) -> String {
    match (env, kind, key) {
        (Some(env), kind, Some(key)) => format!("{env}-{owner}-{kind}-{key}"),
        (Some(env), kind, None) => format!("{env}-{owner}-{kind}"),
        (None, "service", None) => owner.to_owned(),
        (None, "targetgroup", Some(key)) => format!("{owner}-{key}"),
        (None, "listener" | "rule", Some(key)) => key.to_owned(),
        (None, kind, _) => format!("{owner}-{kind}"),
    }
}

/// A map whose keys are the user's own.
fn named<'n>(reader: &mut Reader<'_>, node: &'n Node, path: &str) -> Vec<(Given, &'n Node)> {
    match &node.value {
        Tree::Map(map) => map.iter().map(|(key, value)| (key_of(reader, key), value)).collect(),
        Tree::Null => Vec::new(),
        Tree::Scalar(_) | Tree::List(_) => {
            reader.refuse(yaml::place(node), format!("`{path}` is a map"), "its keys are names of your own");
            Vec::new()
        }
    }
}

fn key_of(reader: &Reader<'_>, key: &Key) -> Given {
    let place = yaml::place(key);
    Given::new(key.value.clone(), format!("{}:{}:{}", reader.file, place.line, place.column))
}

fn declared<T>(reader: &mut Reader<'_>, node: &Node, read: fn(&mut Reader<'_>, &Node) -> T) -> Option<Declared<T>> {
    match &node.value {
        Tree::Scalar(_) => reader.text(node, "name").map(Declared::There),
        Tree::Map(_) | Tree::Null | Tree::List(_) => Some(Declared::Here(read(reader, node))),
    }
}

impl Guarded {
    const KEYS: [&str; 5] = ["name", "auth", "auth_policy", "access_logs", "share_with"];

    fn key(&mut self, reader: &mut Reader<'_>, key: &'static str, value: &Node) {
        match key {
            "name" => self.name = reader.text(value, key),
            "auth" => self.auth = reader.text(value, key),
            "auth_policy" => self.auth_policy = document(reader, value),
            "access_logs" => self.access_logs = reader.texts(value, key),
            _ => self.share_with = reader.texts(value, key),
        }
    }
}

impl ConfigNetwork {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let mut network = Self { guarded: Guarded { from: reader.from(node), ..Guarded::default() }, ..Self::default() };
        let keys: Vec<&str> = Guarded::KEYS.into_iter().chain(["vpcs"]).collect();
        for (key, value) in reader.entries(node, "up.network.", &keys) {
            match key {
                "vpcs" => network.vpcs = vpcs(reader, value),
                _ => network.guarded.key(reader, key, value),
            }
        }
        network
    }
}

impl ConfigService {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let mut service = Self { guarded: Guarded { from: reader.from(node), ..Guarded::default() }, ..Self::default() };
        let keys: Vec<&str> = Guarded::KEYS.into_iter().chain(["domain", "certificate", "hosted_zone"]).collect();
        for (key, value) in reader.entries(node, "up.service.", &keys) {
            match key {
                "domain" => service.domain = reader.text(value, key),
                "certificate" => service.certificate = reader.text(value, key),
                "hosted_zone" => service.hosted_zone = reader.text(value, key),
                _ => service.guarded.key(reader, key, value),
            }
        }
        service
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Tree::List(list) => list,
        Tree::Null => &[],
        Tree::Scalar(_) | Tree::Map(_) => std::slice::from_ref(node),
    }
}

fn vpcs(reader: &mut Reader<'_>, node: &Node) -> Vec<(Given, Vec<Given>)> {
    let mut vpcs = Vec::new();
    for item in items(node) {
        if matches!(item.value, Tree::Scalar(_)) {
            vpcs.extend(reader.text(item, "vpcs").map(|vpc| (vpc, Vec::new())));
            continue;
        }
        let (mut vpc, mut groups) = (None, Vec::new());
        for (key, value) in reader.entries(item, "up.network.vpcs.", &["vpc", "security_groups"]) {
            match key {
                "vpc" => vpc = reader.text(value, key),
                _ => groups = reader.texts(value, key),
            }
        }
        match vpc {
            Some(vpc) => vpcs.push((vpc, groups)),
            None => reader.refuse(yaml::place(item), "which VPC?", "write `{ vpc: vpc-…, security_groups: [sg-…] }`"),
        }
    }
    vpcs
}

fn document(reader: &mut Reader<'_>, node: &Node) -> Option<Document> {
    match &node.value {
        Tree::Map(_) => Some(Document::Inline(json(node), reader.from(node))),
        Tree::Null | Tree::Scalar(_) | Tree::List(_) => reader.text(node, "auth_policy").map(Document::File),
    }
}

/// What is written as YAML, as JSON whose leaves are texts: policies have no others.
fn json(node: &Node) -> Value {
    match &node.value {
        Tree::Null => Value::Null,
        Tree::Scalar(text) => text.clone().into(),
        Tree::List(list) => list.iter().map(json).collect(),
        Tree::Map(map) => Value::Object(map.iter().map(|(key, value)| (key.value.clone(), json(value))).collect::<Map<_, _>>()),
    }
}

impl ConfigGroup {
    fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
        const KEYS: [&str; 10] = [
            "name",
            "type",
            "protocol",
            "protocol_version",
            "port",
            "vpc",
            "ip_address_type",
            "event_version",
            "health_check",
            "targets",
        ];
        let mut group = Self::default();
        for (key, value) in reader.entries(node, path, &KEYS) {
            match key {
                "health_check" => group.health_check = health_check(reader, value, path),
                "targets" => group.targets = targets(reader, value, path),
                "name" => group.name = reader.text(value, key),
                "type" => group.kind = reader.text(value, key),
                "protocol" => group.protocol = reader.text(value, key),
                "protocol_version" => group.protocol_version = reader.text(value, key),
                "port" => group.port = reader.text(value, key),
                "vpc" => group.vpc = reader.text(value, key),
                "ip_address_type" => group.ip_address_type = reader.text(value, key),
                _ => group.event_version = reader.text(value, key),
            }
        }
        group
    }
}

fn health_check(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<HealthCheck> {
    const KEYS: [&str; 9] = [
        "path",
        "port",
        "protocol",
        "protocol_version",
        "interval",
        "timeout",
        "healthy_threshold",
        "unhealthy_threshold",
        "matcher",
    ];
    if let Tree::Scalar(text) = &node.value {
        if matches!(text.as_str(), "off" | "false") {
            return Some(HealthCheck::Off);
        }
        reader.refuse(
            yaml::place(node),
            format!("`{text}` is no health check"),
            "write `off`, or a map such as `{ path: /health }`",
        );
        return None;
    }
    let entries = reader.entries(node, &format!("{path}health_check."), &KEYS);
    Some(HealthCheck::On(entries.into_iter().filter_map(|(key, value)| Some((key, reader.text(value, key)?))).collect()))
}

fn targets(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<(Given, Option<Given>)> {
    let mut targets = Vec::new();
    for item in items(node) {
        if matches!(item.value, Tree::Scalar(_)) {
            targets.extend(reader.text(item, "targets").map(|target| (target, None)));
            continue;
        }
        let (mut id, mut port) = (None, None);
        for (key, value) in reader.entries(item, &format!("{path}targets."), &["id", "port"]) {
            match key {
                "id" => id = reader.text(value, key),
                _ => port = reader.text(value, key),
            }
        }
        match id {
            Some(id) => targets.push((id, port)),
            None => reader.refuse(
                yaml::place(item),
                "which target?",
                "write `{ id: …, port: … }`: an address, an instance's id, an ARN",
            ),
        }
    }
    targets
}

impl ConfigListener {
    fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
        let mut listener = Self::default();
        for (key, value) in reader.entries(node, path, &["name", "protocol", "port", "default", "rules"]) {
            match key {
                "name" => listener.name = reader.text(value, key),
                "protocol" => listener.protocol = reader.text(value, key),
                "port" => listener.port = reader.text(value, key),
                "default" => {
                    let mut action = None;
                    for (key, value) in reader.entries(value, &format!("{path}default."), &["forward", "respond"]) {
                        action = one_action(reader, action, key, value);
                    }
                    listener.default = action;
                }
                _ => {
                    for (name, value) in named(reader, value, &format!("{path}rules")) {
                        let rule = ConfigRule::read(reader, value, &format!("{path}rules.{}.", name.text));
                        listener.rules.push((name, rule));
                    }
                }
            }
        }
        listener
    }
}

/// An action says one thing.
fn one_action(reader: &mut Reader<'_>, before: Option<ConfigAction>, key: &str, node: &Node) -> Option<ConfigAction> {
    if before.is_some() {
        reader.refuse(
            yaml::place(node),
            "both `forward` and `respond`",
            "requests go to target groups or get an answer: keep one",
        );
        return before;
    }
    if key == "respond" {
        return reader.text(node, key).map(ConfigAction::Respond);
    }
    let Tree::Map(map) = &node.value else {
        return reader.text(node, key).map(|group| ConfigAction::Forward(vec![(group, None)]));
    };
    let mut groups = Vec::new();
    for (group, weight) in map {
        let weight = reader.text(weight, &group.value);
        groups.push((key_of(reader, group), weight));
    }
    Some(ConfigAction::Forward(groups))
}

impl ConfigRule {
    fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
        let mut rule = Self::default();
        for (key, value) in reader.entries(node, path, &["name", "priority", "match", "forward", "respond"]) {
            match key {
                "name" => rule.name = reader.text(value, key),
                "priority" => rule.priority = reader.text(value, key),
                "match" => rule.matches(reader, value, &format!("{path}match.")),
                _ => rule.action = one_action(reader, rule.action.take(), key, value),
            }
        }
        rule
    }

    fn matches(&mut self, reader: &mut Reader<'_>, node: &Node, path: &str) {
        for (key, value) in reader.entries(node, path, &["method", "path", "headers"]) {
            match key {
                "method" => self.method = reader.text(value, key),
                "path" => self.path = matcher(reader, value, &format!("{path}path."), "prefix", &["exact", "prefix"]),
                _ => {
                    for (name, value) in named(reader, value, &format!("{path}headers")) {
                        let at = format!("{path}headers.{}.", name.text);
                        let how = matcher(reader, value, &at, "exact", &["exact", "prefix", "contains"]);
                        self.headers.extend(how.map(|(how, what)| (name, how, what)));
                    }
                }
            }
        }
    }
}

/// A text, which is matched in the usual way, or a map that says how.
fn matcher(
    reader: &mut Reader<'_>,
    node: &Node,
    path: &str,
    usual: &'static str,
    known: &[&'static str],
) -> Option<(&'static str, Given)> {
    if !matches!(node.value, Tree::Map(_)) {
        return reader.text(node, usual).map(|given| (usual, given));
    }
    let entries = reader.entries(node, path, known);
    match entries.as_slice() {
        [(how, value)] => reader.text(value, how).map(|given| (*how, given)),
        _ => {
            reader.refuse(yaml::place(node), "it is matched in one way", format!("write one of {}", known.join(", ")));
            None
        }
    }
}
