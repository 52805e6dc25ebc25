//! The next step that takes a preview away, from whatever is there: traffic first, then tasks, then what they stood in.

use super::{
    claim::Claim,
    raise,
    seen::{Life, Seen, Tasks},
};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another job goes on.
    GiveWay(Claim),
    /// Say who is at it.
    Claim,
    /// Take the rule away.
    RemoveRule(String),
    /// Take its own service out of a network, by the association's ARN.
    Leave(String),
    /// Take its own service away, its listener with it.
    RemoveService(String),
    /// Stop its tasks and delete its ECS service.
    Stop(String),
    /// Deregister one of its task definitions.
    Deregister(String),
    /// Deregister what nobody stops any more.
    Empty,
    /// Take its target group away.
    RemoveGroup(String),
    /// Look again later, with what is waited for.
    Wait(&'static str),
    /// There is nothing left.
    Done,
}

/// The next step. What can be begun is begun before anything is waited for.
#[must_use]
pub fn next(seen: &Seen, claim: &Claim) -> Step {
    if let Some(group) = seen.group.as_ref().filter(|group| group.life != Life::Going) {
        match &group.claim {
            Some(other) if other.goes_before(claim) => return Step::GiveWay(other.clone()),
            Some(ours) if ours.is_of(claim) => {}
            Some(_) | None => return Step::Claim,
        }
    }
    if let Some(rule) = seen.rules.first() {
        return Step::RemoveRule(rule.arn.clone());
    }
    let mut waits = None;
    if let Some(own) = &seen.own {
        match raise::leave(own) {
            raise::Leaving::Leave(arn) => return Step::Leave(arn),
            raise::Leaving::Remove(arn) => return Step::RemoveService(arn),
            raise::Leaving::Wait(what) => waits = Some(what),
        }
    }
    match &seen.tasks {
        Tasks::Active { arn, .. } => return Step::Stop(arn.clone()),
        Tasks::Draining => waits = waits.or(Some("its tasks to stop")),
        Tasks::Absent => {}
    }
    if let Some(arn) = seen.definitions.first() {
        return Step::Deregister(arn.clone());
    }
    if let Some(what) = waits {
        return Step::Wait(what);
    }
    let Some(group) = &seen.group else { return Step::Done };
    match group {
        _ if group.life == Life::Going => Step::Wait("its target group to be gone"),
        _ if group.life == Life::Coming => Step::Wait("its target group, which is still being made"),
        _ if group.targets > 0 => Step::Empty,
        _ if group.draining > 0 => Step::Wait("its targets to drain"),
        _ => Step::RemoveGroup(group.arn.clone()),
    }
}
