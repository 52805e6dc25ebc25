//! VPC Lattice as the data plane sees it: which service, listener and rule a request is for, and who may get it.

use serde_json::Value;

use super::state::{Action, Group, Health, Life, Listener, Service, Target};
use crate::sandbox::world::World;

/// The protocol of a listener whose connections Lattice passes on unread.
const PASSTHROUGH: &str = "TLS_PASSTHROUGH";

/// Where listeners and rules take a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routed {
    pub(crate) service: Addressed,
    /// The listener's protocol and port.
    pub(crate) protocol: String,
    pub(crate) port: u64,
    /// Id and name of the rule that took it.
    pub(crate) rule: (String, String),
    pub(crate) to: Destination,
}

/// What a rule does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Fixed(u16),
    /// Ids of target groups with their weights.
    Groups(Vec<(String, u32)>),
    /// The listener's protocol is TLS_PASSTHROUGH.
    Passthrough,
}

/// A service that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addressed {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    /// The first service network that it is in.
    pub(crate) network_arn: Option<String>,
    /// Seconds after which a request without an answer is given up.
    pub(crate) idle_timeout: u64,
}

/// A target group and who may get its requests now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routable {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    /// `IP`, `INSTANCE`, `LAMBDA` or `ALB`.
    pub(crate) kind: String,
    /// Ids and ports; a function's port is 0.
    pub(crate) targets: Vec<(String, u16)>,
}

/// The id of the ACTIVE service that answers to this domain name, the generated one or its own.
pub(crate) fn service_of_domain(world: &World, domain: &str) -> Option<String> {
    let named = |service: &&Service| {
        let custom = service.settings["customDomainName"].as_str();
        service.domain.eq_ignore_ascii_case(domain) || custom.is_some_and(|custom| custom.eq_ignore_ascii_case(domain))
    };
    active(world).find(named).map(|service| service.card.id.clone())
}

/// The id of the ACTIVE service of this name; of the first one for an empty name.
pub(crate) fn service_of_name(world: &World, name: &str) -> Option<String> {
    active(world).find(|service| name.is_empty() || service.card.name == name).map(|service| service.card.id.clone())
}

fn active(world: &World) -> impl Iterator<Item = &Service> {
    world.lattice.services.iter().filter(|service| service.life == Life::Active)
}

/// What the data plane does with a request to the service of that id: the first rule whose match `means` it, by priority, the
/// default rule last. Rules that the data plane has not heard of do not count.
///
/// The listener is the one of that port. Where no listener has it, or there is none in the request, it is the first one of HTTP,
/// else of HTTPS, else the first: the sandbox has one port for all of them.
pub(crate) fn route(world: &World, service: &str, port: Option<u16>, means: impl Fn(&Value) -> bool) -> Option<Routed> {
    let service = world.lattice.service(service).ok().filter(|service| service.life == Life::Active)?;
    let listener = listener(service, port)?;
    let mut rules: Vec<_> = listener.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority.unwrap_or(u64::MAX));
    let (rule, action) =
        rules.into_iter().filter(|rule| means(&rule.matching)).find_map(|rule| Some((rule, rule.seen.as_ref()?)))?;
    let to = match action {
        _ if listener.protocol == PASSTHROUGH => Destination::Passthrough,
        Action::Fixed(status) => Destination::Fixed(*status),
        Action::Forward(groups) => Destination::Groups(groups.clone()),
    };
    Some(Routed {
        service: card(world, service),
        protocol: listener.protocol.clone(),
        port: listener.port,
        rule: (rule.card.id.clone(), rule.card.name.clone()),
        to,
    })
}

fn listener(service: &Service, port: Option<u16>) -> Option<&Listener> {
    let all = &service.listeners;
    let of = |protocol: &str| all.iter().find(|listener| listener.protocol == protocol);
    let wanted = port.and_then(|port| all.iter().find(|listener| listener.port == u64::from(port)));
    wanted.or_else(|| of("HTTP")).or_else(|| of("HTTPS")).or_else(|| all.first())
}

/// The ACTIVE service of this id.
pub(crate) fn addressed(world: &World, service: &str) -> Option<Addressed> {
    let service = world.lattice.service(service).ok().filter(|service| service.life == Life::Active)?;
    Some(card(world, service))
}

fn card(world: &World, service: &Service) -> Addressed {
    let in_it = world.lattice.associations.iter().find(|association| association.service == service.card.id);
    let network = in_it.and_then(|association| world.lattice.network(&association.network).ok());
    Addressed {
        id: service.card.id.clone(),
        arn: service.card.arn.clone(),
        name: service.card.name.clone(),
        network_arn: network.map(|network| network.card.arn.clone()),
        idle_timeout: service.settings["idleTimeoutSeconds"].as_u64().unwrap_or(60),
    }
}

/// A target group as the data plane sees it. Requests go to the targets that are HEALTHY or not checked at all; where there is
/// none, to all the others (it fails open), but never to one that is DRAINING or UNUSED. None when there is no such group.
pub(crate) fn routable(world: &World, group: &str) -> Option<Routable> {
    let group = world.lattice.group(group).ok()?;
    let of = |wanted: fn(Health) -> bool| -> Vec<(String, u16)> {
        let targets = group.targets.iter().filter(|target| wanted(target.health));
        targets.filter_map(|target| Some((target.id.clone(), u16::try_from(target.port).ok()?))).collect()
    };
    let good = of(|health| matches!(health, Health::Healthy | Health::Unavailable));
    let targets = if good.is_empty() { of(|health| matches!(health, Health::Initial | Health::Unhealthy)) } else { good };
    Some(Routable {
        id: group.card.id.clone(),
        arn: group.card.arn.clone(),
        name: group.card.name.clone(),
        kind: group.kind.clone(),
        targets,
    })
}

/// Where a health check knocks: the group by id and name, its kind, the target, and the port that is checked.
pub(super) fn checked_at<'a>(group: &'a Group, target: &'a Target) -> Option<crate::sandbox::dataplane::Place<'a>> {
    let port = group.checks.port.unwrap_or(target.port);
    Some(crate::sandbox::dataplane::Place {
        group: &group.card.id,
        name: &group.card.name,
        kind: &group.kind,
        target: &target.id,
        port: u16::try_from(port).ok()?,
    })
}
