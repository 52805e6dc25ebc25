//! What becomes of a call: the scenario's faults, in the driver's words.

use std::{collections::BTreeMap, time::Duration};

use espalier::{
    rollout::observation::RefusalKind,
    sandbox::direct::{self, Direct, Effect},
    time::Timestamp,
};
use serde_json::Value;

/// A write that is still under way when its sender has given it up.
#[derive(Clone, Debug)]
pub(crate) struct LateWrite {
    pub(crate) lands: Timestamp,
    pub(crate) what: Late,
}

/// What lands.
#[derive(Clone, Debug)]
pub(crate) enum Late {
    Action { target: String, action: direct::Action },
    Size { service: String, count: usize },
    Launch { service: String, task_definition: String, count: usize },
}

impl Late {
    /// Nobody hears how it goes: what it is about may be gone by now.
    pub(super) fn land(self, world: &mut Direct) {
        match self {
            Self::Action { target, action } => {
                world.note("late", format!("a write to {target} lands now"));
                let _answer_to_nobody = world.write_action(&target, action);
            }
            Self::Size { service, count } => {
                world.note("late", format!("{service} is to have {count} tasks"));
                world.set_desired(&service, count);
            }
            Self::Launch { service, task_definition, count } => {
                world.note("late", format!("{service} is to have {count} tasks of {task_definition}"));
                let _answer_to_nobody = world.launch(&service, &task_definition, count);
            }
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Refused(RefusalKind),
    /// Done, but the answer is lost.
    Unheard,
    /// Not answered, and done so much later.
    Late(Duration),
    /// All but the last item.
    Partial,
}

pub(super) fn fate(world: &mut Direct, service: &'static str, operation: &str) -> Fate {
    let reads = ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb));
    match world.strike(service, operation, !reads) {
        None => Fate::Done,
        Some(Effect::Partial) => Fate::Partial,
        Some(Effect::Throttle | Effect::Conflict | Effect::Error500 | Effect::Hang) => Fate::Refused(RefusalKind::Transient),
        Some(Effect::Denied) => Fate::Refused(RefusalKind::Permanent),
        Some(Effect::DropAfterWrite) => Fate::Unheard,
        Some(Effect::LateWrite(seconds)) => Fate::Late(Duration::from_secs(seconds)),
    }
}

/// A call that has no late effect.
pub(super) fn call(world: &mut Direct, service: &'static str, operation: &str) -> Result<(), RefusalKind> {
    match fate(world, service, operation) {
        Fate::Done | Fate::Partial => Ok(()),
        Fate::Refused(kind) => Err(kind),
        Fate::Unheard | Fate::Late(_) => Err(RefusalKind::Transient),
    }
}

/// A call that changes something, done as the sandbox does it; what it refuses is refused for good.
pub(super) fn act(
    world: &mut Direct,
    service: &'static str,
    operation: &str,
    labels: &[&str],
    input: Value,
) -> Result<Value, RefusalKind> {
    let fate = fate(world, service, operation);
    if let Fate::Refused(kind) = fate {
        return Err(kind);
    }
    if let Fate::Late(_) = fate {
        return Err(RefusalKind::Transient);
    }
    let done = world.call(service, operation, labels, input).map_err(|_| RefusalKind::Permanent);
    if fate == Fate::Unheard { Err(RefusalKind::Transient) } else { done }
}

pub(super) fn tag(world: &mut Direct, arn: &str, tags: BTreeMap<String, String>) -> Result<(), RefusalKind> {
    let fate = fate(world, "vpc-lattice", "TagResource");
    if let Fate::Refused(kind) = fate {
        return Err(kind);
    }
    let there = world.write_tags(arn, tags);
    match fate {
        Fate::Done | Fate::Partial if there => Ok(()),
        Fate::Done | Fate::Partial => Err(RefusalKind::Permanent),
        Fate::Refused(_) | Fate::Unheard | Fate::Late(_) => Err(RefusalKind::Transient),
    }
}
