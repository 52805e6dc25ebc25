//! One side of a rollout, from one tick's reads. Pure.

use std::net::IpAddr;

use super::{
    ecs::{
        services::{EcsService, RolloutState},
        tasks::Task,
    },
    lattice::groups::{Target, TargetStatus},
};
use crate::rollout::observation::{Side, Tasks};

/// What the targets of one group, its ECS service and that service's tasks say together.
///
/// Without a recorded task definition the service's own counts as recorded: a stable side that no rollout has made yet.
/// Without a service there are no tasks, and no target is foreign.
#[must_use]
pub fn side(targets: &[Target], service: Option<&EcsService>, tasks: &[Task], recorded_task_definition: Option<&str>) -> Side {
    let mut side = Side::default();
    for target in targets {
        match &target.status {
            TargetStatus::Healthy => side.healthy += 1,
            TargetStatus::Unhealthy => {
                side.unhealthy += 1;
                count(&mut side.reasons, target.reason.as_deref().unwrap_or("no reason given"));
            }
            TargetStatus::Draining => side.draining += 1,
            TargetStatus::Unused | TargetStatus::Unavailable => side.unchecked += 1,
            // A status that we do not know is neither good news nor bad: the target counts as one that is not judged yet.
            TargetStatus::Initial | TargetStatus::Other(_) => side.initial += 1,
        }
    }
    side.tasks = service.map(|service| {
        let recorded = recorded_task_definition.unwrap_or(&service.task_definition);
        tasks_of(targets, service, tasks, recorded)
    });
    side
}

fn tasks_of(targets: &[Target], service: &EcsService, tasks: &[Task], recorded: &str) -> Tasks {
    let is_ours = |task: &&Task| same(&task.task_definition, recorded);
    let deploying = service.primary().filter(|deployment| same(&deployment.task_definition, recorded));
    // Having rolled back by itself, ECS's newest deployment runs another revision and ours stands beside it.
    let judged = deploying
        .or_else(|| service.deployments.iter().find(|deployment| same(&deployment.task_definition, recorded)))
        .filter(|deployment| deployment.rollout_state == Some(RolloutState::Failed));
    let complete = deploying.is_some_and(|deployment| match &deployment.rollout_state {
        Some(state) => *state == RolloutState::Completed,
        // Not every service has the member; then this is what ECS's own waiter goes by.
        None => service.deployments.len() == 1 && service.running == service.desired,
    });
    let is_short = service.running + service.pending < service.desired;
    let mut exited: Box<[_]> = tasks.iter().filter(is_ours).filter_map(Task::exited).collect();
    exited.sort_unstable();
    Tasks {
        desired: service.desired,
        running: service.running,
        current: number(tasks.iter().filter(is_ours).filter(|task| task.is_running()).count()),
        deploying_current: deploying.is_some(),
        complete,
        failed: judged.map(|deployment| deployment.rollout_reason.clone().unwrap_or_else(|| "ECS gave no reason".to_owned())),
        foreign_targets: foreign(targets, tasks, recorded),
        stopped: stopped(tasks.iter().filter(is_ours)),
        unplaced: deploying.and_then(|deployment| deployment.unplaced.as_deref()).filter(|_| is_short).map(Into::into),
        exited,
    }
}

/// Targets, not draining, at an address of no task of the recorded revision.
fn foreign(targets: &[Target], tasks: &[Task], recorded: &str) -> u32 {
    let has = |task: &Task, address: &str| task.addresses.iter().any(|own| same_address(own, address));
    let is_ours = |address: &str| {
        // Addresses are given again: a task that lives goes before one that stopped.
        let owner = tasks.iter().find(|task| !task.is_stopped() && has(task, address));
        owner
            .or_else(|| tasks.iter().find(|task| same(&task.task_definition, recorded) && has(task, address)))
            .is_some_and(|task| same(&task.task_definition, recorded))
    };
    let strangers = targets.iter().filter(|target| target.status != TargetStatus::Draining && !is_ours(&target.address)).count();
    // A running task in its host's network has no address of its own, so as many targets cannot be told from its.
    let hidden =
        tasks.iter().filter(|task| task.is_running() && task.addresses.is_empty() && same(&task.task_definition, recorded));
    number(strangers.saturating_sub(hidden.count()))
}

/// Why tasks stopped, newest first, each reason with how often.
fn stopped<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<(String, u32)> {
    let mut over: Vec<&Task> = tasks.filter(|task| task.stopped_reason.is_some()).filter(|task| !was_scaled_in(task)).collect();
    over.sort_by(|one, other| other.stopped_at.cmp(&one.stopped_at).then_with(|| one.arn.cmp(&other.arn)));
    let mut reasons = Vec::new();
    for task in over {
        let mut reason = task.stopped_reason.clone().unwrap_or_default();
        if let Some(code) = task.exit_code.filter(|code| *code != 0) {
            reason = format!("{reason} (exit code {code})");
        }
        if let Some(container) = &task.container_reason {
            reason = format!("{reason}: {container}");
        }
        count(&mut reasons, &reason);
    }
    reasons
}

