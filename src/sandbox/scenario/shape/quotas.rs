//! How much of VPC Lattice, and of what shares it, an account may have.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The quotas of VPC Lattice; what goes beyond them is refused with a ServiceQuotaExceededException. Lower ones are for rehearsing
/// that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Rules of a listener, its default rule not counted.
    pub rules_per_listener: u64,
    /// Listeners of a service.
    pub listeners_per_service: u64,
    /// Target groups that the actions of one service name.
    pub target_groups_per_service: u64,
    /// Target groups.
    pub target_groups: u64,
    /// Targets of a target group.
    pub targets_per_target_group: u64,
    /// Services.
    pub services: u64,
    /// Service networks.
    pub service_networks: u64,
    /// Services in a service network.
    pub services_per_network: u64,
    /// VPCs in a service network.
    pub vpcs_per_network: u64,
    /// Resource shares of RAM, which refuses more of them in its own words.
    pub resource_shares: u64,
}

impl Default for Quotas {
    /// The defaults of AWS (General Reference, "Amazon VPC Lattice endpoints and quotas").
    fn default() -> Self {
        Self {
            rules_per_listener: 10,
            listeners_per_service: 2,
            target_groups_per_service: 10,
            target_groups: 500,
            targets_per_target_group: 1000,
            services: 2000,
            service_networks: 50,
            services_per_network: 500,
            vpcs_per_network: 500,
            resource_shares: 5000,
        }
    }
}
