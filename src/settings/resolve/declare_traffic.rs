//! Target groups, listeners and rules of the config's `up`.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::declare::{Declaring, is_name};
use crate::{
    definition::{Given, finding::choice},
    resources::Kind,
    settings::config::{Config, ConfigAction, ConfigGroup, ConfigListener, ConfigRule, ConfigUp, HealthCheck},
};

/// Members of a health check by the config's keys (service model, `HealthCheckConfig`).
const CHECKED: [(&str, &str); 9] = [
    ("path", "path"),
    ("port", "port"),
    ("protocol", "protocol"),
    ("protocol_version", "protocolVersion"),
    ("interval", "healthCheckIntervalSeconds"),
    ("timeout", "healthCheckTimeoutSeconds"),
    ("healthy_threshold", "healthyThresholdCount"),
    ("unhealthy_threshold", "unhealthyThresholdCount"),
    ("matcher", "matcher"),
];

impl Declaring<'_, '_> {
    pub(super) fn groups(&mut self, config: &Config, up: &ConfigUp) {
        for (key, group) in &up.target_groups {
            // Slots of the same key are what releases look for.
            let slot = match key.text.as_str() {
                "a" => config.slots[0].target_group.as_ref(),
                "b" => config.slots[1].target_group.as_ref(),
                _ => None,
            };
            let said = group.name.as_ref().or_else(|| slot.filter(|slot| is_name(&slot.text)));
            let name = self.given_name(said, "targetgroup", Some(&key.text));
            let address = format!("target_groups.{}", key.text);
            let mut wanted = json!({ "name": name, "type": "IP" });
            if let Some(kind) = &group.kind {
                wanted["type"] = self.word(kind);
            }
            let is_function = wanted["type"] == "LAMBDA";
            let config = self.group_config(group, is_function, &key.from);
            if !config.is_empty() {
                wanted["config"] = config.into();
            }
            self.add(&address, Kind::TargetGroup, &name, &key.from, &[], wanted);
            self.targets(&address, &name, group);
        }
    }

    fn group_config(&mut self, group: &ConfigGroup, is_function: bool, from: &str) -> Map<String, Value> {
        let mut config = Map::new();
        let words = [
            ("protocol", &group.protocol),
            ("protocolVersion", &group.protocol_version),
            ("ipAddressType", &group.ip_address_type),
            ("lambdaEventStructureVersion", &group.event_version),
        ];
        for (member, given) in words {
            if let Some(given) = given {
                config.insert(member.to_owned(), self.word(given));
            }
        }
        if let Some(port) = &group.port {
            config.insert("port".to_owned(), self.number(port));
        }
        if let Some(vpc) = &group.vpc {
            config.insert("vpcIdentifier".to_owned(), self.of(vpc).into());
        }
        if is_function {
            for (key, given) in [("protocol", &group.protocol), ("port", &group.port), ("vpc", &group.vpc)] {
                if let Some(given) = given {
                    self.refuse(&given.from, format!("a group of type lambda has no `{key}`"), "remove it");
                }
            }
            return config;
        }
        if let Some(given) = &group.event_version {
            self.refuse(&given.from, "only a group of type lambda has an `event_version`", "remove it");
        }
        // The commonest ones need not be said.
        config.entry("protocol").or_insert_with(|| "HTTP".into());
        if let Some(protocol) = config["protocol"].as_str().map(str::to_owned) {
            config.entry("port").or_insert_with(|| if protocol == "HTTPS" { 443.into() } else { 80.into() });
        }
        if group.vpc.is_none() {
            self.refuse(from, "in which VPC are the targets?", "write `vpc: vpc-…`");
        }
        match &group.health_check {
            None => {}
            Some(HealthCheck::Off) => {
                config.insert("healthCheck".to_owned(), json!({ "enabled": false }));
            }
            Some(HealthCheck::On(entries)) => {
                let mut check = json!({ "enabled": true });
                for (key, given) in entries {
                    let member = CHECKED.iter().find(|(name, _)| name == key).map_or(*key, |(_, member)| *member);
                    check[member] = match *key {
                        "path" => self.of(given).into(),
                        "matcher" => json!({ "httpCode": self.of(given) }),
                        "protocol" | "protocol_version" => self.word(given),
                        "interval" | "timeout" => self.seconds(given),
                        _ => self.number(given),
                    };
                }
                config.insert("healthCheck".to_owned(), check);
            }
        }
        config
    }