/// Stopping what is no longer wanted is no failure. The text is ECS's for it, and it decides nothing: the list is for people.
fn was_scaled_in(task: &Task) -> bool {
    task.stopped_reason.as_deref().is_some_and(|reason| reason.starts_with("Scaling activity initiated by"))
}

fn count(reasons: &mut Vec<(String, u32)>, reason: &str) {
    match reasons.iter_mut().find(|(known, _)| known == reason) {
        Some((_, times)) => *times += 1,
        None => reasons.push((reason.to_owned(), 1)),
    }
}

/// An ARN and `family:revision` name the same task definition.
fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && one.rsplit('/').next() == other.rsplit('/').next()
}

/// IPv6 addresses have many spellings.
fn same_address(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<IpAddr>(), other.parse::<IpAddr>()), (Ok(one), Ok(other)) if one == other)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{super::ecs::services::EcsDeployment, *};
    use crate::time::Timestamp;

    const OURS: &str = "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:8";
    const THEIRS: &str = "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:7";

    fn target(address: &str, status: TargetStatus) -> Target {
        Target { address: address.to_owned(), port: Some(8080), status, reason: None }
    }

    fn failing(reason: Option<&str>) -> Target {
        Target { reason: reason.map(ToOwned::to_owned), ..target("10.0.0.9", TargetStatus::Unhealthy) }
    }

    fn task(task_definition: &str, status: &str, addresses: &[&str]) -> Task {
        Task {
            task_definition: task_definition.to_owned(),
            last_status: status.to_owned(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            ..Task::default()
        }
    }

    fn over(reason: &str, second: u64, exit_code: Option<i32>) -> Task {
        let stopped_at = Some(Timestamp::from_secs(second));
        Task { stopped_reason: Some(reason.to_owned()), stopped_at, exit_code, ..task(OURS, "STOPPED", &[]) }
    }

    fn deployment(status: &str, task_definition: &str, state: Option<RolloutState>) -> EcsDeployment {
        EcsDeployment {
            status: status.to_owned(),
            task_definition: task_definition.to_owned(),
            rollout_reason: Some(format!("about {}", task_definition.rsplit('/').next().unwrap_or_default())),
            rollout_state: state,
            ..EcsDeployment::default()
        }
    }

    fn service(deployments: Vec<EcsDeployment>) -> EcsService {
        EcsService {
            name: "app".to_owned(),
            arn: String::new(),
            status: "ACTIVE".to_owned(),
            desired: 3,
            running: 2,
            pending: 1,
            task_definition: OURS.to_owned(),
            deployments,
            vpc_lattice: Vec::new(),
            has_advanced_lattice: false,
            load_balancers: Vec::new(),
            has_registries: false,
            has_service_connect: false,
            strategy: None,
            controller: None,
            raw: serde_json::Value::Null,
        }
    }

    fn seen(targets: &[Target], deployments: Vec<EcsDeployment>, tasks: &[Task]) -> Tasks {
        side(targets, Some(&service(deployments)), tasks, Some(OURS)).tasks.expect("a service")
    }

    #[test]
    fn targets_are_counted_by_status_and_unhealthy_ones_by_reason() {
        use TargetStatus::{Draining, Healthy, Initial, Other, Unavailable, Unused};
        let statuses = [Healthy, Healthy, Initial, Other("RESTING".to_owned()), Draining, Unused, Unavailable];
        let mut targets: Vec<Target> = statuses.into_iter().map(|status| target("10.0.0.1", status)).collect();
        targets.extend([failing(Some("HealthCheckFailed")), failing(None), failing(Some("HealthCheckFailed"))]);
        let side = side(&targets, None, &[], None);
        assert_eq!((side.healthy, side.unhealthy, side.initial, side.draining, side.unchecked), (2, 3, 2, 1, 2));
        assert_eq!(side.reasons, [("HealthCheckFailed".to_owned(), 2), ("no reason given".to_owned(), 1)]);
        assert_eq!(side.tasks, None);
    }

    #[test]
    fn a_deployment_is_ours_complete_or_failed_by_its_task_definition() {
        use RolloutState::{Completed, Failed, InProgress};
        let failed = Some("about app:8".to_owned());
        let cases = [
            ("running ours", vec![deployment("PRIMARY", OURS, Some(InProgress))], (true, false, None)),
            ("ours is done", vec![deployment("PRIMARY", OURS, Some(Completed))], (true, true, None)),
            ("theirs is done", vec![deployment("PRIMARY", THEIRS, Some(Completed))], (false, false, None)),
            ("ours failed", vec![deployment("PRIMARY", OURS, Some(Failed))], (true, false, failed.clone())),
            (
                "ECS rolled back",
                vec![deployment("PRIMARY", THEIRS, Some(InProgress)), deployment("ACTIVE", OURS, Some(Failed))],
                (false, false, failed),
            ),
            (
                "ours is tried again",
                vec![deployment("PRIMARY", OURS, Some(InProgress)), deployment("ACTIVE", OURS, Some(Failed))],
                (true, false, None),
            ),
            (
                "theirs failed",
                vec![deployment("PRIMARY", OURS, Some(InProgress)), deployment("ACTIVE", THEIRS, Some(Failed))],
                (true, false, None),
            ),
            ("no state, not all running", vec![deployment("PRIMARY", OURS, None)], (true, false, None)),
            ("no deployment", vec![], (false, false, None)),
        ];
        for (what, deployments, expected) in cases {
            let tasks = seen(&[], deployments, &[]);
            assert_eq!((tasks.deploying_current, tasks.complete, tasks.failed), expected, "{what}");
        }
        let steady = EcsService { running: 3, ..service(vec![deployment("PRIMARY", OURS, None)]) };
        assert!(side(&[], Some(&steady), &[], Some(OURS)).tasks.is_some_and(|tasks| tasks.complete));
    }

    #[test]
    fn current_tasks_run_the_recorded_task_definition_however_it_is_written() {
        let tasks =
            [task(OURS, "RUNNING", &[]), task(OURS, "PENDING", &[]), task(THEIRS, "RUNNING", &[]), task("", "RUNNING", &[])];
        for (recorded, current) in [(Some(OURS), 1), (Some("app:8"), 1), (Some("app:7"), 1), (Some("app:9"), 0), (None, 1)] {
            let side = side(&[], Some(&service(Vec::new())), &tasks, recorded);
            let seen = side.tasks.expect("a service");
            assert_eq!((seen.current, seen.desired, seen.running), (current, 3, 2), "{recorded:?}");
        }
    }

    #[test]
    fn a_target_is_foreign_unless_a_task_of_the_recorded_revision_has_its_address() {
        use TargetStatus::{Draining, Healthy};
        let cases: [(&str, Vec<Target>, Vec<Task>, u32); 8] = [
            ("ours", vec![target("10.0.0.1", Healthy)], vec![task(OURS, "RUNNING", &["10.0.0.1"])], 0),
            ("theirs", vec![target("10.0.0.1", Healthy)], vec![task(THEIRS, "RUNNING", &["10.0.0.1"])], 1),
            ("nobody's", vec![target("10.0.0.1", Healthy)], vec![], 1),
            ("draining", vec![target("10.0.0.1", Draining)], vec![task(THEIRS, "RUNNING", &["10.0.0.1"])], 0),
            ("ours, stopped", vec![target("10.0.0.1", Healthy)], vec![task(OURS, "STOPPED", &["10.0.0.1"])], 0),
            (
                "an address given again",
                vec![target("10.0.0.1", Healthy)],
                vec![task(OURS, "STOPPED", &["10.0.0.1"]), task(THEIRS, "RUNNING", &["10.0.0.1"])],
                1,
            ),
            (
                "IPv6 spelt otherwise",
                vec![target("fd00:0:0::1", Healthy)],
                vec![task(OURS, "RUNNING", &["10.0.0.1", "fd00::1"])],
                0,
            ),
            (
                "in the host's network",
                vec![target("10.0.0.1", Healthy), target("10.0.0.2", Healthy)],
                vec![task(OURS, "RUNNING", &[]), task(OURS, "PENDING", &[])],
                1,
            ),
        ];
        for (what, targets, tasks, foreign) in cases {
            assert_eq!(seen(&targets, Vec::new(), &tasks).foreign_targets, foreign, "{what}");
        }
    }

    #[test]
    fn stopped_reasons_are_newest_first_and_counted() {
        let mut tasks = vec![
            over("Task failed to start", 10, None),
            over("Essential container in task exited", 30, Some(137)),
            over("Essential container in task exited", 20, Some(137)),
            over("Essential container in task exited", 25, Some(0)),
            over("Scaling activity initiated by (deployment ecs-svc/1)", 40, Some(0)),
        ];
        tasks[0].container_reason = Some("CannotPullContainerError".to_owned());
        tasks.push(Task { task_definition: THEIRS.to_owned(), ..over("of another revision", 50, None) });
        let stopped = seen(&[], Vec::new(), &tasks).stopped;
        let expected = [
            ("Essential container in task exited (exit code 137)", 2),
            ("Essential container in task exited", 1),
            ("Task failed to start: CannotPullContainerError", 1),
        ];
        assert_eq!(stopped, expected.map(|(reason, times)| (reason.to_owned(), times)));
    }
}
