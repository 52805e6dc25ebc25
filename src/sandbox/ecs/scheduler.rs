//! The scheduler: compares what runs with what is wanted, and does the next thing.

use super::{
    alarms, breaker,
    deployments::{self, complete, finish},
    events::event,
    health, progressive,
    rollback::{self, Cause},
    state::{Rollout, ServiceStatus, Stop, TaskStatus},
    stopping, tasks,
};
use crate::{clock::Timestamp, sandbox::world::World};

/// When something happens in ECS next.
pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    [world.ecs.wake, tasks::next_event(world)].into_iter().flatten().min()
}

/// Does what is due now.
pub(crate) fn on_time(world: &mut World) {
    tasks::step(world);
    health::observe(world);
    if world.ecs.wake.is_some_and(|wake| wake <= world.now) {
        world.ecs.wake = None;
        (0..world.ecs.services.len()).for_each(|place| reconcile(world, place));
    }
}

/// How many tasks of one deployment there are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// Meant to run.
    pub(crate) live: usize,
    /// RUNNING, and healthy wherever they are registered.
    pub(crate) ready: usize,
    /// Not STOPPED yet.
    pub(crate) left: usize,
}

/// How many tasks of a service's deployment there are.
pub(crate) fn count(world: &World, place: usize, deployment: &str) -> Count {
    let mut count = Count::default();
    let Some(service) = world.ecs.services.get(place) else { return count };
    for task in world.ecs.tasks.iter().filter(|task| task.deployment == deployment && service.owns(task)) {
        count.live += usize::from(task.wanted());
        count.ready += usize::from(task.wanted() && task.status == TaskStatus::Running && task.healthy);
        count.left += usize::from(task.status != TaskStatus::Stopped);
    }
    count
}

fn reconcile(world: &mut World, place: usize) {
    let Some(status) = world.ecs.services.get(place).map(|service| service.status) else { return };
    match status {
        ServiceStatus::Inactive => {}
        ServiceStatus::Draining => drain(world, place),
        ServiceStatus::Active if rests(world, place) => {}
        ServiceStatus::Active => {
            deployments::start(world, place);
            obey(world, place);
            // A deployment that is not ROLLING has its own order of things.
            if !progressive::reconcile(world, place) {
                breaker::watch(world, place);
                alarms::watch(world, place);
                stop_surplus(world, place);
                start_missing(world, place);
            }
            settle(world, place);
        }
    }
}

/// A service that wants no task and has none, and has said so.
fn rests(world: &World, place: usize) -> bool {
    world.ecs.services.get(place).is_some_and(|service| {
        let has_said_so = service.steady && service.deployments.len() == 1;
        let is_done = service.primary().is_some_and(|primary| primary.rollout == Rollout::Completed);
        let is_idle = service.desired == 0 && world.ecs.under_way(&service.arn).is_none();
        has_said_so && is_done && is_idle && !world.ecs.tasks.iter().any(|task| service.owns(task))
    })
}

/// Does what `StopServiceDeployment` asked for.
fn obey(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let asked = |current: &super::state::ServiceDeployment| current.status == "ROLLBACK_REQUESTED" && current.rollback.is_none();
    if world.ecs.under_way(&service.arn).is_some_and(asked) {
        rollback::fail(world, place, &Cause::Stopped, true);
    }
}

/// A deleted service: all tasks stop, then it is INACTIVE.
fn drain(world: &mut World, place: usize) {
    stop_of(world, place, |_| true, usize::MAX);
    let Some(service) = world.ecs.services.get(place) else { return };
    if world.ecs.tasks.iter().any(|task| service.owns(task) && task.status != TaskStatus::Stopped) {
        return;
    }
    finish(world, place, "STOPPED", Some("The service was deleted."));
    let arn = world.ecs.services.get(place).map(|service| service.arn.clone()).unwrap_or_default();
    world.ecs.tags.remove(&arn);
    if let Some(service) = world.ecs.services.get_mut(place) {
        service.status = ServiceStatus::Inactive;
        service.deployments.clear();
    }
}

/// Stops tasks that are too many: those of the PRIMARY deployment over the desired count, and the older ones as far as
/// `minimumHealthyPercent` allows and the new ones are ready to stand in.
fn stop_surplus(world: &mut World, place: usize) {
    let Some((service, primary)) = world.ecs.services.get(place).and_then(|service| Some((service, service.primary()?))) else {
        return;
    };
    let desired = service.desired;
    if service.deployments.len() == 1 && count(world, place, &primary.id).live <= desired {
        return;
    }
    let minimum = scaled(desired, service.percent("minimumHealthyPercent", 100)).div_ceil(100);
    let maximum = scaled(desired, service.percent("maximumPercent", 200)) / 100;
    let older = service.deployments.iter().skip(1).map(|older| (older.id.clone(), older.rollout)).collect::<Vec<_>>();
    let (primary, stalled) = (primary.id.clone(), primary.rollout == Rollout::Failed);
    // Those of a deployment that failed are of no use to anybody.
    for (id, _) in older.iter().filter(|(_, rollout)| *rollout == Rollout::Failed) {
        stop_of(world, place, |deployment| deployment == id, usize::MAX);
    }
    // What failed and goes nowhere replaces nobody.
    if stalled {
        return;
    }
    let new = count(world, place, &primary);
    if new.live > desired {
        stop_of(world, place, |deployment| deployment == primary, new.live - desired);
    }
    let new = count(world, place, &primary);
    let old = older.iter().map(|(id, _)| count(world, place, id));
    let (mut live, mut ready) = old.fold((0, 0), |(live, ready), count| (live + count.live, ready + count.ready));
    let mut surplus = 0;
    while live > 0 {
        let replaced = new.ready + live > desired;
        let in_the_way = new.live < desired && new.live + live >= maximum;
        // Those that are not ready go first and are missed by nobody.
        let takes_ready = live <= ready;
        if !(replaced || in_the_way) || (takes_ready && new.ready + ready < minimum + 1) {
            break;
        }
        live -= 1;
        ready -= usize::from(takes_ready);
        surplus += 1;
    }
    stop_of(world, place, |deployment| deployment != primary, surplus);
}

