//! Lattice and ECS as they are, against what a release needs of them.

use super::words::{problems, said_at, thing, unchecked, unresolved};
use crate::{
    aws::{
        Aws, Fault,
        ecs::services::EcsService,
        lattice::{
            groups::{GroupStatus, TargetGroup},
            resolve::ResolveError,
            traffic::{LatticeService, TrafficTarget},
        },
        ledger::Found as Recorded,
        survey::{Reads, Roles, Survey},
    },
    commands::{
        capacity, connect,
        definitions::Definitions,
        deploy,
        preflight::{self, Judged},
        stable_service::{self, Unfilled},
        test_rule,
        view::View,
    },
    settings::{DeploySettings, OnExisting, Rules},
    time::Timestamp,
    verify::{
        Code, Found, Level,
        limits::{GROUPS_PER_SERVICE, Quota, RULES_PER_LISTENER, Standing, TARGETS_PER_GROUP},
    },
};

/// What could not be found or read of that which a release reads too.
pub(super) fn unread(aws: &Aws, reads: &Reads, release: &DeploySettings) -> Vec<Found> {
    let mut found = Vec::new();
    let placed = |error: &ResolveError, about: &str| {
        let found = said_at(deploy::place(release, error), unresolved(error, about));
        Found { hint: connect::other_names(aws, error).map(str::to_owned).or(found.hint), ..found }
    };
    found.extend(reads.service.as_ref().err().map(|error| placed(error, &release.lattice.service)));
    if let Some(Err(error)) = &reads.targets {
        found.push(placed(error, release.lattice.listener.as_deref().unwrap_or(&release.lattice.service)));
    }
    found.extend(reads.services.as_ref().err().map(|fault| placed(&fault.clone().into(), &release.cluster)));
    for (group, slot) in reads.groups.iter().zip(&release.lattice.slots) {
        found.extend(group.as_ref().err().map(|error| placed(error, &slot.target_group.text)));
    }
    found
}

/// Whether clients can reach the Lattice service.
pub(super) async fn reach(aws: &Aws, service: &LatticeService) -> Vec<Found> {
    let (standing, memberships) = tokio::join!(aws.standing(service), aws.memberships(service));
    let (mut found, about) = (Vec::new(), service.arn.as_str());
    match standing {
        Err(fault) => found.push(unchecked("the state of the Lattice service was not checked", &fault, about)),
        Ok(standing) => {
            if standing.status != "ACTIVE" {
                let why = standing.failure.map(|why| format!(" ({why})")).unwrap_or_default();
                let message = format!("the Lattice service {} is {}{why}", service.name, standing.status);
                found.push(Found::error(Code::ServiceState, thing(about), message).hint("a release needs one that is ACTIVE"));
            }
            if standing.domain.is_none() {
                let message = format!("the Lattice service {} has no DNS name: nobody can ask it", service.name);
                found.push(Found::warning(Code::ServiceState, thing(about), message));
            }
        }
    }
    match memberships {
        Err(fault) => found.push(unchecked("its service networks were not checked", &fault, about)),
        Ok(memberships) if memberships.iter().any(|membership| membership.status == "ACTIVE") => {}
        Ok(memberships) => {
            let there = memberships.iter().map(|it| format!("{} ({})", it.network, it.status)).collect::<Vec<_>>().join(", ");
            let but = if there.is_empty() { String::new() } else { format!(": {there}") };
            let message = format!(
                "the Lattice service {} is in no service network that works{but}: no client reaches it, and metrics stay empty",
                service.name
            );
            let hint = format!(
                "aws vpc-lattice create-service-network-service-association --service-identifier {} --service-network-identifier NETWORK",
                service.id
            );
            found.push(Found::warning(Code::ServiceNetwork, thing(about), message).hint(hint));
        }
    }
    found
}

/// What is to be said of the groups by themselves, and of one beside the other.
pub(super) fn groups(reads: &Reads, release: &DeploySettings) -> Vec<Found> {
    let mut found = Vec::new();
    let seen: Vec<&TargetGroup> =
        reads.groups.iter().filter_map(|group| group.as_ref().ok().and_then(|(group, _)| group.as_ref())).collect();
    let bake = release.plan.steps.iter().map(|step| step.bake.as_secs()).min().unwrap_or_default();
    for group in &seen {
        let (about, name) = (group.arn.as_str(), &group.name);
        match (&group.status, &group.failure) {
            (GroupStatus::Active | GroupStatus::CreateInProgress, _) => {}
            (status, why) => {
                let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                let state = match status {
                    GroupStatus::DeleteInProgress => "being deleted",
                    GroupStatus::DeleteFailed => "one whose deletion failed",
                    GroupStatus::Other(state) => state,
                    GroupStatus::CreateFailed | GroupStatus::Active | GroupStatus::CreateInProgress => {
                        "one that could not be made"
                    }
                };
                let message = format!("the target group {name} cannot be used: it is {state}{why}");
                found.push(Found::error(Code::GroupState, thing(about), message).hint("delete it: a release makes it again"));
            }
        }
        if group.target_type != "IP" {
            let message =
                format!("the target group {name} is of type {}: ECS registers tasks in groups of type IP", group.target_type);
            found.push(
                Found::error(Code::GroupState, thing(about), message).hint("make another one: a group's type never changes"),
            );
        }
        for weakness in group.check().map(|check| check.weaknesses(bake)).unwrap_or_default() {
            let hint = format!(
                "aws vpc-lattice update-target-group --target-group-identifier {} --health-check enabled=true,…, or longer steps",
                group.id
            );
            found.push(
                Found::warning(Code::WeakHealthCheck, thing(about), format!("the health check of {name}: {weakness}")).hint(hint),
            );
        }
        if let Some(other) =
            group.service_arns.iter().find(|arn| reads.service.as_ref().is_ok_and(|service| service.arn != **arn))
        {
            let message =
                format!("the target group {name} is used by another Lattice service, {other}: a group serves one alone");
            found.push(Found::error(Code::GroupState, thing(about), message).hint("give this service groups of its own"));
        }
    }
    if let [one, other] = seen[..] {
        found.extend(differences(one, other));
    }
    found
}

