//! A deployment that failed or was stopped, and the way back to the last completed one.

use super::{
    deployments::{deployment_id, finish},
    events::event,
    progressive,
    state::{Deployment, Rollback, Rollout},
};
use crate::sandbox::world::World;

/// Why a deployment does not go on. The words are the sandbox's where AWS documents none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The circuit breaker counted too many failures.
    Breaker,
    /// These alarms went to ALARM.
    Alarms(Vec<String>),
    /// `StopServiceDeployment`.
    Stopped,
    /// `ContinueServiceDeployment` with ROLLBACK, or a hook whose time ran out.
    Hook(String),
    /// The listener rules are not what ECS asks for, or could not be written.
    Rules(String),
}

impl Cause {
    /// The `rolloutStateReason` of what failed.
    fn rollout(&self) -> String {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Self::Alarms(names) => format!("ECS deployment failed: alarm detected: {}.", names.join(", ")),
            Self::Stopped => "ECS deployment was stopped by StopServiceDeployment.".to_owned(),
            Self::Hook(why) | Self::Rules(why) => format!("ECS deployment failed: {why}"),
        }
    }

    /// The event's end.
    fn event(&self) -> &str {
        match self {
            Self::Breaker => "tasks failed to start.",
            Self::Alarms(_) => "alarm detected.",
            Self::Stopped => "stopped by the user.",
            Self::Hook(why) | Self::Rules(why) => why,
        }
    }

    /// The `statusReason` of the service deployment, when it goes back.
    fn status(&self) -> String {
        match self {
            Self::Breaker => "Service deployment rolled back because the circuit breaker threshold was exceeded.".to_owned(),
            Self::Alarms(names) => format!("Service deployment rolled back because of alarms: {}.", names.join(", ")),
            Self::Stopped => "Service deployment rolled back because it was stopped by the user.".to_owned(),
            Self::Hook(why) | Self::Rules(why) => why.clone(),
        }
    }
}

/// The PRIMARY deployment is FAILED; with `back`, the last completed one takes its place. Without one to go back to, a rollback
/// fails where somebody asked for it, and the deployment stalls otherwise (developer guide, circuit breaker).
pub(crate) fn fail(world: &mut World, place: usize, cause: &Cause, back: bool) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let (name, service_arn, last) = (service.name.clone(), service.arn.clone(), service.last_completed.clone());
    let Some(primary) = service.deployments.first_mut() else { return };
    let id = primary.id.clone();
    (primary.rollout, primary.reason, primary.updated_at) = (Rollout::Failed, cause.rollout(), now);
    event(world, place, format!("(service {name}) (deployment {id}) deployment failed: {}", cause.event()));
    let Some(last) = last.filter(|_| back) else {
        let asked = matches!(cause, Cause::Stopped | Cause::Hook(_));
        let status = if back && asked { "ROLLBACK_FAILED" } else { "STOPPED" };
        let reason = if asked { "There is no completed deployment to roll back to.".to_owned() } else { cause.rollout() };
        return finish(world, place, status, Some(&reason));
    };
    event(world, place, format!("(service {name}) rolling back to deployment {}.", last.id));
    if let Some(current) = world.ecs.under_way_mut(&service_arn) {
        current.status = "ROLLBACK_IN_PROGRESS";
        current.status_reason = Some(cause.status());
        current.rollback = Some(Rollback { at: now, reason: cause.status(), revision: last.revision.clone() });
        current.updated_at = now;
        for hook in current.hooks.iter_mut().filter(|hook| hook.status == "AWAITING_ACTION") {
            hook.status = "FAILED";
        }
    }
    // Its tasks still run: they are kept, and the traffic goes back to them.
    if progressive::turn_back(world, place, &last.id) {
        return;
    }
    let new = deployment_id(world);
    let reason = match cause {
        Cause::Breaker => format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", last.id),
        Cause::Alarms(_) | Cause::Stopped | Cause::Hook(_) | Cause::Rules(_) => {
            format!("ECS deployment {new} in progress: rolling back to deploymentId {}.", last.id)
        }
    };
    let back = Deployment {
        id: new.clone(),
        reason,
        created_at: now,
        updated_at: now,
        rollout: Rollout::InProgress,
        failed: 0,
        not_before: now,
        ..last
    };
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.deployments.insert(0, back);
        service.steady = false;
    }
    if let Some(current) = world.ecs.under_way_mut(&service_arn) {
        current.deployment = new;
    }
}
