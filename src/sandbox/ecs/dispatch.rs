//! The operations that are emulated.

use super::{
    clusters, deployment_calls, revisions, run_task, service_lists, services, tags, task_calls, task_definition_lists,
    task_definitions,
};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("CreateCluster", |world, call| clusters::create(world, &call.input)),
    ("DescribeClusters", |world, call| clusters::describe(world, &call.input)),
    ("ListClusters", |world, call| clusters::list(world, &call.input)),
    ("DeleteCluster", |world, call| clusters::delete(world, &call.input)),
    ("TagResource", |world, call| tags::tag(world, &call.input)),
    ("UntagResource", |world, call| tags::untag(world, &call.input)),
    ("ListTagsForResource", |world, call| tags::list_tags(world, &call.input)),
    ("RegisterTaskDefinition", |world, call| task_definitions::register(world, &call.input)),
    ("DescribeTaskDefinition", |world, call| task_definitions::describe(world, &call.input)),
    ("DeregisterTaskDefinition", |world, call| task_definitions::deregister(world, &call.input)),
    ("ListTaskDefinitions", |world, call| task_definition_lists::list(world, &call.input)),
    ("ListTaskDefinitionFamilies", |world, call| task_definition_lists::families(world, &call.input)),
    ("DeleteTaskDefinitions", |world, call| task_definition_lists::delete(world, &call.input)),
    ("CreateService", |world, call| services::create(world, &call.input)),
    ("UpdateService", |world, call| services::update(world, &call.input)),
    ("DeleteService", |world, call| services::delete(world, &call.input)),
    ("DescribeServices", |world, call| service_lists::describe_all(world, &call.input)),
    ("ListServices", |world, call| service_lists::list(world, &call.input)),
    ("RunTask", |world, call| run_task::run(world, &call.input)),
    ("ListTasks", |world, call| task_calls::list(world, &call.input)),
    ("DescribeTasks", |world, call| task_calls::describe_all(world, &call.input)),
    ("StopTask", |world, call| task_calls::stop(world, &call.input)),
    ("ListServiceDeployments", |world, call| deployment_calls::list(world, &call.input)),
    ("DescribeServiceDeployments", |world, call| deployment_calls::describe_all(world, &call.input)),
    ("StopServiceDeployment", |world, call| deployment_calls::stop(world, &call.input)),
    ("ContinueServiceDeployment", |world, call| deployment_calls::go_on(world, &call.input)),
    ("DescribeServiceRevisions", |world, call| revisions::describe(world, &call.input)),
];
