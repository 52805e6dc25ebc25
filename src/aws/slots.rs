//! The two slots of a rollout and the traffic targets between them: the machine's effects in AWS's terms.

use serde_json::{Value, json};

use super::{
    Aws,
    ecs::services::EcsService,
    fault::Fault,
    lattice::{
        action::{Action, ActionError, NamedGroup},
        groups::{Target, TargetStatus},
        ids::TargetGroupArn,
        traffic::TrafficTarget,
    },
    metrics::queries::Called,
    observe::side,
    test_rules::holds_no_weights,
};
use crate::{
    definition::request,
    rollout::{
        machine::{Desired, Role},
        observation::{LiveAction, Side},
        record::{Record, SlotRecord},
        split::Split,
    },
};

/// One ECS service and the target group that its tasks register in.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name, `a` or `b`.
    pub name: String,
    /// Its target group, with the name that people know.
    pub group: NamedGroup,
    /// Its target group's ARN.
    pub group_arn: TargetGroupArn,
    /// Its ECS service's name; none for groups that ECS does not fill.
    pub ecs_service: Option<String>,
    /// The task definition that it should run, as an ARN or `family:revision`.
    pub task_definition: Option<String>,
}

/// How the candidate's ECS service comes to run what is released.
#[derive(Clone, Debug)]
pub enum Launch {
    /// By the patched definition: the request bodies without their size, for a service that is missing and one that exists.
    Definition {
        /// Of `CreateService`.
        create: Value,
        /// Of `UpdateService`.
        update: Value,
        /// Different for each rollout.
        token: String,
    },
    /// By a task definition that it ran before; everything else of the service stays.
    Previous {
        /// The task definition.
        task_definition: String,
    },
    /// There is no ECS service.
    Nothing,
}

/// What a rollout moves.
#[derive(Clone, Debug)]
pub struct Slots {
    /// The ECS cluster of both slots.
    pub cluster: Option<String>,
    /// The traffic targets, each with its baseline.
    pub targets: Vec<(TrafficTarget, Action)>,
    /// What serves; none at bootstrap.
    pub stable: Option<Slot>,
    /// What is released.
    pub candidate: Slot,
    /// How it is launched.
    pub launch: Launch,
    /// Targets that nothing checks count as healthy: something else judges.
    pub unchecked: bool,
}

impl Slot {
    /// As a record knows it: its group is shown by its id.
    #[must_use]
    pub fn recorded(recorded: &SlotRecord) -> Self {
        let group_arn = TargetGroupArn::of(&recorded.group);
        let id = group_arn.id();
        Self {
            name: recorded.name.clone(),
            group: NamedGroup { name: id.to_string(), id },
            group_arn,
            ecs_service: recorded.ecs_service.clone(),
            task_definition: recorded.task_definition.clone(),
        }
    }
}

impl Slots {
    /// What a record knows, with the traffic targets and baselines that it leads to.
    #[must_use]
    pub fn recorded(record: &Record, targets: Vec<(TrafficTarget, Action)>, launch: Launch) -> Self {
        Self {
            cluster: record.cluster.clone(),
            targets,
            stable: record.stable.as_ref().map(Slot::recorded),
            candidate: Slot::recorded(&record.candidate),
            launch,
            unchecked: record.plan.health.unchecked,
        }
    }

    /// What a slot is called in metrics.
    pub(crate) fn called<'s>(&'s self, slot: &'s Slot) -> Called<'s> {
        Called { group: &slot.group.id, ecs_service: slot.ecs_service.as_deref(), cluster: self.cluster.as_deref() }
    }

    /// Every traffic target with the action that it shall have.
    ///
    /// # Errors
    /// When an action cannot be made; [`Slots::check`] finds all of these beforehand.
    pub fn actions(&self, desired: Desired) -> Result<Vec<(TrafficTarget, Action)>, ActionError> {
        self.targets.iter().map(|(target, baseline)| Ok((target.clone(), self.action(baseline, desired)?))).collect()
    }

    fn action(&self, baseline: &Action, desired: Desired) -> Result<Action, ActionError> {
        match (desired, &self.stable) {
            (Desired::Split(split), Some(stable)) => baseline.with_split(&stable.group.id, &self.candidate.group.id, split),
            (Desired::Split(_), None) => Ok(Action::alone(&self.candidate.group.id)),
            (Desired::BaselineBesideCandidate, _) => {
                Ok(baseline.beside(&self.candidate.group.id).unwrap_or_else(|| baseline.clone()))
            }
            (Desired::Baseline, _) => Ok(baseline.clone()),
        }
    }

    /// Every reason, for every traffic target, why a split could not be written.
    #[must_use]
    pub fn check(&self) -> Vec<(String, ActionError)> {
        let problem = |(target, baseline): &(TrafficTarget, Action)| {
            let error = self.action(baseline, Desired::Split(Split::CANDIDATE)).err()?;
            Some((target.label(), error))
        };
        self.targets.iter().filter_map(problem).collect()
    }

