//! The rules that ECS asks for, and writing their weights.

use serde_json::Value;

use super::plan::Pair;
use crate::sandbox::{ecs::clusters::text, lattice, world::World};

/// The target groups of a configuration: its own and the alternate one.
pub(super) fn both(given: &Value) -> [&str; 2] {
    let own = text(given, "targetGroupArn").unwrap_or_default();
    [own, given.pointer("/advancedConfiguration/alternateTargetGroupArn").and_then(Value::as_str).unwrap_or_default()]
}

/// A rule of a configuration's `advancedConfiguration`.
pub(super) fn rule<'a>(given: &'a Value, member: &str) -> Option<&'a str> {
    text(given.get("advancedConfiguration")?, member)
}

/// The one of the two groups that the rule gives all its traffic; the rule has to forward to exactly these two, 100 and 0.
pub(super) fn serving(world: &World, rule: &str, groups: [&str; 2]) -> Result<String, String> {
    let Some(weights) = lattice::forwards(world, rule)? else {
        return Err(format!("The listener rule {rule} should have a forward action with both target groups."));
    };
    let weight = |group: &str| weights.iter().find(|(arn, _)| arn == group).map(|(_, weight)| *weight);
    let [Some(own), Some(alternate)] = groups.map(weight) else {
        return Err(format!("The listener rule {rule} should forward to the target groups {} and {}.", groups[0], groups[1]));
    };
    if weights.len() != 2 {
        return Err(format!("The listener rule {rule} should have exactly 2 target groups but found {}.", weights.len()));
    }
    let serving = [(groups[0], own), (groups[1], alternate)].into_iter().filter(|(_, weight)| *weight > 0).collect::<Vec<_>>();
    match serving.as_slice() {
        // The weight that is not 0 is asked to be 100.
        [(group, 100)] => Ok((*group).to_owned()),
        [(_, other)] => Err(format!("The listener rule {rule} should have the weights 100 and 0 but found {other} and 0.")),
        several => Err(format!(
            "The listener rule {rule} should have exactly one target group serving traffic but found {} target groups which are serving \
             traffic",
            several.len()
        )),
    }
}

/// The pairs of a deployment's configurations, by what the production rules say now.
pub(super) fn pairs(world: &World, configurations: &[Value]) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for given in configurations {
        let groups = both(given);
        let production = rule(given, "productionListenerRule").unwrap_or_default();
        let blue = serving(world, production, groups)?;
        let test = rule(given, "testListenerRule");
        if let Some(test) = test {
            serving(world, test, groups)?;
        }
        let green = groups.into_iter().find(|group| *group != blue).unwrap_or_default().to_owned();
        pairs.push(Pair { blue, green, production: production.to_owned(), test: test.map(str::to_owned) });
    }
    Ok(pairs)
}

/// Gives green so many percent, to a tenth, of each pair's traffic. Weights are whole numbers up to 999.
pub(super) fn shift(world: &mut World, pairs: &[Pair], test: bool, green: f64) -> Result<(), String> {
    let tenths = (green * 10.0).round().clamp(0.0, 1000.0);
    let (scale, whole) = if tenths % 10.0 == 0.0 { (10.0, 100_u32) } else { (1.0, 1000) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let share = (tenths / scale) as u32;
    for pair in pairs {
        let rule = if test { pair.test.as_ref() } else { Some(&pair.production) };
        let Some(rule) = rule else { continue };
        lattice::forward(world, rule, &[(pair.blue.as_str(), whole - share), (pair.green.as_str(), share)])?;
    }
    Ok(())
}
