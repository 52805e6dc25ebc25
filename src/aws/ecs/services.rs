//! ECS services: describing, creating, updating, sizing.

use std::iter;

use aws_sdk_ecs::{
    config::retry::RetryConfig,
    types::{Deployment, Failure, Service},
};
use serde_json::Value;

use super::{
    Ecs,
    json::{KeepAnswer, SendExactly},
};
use crate::{
    aws::{
        connect::write_timeouts,
        fault::{Fault, FaultKind},
        meter::timestamp,
    },
    time::Timestamp,
};

/// The most services that one `DescribeServices` takes (service model).
const DESCRIBED_AT_ONCE: usize = 10;

/// An ECS service as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct EcsService {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, `DRAINING` (being deleted), `INACTIVE` (deleted, still listed).
    pub status: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running, of any revision.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// The task definition's ARN that it is to run.
    pub task_definition: String,
    /// Its deployments, the newest (`PRIMARY`) first.
    pub deployments: Vec<EcsDeployment>,
    /// The Lattice target groups of its newest deployment.
    pub vpc_lattice: Vec<VpcLattice>,
    /// Some deployment of it, not only the newest, has an `advancedConfiguration`: ECS may write the rule that it names.
    pub has_advanced_lattice: bool,
    /// The target groups or names of its load balancers.
    pub load_balancers: Vec<String>,
    /// It has service registries (Cloud Map).
    pub has_registries: bool,
    /// Its newest deployment takes part in Service Connect.
    pub has_service_connect: bool,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`; none where AWS says nothing, which is rolling.
    pub strategy: Option<String>,
    /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`; none where AWS says nothing, which is ECS.
    pub controller: Option<String>,
    /// The whole of AWS's answer.
    pub raw: Value,
}

/// One deployment of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcsDeployment {
    /// Its id, `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`.
    pub status: String,
    /// The task definition's ARN that it runs.
    pub task_definition: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// Tasks that failed to start, one after another.
    pub failed_tasks: u32,
    /// Where it stands.
    pub rollout_state: Option<RolloutState>,
    /// In ECS's words.
    pub rollout_reason: Option<String>,
    /// Why ECS could not start tasks of it, by its service's events ([`unplaced`]); only of the newest deployment.
    pub unplaced: Option<String>,
}

/// Where a deployment stands (service model, `DeploymentRolloutState`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// It goes on.
    InProgress,
    /// It is done.
    Completed,
    /// ECS gave it up.
    Failed,
    /// One that this version does not know.
    Other(String),
}

impl From<&str> for RolloutState {
    fn from(text: &str) -> Self {
        match text {
            "IN_PROGRESS" => Self::InProgress,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One of a service's `vpcLatticeConfigurations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcLattice {
    /// The infrastructure role's ARN.
    pub role: String,
    /// The target group's ARN. Once ECS has swapped groups by itself it is not the one that serves.
    pub target_group: String,
    /// The port's name in the task definition.
    pub port_name: String,
    /// The other group, the rules: there when ECS shifts the weights itself, and then they are not ours to write.
    pub managed_by_ecs: Option<ManagedByEcs>,
}

/// What ECS writes by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedByEcs {
    /// The second target group's ARN.
    pub alternate_target_group: Option<String>,
    /// The rule's ARN, or the listener's for its default action.
    pub production_rule: Option<String>,
    /// The same for test traffic.
    pub test_rule: Option<String>,
}

impl EcsService {
    /// The strategy by which ECS itself moves the weights of its Lattice rule; none where it moves none.
    #[must_use]
    pub fn shifts_weights(&self) -> Option<&str> {
        self.strategy.as_deref().filter(|strategy| self.has_advanced_lattice && *strategy != "ROLLING")
    }

    /// Its newest deployment.
    #[must_use]
    pub fn primary(&self) -> Option<&EcsDeployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY").or_else(|| self.deployments.first())
    }
}

/// Why ECS could not start tasks since a deployment began, in its own words, from the service's events, the newest first. What it says is
/// not part of its service model: its documentation lists the messages ("Viewing Amazon ECS service event messages"). They decide nothing.
#[must_use]
pub fn unplaced<'a>(events: impl IntoIterator<Item = (Timestamp, &'a str)>, began: Timestamp) -> Option<String> {
    let mut since = events.into_iter().take_while(|(at, _)| *at >= began).map(|(_, message)| message);
    let message = since.find(|message| ["unable to place", "failed to launch"].iter().any(|words| message.contains(words)))?;
    let words = message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")).map_or(message, |(_, words)| words);
    Some(format!("ECS {}", words.trim_end_matches('.')))
}

impl Fault {
    /// With the cluster's name where it is not there: ECS does not say it.
    #[must_use]
    pub fn of_cluster(mut self, cluster: &str) -> Self {
        if self.is_about_the_cluster() {
            self.message = format!("{} ({cluster})", self.message.trim_end_matches('.'));
        }
        self
    }

