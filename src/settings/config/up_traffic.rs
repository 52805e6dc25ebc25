//! `up`: target groups, listeners and rules.

use super::{
    reader::Reader,
    up::{items, key_of, named},
};
use crate::{
    definition::Given,
    settings::yaml::{self, Node, Tree},
};

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

impl ConfigGroup {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
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
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
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
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, path: &str) -> Self {
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
