//! The course of a request: what would happen to any number of requests like it, as the world is now.

use std::time::Duration;

use super::{
    auth::authorized,
    backends::{self, Backend, Place},
    matching::matches,
};
use crate::sandbox::{
    lattice::{self, Addressed, Destination},
    wire::Request,
    world::World,
};

/// What happens to a request of a service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub(super) service: Addressed,
    /// The listener's protocol and port, and id and name of the rule; none where no listener took it.
    pub(super) listener: Option<(String, u64)>,
    pub(super) rule: Option<(String, String)>,
    pub(super) to: To,
}

/// Who answers it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    /// VPC Lattice itself.
    Lattice(u16, Reason),
    Forward(Forward),
}

/// Why VPC Lattice answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    FixedResponse,
    NoListener,
    NotAuthorized,
    NoWeight,
    /// The sandbox does not do that.
    Passthrough,
}

/// A forward action whose weights are not all 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Forward {
    pub(super) groups: Vec<Group>,
    /// When VPC Lattice gives up on a target that has taken the request.
    pub(super) timeout: Duration,
    /// What a request gets whose group has no target.
    pub(super) empty: u16,
    pub(super) requests_per_connection: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) weight: u32,
    pub(super) targets: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) port: u16,
    pub(super) backend: Backend,
}

impl Forward {
    pub(super) fn weights(&self) -> Vec<u32> {
        self.groups.iter().map(|group| group.weight).collect()
    }
}

impl Target {
    /// `id:port`, or the id alone where there is no port.
    pub(super) fn label(&self) -> String {
        if self.port == 0 { self.id.clone() } else { format!("{}:{}", self.id, self.port) }
    }
}

impl Group {
    pub(super) fn place<'a>(&'a self, target: &'a Target) -> Place<'a> {
        Place { group: &self.id, name: &self.name, kind: &self.kind, target: &target.id, port: target.port }
    }
}

/// The course of a request to the service of this id, and to that port where one is given; none when there is no such service.
pub(super) fn course(world: &World, service: &str, port: Option<u16>, request: &Request) -> Option<Course> {
    let sensitive = world.scenario.knobs.case_sensitive;
    let Some(routed) = lattice::route(world, service, port, |matching| matches(matching, request, sensitive)) else {
        let service = lattice::addressed(world, service)?;
        return Some(Course { service, listener: None, rule: None, to: To::Lattice(404, Reason::NoListener) });
    };
    let to = if authorized(world, &routed.service, routed.port, request) {
        match routed.to {
            Destination::Passthrough => To::Lattice(501, Reason::Passthrough),
            Destination::Fixed(status) => To::Lattice(status, Reason::FixedResponse),
            Destination::Groups(groups) => forward(world, &groups, routed.service.idle_timeout),
        }
    } else {
        To::Lattice(403, Reason::NotAuthorized)
    };
    let listener = Some((routed.protocol, routed.port));
    Some(Course { service: routed.service, listener, rule: Some(routed.rule), to })
}

fn forward(world: &World, weighted: &[(String, u32)], idle_timeout: u64) -> To {
    let knobs = &world.scenario.knobs;
    if weighted.iter().all(|(_, weight)| *weight == 0) {
        return To::Lattice(knobs.all_zero_status, Reason::NoWeight);
    }
    // A group that is gone is one without targets: something may name it until the data plane has heard.
    let group = |(id, weight): &(String, u32)| {
        let Some(found) = lattice::routable(world, id) else {
            let (arn, name, kind) = (id.clone(), id.clone(), String::new());
            return Group { id: id.clone(), arn, name, kind, weight: *weight, targets: Vec::new() };
        };
        let targets = found.targets.iter().map(|(target, port)| Target {
            id: target.clone(),
            port: *port,
            backend: backends::backend(
                world,
                Place { group: &found.id, name: &found.name, kind: &found.kind, target, port: *port },
            ),
        });
        let targets = targets.collect();
        Group { id: found.id, arn: found.arn, name: found.name, kind: found.kind, weight: *weight, targets }
    };
    To::Forward(Forward {
        groups: weighted.iter().map(group).collect(),
        timeout: Duration::from_secs(idle_timeout),
        empty: knobs.empty_group_status,
        requests_per_connection: knobs.requests_per_connection.max(1),
    })
}
