//! Doing a deployment's steps as time goes by.

use std::time::Duration;

use serde_json::Value;

use super::{
    plan::{self, Act, Pair, Progress},
    rules,
};
use crate::sandbox::{
    ecs::{
        alarms, breaker,
        clusters::{text, texts},
        deployments::{complete, finish},
        describe_tasks::uuid,
        rollback::{self, Cause},
        scheduler,
        state::{HookRun, Port, Rollout},
    },
    world::World,
};

/// Reads the rules and makes the plan; a service deployment whose rules are not as ECS asks for fails here.
pub(crate) fn start(world: &mut World, place: usize) {
    let Some(service) = world.ecs.services.get(place) else { return };
    let Some(primary) = service.primary() else { return };
    let (arn, green, spec) = (service.arn.clone(), primary.id.clone(), primary.spec.clone());
    let blue = service.last_completed.as_ref().map(|last| last.id.clone());
    let blue = blue.filter(|id| service.deployments.iter().any(|known| known.id == *id));
    // Others than the two are what an abandoned deployment left.
    let reconcile = service.deployments.iter().any(|known| known.id != green && Some(&known.id) != blue.as_ref());
    let configurations = spec.get("vpcLatticeConfigurations").and_then(Value::as_array).cloned().unwrap_or_default();
    let abandoned = abandoned(world, &arn).filter(|_| reconcile);
    let pairs = match abandoned.map_or_else(|| rules::pairs(world, &configurations), Ok) {
        Ok(pairs) => pairs,
        Err(why) => return rollback::fail(world, place, &Cause::Rules(why), true),
    };
    let Some(service) = world.ecs.services.get_mut(place) else { return };
    let Some(primary) = service.deployments.first_mut() else { return };
    let moved = primary.groups.iter().zip(&pairs).map(|(port, pair)| {
        let group = if blue.is_some() { &pair.green } else { &pair.blue };
        Port { group: group.clone(), port: port.port }
    });
    primary.groups = moved.collect();
    let (groups, revision) = (primary.groups.clone(), primary.revision.clone());
    if let Some(known) = world.ecs.revisions.iter_mut().find(|known| known.arn == revision) {
        known.groups = groups;
    }
    let knobs = world.scenario.knobs.clone();
    let test = pairs.iter().any(|pair| pair.test.is_some());
    let Some(current) = world.ecs.under_way_mut(&arn) else { return };
    let plan = plan::forward(&current.configuration, &knobs, test, blue.is_some(), reconcile);
    current.progress = Some(Progress { pairs, plan, at: 0, since: None, blue, green, production: 0.0, test: 0.0, back: false });
}

/// The pairs of the newest deployment that was given up, which its rules may not show any more.
fn abandoned(world: &World, service_arn: &str) -> Option<Vec<Pair>> {
    let ended = world.ecs.service_deployments.iter().rev().filter(|known| known.service_arn == service_arn);
    let last = ended.filter(|known| known.finished_at.is_some()).find_map(|known| known.progress.as_ref())?;
    Some(last.pairs.clone())
}

/// Turns a deployment back to blue, whose tasks still run. False when it is none of these, or blue's tasks are gone.
pub(crate) fn turn_back(world: &mut World, place: usize, blue: &str) -> bool {
    let Some(service) = world.ecs.services.get_mut(place) else { return false };
    let (arn, green) = (service.arn.clone(), service.primary().map(|primary| primary.id.clone()).unwrap_or_default());
    let Some(old) = service.deployments.iter().position(|known| known.id == blue) else { return false };
    let knobs = world.scenario.knobs.clone();
    let Some(current) = world.ecs.under_way_mut(&arn) else { return false };
    let progressive = super::super::deployments::strategy(&current.configuration) != "ROLLING";
    if !progressive {
        return false;
    }
    let progress = current.progress.get_or_insert_with(|| Progress {
        pairs: Vec::new(),
        plan: Vec::new(),
        at: 0,
        since: None,
        blue: Some(blue.to_owned()),
        green,
        production: 0.0,
        test: 0.0,
        back: true,
    });
    if progress.reached(&Act::CleanUp) && !progress.back {
        return false;
    }
    let (shifted, tested) = (progress.production > 0.0, progress.test > 0.0);
    progress.plan = plan::backward(&knobs, shifted, tested);
    (progress.at, progress.since, progress.back) = (0, None, true);
    current.deployment = blue.to_owned();
    if let Some(service) = world.ecs.services.get_mut(place) {
        let serving = service.deployments.remove(old);
        service.deployments.insert(0, serving);
        service.steady = false;
    }
    true
}

