//! Which slot serves, which is free, and which traffic targets move.

use super::{
    lattice::{
        action::Action,
        ids::{Given, Resource, TargetGroupId},
        traffic::TrafficTarget,
    },
    survey::Survey,
};

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
        "{target} splits its traffic already ({shown}) and no record says why: it is never adopted. Put everything on one group first, with `espalier abort --traffic-target {arn} --to TARGET_GROUP`, or by hand"
    )]
    Split {
        /// The traffic target.
        target: String,
        /// Its ARN.
        arn: String,
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
    /// `rules` names several by one name.
    #[error("{} are all `{given}`: write the ARN of one of them, or of each", .candidates.join(" and "))]
    AmbiguousRule {
        /// What `rules` says.
        given: String,
        /// Those that it names: label and ARN of each.
        candidates: Vec<String>,
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
            _ => errors.push(RolesError::Split {
                target: target.label(),
                arn: target.arn().to_owned(),
                shown: shown(survey, action),
            }),
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
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for given in rules {
            let all: Vec<_> = survey.targets.iter().filter(|(target, _)| survey.is_named(target, given)).collect();
            match all.as_slice() {
                [one] => found.push((*one).clone()),
                [] => errors.push(RolesError::NoSuchRule {
                    given: given.clone(),
                    service: survey.service.name.clone(),
                    there: labels(),
                }),
                several => {
                    let told = |(target, _): &&(TrafficTarget, Action)| format!("{} ({})", target.label(), target.arn());
                    let candidates = several.iter().map(told).collect();
                    errors.push(RolesError::AmbiguousRule { given: given.clone(), candidates });
                }
            }
        }
        return if errors.is_empty() { Ok(found) } else { Err(errors) };
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

impl Survey {
    /// Whether this names that traffic target: a name, id, ARN or tag, or `default`.
    #[must_use]
    pub fn is_named(&self, target: &TrafficTarget, given: &str) -> bool {
        if given.starts_with("tag:") {
            let tags = self.tags.get(target.arn());
            return Given::parse(Resource::Rule, given).is_ok_and(|wanted| tags.is_some_and(|tags| wanted.is_tag_of(tags)));
        }
        named(target, given)
    }
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