fn differences(one: &TargetGroup, other: &TargetGroup) -> Vec<Found> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let port = |group: &TargetGroup| group.port.map_or_else(|| "none".to_owned(), |port| port.to_string());
    let members = [
        ("VPC", text(&one.vpc), text(&other.vpc), Level::Error),
        ("protocol", text(&one.protocol), text(&other.protocol), Level::Error),
        ("protocol version", text(&one.protocol_version), text(&other.protocol_version), Level::Warning),
        ("IP address type", text(&one.ip_address_type), text(&other.ip_address_type), Level::Warning),
        ("port", port(one), port(other), Level::Warning),
        ("health check path", text(&one.health_check_path), text(&other.health_check_path), Level::Warning),
    ];
    let different = members.into_iter().filter(|(_, here, there, _)| here != there);
    let found = different.map(|(what, here, there, level)| {
        let message = format!("the {what} of {} is {here}, that of {} is {there}", one.name, other.name);
        let hint = "a candidate is only worth as much as its group is like stable's";
        Found { level, ..Found::error(Code::GroupsDiffer, thing(other.arn.as_str()), message).hint(hint) }
    });
    found.collect()
}

/// What a release is refused for.
fn as_found(judged: Judged) -> Found {
    Found { hint: judged.problem.hint, ..Found::error(judged.code, thing(&judged.about), judged.problem.message) }
}

/// Everything that was read.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) aws: &'a Aws,
    pub(super) now: Timestamp,
    pub(super) release: &'a DeploySettings,
    pub(super) survey: &'a Survey,
    /// None where it cannot be told which slot serves.
    pub(super) roles: Option<&'a Roles>,
    /// None where they cannot be read.
    pub(super) definitions: Option<&'a Definitions>,
    /// The records on the traffic targets.
    pub(super) records: &'a [Recorded],
}