    /// Whether the cluster is what is not there.
    #[must_use]
    pub fn is_about_the_cluster(&self) -> bool {
        self.code.as_deref() == Some("ClusterNotFoundException")
    }
}

impl Ecs {
    /// These services of a cluster, by name or ARN, in that order; none where there is none. One call for ten.
    ///
    /// # Errors
    /// When AWS refuses, or fails one of them for another reason than its absence.
    pub async fn describe_services(&self, cluster: &str, names: &[&str]) -> Result<Vec<Option<EcsService>>, Fault> {
        const OPERATION: &str = "DescribeServices";
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(DESCRIBED_AT_ONCE) {
            let kept = KeepAnswer::default();
            let services = names.iter().map(ToString::to_string).collect();
            let call = self.client.describe_services().cluster(cluster).set_services(Some(services));
            let answer = call.customize().interceptor(kept.clone()).send().await;
            let answer = answer.map_err(|error| Fault::from_sdk(OPERATION, &error).of_cluster(cluster))?;
            if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
                return Err(failed(OPERATION, failure));
            }
            let raws = if let Value::Array(raws) = kept.member("services") { raws } else { Vec::new() };
            let described: Vec<EcsService> = answer
                .services
                .unwrap_or_default()
                .into_iter()
                .zip(raws.into_iter().chain(std::iter::repeat(Value::Null)))
                .map(|(service, raw)| from_sdk(service, raw))
                .collect();
            let named = |name: &&str| described.iter().find(|service| service.name == *name || service.arn == *name).cloned();
            found.extend(names.iter().map(named));
        }
        Ok(found)
    }

    /// Creates the service that `body` is the `CreateService` request of, sent exactly as it is. Give it a `clientToken`: a call
    /// whose answer is lost is repeated, and without a token the repetition is refused.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn create_service(&self, body: &Value) -> Result<EcsService, Fault> {
        let kept = KeepAnswer::default();
        let call = self.client.create_service().customize().interceptor(SendExactly::new(body)).interceptor(kept.clone());
        let answer = call.send().await.map_err(|error| Fault::from_sdk("CreateService", &error))?;
        let service = answer.service.ok_or_else(|| Fault::unreadable("CreateService", "the answer has no service"))?;
        Ok(from_sdk(service, kept.member("service")))
    }

    /// Updates the service that `body` is the `UpdateService` request of, sent exactly as it is: what it leaves out stays.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn update_service(&self, body: &Value) -> Result<EcsService, Fault> {
        let kept = KeepAnswer::default();
        let call = self.client.update_service().customize().interceptor(SendExactly::new(body)).interceptor(kept.clone());
        let answer = call.send().await.map_err(|error| Fault::from_sdk("UpdateService", &error))?;
        let service = answer.service.ok_or_else(|| Fault::unreadable("UpdateService", "the answer has no service"))?;
        Ok(from_sdk(service, kept.member("service")))
    }

    /// Sets how many tasks the service wants. No deployment follows from it.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn set_desired(&self, cluster: &str, service: &str, tasks: u32) -> Result<(), Fault> {
        let tasks = i32::try_from(tasks).map_err(|_| Fault::invalid("UpdateService", format!("{tasks} tasks are too many")))?;
        let call = self.client.update_service().cluster(cluster).service(service).desired_count(tasks);
        // Repeating it is the machine's decision, which reads whose the rollout is before it does.
        let once = aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(write_timeouts());
        let answer = call.customize().config_override(once).send().await;
        answer.map(|_| ()).map_err(|error| Fault::from_sdk("UpdateService", &error))
    }
}

/// An item of an answer's `failures`.
pub(super) fn failed(operation: &'static str, failure: &Failure) -> Fault {
    let arn = failure.arn().unwrap_or_default();
    let detail = failure.detail().map_or_else(String::new, |detail| format!(" ({detail})"));
    Fault {
        kind: FaultKind::Unhandled,
        code: failure.reason().map(ToOwned::to_owned),
        message: format!("{arn}{detail}"),
        operation,
        may_have_happened: false,
    }
}

/// Counts are never negative; AWS's type only could be.
pub(super) fn count(tasks: i32) -> u32 {
    u32::try_from(tasks).unwrap_or(0)
}

