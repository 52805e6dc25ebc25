//! `up`: the Lattice resources that the config declares. Groups, listeners and rules are in `up_traffic`.

use serde_json::{Map, Value};

use super::{
    Config,
    reader::Reader,
    up_traffic::{ConfigGroup, ConfigListener},
};
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
    /// `service` is what else than the config says what is released.
    pub(crate) fn name_what_is_declared(&mut self, service: Option<&str>) {
        let owner = service.or(self.service.as_ref().map(|given| given.text.as_str()));
        let (Some(up), Some(owner)) = (&self.up, owner) else { return };
        let env = up.env.as_ref().map(|env| env.text.as_str());
        let of = |said: Option<&Given>, kind: &str, key: Option<&Given>| {
            let name = || Given::new(default_name(env, owner, kind, key.map(|key| key.text.as_str())), up.from.clone());
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
pub(super) fn named<'n>(reader: &mut Reader<'_>, node: &'n Node, path: &str) -> Vec<(Given, &'n Node)> {
    match &node.value {
        Tree::Map(map) => map.iter().map(|(key, value)| (key_of(reader, key), value)).collect(),
        Tree::Null => Vec::new(),
        Tree::Scalar(_) | Tree::List(_) => {
            reader.refuse(yaml::place(node), format!("`{path}` is a map"), "its keys are names of your own");
            Vec::new()
        }
    }
}

pub(super) fn key_of(reader: &Reader<'_>, key: &Key) -> Given {
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

pub(super) fn items(node: &Node) -> &[Node] {
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
