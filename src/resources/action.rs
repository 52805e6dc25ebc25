//! Where a listener or rule sends requests. Which groups take part is the config's, the weights between them are the releases'.

use serde_json::{Value, json};

/// What becomes of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionChange {
    /// It stays.
    Same,
    /// It becomes this.
    To(Value),
    /// It cannot be changed now, and why.
    Refused(String),
}

/// A target group of an action, and its weight.
type Share<'v> = (&'v str, u64);

fn shares(action: &Value) -> Option<Vec<Share<'_>>> {
    let groups = action["forward"]["targetGroups"].as_array()?;
    Some(
        groups
            .iter()
            .map(|group| (group["targetGroupIdentifier"].as_str().unwrap_or_default(), group["weight"].as_u64().unwrap_or(100)))
            .collect(),
    )
}

/// An id equals its ARN.
fn is_same(one: &str, other: &str) -> bool {
    let id = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    id(one) == id(other)
}

/// What becomes of `actual` when `wanted` is declared. The same groups keep whatever weights they have; one that joins gets none
/// of the traffic, and one that leaves may have none.
#[must_use]
pub fn change(wanted: &Value, actual: &Value) -> ActionChange {
    let (Some(wants), Some(has)) = (shares(wanted), shares(actual)) else {
        return if wanted == actual { ActionChange::Same } else { ActionChange::To(wanted.clone()) };
    };
    let joins = wants.iter().filter(|(group, _)| !has.iter().any(|(there, _)| is_same(there, group)));
    let (stays, leaves): (Vec<Share<'_>>, Vec<Share<'_>>) =
        has.iter().copied().partition(|(there, _)| wants.iter().any(|(group, _)| is_same(there, group)));
    let joins: Vec<Share<'_>> = joins.copied().collect();
    if joins.is_empty() && leaves.is_empty() {
        return ActionChange::Same;
    }
    if stays.is_empty() {
        // Nothing that is there is to stay: this is another place altogether.
        return ActionChange::To(wanted.clone());
    }
    if let Some((group, _)) = leaves.iter().find(|(_, weight)| *weight > 0) {
        return ActionChange::Refused(format!(
            "{group} has traffic and is not declared any more: move the traffic with `espalier shift` first"
        ));
    }
    let groups: Vec<Value> = stays
        .into_iter()
        .chain(joins.into_iter().map(|(group, _)| (group, 0)))
        .map(|(group, weight)| json!({ "targetGroupIdentifier": group, "weight": weight }))
        .collect();
    ActionChange::To(json!({ "forward": { "targetGroups": groups } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(groups: &[(&str, u64)]) -> Value {
        let groups: Vec<_> =
            groups.iter().map(|(group, weight)| json!({ "targetGroupIdentifier": group, "weight": weight })).collect();
        json!({ "forward": { "targetGroups": groups } })
    }

    #[test]
    fn weights_belong_to_releases() {
        let respond = json!({ "fixedResponse": { "statusCode": 404 } });
        let arn = "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-b";
        for (wanted, actual, change) in [
            (forward(&[("tg-a", 100), ("tg-b", 0)]), forward(&[("tg-b", 95), ("tg-a", 5)]), ActionChange::Same),
            (forward(&[("tg-a", 100), ("tg-b", 0)]), forward(&[(arn, 100), ("tg-a", 0)]), ActionChange::Same),
            (
                forward(&[("tg-a", 100), ("tg-b", 50)]),
                forward(&[("tg-a", 7)]),
                ActionChange::To(forward(&[("tg-a", 7), ("tg-b", 0)])),
            ),
            (forward(&[("tg-a", 100)]), forward(&[("tg-a", 7), ("tg-b", 0)]), ActionChange::To(forward(&[("tg-a", 7)]))),
            (forward(&[("tg-c", 100)]), forward(&[("tg-a", 7)]), ActionChange::To(forward(&[("tg-c", 100)]))),
            (respond.clone(), forward(&[("tg-a", 7)]), ActionChange::To(respond.clone())),
            (forward(&[("tg-a", 7)]), respond.clone(), ActionChange::To(forward(&[("tg-a", 7)]))),
            (respond.clone(), respond.clone(), ActionChange::Same),
        ] {
            assert_eq!(super::change(&wanted, &actual), change, "{wanted} over {actual}");
        }
        let leaving = super::change(&forward(&[("tg-a", 100)]), &forward(&[("tg-a", 90), ("tg-b", 10)]));
        assert!(matches!(&leaving, ActionChange::Refused(why) if why.starts_with("tg-b has traffic")), "{leaving:?}");
    }
}
