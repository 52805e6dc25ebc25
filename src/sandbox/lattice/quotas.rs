//! How many there may be of everything (AWS General Reference, "Amazon VPC Lattice endpoints and quotas"), with the codes of AWS
//! Service Quotas. A scenario's `quotas` lowers them.

use super::{
    refusal,
    state::{ASSOCIATION, GROUP, LISTENER, NETWORK, RULE, SERVICE, VPC_ASSOCIATION},
};
use crate::sandbox::{protocol::Refusal, scenario::Quotas, world::World};

/// One quota.
pub(super) struct Quota {
    /// Its code in AWS Service Quotas.
    code: &'static str,
    /// Its name there.
    name: &'static str,
    /// The kind of resource of which there would be too many.
    kind: &'static str,
    most: fn(&Quotas) -> u64,
}

pub(super) const RULES: Quota =
    Quota { code: "L-CF78395E", name: "Rules per listener", kind: RULE, most: |quotas| quotas.rules_per_listener };
pub(super) const LISTENERS: Quota =
    Quota { code: "L-D64E952E", name: "Listeners per service", kind: LISTENER, most: |quotas| quotas.listeners_per_service };
pub(super) const SERVICE_GROUPS: Quota =
    Quota { code: "L-3DEC3B9F", name: "Target groups per service", kind: GROUP, most: |quotas| quotas.target_groups_per_service };
pub(super) const GROUPS: Quota =
    Quota { code: "L-BB11C6B9", name: "Target groups per region", kind: GROUP, most: |quotas| quotas.target_groups };
pub(super) const TARGETS: Quota =
    Quota { code: "L-D71303F3", name: "Targets per target group", kind: GROUP, most: |quotas| quotas.targets_per_target_group };
pub(super) const SERVICES: Quota =
    Quota { code: "L-620C821E", name: "Services per region", kind: SERVICE, most: |quotas| quotas.services };
pub(super) const NETWORKS: Quota =
    Quota { code: "L-9CAD07FB", name: "Service networks per region", kind: NETWORK, most: |quotas| quotas.service_networks };
pub(super) const NETWORK_SERVICES: Quota = Quota {
    code: "L-75D4A19E",
    name: "Service associations per service network",
    kind: ASSOCIATION,
    most: |quotas| quotas.services_per_network,
};
pub(super) const NETWORK_VPCS: Quota = Quota {
    code: "L-EF6E2D62",
    name: "VPC associations per service network",
    kind: VPC_ASSOCIATION,
    most: |quotas| quotas.vpcs_per_network,
};

impl Quota {
    /// Refuses what would make so many of them; `parent` is the id of what would have them, where the quota is not the region's.
    pub(super) fn allow(&self, world: &World, parent: Option<&str>, would_be: usize) -> Result<(), Refusal> {
        let most = (self.most)(&world.scenario.quotas);
        if u64::try_from(would_be).is_ok_and(|would_be| would_be <= most) {
            return Ok(());
        }
        let message = format!("The request would exceed the service quota \"{}\", which is {most}.", self.name);
        let refused = refusal::quota(self.kind, self.code, message);
        Err(match parent {
            Some(id) => refused.with("resourceId", id),
            None => refused,
        })
    }
}