    /// `30s`, or 30.
    fn seconds(&mut self, given: &Given) -> Value {
        let text = self.of(given);
        let whole = |time: Duration| (time.subsec_nanos() == 0).then_some(time.as_secs());
        match text.parse::<u64>().ok().or_else(|| humantime::parse_duration(&text).ok().and_then(whole)) {
            Some(seconds) => seconds.into(),
            None => text.into(),
        }
    }

    fn targets(&mut self, group: &str, name: &str, config: &ConfigGroup) {
        let Some((first, _)) = config.targets.first() else { return };
        let mut targets = Vec::new();
        for (id, port) in &config.targets {
            let mut target = json!({ "id": self.of(id) });
            if let Some(port) = port.as_ref().or(config.port.as_ref()) {
                target["port"] = self.number(port);
            }
            targets.push(target);
        }
        let wanted = json!({ "targetGroupIdentifier": format!("@{group}"), "targets": targets });
        self.add(&format!("{group}.targets"), Kind::Targets, &format!("of {name}"), &first.from, &[group], wanted);
    }

    pub(super) fn listeners(&mut self, config: &Config, up: &ConfigUp) {
        for (key, listener) in &up.listeners {
            let only = up.listeners.len() == 1;
            let said = listener.name.as_ref().or_else(|| config.listener.as_ref().filter(|given| only && is_name(&given.text)));
            let name = self.given_name(said, "listener", Some(&key.text));
            let address = format!("listeners.{}", key.text);
            let protocol = match &listener.protocol {
                None => "HTTP".into(),
                Some(given) => match self.of(given).to_ascii_uppercase().as_str() {
                    "TLS" => "TLS_PASSTHROUGH".into(),
                    other => Value::from(other),
                },
            };
            let (action, groups) = match &listener.default {
                Some(action) => self.action(action, up, &key.from),
                None if protocol == "TLS_PASSTHROUGH" => {
                    self.refuse(&key.from, "a TLS listener forwards everything", "write `default: { forward: KEY }`");
                    continue;
                }
                None => (json!({ "fixedResponse": { "statusCode": 404 } }), Vec::new()),
            };
            let mut wanted =
                json!({ "serviceIdentifier": "@service", "name": name, "protocol": protocol, "defaultAction": action });
            if let Some(port) = &listener.port {
                wanted["port"] = self.number(port);
            }
            let needs: Vec<&str> = groups.iter().map(String::as_str).chain(["service"]).collect();
            self.add(&address, Kind::Listener, &name, &key.from, &needs, wanted);
            self.rules(listener, &key.text, &protocol, up);
        }
    }