    /// Writes what every traffic target shall say.
    ///
    /// # Errors
    /// The first refusal; the write may have happened in part.
    pub async fn write(&self, aws: &Aws, desired: Desired) -> Result<(), Fault> {
        let actions = self.actions(desired).map_err(|error| Fault::invalid("UpdateRule", error.to_string()))?;
        aws.lattice.write_actions(&actions).await
    }

    /// What every traffic target says, in their order; none where one is gone.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn read_actions(&self, aws: &Aws) -> Result<Vec<Option<LiveAction>>, Fault> {
        let targets: Vec<TrafficTarget> = self.targets.iter().map(|(target, _)| target.clone()).collect();
        let read = aws.lattice.read_actions(&targets).await;
        let live = |(action, (_, baseline)): (Result<Option<Action>, Fault>, &(TrafficTarget, Action))| {
            let stable = self.stable.as_ref().map(|stable| &stable.group);
            Ok(action?.map(|action| action.live(baseline, stable, &self.candidate.group)))
        };
        read.into_iter().zip(&self.targets).map(live).collect()
    }

    /// How both sides are doing: targets, services and the candidate's tasks, read concurrently.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn read_sides(&self, aws: &Aws) -> Result<(Option<Side>, Side), Fault> {
        let candidate = &self.candidate;
        let (services, mut candidate_targets, mut stable_targets, mut tasks) = tokio::try_join!(
            self.read_services(aws),
            aws.lattice.list_targets(&candidate.group_arn),
            async {
                match &self.stable {
                    Some(stable) => aws.lattice.list_targets(&stable.group_arn).await,
                    None => Ok(Vec::new()),
                }
            },
            async {
                match (&self.cluster, &candidate.ecs_service) {
                    (Some(cluster), Some(service)) => match aws.ecs.running_tasks(cluster, service).await {
                        // It is created in the course of the rollout.
                        Err(fault) if fault.is_not_found() => Ok(Vec::new()),
                        tasks => tasks,
                    },
                    _ => Ok(Vec::new()),
                }
            },
        )?;
        if self.unchecked {
            candidate_targets.iter_mut().chain(&mut stable_targets).for_each(take_for_healthy);
        }
        let service = |slot: &Slot| {
            let name = slot.ecs_service.as_ref()?;
            services.iter().flatten().find(|service| service.name == *name && service.status == "ACTIVE")
        };
        let stable = self.stable.as_ref().map(|stable| {
            let mut side = side(&stable_targets, service(stable), &[], None);
            // Its tasks are not read, so whose its targets are is not judged either.
            if let Some(tasks) = &mut side.tasks {
                tasks.foreign_targets = 0;
            }
            side
        });
        // Which tasks stopped, and why, is asked for only while some are missing or their targets are drained: by then ECS may have
        // started others in their place. A target is drained for a minute at least, and no interval is longer. ECS counts no failed task
        // once one has run, so its own count does not tell. A reading does not fail for want of the answer.
        let drained = candidate_targets.iter().any(|target| target.status == TargetStatus::Draining);
        if let (Some(cluster), Some(service)) =
            (&self.cluster, service(candidate).filter(|service| drained || service.running < service.desired))
        {
            let stopped = aws.ecs.stopped_tasks(cluster, &service.name).await.unwrap_or_default();
            tasks.retain(|task| stopped.iter().all(|other| other.arn != task.arn));
            tasks.extend(stopped);
        }
        let recorded = candidate.task_definition.as_deref().filter(|_| candidate.ecs_service.is_some());
        Ok((stable, side(&candidate_targets, service(candidate), &tasks, recorded)))
    }

    /// How many targets of a side are healthy: one call.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn count_healthy(&self, aws: &Aws, role: Role) -> Result<u32, Fault> {
        let slot = match role {
            Role::Stable => self.stable.as_ref(),
            Role::Candidate => Some(&self.candidate),
        };
        let Some(slot) = slot else { return Ok(0) };
        Ok(healthy(&aws.lattice.list_targets(&slot.group_arn).await?, self.unchecked))
    }

    async fn read_services(&self, aws: &Aws) -> Result<Vec<Option<EcsService>>, Fault> {
        let names: Vec<&str> =
            self.stable.iter().chain([&self.candidate]).filter_map(|slot| slot.ecs_service.as_deref()).collect();
        match &self.cluster {
            Some(cluster) if !names.is_empty() => aws.ecs.describe_services(cluster, &names).await,
            Some(_) | None => Ok(Vec::new()),
        }
    }

    /// Creates the candidate's ECS service, or updates it, at this many tasks.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn launch(&self, aws: &Aws, count: u32) -> Result<(), Fault> {
        let (Some(cluster), Some(name)) = (&self.cluster, &self.candidate.ecs_service) else { return Ok(()) };
        match &self.launch {
            Launch::Nothing => Ok(()),
            Launch::Previous { task_definition } => {
                let body =
                    json!({ "cluster": cluster, "service": name, "taskDefinition": task_definition, "desiredCount": count });
                aws.ecs.update_service(&body).await.map(drop)
            }
            Launch::Definition { create, update, token } => {
                let described = aws.ecs.describe_services(cluster, &[name]).await?;
                let mut body = if let Some(there) = described.into_iter().flatten().find(|service| service.status == "ACTIVE") {
                    let mut body = update.clone();
                    request::clear(&mut body, &there.raw);
                    body["desiredCount"] = json!(count);
                    return aws.ecs.update_service(&body).await.map(drop);
                } else {
                    create.clone()
                };
                body["desiredCount"] = json!(count);
                // A repeated call after a lost answer is then the same call (ECS: up to 36 ASCII characters).
                body["clientToken"] = json!(format!("{token}-{count}"));
                aws.ecs.create_service(&body).await.map(drop)
            }
        }
    }

    /// Sets how many tasks a side's ECS service wants. A side is stopped or given more, never fewer: somebody may have given it more than
    /// whoever asks for this has seen. One that still gets requests is not stopped, whichever listener or rule of the Lattice service sends
    /// them: a rollout knows only those that it moves.
    ///
    /// # Errors
    /// AWS's refusal; what still sends requests to a side that is to be stopped.
    pub async fn scale(&self, aws: &Aws, role: Role, count: u32) -> Result<(), Fault> {
        let slot = match role {
            Role::Stable => self.stable.as_ref(),
            Role::Candidate => Some(&self.candidate),
        };
        match (&self.cluster, slot.and_then(|slot| slot.ecs_service.as_ref())) {
            (Some(cluster), Some(service)) if count > 0 => {
                let found = aws.ecs.describe_services(cluster, &[service]).await?;
                let has_enough = found.into_iter().flatten().any(|service| service.desired >= count);
                if has_enough { Ok(()) } else { aws.ecs.set_desired(cluster, service, count).await }
            }
            (Some(cluster), Some(service)) => {
                if let Some(target) = self.still_sends(aws, slot).await? {
                    let why =
                        format!("{target} still sends requests to its target group: the tasks of {service} are left running");
                    return Err(Fault::invalid("UpdateService", why));
                }
                match aws.ecs.set_desired(cluster, service, count).await {
                    // A service that was never created, or is gone, has no tasks to stop.
                    Err(fault) if fault.is_not_found() => Ok(()),
                    done => done,
                }
            }
            _ => Ok(()),
        }
    }

    /// The first traffic target of the Lattice service that gives this slot weight, as people call it.
    async fn still_sends(&self, aws: &Aws, slot: Option<&Slot>) -> Result<Option<String>, Fault> {
        let (Some((first, _)), Some(slot)) = (self.targets.first(), slot) else { return Ok(None) };
        let all = match aws.lattice.traffic_targets(first.service()).await {
            // With the service whatever sent requests is gone.
            Err(fault) if fault.is_not_found() => return Ok(None),
            all => all?,
        };
        let sends = |(target, action): &&(TrafficTarget, Action)| {
            !holds_no_weights(target) && action.weight(&slot.group.id).is_some_and(|weight| weight > 0)
        };
        Ok(all.iter().find(sends).map(|(target, _)| target.label()))
    }

    /// The AWS CLI commands that write what every traffic target shall say, for a person to run.
    #[must_use]
    pub fn commands(&self, desired: Desired) -> Vec<String> {
        self.actions(desired).unwrap_or_default().iter().filter_map(|(target, action)| command(target, action)).collect()
    }
}

