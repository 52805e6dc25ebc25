//! `preview`: environments of pull requests.

use std::time::Duration;

use super::reader::Reader;
use crate::{
    definition::{Given, request::Variable},
    preview::reach::Reach,
    settings::{
        previews::Previews,
        yaml::{self, Node, Tree},
    },
};

/// The longest time to live, and the longest wait.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// All of it, as far as it can be.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Previews {
    const KEYS: [&str; 17] = [
        "reach",
        "header",
        "prefix",
        "listener",
        "networks",
        "count",
        "cpu",
        "memory",
        "spot",
        "environment",
        "overrides",
        "task_overrides",
        "ttl",
        "fork_label",
        "timeout",
        "url",
        "quotas",
    ];
    let mut made = Previews::default();
    for (key, value) in reader.entries(node, "preview.", &KEYS) {
        match key {
            "reach" => made.reach = reach(reader, value).unwrap_or_default(),
            "header" => made.header = header(reader, value).unwrap_or(made.header),
            "prefix" => made.prefix = text(reader, value, key),
            "listener" => made.listener = reader.text(value, key),
            "networks" => made.networks = reader.texts(value, key).into_iter().map(|given| given.text).collect(),
            "count" => made.size.count = number(reader, value, key, "1").unwrap_or(1),
            "cpu" => made.size.cpu = number(reader, value, key, "256"),
            "memory" => made.size.memory = number(reader, value, key, "512"),
            "spot" => made.size.spot = switch(reader, value, key),
            "environment" => made.environment = environment(reader, value),
            "overrides" => made.overrides = reader.text(value, key),
            "task_overrides" => made.task_overrides = reader.text(value, key),
            "ttl" => made.ttl = ttl(reader, value),
            "fork_label" => made.fork_label = text(reader, value, key),
            "timeout" => made.timeout = duration(reader, value, key).unwrap_or(made.timeout),
            "url" => made.url = url(reader, value),
            _ => quotas(reader, value, &mut made),
        }
    }
    made
}

fn text(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    reader.text(node, key).map(|given| given.text)
}

fn refused<T>(reader: &mut Reader<'_>, node: &Node, message: String, hint: &str) -> Option<T> {
    reader.refuse(yaml::place(node), message, hint);
    None
}

fn reach(reader: &mut Reader<'_>, node: &Node) -> Option<Reach> {
    let Given { text, .. } = reader.text(node, "reach")?;
    match text.as_str() {
        "auto" => Some(Reach::Auto),
        "header" => Some(Reach::Header),
        "service" => Some(Reach::Service),
        _ => refused(reader, node, format!("`{text}` is not a way to reach a preview"), "write `auto`, `header` or `service`"),
    }
}

fn header(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let Given { text, .. } = reader.text(node, "header")?;
    let fits = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
    if text.len() > 40 || !text.chars().all(fits) {
        let hint = "write one of up to 40 characters, such as `x-espalier-preview`";
        return refused(reader, node, format!("`{text}` is not the name of a header"), hint);
    }
    Some(text.to_ascii_lowercase())
}

fn number(reader: &mut Reader<'_>, node: &Node, key: &str, example: &str) -> Option<u32> {
    let Given { text, .. } = reader.text(node, key)?;
    match text.parse::<u32>().ok().filter(|number| *number > 0) {
        Some(number) => Some(number),
        None => refused(reader, node, format!("`{text}` is not a number above 0"), &format!("write it like `{key}: {example}`")),
    }
}

fn switch(reader: &mut Reader<'_>, node: &Node, key: &str) -> bool {
    let Some(Given { text, .. }) = reader.text(node, key) else { return false };
    match text.as_str() {
        "true" => true,
        "false" => false,
        _ => refused(reader, node, format!("`{text}` is neither true nor false"), "write `true` or `false`").unwrap_or(false),
    }
}

