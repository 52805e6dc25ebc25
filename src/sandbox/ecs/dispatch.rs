//! From an operation's name to what does it.

use serde_json::Value;

use super::{clusters, deployments, refusal::Refusal, services, shapes, task_calls, task_definitions};
use crate::sandbox::{wire::Reply, world::World};

/// Answers one awsJson 1.1 call; `operation` is what follows the point in `X-Amz-Target`.
pub(crate) fn handle(world: &mut World, operation: &str, body: &Value) -> Reply {
    // The request is held against the model first, as AWS's front end does.
    let outcome = shapes::check(operation, body).and_then(|()| match operation {
        "CreateCluster" => clusters::create(world, body),
        "DescribeClusters" => clusters::describe(world, body),
        "TagResource" => clusters::tag(world, body),
        "UntagResource" => clusters::untag(world, body),
        "ListTagsForResource" => clusters::list_tags(world, body),
        "RegisterTaskDefinition" => task_definitions::register(world, body),
        "DescribeTaskDefinition" => task_definitions::describe(world, body),
        "DeregisterTaskDefinition" => task_definitions::deregister(world, body),
        "ListTaskDefinitions" => task_definitions::list(world, body),
        "CreateService" => services::create(world, body),
        "UpdateService" => services::update(world, body),
        "DeleteService" => services::delete(world, body),
        "DescribeServices" => services::describe_all(world, body),
        "ListServices" => services::list(world, body),
        "ListTasks" => task_calls::list(world, body),
        "DescribeTasks" => task_calls::describe_all(world, body),
        "StopTask" => task_calls::stop(world, body),
        "ListServiceDeployments" => deployments::list(world, body),
        "DescribeServiceDeployments" => deployments::describe_all(world, body),
        _ => Err(Refusal::named("UnknownOperationException", format!("The sandbox does not know {operation}."))),
    });
    match outcome {
        Ok(answer) => Reply::json(200, &answer).with("content-type", "application/x-amz-json-1.1"),
        Err(refusal) => refusal.reply(),
    }
}
