//! BatchUpdateRule: each rule by itself; those that could not be updated are listed, in an answer that is 200 all the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    action::Place,
    refusal,
    rules::{self, Change},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// Priorities may be swapped: what counts is that they are unique when all is done.
pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let at = rules::place(world, call)?;
    let wanted = call.list("rules");
    let mut plans: Vec<Result<Change, Refusal>> = Vec::new();
    for (index, update) in wanted.iter().enumerate() {
        let id = update["ruleIdentifier"].as_str().unwrap_or_default();
        let spared = world.faults.partial && index + 1 == wanted.len();
        let plan = if spared { Err(refusal::internal()) } else { Change::read(world, &at, id, update) };
        let twice = |change: &Change| plans.iter().flatten().any(|other| other.at.rule == change.at.rule);
        plans.push(match plan {
            Ok(change) if twice(&change) => Err(refusal::field("rules", format!("{id} is specified more than once"))),
            plan => plan,
        });
    }
    // A rule that keeps its priority because its own update fails may stand in another one's way.
    while let Some((index, other)) = collision(world, &at, &plans)? {
        if let Some(plan) = plans.get_mut(index) {
            *plan = Err(rules::taken(&other));
        }
    }
    let (mut successful, mut unsuccessful) = (Vec::new(), Vec::new());
    for (plan, update) in plans.into_iter().zip(wanted) {
        match plan.and_then(|change| change.apply(world)) {
            Ok(rule) => successful.push(rule),
            Err(refusal) => unsuccessful.push(json!({
                "ruleIdentifier": update["ruleIdentifier"], "failureCode": refusal.code, "failureMessage": refusal.message,
            })),
        }
    }
    Ok(json!({"successful": successful, "unsuccessful": unsuccessful}))
}

/// The first of the plans whose priority another rule would have, with that rule's id.
fn collision(world: &World, at: &Place, plans: &[Result<Change, Refusal>]) -> Result<Option<(usize, String)>, Refusal> {
    let moving = || plans.iter().enumerate().filter_map(|(index, plan)| Some((index, plan.as_ref().ok()?)));
    let moves = |rule: &str| moving().any(|(_, change)| change.at.rule == rule && change.priority.is_some());
    let rules = &world.lattice.listener(&at.service, &at.listener)?.rules;
    let kept = rules.iter().filter(|rule| !moves(&rule.card.id));
    let mut taken: BTreeMap<u64, &str> = kept.filter_map(|rule| Some((rule.priority?, rule.card.id.as_str()))).collect();
    for (index, change) in moving() {
        let Some(priority) = change.priority else { continue };
        if let Some(other) = taken.insert(priority, &change.at.rule) {
            return Ok(Some((index, other.to_owned())));
        }
    }
    Ok(None)
}