/// How many of these targets are healthy; with `unchecked` also those that nothing checks.
#[must_use]
pub fn healthy(targets: &[Target], unchecked: bool) -> u32 {
    let is_healthy =
        |target: &&Target| target.status == TargetStatus::Healthy || (unchecked && target.status == TargetStatus::Unavailable);
    u32::try_from(targets.iter().filter(is_healthy).count()).unwrap_or(u32::MAX)
}

/// A target without health checks, in a group that is used: Lattice sends requests to it.
fn take_for_healthy(target: &mut Target) {
    if target.status == TargetStatus::Unavailable {
        target.status = TargetStatus::Healthy;
    }
}

/// The AWS CLI command that writes one action; none for an action of an unknown kind.
#[must_use]
pub fn command(target: &TrafficTarget, action: &Action) -> Option<String> {
    let action = match action {
        Action::Forward(groups) => {
            let groups: Vec<Value> = groups
                .iter()
                .map(|(group, weight)| json!({ "targetGroupIdentifier": group.as_str(), "weight": weight }))
                .collect();
            json!({ "forward": { "targetGroups": groups } })
        }
        Action::Fixed(status) => json!({ "fixedResponse": { "statusCode": status } }),
        Action::Other => return None,
    };
    let (service, listener) = (target.service().as_str(), target.listener().as_str());
    Some(match target {
        TrafficTarget::Rule { rule, .. } => format!(
            "aws vpc-lattice update-rule --service-identifier {service} --listener-identifier {listener} --rule-identifier {} --action '{action}'",
            rule.as_str()
        ),
        TrafficTarget::Default { .. } => format!(
            "aws vpc-lattice update-listener --service-identifier {service} --listener-identifier {listener} --default-action '{action}'"
        ),
    })
}