fn from_sdk(service: Service, raw: Value) -> EcsService {
    let mut deployments = service.deployments.unwrap_or_default();
    deployments.sort_by_key(|deployment| deployment.status() != Some("PRIMARY"));
    let began = deployments.first().and_then(|newest| newest.created_at).and_then(|began| timestamp(&began));
    let events = service.events.iter().flatten().filter_map(|event| Some((timestamp(event.created_at()?)?, event.message()?)));
    let unplaced = began.and_then(|began| unplaced(events, began));
    let has_advanced_lattice = deployments
        .iter()
        .any(|deployment| deployment.vpc_lattice_configurations().iter().any(|entry| entry.advanced_configuration.is_some()));
    let newest = deployments.first();
    let lattice = newest.and_then(|deployment| deployment.vpc_lattice_configurations.clone()).unwrap_or_default();
    let has_service_connect =
        newest.and_then(|deployment| deployment.service_connect_configuration.as_ref()).is_some_and(|connect| connect.enabled);
    let load_balancer = |balancer: aws_sdk_ecs::types::LoadBalancer| balancer.target_group_arn.or(balancer.load_balancer_name);
    EcsService {
        name: service.service_name.unwrap_or_default(),
        arn: service.service_arn.unwrap_or_default(),
        status: service.status.unwrap_or_default(),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        task_definition: service.task_definition.unwrap_or_default(),
        vpc_lattice: lattice.into_iter().map(lattice_from_sdk).collect(),
        has_advanced_lattice,
        has_service_connect,
        deployments: deployments
            .into_iter()
            .zip(iter::once(unplaced).chain(iter::repeat(None)))
            .map(|(deployment, unplaced)| EcsDeployment { unplaced, ..deployment_from_sdk(deployment) })
            .collect(),
        load_balancers: service.load_balancers.unwrap_or_default().into_iter().filter_map(load_balancer).collect(),
        has_registries: service.service_registries.is_some_and(|registries| !registries.is_empty()),
        strategy: service
            .deployment_configuration
            .and_then(|configuration| configuration.strategy)
            .map(|strategy| strategy.as_str().to_owned()),
        controller: service.deployment_controller.map(|controller| controller.r#type.as_str().to_owned()),
        raw,
    }
}

fn deployment_from_sdk(deployment: Deployment) -> EcsDeployment {
    EcsDeployment {
        desired: count(deployment.desired_count),
        running: count(deployment.running_count),
        pending: count(deployment.pending_count),
        failed_tasks: count(deployment.failed_tasks),
        rollout_state: deployment.rollout_state.map(|state| RolloutState::from(state.as_str())),
        rollout_reason: deployment.rollout_state_reason,
        id: deployment.id.unwrap_or_default(),
        status: deployment.status.unwrap_or_default(),
        task_definition: deployment.task_definition.unwrap_or_default(),
        unplaced: None,
    }
}

fn lattice_from_sdk(lattice: aws_sdk_ecs::types::VpcLatticeConfiguration) -> VpcLattice {
    VpcLattice {
        role: lattice.role_arn,
        target_group: lattice.target_group_arn,
        port_name: lattice.port_name,
        managed_by_ecs: lattice.advanced_configuration.map(|advanced| ManagedByEcs {
            alternate_target_group: advanced.alternate_target_group_arn,
            production_rule: advanced.production_listener_rule,
            test_rule: advanced.test_listener_rule,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rollout_state_of_the_service_model_is_known() {
        for state in aws_sdk_ecs::types::DeploymentRolloutState::values() {
            assert!(!matches!(RolloutState::from(*state), RolloutState::Other(_)), "{state}");
        }
    }
}

#[cfg(test)]
mod managed_tests {
    use aws_sdk_ecs::types::{
        Deployment, DeploymentConfiguration, DeploymentStrategy, Service, VpcLatticeAdvancedConfiguration,
        VpcLatticeConfiguration,
    };

    use super::{Value, from_sdk};

    fn deployment(status: &str, advanced: bool) -> Deployment {
        let advanced = advanced.then(|| VpcLatticeAdvancedConfiguration::builder().build());
        let lattice = VpcLatticeConfiguration::builder()
            .role_arn("r")
            .target_group_arn("tg")
            .port_name("http")
            .set_advanced_configuration(advanced)
            .build()
            .expect("an entry");
        Deployment::builder().status(status).vpc_lattice_configurations(lattice).build()
    }

    /// DESIGN §5 rule 3's neighbour: two hands on one rule. What ECS is still shifting counts, whatever was deployed since.
    #[test]
    fn a_rule_that_ecs_manages_is_known_by_any_deployment_and_the_strategy() {
        for (strategy, old, new, wanted) in [
            (Some(DeploymentStrategy::Canary), false, true, Some("CANARY")),
            (Some(DeploymentStrategy::BlueGreen), true, false, Some("BLUE_GREEN")),
            (Some(DeploymentStrategy::Linear), false, false, None),
            (Some(DeploymentStrategy::Rolling), true, true, None),
            (None, true, true, None),
        ] {
            let configuration = strategy.map(|strategy| DeploymentConfiguration::builder().strategy(strategy).build());
            let service = Service::builder()
                .deployments(deployment("ACTIVE", old))
                .deployments(deployment("PRIMARY", new))
                .set_deployment_configuration(configuration)
                .build();
            assert_eq!(from_sdk(service, Value::Null).shifts_weights(), wanted);
        }
    }
}
