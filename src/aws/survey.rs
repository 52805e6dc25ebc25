//! What is there before a rollout: the Lattice service, its traffic targets, both slots; and which slot serves.

use super::{
    Aws,
    ecs::services::EcsService,
    fault::Fault,
    lattice::{
        action::Action,
        groups::{Target, TargetGroup},
        ids::TargetGroupId,
        resolve::ResolveError,
        traffic::{LatticeService, TrafficTarget},
    },
    test_rules::is_test_rule,
};

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
    fn id(&self) -> Option<&TargetGroupId> {
        self.group.as_ref().map(|group| &group.id)
    }

    /// Nothing in it can answer a request.
    fn is_empty(&self) -> bool {
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
    /// Test rules among them, by ARN: they hold no weights, and are no traffic targets.
    pub test_rules: Vec<TrafficTarget>,
    /// The two slots.
    pub slots: [SeenSlot; 2],
}

impl Survey {
    /// The traffic targets that list a slot's group, whatever its weight; all of them while none does.
    pub fn concerned(&self) -> impl Iterator<Item = &TrafficTarget> {
        let lists = |action: &Action| self.slots.iter().any(|slot| slot.id().is_some_and(|id| action.weight(id).is_some()));
        let any = self.targets.iter().any(|(_, action)| lists(action));
        self.targets.iter().filter(move |(_, action)| !any || lists(action)).map(|(target, _)| target)
    }
}

/// Which slot has which role, and where.
#[derive(Clone, Debug)]
pub struct Roles {
    /// The index of the slot that serves; none at bootstrap.
    pub stable: Option<usize>,
    /// The index of the slot that is released.
    pub candidate: usize,
    /// The traffic targets that move, each with its baseline.
    pub targets: Vec<(TrafficTarget, Action)>,
}

/// Why roles cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// Two weights and no record.
    #[error(
        "{target} splits its traffic already ({shown}) and no record says why: it is never adopted. Put everything on one group first, with `espalier abort --to TARGET_GROUP`, or by hand"
    )]
    Split {
        /// The traffic target.
        target: String,
        /// Its action.
        shown: String,
    },
    /// A group that is in neither slot has weight.
    #[error("{target} sends traffic to {group}, which is in neither slot: take it out, or give it weight 0, before releasing")]
    ThirdGroup {
        /// The traffic target.
        target: String,
        /// The group.
        group: String,
    },
    /// An action that cannot be put back.
    #[error("{target} has an action of a kind that this version of espalier does not know: it could not be put back")]
    Unknown {
        /// The traffic target.
        target: String,
    },
    /// The traffic targets do not agree.
    #[error(
        "{one} serves {one_slot} and {other} serves {other_slot}: put them on the same slot, or name the traffic targets to move with `rules`"
    )]
    Disagree {
        /// A traffic target.
        one: String,
        /// The slot it sends to.
        one_slot: String,
        /// Another.
        other: String,
        /// The slot that sends to.
        other_slot: String,
    },
    /// Nothing to move.
    #[error("nothing in {service} forwards to {groups}{there}")]
    Nowhere {
        /// The Lattice service.
        service: String,
        /// The groups looked for.
        groups: String,
        /// What there is, in words.
        there: String,
    },
    /// `rules` names one that is not there.
    #[error("there is no traffic target `{given}` in {service}: there are {there}")]
    NoSuchRule {
        /// What `rules` says.
        given: String,
        /// The Lattice service.
        service: String,
        /// Those that there are.
        there: String,
    },
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
    let service = aws.lattice.resolve_service(lattice_service).await?;
    let names: Vec<&str> = wanted.iter().filter_map(|slot| slot.ecs_service.as_deref()).collect();
    let services = async {
        match cluster {
            Some(cluster) if !names.is_empty() => aws.ecs.describe_services(cluster, &names).await.map_err(ResolveError::from),
            Some(_) | None => Ok(Vec::new()),
        }
    };
    let (targets, services, first, second) = tokio::try_join!(
        aws.lattice.traffic_targets(&service, listener),
        services,
        group_with_targets(aws, &wanted[0].target_group),
        group_with_targets(aws, &wanted[1].target_group),
    )?;
    let [one, other] = wanted;
    let seen = |wanted: WantedSlot, (group, targets): (Option<TargetGroup>, Vec<Target>)| {
        let service = services
            .iter()
            .flatten()
            .find(|service| wanted.ecs_service.as_ref() == Some(&service.name) && service.status == "ACTIVE")
            .cloned();
        SeenSlot { wanted, group, service, targets }
    };
    let slots = [seen(one, first), seen(other, second)];
    let (test_rules, targets): (Vec<_>, Vec<_>) = targets.into_iter().partition(|(target, _)| is_test_rule(target));
    let test_rules = test_rules.into_iter().map(|(target, _)| target).collect();
    Ok(Survey { service, targets, test_rules, slots })
}

async fn group_with_targets(aws: &Aws, given: &str) -> Result<(Option<TargetGroup>, Vec<Target>), ResolveError> {
    let Some(group) = aws.lattice.resolve_group(given).await? else { return Ok((None, Vec::new())) };
    let targets = aws.lattice.list_targets(&group.arn).await.map_err(|fault: Fault| ResolveError::from(fault))?;
    Ok((Some(group), targets))
}

