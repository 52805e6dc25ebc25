//! Application Auto Scaling, for the desired counts of ECS services: bounds, policies, scheduled actions.
//!
//! Policies and scheduled actions are JSON here, whatever members they have: they are copied, not understood.
//!
//! Deliberately absent: other namespaces, removing anything, and the alarms that policies act on.

use aws_sdk_applicationautoscaling::{
    Client,
    types::{ScalableDimension, ServiceNamespace, SuspendedState},
};
use serde_json::{Value, json};

use super::{
    ecs::json::{KeepAnswer, SendExactly},
    fault::{Fault, FaultKind},
};
use crate::rollout::scaling::Suspended;

const DIMENSION: &str = "ecs:service:DesiredCount";
/// A name that nobody else gives; what it would name is never made.
const PROBE: &str = "espalier-may-it";

/// Application Auto Scaling of one account and region.
#[derive(Clone, Debug)]
pub struct AutoScaling {
    /// Throttles and failures are repeated by the SDK.
    reads: Client,
    /// Once, and soon: repeating is the machine's decision.
    writes: Client,
}

/// What sets the size of one ECS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalableTarget {
    /// The fewest tasks.
    pub min: u32,
    /// The most tasks.
    pub max: u32,
    /// What is suspended.
    pub suspended: Suspended,
}

/// The resource's id of an ECS service; a cluster's ARN counts as its name.
#[must_use]
pub fn resource(cluster: &str, service: &str) -> String {
    format!("service/{}/{service}", cluster.rsplit('/').next().unwrap_or(cluster))
}

impl AutoScaling {
    pub(in crate::aws) const fn new(reads: Client, writes: Client) -> Self {
        Self { reads, writes }
    }

