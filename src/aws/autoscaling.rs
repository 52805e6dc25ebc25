//! Application Auto Scaling, for the desired counts of ECS services: bounds, policies, scheduled actions.
//!
//! Policies and scheduled actions are JSON here, whatever members they have: they are copied, not understood.
//!
//! Deliberately absent: other namespaces, removing anything, and the alarms that policies act on.

use serde_json::{Value, json};

use super::{
    fault::{Fault, FaultKind},
    signed::{Signer, Tries},
};
use crate::{rollout::scaling::Suspended, time::Timestamp};

const DIMENSION: &str = "ecs:service:DesiredCount";
/// A name that nobody else gives; what it would name is never made.
const PROBE: &str = "espalier-may-it";

/// Application Auto Scaling of one account and region.
#[derive(Clone, Debug)]
pub struct AutoScaling(Signer);

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
    pub(in crate::aws) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// What scales these services, in their order; none where nothing does. One call. Every `now` here is for the signature.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn targets(&self, resources: &[String], now: Timestamp) -> Result<Vec<Option<ScalableTarget>>, Fault> {
        let asked = json!({ "ServiceNamespace": "ecs", "ScalableDimension": DIMENSION, "ResourceIds": resources });
        let found = list(self.ask("DescribeScalableTargets", &asked, Tries::READ, now).await?["ScalableTargets"].take());
        let of = |resource: &String| found.iter().find(|target| target["ResourceId"] == **resource).map(target);
        Ok(resources.iter().map(of).collect())
    }

    /// Sets what is suspended, and the bounds that are given; the others stay.
    ///
    /// # Errors
    /// AWS's refusal: an invalid request where both bounds are left out and nothing scales the service yet.
    pub async fn register(
        &self,
        resource: &str,
        (min, max): (Option<u32>, Option<u32>),
        suspended: Suspended,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // All three are sent: whether one that is left out would stay is not documented.
        let mut body = json!({ "SuspendedState": {
            "DynamicScalingInSuspended": suspended.scale_in,
            "DynamicScalingOutSuspended": suspended.scale_out,
            "ScheduledScalingSuspended": suspended.scheduled,
        } });
        for (name, bound) in [("MinCapacity", min), ("MaxCapacity", max)] {
            if let Some(bound) = bound {
                body[name] = json!(bound);
            }
        }
        self.ask("RegisterScalableTarget", &about(resource, body), Tries::WRITE, now).await.map(drop)
    }

    /// The scaling policies of a service, as AWS prints them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn policies(&self, resource: &str, now: Timestamp) -> Result<Vec<Value>, Fault> {
        self.all("DescribeScalingPolicies", "ScalingPolicies", resource, now).await
    }

    /// The scheduled actions of a service, as AWS prints them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn scheduled_actions(&self, resource: &str, now: Timestamp) -> Result<Vec<Value>, Fault> {
        self.all("DescribeScheduledActions", "ScheduledActions", resource, now).await
    }

    /// Gives another service this policy, under its own name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn put_policy(&self, resource: &str, policy: &Value, now: Timestamp) -> Result<(), Fault> {
        let body = about(resource, copied(policy, &["PolicyARN", "CreationTime", "Alarms"]));
        self.ask("PutScalingPolicy", &body, Tries::WRITE, now).await.map(drop)
    }

    /// Gives another service this scheduled action, under its own name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn put_scheduled_action(&self, resource: &str, action: &Value, now: Timestamp) -> Result<(), Fault> {
        let body = about(resource, copied(action, &["ScheduledActionARN", "CreationTime"]));
        self.ask("PutScheduledAction", &body, Tries::WRITE, now).await.map(drop)
    }

    /// Whether these credentials may set bounds. Asked with bounds that AWS refuses from whoever may: nothing is ever written.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_register(&self, resource: &str, now: Timestamp) -> Result<(), Fault> {
        let body = about(resource, json!({ "MinCapacity": 1, "MaxCapacity": 0 }));
        allowed(self.ask("RegisterScalableTarget", &body, Tries::READ, now).await)
    }

    /// The same for policies: asked with one that has no configuration.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_put_policy(&self, resource: &str, now: Timestamp) -> Result<(), Fault> {
        let body = about(resource, json!({ "PolicyName": PROBE, "PolicyType": "TargetTrackingScaling" }));
        allowed(self.ask("PutScalingPolicy", &body, Tries::READ, now).await)
    }

    /// The same for scheduled actions: asked with one that has no schedule.
    ///
    /// # Errors
    /// When they may not, or AWS does not say.
    pub async fn may_put_scheduled_action(&self, resource: &str, now: Timestamp) -> Result<(), Fault> {
        let body = about(resource, json!({ "ScheduledActionName": PROBE }));
        allowed(self.ask("PutScheduledAction", &body, Tries::READ, now).await)
    }

    /// All pages of a listing about one service.
    async fn all(&self, operation: &'static str, member: &str, resource: &str, now: Timestamp) -> Result<Vec<Value>, Fault> {
        let mut asked = about(resource, json!({}));
        let mut found = Vec::new();
        loop {
            let mut page = self.ask(operation, &asked, Tries::READ, now).await?;
            found.extend(list(page[member].take()));
            asked["NextToken"] = page["NextToken"].take();
            if asked["NextToken"].is_null() {
                return Ok(found);
            }
        }
    }

    async fn ask(&self, operation: &'static str, body: &Value, tries: Tries, now: Timestamp) -> Result<Value, Fault> {
        self.0.json_tried(("application-autoscaling", "AnyScaleFrontendService"), operation, body, tries, now).await
    }
}

fn target(said: &Value) -> ScalableTarget {
    let count = |name: &str| said[name].as_u64().and_then(|capacity| u32::try_from(capacity).ok()).unwrap_or(0);
    let is = |name: &str| said["SuspendedState"][name].as_bool().unwrap_or(false);
    ScalableTarget {
        min: count("MinCapacity"),
        max: count("MaxCapacity"),
        suspended: Suspended {
            scale_in: is("DynamicScalingInSuspended"),
            scale_out: is("DynamicScalingOutSuspended"),
            scheduled: is("ScheduledScalingSuspended"),
        },
    }
}

/// AWS looks at permissions before it looks at what is asked for.
fn allowed(answer: Result<Value, Fault>) -> Result<(), Fault> {
    match answer {
        Err(fault) if matches!(fault.kind, FaultKind::Invalid | FaultKind::NotFound) => Ok(()),
        answer => answer.map(drop),
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