/// Which slot serves, which is free, and which traffic targets move. `rules` names them; `None` is all that forward to a slot.
///
/// # Errors
/// Every reason why that cannot be told.
pub fn roles(survey: &Survey, rules: Option<&[String]>) -> Result<Roles, Vec<RolesError>> {
    let selected = select(survey, rules)?;
    let mut errors = Vec::new();
    let mut live: Vec<(String, usize)> = Vec::new();
    for (target, action) in &selected {
        let weighted: Vec<&TargetGroupId> =
            action.groups().iter().filter(|(_, weight)| *weight > 0).map(|(group, _)| group).collect();
        let ours: Vec<usize> = (0..2).filter(|slot| survey.slots[*slot].id().is_some_and(|id| weighted.contains(&id))).collect();
        let foreign = weighted.iter().find(|group| !survey.slots.iter().any(|slot| slot.id() == Some(group)));
        if matches!(action, Action::Other) {
            errors.push(RolesError::Unknown { target: target.label() });
        }
        // Also where no slot has weight: a group that serves is not taken for nothing serving.
        if let Some(group) = foreign {
            errors.push(RolesError::ThirdGroup { target: target.label(), group: group.to_string() });
        }
        match ours.as_slice() {
            [] => {}
            [slot] => live.push((target.label(), *slot)),
            _ => errors.push(RolesError::Split { target: target.label(), shown: shown(survey, action) }),
        }
    }
    if let Some(((one, first), (other, second))) =
        live.first().and_then(|first| Some((first, live.iter().find(|(_, slot)| *slot != first.1)?)))
    {
        let name = |slot: usize| format!("slot {}", survey.slots[slot].wanted.name);
        errors.push(RolesError::Disagree {
            one: one.clone(),
            one_slot: name(*first),
            other: other.clone(),
            other_slot: name(*second),
        });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let serving = live.first().map(|(_, slot)| *slot);
    Ok(match serving {
        Some(slot) if survey.slots[slot].is_empty() => Roles { stable: None, candidate: slot, targets: selected },
        Some(slot) => {
            let moving =
                selected.into_iter().filter(|(target, _)| live.iter().any(|(label, _)| *label == target.label())).collect();
            Roles { stable: Some(slot), candidate: 1 - slot, targets: moving }
        }
        None => Roles { stable: None, candidate: 0, targets: selected },
    })
}

fn select(survey: &Survey, rules: Option<&[String]>) -> Result<Vec<(TrafficTarget, Action)>, Vec<RolesError>> {
    let labels = || survey.targets.iter().map(|(target, _)| target.label()).collect::<Vec<_>>().join(", ");
    if let Some(rules) = rules {
        let find = |given: &String| survey.targets.iter().find(|(target, _)| named(target, given)).cloned();
        let missing = |given: &String| RolesError::NoSuchRule {
            given: given.clone(),
            service: survey.service.name.clone(),
            there: labels(),
        };
        let errors: Vec<_> = rules.iter().filter(|given| find(given).is_none()).map(missing).collect();
        return if errors.is_empty() { Ok(rules.iter().filter_map(find).collect()) } else { Err(errors) };
    }
    let lists = |action: &Action| {
        action.groups().iter().any(|(group, weight)| *weight > 0 && survey.slots.iter().any(|slot| slot.id() == Some(group)))
    };
    let forwarding: Vec<_> = survey.targets.iter().filter(|(_, action)| lists(action)).cloned().collect();
    if !forwarding.is_empty() {
        return Ok(forwarding);
    }
    // Bootstrap: one default action that answers by itself is where the first release goes.
    let fixed: Vec<_> = survey
        .targets
        .iter()
        .filter(|(target, action)| matches!(target, TrafficTarget::Default { .. }) && matches!(action, Action::Fixed(_)))
        .cloned()
        .collect();
    if fixed.len() == 1 {
        return Ok(fixed);
    }
    let groups = survey.slots.iter().map(|slot| slot.wanted.target_group.clone()).collect::<Vec<_>>().join(" or ");
    let there = if survey.targets.is_empty() {
        ": it has no listener. Create one first".to_owned()
    } else {
        format!(": there are {}. Name the ones to use with `rules`, or the listener with `listener`", labels())
    };
    Err(vec![RolesError::Nowhere { service: survey.service.name.clone(), groups, there }])
}

fn named(target: &TrafficTarget, given: &str) -> bool {
    if target.arn() == given {
        return true;
    }
    match target {
        TrafficTarget::Rule { rule, name, .. } => name == given || rule.as_str() == given,
        TrafficTarget::Default { name, .. } => {
            given == "default" || given.strip_prefix("default of ").is_some_and(|listener| listener == name)
        }
    }
}

fn shown(survey: &Survey, action: &Action) -> String {
    action.words(|group| {
        let groups = survey.slots.iter().filter_map(|slot| slot.group.as_ref());
        groups.into_iter().find(|known| known.id == *group).map(|known| known.name.clone())
    })
}
