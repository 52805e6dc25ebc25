//! Service Connect: names are unique in their namespace.

use serde_json::Value;

use super::{
    clusters::{self, text},
    refusal,
    state::{Object, ServiceStatus, TaskDefinition},
    task_definitions::named_port,
};
use crate::sandbox::{protocol::Refusal, world::World};

/// What one Service Connect service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) namespace: String,
    pub(crate) port: String,
    /// The port's name where none is given.
    pub(crate) discovery: String,
    /// The DNS names of its client aliases with their ports.
    pub(crate) aliases: Vec<(String, u64)>,
}

/// The Service Connect services of a deployment; the cluster's namespace counts where none is given.
pub(crate) fn names(world: &World, cluster: &str, spec: &Object) -> Vec<Name> {
    let Some(configuration) = spec.get("serviceConnectConfiguration") else { return Vec::new() };
    if configuration.get("enabled") != Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let default = clusters::given(world, cluster, "serviceConnectDefaults").and_then(|given| text(given, "namespace"));
    let namespace = text(configuration, "namespace").or(default).unwrap_or_default();
    let services = configuration.get("services").and_then(Value::as_array).into_iter().flatten();
    let named = services.map(|service| {
        let port = text(service, "portName").unwrap_or_default().to_owned();
        let discovery = text(service, "discoveryName").unwrap_or(&port).to_owned();
        let aliases = service.get("clientAliases").and_then(Value::as_array).into_iter().flatten();
        let alias = |alias: &Value| {
            let name = text(alias, "dnsName").map_or_else(|| format!("{discovery}.{namespace}"), str::to_owned);
            (name, alias.get("port").and_then(Value::as_u64).unwrap_or_default())
        };
        Name { namespace: namespace.to_owned(), aliases: aliases.map(alias).collect(), port, discovery }
    });
    named.collect()
}

/// Port names exist, a namespace is there, and names are taken by no other service than `own`.
pub(crate) fn check(world: &World, cluster: &str, own: &str, spec: &Object, definition: &TaskDefinition) -> Result<(), Refusal> {
    let mine = names(world, cluster, spec);
    for name in &mine {
        if named_port(&definition.printed, &name.port).is_none() {
            return Err(refusal::invalid(format!(
                "The portName '{}' of the Service Connect configuration is not defined in the task definition.",
                name.port
            )));
        }
        if name.namespace.is_empty() {
            let message = "Service Connect needs a namespace, in its configuration or as the cluster's default.";
            return Err(refusal::invalid(message));
        }
        if mine.iter().filter(|other| other.discovery == name.discovery).count() > 1 {
            return Err(refusal::invalid(format!("The discoveryName '{}' occurs more than once.", name.discovery)));
        }
    }
    let others = world.ecs.services.iter().filter(|service| service.arn != own && service.status != ServiceStatus::Inactive);
    for other in others {
        let theirs = other.primary().map(|deployment| names(world, &other.cluster, &deployment.spec)).unwrap_or_default();
        for (name, their) in mine.iter().flat_map(|name| theirs.iter().map(move |their| (name, their))) {
            if name.namespace != their.namespace {
                continue;
            }
            let (namespace, owner) = (&name.namespace, &other.name);
            if name.discovery == their.discovery {
                return Err(refusal::invalid(format!(
                    "The Service Connect discoveryName '{}' is used in namespace '{namespace}' by service {owner} already.",
                    name.discovery
                )));
            }
            if let Some((alias, port)) = name.aliases.iter().find(|alias| their.aliases.contains(alias)) {
                return Err(refusal::invalid(format!(
                    "The Service Connect client alias '{alias}:{port}' is used in namespace '{namespace}' by service {owner} already."
                )));
            }
        }
    }
    Ok(())
}
