//! What Application Auto Scaling does to the two slots' sizes: looked at before a release, held through it, given back.

use serde_json::{Value, json};

use super::{
    Aws,
    autoscaling::{ScalableTarget, resource},
    fault::{Fault, FaultKind},
    slots::{Slot, Slots},
};
use crate::{
    rollout::{
        machine::{Role, Steer},
        scaling::{Scaling, Suspended},
    },
    time::Timestamp,
};

/// What a look before a release has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// How stable is scaled by itself; none where nothing does it.
    pub scaling: Option<Scaling>,
    /// What people should know: rules that cannot be copied, or that are only on one side.
    pub findings: Vec<String>,
    /// An earlier rollout has not given back what it held.
    pub unfinished: bool,
}

/// Looks at what scales the ECS services of both slots, and whether these credentials may hold it. Nothing is written.
/// `before` is what the rollout before has recorded of it ([`Scaling::given`]). `now` is for signatures.
///
/// # Errors
/// Every call that is not allowed, or the first that fails otherwise.
pub async fn look(
    aws: &Aws,
    cluster: &str,
    stable: &str,
    candidate: &str,
    before: Option<Scaling>,
    now: Timestamp,
) -> Result<Capacity, Vec<Fault>> {
    let resources = [resource(cluster, stable), resource(cluster, candidate)];
    let found = aws.autoscaling.targets(&resources, now).await.map_err(|fault| vec![fault])?;
    let (Some(target), its) = (found[0], found[1]) else {
        let alone = found[1].filter(|target| target.min > 0);
        let finding = |ScalableTarget { min, max, .. }| {
            format!(
                "{candidate} scales by itself between {min} and {max} tasks and {stable} does not: when it is not needed it will not go to zero tasks. Remove that, or give {stable} the same: aws application-autoscaling deregister-scalable-target {}",
                named(&resources[1])
            )
        };
        return Ok(Capacity { findings: alone.map(finding).into_iter().collect(), ..Capacity::default() });
    };
    let ScalableTarget { min, max, suspended, .. } = target;
    let scaling = Scaling { min, max, suspended, held: true }.given(before);
    let rules = Rules::read(aws, &resources, now).await.map_err(|fault| vec![fault])?;
    let may = [
        aws.autoscaling.may_register(&resources[0], now).await,
        aws.autoscaling.may_register(&resources[1], now).await,
        if rules.policies.is_empty() { Ok(()) } else { aws.autoscaling.may_put_policy(&resources[1], now).await },
        if rules.actions.is_empty() { Ok(()) } else { aws.autoscaling.may_put_scheduled_action(&resources[1], now).await },
    ];
    let mut denied: Vec<Fault> = may.into_iter().filter_map(Result::err).collect();
    denied.dedup();
    if !denied.is_empty() {
        return Err(denied);
    }
    let findings = rules.findings(stable, candidate, its.is_some());
    Ok(Capacity { scaling: Some(scaling), findings, unfinished: before.is_some_and(|before| before.held) })
}

/// The same where there is no stable to look at: how people have the candidate's ECS service scaled. An earlier release that `before` tells
/// of may have left it at rest.
///
/// # Errors
/// As [`look`].
pub async fn look_alone(
    aws: &Aws,
    cluster: &str,
    candidate: &str,
    before: Scaling,
    now: Timestamp,
) -> Result<Capacity, Vec<Fault>> {
    let resource = resource(cluster, candidate);
    let found = aws.autoscaling.targets(std::slice::from_ref(&resource), now).await.map_err(|fault| vec![fault])?;
    let Some(ScalableTarget { min, max, suspended, .. }) = found.into_iter().flatten().next() else {
        return Ok(Capacity::default());
    };
    aws.autoscaling.may_register(&resource, now).await.map_err(|fault| vec![fault])?;
    let scaling = Scaling { min, max, suspended, held: true }.given(Some(before));
    Ok(Capacity { scaling: Some(scaling), findings: Vec::new(), unfinished: before.held })
}

/// The rules of both slots' services.
struct Rules {
    policies: Vec<Value>,
    there: Vec<Value>,
    actions: Vec<Value>,
    actions_there: Vec<Value>,
    /// The scheduled actions may not be read.
    unread: Option<Fault>,
}

impl Rules {
    async fn read(aws: &Aws, [stable, candidate]: &[String; 2], now: Timestamp) -> Result<Self, Fault> {
        let (policies, there) =
            tokio::try_join!(aws.autoscaling.policies(stable, now), aws.autoscaling.policies(candidate, now))?;
        let (actions, actions_there) =
            tokio::join!(aws.autoscaling.scheduled_actions(stable, now), aws.autoscaling.scheduled_actions(candidate, now));
        let (actions, actions_there, unread) = match (actions, actions_there) {
            (Err(fault), _) | (_, Err(fault)) if fault.kind == FaultKind::Denied => (Vec::new(), Vec::new(), Some(fault)),
            (actions, there) => (actions?, there?, None),
        };
        Ok(Self { policies, there, actions, actions_there, unread })
    }

