//! The test rules of a rollout: on each listener that carries one of its traffic targets a rule of ours above those, which sends
//! requests with a header of the team's choice to the candidate, whatever the weights say.
//!
//! Each carries two tags, whose it is and which rollout's, and is named after its rollout: one that was made and not recorded, because
//! the job died in between, is found by these. Nothing else is ever deleted.

use std::{cell::RefCell, collections::BTreeMap};

use sha2::{Digest as _, Sha256};

use super::{
    Aws,
    fault::Fault,
    lattice::{
        ids::{ListenerId, ServiceId, TargetGroupId},
        packing::KEY_PREFIX,
        rules::{Conditions, ListedRule, NewRule, free_above},
        traffic::TrafficTarget,
    },
};
use crate::preview::name::RULE_PREFIX;

/// What the names of test rules begin with: they hold no weights, and are never taken for traffic targets.
pub const NAME_PREFIX: &str = "espalier-test-";

/// A test rule on each listener to make.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What requests they are for.
    pub conditions: Conditions,
    /// The candidate's target group.
    pub group: TargetGroupId,
    /// Tags that say whose they are.
    pub owner: BTreeMap<String, String>,
}

/// The test rules of one rollout.
#[derive(Debug, Default)]
pub struct TestRules {
    rollout: String,
    name: String,
    /// The listeners, with the ARNs of the rollout's rules on each.
    listeners: Vec<(ServiceId, ListenerId, Vec<String>)>,
    /// Other listeners that the record has a rule on: what an earlier rollout left where nothing moves any more.
    elsewhere: Vec<(ServiceId, ListenerId)>,
    opening: Option<Opening>,
    /// ARNs that the record has, of this rollout or of one before it.
    recorded: Vec<String>,
    /// Those that were made or found.
    there: RefCell<Vec<String>>,
}

impl TestRules {
    /// The test rules of a rollout on the listeners of its traffic targets. `opening` is none where none are to be made, because
    /// nobody asked for them or because they are only to be taken away.
    #[must_use]
    pub fn new(rollout: &str, targets: &[TrafficTarget], opening: Option<Opening>, recorded: Vec<String>) -> Self {
        let mut listeners: Vec<(ServiceId, ListenerId, Vec<String>)> = Vec::new();
        for target in targets {
            let known = listeners.iter_mut().find(|(_, listener, _)| listener == target.listener());
            let arn = target.arn().to_owned();
            match known {
                Some((_, _, rules)) => rules.push(arn),
                None => listeners.push((target.service().clone(), target.listener().clone(), vec![arn])),
            }
        }
        let digest: String = Sha256::digest(rollout).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{NAME_PREFIX}{digest}");
        let of_recorded = recorded.iter().filter_map(|arn| TrafficTarget::from_arn(arn).ok());
        let mut elsewhere: Vec<(ServiceId, ListenerId)> =
            of_recorded.map(|target| (target.service().clone(), target.listener().clone())).collect();
        elsewhere.retain(|(_, listener)| !listeners.iter().any(|(_, moving, _)| moving == listener));
        elsewhere.dedup();
        Self { rollout: rollout.to_owned(), name, listeners, elsewhere, opening, recorded, there: RefCell::default() }
    }

    /// Whether some are to be made.
    #[must_use]
    pub const fn are_wanted(&self) -> bool {
        self.opening.is_some()
    }

    /// The ARNs of those that are there, by listener, once all of them are.
    #[must_use]
    pub fn there(&self) -> Vec<String> {
        let there = self.there.borrow();
        if there.len() == self.listeners.len() { there.clone() } else { Vec::new() }
    }

    /// Makes what is missing, and takes away what an earlier rollout left.
    ///
    /// # Errors
    /// When AWS refuses; when there is no free priority any more. Some may have been made.
    pub async fn open(&self, aws: &Aws) -> Result<(), Fault> {
        let Some(opening) = &self.opening else { return Ok(()) };
        for (service, listener) in &self.elsewhere {
            let Some(rules) = self.rules(aws, service, listener).await? else { continue };
            for left in rules.iter().filter(|rule| self.recorded.contains(&rule.arn)) {
                self.delete(aws, &left.arn).await?;
            }
        }
        let mut there = Vec::with_capacity(self.listeners.len());
        for (service, listener, targets) in &self.listeners {
            let rules = aws.lattice.list_rules(service, listener).await?;
            for left in rules.iter().filter(|rule| self.recorded.contains(&rule.arn) && rule.name != self.name) {
                self.delete(aws, &left.arn).await?;
            }
            let made = rules.iter().find(|rule| rule.name == self.name);
            let Some(made) = made else {
                there.push(self.make(aws, (service, listener), &rules, targets, opening).await?);
                continue;
            };
            if !self.is_ours(aws, &made.arn).await? {
                let message = format!("there is a rule {} that is not this rollout's: {}", made.name, made.arn);
                return Err(Fault::invalid("CreateRule", message));
            }
            there.push(made.arn.clone());
        }
        *self.there.borrow_mut() = there;
        Ok(())
    }

