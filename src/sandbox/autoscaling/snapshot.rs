//! A look at what scales ECS services.

use serde_json::{Value, json};

use super::state::Target;
use crate::sandbox::world::World;

/// Every scalable target with the names of its policies and scheduled actions.
pub(crate) fn snapshot(world: &World) -> Value {
    let shown = |target: &Target| {
        let policies = world.scaling.policies.iter().filter(|policy| policy.resource == target.resource);
        let scheduled = world.scaling.scheduled.iter().filter(|action| action.resource == target.resource);
        json!({
            "resource": target.resource,
            "min": target.min,
            "max": target.max,
            "suspended": {
                "scale_in": target.suspended.scale_in,
                "scale_out": target.suspended.scale_out,
                "scheduled": target.suspended.scheduled,
            },
            "policies": policies.map(|policy| &policy.name).collect::<Vec<_>>(),
            "scheduled_actions": scheduled.map(|action| &action.name).collect::<Vec<_>>(),
        })
    };
    json!({ "targets": world.scaling.targets.iter().map(shown).collect::<Vec<_>>() })
}
