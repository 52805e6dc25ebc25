//! The next step that brings a preview up, from whatever is there.

use super::{
    claim::Claim,
    reach::{Full, Reach, Room, Way, choose, priority},
    seen::{Life, Own, Seen, Tasks},
};

/// How it is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By a rule on the real service.
    Rule,
    /// By a service of its own.
    Service,
}

/// What a job wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who it is.
    pub claim: &'a Claim,
    /// How it is to be reached.
    pub kind: Kind,
    /// The networks, by id, that a service of its own is to be in.
    pub networks: &'a [String],
    /// The task definition that the job has registered.
    pub task_definition: Option<&'a str>,
    /// The job has told ECS what to run.
    pub launched: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody else's has the name: nothing is written.
    Refuse(String),
    /// Another job goes on.
    GiveWay(Claim),
    /// Make the target group.
    MakeGroup,
    /// Take away a target group that could not be made.
    RemoveGroup(String),
    /// Say who is at it.
    Claim,
    /// Make the rule.
    MakeRule,
    /// Take a rule away that is not wanted, or says something else.
    RemoveRule(String),
    /// Make the service.
    MakeService,
    /// Give the service the real one's auth policy.
    Guard(String),
    /// Give the service its listener.
    Listen(String),
    /// Put the service into a network.
    Join {
        /// The service's ARN.
        service: String,
        /// The network's id.
        network: String,
    },
    /// Take the service out of a network, by the association's ARN.
    Leave(String),
    /// Take away a service that is not wanted, or could not be made.
    RemoveService(String),
    /// Register the task definition.
    Register,
    /// Create the ECS service.
    Create,
    /// Have the ECS service run what was registered.
    Update,
    /// All is there: watch until it is healthy.
    Watch,
    /// Look again later, with what is waited for.
    Wait(&'static str),
}

/// How it is to be reached: what is there stays where the config allows it; else as there is room.
///
/// # Errors
/// Only a rule would do, and there is no room for one.
pub fn kind(seen: &Seen, reach: Reach, room: Result<&Room, Full>) -> Result<(Kind, Option<Full>), Full> {
    let has_own = seen.own.as_ref().is_some_and(|own| own.life != Life::Going);
    match reach {
        // Why there was no room may have changed; that there is none still counts.
        Reach::Auto if has_own => return Ok((Kind::Service, room.and_then(priority).err())),
        Reach::Auto | Reach::Header if !seen.rules.is_empty() => return Ok((Kind::Rule, None)),
        Reach::Auto | Reach::Header | Reach::Service => {}
    }
    Ok(match choose(reach, room)? {
        Way::Rule { .. } => (Kind::Rule, None),
        Way::Service { because } => (Kind::Service, because),
    })
}

/// The next step. Each is done once, and looked at afterwards: a step whose answer was lost is found done.
#[must_use]
pub fn next(seen: &Seen, wanted: &Wanted<'_>) -> Step {
    if let Some(name) = seen.foreign.first() {
        return Step::Refuse(name.clone());
    }
    let Some(group) = &seen.group else { return Step::MakeGroup };
    if let Some(other) = group.claim.as_ref().filter(|claim| claim.goes_before(wanted.claim)) {
        return Step::GiveWay(other.clone());
    }
    match &group.life {
        Life::Going => return Step::Wait("the old target group to be gone"),
        Life::Coming => return Step::Wait("the target group"),
        // Nothing refers to one that was never there.
        Life::Failed(_) => return Step::RemoveGroup(group.arn.clone()),
        Life::Ready => {}
    }
    if !group.claim.as_ref().is_some_and(|claim| claim.is_of(wanted.claim)) {
        return Step::Claim;
    }
    if let Some(step) = way(seen, wanted) {
        return step;
    }
    let Some(task_definition) = wanted.task_definition else { return Step::Register };
    match &seen.tasks {
        Tasks::Draining => Step::Wait("the tasks of the preview before to stop"),
        Tasks::Absent => Step::Create,
        Tasks::Active { task_definition: running, .. } if wanted.launched && running == task_definition => Step::Watch,
        Tasks::Active { .. } => Step::Update,
    }
}

/// What is still to be done so that it can be reached.
fn way(seen: &Seen, wanted: &Wanted<'_>) -> Option<Step> {
    let unwanted = |rule: &&super::seen::Rule| wanted.kind == Kind::Service || !rule.fits;
    if let Some(rule) = seen.rules.iter().find(unwanted).or_else(|| seen.rules.get(1)) {
        return Some(Step::RemoveRule(rule.arn.clone()));
    }
    match (wanted.kind, &seen.own) {
        (Kind::Rule, Some(own)) => Some(leave(own).into()),
        (Kind::Rule, None) => seen.rules.is_empty().then_some(Step::MakeRule),
        (Kind::Service, None) => Some(Step::MakeService),
        (Kind::Service, Some(own)) => settle(own, wanted.networks),
    }
}

/// What takes a service away.
pub(super) enum Leaving {
    /// Take it out of a network, by the association's ARN.
    Leave(String),
    /// Take it away.
    Remove(String),
    /// Look again later.
    Wait(&'static str),
}

impl From<Leaving> for Step {
    fn from(leaving: Leaving) -> Self {
        match leaving {
            Leaving::Leave(arn) => Self::Leave(arn),
            Leaving::Remove(arn) => Self::RemoveService(arn),
            Leaving::Wait(what) => Self::Wait(what),
        }
    }
}

/// The next step that takes a service away.
pub(super) fn leave(own: &Own) -> Leaving {
    if own.life == Life::Going {
        return Leaving::Wait("the preview's Lattice service to be gone");
    }
    let rest = || own.joined.iter().find(|joined| joined.life != Life::Going).map(|joined| Leaving::Leave(joined.arn.clone()));
    match (rest(), own.joined.is_empty()) {
        (Some(step), _) => step,
        (None, false) => Leaving::Wait("the preview's Lattice service to leave its network"),
        (None, true) => Leaving::Remove(own.arn.clone()),
    }
}

/// The next step that makes a service whole.
fn settle(own: &Own, networks: &[String]) -> Option<Step> {
    match &own.life {
        Life::Coming => return Some(Step::Wait("the preview's Lattice service")),
        Life::Going | Life::Failed(_) => return Some(leave(own).into()),
        Life::Ready => {}
    }
    // Before anybody can ask it anything.
    if !own.guarded {
        return Some(Step::Guard(own.arn.clone()));
    }
    if !own.listens {
        return Some(Step::Listen(own.arn.clone()));
    }
    for network in networks {
        match own.joined.iter().find(|joined| joined.network == *network).map(|joined| (&joined.life, &joined.arn)) {
            None => return Some(Step::Join { service: own.arn.clone(), network: network.clone() }),
            Some((Life::Failed(_), arn)) => return Some(Step::Leave(arn.clone())),
            Some((Life::Coming | Life::Going, _)) => return Some(Step::Wait("the service network")),
            Some((Life::Ready, _)) => {}
        }
    }
    None
}
