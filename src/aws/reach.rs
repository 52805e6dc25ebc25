//! What is read for `verify` alone: whether clients reach the Lattice service, what else runs in the cluster, which metrics there are.

use aws_sdk_vpclattice::types::ServiceNetworkServiceAssociationSummary;

use super::{
    Aws,
    ecs::services::EcsService,
    fault::Fault,
    lattice::{ids::TargetGroupId, traffic::LatticeService},
    metrics::queries::{DIMENSION, NAMESPACE},
};
use crate::time::Timestamp;

/// How a Lattice service stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// `ACTIVE`, or something else.
    pub status: String,
    /// AWS's words where it failed.
    pub failure: Option<String>,
    /// The name that Lattice gives it.
    pub domain: Option<String>,
    /// Whether callers need a permission.
    pub needs_auth: bool,
}

/// That a service is in a service network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The network's id.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// `ACTIVE`, or something else.
    pub status: String,
}

impl Aws {
    /// How the Lattice service stands.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn standing(&self, service: &LatticeService) -> Result<Standing, Fault> {
        let answer = self.lattice.reads.get_service().service_identifier(service.id.as_str()).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk("GetService", &error))?;
        Ok(Standing {
            status: answer.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            failure: answer.failure_message.or(answer.failure_code),
            domain: answer.dns_entry.and_then(|entry| entry.domain_name),
            needs_auth: answer.auth_type.is_some_and(|kind| kind.as_str() == "AWS_IAM"),
        })
    }

    /// The service networks that it is in.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn memberships(&self, service: &LatticeService) -> Result<Vec<Membership>, Fault> {
        let pages = self.lattice.reads.list_service_network_service_associations().service_identifier(service.id.as_str());
        let listed: Vec<ServiceNetworkServiceAssociationSummary> = pages
            .max_results(100)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| Fault::from_sdk("ListServiceNetworkServiceAssociations", &error))?;
        let membership = |association: ServiceNetworkServiceAssociationSummary| Membership {
            id: association.service_network_id.clone().unwrap_or_default(),
            network: association.service_network_name.or(association.service_network_id).unwrap_or_default(),
            status: association.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        };
        Ok(listed.into_iter().map(membership).collect())
    }

    /// Every ECS service of the cluster that has not been deleted.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn services_of(&self, cluster: &str) -> Result<Vec<EcsService>, Fault> {
        let pages = self.ecs.client.list_services().cluster(cluster).max_results(100).into_paginator().items().send();
        let arns: Vec<String> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListServices", &error))?;
        let names: Vec<&str> = arns.iter().map(String::as_str).collect();
        let services = self.ecs.describe_services(cluster, &names).await?;
        Ok(services.into_iter().flatten().filter(|service| service.status == "ACTIVE").collect())
    }

    /// The names of the metrics of which CloudWatch has had values for a target group within the last two weeks.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn metric_names(&self, group: &TargetGroupId, now: Timestamp) -> Result<Vec<String>, Fault> {
        self.lookups.metric_names(NAMESPACE, (DIMENSION, group.as_str()), now).await
    }
}