/// Keeps both sides at their size and does the steps that are due. False when no such deployment is under way.
pub(crate) fn reconcile(world: &mut World, place: usize) -> bool {
    let Some(service) = world.ecs.services.get(place).filter(|service| progress(world, &service.arn).is_some()) else {
        return false;
    };
    let arn = service.arn.clone();
    breaker::watch(world, place);
    alarms::watch(world, place);
    keep(world, place, &arn);
    while progress(world, &arn).is_some() && advance(world, place, &arn) {}
    true
}

fn progress<'a>(world: &'a World, arn: &str) -> Option<&'a Progress> {
    world.ecs.under_way(arn)?.progress.as_ref()
}

fn change(world: &mut World, arn: &str, change: impl FnOnce(&mut Progress)) {
    let now = world.now;
    if let Some(current) = world.ecs.under_way_mut(arn) {
        current.updated_at = now;
        if let Some(progress) = &mut current.progress {
            change(progress);
        }
    }
}

/// Both sides run the desired count, as far as they are to run at all.
fn keep(world: &mut World, place: usize, arn: &str) {
    let Some(progress) = progress(world, arn) else { return };
    let cleaning = progress.reached(&Act::CleanUp);
    let green = progress.reached(&Act::ScaleUp) && !progress.back;
    let blue = progress.back || !cleaning;
    let sides = [Some(progress.green.clone()).filter(|_| green), progress.blue.clone().filter(|_| blue)];
    let desired = world.ecs.services.get(place).map_or(0, |service| service.desired);
    for side in sides.into_iter().flatten() {
        let live = scheduler::count(world, place, &side).live;
        if live > desired {
            scheduler::stop_of(world, place, |deployment| deployment == side, live - desired);
        } else if live < desired {
            scheduler::fill(world, place, &side, desired - live);
        }
    }
}

/// Begins or ends one step; false when there is nothing to do now.
fn advance(world: &mut World, place: usize, arn: &str) -> bool {
    let now = world.now;
    let Some(progress) = progress(world, arn).cloned() else { return false };
    let Some(step) = progress.plan.get(progress.at) else {
        end(world, place, &progress);
        return false;
    };
    let Some(since) = progress.since else {
        change(world, arn, |progress| progress.since = Some(now));
        return match begin(world, place, arn, &progress, &step.act) {
            Ok(()) => true,
            Err(why) => {
                rollback::fail(world, place, &Cause::Rules(why), !progress.back);
                !progress.back
            }
        };
    };
    let done = match &step.act {
        Act::Wait(wait) => over(world, since + *wait),
        Act::ScaleUp => {
            let (count, desired) = (scheduler::count(world, place, &progress.green), desired(world, place));
            count.ready == desired && count.live == desired
        }
        Act::Hooks(_) => return hooks(world, place, arn),
        Act::DropOthers => others(world, place, &[Some(&progress.green), progress.blue.as_ref()]) == 0,
        Act::CleanUp => others(world, place, &[Some(staying(&progress))]) == 0,
        Act::Production(_) | Act::Test(_) => true,
    };
    if done {
        change(world, arn, |progress| (progress.at, progress.since) = (progress.at + 1, None));
    }
    done
}

fn desired(world: &World, place: usize) -> usize {
    world.ecs.services.get(place).map_or(0, |service| service.desired)
}

/// The side that runs on.
fn staying(progress: &Progress) -> &String {
    progress.blue.as_ref().filter(|_| progress.back).unwrap_or(&progress.green)
}