    async fn make(
        &self,
        aws: &Aws,
        (service, listener): (&ServiceId, &ListenerId),
        rules: &[ListedRule],
        targets: &[String],
        opening: &Opening,
    ) -> Result<String, Fault> {
        let taken: Vec<u32> = rules.iter().map(|rule| rule.priority).collect();
        let those: Vec<u32> = rules.iter().filter(|rule| targets.contains(&rule.arn)).map(|rule| rule.priority).collect();
        let priority = free_above(&taken, &those).ok_or_else(|| {
            Fault::invalid("CreateRule", format!("there is no free priority above the rules of listener {}", listener.as_str()))
        })?;
        let mut tags = opening.owner.clone();
        tags.insert(tag(), self.rollout.clone());
        // Asked again with the same token Lattice answers as it did, though somebody has deleted the rule since.
        let is_lost = |arn: &&String| arn.contains(listener.as_str()) && !rules.iter().any(|rule| rule.arn == **arn);
        let lost = self.recorded.iter().find(is_lost).and_then(|arn| arn.get(arn.len().saturating_sub(8)..));
        let token = format!("{}-{}{}", self.name, listener.as_str(), lost.unwrap_or_default());
        let rule = NewRule {
            name: &self.name,
            priority,
            conditions: &opening.conditions,
            group: &opening.group,
            tags: &tags,
            token: &token,
        };
        aws.lattice.create_rule(service, listener, &rule).await
    }

    /// Takes all of them away: those that the record has, and those that only their names and tags tell of.
    ///
    /// # Errors
    /// When AWS refuses. Some may have been taken away.
    pub async fn close(&self, aws: &Aws) -> Result<(), Fault> {
        let mut gone = Vec::new();
        let listeners = self.listeners.iter().map(|(service, listener, _)| (service, listener));
        for (service, listener) in listeners.chain(self.elsewhere.iter().map(|(service, listener)| (service, listener))) {
            let Some(rules) = self.rules(aws, service, listener).await? else { continue };
            for rule in rules {
                let is_recorded = self.recorded.contains(&rule.arn) || self.there.borrow().contains(&rule.arn);
                if is_recorded || (rule.name == self.name && self.is_ours(aws, &rule.arn).await?) {
                    gone.push(rule.arn);
                }
            }
        }
        for arn in gone {
            self.delete(aws, &arn).await?;
        }
        self.there.borrow_mut().clear();
        Ok(())
    }

    /// The rules of a listener; none where it is gone, and its rules with it.
    async fn rules(&self, aws: &Aws, service: &ServiceId, listener: &ListenerId) -> Result<Option<Vec<ListedRule>>, Fault> {
        match aws.lattice.list_rules(service, listener).await {
            Err(fault) if fault.is_not_found() => Ok(None),
            rules => rules.map(Some),
        }
    }

    /// DESIGN §5 rule 10: only what carries our tag.
    async fn delete(&self, aws: &Aws, arn: &str) -> Result<(), Fault> {
        match aws.lattice.read_tags(arn).await {
            Err(fault) if fault.is_not_found() => Ok(()),
            Err(fault) => Err(fault),
            Ok(tags) if tags.contains_key(&tag()) => aws.lattice.delete_rule(arn).await,
            Ok(_) => {
                Err(Fault::invalid("DeleteRule", format!("{arn} does not carry the tag {} any more: it is left alone", tag())))
            }
        }
    }

    async fn is_ours(&self, aws: &Aws, arn: &str) -> Result<bool, Fault> {
        let tags = match aws.lattice.read_tags(arn).await {
            Err(fault) if fault.is_not_found() => return Ok(false),
            tags => tags?,
        };
        Ok(tags.get(&tag()) == Some(&self.rollout))
    }
}

/// Whether a rule of this name is a rollout's test rule.
#[must_use]
pub fn is_test_rule(name: &str) -> bool {
    name.starts_with(NAME_PREFIX)
}

/// Which rollout's test rule it is.
fn tag() -> String {
    format!("{KEY_PREFIX}test")
}

/// Whether a rule of this name is a test rule, or a preview's.
#[must_use]
pub fn holds_no_weights(target: &TrafficTarget) -> bool {
    let is_one = |name: &String| is_test_rule(name) || name.starts_with(RULE_PREFIX);
    matches!(target, TrafficTarget::Rule { name, .. } if is_one(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Opening, TestRules, TrafficTarget};
    use crate::aws::{
        lattice::{ids::TargetGroupId, rules::Conditions},
        testing::{in_sandbox, pass},
    };

    const RULE: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/listener-12345678901234567/rule/rule-12345678901234567";

    /// A job that goes on where another one died asks for the rule again. By the same token Lattice would tell of the one that is gone.
    #[test]
    fn a_test_rule_that_somebody_deleted_is_made_anew() {
        in_sandbox("name: promoted", async |aws, clock| {
            let target = TrafficTarget::from_arn(RULE).expect("a rule's ARN");
            let rules = |recorded: Vec<String>| {
                let conditions = Conditions { headers: vec![("x-test".to_owned(), "1".to_owned())], path: None };
                let group = TargetGroupId::of("tg-12345678901234567");
                let opening = Opening { conditions, group, owner: BTreeMap::new() };
                TestRules::new("20261127T000000Z-00000001", std::slice::from_ref(&target), Some(opening), recorded)
            };
            let first = rules(Vec::new());
            first.open(&aws).await.expect("made");
            let made = first.there();
            // Found by its name and tags, whatever the record says.
            let again = rules(Vec::new());
            again.open(&aws).await.expect("found");
            assert_eq!(again.there(), made);

            aws.lattice.delete_rule(&made[0]).await.expect("deleted");
            pass(&clock, 60).await;
            let anew = rules(made.clone());
            anew.open(&aws).await.expect("made anew");
            let listed = aws.lattice.list_rules(target.service(), target.listener()).await.expect("listed");
            let is_listed = |arn: &String| listed.iter().any(|rule| rule.arn == *arn);
            assert!(anew.there() != made && anew.there().iter().all(is_listed), "{:?} after {made:?}", anew.there());
        });
    }
}
