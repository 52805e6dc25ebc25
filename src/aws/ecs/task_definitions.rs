//! Task definitions: reading and registering them as JSON.

use serde_json::Value;

use super::{
    Ecs,
    json::{KeepAnswer, SendExactly},
    services::count,
};
use crate::aws::fault::Fault;

/// A registered task definition.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskDefinition {
    /// Its ARN, with the revision.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its revision, from 1.
    pub revision: u32,
    /// The whole `taskDefinition` of AWS's answer, with what AWS added to what was registered.
    pub raw: Value,
}

impl TaskDefinition {
    /// `family:revision`.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    fn of(answer: Option<aws_sdk_ecs::types::TaskDefinition>, raw: Value, operation: &'static str) -> Result<Self, Fault> {
        let answer = answer.ok_or_else(|| Fault::unreadable(operation, "the answer has no task definition"))?;
        Ok(Self {
            arn: answer.task_definition_arn.unwrap_or_default(),
            family: answer.family.unwrap_or_default(),
            revision: count(answer.revision),
            raw,
        })
    }
}

impl Ecs {
    /// The task definition of this ARN, `family:revision`, or family (its newest active revision).
    ///
    /// # Errors
    /// When there is none (`NotFound`); when AWS refuses.
    pub async fn describe_task_definition(&self, name_or_arn: &str) -> Result<TaskDefinition, Fault> {
        let kept = KeepAnswer::default();
        let call = self.client.describe_task_definition().task_definition(name_or_arn).customize().interceptor(kept.clone());
        let answer = call.send().await.map_err(|error| Fault::from_sdk("DescribeTaskDefinition", &error))?;
        TaskDefinition::of(answer.task_definition, kept.member("taskDefinition"), "DescribeTaskDefinition")
    }

    /// Registers the task definition that `body` is the `RegisterTaskDefinition` request of, sent exactly as it is.
    ///
    /// # Errors
    /// When AWS refuses. A call whose answer is lost is repeated: that may leave an unused revision.
    pub async fn register_task_definition(&self, body: &Value) -> Result<TaskDefinition, Fault> {
        let kept = KeepAnswer::default();
        let call = self.client.register_task_definition().customize().interceptor(SendExactly::new(body));
        let answer = call.interceptor(kept.clone()).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk("RegisterTaskDefinition", &error))?;
        TaskDefinition::of(answer.task_definition, kept.member("taskDefinition"), "RegisterTaskDefinition")
    }
}
