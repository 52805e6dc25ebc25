//! The slot that serves, where no ECS service has the name that the config gives it.

use super::preflight::Judged;
use crate::{
    aws::{
        Aws,
        ecs::services::EcsService,
        fault::Fault,
        lattice::groups::TargetStatus,
        survey::{Roles, SeenSlot, Survey},
    },
    exit::{Exit, Problem},
    verify::Code,
};

/// Who fills the slot that serves, while its ECS service does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfilled {
    /// Another ECS service of the cluster: the config names the wrong one.
    ByAnother(Judged),
    /// Nobody that is known, which may be meant: what follows from it, and the name that is given.
    ByNobody {
        /// What follows.
        what: String,
        /// The ECS service that is not there.
        name: String,
    },
}

/// What is to be said of it; none where all is well. The cluster is asked only where it is not.
pub(crate) async fn look(aws: &Aws, cluster: &str, survey: &Survey, roles: &Roles) -> Option<Unfilled> {
    slot(survey, roles)?;
    judge(cluster, survey, roles, &aws.services_of(cluster).await)
}

/// The same, where the cluster's services are read already.
pub(crate) fn judge(cluster: &str, survey: &Survey, roles: &Roles, there: &Result<Vec<EcsService>, Fault>) -> Option<Unfilled> {
    let (slot, name) = slot(survey, roles)?;
    let group = slot.group.as_ref()?;
    let fills = |service: &&EcsService| service.vpc_lattice.iter().any(|entry| entry.target_group == group.arn.as_str());
    let missing = format!(
        "there is no ECS service {name} in {}, and slot {} serves: its target group is {}",
        super::preflight::short(cluster),
        slot.wanted.name,
        group.name
    );
    let Some(other) = there.as_ref().ok().and_then(|services| services.iter().find(fills)) else {
        let what = format!(
            "{missing}. Nobody stops what is registered there once the candidate is promoted, its size is not known, and `rollback` cannot \
             start it again"
        );
        return Some(Unfilled::ByNobody { what, name: name.to_owned() });
    };
    let problem = Problem {
        message: format!("{missing}, which {} fills", other.name),
        hint: Some(format!("write `ecs_service: {}` for slot {}", other.name, slot.wanted.name)),
    };
    Some(Unfilled::ByAnother(Judged { exit: Exit::Invalid, code: Code::StableService, about: name.to_owned(), problem }))
}

/// The slot that serves and the name of its ECS service, which does not exist.
fn slot<'a>(survey: &'a Survey, roles: &Roles) -> Option<(&'a SeenSlot, &'a str)> {
    let slot = &survey.slots[roles.stable?];
    let serves = slot.targets.iter().any(|target| target.status != TargetStatus::Draining);
    let name = slot.wanted.ecs_service.as_deref()?;
    (slot.service.is_none() && serves).then_some((slot, name))
}
