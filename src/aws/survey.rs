//! What is there before a rollout: the Lattice service, its traffic targets, both slots.

use std::collections::BTreeMap;

use super::{
    Aws,
    ecs::services::EcsService,
    fault::Fault,
    lattice::{
        action::Action,
        groups::{Target, TargetGroup},
        ids::{Resource, TargetGroupId},
        resolve::{ResolveError, elsewhere},
        traffic::{LatticeService, Traffic, TrafficTarget},
    },
    test_rules::{holds_no_weights, is_test_rule},
};

pub use super::serving::{Roles, RolesError, roles};

/// One slot as configured.
#[derive(Clone, Debug)]
pub struct WantedSlot {
    /// Its name: `a` or `b`.
    pub name: String,
    /// Its ECS service's name; none for groups that ECS does not fill.
    pub ecs_service: Option<String>,
    /// Its target group: name, id or ARN.
    pub target_group: String,
}

/// One slot as it is.
#[derive(Clone, Debug)]
pub struct SeenSlot {
    /// As configured.
    pub wanted: WantedSlot,
    /// Its target group, when it exists.
    pub group: Option<TargetGroup>,
    /// Its ECS service, when it exists and is not being deleted.
    pub service: Option<EcsService>,
    /// What is registered in its group.
    pub targets: Vec<Target>,
}

impl SeenSlot {
    pub(super) fn id(&self) -> Option<&TargetGroupId> {
        self.group.as_ref().map(|group| &group.id)
    }

    /// Nothing in it can answer a request.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.service.as_ref().is_none_or(|service| service.desired == 0 && service.running == 0)
    }
}

/// Everything that is there.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The Lattice service.
    pub service: LatticeService,
    /// All its traffic targets (of the listener that was named), with their actions.
    pub targets: Vec<(TrafficTarget, Action)>,
    /// Those of its other listeners, which no rollout moves.
    pub elsewhere: Vec<(TrafficTarget, Action)>,
    /// Test rules and previews' rules of all its listeners: they hold no weights, and are no traffic targets.
    pub test_rules: Vec<(TrafficTarget, Action)>,
    /// The two slots.
    pub slots: [SeenSlot; 2],
    /// The tags of the traffic targets, by ARN, where somebody names one by a tag.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// A target group, where there is one, and what is registered in it.
pub type SeenGroup = (Option<TargetGroup>, Vec<Target>);

/// Everything that there is to read, each with what became of it.
#[derive(Debug)]
pub struct Reads {
    /// The Lattice service.
    pub service: Result<LatticeService, ResolveError>,
    /// Its traffic targets, of the listener that was named and of the others; none where there is no service.
    pub targets: Option<Result<[Traffic; 2], ResolveError>>,
    /// The slots' ECS services, by name.
    pub services: Result<Vec<Option<EcsService>>, Fault>,
    /// The slots' target groups with their targets.
    pub groups: [Result<SeenGroup, ResolveError>; 2],
}

impl Survey {
    /// The same with the tags of the traffic targets, where one of these names is a tag.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn tagged(mut self, aws: &Aws, rules: Option<&[String]>) -> Result<Self, Fault> {
        if rules.is_some_and(|rules| rules.iter().any(|rule| rule.starts_with("tag:"))) {
            for (target, _) in &self.targets {
                self.tags.insert(target.arn().to_owned(), aws.lattice.read_tags(target.arn()).await?);
            }
        }
        Ok(self)
    }

    /// The traffic targets that give weight to one of the slots and are not among those that move, each with the slots' names.
    #[must_use]
    pub fn left_behind(&self, moving: &[(TrafficTarget, Action)]) -> Vec<(&TrafficTarget, Vec<&str>)> {
        let moves = |target: &TrafficTarget| moving.iter().any(|(moving, _)| moving.arn() == target.arn());
        let gets =
            |action: &Action, slot: &SeenSlot| slot.id().is_some_and(|id| action.weight(id).is_some_and(|weight| weight > 0));
        let slots = |action: &Action| -> Vec<&str> {
            self.slots.iter().filter(|slot| gets(action, slot)).map(|slot| slot.wanted.name.as_str()).collect()
        };
        let all = self.targets.iter().chain(&self.elsewhere).filter(|(target, _)| !moves(target));
        all.map(|(target, action)| (target, slots(action))).filter(|(_, slots)| !slots.is_empty()).collect()
    }

    /// The ARNs of the test rules that lead to one of the slots.
    pub fn test_rules_to_slots(&self) -> impl Iterator<Item = &String> {
        let leads = |action: &Action| self.slots.iter().any(|slot| slot.id().is_some_and(|id| action.weight(id).is_some()));
        self.test_rules.iter().filter_map(move |(target, action)| match target {
            TrafficTarget::Rule { arn, name, .. } if is_test_rule(name) && leads(action) => Some(arn),
            TrafficTarget::Rule { .. } | TrafficTarget::Default { .. } => None,
        })
    }

    /// The traffic targets that list a slot's group, whatever its weight; all of them while none does.
    pub fn concerned(&self) -> impl Iterator<Item = &TrafficTarget> {
        let lists = |action: &Action| self.slots.iter().any(|slot| slot.id().is_some_and(|id| action.weight(id).is_some()));
        let any = self.targets.iter().any(|(_, action)| lists(action));
        self.targets.iter().filter(move |(_, action)| !any || lists(action)).map(|(target, _)| target)
    }
}