impl Known<'_> {
    /// The ARNs of the traffic targets that move, or would.
    pub(super) fn moving(&self) -> Vec<String> {
        match self.roles {
            Some(roles) => roles.targets.iter().map(|(target, _)| target.arn().to_owned()).collect(),
            None => self.survey.concerned().map(|target| target.arn().to_owned()).collect(),
        }
    }

    /// Whether some other ECS service's deployments write these rules.
    pub(super) fn neighbours(&self, neighbours: &Result<Vec<EcsService>, Fault>) -> Vec<Found> {
        let neighbours = match neighbours {
            Ok(neighbours) => neighbours,
            Err(fault) => {
                let what = "whether ECS moves these weights for another service of the cluster was not checked";
                return vec![unchecked(what, fault, &self.release.cluster)];
            }
        };
        let (moving, slots) = (self.moving(), self.release.lattice.slots.each_ref().map(|slot| slot.ecs_service.as_str()));
        let managed = |service: &EcsService| {
            let strategy = service.shifts_weights()?;
            let rules = service.vpc_lattice.iter().filter_map(|entry| entry.managed_by_ecs.as_ref());
            let rule = rules
                .flat_map(|managed| [&managed.production_rule, &managed.test_rule])
                .flatten()
                .find(|rule| moving.contains(*rule))?;
            let message = format!("ECS moves the weights of {rule} itself, for the service {} ({strategy})", service.name);
            let hint = "remove `advancedConfiguration` from that service, or leave the release to ECS";
            Some(Found::error(Code::ManagedByEcs, thing(&service.arn), message).hint(hint))
        };
        // Those of the slots are told by what `deploy` checks too.
        neighbours.iter().filter(|service| !slots.contains(&service.name.as_str())).filter_map(managed).collect()
    }

    /// Whether the slot that serves is filled by the ECS service that the config names.
    pub(super) fn stable_service(&self, neighbours: &Result<Vec<EcsService>, Fault>) -> Option<Found> {
        Some(match stable_service::judge(&self.release.cluster, self.survey, self.roles?, neighbours)? {
            Unfilled::ByAnother(judged) => as_found(judged),
            Unfilled::ByNobody { what, name } => Found::warning(Code::StableService, thing(&name), what),
        })
    }

    /// How near the quotas are that a release, or somebody beside it, may reach.
    pub(super) fn quotas(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut tell = |quota: Quota, what: String, about: &str, there: usize, more: usize| {
            let Quota { name, code, most } = quota;
            let hint = format!("remove what is not needed, or have the quota \"{name}\" ({code}) raised");
            match quota.standing(there, more) {
                Standing::Fine | Standing::Raised => {}
                Standing::Near => {
                    let message = format!("{what} will be at {} of the {most} that AWS gives by default", there + more);
                    found.push(Found::warning(Code::Quota, thing(about), message).hint(hint));
                }
                // A quota that was raised is not known here: AWS has the last word.
                Standing::Over => {
                    let message = format!("{what} would be at {}, and AWS gives {most} by default", there + more);
                    found.push(Found::error(Code::Quota, thing(about), message).hint(hint));
                }
            }
        };
        let survey = self.survey;
        let mut groups: Vec<_> = survey.targets.iter().flat_map(|(_, action)| action.groups()).map(|(group, _)| group).collect();
        groups.sort();
        groups.dedup();
        let candidate = self.roles.map(|roles| &survey.slots[roles.candidate]);
        let is_new = candidate.is_some_and(|slot| slot.group.as_ref().is_none_or(|group| !groups.contains(&&group.id)));
        let what = format!("the target groups of the Lattice service {}", survey.service.name);
        tell(GROUPS_PER_SERVICE, what, &survey.service.arn, groups.len(), usize::from(is_new));
        // With a test rule the same is told by what `deploy` checks too.
        let mut listeners: Vec<_> = survey.targets.iter().map(|(target, _)| target.listener()).collect();
        listeners.sort();
        listeners.dedup();
        for listener in listeners {
            let is_rule = |target: &&TrafficTarget| matches!(target, TrafficTarget::Rule { .. }) && target.listener() == listener;
            let rules = survey.targets.iter().chain(&survey.test_rules).map(|(target, _)| target).filter(is_rule).count();
            if self.release.lattice.test_rule.is_none() {
                tell(RULES_PER_LISTENER, format!("the rules of listener {listener}"), listener.as_str(), rules, 0);
            }
        }
        let stable = self.roles.and_then(|roles| roles.stable).map(|stable| &survey.slots[stable]);
        if let (Some(stable), Some(candidate)) = (stable, candidate) {
            let (there, about) = (candidate.targets.len(), &candidate.wanted.target_group);
            tell(TARGETS_PER_GROUP, format!("the targets of {about}"), about, there, stable.targets.len());
        }
        found
    }

    /// What `deploy` itself checks before its first write.
    pub(super) async fn preflight(&self) -> Vec<Found> {
        let Self { aws, now, release, survey, records, .. } = *self;
        let mut found = Vec::new();
        if let Err(error) = preflight::refuse_while_busy(records, aws.date().unwrap_or(now)) {
            let level = if release.on_existing == OnExisting::Refuse { Level::Error } else { Level::Note };
            let busy = problems(&error, Code::UnderWay, &survey.service.arn);
            found.extend(busy.into_iter().map(|found| Found { level, ..found }));
        }
        let Some(roles) = self.roles else {
            let services = survey.slots.iter().filter_map(|slot| slot.service.as_ref());
            found.extend(services.filter_map(preflight::managed).map(as_found));
            return found;
        };
        if let (Rules::Listed(rules), Some(_)) = (&release.lattice.rules, roles.stable) {
            let moving = self.moving();
            let named =
                |given: &&String| survey.targets.iter().map(|(target, _)| target).find(|target| survey.is_named(target, given));
            let still =
                rules.iter().filter_map(|given| named(&given)).filter(|target| !moving.iter().any(|arn| arn == target.arn()));
            found.extend(still.map(|target| {
                let message =
                    format!("{} sends nothing to either slot: it would not move, although `rules` names it", target.label());
                Found::warning(Code::NotMoving, thing(target.arn()), message)
            }));
        }
        let mut judged = preflight::judge(survey, roles, release.plan.health.unchecked);
        judged.extend(test_rule::judge(survey, roles, release.lattice.test_rule.as_ref(), records));
        found.extend(judged.into_iter().map(as_found));
        if let Err(error) = preflight::judge_tags(aws, &survey.service, &roles.targets, &release.plan).await {
            found.extend(problems(&error, Code::TooFewTags, &survey.service.arn));
        }
        let Some(definitions) = self.definitions else { return found };
        let view = View { settings: release, survey, roles, definitions };
        let findings = match view.patched() {
            Ok(patched) => patched.warnings,
            Err(findings) => findings,
        };
        found.extend(findings.iter().map(|finding| Found::of(Code::Definition, finding)));
        match capacity::look(aws, &view, records, now).await {
            Ok(capacity) => {
                let finding = |what: &String| Found::warning(Code::Autoscaling, thing(&release.cluster), what);
                found.extend(capacity.findings.iter().map(finding));
            }
            Err(error) => found.extend(problems(&error, Code::Autoscaling, &release.cluster)),
        }
        found
    }
}