    fn findings(&self, stable: &str, candidate: &str, is_scaled: bool) -> Vec<String> {
        let mut findings = Vec::new();
        for policy in &self.policies {
            let name = text(policy, "PolicyName");
            if follows_load_balancer(policy) {
                findings.push(format!(
                    "the scaling policy {name} of {stable} counts the requests of a load balancer's target group: {candidate} does not get it"
                ));
            } else if text(policy, "PolicyType") == "StepScaling" {
                let there = self.there.iter().find(|there| text(there, "PolicyName") == name);
                if !there.is_some_and(has_alarms) {
                    findings.push(format!(
                        "the scaling policy {name} of {stable} acts on an alarm of yours: {candidate} gets the policy, and scales by it once an alarm of its own names it"
                    ));
                }
            }
        }
        for (what, there, here, key) in [
            ("scaling policy", &self.there, &self.policies, "PolicyName"),
            ("scheduled action", &self.actions_there, &self.actions, "ScheduledActionName"),
        ] {
            let only = there.iter().filter(|there| !here.iter().any(|here| text(here, key) == text(there, key)));
            findings.extend(only.filter(|_| is_scaled).map(|only| {
                format!("{candidate} has the {what} {}, which {stable} has not: remove it if it is an old one", text(only, key))
            }));
        }
        findings.extend(self.unread.as_ref().map(|fault| {
            format!("scheduled actions of {stable} are not copied to {candidate}, since they may not be read: {fault}")
        }));
        findings
    }
}

impl Slots {
    /// Holds or gives back what scales a slot by itself. Where nothing does any more there is nothing to do. `now` is for
    /// signatures.
    ///
    /// # Errors
    /// AWS's refusal; a part may have been done.
    pub async fn steer(&self, aws: &Aws, steer: Steer, scaling: Scaling, now: Timestamp) -> Result<(), Fault> {
        match steer {
            Steer::Equip => self.equip(aws, scaling, now).await,
            Steer::Wake(role) => self.wake(aws, role, scaling, now).await,
            Steer::Hold => self.hold(aws, scaling, now).await,
            Steer::GiveBack(_) | Steer::Rest(_) => {
                let (role, min, suspended) = wanted(steer, scaling);
                let Some((_, resource)) = self.scaled(role) else { return Ok(()) };
                match aws.autoscaling.register(&resource, (min, None), suspended, now).await {
                    Err(fault) if matches!(fault.kind, FaultKind::Invalid | FaultKind::NotFound) => {
                        let found = aws.autoscaling.targets(std::slice::from_ref(&resource), now).await?;
                        if found.iter().all(Option::is_none) { Ok(()) } else { Err(fault) }
                    }
                    done => done,
                }
            }
        }
    }

    /// Where somebody has brought everything back to it from its rest by hand, it has its minimum again from here on: the candidate gets the
    /// same, and a release that is rolled back leaves it so.
    async fn hold(&self, aws: &Aws, scaling: Scaling, now: Timestamp) -> Result<(), Fault> {
        let Some((_, resource)) = self.scaled(Role::Stable) else { return Ok(()) };
        let found = aws.autoscaling.targets(std::slice::from_ref(&resource), now).await?;
        let Some(found) = found.into_iter().flatten().next() else { return Ok(()) };
        let min = (found.min == 0 && scaling.min > 0).then(|| scaling.min.min(found.max));
        aws.autoscaling.register(&resource, (min, None), scaling.suspended.steady(), now).await
    }

    /// One that does not rest keeps its bounds, which people or the time of day may have set since. One that rests without tasks goes on
    /// resting: its minimum would start some.
    async fn wake(&self, aws: &Aws, role: Role, scaling: Scaling, now: Timestamp) -> Result<(), Fault> {
        let (Some((slot, resource)), Some(cluster)) = (self.scaled(role), &self.cluster) else { return Ok(()) };
        let found = aws.autoscaling.targets(std::slice::from_ref(&resource), now).await?;
        let Some(found) = found.into_iter().flatten().next() else { return Ok(()) };
        let rests = found.min == 0;
        if rests {
            let name = slot.ecs_service.as_deref().unwrap_or_default();
            let services = aws.ecs.describe_services(cluster, &[name]).await?;
            if services.into_iter().flatten().all(|service| service.desired == 0) {
                return Ok(());
            }
        }
        let min = (rests && scaling.min > 0).then(|| scaling.min.min(found.max));
        aws.autoscaling.register(&resource, (min, None), scaling.suspended, now).await
    }

