//! What there is in the account that may be a preview's, listed once for all of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::home::{Home, LATTICE};
use crate::{
    aws::{Aws, fault::Fault, test_rules},
    preview::{
        name::{Names, RULE_PREFIX},
        reach::Room,
    },
    time::Timestamp,
};

/// Summaries as AWS lists them.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Target groups.
    pub(super) groups: Vec<Value>,
    /// The front's rules but the default one.
    pub(super) rules: Vec<Value>,
    /// Lattice services.
    pub(super) services: Vec<Value>,
}

/// What of the room on the real service is not a preview's to take.
#[derive(Clone, Debug, Default)]
pub struct Kept<'a> {
    /// Releases make a test rule.
    pub test_rule: bool,
    /// The slots' target groups: names, ids or ARNs.
    pub slots: &'a [String],
    /// What Service Quotas says of "Rules per listener", where that was raised.
    pub rules_per_listener: Option<u32>,
    /// What it says of "Target groups per service".
    pub groups_per_service: Option<u32>,
}

impl Home {
    /// Lists it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn list(&self, aws: &Aws, now: Timestamp) -> Result<Listing, Fault> {
        let rules = async {
            let Some(front) = &self.front else { return Ok(Vec::new()) };
            let input = json!({ "serviceIdentifier": self.service.id.as_str(), "listenerIdentifier": front.id.as_str() });
            aws.calls.list(LATTICE, "ListRules", &input, now).await
        };
        let nothing = json!({});
        let (groups, mut rules, services) = tokio::try_join!(
            aws.calls.list(LATTICE, "ListTargetGroups", &nothing, now),
            rules,
            aws.calls.list(LATTICE, "ListServices", &nothing, now),
        )?;
        rules.retain(|rule| rule["isDefault"] != true);
        Ok(Listing { groups, rules, services })
    }

    /// The room for one more rule.
    #[must_use]
    pub fn room(&self, listing: &Listing, kept: &Kept<'_>) -> Room {
        let named = |rule: &&Value, start: &str| rule["name"].as_str().is_some_and(|name| name.starts_with(start));
        let passes = |rule: &&Value| named(rule, RULE_PREFIX) || named(rule, test_rules::NAME_PREFIX);
        let priority = |rule: &Value| rule["priority"].as_u64().and_then(|number| u32::try_from(number).ok());
        let (passing, others): (Vec<&Value>, Vec<&Value>) = listing.rules.iter().partition(passes);
        let has_test_rule = passing.iter().any(|rule| named(rule, test_rules::NAME_PREFIX));
        let serves = |group: &&Value| {
            group["serviceArns"].as_array().into_iter().flatten().any(|arn| arn.as_str() == Some(&self.service.arn))
        };
        let used: Vec<&Value> = listing.groups.iter().filter(serves).collect();
        let is_used =
            |slot: &&String| used.iter().any(|group| ["name", "id", "arn"].iter().any(|member| group[*member] == ***slot));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Room {
            others: others.into_iter().filter_map(priority).collect(),
            passing: passing.into_iter().filter_map(priority).collect(),
            groups: count(used.len()),
            kept_rules: u32::from(kept.test_rule && !has_test_rule),
            kept_groups: count(kept.slots.iter().filter(|slot| !is_used(slot)).count()),
            rules_per_listener: kept.rules_per_listener,
            groups_per_service: kept.groups_per_service,
        }
    }

    /// Every preview that something may belong to, by number.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn candidates(&self, aws: &Aws, listing: &Listing, now: Timestamp) -> Result<Vec<Names>, Fault> {
        let input = json!({ "cluster": self.cluster });
        let services = aws.calls.list("ecs", "ListServices", &input, now).await?;
        let of_ecs = services.iter().filter_map(|arn| arn.as_str()?.rsplit('/').next());
        let lattice = listing.groups.iter().chain(&listing.rules).chain(&listing.services);
        let names = lattice.filter_map(|one| one["name"].as_str()).chain(of_ecs);
        let numbers: BTreeSet<u64> =
            names.filter_map(|name| Names::of_name(&self.prefix, name)).map(|names| names.number).collect();
        Ok(numbers.into_iter().map(|number| Names::of(&self.prefix, number)).collect())
    }
}
