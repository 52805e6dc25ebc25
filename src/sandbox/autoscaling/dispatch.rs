//! The operations that are emulated.

use super::{activities, policies, scheduled, targets};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("RegisterScalableTarget", |world, call| targets::register(world, &call.input)),
    ("DescribeScalableTargets", |world, call| targets::describe(world, &call.input)),
    ("DeregisterScalableTarget", |world, call| targets::deregister(world, &call.input)),
    ("PutScalingPolicy", |world, call| policies::put(world, &call.input)),
    ("DescribeScalingPolicies", |world, call| policies::describe(world, &call.input)),
    ("DeleteScalingPolicy", |world, call| policies::delete(world, &call.input)),
    ("PutScheduledAction", |world, call| scheduled::put(world, &call.input)),
    ("DescribeScheduledActions", |world, call| scheduled::describe(world, &call.input)),
    ("DeleteScheduledAction", |world, call| scheduled::delete(world, &call.input)),
    ("DescribeScalingActivities", |world, call| activities::describe(world, &call.input)),
];
