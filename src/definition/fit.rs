//! Whether a service definition and a task definition fit each other: what ECS refuses of the two together, told before it is asked.
//!
//! The facts are of "Task networking" and "Task definition parameters" (Amazon ECS Developer Guide). Tasks of every network mode but
//! `none` are registered in VPC Lattice by an address, so that their groups are of type IP; that is `verify`'s to see.

use super::{
    finding::Finding,
    ports,
    read::{Document, Node},
};

/// Everything that does not fit.
#[must_use]
pub fn together(service: &Document, task: &Document) -> Vec<Finding> {
    let definition = ports::task_definition(task);
    let mode_node = definition.get("networkMode");
    let mode = mode_node.and_then(Node::as_str).filter(|mode| !mode.is_empty());
    let at = mode_node.unwrap_or(definition);
    let of_mode = |message: String| task.error(at, "/networkMode", message);
    let mut findings = Vec::new();
    if let Some(why) = on_fargate(&service.root, definition)
        && mode != Some("awsvpc")
    {
        let said = mode.map_or_else(|| "there is no `networkMode`".to_owned(), |mode| format!("`networkMode` is {mode}"));
        findings.push(of_mode(format!("{said}, and {why}: Fargate runs tasks of awsvpc alone")).hint("write \"awsvpc\""));
    }
    if mode == Some("none") && !ports::mappings(definition).is_empty() {
        findings.push(
            of_mode("tasks of `networkMode` none have no network: nothing reaches their ports".to_owned())
                .hint("write \"awsvpc\""),
        );
    }
    let network = service.root.get("networkConfiguration").and_then(|network| network.get("awsvpcConfiguration"));
    match (mode, network) {
        (Some("awsvpc"), None) => {
            let message = "there is no `networkConfiguration`, which says in which subnets tasks of `networkMode` awsvpc stand";
            findings.push(
                service
                    .warning(&service.root, "", message)
                    .hint("ECS keeps that of a service which is there, and creates none without it"),
            );
        }
        (Some("awsvpc"), Some(_)) => findings.extend(ports_that_differ(task, definition)),
        (mode, Some(network)) => {
            let mode = mode.unwrap_or("bridge, which is the default");
            let message = format!("`awsvpcConfiguration` is for tasks of `networkMode` awsvpc, and theirs is {mode}");
            findings.push(
                service
                    .error(network, "/networkConfiguration/awsvpcConfiguration", message)
                    .hint("write `\"networkMode\": \"awsvpc\"` in the task definition, or remove it"),
            );
        }
        (_, None) => {}
    }
    findings
}

/// What says that the tasks run on Fargate.
fn on_fargate(service: &Node, task: &Node) -> Option<&'static str> {
    let lists =
        |node: &Node, name: &str, found: fn(&Node) -> bool| node.get(name).is_some_and(|list| list.elements().iter().any(found));
    if service.get("launchType").and_then(Node::as_str) == Some("FARGATE") {
        Some("the service's `launchType` is FARGATE")
    } else if lists(service, "capacityProviderStrategy", |one| {
        one.get("capacityProvider").and_then(Node::as_str).is_some_and(|name| name.starts_with("FARGATE"))
    }) {
        Some("the service's capacity providers are Fargate's")
    } else if lists(task, "requiresCompatibilities", |one| one.as_str() == Some("FARGATE")) {
        Some("`requiresCompatibilities` has FARGATE")
    } else {
        None
    }
}

/// With an interface of its own a task's port is the container's.
fn ports_that_differ(task: &Document, definition: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    let containers = definition.get("containerDefinitions").map_or(&[][..], Node::elements);
    for (c, container) in containers.iter().enumerate() {
        for (m, mapping) in container.get("portMappings").map_or(&[][..], Node::elements).iter().enumerate() {
            let Some(host) = mapping.get("hostPort") else { continue };
            let number = |node: &Node| node.to_json().as_u64();
            let (Some(outer), Some(inner)) = (number(host), mapping.get("containerPort").and_then(number)) else { continue };
            // 0 is "not set" to ECS.
            if outer != inner && outer != 0 {
                let message =
                    format!("`hostPort` {outer} is not `containerPort` {inner}: with `networkMode` awsvpc they are one");
                let pointer = format!("/containerDefinitions/{c}/portMappings/{m}/hostPort");
                findings.push(task.error(host, pointer, message).hint("leave `hostPort` out"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str = r#""networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}"#;

    fn told(service: &str, task: &str) -> Vec<String> {
        let read = |file: &str, text: &str| Document::read(file, text.as_bytes()).expect("JSON");
        let findings = together(&read("s.json", &format!("{{{service}}}")), &read("t.json", &format!("{{{task}}}")));
        findings.iter().map(|finding| format!("{} {}", finding.pointer, finding.message)).collect()
    }

    fn with_port(host: &str) -> String {
        let mapping = format!(r#"{{"containerPort": 80{host}}}"#);
        format!(r#""networkMode": "awsvpc", "containerDefinitions": [{{"portMappings": [{mapping}]}}]"#)
    }

    #[test]
    fn what_fits_is_let_be() {
        let bridge =
            r#""networkMode": "bridge", "containerDefinitions": [{"portMappings": [{"containerPort": 80, "hostPort": 8080}]}]"#;
        for (service, task) in [
            (format!(r#""launchType": "FARGATE", {NETWORK}"#), with_port("")),
            (NETWORK.to_owned(), with_port(r#", "hostPort": 80"#)),
            (NETWORK.to_owned(), with_port(r#", "hostPort": 0"#)),
            (r#""launchType": "EC2""#.to_owned(), bridge.to_owned()),
            (String::new(), r#""networkMode": "none""#.to_owned()),
        ] {
            assert_eq!(told(&service, &task), [""; 0], "{service} {task}");
        }
    }

    #[test]
    fn what_does_not_fit_is_all_told() {
        let fargate = r#""capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]"#;
        assert_eq!(
            told(&format!("{fargate}, {NETWORK}"), r#""networkMode": "bridge""#),
            [
                "/networkMode `networkMode` is bridge, and the service's capacity providers are Fargate's: Fargate runs tasks of awsvpc alone",
                "/networkConfiguration/awsvpcConfiguration `awsvpcConfiguration` is for tasks of `networkMode` awsvpc, and theirs is bridge"
            ]
        );
        assert_eq!(
            told("", r#""requiresCompatibilities": ["FARGATE"]"#),
            [
                "/networkMode there is no `networkMode`, and `requiresCompatibilities` has FARGATE: Fargate runs tasks of awsvpc alone"
            ]
        );
        assert_eq!(
            told("", &with_port(r#", "hostPort": 8080"#)),
            [" there is no `networkConfiguration`, which says in which subnets tasks of `networkMode` awsvpc stand"]
        );
        assert_eq!(
            told(NETWORK, &with_port(r#", "hostPort": 8080"#)),
            [
                "/containerDefinitions/0/portMappings/0/hostPort `hostPort` 8080 is not `containerPort` 80: with `networkMode` awsvpc they are one"
            ]
        );
        assert_eq!(
            told("", r#""networkMode": "none", "containerDefinitions": [{"portMappings": [{"containerPort": 80}]}]"#),
            ["/networkMode tasks of `networkMode` none have no network: nothing reaches their ports"]
        );
    }
}
