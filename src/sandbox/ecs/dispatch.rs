//! The operations that are emulated.

use super::{clusters, deployments, services, task_calls, task_definitions};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("CreateCluster", |world, call| clusters::create(world, &call.input)),
    ("DescribeClusters", |world, call| clusters::describe(world, &call.input)),
    ("TagResource", |world, call| clusters::tag(world, &call.input)),
    ("UntagResource", |world, call| clusters::untag(world, &call.input)),
    ("ListTagsForResource", |world, call| clusters::list_tags(world, &call.input)),
    ("RegisterTaskDefinition", |world, call| task_definitions::register(world, &call.input)),
    ("DescribeTaskDefinition", |world, call| task_definitions::describe(world, &call.input)),
    ("DeregisterTaskDefinition", |world, call| task_definitions::deregister(world, &call.input)),
    ("ListTaskDefinitions", |world, call| task_definitions::list(world, &call.input)),
    ("CreateService", |world, call| services::create(world, &call.input)),
    ("UpdateService", |world, call| services::update(world, &call.input)),
    ("DeleteService", |world, call| services::delete(world, &call.input)),
    ("DescribeServices", |world, call| services::describe_all(world, &call.input)),
    ("ListServices", |world, call| services::list(world, &call.input)),
    ("ListTasks", |world, call| task_calls::list(world, &call.input)),
    ("DescribeTasks", |world, call| task_calls::describe_all(world, &call.input)),
    ("StopTask", |world, call| task_calls::stop(world, &call.input)),
    ("ListServiceDeployments", |world, call| deployments::list(world, &call.input)),
    ("DescribeServiceDeployments", |world, call| deployments::describe_all(world, &call.input)),
];