    fn rules(&mut self, listener: &ConfigListener, listener_key: &str, protocol: &Value, up: &ConfigUp) {
        let address = format!("listeners.{listener_key}");
        let mut priorities: BTreeMap<String, String> = BTreeMap::new();
        for (key, rule) in &listener.rules {
            if protocol == "TLS_PASSTHROUGH" {
                self.refuse(&key.from, "a TLS listener has no rules", "it cannot see requests: write its `default`");
                continue;
            }
            let name = self.given_name(rule.name.as_ref(), "rule", Some(&key.text));
            let Some(action) = &rule.action else {
                self.refuse(
                    &key.from,
                    format!("where does rule `{}` send requests?", key.text),
                    "write `forward: KEY` or `respond: 404`",
                );
                continue;
            };
            let (action, groups) = self.action(action, up, &key.from);
            let Some(priority) = &rule.priority else {
                self.refuse(
                    &key.from,
                    format!("rule `{}` has no priority", key.text),
                    "write `priority: 10`: the lowest number goes first",
                );
                continue;
            };
            let priority_text = self.of(priority);
            if let Some(other) = priorities.insert(priority_text, key.text.clone()) {
                self.refuse(
                    &priority.from,
                    format!("rule `{other}` has this priority too"),
                    "a listener's rules have different ones",
                );
            }
            let wanted = json!({
                "serviceIdentifier": "@service", "listenerIdentifier": format!("@{address}"), "name": name,
                "priority": self.number(priority), "match": { "httpMatch": self.conditions(rule, key) }, "action": action,
            });
            let needs: Vec<&str> = groups.iter().map(String::as_str).chain(["service", address.as_str()]).collect();
            self.add(&format!("{address}.rules.{}", key.text), Kind::Rule, &name, &key.from, &needs, wanted);
        }
    }

    /// Case is sent explicitly: the User Guide and the API reference do not agree on what it is without.
    fn conditions(&mut self, rule: &ConfigRule, key: &Given) -> Value {
        let mut matched = json!({});
        if let Some(method) = &rule.method {
            matched["method"] = self.word(method);
        }
        if let Some((how, path)) = &rule.path {
            matched["pathMatch"] = json!({ "match": { *how: self.of(path) }, "caseSensitive": true });
        }
        let headers: Vec<Value> = rule
            .headers
            .iter()
            .map(|(name, how, what)| json!({ "name": name.text, "match": { *how: self.of(what) }, "caseSensitive": true }))
            .collect();
        if !headers.is_empty() {
            matched["headerMatches"] = headers.into();
        }
        if matched == json!({}) {
            let hint = "write `match: { path: /api }`, or let the listener's `default` do it";
            self.refuse(&key.from, format!("rule `{}` matches nothing", key.text), hint);
        }
        matched
    }

    /// An action as AWS has it, and the addresses of the groups that it needs.
    fn action(&mut self, action: &ConfigAction, up: &ConfigUp, from: &str) -> (Value, Vec<String>) {
        let groups = match action {
            ConfigAction::Respond(status) => {
                return (json!({ "fixedResponse": { "statusCode": self.number(status) } }), Vec::new());
            }
            ConfigAction::Forward(groups) => groups,
        };
        let (mut shares, mut needs) = (Vec::new(), Vec::new());
        for (group, weight) in groups {
            let address = self.group_address(group, up);
            let weight = match weight {
                Some(weight) => self.number(weight),
                None if groups.len() == 1 => 100.into(),
                None => 0.into(),
            };
            shares.push(json!({ "targetGroupIdentifier": format!("@{address}"), "weight": weight }));
            needs.push(address);
        }
        if shares.iter().all(|share| share["weight"] == 0) {
            self.refuse(from, "nothing gets any traffic", "give one of the target groups a weight above 0");
        }
        (json!({ "forward": { "targetGroups": shares } }), needs)
    }

    /// A group that is declared here, or one that is there already.
    fn group_address(&mut self, group: &Given, up: &ConfigUp) -> String {
        let keys: Vec<&str> = up.target_groups.iter().map(|(key, _)| key.text.as_str()).collect();
        let address = format!("target_groups.{}", group.text);
        if keys.contains(&group.text.as_str()) {
            return address;
        }
        if is_name(&group.text) && !keys.is_empty() {
            let hint = format!("it has {}", choice(&keys));
            self.refuse(
                &group.from,
                format!("`up.target_groups` has no `{}`", group.text),
                format!("{hint}; or give the id or ARN of one that is there"),
            );
        } else {
            self.name_external(&address, Kind::TargetGroup, group, &[]);
        }
        address
    }
}
