//! The tasks of a service: which revision they run, their addresses, and why they stopped.

use aws_sdk_ecs::types::{Container, DesiredStatus, Task as SdkTask};
use futures_util::future::{try_join, try_join_all};

use super::{Ecs, services::failed};
use crate::{
    aws::{fault::Fault, meter::timestamp},
    time::Timestamp,
};

/// The most tasks that one `DescribeTasks` takes (service model).
const DESCRIBED_AT_ONCE: usize = 100;

/// A task, running or recently stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The task definition's ARN that it runs.
    pub task_definition: String,
    /// Its private addresses, IPv4 and IPv6; none until its network interface is there, and none where it uses its host's.
    pub addresses: Vec<String>,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `STOPPED` and others.
    pub last_status: String,
    /// What ECS wants: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// Why it stopped, in ECS's words.
    pub stopped_reason: Option<String>,
    /// AWS's code for that, such as `EssentialContainerExited`.
    pub stop_code: Option<String>,
    /// When it began to run; none where it never did.
    pub started_at: Option<Timestamp>,
    /// When it stopped, or began to: its targets get no requests from then on.
    pub stopped_at: Option<Timestamp>,
    /// The first exit code, of any container, that is not 0; otherwise 0 where one exited.
    pub exit_code: Option<i32>,
    /// Why a container failed to start, in ECS's words: an image that cannot be pulled, and the like.
    pub container_reason: Option<String>,
    /// `service:NAME`.
    pub group: String,
}

impl Task {
    /// It runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.last_status == "RUNNING"
    }

    /// It is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.last_status == "STOPPED"
    }

    /// From when until when it ran, where it ended by itself; none for one that ECS, its host or somebody stopped.
    #[must_use]
    pub fn exited(&self) -> Option<(Timestamp, Timestamp)> {
        if self.stop_code.as_deref() == Some("EssentialContainerExited") { self.started_at.zip(self.stopped_at) } else { None }
    }
}

impl Ecs {
    /// The service's tasks: those that run or start, and those that ECS is stopping or stopped within about the last hour. Three
    /// calls for up to a hundred tasks, two when there are none.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn tasks(&self, cluster: &str, service: &str) -> Result<Vec<Task>, Fault> {
        let running = self.list_tasks(cluster, service, DesiredStatus::Running);
        let stopped = self.list_tasks(cluster, service, DesiredStatus::Stopped);
        let (mut arns, stopped) = try_join(running, stopped).await?;
        // One that stopped between the two listings is in both.
        arns.extend(stopped);
        arns.sort();
        arns.dedup();
        self.describe_tasks(cluster, &arns).await
    }

    /// Only those that run or start: two calls, one when there are none.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn running_tasks(&self, cluster: &str, service: &str) -> Result<Vec<Task>, Fault> {
        let arns = self.list_tasks(cluster, service, DesiredStatus::Running).await?;
        self.describe_tasks(cluster, &arns).await
    }

    /// Only those that ECS is stopping or stopped within about the last hour: two calls, one when there are none.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn stopped_tasks(&self, cluster: &str, service: &str) -> Result<Vec<Task>, Fault> {
        let arns = self.list_tasks(cluster, service, DesiredStatus::Stopped).await?;
        self.describe_tasks(cluster, &arns).await
    }

    async fn list_tasks(&self, cluster: &str, service: &str, status: DesiredStatus) -> Result<Vec<String>, Fault> {
        let pages = self.client.list_tasks().cluster(cluster).service_name(service).desired_status(status).into_paginator();
        pages.items().send().try_collect().await.map_err(|error| Fault::from_sdk("ListTasks", &error))
    }

    async fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, Fault> {
        let described = arns.chunks(DESCRIBED_AT_ONCE).map(async |arns| {
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let answer = call.send().await.map_err(|error| Fault::from_sdk("DescribeTasks", &error))?;
            // A task that went out of ECS's memory since the listing is missing, and that is no failure.
            match answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
                Some(failure) => Err(failed("DescribeTasks", failure)),
                None => Ok(answer.tasks.unwrap_or_default()),
            }
        });
        let described = try_join_all(described).await?;
        Ok(described.into_iter().flatten().map(from_sdk).collect())
    }
}

fn from_sdk(task: SdkTask) -> Task {
    let addresses = addresses(&task);
    let containers = task.containers.unwrap_or_default();
    let exits: Vec<i32> = containers.iter().filter_map(Container::exit_code).collect();
    Task {
        addresses,
        exit_code: exits.iter().copied().find(|code| *code != 0).or_else(|| exits.first().copied()),
        container_reason: containers.into_iter().find_map(|container| container.reason),
        arn: task.task_arn.unwrap_or_default(),
        task_definition: task.task_definition_arn.unwrap_or_default(),
        last_status: task.last_status.unwrap_or_default(),
        desired_status: task.desired_status.unwrap_or_default(),
        stopped_reason: task.stopped_reason,
        stop_code: task.stop_code.map(|code| code.as_str().to_owned()),
        started_at: task.started_at.as_ref().and_then(timestamp),
        stopped_at: task.stopping_at.or(task.stopped_at).as_ref().and_then(timestamp),
        group: task.group.unwrap_or_default(),
    }
}

/// The network interface is an attachment with details; each container repeats its addresses. Either may be missing: the
/// attachment's are there first, the containers' stay.
fn addresses(task: &SdkTask) -> Vec<String> {
    let details = task.attachments().iter().flat_map(|attachment| attachment.details());
    let attached = details
        .filter(|detail| matches!(detail.name(), Some("privateIPv4Address" | "privateIPv6Address" | "ipv6Address")))
        .filter_map(|detail| detail.value());
    let interfaces = task.containers().iter().flat_map(Container::network_interfaces);
    let contained = interfaces.flat_map(|interface| interface.private_ipv4_address().into_iter().chain(interface.ipv6_address()));
    let mut addresses: Vec<String> = attached.chain(contained).map(ToOwned::to_owned).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}