    async fn equip(&self, aws: &Aws, scaling: Scaling, now: Timestamp) -> Result<(), Fault> {
        let (Some((stable, from)), Some((candidate, to))) = (self.scaled(Role::Stable), self.scaled(Role::Candidate)) else {
            return Ok(());
        };
        let resources = [from, to];
        let (found, rules) = tokio::try_join!(aws.autoscaling.targets(&resources[..1], now), Rules::read(aws, &resources, now))?;
        let bounds = found.into_iter().flatten().next().map_or((scaling.min, scaling.max), |found| (found.min, found.max));
        let [_, to] = &resources;
        aws.autoscaling.register(to, (Some(bounds.0), Some(bounds.1)), scaling.suspended.steady(), now).await?;
        for policy in rules.policies.iter().filter(|policy| !follows_load_balancer(policy)) {
            let policy = of_candidate(policy, stable, candidate);
            if !rules.there.iter().any(|there| same(there, &policy)) {
                aws.autoscaling.put_policy(to, &policy, now).await?;
            }
        }
        for action in &rules.actions {
            if !rules.actions_there.iter().any(|there| same(there, action)) {
                aws.autoscaling.put_scheduled_action(to, action, now).await?;
            }
        }
        Ok(())
    }

    /// Whether a side is at rest since a rollout that has recorded this of it; none where that cannot be read. `now` is for signatures.
    pub async fn rests(&self, aws: &Aws, role: Role, scaling: Scaling, now: Timestamp) -> Option<bool> {
        let Some((_, resource)) = self.scaled(role) else { return Some(false) };
        let found = aws.autoscaling.targets(std::slice::from_ref(&resource), now).await.ok()?;
        let rests = |target: ScalableTarget| target.min == 0 && target.suspended == scaling.suspended.resting();
        Some(found.into_iter().flatten().any(rests))
    }

    fn scaled(&self, role: Role) -> Option<(&Slot, String)> {
        let slot = match role {
            Role::Stable => self.stable.as_ref()?,
            Role::Candidate => &self.candidate,
        };
        Some((slot, resource(self.cluster.as_ref()?, slot.ecs_service.as_ref()?)))
    }

    /// The AWS CLI command that does it, for a person to run; none for what only a rollout does.
    #[must_use]
    pub fn steer_command(&self, steer: Steer, scaling: Scaling) -> Option<String> {
        if matches!(steer, Steer::Equip) {
            return None;
        }
        let (role, min, suspended) = wanted(steer, scaling);
        let (_, resource) = self.scaled(role)?;
        let min = min.map_or_else(String::new, |min| format!(" --min-capacity {min}"));
        Some(format!(
            "aws application-autoscaling register-scalable-target {}{min} --suspended-state DynamicScalingInSuspended={},DynamicScalingOutSuspended={},ScheduledScalingSuspended={}",
            named(&resource),
            suspended.scale_in,
            suspended.scale_out,
            suspended.scheduled
        ))
    }
}

const fn wanted(steer: Steer, scaling: Scaling) -> (Role, Option<u32>, Suspended) {
    match steer {
        Steer::Hold => (Role::Stable, None, scaling.suspended.steady()),
        Steer::Equip => (Role::Candidate, Some(scaling.min), scaling.suspended.steady()),
        // People may have set other bounds since.
        Steer::GiveBack(role) => (role, None, scaling.suspended),
        Steer::Wake(role) => (role, Some(scaling.min), scaling.suspended),
        Steer::Rest(role) => (role, Some(0), scaling.suspended.resting()),
    }
}

fn named(resource: &str) -> String {
    format!("--service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id {resource}")
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

fn has_alarms(policy: &Value) -> bool {
    policy["Alarms"].as_array().is_some_and(|alarms| !alarms.is_empty())
}

/// `ALBRequestCountPerTarget` names the load balancer's target group (its `ResourceLabel`), which has no targets of the candidate.
fn follows_load_balancer(policy: &Value) -> bool {
    let metric = policy.pointer("/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification");
    metric.is_some_and(|metric| text(metric, "PredefinedMetricType") == "ALBRequestCountPerTarget")
}

/// The policy with metrics of the candidate where it looked at those of stable: its ECS service, its target group.
fn of_candidate(policy: &Value, stable: &Slot, candidate: &Slot) -> Value {
    let service = |slot: &Slot| slot.ecs_service.clone().unwrap_or_default();
    let names = [
        (service(stable), service(candidate)),
        (stable.group.id.to_string(), candidate.group.id.to_string()),
        (stable.group_arn.as_str().to_owned(), candidate.group_arn.as_str().to_owned()),
    ];
    let mut copy = policy.clone();
    rename(&mut copy, &names);
    copy
}

fn rename(value: &mut Value, names: &[(String, String)]) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "Dimensions" {
                    for dimension in member.as_array_mut().into_iter().flatten() {
                        let known = names.iter().find(|(of_stable, _)| dimension["Value"].as_str() == Some(of_stable));
                        if let Some((_, of_candidate)) = known {
                            dimension["Value"] = json!(of_candidate);
                        }
                    }
                } else {
                    rename(member, names);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether both say the same, whoever they are about.
fn same(one: &Value, other: &Value) -> bool {
    const OWN: [&str; 6] = ["PolicyARN", "ScheduledActionARN", "CreationTime", "Alarms", "ResourceId", "ScalableDimension"];
    let said = |value: &Value| {
        let mut said = value.clone();
        if let Some(members) = said.as_object_mut() {
            members.retain(|name, value| !OWN.contains(&name.as_str()) && !value.is_null());
        }
        said
    };
    said(one) == said(other)
}
