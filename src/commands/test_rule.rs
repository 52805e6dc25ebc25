//! The test rule of a release: whether there is room for it, and what is made of it.

use super::preflight::owner_tags;
use crate::{
    aws::{
        lattice::{
            ids::ListenerId,
            rules::{Conditions, free_above},
            traffic::TrafficTarget,
        },
        ledger::Found,
        slots::Slots,
        survey::{Roles, Survey},
        test_rules::{Opening, TestRules},
    },
    exit::{Exit, Problem},
    rollout::record::Record,
    settings::TestRule,
};

/// Every listener on which there is no room above the rules that move.
pub(crate) fn judge(survey: &Survey, roles: &Roles, wanted: Option<&TestRule>) -> Vec<(Exit, Problem)> {
    if wanted.is_none() || roles.stable.is_none() {
        return Vec::new();
    }
    let mut listeners: Vec<&ListenerId> = roles.targets.iter().map(|(target, _)| target.listener()).collect();
    listeners.dedup();
    let problem = |listener: &ListenerId| {
        let there = || {
            survey
                .targets
                .iter()
                .map(|(target, _)| target)
                .chain(&survey.test_rules)
                .filter(|target| target.listener() == listener)
        };
        let taken: Vec<u32> = there().filter_map(priority).collect();
        let moving = || roles.targets.iter().map(|(target, _)| target).filter(|target| target.listener() == listener);
        let those: Vec<u32> = moving().filter_map(priority).collect();
        if free_above(&taken, &those).is_some() {
            return None;
        }
        let first = moving().filter(|target| priority(target).is_some()).min_by_key(|target| priority(target))?;
        let hint = match first {
            TrafficTarget::Rule { service, listener, rule, .. } => format!(
                "give that rule a higher number: aws vpc-lattice update-rule --service-identifier {} --listener-identifier {} --rule-identifier {} --priority 50",
                service.as_str(),
                listener.as_str(),
                rule.as_str()
            ),
            TrafficTarget::Default { .. } => String::new(),
        };
        let message = format!("there is no free priority above {} for the test rule", first.label());
        Some((Exit::Invalid, Problem { message, hint: Some(hint) }))
    };
    listeners.into_iter().filter_map(problem).collect()
}

const fn priority(target: &TrafficTarget) -> Option<u32> {
    match target {
        TrafficTarget::Rule { priority, .. } => *priority,
        TrafficTarget::Default { .. } => None,
    }
}

/// The test rules of a release that begins. What earlier ones left is in the record from the start, to be taken away.
pub(crate) fn begin(record: &mut Record, slots: &Slots, wanted: Option<&TestRule>, earlier: &[Found]) -> TestRules {
    let left: Vec<String> = earlier.iter().filter_map(|found| found.record.test.clone()).flatten().collect();
    record.test = (!left.is_empty()).then(|| left.clone());
    let opening = wanted.filter(|_| slots.stable.is_some()).map(|rule| opening(rule, record, slots));
    TestRules::new(&record.id, &targets(slots), opening, left)
}

/// Those of a rollout that another job goes on with: made where the job that is gone did not come to it.
pub(crate) fn resumed(record: &Record, slots: &Slots, wanted: Option<&TestRule>) -> TestRules {
    let opening = wanted.filter(|_| record.test.is_some()).map(|rule| opening(rule, record, slots));
    TestRules::new(&record.id, &targets(slots), opening, record.test.clone().unwrap_or_default())
}

fn opening(rule: &TestRule, record: &Record, slots: &Slots) -> Opening {
    Opening {
        conditions: Conditions { headers: rule.headers.clone(), path: rule.path.clone() },
        group: slots.candidate.group.id.clone(),
        owner: owner_tags(&record.name),
    }
}

/// Those of a recorded rollout, to be taken away.
pub(crate) fn recorded(record: &Record, slots: &Slots) -> TestRules {
    TestRules::new(&record.id, &targets(slots), None, record.test.clone().unwrap_or_default())
}

fn targets(slots: &Slots) -> Vec<TrafficTarget> {
    slots.targets.iter().map(|(target, _)| target.clone()).collect()
}