fn over(world: &mut World, until: crate::clock::Timestamp) -> bool {
    if until > world.now {
        world.ecs.wake_at(until);
    }
    until <= world.now
}

/// Stops the tasks of all deployments but these; how many are left.
fn others(world: &mut World, place: usize, keep: &[Option<&String>]) -> usize {
    let kept = |id: &str| keep.iter().flatten().any(|known| *known == id);
    scheduler::stop_of(world, place, |deployment| !kept(deployment), usize::MAX);
    let Some(service) = world.ecs.services.get(place) else { return 0 };
    let ids = service.deployments.iter().map(|known| known.id.clone()).filter(|id| !kept(id)).collect::<Vec<_>>();
    let left = ids.iter().map(|id| scheduler::count(world, place, id).left).sum();
    if left == 0
        && let Some(service) = world.ecs.services.get_mut(place)
    {
        service.deployments.retain(|known| kept(&known.id));
    }
    left
}

fn begin(world: &mut World, place: usize, arn: &str, progress: &Progress, act: &Act) -> Result<(), String> {
    match act {
        Act::Production(percent) => {
            rules::shift(world, &progress.pairs, false, *percent)?;
            change(world, arn, |progress| progress.production = *percent);
        }
        Act::Test(percent) => {
            rules::shift(world, &progress.pairs, true, *percent)?;
            change(world, arn, |progress| progress.test = *percent);
        }
        Act::Hooks(stage) => pause(world, arn, stage),
        Act::ScaleUp => keep(world, place, arn),
        Act::Wait(_) | Act::DropOthers | Act::CleanUp => {}
    }
    Ok(())
}

/// Has the hooks of a stage wait for an action.
fn pause(world: &mut World, arn: &str, stage: &str) {
    let Some(current) = world.ecs.under_way(arn) else { return };
    let hooks = current.configuration.get("lifecycleHooks").and_then(Value::as_array).cloned().unwrap_or_default();
    for hook in hooks.iter().filter(|hook| texts(hook, "lifecycleStages").contains(&stage)) {
        let timeout = hook.get("timeoutConfiguration");
        let minutes = timeout.and_then(|timeout| timeout.get("timeoutInMinutes")?.as_u64()).unwrap_or(1440);
        let action = timeout.and_then(|timeout| text(timeout, "action")).unwrap_or("ROLLBACK").to_owned();
        let id = uuid(&world.uuid32(), 0);
        let expires_at = world.now + Duration::from_secs(minutes * 60);
        if let Some(current) = world.ecs.under_way_mut(arn) {
            current.hooks.push(HookRun { id, status: "AWAITING_ACTION", expires_at, timeout_action: action });
        }
    }
}

/// Whether all hooks had their action; those whose time ran out get theirs here.
fn hooks(world: &mut World, place: usize, arn: &str) -> bool {
    let now = world.now;
    let Some(current) = world.ecs.under_way_mut(arn) else { return false };
    let mut back = None;
    for hook in current.hooks.iter_mut().filter(|hook| hook.status == "AWAITING_ACTION" && hook.expires_at <= now) {
        hook.status = "TIMED_OUT";
        if hook.timeout_action == "ROLLBACK" {
            back = Some(format!("Service deployment rolled back because lifecycle hook {} timed out.", hook.id));
        }
    }
    let waiting = current.hooks.iter().filter(|hook| hook.status == "AWAITING_ACTION").map(|hook| hook.expires_at).min();
    if let Some(why) = back {
        rollback::fail(world, place, &Cause::Hook(why), true);
        return true;
    }
    if let Some(at) = waiting {
        world.ecs.wake_at(at);
        return false;
    }
    change(world, arn, |progress| (progress.at, progress.since) = (progress.at + 1, None));
    true
}

/// The last step is done.
fn end(world: &mut World, place: usize, progress: &Progress) {
    if progress.back {
        if let Some(primary) = world.ecs.services.get_mut(place).and_then(|service| service.deployments.first_mut()) {
            primary.rollout = Rollout::Completed;
        }
        return finish(world, place, "SUCCESSFUL", None);
    }
    complete(world, place);
}
