//! Tasks that no service wants: starting one, looking at it, stopping it.

use aws_sdk_ecs::types::Task as SdkTask;
use serde_json::Value;

use super::{Ecs, json::SendExactly, services::failed};
use crate::{
    aws::fault::{Fault, FaultKind},
    rollout::hooks::HookEnd,
};

/// A task that was started by itself, as one of its containers tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneTask {
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `DEPROVISIONING`, `STOPPED` and others.
    pub last_status: String,
    /// How it ended; none while it has not.
    pub end: Option<HookEnd>,
}

impl Ecs {
    /// Starts the task that `body` is the `RunTask` request of, sent exactly as it is; its ARN. Give it a `clientToken`: a call
    /// whose answer is lost is repeated, and the token makes both one task (ECS API reference, `RunTask`: for 24 hours).
    ///
    /// # Errors
    /// When AWS refuses, or could not place it: then trying again may help.
    pub async fn run_task(&self, body: &Value) -> Result<String, Fault> {
        const OPERATION: &str = "RunTask";
        let call = self.client.run_task().customize().interceptor(SendExactly::new(body));
        let answer = call.send().await.map_err(|error| Fault::from_sdk(OPERATION, &error))?;
        if let Some(failure) = answer.failures().first() {
            // Capacity, mostly: HTTP 200, no task, and a reason.
            return Err(Fault { kind: FaultKind::Throttled, ..failed(OPERATION, failure) });
        }
        let arn = answer.tasks().first().and_then(SdkTask::task_arn);
        arn.map(ToOwned::to_owned).ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no task"))
    }

    /// That task, as its container of this name tells it; none when ECS does not know it (any more): it forgets stopped tasks
    /// after about an hour.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn one_task(&self, cluster: &str, arn: &str, container: &str) -> Result<Option<OneTask>, Fault> {
        const OPERATION: &str = "DescribeTasks";
        let answer = self.client.describe_tasks().cluster(cluster).tasks(arn).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk(OPERATION, &error))?;
        match answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
            Some(failure) => Err(failed(OPERATION, failure)),
            None => Ok(answer.tasks().first().map(|task| one(task, container))),
        }
    }

    /// Stops a task. One that has stopped, or is not known any more, is as wanted.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), Fault> {
        let answer = self.client.stop_task().cluster(cluster).task(arn).reason(reason).send().await;
        match answer.map_err(|error| Fault::from_sdk("StopTask", &error)) {
            // ECS: InvalidParameterException, "The referenced task was not found."
            Err(fault) if fault.message.contains("referenced task was not found") => Ok(()),
            stopped => stopped.map(|_| ()),
        }
    }

    /// The ARNs of the tasks that run or start and were started by this name.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn started_by(&self, cluster: &str, name: &str) -> Result<Vec<String>, Fault> {
        let pages = self.client.list_tasks().cluster(cluster).started_by(name).into_paginator();
        pages.items().send().try_collect().await.map_err(|error| Fault::from_sdk("ListTasks", &error))
    }
}

/// The exit code is that of one container: the others are killed when an essential one ends, and say 137 for it.
fn one(task: &SdkTask, container: &str) -> OneTask {
    let last_status = task.last_status().unwrap_or_default().to_owned();
    let end = (last_status == "STOPPED").then(|| {
        let container = task.containers().iter().find(|known| known.name() == Some(container));
        let exit = container.and_then(|container| container.exit_code());
        let reasons = [task.stopped_reason(), container.and_then(|container| container.reason())];
        let why: Vec<&str> = reasons.into_iter().flatten().filter(|reason| !reason.is_empty()).collect();
        HookEnd { exit, why: (exit != Some(0) && !why.is_empty()).then(|| why.join("; ")) }
    });
    OneTask { last_status, end }
}