/// Reads everything: names are looked up concurrently.
///
/// # Errors
/// What could not be found, or AWS's refusal.
pub async fn survey(
    aws: &Aws,
    lattice_service: &str,
    listener: Option<&str>,
    cluster: Option<&str>,
    wanted: [WantedSlot; 2],
) -> Result<Survey, ResolveError> {
    read(aws, lattice_service, listener, cluster, &wanted).await.survey(wanted)
}

/// Reads everything that can be read, whatever fails.
pub async fn read(
    aws: &Aws,
    lattice_service: &str,
    listener: Option<&str>,
    cluster: Option<&str>,
    wanted: &[WantedSlot; 2],
) -> Reads {
    let service = aws.lattice.resolve_service(lattice_service).await;
    let names: Vec<&str> = wanted.iter().filter_map(|slot| slot.ecs_service.as_deref()).collect();
    let services = async {
        match cluster {
            Some(cluster) if !names.is_empty() => aws.ecs.describe_services(cluster, &names).await,
            Some(_) | None => Ok(Vec::new()),
        }
    };
    let known = service.as_ref().ok();
    let (targets, services, first, second) = tokio::join!(
        async {
            match known {
                Some(service) => Some(aws.lattice.traffic_targets_of(&service.id, listener).await),
                None => None,
            }
        },
        services,
        group_with_targets(aws, known, &wanted[0].target_group),
        group_with_targets(aws, known, &wanted[1].target_group),
    );
    Reads { service, targets, services, groups: [first, second] }
}

impl Reads {
    /// All of it together.
    ///
    /// # Errors
    /// The first that could not be found or read.
    pub fn survey(self, wanted: [WantedSlot; 2]) -> Result<Survey, ResolveError> {
        let (service, services) = (self.service?, self.services?);
        let targets = self.targets.transpose()?.unwrap_or_default();
        let [first, second] = self.groups;
        let [one, other] = wanted;
        Ok(together(service, targets, &services, [(one, first?), (other, second?)]))
    }
}

fn together(
    service: LatticeService,
    [targets, elsewhere]: [Vec<(TrafficTarget, Action)>; 2],
    services: &[Option<EcsService>],
    [one, other]: [(WantedSlot, SeenGroup); 2],
) -> Survey {
    let seen = |wanted: WantedSlot, (group, targets): SeenGroup| {
        let service = services
            .iter()
            .flatten()
            .find(|service| wanted.ecs_service.as_ref() == Some(&service.name) && service.status == "ACTIVE")
            .cloned();
        SeenSlot { wanted, group, service, targets }
    };
    let slots = [seen(one.0, one.1), seen(other.0, other.1)];
    let split = |targets: Vec<(TrafficTarget, Action)>| -> (Vec<_>, Vec<_>) {
        targets.into_iter().partition(|(target, _)| holds_no_weights(target))
    };
    let ((mut test_rules, targets), (others, elsewhere)) = (split(targets), split(elsewhere));
    test_rules.extend(others);
    Survey { service, targets, elsewhere, test_rules, slots, tags: BTreeMap::new() }
}

/// A rule's target group lies in its service's account and region: another one is not even asked for.
fn refuse_elsewhere(service: Option<&LatticeService>, given: &str, arn: &str) -> Result<(), ResolveError> {
    let resource = Resource::TargetGroup;
    let Some((service, why)) = service.and_then(|service| Some((service, elsewhere(arn, &service.arn)?))) else { return Ok(()) };
    let why = format!(
        "{why} (of the Lattice service {}): a rule's target group lies in its service's account and region",
        service.name
    );
    Err(ResolveError::Elsewhere { resource, given: given.to_owned(), why })
}

async fn group_with_targets(aws: &Aws, service: Option<&LatticeService>, given: &str) -> Result<SeenGroup, ResolveError> {
    refuse_elsewhere(service, given, given)?;
    let Some(group) = aws.lattice.resolve_group(given).await? else { return Ok((None, Vec::new())) };
    refuse_elsewhere(service, given, group.arn.as_str())?;
    let targets = aws.lattice.list_targets(&group.arn).await.map_err(|fault: Fault| ResolveError::from(fault))?;
    Ok((Some(group), targets))
}
