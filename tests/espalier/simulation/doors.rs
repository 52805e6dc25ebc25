//! Test rules as `aws::test_rules` makes them and takes them away.

use espalier::{rollout::observation::RefusalKind, sandbox::direct::Direct};
use serde_json::json;

use super::calls::{act, call};

const LATTICE: &str = "vpc-lattice";
/// Whose test rule it is.
const TAG: &str = "espalier:test";

/// The test rule of one rollout, on the one listener there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// The rollout whose it is; the listener that it is on.
    pub(crate) rollout: String,
    pub(crate) listener: String,
    /// It is to be made.
    pub(crate) wanted: bool,
    /// ARNs that the record has.
    pub(crate) recorded: Vec<String>,
    /// That which was made or found.
    there: Option<String>,
}

impl Door {
    pub(crate) fn new(rollout: &str, listener: &str, wanted: bool, recorded: Vec<String>) -> Self {
        let (rollout, listener) = (rollout.to_owned(), listener.to_owned());
        Self { rollout, listener, wanted, recorded, there: None }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        format!("espalier-test-{}", self.rollout)
    }

    pub(super) fn there(&self) -> Vec<String> {
        self.there.clone().into_iter().collect()
    }

    pub(super) fn open(&mut self, world: &mut Direct, group: &str) -> Result<(), RefusalKind> {
        if !self.wanted {
            return Ok(());
        }
        call(world, LATTICE, "ListRules")?;
        let rules = self.rules(world);
        for (arn, name) in &rules {
            if self.recorded.contains(arn) && *name != self.name() {
                self.delete(world, arn)?;
            }
        }
        if let Some((arn, _)) = rules.iter().find(|(_, name)| *name == self.name()) {
            if !self.is_ours(world, arn)? {
                return Err(RefusalKind::Permanent);
            }
            self.there = Some(arn.clone());
            return Ok(());
        }
        let body = json!({
            "name": self.name(),
            "priority": 1,
            "match": { "httpMatch": { "headerMatches": [{ "name": "x-test", "match": { "exact": "1" } }] } },
            "action": { "forward": { "targetGroups": [{ "targetGroupIdentifier": group, "weight": 1 }] } },
            "tags": { (TAG): self.rollout, "espalier:app": "simulated" },
            "clientToken": format!("{}-token", self.name()),
        });
        let (service, listener) = self.place();
        let made = act(world, LATTICE, "CreateRule", &[service, listener], body)?;
        self.there = made["arn"].as_str().map(str::to_owned);
        Ok(())
    }

    pub(super) fn close(&mut self, world: &mut Direct) -> Result<(), RefusalKind> {
        call(world, LATTICE, "ListRules")?;
        let mut gone = Vec::new();
        for (arn, name) in self.rules(world) {
            let is_recorded = self.recorded.contains(&arn) || self.there.as_ref() == Some(&arn);
            if is_recorded || (name == self.name() && self.is_ours(world, &arn)?) {
                gone.push(arn);
            }
        }
        for arn in gone {
            self.delete(world, &arn)?;
        }
        self.there = None;
        Ok(())
    }

    fn rules(&self, world: &Direct) -> Vec<(String, String)> {
        world.rules(&self.listener).map(|rule| (rule.arn.to_owned(), rule.name.to_owned())).collect()
    }

    fn delete(&self, world: &mut Direct, arn: &str) -> Result<(), RefusalKind> {
        call(world, LATTICE, "ListTagsForResource")?;
        match world.tags(arn).map(|tags| tags.contains_key(TAG)) {
            None => Ok(()),
            Some(false) => Err(RefusalKind::Permanent),
            Some(true) => {
                let (service, listener) = self.place();
                let rule = arn.rsplit('/').next().unwrap_or_default();
                act(world, LATTICE, "DeleteRule", &[service, listener, rule], json!({})).map(drop)
            }
        }
    }

    fn is_ours(&self, world: &mut Direct, arn: &str) -> Result<bool, RefusalKind> {
        call(world, LATTICE, "ListTagsForResource")?;
        Ok(world.tags(arn).and_then(|tags| tags.get(TAG)) == Some(&self.rollout))
    }

    /// The ids of service and listener.
    fn place(&self) -> (&str, &str) {
        let mut parts = self.listener.rsplit('/');
        let listener = parts.next().unwrap_or_default();
        (parts.nth(1).unwrap_or_default(), listener)
    }
}