fn duration(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Duration> {
    let Given { text, .. } = reader.text(node, key)?;
    match humantime::parse_duration(text.trim()).ok().filter(|time| !time.is_zero() && *time <= LONGEST) {
        Some(time) => Some(time),
        None => refused(reader, node, format!("`{text}` is not a length of time up to a year"), "write `15m`, `7d` or `1h 30m`"),
    }
}

fn ttl(reader: &mut Reader<'_>, node: &Node) -> Option<Duration> {
    match &node.value {
        Tree::Scalar(text) if text == "never" => None,
        Tree::Null | Tree::Scalar(_) | Tree::List(_) | Tree::Map(_) => duration(reader, node, "ttl"),
    }
}

fn environment(reader: &mut Reader<'_>, node: &Node) -> Vec<Variable> {
    let Tree::Map(map) = &node.value else {
        reader.refuse(
            yaml::place(node),
            "`environment` is a map of names and values",
            "write `environment: { LOG_LEVEL: debug }`",
        );
        return Vec::new();
    };
    let mut variables = Vec::new();
    for (name, value) in map {
        let (container, variable) = match name.value.split_once(':') {
            Some((container, variable)) => (Some(container.to_owned()), variable.to_owned()),
            None => (None, name.value.clone()),
        };
        if let Some(given) = reader.text(value, &name.value) {
            variables.push(Variable { container, name: variable, value: given.text });
        }
    }
    variables
}

fn url(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let Given { text, .. } = reader.text(node, "url")?;
    if !text.starts_with("https://") && !text.starts_with("http://") {
        let hint = "write it like `https://pr-{number}.preview.example.com`";
        return refused(reader, node, format!("`{text}` is not a URL"), hint);
    }
    Some(text)
}

fn quotas(reader: &mut Reader<'_>, node: &Node, made: &mut Previews) {
    for (key, value) in reader.entries(node, "preview.quotas.", &["rules_per_listener", "target_groups_per_service"]) {
        match key {
            "rules_per_listener" => made.rules_per_listener = number(reader, value, key, "25"),
            _ => made.groups_per_service = number(reader, value, key, "25"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{preview::size::Size, settings::config::Config};

    #[test]
    fn all_of_it_is_read_and_nothing_of_it_is_needed() {
        let text = "preview: { reach: header, header: X-Preview, prefix: web, listener: https, networks: [a, b], count: 2, cpu: 256, memory: 512, \
                    spot: true, environment: { LOG: debug, \"web:DB\": \"app_{number}\" }, overrides: ., task_overrides: ., ttl: never, \
                    fork_label: ok, timeout: 5m, url: \"https://pr-{number}.x\", quotas: { rules_per_listener: 25, target_groups_per_service: 20 } }";
        let made = Config::parse("e.yml", text).expect("a config").preview.expect("previews");
        assert_eq!((made.reach, made.header.as_str(), made.prefix.as_deref()), (Reach::Header, "x-preview", Some("web")));
        assert_eq!(made.size, Size { count: 2, cpu: Some(256), memory: Some(512), spot: true });
        let variable = |container: Option<&str>, name: &str, value: &str| Variable {
            container: container.map(str::to_owned),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(made.environment, [variable(None, "LOG", "debug"), variable(Some("web"), "DB", "app_{number}")]);
        assert_eq!((made.ttl, made.timeout), (None, Duration::from_secs(300)));
        assert_eq!((made.rules_per_listener, made.groups_per_service, made.networks.len()), (Some(25), Some(20), 2));

        assert!(Config::parse("e.yml", "service: web").expect("a config").preview.is_none());
        let empty = Previews::default();
        assert_eq!((empty.reach, empty.header.as_str(), empty.size), (Reach::Auto, "x-espalier-preview", Size::default()));
        assert_eq!(empty.ttl, Some(Duration::from_secs(604_800)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, told) in [
            ("{ reach: direct }", "e.yml:1:19: `direct` is not a way to reach a preview"),
            ("{ header: \"a b\" }", "e.yml:1:20: `a b` is not the name of a header"),
            ("{ count: 0 }", "e.yml:1:19: `0` is not a number above 0"),
            ("{ cpu: small }", "e.yml:1:17: `small` is not a number above 0"),
            ("{ spot: maybe }", "e.yml:1:18: `maybe` is neither true nor false"),
            ("{ ttl: soon }", "e.yml:1:17: `soon` is not a length of time up to a year"),
            ("{ timeout: never }", "e.yml:1:21: `never` is not a length of time up to a year"),
            ("{ environment: [A] }", "e.yml:1:25: `environment` is a map of names and values"),
            ("{ url: example.com }", "e.yml:1:17: `example.com` is not a URL"),
            ("{ size: small }", "e.yml:1:12: unknown key `preview.size`"),
        ] {
            let findings = Config::parse("e.yml", &format!("preview: {text}")).expect_err(text);
            assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [told], "{text}");
        }
    }
}