    /// What scales these services, in their order; none where nothing does. One call.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn targets(&self, resources: &[String]) -> Result<Vec<Option<ScalableTarget>>, Fault> {
        let call = self.reads.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).set_resource_ids(Some(resources.to_vec()));
        let answer = call.send().await.map_err(|error| Fault::from_sdk("DescribeScalableTargets", &error))?;
        let count = |capacity: i32| u32::try_from(capacity).unwrap_or(0);
        let found = |resource: &String| {
            let target = answer.scalable_targets().iter().find(|target| target.resource_id == *resource)?;
            let suspended = target.suspended_state.as_ref();
            let is = |of: fn(&SuspendedState) -> Option<bool>| suspended.and_then(of).unwrap_or(false);
            Some(ScalableTarget {
                min: count(target.min_capacity),
                max: count(target.max_capacity),
                suspended: Suspended {
                    scale_in: is(SuspendedState::dynamic_scaling_in_suspended),
                    scale_out: is(SuspendedState::dynamic_scaling_out_suspended),
                    scheduled: is(SuspendedState::scheduled_scaling_suspended),
                },
            })
        };
        Ok(resources.iter().map(found).collect())
    }

    /// Sets what is suspended, and the bounds that are given; the others stay.
    ///
    /// # Errors
    /// AWS's refusal: an invalid request where both bounds are left out and nothing scales the service yet.
    pub async fn register(&self, resource: &str, min: Option<u32>, max: Option<u32>, suspended: Suspended) -> Result<(), Fault> {
        let count = |count: Option<u32>| count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        // All three are sent: whether one that is left out would stay is not documented.
        let state = SuspendedState::builder()
            .dynamic_scaling_in_suspended(suspended.scale_in)
            .dynamic_scaling_out_suspended(suspended.scale_out)
            .scheduled_scaling_suspended(suspended.scheduled);
        let call = self.writes.register_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).suspended_state(state.build());
        let call = call.set_min_capacity(count(min)).set_max_capacity(count(max));
        call.send().await.map(drop).map_err(|error| Fault::from_sdk("RegisterScalableTarget", &error))
    }

    /// The scaling policies of a service, as AWS prints them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn policies(&self, resource: &str) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let kept = KeepAnswer::default();
            let call = self.reads.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).set_next_token(next);
            let answer = call.customize().interceptor(kept.clone()).send().await;
            next = answer.map_err(|error| Fault::from_sdk("DescribeScalingPolicies", &error))?.next_token;
            found.extend(list(kept.member("ScalingPolicies")));
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// The scheduled actions of a service, as AWS prints them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn scheduled_actions(&self, resource: &str) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let kept = KeepAnswer::default();
            let call = self.reads.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).set_next_token(next);
            let answer = call.customize().interceptor(kept.clone()).send().await;
            next = answer.map_err(|error| Fault::from_sdk("DescribeScheduledActions", &error))?.next_token;
            found.extend(list(kept.member("ScheduledActions")));
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// Gives another service this policy, under its own name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn put_policy(&self, resource: &str, policy: &Value) -> Result<(), Fault> {
        let body = about(resource, copied(policy, &["PolicyARN", "CreationTime", "Alarms"]));
        let call = self.writes.put_scaling_policy().customize().interceptor(SendExactly::new(&body));
        call.send().await.map(drop).map_err(|error| Fault::from_sdk("PutScalingPolicy", &error))
    }

    /// Gives another service this scheduled action, under its own name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn put_scheduled_action(&self, resource: &str, action: &Value) -> Result<(), Fault> {
        let body = about(resource, copied(action, &["ScheduledActionARN", "CreationTime"]));
        let call = self.writes.put_scheduled_action().customize().interceptor(SendExactly::new(&body));
        call.send().await.map(drop).map_err(|error| Fault::from_sdk("PutScheduledAction", &error))
    }

    /// Whether these credentials may set bounds. Asked with bounds that AWS refuses from whoever may: nothing is ever written.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_register(&self, resource: &str) -> Result<(), Fault> {
        let call = self.reads.register_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).min_capacity(1).max_capacity(0);
        let answer = call.send().await;
        allowed(answer.map(drop).map_err(|error| Fault::from_sdk("RegisterScalableTarget", &error)))
    }

    /// The same for policies: asked with one that has no configuration.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_put_policy(&self, resource: &str) -> Result<(), Fault> {
        let body = about(resource, json!({ "PolicyName": PROBE, "PolicyType": "TargetTrackingScaling" }));
        let call = self.reads.put_scaling_policy().customize().interceptor(SendExactly::new(&body));
        allowed(call.send().await.map(drop).map_err(|error| Fault::from_sdk("PutScalingPolicy", &error)))
    }

    /// The same for scheduled actions: asked with one that has no schedule.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_put_scheduled_action(&self, resource: &str) -> Result<(), Fault> {
        let body = about(resource, json!({ "ScheduledActionName": PROBE }));
        let call = self.reads.put_scheduled_action().customize().interceptor(SendExactly::new(&body));
        allowed(call.send().await.map(drop).map_err(|error| Fault::from_sdk("PutScheduledAction", &error)))
    }
}

/// AWS looks at permissions before it looks at what is asked for.
fn allowed(answer: Result<(), Fault>) -> Result<(), Fault> {
    match answer {
        Err(fault) if matches!(fault.kind, FaultKind::Invalid | FaultKind::NotFound) => Ok(()),
        answer => answer,
    }
}

fn list(value: Value) -> Vec<Value> {
    if let Value::Array(list) = value { list } else { Vec::new() }
}

/// What a Describe operation printed, as the Put operation of the same thing takes it.
fn copied(printed: &Value, without: &[&str]) -> Value {
    let mut copy = printed.clone();
    if let Some(members) = copy.as_object_mut() {
        members.retain(|name, value| !without.contains(&name.as_str()) && !value.is_null());
    }
    copy
}

fn about(resource: &str, mut body: Value) -> Value {
    body["ServiceNamespace"] = json!("ecs");
    body["ResourceId"] = json!(resource);
    body["ScalableDimension"] = json!(DIMENSION);
    body
}
