//! What ECS does with rules by itself: reads and writes the forward actions of listener rules, and of listeners by their own ARN.

use super::{
    action::{self, Place},
    state::Action,
};
use crate::sandbox::world::World;

/// Where the rule of an ARN is; a listener's ARN means its default rule.
fn place(world: &World, arn: &str) -> Option<Place> {
    let found =
        world.lattice.rules().find(|(_, listener, rule)| rule.card.arn == arn || (rule.is_default() && listener.card.arn == arn));
    let (service, listener, rule) = found?;
    Some(Place { service: service.card.id.clone(), listener: listener.card.id.clone(), rule: rule.card.id.clone() })
}

/// The target groups, by ARN, with their weights of the rule's (or the listener's) action; none where it is a fixed response. An
/// error says that there is no such rule.
pub(crate) fn forwards(world: &World, arn: &str) -> Result<Option<Vec<(String, u32)>>, String> {
    let missing = || format!("The VPC Lattice listener rule {arn} does not exist.");
    let at = place(world, arn).ok_or_else(missing)?;
    let rule = world.lattice.rule(&at.service, &at.listener, &at.rule).map_err(|_| missing())?;
    Ok(match &rule.action {
        Action::Fixed(_) => None,
        Action::Forward(groups) => Some(groups.iter().map(|(id, weight)| (super::group_arn(world, id), *weight)).collect()),
    })
}

/// Replaces that action by one that forwards to these target groups.
pub(crate) fn forward(world: &mut World, arn: &str, weights: &[(&str, u32)]) -> Result<(), String> {
    let at = place(world, arn).ok_or_else(|| format!("The VPC Lattice listener rule {arn} does not exist."))?;
    let mut groups = Vec::new();
    for (group, weight) in weights {
        groups.push((world.lattice.group(group).map_err(|refusal| refusal.message)?.card.id.clone(), *weight));
    }
    action::write(world, &at, Action::Forward(groups)).map_err(|refusal| refusal.message)
}
