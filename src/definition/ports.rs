//! The names of ports: those the task definition gives, and those Service Connect uses.

use super::read::{Document, Node};

/// The task definition itself, whether the file holds it alone or in the wrapper that `describe-task-definition` prints.
pub(crate) fn task_definition(document: &Document) -> &Node {
    document.root.get("taskDefinition").filter(|inner| inner.get("containerDefinitions").is_some()).unwrap_or(&document.root)
}

/// The port mappings, each with the name of its container.
pub(crate) fn mappings(task_definition: &Node) -> Vec<(Option<&str>, &Node)> {
    let containers = task_definition.get("containerDefinitions").map_or(&[][..], Node::elements);
    let mut all = Vec::new();
    for container in containers {
        let name = container.get("name").and_then(Node::as_str);
        all.extend(container.get("portMappings").map_or(&[][..], Node::elements).iter().map(|mapping| (name, mapping)));
    }
    all
}

/// The names of the task definition's port mappings, in order.
pub(crate) fn named(task_definition: &Node) -> Vec<&str> {
    let containers = task_definition.get("containerDefinitions").map_or(&[][..], Node::elements);
    let mappings = containers.iter().flat_map(|container| container.get("portMappings").map_or(&[][..], Node::elements));
    mappings.filter_map(|mapping| mapping.get("name")?.as_str()).collect()
}

/// The number of the container's port that has this name.
pub(crate) fn number<'a>(task_definition: &'a Node, name: &str) -> Option<&'a Node> {
    let named = |mapping: &&Node| mapping.get("name").and_then(Node::as_str) == Some(name);
    mappings(task_definition).into_iter().map(|(_, mapping)| mapping).find(named)?.get("containerPort")
}

/// The ports that a service definition's Service Connect block serves, each once, in order.
pub(crate) fn of_service_connect(service_definition: &Node) -> Vec<&str> {
    let services = service_definition.get("serviceConnectConfiguration").and_then(|block| block.get("services"));
    let mut names: Vec<&str> = Vec::new();
    for name in services.map_or(&[][..], Node::elements).iter().filter_map(|service| service.get("portName")?.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