fn scaled(desired: usize, percent: u64) -> usize {
    desired.saturating_mul(usize::try_from(percent).unwrap_or(usize::MAX))
}

/// Stops up to so many tasks: those that are not ready first, then the newest.
pub(crate) fn stop_of(world: &mut World, place: usize, of: impl Fn(&str) -> bool, at_most: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let tasks = world.ecs.tasks.iter().enumerate().rev();
    let mut chosen = tasks.filter(|(_, task)| service.owns(task) && task.wanted() && of(&task.deployment)).collect::<Vec<_>>();
    chosen.sort_by_key(|(_, task)| task.status == TaskStatus::Running && task.healthy);
    let chosen = chosen.into_iter().take(at_most).map(|(index, _)| index).collect::<Vec<_>>();
    if chosen.is_empty() {
        return;
    }
    let by = service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
    let reason = format!("Scaling activity initiated by (deployment {by})");
    let stop = Stop { at: world.now, code: "ServiceSchedulerInitiated", reason, exit: Some((0, None)) };
    stopping::stop_many(world, place, &chosen, &stop);
}

/// Starts what the PRIMARY deployment lacks, within `maximumPercent`; none of a failed one.
fn start_missing(world: &mut World, place: usize) {
    let Some((service, primary)) = world.ecs.services.get(place).and_then(|service| Some((service, service.primary()?))) else {
        return;
    };
    if primary.rollout == Rollout::Failed {
        return;
    }
    let lacks = service.desired.saturating_sub(count(world, place, &primary.id).live);
    if lacks == 0 {
        return;
    }
    let all = world.ecs.tasks.iter().filter(|task| service.owns(task) && task.wanted()).count();
    let maximum = scaled(service.desired, service.percent("maximumPercent", 200)) / 100;
    let missing = lacks.min(maximum.saturating_sub(all));
    if missing == 0 {
        return;
    }
    let id = primary.id.clone();
    fill(world, place, &id, missing);
}

/// Starts so many tasks of a deployment, later where it has just failed.
pub(crate) fn fill(world: &mut World, place: usize, id: &str, missing: usize) {
    let find = |world: &World| {
        let service = world.ecs.services.get(place)?;
        let deployment = service.deployments.iter().find(|known| known.id == id)?;
        Some((deployment.not_before, deployment.failed))
    };
    let Some((at, before)) = find(world) else { return };
    if at > world.now {
        return world.ecs.wake_at(at);
    }
    tasks::start(world, place, id, missing);
    // Nothing was placed: nothing else will have the scheduler look again.
    if let Some((at, _)) = find(world).filter(|(_, failed)| *failed > before) {
        let soon = world.now + std::time::Duration::from_secs(world.scenario.knobs.scheduler.max(1));
        world.ecs.wake_at(at.max(soon));
    }
}

/// Forgets deployments whose tasks are all gone, completes the PRIMARY one, and announces the steady state.
fn settle(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    // Those of a deployment that is under way are its own business.
    if world.ecs.under_way(&service.arn).is_some_and(|current| current.progress.is_some()) {
        return;
    }
    let gone = service.deployments.iter().skip(1).filter(|older| count(world, place, &older.id).left == 0);
    let gone = gone.map(|older| older.id.clone()).collect::<Vec<_>>();
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    service.deployments.retain(|deployment| !gone.contains(&deployment.id));
    let Some(service) = world.ecs.services.get(place) else { return };
    let Some(primary) = service.primary() else { return };
    let now = count(world, place, &primary.id);
    let whole = now.ready == service.desired && now.live == service.desired && service.deployments.len() == 1;
    let rollout = primary.rollout;
    if whole && rollout == Rollout::InProgress {
        let arn = service.arn.clone();
        if !alarms::baking(world, &arn) {
            complete(world, place);
        }
    }
    let Some(service) = world.ecs.services.get(place) else { return };
    if whole && now.left == now.live && !service.steady && rollout != Rollout::Failed {
        let message = format!("(service {}) has reached a steady state.", service.name);
        event(world, place, message);
        if let Some(service) = world.ecs.services.get_mut(place) {
            service.steady = true;
        }
    }
}
